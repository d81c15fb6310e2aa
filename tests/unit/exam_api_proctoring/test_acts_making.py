"""From confirmed flags to one act with one number, however often and wherever it was cut off."""

import asyncio
import hashlib
import json
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from acts.contracts import ExamSpan, Form1Item
from analysis.contracts import (
    AnalysedStretch,
    Box,
    Evidence,
    Flag,
    FlagKind,
    ModelRef,
    Severity,
)
from capture.contracts import Gap, GapCause, Recording, Segment
from exam_api.domain.act_course import ActState, ActStep
from exam_api.domain.check_lists import Finding, ListState, ListStep
from exam_api.domain.errors import ActOnItsWay, Forbidden, NotFound, StorageFull
from exam_api.domain.ids import new_id
from exam_api.domain.notices import NoticeKind
from exam_api.domain.sitting_log import LogEntry, LogKind
from exam_api.services.act_course_ports import Taken
from exam_api.services.act_documents import Place, document_digest
from exam_api.services.acts import Acts
from exam_api.services.check_lists_ports import NewStep
from exam_api.services.proctoring_ports import Verdict
from exam_api.services.review_ports import ActSource, StoredAct
from exam_api.services.reviewing import Reviewing

PLACE = Place("https://exam.example", ZoneInfo("Asia/Almaty"))


class Desk:
    """Reviewing and acts on one world; rendering is a plain text, so that it can be read."""

    def __init__(self, world) -> None:
        self.world = world
        self.rendered = []
        self.renders_left = 99
        self.form4 = None
        self.reviewing = Reviewing(
            world.read, world.write, world.recordings, world.blobs, world.clock
        )
        self.acts = self.make_acts()

    def make_acts(self) -> Acts:
        return Acts(
            self.world.read,
            self.world.write,
            self.world.recordings,
            self.world.blobs,
            self.world.clock,
            place=PLACE,
            number_format="{year}-{seq:04d}",
            render=self._render,
            render_form4=self._render_form4,
        )

    def _render(self, document, language) -> bytes:
        if self.renders_left == 0:
            raise StorageFull
        self.renders_left -= 1
        self.rendered.append((document, language))
        return f"{document.number} r{document.revision} {language}".encode()

    def _render_form4(self, document) -> bytes:
        self.form4 = document
        return b"xlsx"

    async def flag(self, sitting_id: str, kind: FlagKind, start_ms: int) -> str:
        evidence = Evidence(start_ms + 400, b"jpeg", (Box("face", 0.9, 0.1, 0.2, 0.3, 0.4),))
        flag = Flag(
            kind=kind,
            severity=Severity.ALERT,
            start_ms=start_ms,
            end_ms=start_ms + 5_000,
            confidence=0.9,
            models=(ModelRef("face", "1", "c" * 64),),
            thresholds={"enter": 0.8},
            scores=((start_ms, 1.0),),
            evidence=evidence,
        )
        key = f"evidence/{sitting_id}/{kind}.jpg"
        await self.world.blobs.put(key, b"jpeg")
        async with self.world.proctoring() as store:
            stored, _ = await store.save_flag(sitting_id, flag, key)
        return stored.id

    async def decide(self, flag_id: str, verdict=Verdict.CONFIRMED, comment="seen", by="proctor1"):
        actor = await self.world.actor(by)
        self.world.clock.move(seconds=1)
        return await self.reviewing.decide(actor, flag_id, verdict, comment)

    async def stored(self, sitting_id: str):
        async with self.world.read() as store:
            return await store.acts([sitting_id])


@pytest.fixture
def desk(world) -> Desk:
    return Desk(world)


@pytest.fixture
async def sitting_id(world) -> str:
    made = await world.sitting()
    world.recordings.clips[made] = b"webm"
    world.recordings.until_ms[made] = 100_000
    world.recordings.recordings[made] = Recording(
        made, (_segment(made, 0, 40_000), _segment(made, 50_000, 100_000)), (_GAP,), digest="b" * 64
    )
    world.clock.move(seconds=100)
    return made


