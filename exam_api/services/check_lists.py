"""Check lists (form 4) from the schedule to the commission: S-16, S-17, S-18."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from acts.contracts import Form4Document, Language
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.check_lists import (
    PROCTORS_STEPS,
    REASON_LIMIT,
    SIGNED,
    SOUND,
    Finding,
    ListState,
    ListStep,
    following,
    next_state,
    problem_of,
    role_of,
    sample_of,
    steps_from,
)
from exam_api.domain.errors import (
    CheckListChanged,
    CheckListEmpty,
    CheckListUnsound,
    CheckListWaits,
    Forbidden,
    InvalidRequest,
    NotFound,
)
from exam_api.domain.notices import NewNotice, NoticeFile, NoticeKind
from exam_api.domain.roles import Actor, Role
from exam_api.domain.sheets import ReadSheet, Sheet
from exam_api.services.act_course import forward
from exam_api.services.check_list_dues import dated
from exam_api.services.check_list_papers import Form4Papers, Kind, name_of
from exam_api.services.check_lists_ports import (
    CheckListUnit,
    CheckListUnits,
    ListedSheet,
    ListRow,
    NewStep,
    Proposal,
    StepTaken,
)
from exam_api.services.check_sheets import SheetCheck, check_sheet, is_heading
from exam_api.services.notices_ports import Delivery
from exam_api.services.paging import Page, PageAsk, page_of
from exam_api.services.ports import Clock

_SENDING: Final = frozenset({ListStep.SEND, ListStep.FORWARD})
_TOLD: Final = {
    ListStep.SEND: NoticeKind.CHECK_LIST_SENT,
    ListStep.RECALL: NoticeKind.CHECK_LIST_RECALLED,
    ListStep.GIVE_BACK: NoticeKind.CHECK_LIST_GIVEN_BACK,
    ListStep.HAND_IN: NoticeKind.CHECK_LIST_HANDED_IN,
    ListStep.TAKE_BACK: NoticeKind.CHECK_LIST_TAKEN_BACK,
    ListStep.FORWARD: NoticeKind.CHECK_LIST_FORWARDED,
    ListStep.RETRIEVE: NoticeKind.CHECK_LIST_RETRIEVED,
    ListStep.TAKE_OVER: NoticeKind.CHECK_LIST_TAKEN_OVER,
}


@dataclass(frozen=True, slots=True)
class OneSheet:
    """All of a list that its page shows. ``may``: the steps the actor may take now.

    ``sample``: the sittings that the member is offered to look at again; ``mails``: how those fare
    that the list was sent, or else forwarded, with last.
    """

    sheet: ListedSheet
    rows: tuple[ListRow, ...]
    steps: tuple[StepTaken, ...]
    may: tuple[ListStep, ...]
    may_state: bool
    sample: tuple[str, ...]
    mails: tuple[Delivery, ...]

    @property
    def sound(self) -> bool:
        return bool(self.rows) and all(row.problem is None for row in self.rows)


class CheckListDesk:
    def __init__(
        self,
        units: CheckListUnits,
        clock: Clock,
        papers: Form4Papers,
        read_sheet: ReadSheet,
        policy: ActPolicy,
    ) -> None:
        self._units = units
        self._clock = clock
        self._papers = papers
        self._read_sheet = read_sheet
        self._policy = policy

    # --- making -----------------------------------------------------------------------------

    async def proposals(self, actor: Actor) -> Sequence[Proposal]:
        """S-16: per proctor, the exams whose sittings stand in no list yet."""
        _require(actor, Role.MEMBER)
        async with self._units.read() as unit:
            return await unit.check_lists.proposals(actor)

    async def make(self, actor: Actor, proctor_id: str, exam_ids: Collection[str]) -> str:
        """The list's id. CheckListEmpty where the schedule has nothing for it."""
        _require(actor, Role.MEMBER)
        async with self._units.write() as unit:
            made = await unit.check_lists.make(actor, proctor_id, exam_ids, self._clock.now())
            if made is None:
                raise CheckListEmpty
            return made

    # --- reading ----------------------------------------------------------------------------

    async def page(self, actor: Actor, ask: PageAsk) -> Page[ListedSheet]:
        async with self._units.read() as unit:
            sheets = await unit.check_lists.page(actor, ask)
        now = self._clock.now()
        found = [dated(sheet, self._policy, now) for sheet in sheets]
        return page_of(found, ask, lambda sheet: (sheet.id,))

    async def get(self, actor: Actor, list_id: str) -> OneSheet:
        """NotFound."""
        async with self._units.read() as unit:
            sheet = await unit.check_lists.get(list_id, actor)
            rows = tuple(await unit.check_lists.rows(actor, list_id))
            steps = tuple(await unit.check_lists.steps(list_id))
            sent = [step.id for step in steps if step.step in _SENDING]
            mails = await unit.act_course.told(_key(list_id, sent[-1])) if sent else ()
            may = [step for step in steps_from(sheet.state) if await _may(unit, actor, sheet, step)]
        made = [(row.sitting_id, row.finding is Finding.ACT_MADE) for row in rows]
        return OneSheet(
            sheet=dated(sheet, self._policy, self._clock.now()),
            rows=rows,
            steps=steps,
            may=tuple(may),
            may_state=sheet.state is ListState.SENT and sheet.proctor.id == actor.id,
            sample=sample_of(list_id, made),
            mails=tuple(mails),
        )

    async def paper(self, actor: Actor, list_id: str, kind: Kind, language: Language) -> bytes:
        """As it was signed; to a dean's office without other faculties' students; or as it is.

        Pages and excerpts are not kept: they are made anew of the rows as they were signed.
        """
        async with self._units.read() as unit:
            sheet = await unit.check_lists.get(list_id, actor)
            rows = await unit.check_lists.rows(actor, list_id)
            final = sheet.state in SIGNED
            signed = await unit.check_lists.signed(list_id) if final else None
        if signed is not None:
            if kind != "html" and len(rows) == sheet.rows:
                return await self._papers.kept(signed.files[name_of(kind, language)])
            today = self._papers.document(rows, sheet.member.name, signed.at)
            own = {row.sitting_id for row in rows}
            excerpt = await self._papers.excerpt(signed.files, own, today)
            return await self._papers.made(excerpt, kind, language)
        document = self._papers.document(rows, sheet.member.name, self._clock.now())
        return await self._papers.made(document, kind, language)

    async def paper_of_member(
        self, actor: Actor, member_id: str, kind: Kind, language: Language
    ) -> bytes:
        """Every row of a member's lists that the actor may see. NotFound where there is none."""
        async with self._units.read() as unit:
            rows = await unit.check_lists.rows_of_member(actor, member_id)
            if not rows:
                raise NotFound
            member = (await unit.check_lists.get(rows[0].list_id, actor)).member
        document = self._papers.document(rows, member.name, self._clock.now())
        return await self._papers.made(document, kind, language)

    # --- the proctor's answers --------------------------------------------------------------

    async def state(self, actor: Actor, list_id: str, findings: Mapping[str, Finding]) -> None:
        """All or none. CheckListUnsound where the record says otherwise of one."""
        async with self._units.write() as unit:
            sheet = await self._proctors(unit, actor, list_id)
            rows = {row.sitting_id: row for row in await unit.check_lists.rows(actor, list_id)}
            for sitting_id, finding in findings.items():
                if sitting_id not in rows:
                    raise NotFound
                if problem_of(finding, rows[sitting_id].facts, sheet.proctor.id) is not None:
                    raise CheckListUnsound
            new = {one: said for one, said in findings.items() if rows[one].finding is not said}
            await self._state(unit, actor, list_id, new)

    async def follow(self, actor: Actor, list_id: str) -> int:
        """Answers what is open as the decisions on record have it; how many rows that were."""
        async with self._units.write() as unit:
            sheet = await self._proctors(unit, actor, list_id)
            rows = await unit.check_lists.rows(actor, list_id)
            found = {
                row.sitting_id: following(row.facts)
                for row in rows
                if row.problem is not None
                and problem_of(following(row.facts), row.facts, sheet.proctor.id) is None
            }
            await self._state(unit, actor, list_id, found)
        return len(found)

    async def compare(self, actor: Actor, list_id: str, content: bytes) -> SheetCheck:
        """What a filled file would change; nothing is changed. SheetUnreadable."""
        sheet = await asyncio.to_thread(self._read_sheet, content, is_heading)
        async with self._units.read() as unit:
            _require_own(actor, await unit.check_lists.get(list_id, actor))
            rows = await unit.check_lists.rows(actor, list_id)
        return await self._checked(sheet, rows)

    async def _checked(self, sheet: Sheet, rows: Sequence[ListRow]) -> SheetCheck:
        """In a thread: a file may have 20,000 rows."""
        return await asyncio.to_thread(check_sheet, sheet, rows, self._papers.form_rows(rows))

    async def take(self, actor: Actor, list_id: str, content: bytes, compared: str) -> SheetCheck:
        """``compared``: the digest of what was shown. CheckListChanged where it is not that now."""
        sheet = await asyncio.to_thread(self._read_sheet, content, is_heading)
        async with self._units.write() as unit:
            await self._proctors(unit, actor, list_id)
            rows = await unit.check_lists.rows(actor, list_id)
            check = await self._checked(sheet, rows)
            if check.digest != compared or not check.takes:
                raise CheckListChanged
            found = {change.sitting_id: change.after for change in check.changes}
            await self._state(unit, actor, list_id, found, from_file=True)
        return check

    async def _proctors(self, unit: CheckListUnit, actor: Actor, list_id: str) -> ListedSheet:
        """The list while it is its proctor's turn. Forbidden, CheckListChanged."""
        sheet = await unit.check_lists.lock(list_id, actor)
        if sheet.proctor.id != actor.id:
            raise Forbidden
        if sheet.state is not ListState.SENT:
            raise CheckListChanged
        return sheet

    async def _state(
        self,
        unit: CheckListUnit,
        actor: Actor,
        list_id: str,
        findings: Mapping[str, Finding],
        *,
        from_file: bool = False,
    ) -> None:
        await unit.check_lists.state(
            list_id, findings, by=actor.id, at=self._clock.now(), from_file=from_file
        )

    # --- steps ------------------------------------------------------------------------------

    async def step(
        self,
        actor: Actor,
        list_id: str,
        step: ListStep,
        *,
        reason: str = "",
        sample: Collection[str] = (),
    ) -> None:
        """IllegalTransition, ReasonMissing, CheckListUnsound, CheckListChanged, CheckListWaits."""
        _require(actor, role_of(step))
        reason = _noted(reason)
        new = NewStep(step, self._clock.now(), actor.id, reason)
        document, new = await self._prepared(actor, list_id, new)
        async with self._units.write() as unit:
            sheet = await unit.check_lists.lock(list_id, actor)
            if not await _may(unit, actor, sheet, step):
                raise Forbidden
            state = next_state(sheet.state, step, reason)
            if step is ListStep.RENEW:
                await unit.check_lists.renew(list_id, actor)
            rows = await unit.check_lists.rows(actor, list_id)
            if step in SOUND and not (rows and all(row.problem is None for row in rows)):
                raise CheckListUnsound
            if document is not None and document != self._document(rows, sheet, new):
                raise CheckListChanged
            new = replace(new, sample=_sampled(step, rows, sample))
            step_id = await unit.check_lists.take(list_id, state, new)
            if step is ListStep.DISCARD:
                await unit.check_lists.empty(list_id)
            if step is ListStep.FORWARD:
                await self._forward(unit, actor, rows, new)
            await self._tell(unit, actor, sheet, new, step_id)

    async def _forward(
        self, unit: CheckListUnit, actor: Actor, rows: Sequence[ListRow], new: NewStep
    ) -> None:
        """S-18: the acts go with their list, all or none."""
        sittings = [row.sitting_id for row in rows if row.acts]
        done = await forward(
            unit, actor, sittings, at=new.at, policy=self._policy, reason=new.reason
        )
        if done.waiting:
            raise CheckListWaits

    async def _prepared(
        self, actor: Actor, list_id: str, new: NewStep
    ) -> tuple[Form4Document | None, NewStep]:
        """What is sent or signed lies in the blobs before the step is on record."""
        if new.step not in {ListStep.SEND, ListStep.SIGN}:
            return None, new
        async with self._units.read() as unit:
            sheet = await unit.check_lists.get(list_id, actor)
            rows = await unit.check_lists.rows(actor, list_id)
            language = await unit.check_lists.language_of(sheet.proctor.id)
            if not await _may(unit, actor, sheet, new.step):
                raise Forbidden
        next_state(sheet.state, new.step, new.reason)
        document = self._document(rows, sheet, new)
        if new.step is ListStep.SEND:
            key = await self._papers.sent(list_id, document, language)
            return document, replace(new, files={name_of("xlsx", language): key})
        files, digest = await self._papers.signed(
            list_id, [row.sitting_id for row in rows], document
        )
        return document, replace(new, files=files, sha256=digest)

    def _document(self, rows: Sequence[ListRow], sheet: ListedSheet, new: NewStep) -> Form4Document:
        return self._papers.document(rows, sheet.member.name, new.at)

    async def _tell(
        self, unit: CheckListUnit, actor: Actor, sheet: ListedSheet, new: NewStep, step_id: int
    ) -> None:
        """Each step once, to whom it concerns; the proctor's mail carries the sheet (S-16)."""
        kind = _TOLD.get(new.step)
        if kind is None:
            return
        sent = next(iter((new.files or {}).values()), "")
        taken_over = new.step is ListStep.TAKE_OVER
        notice = NewNotice(
            kind,
            _key(sheet.id, step_id),
            f"/check-lists/{sheet.id}",
            facts={
                "proctor": sheet.proctor.name,
                "member": actor.full_name if taken_over else sheet.member.name,
                "count": str(sheet.rows),
                "acts": str(sheet.acts),
                "reason": new.reason or "—",
            },
            file=NoticeFile("form4.xlsx", sent) if new.step is ListStep.SEND else None,
        )
        if new.step in {ListStep.FORWARD, ListStep.RETRIEVE}:
            copies = await unit.check_lists.sent_copies(sheet.id)
            await unit.notices.add(notice, roles=[Role.REGISTRAR], people=copies)
        elif taken_over:
            proctor = [] if sheet.state is ListState.DRAFTED else [sheet.proctor.id]
            await unit.notices.add(notice, people=[sheet.member.id, *proctor])
        else:
            reader = sheet.member if new.step in PROCTORS_STEPS else sheet.proctor
            await unit.notices.add(notice, people=[reader.id])


