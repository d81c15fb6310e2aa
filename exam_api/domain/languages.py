"""The three languages of pages, tests and documents; Kazakh first."""

from collections.abc import Mapping
from typing import Final, Literal

Language = Literal["kk", "ru", "en"]
LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru", "en")
Texts = Mapping[Language, str]


def language_or(value: str | None, default: Language = "kk") -> Language:
    return value if value in LANGUAGES else default


def in_language(texts: Texts, language: Language) -> str:
    """The text in that language, else in the first one there is, Kazakh first."""
    if language in texts:
        return texts[language]
    return next(texts[other] for other in LANGUAGES if other in texts)
