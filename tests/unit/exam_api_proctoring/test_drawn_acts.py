"""Acts that people draw up: who may, what is missing, one number, corrections, drafts."""

from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from zoneinfo import ZoneInfo

import pytest

from acts.contracts import ActDocument, Form1Item, OutsiderDocument, RefusalDocument
from analysis.contracts import Box, Evidence, Flag, FlagKind, Severity
from exam_api.domain.act_course import ActPolicy, ActState, ActStep
from exam_api.domain.errors import (
    ActIncomplete,
    ActOutdated,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
    StorageFull,
)
from exam_api.domain.ids import new_id
from exam_api.services.act_course_ports import Taken
from exam_api.services.act_documents import Place
from exam_api.services.act_finishing import Finishing
from exam_api.services.acts import Acts
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.drawn_documents import (
    Breach,
    BreachOrder,
    Capacity,
    OutsiderOrder,
    RefusalOrder,
    Signatory,
    problems_of,
)
from exam_api.services.identity_ports import Photo, PhotoKind

PLACE = Place("https://exam.example", ZoneInfo("Asia/Almaty"))
COMMISSION = (
    Signatory("Сейтқали Айгерім", Capacity.PROCTOR),
    Signatory("Ахметов Ғалым", Capacity.TESTING_CENTRE, "бас маман"),
    Signatory("Қуанышева Ұлбосын", Capacity.DEAN_OFFICE),
)
PHONE = Breach(Form1Item.PHONE, datetime(2026, 11, 22, 4, 10, tzinfo=UTC), "Қалтасынан шығарды")
ORDER = BreachOrder(COMMISSION, (PHONE,))


class Desk:
    def __init__(self, world) -> None:
        self.world = world
        self.rendered: list[object] = []
        self.renders_left = 99
        self.finishing = Finishing(world.write, world.blobs, self._render)
        self.drawn = self.make_drawn()

    def make_drawn(self) -> DrawnActs:
        return DrawnActs(
            self.world.read,
            self.world.write,
            self.world.blobs,
            self.world.clock,
            self.finishing,
            recordings=self.world.recordings,
            place=PLACE,
            number_format="{year}-{seq:04d}",
            preview=self._render,
            policy=ActPolicy(),
        )

    def _render(self, document, language) -> bytes:
        if self.renders_left == 0:
            raise StorageFull
        self.renders_left -= 1
        self.rendered.append(document)
        return f"{document.number} r{document.revision} {language} {document.draft}".encode()

    async def make(self, sitting_id, order=ORDER, by="proctor1", *, act_id="", replaces=None):
        actor = await self.world.actor(by)
        return await self.drawn.make(actor, sitting_id, act_id or new_id(), order, replaces)

    def acts(self) -> Acts:
        world = self.world
        return Acts(
            world.read,
            world.write,
            world.recordings,
            world.blobs,
            world.clock,
            place=PLACE,
            number_format="{year}-{seq:04d}",
            render=self._render,
            render_form4=lambda _: b"",
        )

    async def flag(self, sitting_id: str) -> str:
        boxes = (Box("face", 0.9, 0.1, 0.2, 0.3, 0.4),)
        flag = Flag(
            kind=FlagKind.IDENTITY_MISMATCH,
            severity=Severity.ALERT,
            start_ms=5_000,
            end_ms=9_000,
            confidence=0.9,
            models=(),
            thresholds={},
            scores=(),
            evidence=Evidence(5_400, b"seen", boxes),
        )
        await self.world.blobs.put("evidence/x.jpg", b"seen")
        async with self.world.proctoring() as store:
            stored, _ = await store.save_flag(sitting_id, flag, "evidence/x.jpg")
        return stored.id

    async def put(self, act_id: str, state: ActState) -> None:
        """The act where its way would have led it."""
        async with self.world.database.write() as unit:
            act = await unit.act_course.lock(act_id)
            by = (await self.world.actor("proctor1")).id
            taken = Taken(self.world.clock.now(), by)
            await unit.act_course.take(act, ActStep.FORWARD, state, taken, None)

    async def photo(self, sitting_id: str) -> None:
        await self.world.blobs.put("identity/x.jpg", b"enrolled")
        photo = Photo(PhotoKind.DOCUMENT, "identity/x.jpg", self.world.clock.now())
        async with self.world.database.write() as unit:
            await unit.identity.add_photo(sitting_id, photo)


@pytest.fixture
def desk(world) -> Desk:
    return Desk(world)


@pytest.fixture
async def sitting_id(world) -> str:
    made = await world.sitting()
    await world.give_to(made, "proctor1")
    world.clock.move(seconds=100)
    return made