def _key(list_id: str, step_id: int) -> str:
    """Of the notice that tells of a step."""
    return f"check_list:{list_id}:{step_id}"


async def _may(unit: CheckListUnit, actor: Actor, sheet: ListedSheet, step: ListStep) -> bool:
    """By role and list together; who takes a list over answers for its proctor by now (S-15)."""
    if step is ListStep.TAKE_OVER:
        return await unit.check_lists.answers_for(actor, sheet.id)
    own = sheet.proctor if step in PROCTORS_STEPS else sheet.member
    return actor.has(role_of(step)) and own.id == actor.id


def _require(actor: Actor, role: Role) -> None:
    if not actor.has(role):
        raise Forbidden


def _require_own(actor: Actor, sheet: ListedSheet) -> None:
    if actor.id not in {sheet.proctor.id, sheet.member.id}:
        raise Forbidden


def _noted(reason: str) -> str:
    reason = reason.strip()
    if len(reason) > REASON_LIMIT or "\0" in reason:
        raise InvalidRequest(f"a reason has at most {REASON_LIMIT} characters")
    return reason


def _sampled(step: ListStep, rows: Sequence[ListRow], sample: Collection[str]) -> tuple[str, ...]:
    """What the member looked at again, in the list's order. NotFound where it is not in it."""
    if step is not ListStep.VERIFY:
        return ()
    known = [row.sitting_id for row in rows]
    if not set(sample) <= set(known):
        raise NotFound
    if not sample:
        raise InvalidRequest("at least one sitting was looked at")
    return tuple(sitting for sitting in known if sitting in sample)
