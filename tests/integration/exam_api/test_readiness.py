"""T-4.2, T-4.3: what the proctor has made ready and said stays on record with name and time."""

import pytest

from exam_api.domain.errors import Forbidden, NotFound
from exam_api.services.readiness import Duty, Readiness

pytestmark = pytest.mark.integration


async def test_each_tick_is_on_record_once_by_its_proctor(
    core, database, clock, browser_of, exam_id
) -> None:
    first, second = await browser_of("proctor1"), await browser_of("proctor2")
    path = f"/console/{exam_id}"
    assert 'value="exam.prepared"' in (await first.get(path)).text
    for _ in range(2):
        sent = await first.post(f"{path}/duties", data={"duty": "exam.prepared"})
        assert sent.status_code == 303
    clock.pass_time(minutes=3)
    await second.post(f"{path}/duties", data={"duty": "exam.prepared"})
    await first.post(f"{path}/duties", data={"duty": "exam.instructed"})
    shown = (await first.get(path)).text
    assert 'name="duty"' not in shown
    assert 'value="exam.instructed"' in (await second.get(path)).text
    async with database.read() as unit:
        actor = (await unit.people.credentials("proctor1")).actor
    done = await Readiness(database).of(actor, exam_id)
    prepared, instructed = done[Duty.PREPARED], done[Duty.INSTRUCTED]
    assert [one.by for one in instructed] == [actor.id]
    assert (len(prepared), prepared[0].by) == (2, actor.id)
    assert (prepared[1].at - prepared[0].at).total_seconds() == 180
    assert all(one.by_name in shown for one in prepared)


@pytest.mark.parametrize(("login", "error"), [("testing", Forbidden), ("student1", NotFound)])
async def test_only_a_proctor_of_the_exam_ticks(database, exam_id, login, error) -> None:
    async with database.read() as unit:
        actor = (await unit.people.credentials(login)).actor
    with pytest.raises(error):
        await Readiness(database).tick(actor, exam_id, Duty.PREPARED)


async def test_an_unknown_duty_is_refused(browser_of, exam_id) -> None:
    proctor = await browser_of("proctor1")
    answer = await proctor.post(f"/console/{exam_id}/duties", data={"duty": "exam.won"})
    assert answer.status_code == 422