async def test_a_commission_makes_form_1_with_what_it_saw(desk, sitting_id, world):
    act = await desk.make(sitting_id)
    assert (act.form, act.number, act.revision, act.complete) == (1, "2026-0001", 1, True)
    document = desk.rendered[-1]
    assert isinstance(document, ActDocument)
    assert document.ticked == {Form1Item.PHONE}
    assert not document.recorded
    (noted,) = document.noted
    assert (noted.at, noted.words) == (PHONE.at, "Қалтасынан шығарды")
    assert [one.full_name for one in document.authors] == [one.full_name for one in COMMISSION]
    assert document.authors[1].position == "бас маман"
    assert document.authors[0].position == "proctor"  # in the language of the document
    assert document.verify_url.startswith(f"https://exam.example/verify/{act.id}/")
    assert "act.made" in await world.kinds()


async def test_it_stands_beside_the_act_of_the_flags(desk, sitting_id):
    await desk.make(sitting_id)
    second = await desk.make(sitting_id)
    assert second.number == "2026-0002"
    assert await desk.acts().settle(sitting_id) is None


async def test_asked_again_it_is_the_same_act(desk, sitting_id):
    act_id = new_id()
    first = await desk.make(sitting_id, act_id=act_id)
    assert await desk.make(sitting_id, act_id=act_id) == first
    assert len(desk.rendered) == 3
    with pytest.raises(Conflict):
        await desk.make(sitting_id, by="testing", act_id=act_id)


async def test_cut_off_while_rendering_it_is_finished_at_the_next_start(desk, sitting_id, world):
    desk.renders_left = 1
    with pytest.raises(StorageFull):
        await desk.make(sitting_id)
    proctor = await world.actor("proctor1")
    (act,) = await desk.drawn.of(proctor, sitting_id)
    assert not act.complete
    desk.renders_left = 99
    await desk.make_drawn().finish_all()
    (act,) = await desk.drawn.of(proctor, sitting_id)
    assert (act.complete, act.number) == (True, "2026-0001")
    async with world.write() as store:
        assert await store.draw_number(2026, 1) == 2


async def test_a_correction_is_a_revision_that_names_the_old(desk, sitting_id):
    first = await desk.make(sitting_id)
    second = await desk.make(sitting_id, replaces=first.id)
    assert (second.number, second.revision) == (first.number, 2)
    with pytest.raises(ActOutdated):
        await desk.make(sitting_id, replaces=first.id)
    with pytest.raises(NotFound):
        await desk.make(sitting_id, OutsiderOrder(COMMISSION), replaces=second.id)


async def test_an_act_made_of_flags_is_corrected_by_decisions_only(desk, sitting_id):
    with pytest.raises(NotFound):
        await desk.make(sitting_id, replaces=new_id())


async def test_each_revision_is_verified_by_itself(desk, sitting_id):
    first = await desk.make(sitting_id)
    await desk.make(sitting_id)  # another act
    await desk.make(sitting_id, replaces=first.id)
    prefix = desk.rendered[0].verify_url.split("/")[-1]
    found = await desk.acts().verification(first.id, prefix)
    assert (found.genuine, found.revision, found.newest_revision) == (True, 1, 2)
    assert (found.form, found.withdrawn) == (1, False)


@pytest.mark.parametrize(
    ("commission", "problems"),
    [
        (COMMISSION[:2], {"people": "too_few"}),
        ((*COMMISSION[:2], replace(COMMISSION[0], full_name="X")), {"people": "commission"}),
        ((*COMMISSION[:2], replace(COMMISSION[2], full_name=" ")), {"person.2": "name_missing"}),
        (
            (*COMMISSION, replace(COMMISSION[0], full_name="сейтқали  Айгерім")),
            {"person.3": "twice"},
        ),
        ((*COMMISSION[:2], replace(COMMISSION[2], position="x" * 201)), {"person.2": "too_long"}),
    ],
)
async def test_a_commission_that_is_none_makes_no_act(desk, sitting_id, commission, problems):
    with pytest.raises(ActIncomplete) as refused:
        await desk.make(sitting_id, BreachOrder(commission, (PHONE,)))
    assert refused.value.problems == problems
    assert not desk.rendered


def test_students_may_stand_for_the_deans_office():
    third = Signatory("Білім Алушы", Capacity.STUDENT_REPRESENTATIVE)
    assert problems_of(BreachOrder((*COMMISSION[:2], third), (PHONE,)), 3) == {}
    assert problems_of(BreachOrder(COMMISSION, ()), 3) == {"breaches": "no_breach"}


