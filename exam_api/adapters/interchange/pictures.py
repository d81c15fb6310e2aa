"""Pictures of items: made anew without what else a file may hide, named by their content."""

import hashlib
import io
import warnings
from typing import Final

from PIL import Image, UnidentifiedImageError

from exam_api.services.interchange import ItemRefused

SIZE_LIMIT: Final = 4 * 1024 * 1024
_SIDE_LIMIT: Final = 4000
_EXTENSIONS: Final = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
_SHELF_LIMIT: Final = 100 * 1024 * 1024


def checked_picture(data: bytes) -> tuple[str, bytes]:
    """(name, bytes) of a PNG, JPEG, GIF or WebP; ValueError for anything else."""
    if len(data) > SIZE_LIMIT:
        raise ValueError("the picture is too large")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(data), formats=tuple(_EXTENSIONS)) as picture:
                return _made_anew(picture, picture.format or "")
    except (UnidentifiedImageError, OSError, SyntaxError, EOFError, Warning, MemoryError) as error:
        raise ValueError("no picture") from error


def _made_anew(picture: Image.Image, form: str) -> tuple[str, bytes]:
    """Without metadata: no place, no camera, no second file behind the picture."""
    if max(picture.size) > _SIDE_LIMIT:
        raise ValueError("the picture has too many points")
    picture.load()
    out = io.BytesIO()
    clean = picture.copy()
    clean.info = {}
    if form == "JPEG":
        clean.save(out, form, quality=90)
    elif form == "WEBP":
        clean.save(out, form, lossless=True)
    else:
        clean.save(out, form)
    data = out.getvalue()
    return f"{hashlib.sha256(data).hexdigest()[:32]}.{_EXTENSIONS[form]}", data


class PictureShelf:
    """The pictures of one file that is being read."""

    def __init__(self) -> None:
        self.pictures: dict[str, bytes] = {}
        self._kept: dict[bytes, str] = {}
        self._left = _SHELF_LIMIT

    def keep(self, data: bytes, address: str) -> str:
        """Its name among ours. ItemRefused where it is no picture that we show."""
        seen = hashlib.sha256(data).digest()
        if seen not in self._kept:
            try:
                name, clean = checked_picture(data)
            except ValueError:
                raise ItemRefused("picture_bad", address) from None
            self._left -= len(clean)
            if self._left < 0:
                raise ItemRefused("pictures_too_large", address)
            self.pictures[name] = clean
            self._kept[seen] = name
        return self._kept[seen]
