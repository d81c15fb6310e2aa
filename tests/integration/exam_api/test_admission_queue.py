"""The page on which a proctor lets students in: who waits, what is compared, and the decision."""

import io

import pytest
from PIL import Image
from sqlalchemy import select, update

from exam_api.adapters.sql.tables import Exam, Sitting, User
from exam_api.domain.policy import Admit, ExamPolicy
from exam_api.services.identity import Identity
from exam_api.services.identity_ports import PhotoKind

pytestmark = pytest.mark.integration


def jpeg(color: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), color).save(file, "JPEG")
    return file.getvalue()


@pytest.fixture
async def waiting(student, core, exam_id):
    """student1 has both photos, has agreed to the rules, and waits to be let in."""
    policy = ExamPolicy(admit=Admit.BY_PROCTOR, identity_photos=True).to_json()
    async with core.database.write() as unit:
        await unit.session.execute(update(Exam).where(Exam.id == exam_id).values(policy=policy))
        actor = (await unit.people.credentials("student1")).actor
    identity = Identity(core.database, core.clock, core.blobs)
    for kind, color in ((PhotoKind.FACE, "red"), (PhotoKind.DOCUMENT, "blue")):
        await identity.take(actor, student.id, kind, jpeg(color))
    await identity.consent(actor, student.id, 0, "kk")
    await student.publish(core)
    assert (await student.call("POST", "/ready")).status_code == 200
    return student


@pytest.fixture
async def path(exam_id) -> str:
    return f"/console/{exam_id}/admission"


async def proctor_of(core, sitting_id: str, *, own: bool = True) -> str:
    mine = select(User.login).join(Sitting, Sitting.proctor_id == User.id)
    async with core.database.read() as unit:
        login = await unit.session.scalar(mine.where(Sitting.id == sitting_id))
    return login if own else {"proctor1": "proctor2", "proctor2": "proctor1"}[login]


async def state_of(core, sitting_id: str) -> tuple[str, bool]:
    async with core.database.read() as unit:
        sitting = await unit.session.get(Sitting, sitting_id)
        return sitting.state, sitting.admitted_at is not None


async def test_who_waits_is_shown_with_photos_name_and_consent(waiting, browser_of, core, path):
    proctor = await browser_of(await proctor_of(core, waiting.id))
    shown = (await proctor.get(path)).text
    assert "Нұрланова Айгерім" in shown
    for kind in PhotoKind:
        assert f"/api/v1/sittings/{waiting.id}/identity/{kind}.jpg" in shown
    assert "беттер салыстырылмаған" in shown, "no claim where nobody compared"
    assert "0-нұсқасымен" in shown or "(Қазақша)" in shown, "the consent on record"
    assert "келісім жазылмаған" not in shown


async def test_a_proctor_lets_in_and_the_queue_is_empty(waiting, browser_of, core, path):
    proctor = await browser_of(await proctor_of(core, waiting.id))
    done = await proctor.post(f"{path}/{waiting.id}", data={"action": "admit", "reason": ""})
    assert (done.status_code, done.headers["location"]) == (303, path)
    assert await state_of(core, waiting.id) == ("waiting", True)
    shown = (await proctor.get(path)).text
    assert "Нұрланова" not in shown
    assert 'id="empty">' in shown


async def test_refusing_needs_a_reason_and_keeps_what_was_typed(waiting, browser_of, core, path):
    proctor = await browser_of(await proctor_of(core, waiting.id))
    unsaid = await proctor.post(f"{path}/{waiting.id}", data={"action": "refuse", "reason": " "})
    assert unsaid.status_code == 422
    assert 'aria-invalid="true"' in unsaid.text
    assert "Бас тарту себебін жазыңыз." in unsaid.text
    assert await state_of(core, waiting.id) == ("waiting", False)
    said = {"action": "refuse", "reason": "құжаттағы адам емес"}
    assert (await proctor.post(f"{path}/{waiting.id}", data=said)).status_code == 303
    assert await state_of(core, waiting.id) == ("not_admitted", False)
    again = await proctor.post(f"{path}/{waiting.id}", data=said)
    assert again.status_code == 422, "somebody was quicker: said on the page, nothing is done"


async def test_only_the_own_proctor_decides_and_overseers_look(waiting, browser_of, core, path):
    other = await browser_of(await proctor_of(core, waiting.id, own=False))
    assert "Нұрланова" not in (await other.get(path)).text
    refused = await other.post(f"{path}/{waiting.id}", data={"action": "admit"})
    assert refused.status_code == 404
    centre = await browser_of("testing")
    shown = (await centre.get(path)).text
    assert "Нұрланова" in shown
    assert '<button class="button primary" name="action"' not in shown
    assert await state_of(core, waiting.id) == ("waiting", False)