_GAP = Gap(40_000, 50_000, GapCause.NETWORK)


def _segment(sitting_id: str, start_ms: int, end_ms: int) -> Segment:
    return Segment(
        sitting_id, 1, "000001.webm", start_ms, end_ms, 9, "a" * 64, "b" * 64, "vp8", None, 640, 480
    )


async def test_confirming_a_flag_makes_an_act_in_three_languages(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    act = await desk.acts.settle(sitting_id)
    assert (act.number, act.revision, act.withdrawn) == ("2026-0001", 1, False)
    proctor = await world.actor("proctor1")
    for language in ("kk", "ru", "en"):
        assert await desk.acts.pdf(proctor, act.id, language) == (
            "2026-0001",
            f"2026-0001 r1 {language}".encode(),
        )
    assert "act.made" in await world.kinds()


async def test_the_act_says_what_was_seen_recorded_and_decided(desk, sitting_id):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id, comment=" left the room ")
    await desk.acts.settle(sitting_id)
    document, _ = desk.rendered[0]
    (entry,) = document.evidence
    assert document.ticked == {Form1Item.LEAVING_SEAT}
    assert (entry.start_ms, entry.end_ms, entry.frame_jpeg) == (20_000, 25_000, b"jpeg")
    assert entry.comment == "left the room"
    assert entry.clip_sha256 == hashlib.sha256(b"webm").hexdigest()
    assert entry.decided_by == document.authors[0].full_name
    assert [person.position for person in document.authors] == ["проктор"]
    assert document.recording_digest == "b" * 64
    # 90 s of test since 10 s, of which 10 s are in the gap.
    assert (document.recording_seconds, document.exam_seconds) == (80.0, 91.0)
    assert (document.recorded_until_ms, document.exam) == (
        100_000,
        ExamSpan(10_000, 101_000, ended=False),
    )
    assert document.ongoing
    assert [(gap.start_ms, gap.cause) for gap in document.gaps] == [(40_000, "network")]
    assert document.made_at.utcoffset().total_seconds() == 5 * 3600
    assert document.verify_url.startswith("https://exam.example/verify/")


async def test_settling_again_changes_nothing(desk, sitting_id):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    first = await desk.acts.settle(sitting_id)
    assert await desk.acts.settle(sitting_id) == first
    assert len(desk.rendered) == 3
    assert len(await desk.stored(sitting_id)) == 1


async def test_a_start_cuts_no_clip_of_an_act_that_is_up_to_date(desk, sitting_id, world, tmp_path):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    world.recordings.clips[sitting_id] = b"longer since the gap was filled"
    await desk.make_acts().settle_all()
    (clip,) = tmp_path.rglob("*.webm")
    assert clip.read_bytes() == b"webm"


async def move_on(world, act_id: str, step: ActStep, after: ActState) -> None:
    """As its people do."""
    world.clock.move(seconds=1)
    member = await world.actor("member")
    async with world.database.write() as unit:
        course = await unit.act_course.lock(act_id)
        taken = Taken(world.clock.now(), member.id)
        await unit.act_course.take(course, step, after, taken, None)


async def heard(world, login: str) -> list[NoticeKind]:
    person = await world.actor(login)
    async with world.database.read() as unit:
        return [one.kind for one in await unit.notices.inbox(person.id, 9)]


