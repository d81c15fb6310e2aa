"""Texts of other systems as ours: HTML without its markup, languages told apart, pictures kept."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from html import escape
from html.parser import HTMLParser
from typing import Final

from exam_api.domain.items import MARKS
from exam_api.domain.languages import LANGUAGES, Language, Texts
from exam_api.services.interchange import ItemRefused

KeepPicture = Callable[[str], str]
"""An address within the file → the picture's name among ours. ItemRefused where it has none."""

_BREAKS: Final = frozenset({"p", "div", "br", "li", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_PLAIN: Final = frozenset(
    {"b", "i", "em", "strong", "u", "span", "font", "small", "big", "code", "tt", "pre", "a", "s"}
    | {"html", "body", "label", "center", "blockquote", "q", "cite", "bdo", "nobr", "wbr"}
)
_SCRIPTS: Final = {"sub": "_", "sup": "^"}
_IS_HTML: Final = re.compile(
    r"<(/?(p|div|br|li|ul|ol|h\d|b|i|em|strong|u|span|font|sub|sup|img|table|script|iframe|video"
    r"|audio|object|math|svg|a|pre|code)\b[^>]*)>|&(#\d+|#x[0-9a-f]+|[a-z]+);",
    re.IGNORECASE,
)
_DOLLARS: Final = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
_MLANG: Final = re.compile(r"\{mlang\s+([\w,-]+)\}(.*?)\{mlang\}", re.DOTALL)
_SPAN: Final = re.compile(
    r'<span\b(?=[^>]*\bclass="multilang")[^>]*\blang="([\w-]+)"[^>]*>(.*?)</span>',
    re.DOTALL | re.IGNORECASE,
)


def no_pictures(address: str) -> str:
    raise ItemRefused("picture_elsewhere", address)


# --- languages ------------------------------------------------------------------------------------


def told_apart(raw: str) -> dict[str, str]:
    """Language → text; "" → the text where it names no language (it is then one for all)."""
    for pattern in (_MLANG, _SPAN):
        if pattern.search(raw):
            return _by_language(pattern, raw)
    return {"": raw}


def _by_language(pattern: "re.Pattern[str]", raw: str) -> dict[str, str]:
    """What stands outside of the language blocks belongs to every language."""
    named = {
        code.strip().lower() for found in pattern.finditer(raw) for code in found[1].split(",")
    }
    unknown = named - set(LANGUAGES) - {"other"}
    if unknown:
        raise ItemRefused("language_unknown", min(unknown))
    wanted = [language for language in LANGUAGES if language in named]

    def within(language: str) -> str:
        return pattern.sub(
            lambda found: found[2] if language in found[1].lower().split(",") else "", raw
        )

    return {language: within(language) for language in wanted} if wanted else {"": within("other")}


class ItemTexts:
    """The texts of one item: read first, and then all in the languages that any of them has."""

    def __init__(self, language: Language, keep: KeepPicture = no_pictures) -> None:
        self._default = language
        self._keep = keep
        self._languages: set[str] = set()

    def read(self, raw: str, *, html: bool | None = None) -> dict[str, str]:
        """``html``: None where the text itself must tell."""
        found = {code: self._clean(text, html) for code, text in told_apart(raw).items()}
        self._languages |= set(found) - {""}
        return found

    def _clean(self, text: str, html: bool | None) -> str:
        if html or (html is None and _IS_HTML.search(text)):
            text = text_of_html(text, self._keep)
        text = text.replace("\r\n", "\n").replace("\0", "")
        return _DOLLARS.sub(lambda found: rf"\({found[1].strip()}\)", text).strip()

    def settled(self, found: Mapping[str, str]) -> Texts:
        """In every language of the item; ItemRefused where one is missing."""
        languages = [one for one in LANGUAGES if one in self._languages] or [self._default]
        if "" in found:
            return dict.fromkeys(languages, found[""])
        if missing := [one for one in languages if one not in found]:
            raise ItemRefused("language_missing", missing[0])
        return {language: found[language] for language in languages}


def marked_languages(texts: Texts) -> str:
    """The other way: blocks of languages where there are several."""
    if len(set(texts.values())) == 1 and len(texts) == 1:
        return next(iter(texts.values()))
    return "".join(f"{{mlang {code}}}{text}{{mlang}}" for code, text in texts.items())


# --- HTML -----------------------------------------------------------------------------------------


def text_of_html(html: str, keep: KeepPicture = no_pictures) -> str:
    """Emphasis is dropped, lines and small letters stay. ItemRefused for what text cannot say."""
    reader = _Reader(keep)
    reader.feed(html)
    reader.close()
    text = "".join(reader.pieces)
    return re.sub(r" *\n *", "\n", re.sub(r"\n{3,}", "\n\n", text)).strip()


class _Reader(HTMLParser):
    def __init__(self, keep: KeepPicture) -> None:
        super().__init__(convert_charrefs=True)
        self._keep = keep
        self._script = ""
        self.pieces: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            given = dict(attrs)
            words = re.sub(r"[\[\]\n]", " ", given.get("alt") or "")
            self.pieces.append(f"![{words}]({self._keep(given.get('src') or '')})")
        elif tag in _SCRIPTS:
            self._script = _SCRIPTS[tag]
        elif tag in _BREAKS:
            self._break()
            if tag == "li":
                self.pieces.append("• ")
        elif tag not in _PLAIN:
            raise ItemRefused("markup", tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _SCRIPTS:
            self._script = ""
        elif tag in _BREAKS and tag != "br":
            self._break()

    def _break(self) -> None:
        if self.pieces and not self.pieces[-1].endswith("\n"):
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            inner = data.strip()
            plain = re.fullmatch(r"[\w+\-−*,. ]+", inner)
            if plain is None:
                raise ItemRefused("markup", "sub" if self._script == "_" else "sup")
            self.pieces.append(rf"\({self._script}{{\mathrm{{{inner}}}}}\)")
            return
        self.pieces.append(re.sub(r"[ \t\r\n]+", " ", data))


def html_of(text: str, address: Callable[[str], str]) -> str:
    """The other way; ``address`` of a picture by its name."""
    return "".join(_html_pieces(text, address))


def _html_pieces(text: str, address: Callable[[str], str]) -> Iterator[str]:
    end = 0
    for mark in MARKS.finditer(text):
        yield _escaped(text[end : mark.start()])
        if mark["tex"] is None:
            yield f'<img src="{escape(address(mark["name"]))}" alt="{escape(mark["words"])}"/>'
        else:
            yield _escaped(mark[0])
        end = mark.end()
    yield _escaped(text[end:])


def _escaped(text: str) -> str:
    return escape(text, quote=False).replace("\n", "<br/>")


def pictures_of(texts: Iterable[str]) -> set[str]:
    return {mark["name"] for text in texts for mark in MARKS.finditer(text) if mark["name"]}
