"""Numbers of acts under many writers, and acts whose making is killed (-9) between two steps."""

import asyncio
import random
import signal
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from itertools import product

import pytest
from sqlalchemy import select

from acts.seal import SealKey
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.sql import tables
from exam_api.adapters.sql.act_store import SqlActStore
from exam_api.adapters.sql.database import Database
from exam_api.domain.errors import StorageBusy
from exam_api.domain.languages import LANGUAGES
from tests.integration.exam_api import act_making_child

pytestmark = pytest.mark.integration

WRITERS, NUMBERS = 8, 10_000
FORMS = (1, 3)
_FAILING = 0.1


class ThoughtBetter(Exception):
    """A unit that fails after it has drawn."""


def draw(url: str, seed: int, wanted: int) -> list[tuple[int, int]]:
    """In a process of its own: (form, number) of the units that were committed."""
    return asyncio.run(_draw(url, random.Random(seed), wanted))


async def _draw(url: str, chance: random.Random, wanted: int) -> list[tuple[int, int]]:
    database = Database(url, SystemClock())
    drawn: list[tuple[int, int]] = []
    while len(drawn) < wanted:
        form, count = chance.choice(FORMS), min(chance.randint(1, 50), wanted - len(drawn))
        with suppress(ThoughtBetter, StorageBusy):
            numbers = await _unit(database, form, count, fails=chance.random() < _FAILING)
            drawn += [(form, number) for number in numbers]
    await database.aclose()
    return drawn


async def _unit(database: Database, form: int, count: int, *, fails: bool) -> list[int]:
    async with database.write() as unit:
        store = SqlActStore(unit, SystemClock())
        numbers = [await store.draw_number(2026, form) for _ in range(count)]
        if fails:
            raise ThoughtBetter
    return numbers


def test_eight_writers_leave_no_gap_and_no_double(template, tmp_path, processes):
    """10,000 numbers over two forms; a tenth of the units fail and give theirs back."""
    url = template.copy(tmp_path)
    with ProcessPoolExecutor(WRITERS, processes) as writers:
        parts = [writers.submit(draw, url, seed, NUMBERS // WRITERS) for seed in range(WRITERS)]
        drawn = [one for part in parts for one in part.result(timeout=120)]
    assert len(drawn) == NUMBERS
    for form in FORMS:
        numbers = sorted(number for of, number in drawn if of == form)
        assert numbers == list(range(1, len(numbers) + 1))


# --- kill -9 --------------------------------------------------------------------------------------

# Where the child dies, in the order of the steps; "never" finishes.
STEPS = (
    "clip cut",
    "number drawn",
    "act added",
    "row committed",
    *(f"{language} {done}" for language in LANGUAGES for done in ("rendered", "stored")),
    "completed",
    "all committed",
)


@pytest.fixture(scope="module")
def seal_key(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("key") / "seal.pem"
    SealKey.load_or_create(path)
    return path.read_bytes()


@pytest.fixture
def make(processes, sqlite_template, tmp_path, seal_key):
    """``make(how, step)``: in a process of its own; its exit status."""
    url = sqlite_template.copy(tmp_path)
    (tmp_path / "seal.pem").write_bytes(seal_key)

    def run(how: str, step: str = "never") -> int | None:
        child = processes.Process(target=act_making_child.run, args=(url, tmp_path, how, step))
        child.start()
        child.join(120)
        return child.exitcode

    run.url = url
    return run


async def _acts(url: str) -> tuple[list[tables.ActRow], list[tuple[int, int]]]:
    database = Database(url, SystemClock())
    async with database.read() as unit:
        acts = list(await unit.session.scalars(select(tables.ActRow)))
        counters = await unit.session.scalars(select(tables.ActCounter))
        told = [(counter.form, counter.last) for counter in counters]
    await database.aclose()
    return acts, told


@pytest.mark.parametrize("step", STEPS)
def test_a_making_that_is_killed_is_finished_with_one_number(make, tmp_path, step):
    assert make("flags", step) == -signal.SIGKILL
    assert make("restart") == 0
    (act,), numbers = asyncio.run(_acts(make.url))
    assert numbers == [(1, 1)]
    assert (act.seq, act.revision, sorted(act.blobs)) == (1, 1, ["en", "kk", "ru"])
    for key in act.blobs.values():
        assert (tmp_path / "blobs" / key).read_bytes().startswith(b"%PDF")


# Form 2 names an act that stands: form 1 is drawn up first.
BEFORE = {"1": (), "2": ("1",), "3": ()}


DRAWN = [
    *(("1", step) for step in STEPS if step != "clip cut"),
    *product("23", ("number drawn", "row committed", "kk stored", "all committed")),
]


@pytest.mark.parametrize(("form", "step"), DRAWN)
def test_a_killed_drawing_up_is_one_act_with_one_number(make, tmp_path, step, form):
    """S-12: the restart finishes what has a number; the page that asks again gets that very act."""
    for earlier in BEFORE[form]:
        assert make(earlier) == 0
    assert make(form, step) == -signal.SIGKILL
    assert make("restart") == 0
    assert make(form) == 0
    acts, numbers = asyncio.run(_acts(make.url))
    assert sorted(numbers) == sorted((int(one), 1) for one in (*BEFORE[form], form))
    (act,) = [one for one in acts if one.form == int(form)]
    assert (act.seq, act.revision, sorted(act.blobs)) == (1, 1, ["en", "kk", "ru"])
    for key in act.blobs.values():
        assert (tmp_path / "blobs" / key).read_bytes().startswith(b"%PDF")
