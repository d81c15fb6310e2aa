"""Items that go out and come back are the same; whatever a file holds, nothing but FileRefused."""

import base64
import io
import zipfile
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from exam_api.adapters.interchange.archives import parsed_xml, unpacked
from exam_api.adapters.interchange.building import (
    choice_item,
    matching_item,
    number_item,
    ordering_item,
    text_item,
)
from exam_api.adapters.interchange.gift import read_gift, write_gift
from exam_api.adapters.interchange.moodle_xml import read_moodle_xml, write_moodle_xml
from exam_api.adapters.interchange.pictures import checked_picture
from exam_api.adapters.interchange.qti import read_qti
from exam_api.adapters.interchange.qti_writing import write_qti_21, write_qti_30
from exam_api.adapters.interchange.xlsx import HEADINGS, read_xlsx, write_xlsx
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import (
    FULL,
    ChoiceKey,
    ItemKind,
    MatchingKey,
    NumberAnswer,
    OrderingKey,
    even_weights,
)
from exam_api.services.interchange import FileRefused, Reader, Writer

FORMATS: dict[str, tuple[Reader, Writer]] = {
    "gift": (read_gift, write_gift),
    "moodle_xml": (read_moodle_xml, write_moodle_xml),
    "qti_21": (read_qti, write_qti_21),
    "qti_30": (read_qti, write_qti_30),
    "xlsx": (read_xlsx, write_xlsx),
}
READERS = {"gift": read_gift, "moodle_xml": read_moodle_xml, "qti": read_qti, "xlsx": read_xlsx}
TIGHT = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])

