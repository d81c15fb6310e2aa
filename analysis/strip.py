"""The last seconds of a sitting in small pictures, of which a flag takes those before it began."""

from collections import deque
from typing import Final

from analysis.contracts import Still
from analysis.evidence import bounded_jpeg
from analysis.picture import Picture

LONGEST_SIDE: Final = 240
MAX_BYTES: Final = 12_000
EVERY_MS: Final = 900  # one a second at 2 fps, also where frames come a little early
BEFORE_MS: Final = 5000
MOST: Final = 5
# A flag begins at most as long before it opens as its rule looks back: 16 s, for identity. Of a
# phone that was seen now and then for longer there are fewer pictures, or none.
KEPT: Final = 24


class Strip:
    """Of one sitting. At most 288 KB (``KEPT`` times ``MAX_BYTES``), whatever the picture is."""

    def __init__(self) -> None:
        self._stills: deque[Still] = deque(maxlen=KEPT)

    def see(self, picture: Picture) -> None:
        if self._stills and picture.at_ms - self._stills[-1].at_ms < EVERY_MS:
            return
        jpeg = bounded_jpeg(picture, LONGEST_SIDE, MAX_BYTES)
        self._stills.append(Still(picture.at_ms, jpeg))

    def before(self, start_ms: int) -> tuple[Still, ...]:
        """Oldest first. At most ``MOST`` of the ``BEFORE_MS`` that ended at ``start_ms``."""
        near = [one for one in self._stills if start_ms - BEFORE_MS <= one.at_ms < start_ms]
        return tuple(near[-MOST:])
