"""An evidence frame as the annex shows it: the picture with the detected regions marked."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

from PIL import Image as Picture
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Flowable

from acts import styles
from acts.contracts import Region

WIDTH, HEIGHT = 64 * mm, 56 * mm  # the room a frame may take
_MOST_PIXELS = 50_000_000
_BOMBS = (Picture.DecompressionBombError, Picture.DecompressionBombWarning)


def frame_size(jpeg: bytes) -> tuple[int, int] | None:
    """Pixels across and down, or None if the bytes are no whole JPEG of a reasonable size."""
    try:
        with Picture.open(BytesIO(jpeg), formats=("JPEG",)) as picture:
            if picture.width * picture.height > _MOST_PIXELS:
                return None
            picture.load()
            return picture.size
    except (OSError, ValueError, SyntaxError, *_BOMBS):
        return None


class _Jpeg(ImageReader):  # type: ignore[misc] # reportlab carries no types
    """Named by its file's bytes: reportlab would decode it to hash the pixels."""

    _dataA = None  # noqa: N815 - reportlab's name; a JPEG has no transparency

    def getRGBData(self) -> bytes:  # noqa: N802 - reportlab's name
        self.fp.seek(0)
        return bytes(self.fp.read())


class MarkedFrame(Flowable):  # type: ignore[misc] # reportlab carries no types
    """The JPEG as it was kept, never re-encoded; marks are drawn over it as vectors."""

    def __init__(
        self,
        jpeg: bytes,
        regions: Sequence[Region],
        size: tuple[int, int],
        room: tuple[float, float] = (WIDTH, HEIGHT),
    ) -> None:
        super().__init__()
        self.jpeg, self.regions = jpeg, regions
        scale = min(room[0] / size[0], room[1] / size[1])
        self.width, self.height = size[0] * scale, size[1] * scale

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return self.width, self.height

    def draw(self) -> None:
        self.canv.drawImage(_Jpeg(BytesIO(self.jpeg)), 0, 0, self.width, self.height)
        self.canv.setStrokeColor(styles.RULE)
        self.canv.setLineWidth(0.4)
        self.canv.rect(0, 0, self.width, self.height)
        for region in self.regions:
            self._mark(region)

    def _mark(self, region: Region) -> None:
        """A red frame on a white one, seen on any picture; regions are 0..1 from the top left."""
        x0, x1 = sorted(min(max(edge, 0.0), 1.0) * self.width for edge in region[::2])
        y0, y1 = sorted((1 - min(max(edge, 0.0), 1.0)) * self.height for edge in region[1::2])
        for colour, line in ((styles.PAPER, 2.6), (styles.MARK, 1.3)):
            self._stroke(colour, line, (x0, y0, x1 - x0, y1 - y0))

    def _stroke(self, colour: Any, line: float, box: tuple[float, float, float, float]) -> None:
        self.canv.setStrokeColor(colour)
        self.canv.setLineWidth(line)
        self.canv.rect(*box, stroke=1, fill=0)