async def test_a_late_flag_is_decided_while_the_act_is_on_its_way(desk, sitting_id, world):
    """The act that people have in hand stays; its recall makes the revision that names the flag."""
    early = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(early)
    act = await desk.acts.settle(sitting_id)
    await move_on(world, act.id, ActStep.FORWARD, ActState.FORWARDED)
    late = await desk.flag(sitting_id, FlagKind.EXTRA_FACE, 60_000)
    await desk.decide(late, Verdict.DISMISSED)
    assert NoticeKind.ACT_OUTGROWN not in await heard(world, "commission")
    await desk.decide(late)
    for login in ("commission", "dean", "member"):
        assert (await heard(world, login)).count(NoticeKind.ACT_OUTGROWN) == 1
    with pytest.raises(ActOnItsWay):  # it was decided when the act went
        await desk.decide(early, Verdict.DISMISSED)
    assert await desk.acts.settle(sitting_id) == act
    review = await desk.reviewing.review(await world.actor("proctor1"), sitting_id)
    assert (review.act_due, review.act_outgrown) == (False, True)
    assert [one.revision for one in await desk.stored(sitting_id)] == [1]
    await move_on(world, act.id, ActStep.RECALL, ActState.MADE)
    assert (await desk.acts.settle(sitting_id)).revision == 2
    assert [entry.kind for entry in desk.rendered[-1][0].evidence] == ["absence", "extra_face"]


async def test_the_same_verdict_again_tells_nobody_of_a_late_flag(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    act = await desk.acts.settle(sitting_id)
    await move_on(world, act.id, ActStep.FORWARD, ActState.FORWARDED)
    await desk.decide(flag_id)
    assert NoticeKind.ACT_OUTGROWN not in await heard(world, "commission")


async def test_a_second_flag_makes_a_revision_under_the_same_number(desk, sitting_id, world):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    await world.give_to(sitting_id, "proctor2")
    await desk.decide(await desk.flag(sitting_id, FlagKind.EXTRA_FACE, 60_000), by="proctor2")
    act = await desk.acts.settle(sitting_id)
    assert (act.number, act.revision) == ("2026-0001", 2)
    document = desk.rendered[-1][0]
    assert [entry.kind for entry in document.evidence] == ["absence", "extra_face"]
    assert len(document.authors) == 2


async def test_dismissing_every_flag_withdraws_the_act_but_keeps_it(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    made = await desk.acts.settle(sitting_id)
    await desk.decide(flag_id, Verdict.DISMISSED, "a technician came in")
    act = await desk.acts.settle(sitting_id)
    assert act == replace(made, withdrawn=True)
    await desk.acts.form4(await world.actor("proctor1"), world.exam_id)
    assert {row.act_made for row in desk.form4.rows} == {None}  # nobody has answered yet
    await desk.decide(flag_id, Verdict.CONFIRMED, "no technician was called")
    again = await desk.acts.settle(sitting_id)
    assert (again.number, again.revision, again.withdrawn) == (made.number, 2, False)


async def test_nothing_confirmed_makes_no_act(desk, sitting_id):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id, Verdict.DISMISSED)
    assert await desk.acts.settle(sitting_id) is None
    assert await desk.stored(sitting_id) == []


@pytest.mark.parametrize(
    "kind", [FlagKind.CONNECTION_LOST, FlagKind.CAMERA_BLOCKED, FlagKind.IDENTITY_MISMATCH]
)
async def test_what_ticks_no_item_makes_no_form_1_alone(desk, sitting_id, world, kind):
    """T-4.8 names no technical fault, and an outsider is form 3's (domain.md)."""
    await desk.decide(await desk.flag(sitting_id, kind, 20_000))
    assert await desk.acts.settle(sitting_id) is None
    assert await desk.stored(sitting_id) == []
    phone = await desk.flag(sitting_id, FlagKind.PHONE, 60_000)
    await desk.decide(phone)
    act = await desk.acts.settle(sitting_id)
    assert [entry.kind for entry in desk.rendered[0][0].evidence] == [kind, "phone"]
    await desk.decide(phone, Verdict.DISMISSED)
    assert await desk.acts.settle(sitting_id) == replace(act, withdrawn=True)
    async with world.database.read() as unit:
        (listed,) = await unit.act_course.visible(await world.actor("proctor1"))
    assert not listed.stands


async def test_an_act_of_a_finished_exam_is_not_so_far(desk, sitting_id, world):
    await world.finish(sitting_id, 90_000)
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    document, _ = desk.rendered[0]
    assert document.exam == ExamSpan(10_000, 90_000, ended=True)
    assert not document.ongoing


async def test_a_line_of_chat_stands_under_the_name_of_who_wrote_it(desk, sitting_id, world):
    writers = [await world.actor(login) for login in ("proctor1", "student1", "proctor2")]
    async with world.database.write() as unit:
        for kind, actor in zip(
            (LogKind.MESSAGE, LogKind.REPLY, LogKind.WARNING), writers, strict=True
        ):
            world.clock.move(seconds=1)
            entry = LogEntry(new_id(), sitting_id, kind, world.clock.now(), actor.id, "…")
            await unit.log.add(entry)
    await world.give_to(sitting_id, "proctor2")
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000), by="proctor2")
    await desk.acts.settle(sitting_id)
    chat = desk.rendered[0][0].chat
    assert [line.author for line in chat] == [actor.full_name for actor in writers]
    assert [line.by_student for line in chat] == [False, True, False]


