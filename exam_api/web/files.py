"""Files as answers: documents to keep, pictures and clips to look at."""

from typing import Final

from fastapi import Response

PDF: Final = "application/pdf"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV: Final = "text/csv; charset=utf-8"

# For the asker's own browser only, and asked for again each time: the right to it may end.
PRIVATE: Final = {"Cache-Control": "private, no-cache"}


def document(content: bytes, media_type: str, name: str, *, shown: bool = False) -> Response:
    """``name``: ASCII, as the file is to be called; ``shown``: opened in the page, else saved."""
    how = "inline" if shown else "attachment"
    headers = {**PRIVATE, "Content-Disposition": f'{how}; filename="{name}"'}
    return Response(content, media_type=media_type, headers=headers)


def file_name(number: str) -> str:
    """A document's number as part of a file's name: letters beyond ASCII and signs as dashes."""
    return "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in number)
