"""An item's text as safe markup: formulas and pictures in place of its marks (domain.items)."""

from collections.abc import Iterator, Mapping
from urllib.parse import quote

from markupsafe import Markup, escape

from exam_api.domain.items import MARKS, Formula

_FORMULA = Markup(
    '<img class="formula" src="data:image/svg+xml;charset=utf-8,{}" alt="{}"'
    ' width="{}" height="{}">'
)
_PICTURE = Markup('<img class="picture" src="{}/{}" alt="{}">')


def marked(text: str, formulas: Mapping[str, Formula], pictures: str) -> Markup:
    """``pictures``: the address under which the item's pictures are. Nothing else is markup."""
    return Markup("").join(_pieces(text, formulas, pictures))


def plainly(text: str) -> str:
    """For a list: formulas as TeX, pictures as their words."""
    return MARKS.sub(lambda mark: mark["words"] if mark["tex"] is None else mark["tex"], text)


def _pieces(text: str, formulas: Mapping[str, Formula], pictures: str) -> Iterator[Markup]:
    end = 0
    for mark in MARKS.finditer(text):
        yield escape(text[end : mark.start()])
        if mark["tex"] is None:
            yield _PICTURE.format(pictures, mark["name"], mark["words"])
        elif drawn := formulas.get(mark["tex"].strip()):
            tex = mark["tex"].strip()
            yield _FORMULA.format(quote(drawn.svg, safe=""), tex, drawn.width, drawn.height)
        else:
            yield Markup("<code>{}</code>").format(mark["tex"])
        end = mark.end()
    yield escape(text[end:])
