"""The page's language: catalogues read from ``.po`` files, plural forms, local dates.

Message ids are keys (``login.title``), the same in the three catalogues. A message with plural
forms holds one per CLDR category of its language, in ``PLURALS``' order.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.messages.pofile import read_po
from starlette.requests import Request

from exam_api.domain.languages import LANGUAGES, Language

DEFAULT_LANGUAGE: Language = "kk"
LANGUAGE_NAMES: Mapping[Language, str] = {"kk": "Қазақша", "ru": "Русский", "en": "English"}
COOKIE = "lang"
LOCALES = Path(__file__).parent.parent / "locales"
# CLDR categories of whole numbers, in the order of the catalogue's msgstr[n].
PLURALS: Mapping[Language, tuple[str, ...]] = {
    "kk": ("one", "other"),
    "ru": ("one", "few", "many"),
    "en": ("one", "other"),
}

Message = str | Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All messages of one language. A plural message maps CLDR category → text.

    ``zone``: the university's, in which it words moments; without one it words none.
    """

    language: Language
    messages: Mapping[str, Message]
    zone: ZoneInfo | None = None

    def __call__(self, key: str, /, **values: object) -> str:
        """The message with its ``{placeholders}`` filled; ``n`` chooses the plural form.

        An unknown key comes back as itself: a page with one odd word beats no page.
        """
        message = self.messages.get(key, key)
        if not isinstance(message, str):
            message = message[self._category(values.get("n"))]
        return message.format_map(values) if values else message

    def has(self, key: str) -> bool:
        return key in self.messages

    def moment(self, at: datetime) -> str:
        """Day and time, e.g. "22 қар. 2026, 10:05"; naive means UTC."""
        return format_datetime(
            self._local(at), "d MMM y, HH:mm", tzinfo=self.zone, locale=Locale(self.language)
        )

    def hour(self, at: datetime) -> str:
        """Time of day, e.g. "10:05"."""
        return self._local(at).strftime("%H:%M")

    def day(self, day: date) -> str:
        """E.g. "22 қар. 2026"."""
        return format_date(day, "d MMM y", locale=Locale(self.language))

    def month(self, day: date) -> str:
        """E.g. "қараша 2026"."""
        return format_date(day, "LLLL y", locale=Locale(self.language))

    def weekday(self, day: date) -> str:
        """Its short name, e.g. "дс"."""
        return format_date(day, "EEE", locale=Locale(self.language))

    def as_json(self) -> bytes:
        """What the page's scripts read: ``{"lang", "months", "messages"}``.

        Months from Babel: not every browser knows the Kazakh ones.
        """
        months = Locale(self.language).months["format"]["abbreviated"]
        body = {
            "lang": self.language,
            "months": [months[number] for number in range(1, 13)],
            "messages": self.messages,
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()

    def _local(self, at: datetime) -> datetime:
        if self.zone is None:
            raise ValueError("a moment is worded in a zone")
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(self.zone)

    def _category(self, n: object) -> str:
        category = Locale(self.language).plural_form(cast("int", n or 0))
        known = PLURALS[self.language]
        return category if category in known else known[-1]


def read_catalogue(folder: Path, language: Language) -> Catalogue:
    """Parse every ``.po`` of a folder, one per area of the pages.

    A broken file, or a key that stands in two files, is an error, not a half-read catalogue.
    """
    messages: dict[str, Message] = {}
    for path in sorted(folder.glob("*.po")):
        for key, message in _entries(path, language):
            if key in messages:
                raise ValueError(f"{path.name}: {key} stands in another catalogue too")
            messages[key] = message
    return Catalogue(language, messages)


def _entries(path: Path, language: Language) -> Iterator[tuple[str, Message]]:
    with path.open("rb") as file:
        entries = read_po(file, locale=language, abort_invalid=True)
    for entry in entries:
        if not entry.id or entry.fuzzy:
            continue
        if isinstance(entry.id, str):
            yield entry.id, str(entry.string)
        else:
            forms = cast("tuple[str, ...]", entry.string)
            yield entry.id[0], dict(zip(PLURALS[language], forms, strict=True))


@cache
def catalogue(language: Language, zone: ZoneInfo | None = None) -> Catalogue:
    if zone is not None:
        return replace(catalogue(language), zone=zone)
    return read_catalogue(LOCALES / language / "LC_MESSAGES", language)


def known_language(code: str | None) -> Language | None:
    """``ru-KZ`` → ``ru``; None when it is none of ours."""
    if not code:
        return None
    head = code.strip().lower().replace("_", "-").split("-")[0]
    return next((language for language in LANGUAGES if language == head), None)


def accepted_language(header: str) -> Language | None:
    """The best of ours in an ``Accept-Language`` header (RFC 9110 §12.5.4)."""
    ranked: list[tuple[float, int, Language]] = []
    for place, part in enumerate(header.split(",")):
        tag, _, quality = part.partition(";")
        language = known_language(tag)
        weight = _quality(quality)
        if language is not None and weight > 0:
            ranked.append((-weight, place, language))
    return min(ranked)[2] if ranked else None


def _quality(parameter: str) -> float:
    name, _, value = parameter.partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0


def request_language(request: Request, user_language: str | None = None) -> Language:
    """The cookie a person chose, else what the browser asks for, else the person's record."""
    return (
        known_language(request.cookies.get(COOKIE))
        or accepted_language(request.headers.get("accept-language", ""))
        or known_language(user_language)
        or DEFAULT_LANGUAGE
    )
