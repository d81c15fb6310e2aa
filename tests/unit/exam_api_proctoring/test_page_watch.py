"""The page's word becomes rows of flags: whose page may speak, when, and what excuses it."""

from dataclasses import replace

import pytest

from analysis.contracts import FlagKind
from exam_api.adapters.sql import tables
from exam_api.domain.errors import NotFound, NotInProgress, OpenElsewhere
from exam_api.domain.policy import ExamPolicy
from exam_api.services.page_watch import PageWatch

TAB = "the-tab"
AWAY = {FlagKind.FOCUS_LOST: True}


@pytest.fixture
def told():
    return []


@pytest.fixture
def watch(world, told):
    return PageWatch(world.database, world.clock, told.append)


@pytest.fixture
async def sitting_id(world):
    found = await world.sitting("student1")
    async with world.database.write() as unit:
        sitting = await unit.sittings.lock(found)
        await unit.sittings.save(replace(sitting, client_id=TAB))
    world.clock.move(seconds=60)
    return found


async def test_a_window_left_during_the_test_is_reported_as_a_flag(world, watch, told, sitting_id):
    student = await world.actor("student1")
    await watch.told(student, sitting_id, TAB, AWAY)
    for _ in range(4):
        world.clock.move(seconds=1)
        watch.tick()
    (update,) = told
    assert update.sitting_id == sitting_id
    assert (update.flag.kind, update.flag.start_ms) == (FlagKind.FOCUS_LOST, 60_001)
    await watch.told(student, sitting_id, TAB, {})
    for _ in range(10):
        world.clock.move(seconds=1)
        watch.tick()
    assert told[-1].flag.end_ms == 64_000
    assert watch._pages == {}


async def test_a_page_with_nothing_to_tell_costs_nothing(world, watch, told, sitting_id):
    await watch.told(await world.actor("student1"), sitting_id, TAB, {FlagKind.FOCUS_LOST: False})
    assert watch._pages == {}
    watch.tick()
    assert told == []


async def test_only_the_own_tab_speaks_and_only_during_the_test(world, watch, sitting_id):
    student = await world.actor("student1")
    with pytest.raises(NotFound):
        await watch.told(await world.actor("student2"), sitting_id, TAB, AWAY)
    with pytest.raises(OpenElsewhere):
        await watch.told(student, sitting_id, "another-tab", AWAY)
    await world.finish(sitting_id, 70_000)
    with pytest.raises(NotInProgress):
        await watch.told(student, sitting_id, TAB, AWAY)


async def test_an_accommodation_excuses_the_kind(world, watch, told, sitting_id):
    student = await world.actor("student1")
    async with world.database.write() as unit:
        row = await unit.session.get(tables.Enrolment, (world.exam_id, student.id))
        row.excused = [str(FlagKind.FOCUS_LOST)]
    await watch.told(student, sitting_id, TAB, AWAY)
    for _ in range(6):
        world.clock.move(seconds=1)
        watch.tick()
    assert told == []


async def test_an_exam_may_do_without_a_kind(world, watch, told, sitting_id):
    student = await world.actor("student1")
    async with world.database.write() as unit:
        exam = await unit.session.get(tables.Exam, world.exam_id)
        exam.policy = ExamPolicy(unwatched=(FlagKind.FOCUS_LOST,)).to_json()
    await watch.told(student, sitting_id, TAB, AWAY)
    for _ in range(6):
        world.clock.move(seconds=1)
        watch.tick()
    assert told == []
