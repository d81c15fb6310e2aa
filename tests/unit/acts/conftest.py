"""Documents to render: realistic values, changed by each test as it needs."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter

from acts.contracts import (
    ActDocument,
    EvidenceItem,
    FacePicture,
    Form1Item,
    Form4Document,
    Form4Row,
    OutsiderDocument,
    Person,
    RecordingGap,
    RefusalDocument,
    Student,
)
from acts.form1 import render_act
from acts.seal import SealKey, seal
from acts.seal_mark import PLACE

ALMATY = timezone(timedelta(hours=5))
MADE_AT = datetime(2026, 11, 22, 12, 30, 5, tzinfo=ALMATY)
KINDS = (
    (Form1Item.LEAVING_SEAT, "absence"),
    (Form1Item.CONVERSATION, "extra_face"),
    (Form1Item.PHONE, "phone"),
    (None, "camera_blocked"),
    (Form1Item.OTHER_SCREEN, "looking_away"),
    (Form1Item.CHEAT_SHEET, "notes"),
    (Form1Item.ELECTRONIC_MEANS, "headphones"),
)


def _jpeg(seed: int = 0, size: tuple[int, int] = (640, 480), mode: str = "RGB") -> bytes:
    """Someone before a camera: noise, gradients and a face, so that it packs as a photo does."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    light = [120 + 60 * np.sin(x / 97 + seed) + y / 9, 110 + 50 * np.cos(y / 81), 90 + x / 9]
    noise = np.random.default_rng(seed).normal(0, 6, (height, width, 3))
    picture = Image.fromarray(np.clip(np.stack(light, -1) + noise, 0, 255).astype(np.uint8))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((width * 0.38, height * 0.2, width * 0.62, height * 0.6), fill=(214, 172, 140))
    pen.rectangle((width * 0.28, height * 0.62, width * 0.72, height), fill=(60, 70, 110))
    out = BytesIO()
    picture.filter(ImageFilter.GaussianBlur(1.2)).convert(mode).save(out, "JPEG", quality=82)
    return out.getvalue()


def _evidence(count: int, *, frames: bool = True) -> tuple[EvidenceItem, ...]:
    entries = []
    for place in range(count):
        item, kind = KINDS[place % len(KINDS)]
        start = 65_000 + place * 110_000
        entries.append(
            EvidenceItem(
                item=item,
                kind=kind,
                start_ms=start,
                end_ms=start + 4_000 + 3_000 * (place % 5),
                confidence=0.71,
                model="face_detection_full_range 0.10.21",
                frame_jpeg=_jpeg(place) if frames else None,
                regions=((0.36, 0.17, 0.64, 0.63),),
                clip_url=f"https://proctor.example.kz/flags/{place}/clip.webm",
                clip_sha256=f"{place:064x}",
                comment="Екінші адаммен сөйлесті.",
                decided_by="Сейтқали Айгерім Бауыржанқызы",
                decided_at=MADE_AT - timedelta(minutes=10),
                frame_at_ms=start + 1_500,
            )
        )
    return tuple(entries)


@pytest.fixture(scope="session")
def jpeg() -> Callable[..., bytes]:
    return _jpeg


@pytest.fixture(scope="session")
def make_evidence() -> Callable[..., tuple[EvidenceItem, ...]]:
    return _evidence


def act(items: int = 1, *, frames: bool = True, **changes: Any) -> ActDocument:
    document = ActDocument(
        number="2026-000123",
        revision=1,
        made_at=MADE_AT,
        discipline="Деректер қоры теориясы",
        exam_date=date(2026, 11, 22),
        started_at=datetime(2026, 11, 22, 5, 0, tzinfo=UTC),
        authors=(Person("Сейтқали Айгерім Бауыржанқызы", "проктор"),),
        student=Student("Нұрланұлы Әлихан", "Ақпараттық технологиялар", "6B06103", "2", "ВТ-24-1"),
        evidence=_evidence(items, frames=frames),
        recording_digest="9f2c" * 16,
        recording_seconds=3588.0,
        exam_seconds=3600.0,
        recording_url="https://proctor.example.kz/review/1",
        verify_url="https://proctor.example.kz/verify/0192f3c4/9f2c9f2c",
        analysed_fps=2.0,
        software="Baqylau 0.1.0",
        gaps=(RecordingGap(1_200_000, 1_212_000, "network"),),
    )
    return replace(document, **changes)