async def test_the_same_verdict_and_comment_twice_is_one_decision(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    first = await desk.decide(flag_id)
    assert (await desk.decide(flag_id)).decision == first.decision
    assert (await world.kinds()).count("decision.made") == 1


async def test_only_a_proctor_of_the_exam_decides(desk, sitting_id, stranger):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    for by in ("member", "dean", "admin", "testing"):
        with pytest.raises(Forbidden):
            await desk.decide(flag_id, by=by)
    with pytest.raises(NotFound):
        await desk.decide(flag_id, by="student1")
    with pytest.raises(NotFound):
        await desk.reviewing.decide(stranger, flag_id, Verdict.CONFIRMED, "")


async def test_strangers_and_other_students_see_nothing(desk, sitting_id, world, stranger):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    act = await desk.acts.settle(sitting_id)
    for actor in (stranger, await world.actor("student2")):
        with pytest.raises(NotFound):
            await desk.reviewing.review(actor, sitting_id)
        with pytest.raises(NotFound):
            await desk.acts.pdf(actor, act.id, "kk")
        with pytest.raises(NotFound):
            await desk.acts.form4(actor, world.exam_id)


async def test_before_the_delivery_a_student_has_neither_act_nor_review(desk, sitting_id, world):
    """S-19: the dean's office delivers the act's copy to the student's cabinet."""
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    act = await desk.acts.settle(sitting_id)
    student = await world.actor("student1")
    with pytest.raises(NotFound):
        await desk.acts.pdf(student, act.id, "ru")
    with pytest.raises(NotFound):
        await desk.reviewing.review(student, sitting_id)
    with pytest.raises(NotFound):
        await desk.reviewing.evidence(student, flag_id)
    with pytest.raises(NotFound):
        await desk.acts.form4(student, world.exam_id)


@pytest.mark.parametrize("rendered_before", [0, 1, 2])
async def test_a_crash_while_rendering_leaves_one_act_with_one_number(
    desk, sitting_id, rendered_before
):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    desk.renders_left = rendered_before
    with pytest.raises(StorageFull):
        await desk.acts.settle(sitting_id)
    assert not (await desk.stored(sitting_id))[0].complete
    desk.renders_left = 99
    await desk.make_acts().settle_all()
    (act,) = await desk.stored(sitting_id)
    assert (act.number, act.revision, sorted(act.files)) == ("2026-0001", 1, ["en", "kk", "ru"])


async def test_a_crash_before_anything_was_made_is_made_good(desk, sitting_id):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.make_acts().settle_all()
    (act,) = await desk.stored(sitting_id)
    assert act.complete


async def test_an_act_in_the_making_is_not_shown(desk, sitting_id, world):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    desk.renders_left = 1
    with pytest.raises(StorageFull):
        await desk.acts.settle(sitting_id)
    (act,) = await desk.stored(sitting_id)
    proctor = await world.actor("proctor1")
    with pytest.raises(NotFound):
        await desk.acts.pdf(proctor, act.id, "kk")
    assert (await desk.reviewing.review(proctor, sitting_id)).acts == ()


async def test_numbers_have_no_gaps_under_concurrency(desk, world):
    sittings = [await world.sitting(f"student{number}") for number in (1, 2, 3)]
    world.clock.move(seconds=100)
    for sitting_id in sittings:
        await world.give_to(sitting_id, "proctor1")
        await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    several = [desk.make_acts() for _ in range(4)]  # as several processes would
    await asyncio.gather(*(acts.settle(sitting_id) for acts in several for sitting_id in sittings))
    stored = [act for sitting_id in sittings for act in await desk.stored(sitting_id)]
    assert sorted(act.seq for act in stored) == [1, 2, 3]
    assert all(act.complete and act.revision == 1 for act in stored)


async def test_a_failed_unit_gives_its_number_back(world):
    async def draw_and_fail() -> None:
        async with world.write() as store:
            assert await store.draw_number(2026, 1) == 1
            raise StorageFull

    with pytest.raises(StorageFull):
        await draw_and_fail()
    async with world.write() as store:
        assert await store.draw_number(2026, 1) == 1
    async with world.write() as store:
        assert [await store.draw_number(2026, 1), await store.draw_number(2027, 1)] == [2, 1]


async def test_an_act_without_anything_on_record_says_so(desk, world):
    sitting_id = await world.sitting()
    world.clock.move(seconds=100)
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    document, _ = desk.rendered[0]
    assert (document.recording_digest, document.recording_seconds) == ("", 0.0)
    assert (document.evidence[0].clip_url, document.evidence[0].clip_sha256) == ("", "")


async def test_the_clip_of_an_act_is_served_as_it_was_sealed(desk, sitting_id, world):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    await desk.acts.settle(sitting_id)
    world.recordings.clips[sitting_id] = b"longer by now"
    assert await desk.reviewing.clip(await world.actor("proctor1"), flag_id) == b"webm"


async def test_verification_tells_no_personal_data(desk, sitting_id):
    flag_id = await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000)
    await desk.decide(flag_id)
    first = await desk.acts.settle(sitting_id)
    await desk.decide(await desk.flag(sitting_id, FlagKind.EXTRA_FACE, 60_000))
    await desk.acts.settle(sitting_id)
    address = desk.rendered[0][0].verify_url
    act_id, prefix = address.split("/")[-2:]
    assert act_id == first.id
    view = await desk.acts.verification(act_id, prefix)
    assert (view.number, view.revision, view.newest_revision) == ("2026-0001", 1, 2)
    assert view.genuine
    assert not (await desk.acts.verification(act_id, "0" * 16)).genuine
    with pytest.raises(NotFound):
        await desk.acts.verification("0" * 36, prefix)


