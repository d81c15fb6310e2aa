"""No letter may be lost: common fonts print boxes for Kazakh and nobody notices (ADR fonts)."""

import pytest

from acts import typefaces
from acts.labels import LABELS

ALPHABET = "аәбвгғдеёжзийкқлмнңоөпрстуұүфхһцчшщъыіьэюя"
ALWAYS = set(ALPHABET + ALPHABET.upper() + "0123456789₸№«»—–·/():;,.-+%" + "IVXLCDM@&'\"")
FACES = (typefaces.REGULAR, typefaces.BOLD, typefaces.ITALIC, typefaces.BOLD_ITALIC)


def _catalogue() -> set[str]:
    texts = [text for entry in LABELS.values() for text in (entry.kk, entry.ru, entry.en)]
    return set("".join(texts))


@pytest.mark.parametrize("face", FACES)
def test_every_letter_the_documents_print_has_a_glyph_in_each_face(face):
    missing = {letter for letter in ALWAYS | _catalogue() if not typefaces.has_glyph(face, letter)}
    assert missing == set()


def test_the_kazakh_alphabet_has_42_letters():
    assert len(ALPHABET) == 42


@pytest.mark.parametrize("box", [typefaces.TICKED, typefaces.UNTICKED])
def test_the_boxes_are_in_the_symbol_face(box):
    assert typefaces.has_glyph(typefaces.SYMBOLS, box)


def test_the_licence_stands_beside_the_fonts():
    assert "SIL OPEN FONT LICENSE" in (typefaces.FONTS / "OFL.txt").read_text().upper()
    assert len(list(typefaces.FONTS.glob("*.ttf"))) == 4


def test_a_persons_text_is_never_obeyed_as_markup():
    assert typefaces.markup('<b>"A" & </para>') == '&lt;b&gt;"A" &amp; &lt;/para&gt;'


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("И\u0306ла", "Йла"),  # decomposed, as macOS types it
        ("а\x00б\x1bв", "абв"),
        ("а\u202eб\u200b", "аб"),  # direction overrides can make a name read as another
        ("  а\n\tб  ", "а б"),
    ],
)
def test_text_is_stored_composed_and_without_control_characters(written, stored):
    assert typefaces.plain(written) == stored


def test_a_letter_tinos_lacks_is_set_in_dejavu():
    assert typefaces.markup("а☑") == 'а<font name="DejaVuSans">☑</font>'


@pytest.mark.parametrize("letter", ["漢", "😀"])
def test_a_letter_no_face_has_shows_that_something_stood_there(letter):
    assert "\N{REPLACEMENT CHARACTER}" in typefaces.markup(letter)