@pytest.fixture(scope="session")
def make_act() -> Callable[..., ActDocument]:
    """``make_act(6, number="…")``: an act with six evidence items."""
    return act


STUDENT = Student("Нұрланұлы Әлихан", "Ақпараттық технологиялар", "6B06103", "2", "ВТ-24-1")
PEOPLE = (
    Person("Сейтқали Айгерім Бауыржанқызы", "проктор"),
    Person("Ахметов Ғалым Өмірұлы", "тестілеу орталығының қызметкері"),
    Person("Қуанышева Ұлбосын Жақсылыққызы", "деканат өкілі"),
)


@pytest.fixture(scope="session")
def make_refusal() -> Callable[..., RefusalDocument]:
    """Form 2 with two witnesses."""
    document = RefusalDocument(
        number="2026-0007",
        revision=1,
        made_at=MADE_AT,
        author=PEOPLE[0],
        witnesses=PEOPLE[1:],
        student=STUDENT,
        act_number="2026-000123",
        act_date=date(2026, 11, 21),
        verify_url="https://proctor.example.kz/verify/0192f3c4/9f2c9f2c",
        software="Baqylau 0.1.0",
    )
    return lambda **changes: replace(document, **changes)


@pytest.fixture(scope="session")
def make_outsider() -> Callable[..., OutsiderDocument]:
    """Form 3 with both faces."""
    box = (0.36, 0.17, 0.64, 0.63)
    document = OutsiderDocument(
        number="2026-0003",
        revision=1,
        made_at=MADE_AT,
        discipline="Деректер қоры теориясы",
        authors=PEOPLE,
        student=STUDENT,
        outsider="Сәрсенов Ілияс Ғабитұлы",
        enrolled=FacePicture(_jpeg(3, (480, 640)), None, MADE_AT - timedelta(days=80)),
        seen=FacePicture(_jpeg(5), box, MADE_AT - timedelta(hours=2)),
        verify_url="https://proctor.example.kz/verify/0192f3c4/9f2c9f2c",
        software="Baqylau 0.1.0",
    )
    return lambda **changes: replace(document, **changes)


@pytest.fixture(scope="session")
def make_list() -> Callable[..., Form4Document]:
    """``make_list(5)``: form 4 of five students, an act made on every third."""

    def make(rows: int = 5, **changes: Any) -> Form4Document:
        row = Form4Row(
            student="Нұрланұлы Әлихан",
            programme="6B06103 Есептеу техникасы",
            course_group="2, ВТ-24-1",
            discipline="Деректер қоры теориясы",
            exam_date=date(2026, 11, 22),
            link="https://proctor.example.kz/review/1",
            act_made=False,
            proctor="Сейтқали Айгерім Бауыржанқызы",
        )
        lines = [
            replace(row, student=f"{row.student} {place}", act_made=place % 3 == 0)
            for place in range(rows)
        ]
        return replace(Form4Document(tuple(lines), "Ахметова Гүлнәр", MADE_AT), **changes)

    return make


@pytest.fixture(scope="session")
def seal_key(tmp_path_factory: pytest.TempPathFactory) -> SealKey:
    return SealKey.load_or_create(tmp_path_factory.mktemp("key") / "seal.pem")


@pytest.fixture(scope="session")
def other_key(tmp_path_factory: pytest.TempPathFactory) -> SealKey:
    return SealKey.load_or_create(tmp_path_factory.mktemp("other") / "seal.pem")


@pytest.fixture(scope="session")
def sealed(make_act: Callable[..., ActDocument], seal_key: SealKey) -> bytes:
    document = make_act(1)
    return seal(render_act(document, "kk"), seal_key, document.made_at, place=PLACE)


@pytest.fixture
def key_path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "seal.pem"