async def test_the_digest_covers_everything_a_reader_relies_on(desk, sitting_id):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    (act,) = await desk.stored(sitting_id)
    document = json.loads(json.dumps(act.document))
    digest = document_digest(document)
    assert document_digest({**document, "verify_url": "elsewhere"}) == digest
    for key in document.keys() - {"verify_url"}:
        assert document_digest({**document, key: "changed"}) != digest, key


async def test_form_4_lists_every_sitting_with_or_without_an_act(desk, sitting_id, world):
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    assert await desk.acts.form4(await world.actor("member"), world.exam_id) == b"xlsx"
    rows = desk.form4.rows
    assert len(rows) == 3
    assert [row.link for row in rows if row.act_made] == [
        f"https://exam.example/review/{sitting_id}"
    ]
    assert [row.act_made for row in rows if not row.act_made] == [None, None]
    assert (desk.form4.checked, desk.form4.acts_made, desk.form4.draft) == (1, 1, True)
    assert desk.form4.member == (await world.actor("member")).full_name
    assert all(row.proctor for row in rows)


async def test_form_4_says_what_the_proctor_answered_and_counts_drawn_acts(desk, world):
    member, proctor = [await world.actor(login) for login in ("member", "proctor1")]
    sittings = [await world.sitting(f"student{number}") for number in (1, 2, 3)]
    for one in sittings:
        await world.give_to(one, "proctor1")
    outsider, answered, open_one = sittings
    now = world.clock.now()
    async with world.write() as store:
        await store.add_act(drawn_form_3(outsider, proctor.id, now))
    async with world.database.write() as unit:
        lists = unit.check_lists
        made = await lists.make(member, proctor.id, [world.exam_id], now)
        said = {answered: Finding.NO_ACT}
        await lists.state(made, said, by=proctor.id, at=now, from_file=False)

    async def form4() -> tuple[list[bool | None], bool]:
        await desk.acts.form4(member, world.exam_id)
        by_sitting = {row.link.rsplit("/", 1)[1]: row.act_made for row in desk.form4.rows}
        return [by_sitting[one] for one in sittings], desk.form4.draft

    assert await form4() == ([True, False, None], True)
    assert (desk.form4.checked, desk.form4.acts_made) == (2, 1)
    async with world.database.write() as unit:
        said = {open_one: Finding.NOTHING}
        await unit.check_lists.state(made, said, by=proctor.id, at=now, from_file=False)
        signed = NewStep(ListStep.SIGN, now, member.id)
        await unit.check_lists.take(made, ListState.SIGNED, signed)
    assert await form4() == ([True, False, False], False)


