"""How typed answers are read: texts made comparable, numbers as people in three languages write."""

import re
import unicodedata
from decimal import Decimal
from typing import Final

from exam_api.domain.items import TextKey

# Typed by one hand as this and by another as that: no difference of the answer.
_ALIKE: Final = str.maketrans(
    dict.fromkeys("‐‑‒–—―−", "-")
    | dict.fromkeys("‘’‚‛ʼ`´", "'")
    | dict.fromkeys("“”„‟«»", '"')
    | dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff\u00ad", "")
)
_YO: Final = str.maketrans("ёЁ", "еЕ")
_KAZAKH: Final = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
_NUMBER: Final = re.compile(r"[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})(e[+-]?\d{1,2})?")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}( \d{3})+([.,]\d+)?")


def comparable(text: str, key: TextKey) -> str:
    """Two texts that are equal in this form are the same answer.

    Compatibility forms, dashes, quotes and spaces never matter; upper case, ё and the letters
    that only Kazakh has matter as the key says.
    """
    text = unicodedata.normalize("NFKC", text).translate(_ALIKE)
    text = " ".join(text.split())
    if key.yo_is_ye:
        text = text.translate(_YO)
    if key.plain_kazakh:
        text = text.translate(_KAZAKH)
    return text if key.match_case else text.casefold()


def number_of(text: str) -> Decimal | None:
    """3.14, 3,14, -2, 1 000, 6.02e23; None where it is no number."""
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_ALIKE).split())
    if _GROUPED.fullmatch(text):
        text = text.replace(" ", "")
    text = text.replace(",", ".").lower()
    return Decimal(text) if _NUMBER.fullmatch(text) and text.isascii() else None