def test_a_university_may_ask_for_a_larger_commission():
    """S-12: the least number is a setting."""
    assert problems_of(BreachOrder(COMMISSION, (PHONE,)), 4) == {"people": "too_few"}


@pytest.mark.parametrize("by", ["member", "dean", "admin", "registrar"])
async def test_who_is_in_no_commission_makes_no_act(desk, sitting_id, by):
    with pytest.raises(Forbidden):
        await desk.make(sitting_id, by=by)


async def test_strangers_see_and_make_nothing(desk, sitting_id, world, stranger):
    for actor in (stranger, await world.actor("student1"), await world.actor("proctor2")):
        with pytest.raises(NotFound):
            await desk.drawn.make(actor, sitting_id, new_id(), ORDER)
        with pytest.raises(NotFound):
            await desk.drawn.of(actor, sitting_id)
        with pytest.raises(NotFound):
            await desk.drawn.draft(actor, sitting_id, ORDER, "kk")


async def test_form_3_sets_both_faces_side_by_side(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id)
    await desk.photo(sitting_id)
    order = OutsiderOrder(COMMISSION, "Сәрсенов Ілияс", flag_id, "document")
    act = await desk.make(sitting_id, order)
    assert (act.form, act.number) == (3, "2026-0001")
    document = desk.rendered[-1]
    assert isinstance(document, OutsiderDocument)
    assert (document.enrolled.jpeg, document.seen.jpeg) == (b"enrolled", b"seen")
    assert document.seen.region == (0.1, 0.2, 0.3, 0.4)
    assert document.seen.taken_at == datetime(2026, 11, 22, 4, 0, 5, 400_000, UTC)
    # The identity photo is deleted in time; the act keeps its own copy.
    await world.blobs.delete("identity/x.jpg")
    again = await desk.make(sitting_id, order=OutsiderOrder(COMMISSION), replaces=act.id)
    assert again.revision == 2


async def test_form_3_keeps_what_the_machine_saw_for_its_evidence_package(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id)
    world.recordings.clips[sitting_id] = b"webm"
    act = await desk.make(sitting_id, OutsiderOrder(COMMISSION, flag_id=flag_id))
    async with world.read() as store:
        (entry,) = (await store.act_for_anyone(act.id)).document["evidence"]
    assert (entry["flag_id"], entry["kind"]) == (flag_id, "identity_mismatch")
    assert (entry["start_ms"], entry["end_ms"], entry["frame_at_ms"]) == (5_000, 9_000, 5_400)
    assert await world.blobs.get(entry["clip_key"]) == b"webm"
    (named,) = desk.rendered[-1].evidence
    assert (named.frame_jpeg, named.clip_sha256) == (b"seen", sha256(b"webm").hexdigest())
    without = await desk.make(sitting_id, OutsiderOrder(COMMISSION))
    async with world.read() as store:
        assert (await store.act_for_anyone(without.id)).document["evidence"] == []


async def test_form_3_is_offered_the_frames_it_is_about_first(desk, sitting_id, world):
    async with world.proctoring() as store:
        for kind, start_ms in ((FlagKind.PHONE, 1_000), (FlagKind.IDENTITY_MISMATCH, 2_000)):
            seen = Evidence(start_ms, b"seen", ())
            flag = Flag(kind, Severity.ALERT, start_ms, start_ms + 9, 0.9, (), {}, (), seen)
            await store.save_flag(sitting_id, flag, "evidence/x.jpg")
    setting = await desk.drawn.setting(await world.actor("proctor1"), sitting_id, 3)
    assert [flag.kind for flag in setting.flags] == ["identity_mismatch", "phone"]


async def test_form_3_refuses_a_picture_of_another_sitting(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id)
    other = await world.sitting("student2")
    await world.give_to(other, "proctor1")
    for order in (
        OutsiderOrder(COMMISSION, flag_id=flag_id),
        OutsiderOrder(COMMISSION, enrolled="face"),
    ):
        with pytest.raises(ActIncomplete):
            await desk.make(other, order)


async def test_form_2_names_the_act_and_tells_its_course(desk, sitting_id, world):
    act = await desk.make(sitting_id)
    order = RefusalOrder(COMMISSION[0], COMMISSION[1:], act.id)
    refusal = await desk.make(sitting_id, order, by="dean")
    assert (refusal.form, refusal.number, refusal.about_id) == (2, "2026-0001", act.id)
    document = desk.rendered[-1]
    assert isinstance(document, RefusalDocument)
    assert document.act_number == act.number
    assert [one.full_name for one in document.witnesses] == [
        one.full_name for one in COMMISSION[1:]
    ]
    async with world.database.read() as unit:
        course = await unit.act_course.lock(act.id)
        steps = await unit.act_course.steps(course.course_id)
    assert [(step.step, step.reference) for step in steps] == [("refuse", refusal.id)]


