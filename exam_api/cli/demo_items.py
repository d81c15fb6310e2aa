"""Questions of every kind for the demo's exam, on the way that every test goes (S-4, S-6)."""

import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from PIL import Image, ImageDraw

from exam_api.adapters.blobs import LocalBlobs
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.formulas import draw_formula
from exam_api.adapters.interchange.building import (
    choice_item,
    matching_item,
    number_item,
    ordering_item,
    text_item,
)
from exam_api.adapters.interchange.pictures import checked_picture
from exam_api.adapters.sql.database import Database, open_database
from exam_api.domain.bank_tests import ControlType, Share
from exam_api.domain.item_rules import ItemContent
from exam_api.domain.items import FULL, ItemKind, NumberAnswer
from exam_api.domain.languages import LANGUAGES, Texts
from exam_api.domain.policy import ExamPolicy
from exam_api.domain.roles import Actor
from exam_api.domain.written import number_of
from exam_api.services.bank_checks import NewTest, TestDesk
from exam_api.services.bank_items import ItemDesk
from exam_api.services.bank_pictures import keep_pictures
from exam_api.services.bank_ports import ItemFilter
from exam_api.services.paging import PageAsk
from exam_api.services.seeding import load_university
from exam_api.settings import Settings

_TOPIC: Final = "Сұрақтың барлық түрі"
_SPOTS: Final = ((150, 20), (80, 80), (220, 80), (40, 140), (120, 140), (180, 140), (260, 140))


async def add_every_kind(settings: Settings) -> None:
    """Once: a demo that has an accepted test already keeps it."""
    clock = SystemClock()
    database = await open_database(settings.database, clock)
    try:
        university = load_university()
        async with database.read() as unit:
            discipline_id = await unit.seeds.discipline_id(university.code)
            if discipline_id is None or await unit.tests.accepted(
                discipline_id, ExamPolicy().questions
            ):
                return
        name, picture = checked_picture(_tree())
        await keep_pictures(LocalBlobs(settings.blobs_dir), {name: picture})
        items = ItemDesk(database, clock, draw_formula, settings.bank_policy)
        teacher, head, centre = [
            await _actor(database, login) for login in ("teacher", "head", "testing")
        ]
        contents = [replace(content, topic=_TOPIC) for content in _contents(name)]
        ids = await items.add(teacher, discipline_id, contents)
        await items.submit(teacher, discipline_id, ids)
        await items.approve(head, discipline_id, ids)
        tests = TestDesk(database, clock)
        new = await _test(items, teacher, discipline_id, university.code, len(ids))
        test_id = await tests.load(teacher, discipline_id, new)
        await tests.decide(centre, test_id, accept=True, remark="")
    finally:
        await database.aclose()


async def _actor(database: Database, login: str) -> Actor:
    async with database.read() as unit:
        known = await unit.people.credentials(login)
    assert known is not None
    return known.actor


async def _test(
    items: ItemDesk, teacher: Actor, discipline_id: str, code: str, shown: int
) -> NewTest:
    """One of each kind, and the rest from the whole bank."""
    page = await items.page(teacher, discipline_id, ItemFilter(), PageAsk(1))
    (topic_id,) = [ref for ref, name in page.topics.items() if name == _TOPIC]
    questions = ExamPolicy().questions
    shares = (Share(shown, topic_id), Share(questions - shown))
    title = page.discipline.title["kk"]
    return NewTest(code, title, ControlType.EXAM, LANGUAGES, questions, shares)


def _tree() -> bytes:
    """A binary tree of seven nodes, drawn."""
    picture = Image.new("RGB", (300, 160), "white")
    draw = ImageDraw.Draw(picture)
    for child in range(1, len(_SPOTS)):
        draw.line((*_SPOTS[(child - 1) // 2], *_SPOTS[child]), fill="#35506b", width=3)
    for x, y in _SPOTS:
        draw.ellipse((x - 13, y - 13, x + 13, y + 13), fill="#dbe8f5", outline="#35506b", width=3)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _all(kk: str, ru: str, en: str) -> Texts:
    return {"kk": kk, "ru": ru, "en": en}


def _same(text: str) -> Texts:
    return dict.fromkeys(LANGUAGES, text)


def _contents(picture: str) -> Sequence[ItemContent]:
    root = number_of("1.414")
    spread = number_of("0.01")
    assert root is not None
    assert spread is not None
    mark = {
        "kk": f"![жеті төбесі бар екілік ағаш]({picture})",
        "ru": f"![двоичное дерево из семи вершин]({picture})",
        "en": f"![a binary tree of seven nodes]({picture})",
    }
    return (
        choice_item(
            ItemKind.SINGLE,
            _all(
                f"Суреттегі екілік ағаштың неше жапырағы бар?\n{mark['kk']}",
                f"Сколько листьев у двоичного дерева на рисунке?\n{mark['ru']}",
                f"How many leaves has the binary tree in the picture?\n{mark['en']}",
            ),
            [(_same(text), FULL if text == "4" else 0) for text in ("3", "4", "6", "7")],
        ),
        choice_item(
            ItemKind.MULTIPLE,
            _all(
                "Енгізу құрылғыларын белгілеңіз.",
                "Отметьте устройства ввода.",
                "Tick the input devices.",
            ),
            [
                (_all("пернетақта", "клавиатура", "keyboard"), FULL // 2),
                (_all("сканер", "сканер", "scanner"), FULL // 2),
                (_all("принтер", "принтер", "printer"), -FULL // 2),
                (_all("проектор", "проектор", "projector"), -FULL // 2),
            ],
        ),
        matching_item(
            _all(
                "Файл кеңейтімін мазмұнымен сәйкестендіріңіз.",
                "Соотнесите расширение файла с содержимым.",
                "Match each file extension with what it holds.",
            ),
            [
                (_same(".mp3"), _all("дыбыс", "звук", "sound")),
                (_same(".png"), _all("сурет", "изображение", "picture")),
                (_same(".xlsx"), _all("кесте", "таблица", "table")),
                (None, _all("бейне", "видео", "video")),
            ],
        ),
        ordering_item(
            _all(
                "Көлемі кішісінен үлкеніне қарай реттеңіз.",
                "Расположите от меньшего объёма к большему.",
                "Put in order from the smallest to the largest.",
            ),
            [
                _all("байт", "байт", "byte"),
                _all("килобайт", "килобайт", "kilobyte"),
                _all("мегабайт", "мегабайт", "megabyte"),
                _all("гигабайт", "гигабайт", "gigabyte"),
            ],
        ),
        text_item(
            _all(
                "Реляциялық дерекқорларға сұраныс жазылатын тілдің аты (үш әріп)?",
                "Как называется язык запросов к реляционным базам данных (три буквы)?",
                "What is the query language of relational databases called (three letters)?",
            ),
            [("SQL", FULL)],
        ),
        number_item(
            _all(
                r"\(\sqrt{2}\) санын жүздікке дейін есептеңіз.",
                r"Вычислите \(\sqrt{2}\) с точностью до сотых.",
                r"Give \(\sqrt{2}\) to two decimal places.",
            ),
            [NumberAnswer(root, spread)],
        ),
    )