def drawn_form_3(sitting_id: str, made_by: str, at) -> StoredAct:
    return StoredAct(
        id=new_id(),
        sitting_id=sitting_id,
        number="2026-0001",
        year=2026,
        seq=1,
        revision=1,
        made_at=at,
        made_by=made_by,
        document={},
        files={"kk": "x"},
        digests={},
        form=3,
        source=ActSource.PEOPLE,
    )


@pytest.mark.parametrize(
    ("stretches", "fps"),
    [
        ((), None),
        (((1, 5_000, 5_000),), None),
        (((121, 0, 60_000),), 2.0),
        (((121, 0, 60_000), (1, 60_000, 60_000), (101, 70_000, 90_000)), 2.75),
    ],
    ids=["nothing", "one frame", "one stretch", "several"],
)
async def test_the_act_says_how_closely_was_looked(desk, sitting_id, world, stretches, fps):
    async with world.proctoring() as store:
        for frames, start_ms, end_ms in stretches:
            await store.save_stretch(AnalysedStretch(sitting_id, frames, start_ms, end_ms))
    await desk.decide(await desk.flag(sitting_id, FlagKind.ABSENCE, 20_000))
    await desk.acts.settle(sitting_id)
    assert {document.analysed_fps for document, _ in desk.rendered} == {fps}


ONE = ModelRef("objects", "1", "c" * 64, recall=0.62)


@pytest.mark.parametrize(
    ("models", "recall"),
    [((ONE,), 0.62), ((ONE, ModelRef("more_objects", "1", "d" * 64)), None)],
    ids=["one", "nobody measured their mean"],
)
async def test_the_act_says_how_many_phones_the_model_finds(
    desk, sitting_id, world, models, recall
):
    flag = Flag(
        kind=FlagKind.PHONE,
        severity=Severity.ALERT,
        start_ms=20_000,
        end_ms=25_000,
        confidence=0.9,
        models=models,
        thresholds={"enter": 0.8},
        scores=((20_000, 1.0),),
        evidence=None,
    )
    async with world.proctoring() as store:
        stored, _ = await store.save_flag(sitting_id, flag, None)
    await desk.decide(stored.id)
    await desk.acts.settle(sitting_id)
    document, _ = desk.rendered[0]
    assert document.evidence[0].recall == recall