@pytest.mark.parametrize(
    ("state", "readers"),
    [
        (ActState.MADE, set()),
        (ActState.FORWARDED, {"commission"}),
        (ActState.DELIVERED, {"commission", "student1"}),
    ],
)
async def test_form_2_is_read_by_whoever_may_read_its_act(desk, sitting_id, world, state, readers):
    act = await desk.make(sitting_id)
    order = RefusalOrder(COMMISSION[0], COMMISSION[1:], act.id)
    refusal = await desk.make(sitting_id, order, by="dean")
    await desk.put(act.id, state)
    for login in ("commission", "student1", "student2"):
        reader = await world.actor(login)
        for one in (act, refusal):
            if login in readers:
                number, _ = await desk.acts().pdf(reader, one.id, "kk")
                assert number == one.number
            else:
                with pytest.raises(NotFound):
                    await desk.acts().pdf(reader, one.id, "kk")


async def test_an_act_that_the_commission_withdrew_is_shown_as_such(desk, sitting_id, world):
    act = await desk.make(sitting_id)
    other = await desk.make(sitting_id)
    await desk.put(act.id, ActState.WITHDRAWN)
    proctor = await world.actor("proctor1")
    shown = {one.id: one.withdrawn for one in await desk.drawn.of(proctor, sitting_id)}
    assert shown == {act.id: True, other.id: False}


async def test_form_2_needs_two_witnesses_and_an_act(desk, sitting_id):
    act = await desk.make(sitting_id)
    with pytest.raises(ActIncomplete):
        await desk.make(sitting_id, RefusalOrder(COMMISSION[0], COMMISSION[1:2], act.id))
    refusal = await desk.make(sitting_id, RefusalOrder(COMMISSION[0], COMMISSION[1:], act.id))
    for about in (new_id(), refusal.id):
        with pytest.raises(NotFound):
            await desk.make(sitting_id, RefusalOrder(COMMISSION[0], COMMISSION[1:], about))


async def test_a_correction_of_form_2_names_the_same_act(desk, sitting_id, world):
    """Else the new act would be refused without its step, and the old one stay refused."""
    one, other = [await desk.make(sitting_id) for _ in range(2)]
    refusal = await desk.make(sitting_id, RefusalOrder(COMMISSION[0], COMMISSION[1:], one.id))
    wrong = RefusalOrder(COMMISSION[0], COMMISSION[1:], other.id)
    with pytest.raises(NotFound):
        await desk.make(sitting_id, wrong, replaces=refusal.id)
    await desk.make(sitting_id, replaces=one.id)  # the act itself goes on
    witnesses = (COMMISSION[2], COMMISSION[1])
    order = RefusalOrder(COMMISSION[0], witnesses, one.id)
    proctor = await world.actor("proctor1")
    assert await desk.drawn.draft(proctor, sitting_id, order, "ru", refusal.id) == b" r1 ru True"
    again = await desk.make(sitting_id, order, replaces=refusal.id)
    assert (again.number, again.revision, again.about_id) == (refusal.number, 2, one.id)
    async with world.database.read() as unit:
        course = await unit.act_course.lock(one.id)
        assert [step.step for step in await unit.act_course.steps(course.course_id)] == ["refuse"]


@pytest.mark.parametrize("bad", ["x", "../../etc", "a" * 60, "0" * 36])
async def test_what_is_no_id_draws_no_number(desk, sitting_id, world, bad):
    for given in ({"act_id": bad}, {"replaces": bad}):
        with pytest.raises(InvalidRequest):
            await desk.make(sitting_id, **given)
    async with world.write() as store:
        assert await store.draw_number(2026, 1) == 1


async def test_a_draft_is_marked_and_nothing_is_kept(desk, sitting_id, world):
    proctor = await world.actor("proctor1")
    flag_id = await desk.flag(sitting_id)
    for order in (BreachOrder((), ()), OutsiderOrder((), flag_id=flag_id)):
        assert await desk.drawn.draft(proctor, sitting_id, order, "ru") == b" r1 ru True"
    assert desk.rendered[-1].seen.jpeg == b"seen"
    assert await desk.drawn.of(proctor, sitting_id) == ()
    async with world.write() as store:
        assert await store.draw_number(2026, 1) == 1
