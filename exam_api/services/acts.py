"""From confirmed flags to a numbered, sealed act (S-17), and form 4 over an exam's sittings.

Making is a row of steps, each safe to repeat: clips are cut into blobs; one transaction draws the
number and stores the document; the PDFs are rendered, sealed and stored; one transaction completes
the row. ``settle`` brings a sitting's act up to its decisions from wherever a crash left it, so
there is one act with one number.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog

from acts.contracts import Form4Document, Form4Row, Language
from capture.locks import KeyedLocks
from exam_api.domain.act_course import DECIDED, ActState
from exam_api.domain.errors import NotFound
from exam_api.domain.ids import is_id, new_id
from exam_api.domain.languages import in_language
from exam_api.domain.roles import Actor
from exam_api.services.act_documents import (
    DIGEST_PREFIX,
    ActFacts,
    ActHead,
    Clip,
    Place,
    compose,
    document_digest,
    is_settled,
)
from exam_api.services.act_finishing import Finishing, Render
from exam_api.services.clips import Clips
from exam_api.services.ports import Blobs, Clock
from exam_api.services.proctoring_ports import (
    StoredDecision,
    StoredFlag,
    Transaction,
)
from exam_api.services.review_ports import ActSource, ActStore, StoredAct, WatchedSitting
from exam_api.services.review_rules import coverage, grounds, times_of
from exam_api.services.review_views import ActView, act_view
from exam_api.services.reviewing import Recordings

_log = structlog.get_logger(__name__)

Confirmed = Sequence[tuple[StoredFlag, StoredDecision]]
RenderForm4 = Callable[[Form4Document], bytes]
FORM_1: Final = 1
_MOVED_ON: Final = 5  # decisions that may come in while clips are cut


@dataclass(frozen=True, slots=True)
class VerificationView:
    """What anybody may learn of an act from its QR code: no personal data.

    ``withdrawn``: nothing in it is confirmed any more. ``decided``: confirmed or withdrawn by the
    commission, None while it has not decided. ``digests``: SHA-256 of the sealed PDF by language.
    """

    number: str
    revision: int
    newest_revision: int
    genuine: bool
    withdrawn: bool
    digests: Mapping[str, str]
    form: int = FORM_1
    decided: ActState | None = None


class Acts:
    def __init__(
        self,
        read: Transaction[ActStore],
        write: Transaction[ActStore],
        recordings: Recordings,
        blobs: Blobs,
        clock: Clock,
        *,
        place: Place,
        number_format: str,
        render: Render,
        render_form4: RenderForm4,
    ) -> None:
        self._read = read
        self._write = write
        self._recordings = recordings
        self._clips = Clips(recordings, blobs)
        self._blobs = blobs
        self._clock = clock
        self._place = place
        self._number_format = number_format
        self._finishing = Finishing(write, blobs, render)
        self._render_form4 = render_form4
        self._locks = KeyedLocks()

    # --- making -----------------------------------------------------------------------------

    async def settle(self, sitting_id: str) -> ActView | None:
        """The sitting's act as its decisions want it: made, revised or as it was. None: no act.

        One that is on its way stays as it is; its recall asks for this once more.
        """
        async with self._locks.hold(sitting_id):
            act = await self._drafted(sitting_id)
            if act is not None and not act.complete:
                act = await self._finishing.completed(act)
            if act is None:
                return None
            async with self._read() as store:
                return await _view(store, act)

    async def settle_all(self) -> None:
        """After a start: finish what a crash interrupted."""
        async with self._read() as store:
            sittings = await store.decided_sittings()
        for sitting_id in sittings:
            try:
                await self.settle(sitting_id)
            except Exception:  # noqa: BLE001 - the other sittings' acts must not wait for this one
                _log.exception("act_not_completed")

    async def _drafted(self, sitting_id: str) -> StoredAct | None:
        """The newest revision, with a row and a number, not necessarily rendered yet."""
        clips: dict[str, Clip] = {}
        for _ in range(_MOVED_ON):
            async with self._read() as store:
                wanted, newest = await _wanted(store, sitting_id)
                on_its_way = await store.forwarded_at(sitting_id) is not None
            if on_its_way or is_settled(wanted, newest):
                return newest  # without cutting clips that nothing would name
            await self._cut(wanted, clips)
            async with self._write() as store:
                watched = await store.lock_sitting(sitting_id)
                wanted, newest = await _wanted(store, sitting_id)
                on_its_way = await store.forwarded_at(sitting_id) is not None
                if on_its_way or is_settled(wanted, newest):
                    return newest
                if all(flag.id in clips for flag, _ in wanted):
                    log = await store.said(sitting_id)
                    analysed = await store.analysed(sitting_id)
                    facts = self._facts(watched, wanted, clips)
                    facts = replace(facts, log=log, analysed=analysed)
                    return await self._add(store, watched, newest, facts)
        raise RuntimeError("decisions keep changing")

    async def _cut(self, wanted: Confirmed, clips: dict[str, Clip]) -> None:
        for flag, _ in wanted:
            if flag.id not in clips:
                clips[flag.id] = await self._clips.cut(flag)

    def _facts(
        self, watched: WatchedSitting, wanted: Confirmed, clips: Mapping[str, Clip]
    ) -> ActFacts:
        sitting_id = watched.sitting.id
        recording = self._recordings.recording(sitting_id)
        until_ms = self._recordings.recorded_until(sitting_id)
        times = times_of(watched.sitting)
        covered = coverage(times, recording, until_ms, times.at_ms(self._clock.now()) or 0)
        return ActFacts(watched, wanted, clips, recording, until_ms, covered)

    async def _add(
        self, store: ActStore, watched: WatchedSitting, newest: StoredAct | None, facts: ActFacts
    ) -> StoredAct:
        made_at = self._clock.now()
        year = made_at.astimezone(self._place.zone).year
        if newest is None:
            seq = await store.draw_number(year, FORM_1)
            number = self._number_format.format(year=year, seq=seq, form=FORM_1)
            revision = 1
        else:
            year, seq, number = newest.year, newest.seq, newest.number
            revision = newest.revision + 1
        last = max((decision for _, decision in facts.confirmed), key=lambda one: (one.at, one.id))
        head = ActHead(new_id(), number, revision, made_at)
        act = StoredAct(
            id=head.act_id,
            sitting_id=watched.sitting.id,
            number=number,
            year=year,
            seq=seq,
            revision=revision,
            made_at=made_at,
            made_by=last.by_user,
            document=compose(head, facts, self._place),
            files={},
            digests={},
        )
        await store.add_act(act)
        return act

    # --- reading ----------------------------------------------------------------------------

    async def pdf(self, actor: Actor, act_id: str, language: Language) -> tuple[str, bytes]:
        """(number, sealed PDF). NotFound, also while it is still being made."""
        async with self._read() as store:
            act = await store.act(act_id, actor)
        if language not in act.files:
            raise NotFound
        return act.number, await self._blobs.get(act.files[language])

    async def verification(self, act_id: str, digest_prefix: str) -> VerificationView:
        """For the public page behind the QR code, whatever its address says. NotFound."""
        if not is_id(act_id):
            raise NotFound
        async with self._read() as store:
            act = await store.act_for_anyone(act_id)
            if act is None or not act.complete:
                raise NotFound
            newest = next(one for one in await store.revisions_of(act) if one.complete)
            view = await _view(store, newest)
            state = await store.course_state(act)
        expected = document_digest(act.document)[:DIGEST_PREFIX]
        return VerificationView(
            number=act.number,
            revision=act.revision,
            newest_revision=newest.revision,
            genuine=digest_prefix == expected,
            withdrawn=view.withdrawn and act.source is ActSource.FLAGS,
            digests=act.digests,
            form=act.form,
            decided=state if state in DECIDED else None,
        )

    async def form4(self, actor: Actor, exam_id: str) -> bytes:
        """XLSX of every sitting of the exam (S-16, S-17)."""
        document = await self.form4_document(actor, exam_id)
        return await asyncio.to_thread(self._render_form4, document)

    async def form4_document(self, actor: Actor, exam_id: str) -> Form4Document:
        """Every sitting of the exam; a draft until each stands in a signed list. NotFound."""
        async with self._read() as store:
            await store.exam(exam_id, actor)
            sittings = await store.sittings(exam_id, actor)
            known = await store.checked([watched.sitting.id for watched in sittings])
            members = await store.members_of(exam_id)
        rows = tuple(
            self._form4_row(watched, act_made=known[watched.sitting.id].act_made)
            for watched in sittings
        )
        made_at = self._clock.now().astimezone(self._place.zone)
        signed = bool(known) and all(one.signed for one in known.values())
        return Form4Document(rows, ", ".join(members), made_at, draft=not signed)

    def _form4_row(self, watched: WatchedSitting, *, act_made: bool | None) -> Form4Row:
        sitting, card = watched.sitting, watched.student
        day = sitting.began_at or watched.exam.opens_at
        course = "" if card.course is None else str(card.course)
        return Form4Row(
            student=card.full_name,
            programme=card.programme,
            course_group=", ".join(part for part in (course, card.group) if part),
            discipline=in_language(watched.exam.title, "kk"),
            exam_date=day.astimezone(self._place.zone).date(),
            link=self._place.review_url(sitting.id),
            act_made=act_made,
            proctor=watched.proctor_name,
        )


async def _view(store: ActStore, act: StoredAct) -> ActView:
    ids = [act.sitting_id]
    return act_view(act, await store.flags(ids), await store.decisions(ids))


async def _wanted(store: ActStore, sitting_id: str) -> tuple[Confirmed, StoredAct | None]:
    """What the act is to rest on, and its newest revision."""
    flags, decisions = await store.flags([sitting_id]), await store.decisions([sitting_id])
    newest = next(iter(await store.acts([sitting_id])), None)
    return grounds(flags, decisions), newest
