"""A making that fails is tried again by itself, and people are told of it."""

from zoneinfo import ZoneInfo

import pytest

from acts.contracts import Form1Item
from analysis.contracts import Flag, FlagKind, Severity
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.errors import StorageFull
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.services.act_documents import Place
from exam_api.services.act_finishing import Finishing
from exam_api.services.act_jobs import MakeActJob
from exam_api.services.acts import Acts
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.drawn_documents import Breach, BreachOrder, Capacity, Signatory
from exam_api.services.jobs import JobRunner
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.review_ports import MAKE_ACT
from exam_api.services.reviewing import Reviewing

PLACE = Place("https://exam.example", ZoneInfo("Asia/Almaty"))


class Making:
    """Both ways to make an act on one world, with a storage that may be full."""

    def __init__(self, world) -> None:
        self.full = True
        self.tries = 0
        ground = (world.read, world.write)
        self.reviewing = Reviewing(*ground, world.recordings, world.blobs, world.clock)
        numbers = {"place": PLACE, "number_format": "{year}-{seq}"}
        self.acts = Acts(
            *ground, world.recordings, world.blobs, world.clock,
            render=self._render, render_form4=lambda _: b"", **numbers,
        )  # fmt: skip
        self.drawn = DrawnActs(
            *ground, world.blobs, world.clock, Finishing(world.write, world.blobs, self._render),
            recordings=world.recordings, preview=self._render, policy=ActPolicy(), **numbers,
        )  # fmt: skip
        handler = MakeActJob(self.acts, self.drawn, world.write)
        self.jobs = JobRunner(world.database, world.clock, {MAKE_ACT: handler})

    def _render(self, document, language) -> bytes:
        self.tries += 1
        if self.full:
            raise StorageFull
        return f"{document.number} {language}".encode()


@pytest.fixture
def making(world) -> Making:
    return Making(world)


@pytest.fixture
async def sitting_id(world) -> str:
    made = await world.sitting()
    await world.give_to(made, "proctor1")
    world.clock.move(seconds=100)
    return made


async def confirm(making: Making, world, sitting_id: str):
    flag = Flag(FlagKind.ABSENCE, Severity.ALERT, 9_000, 12_000, 0.9, (), {}, (), None)
    async with world.proctoring() as store:
        stored, _ = await store.save_flag(sitting_id, flag, None)
    proctor = await world.actor("proctor1")
    await making.reviewing.decide(proctor, stored.id, Verdict.CONFIRMED, "seen")
    return proctor


async def told(world, login: str) -> list[str]:
    person = await world.actor(login)
    async with world.database.read() as unit:
        inbox = await unit.notices.inbox(person.id, 99)
    return [one.link for one in inbox if one.kind is NoticeKind.ACT_UNMADE]


async def test_an_act_of_flags_is_made_when_the_storage_is_there_again(making, world, sitting_id):
    proctor = await confirm(making, world, sitting_id)
    with pytest.raises(StorageFull):
        await making.acts.settle(sitting_id)  # as the page that decided does
    assert (await making.reviewing.review(proctor, sitting_id)).act_due
    assert await making.jobs.run_due() == 0  # the page had it made a moment ago
    for _ in range(2):
        world.clock.move(minutes=1)
        await making.jobs.run_due()
    assert await told(world, "proctor1") == []
    world.clock.move(minutes=1)
    await making.jobs.run_due()
    for login in ("proctor1", "testing", "admin"):
        assert await told(world, login) == [f"/review/{sitting_id}"]
    making.full = False
    world.clock.move(minutes=5)
    await making.jobs.run_due()
    review = await making.reviewing.review(proctor, sitting_id)
    assert (len(review.acts), review.act_due) == (1, False)
    assert await told(world, "proctor1") == [f"/review/{sitting_id}"]


async def test_what_was_made_at_once_is_not_made_again(making, world, sitting_id):
    making.full = False
    await confirm(making, world, sitting_id)
    await making.acts.settle(sitting_id)
    world.clock.move(minutes=1)
    assert await making.jobs.run_due() == 1
    assert making.tries == 3  # one a language


async def test_decisions_taken_together_have_one_job(making, world, sitting_id):
    making.full = False
    flags = []
    async with world.proctoring() as store:
        for kind in (FlagKind.ABSENCE, FlagKind.PHONE):
            flag = Flag(kind, Severity.ALERT, 9_000, 12_000, 0.9, (), {}, (), None)
            flags.append((await store.save_flag(sitting_id, flag, None))[0].id)
    proctor = await world.actor("proctor1")
    await making.reviewing.decide_together(proctor, sitting_id, flags, Verdict.CONFIRMED, "")
    world.clock.move(minutes=1)
    assert await making.jobs.run_due() == 1
    (act,) = (await making.reviewing.review(proctor, sitting_id)).acts
    assert act.revision == 1


async def test_an_act_that_people_drew_up_is_finished_without_a_restart(making, world, sitting_id):
    capacities = (Capacity.PROCTOR, Capacity.TESTING_CENTRE, Capacity.DEAN_OFFICE)
    people = tuple(Signatory(f"Куәгер {one}", one) for one in capacities)
    order = BreachOrder(people, (Breach(Form1Item.PHONE, world.clock.now(), ""),))
    proctor = await world.actor("proctor1")
    with pytest.raises(StorageFull):
        await making.drawn.make(proctor, sitting_id, new_id(), order)
    making.full = False
    world.clock.move(minutes=1)
    await making.jobs.run_due()
    (act,) = await making.drawn.of(proctor, sitting_id)
    assert act.complete
