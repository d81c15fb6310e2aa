"""A QR code drawn as vector squares, so that it prints sharp at any size."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import segno

from acts.errors import DocumentInvalid
from acts.styles import INK
from acts.values import web_link


def _modules(address: str) -> tuple[tuple[int, ...], ...]:
    try:
        code = segno.make_qr(address, error="m")
    except ValueError as error:
        raise DocumentInvalid("the verification address is too long for a QR code") from error
    return tuple(tuple(row) for row in code.matrix)


def _runs(row: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """(start, length) of each stretch of dark modules."""
    position = 0
    for dark, run in groupby(row):
        length = len(list(run))
        if dark:
            yield position, length
        position += length


def draw_qr(canvas: Any, address: str, x: float, y: float, side: float) -> None:
    """Draw with the lower left corner at (x, y); the quiet zone is the page's own white."""
    rows = _modules(address)
    step = side / len(rows)
    canvas.saveState()
    canvas.setFillColor(INK)
    path = canvas.beginPath()
    for index, row in enumerate(rows):
        for start, length in _runs(row):
            path.rect(x + start * step, y + side - (index + 1) * step, length * step, step)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.restoreState()
    if web_link(address):
        canvas.linkURL(address, (x, y, x + side, y + side), relative=1)
