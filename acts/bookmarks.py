"""Entries of a document's outline, which a reader jumps by."""

from reportlab.platypus import Flowable


class Bookmark(Flowable):  # type: ignore[misc] # reportlab carries no types
    """An entry of the file's outline that leads here; takes no room."""

    def __init__(self, title: str, key: str, level: int) -> None:
        super().__init__()
        self.title, self.key, self.level = title, key, level

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        return 0, 0

    def draw(self) -> None:
        self.canv.bookmarkHorizontal(self.key, 0, 14)
        self.canv.addOutlineEntry(self.title, self.key, level=self.level)
