"""How values are written in documents: dates, clocks, spans, numbers, links."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

from acts import typefaces
from acts.contracts import ActDocument, Language

_MONTHS: Mapping[Language, str] = {
    "kk": "қаңтар ақпан наурыз сәуір мамыр маусым шілде тамыз қыркүйек қазан қараша желтоқсан",
    "ru": "января февраля марта апреля мая июня июля августа сентября октября ноября декабря",
    "en": "January February March April May June July August September October November December",
}


def month(value: date, language: Language) -> str:
    return _MONTHS[language].split()[value.month - 1]


def written_day(value: date, language: Language) -> str:
    """«22» қараша 2026 ж., as forms are dated."""
    if language == "en":
        return f"{value.day} {month(value, language)} {value.year}"
    year = "ж." if language == "kk" else "г."
    return f"«{value:%d}» {month(value, language)} {value.year} {year}"


def act_day(value: date, language: Language) -> str:
    """2026 ж. «22» қараша: the order of form 2's sentence."""
    if language != "kk":
        return written_day(value, language)
    return f"{value.year} ж. «{value:%d}» {month(value, language)}"


def day(value: date) -> str:
    return f"{value:%d.%m.%Y}"


def offset(ms: float) -> str:
    """A place on the recording's timeline: 00:12:05."""
    seconds = max(0, round(ms / 1000))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def zone(moment: datetime) -> str:
    """UTC+5, UTC+5:30; empty only for a time without zone, which documents refuse."""
    minutes = round((moment.utcoffset() or timedelta()).total_seconds() / 60)
    sign = "-" if minutes < 0 else "+"
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{sign}{hours}" + (f":{rest:02d}" if rest else "")


def moment(value: datetime) -> str:
    return f"{day(value)} {value:%H:%M:%S} ({zone(value)})"


def clock(document: ActDocument, at_ms: int) -> datetime:
    """The wall clock at a place of the timeline, in the zone the act is made in."""
    at = document.started_at.astimezone(UTC) + timedelta(milliseconds=at_ms)
    return at.astimezone(document.made_at.tzinfo)


def span(document: ActDocument, start_ms: int, end_ms: int) -> str:
    """00:12:05 – 00:12:20 (10:12:05 – 10:12:20)."""
    begin, end = clock(document, start_ms), clock(document, end_ms)
    return f"{offset(start_ms)} – {offset(end_ms)} ({begin:%H:%M:%S} – {end:%H:%M:%S})"


def decimal(value: float, places: int, language: Language) -> str:
    text = f"{value:.{places}f}"
    return text if language == "en" else text.replace(".", ",")


def share(part: float, whole: float, language: Language) -> str:
    """A part in per cent, never rounded up to a whole 100: a gap must not vanish in print."""
    if whole <= 0:
        return "—"
    tenths = int(min(part / whole, 1.0) * 1000 + 1e-9)
    return f"{decimal(tenths / 10, 1, language)} %"


def ranges(numbers: Sequence[int]) -> str:
    """1, 2, 3, 7 → 1–3, 7."""
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(_run(first, last) for first, last in runs)


def _run(first: int, last: int) -> str:
    if first == last:
        return str(first)
    return f"{first}–{last}" if last - first > 1 else f"{first}, {last}"


def web_link(url: str) -> str | None:
    """The address if a reader may safely be sent there; other schemes stay plain text."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    ok = parts.scheme in {"http", "https"} and bool(parts.netloc) and url.isprintable()
    return url if ok and " " not in url else None


def link(url: str) -> str:
    """Markup. The address itself is printed, so that paper keeps it; live only on the web."""
    words = typefaces.markup(url)
    if web_link(url) is None:
        return words
    href = words.replace('"', "&quot;")
    return f'<a href="{href}" color="#1F4E79">{words}</a>'


def sentence(text: str) -> str:
    """The same words with a capital first letter."""
    return text[:1].upper() + text[1:]