letters = st.sampled_from([*"abzЯәғқңөұүһі09~=#{}:%&<>\"'@+-_,.;()[]/→é"])
words = st.text(letters, min_size=1, max_size=8)
texts = st.lists(words, min_size=1, max_size=4).map(" ".join)
weights = st.integers(-FULL, FULL).map(lambda weight: weight // 100 * 100)


def in_languages(draw: Callable, count: int, languages: tuple[str, ...]) -> list[dict[str, str]]:
    """Texts that differ from each other in every language."""
    columns = {
        language: draw(st.lists(texts, min_size=count, max_size=count, unique=True))
        for language in languages
    }
    return [{code: columns[code][place] for code in languages} for place in range(count)]


@st.composite
def items(draw: Callable, several_languages: bool = True) -> ItemContent:
    languages = (
        draw(st.sampled_from([("kk",), ("kk", "ru", "en")])) if several_languages else ("kk",)
    )
    kind = draw(st.sampled_from(ItemKind))
    count = draw(st.integers(2, 4))
    stem, *parts = in_languages(draw, 2 * count + 1, languages)
    if kind is ItemKind.SINGLE:
        others = draw(st.lists(weights, min_size=count - 1, max_size=count - 1))
        chosen = list(zip(parts, [FULL, *others], strict=False))
        return choice_item(kind, stem, draw(st.permutations(chosen)))
    if kind is ItemKind.MULTIPLE:
        right = draw(st.integers(1, count - 1))
        up, down = even_weights(right, count - right)
        shares = [up] * right + [down] * (count - right)
        return choice_item(kind, stem, list(zip(parts, shares, strict=False)))
    if kind is ItemKind.MATCHING:
        pairs = list(zip(parts[:count], parts[count:], strict=True))
        return matching_item(stem, [*pairs[:-1], pairs[-1] if count == 2 else (None, pairs[-1][1])])
    if kind is ItemKind.ORDERING:
        return ordering_item(stem, parts[:count], partial=False)
    if kind is ItemKind.TEXT:
        answers = draw(st.lists(texts.filter(lambda t: "->" not in t), min_size=1, unique=True))
        return text_item(stem, [(text, FULL) for text in answers[:4]])
    value = draw(st.decimals("-1000", "1000", places=3))
    return number_item(stem, [NumberAnswer(value, draw(st.decimals("0", "10", places=2)))])


def plain(content: ItemContent) -> object:
    """An item without its ids, which are new with every reading."""
    body = content.body
    texts_of = {o.id: tuple(sorted(o.text.items())) for o in (*body.choices, *body.targets)}
    key: object
    match content.key:
        case ChoiceKey(weights=given, partial=partial):
            key = ({texts_of[ref]: weight for ref, weight in given.items() if weight}, partial)
        case MatchingKey(pairs=pairs, partial=partial):
            key = ({texts_of[a]: texts_of[b] for a, b in pairs.items()}, partial)
        case OrderingKey(order=order):
            key = [texts_of[ref] for ref in order]
        case written:
            key = written
    parts = [sorted(texts_of[o.id] for o in side) for side in (body.choices, body.targets)]
    return content.kind, tuple(sorted(body.stem.items())), parts, body.shuffle, key


@pytest.mark.parametrize("name", FORMATS)
@TIGHT
@given(data=st.data())
def test_what_is_written_is_read_again(name: str, data: st.DataObject) -> None:
    read, write = FORMATS[name]
    several = not name.startswith("qti")
    given_items = data.draw(st.lists(items(several), min_size=1, max_size=4))
    written = write(given_items, "kk", {})
    if written.refused:
        assert written.data == b""
        assert {one.reason for one in written.refused} == {"not_in_format"}
        return
    found = read(written.data, "kk")
    assert found.refused == ()
    assert [plain(one.content) for one in found.items] == [plain(item) for item in given_items]


def test_every_format_holds_an_item_of_most_kinds() -> None:
    """So that the test above has something to say: what each format refuses is known."""
    stem, half = {"kk": "?"}, FULL // 2
    a, b, c = ({"kk": text} for text in "abc")
    of_each = {
        "single": choice_item(ItemKind.SINGLE, stem, [(a, FULL), (b, 0)]),
        "multiple": choice_item(ItemKind.MULTIPLE, stem, [(a, half), (b, half), (c, -FULL)]),
        "matching": matching_item(stem, [(a, b), (b, c)]),
        "ordering": ordering_item(stem, [a, b, c], partial=False),
        "text": text_item(stem, [("a", FULL)]),
        "number": number_item(stem, [NumberAnswer(Decimal(3), Decimal(1))]),
    }
    held = {
        name: {kind for kind, item in of_each.items() if write([item], "kk", {}).data}
        for name, (_, write) in FORMATS.items()
    }
    assert held["xlsx"] == held["qti_21"] == held["qti_30"] == set(of_each)
    assert held["gift"] == held["moodle_xml"] == set(of_each) - {"ordering"}


@pytest.mark.parametrize(
    ("more", "dropped"),
    [
        ("<defaultgrade>1.0000000</defaultgrade>", ()),
        ("<defaultgrade>2.0000000</defaultgrade>", ("grade",)),
        ("<hint format='html'><text>Ойланыңыз</text></hint><hint><text/></hint>", ("hints",)),
        ("<generalfeedback><text>Иә</text></generalfeedback>", ("feedback",)),
    ],
)
def test_what_moodle_holds_and_the_bank_does_not_is_said(more: str, dropped) -> None:
    found = read_moodle_xml(
        f"""<quiz><question type="shortanswer"><questiontext><text>2 + 2?</text></questiontext>
        {more}<answer fraction="100"><text>4</text></answer></question></quiz>""".encode(),
        "kk",
    )
    assert found.items[0].dropped == dropped


def test_an_answer_number_with_noughts_before_it_keeps_its_weight() -> None:
    rows = [["kind", "question kk", "answers kk", "right"]]
    rows += [["single", "?", "a\nb\nc", "0000000002=100%"]]
    rows += [["single", "?", "a\nb\nc", "0000000012=100%"]]
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    out = io.BytesIO()
    book.save(out)
    found = read_xlsx(out.getvalue(), "kk")
    (item,) = found.items
    texts = {option.id: option.text["kk"] for option in item.content.body.choices}
    assert [texts[ref] for ref in item.content.key.right] == ["b"]
    assert [one.reason for one in found.refused] == ["right_unknown"]


def test_moodle_holds_an_ordering_that_gives_parts() -> None:
    item = ordering_item({"kk": "?"}, [{"kk": text} for text in "abc"])
    found = read_moodle_xml(write_moodle_xml([item], "kk", {}).data, "kk")
    assert plain(found.items[0].content) == plain(item)


def picture(form: str = "PNG", size: tuple[int, int] = (8, 6)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, (200, 30, 60)).save(out, form)
    return out.getvalue()


class TestPictures:
    @pytest.mark.parametrize("name", ["moodle_xml", "qti_21", "qti_30"])
    def test_pictures_travel_with_their_items(self, name: str) -> None:
        read, write = FORMATS[name]
        ref, data = checked_picture(picture())
        stem = {"kk": f"Не көріп тұрсыз? ![қызыл]({ref})"}
        item = choice_item(ItemKind.SINGLE, stem, [({"kk": "a"}, FULL), ({"kk": "b"}, 0)])
        found = read(write([item], "kk", {ref: data}).data, "kk")
        assert found.refused == ()
        assert found.pictures == {ref: data}
        assert found.items[0].content.body.stem == stem

    @pytest.mark.parametrize(
        ("address", "file"),
        [
            ("%D1%80%D0%B8%D1%81%201.png", 'name="рис 1.png" path="/"'),
            ("рис 1.png?time=7", 'name="рис 1.png"'),
            ("1/b%23.png", 'name="b#.png" path="/1/"'),
        ],
    )
    def test_moodle_finds_pictures_whatever_their_name(self, address: str, file: str) -> None:
        data = base64.b64encode(picture()).decode()
        found = read_moodle_xml(
            f"""<quiz><question type="shortanswer"><questiontext format="html">
            <text><![CDATA[Что это? <img src="@@PLUGINFILE@@/{address}" alt="поле">]]></text>
            <file {file} encoding="base64">{data}</file></questiontext>
            <answer fraction="100"><text>поле</text></answer></question></quiz>""".encode(),
            "ru",
        )
        assert found.refused == ()
        assert len(found.pictures) == 1

    @pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
    def test_a_picture_is_made_anew_without_what_hides_in_it(self, form: str) -> None:
        hidden = picture(form) + b"<script>alert(1)</script>"
        name, data = checked_picture(hidden)
        assert b"script" not in data
        assert name.endswith({"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}[form])

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"<svg onload='x'/>",
            b"GIF89a",
            picture()[:40],
            picture("BMP"),
            picture(size=(5000, 1)),
        ],
    )
    def test_what_is_no_picture(self, data: bytes) -> None:
        with pytest.raises(ValueError, match="picture"):
            checked_picture(data)


class TestHostileFiles:
    @pytest.mark.parametrize("name", READERS)
    @TIGHT
    @given(data=st.binary(max_size=300))
    def test_any_bytes(self, name: str, data: bytes) -> None:
        self.only_refused(READERS[name], data)

    @pytest.mark.parametrize("name", FORMATS)
    @TIGHT
    @given(data=st.data())
    def test_a_file_with_letters_changed(self, name: str, data: st.DataObject) -> None:
        read, write = FORMATS[name]
        item = data.draw(items(several_languages=False))
        good = bytearray(write([item], "kk", {}).data)
        for _ in range(data.draw(st.integers(1, 8)) if good else 0):
            # Sheets carry the time of their writing: their length is no constant.
            place = int(data.draw(st.floats(0, 1, exclude_max=True)) * len(good))
            good[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
        self.only_refused(read, bytes(good))

    @pytest.mark.parametrize("name", ["qti_21", "qti_30"])
    @TIGHT
    @given(data=st.data())
    def test_a_package_whose_items_were_changed(self, name: str, data: st.DataObject) -> None:
        _, write = FORMATS[name]
        files = dict(unpacked(write([data.draw(items(False))], "kk", {}).data or _zip({"a": b""})))
        path = data.draw(st.sampled_from(sorted(files)))
        text = bytearray(files[path])
        letter = st.sampled_from([b"", b"<", b"0", b" ", b"-", b"x"])
        for _ in range(data.draw(st.integers(1, 5)) if text else 0):
            place = data.draw(st.integers(0, len(text) - 1))
            text[place : place + 1] = data.draw(letter)
        files[path] = bytes(text)
        self.only_refused(read_qti, _zip(files))

    @TIGHT
    @given(st.text(st.sampled_from([*"abc ~=#{}:%\\\n/-><.*T0123456789$CATEGORY"]), max_size=120))
    def test_any_gift(self, text: str) -> None:
        self.only_refused(read_gift, text.encode())

    @TIGHT
    @given(st.lists(st.lists(st.one_of(st.none(), texts, st.floats(), st.booleans()), max_size=11)))
    def test_any_sheet(self, rows: list[list[object]]) -> None:
        self.only_refused(read_xlsx, _sheet(HEADINGS, *rows))

    @staticmethod
    def only_refused(read: Reader, data: bytes) -> None:
        with suppress(FileRefused):
            assert all(one.place and one.reason for one in read(data, "kk").refused)

    @pytest.mark.parametrize(
        ("path", "reason"),
        [
            ("../../etc/passwd", "path_leads_out"),
            ("/etc/passwd", "path_leads_out"),
            ("a\\..\\b", "path_leads_out"),
            ("C:/x", "path_leads_out"),
        ],
    )
    def test_paths_that_lead_out(self, path: str, reason: str) -> None:
        # zipfile itself would turn the backslash on Windows only: the entry is made by hand.
        entry = zipfile.ZipInfo("x")
        entry.filename = path
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry, b"x")
        with pytest.raises(FileRefused, match=reason):
            unpacked(out.getvalue())

    def test_links_are_refused(self) -> None:
        entry = zipfile.ZipInfo("link")
        entry.external_attr = 0o120777 << 16
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(entry, "/etc/passwd")
        with pytest.raises(FileRefused, match="path_leads_out"):
            unpacked(out.getvalue())

    @pytest.mark.parametrize("name", ["qti", "xlsx"])
    def test_a_zip_bomb(self, name: str) -> None:
        bomb = _zip({f"{n}": b"\0" * 10_000_000 for n in range(7)}, zipfile.ZIP_DEFLATED)
        assert len(bomb) < 200_000
        with pytest.raises(FileRefused, match="too_large"):
            READERS[name](bomb, "kk")

    def test_too_many_files(self) -> None:
        with pytest.raises(FileRefused, match="too_many_files"):
            unpacked(_zip({f"{n}": b"" for n in range(3001)}))

    @pytest.mark.parametrize(
        "dtd",
        [
            '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
            '<!DOCTYPE quiz [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>',
            '<!DOCTYPE quiz SYSTEM "http://example.org/x.dtd">',
        ],
    )
    def test_entities_and_outside_documents(self, dtd: str) -> None:
        xml = f"{dtd}<quiz><question type='essay'>&x;</question></quiz>".encode()
        for read in (read_moodle_xml, read_qti):
            with pytest.raises(FileRefused, match="dangerous_xml"):
                read(xml, "kk")

    def test_xml_that_is_very_deep(self) -> None:
        with pytest.raises(FileRefused):
            parsed_xml(b"<a>" * 5000 + b"</a>" * 5000)


class TestFormulasInSheets:
    """Both ways: none comes in, none goes out."""

    def test_a_cell_that_computes_is_refused(self) -> None:
        data = _sheet(
            HEADINGS, ["single", "", "1", '=HYPERLINK("http://x")', "", "", "a\nb", "", "", "1"]
        )
        found = read_xlsx(data, "kk")
        assert [(one.place, one.reason) for one in found.refused] == [("2", "formula_in_cell")]

    @pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1"])
    def test_what_begins_like_a_formula_goes_out_as_text(self, text: str) -> None:
        stem = {"kk": text.strip()}
        item = choice_item(ItemKind.SINGLE, stem, [(stem, FULL), ({"kk": "b"}, 0)])
        data = write_xlsx([item], "kk", {}).data
        cell = openpyxl.load_workbook(io.BytesIO(data)).active["D2"]
        assert (cell.value, cell.data_type, cell.quotePrefix) == (text.strip(), "s", True)
        assert plain(read_xlsx(data, "kk").items[0].content) == plain(item)


def _zip(files: dict[str, bytes], how: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def _sheet(*rows: object) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
