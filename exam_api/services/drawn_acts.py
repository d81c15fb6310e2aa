"""Acts that people draw up: form 1 of a commission (S-12), form 2, form 3.

Who asks chooses the act's id: asked again with it, or after a crash, it is the same act with the
same number. A final act never changes: a correction is a further revision that names the old.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import structlog

from acts.contracts import Language
from acts.record import AnyAct
from analysis.policy import FORM3_KINDS
from capture.locks import KeyedLocks
from exam_api.domain.act_course import ActPolicy, ActState
from exam_api.domain.errors import (
    ActIncomplete,
    ActOnItsWay,
    ActOutdated,
    Conflict,
    Forbidden,
    InvalidRequest,
    NotFound,
)
from exam_api.domain.ids import is_id
from exam_api.domain.roles import Actor, Role
from exam_api.services.act_course import record_refusal
from exam_api.services.act_documents import ActHead, Place
from exam_api.services.act_finishing import BREACHES, Finishing
from exam_api.services.act_inputs import render_input
from exam_api.services.clips import Clips
from exam_api.services.drawn_documents import (
    Order,
    OutsiderOrder,
    RefusalOrder,
    Shown,
    compose_drawn,
    problems_of,
)
from exam_api.services.drawn_faces import DrawnStore, Faces
from exam_api.services.identity_ports import PhotoKind
from exam_api.services.ports import Blobs, Clock
from exam_api.services.proctoring_ports import StoredFlag, Transaction
from exam_api.services.review_ports import (
    MAKE_ACT,
    MAKE_ACT_AFTER,
    ActSource,
    StoredAct,
    WatchedSitting,
)
from exam_api.services.reviewing import Recordings

_log = structlog.get_logger(__name__)
_REFUSAL: Final = 2


# Renders a draft: no seal. CPU-bound, called in a thread.
Preview = Callable[[AnyAct, Language], bytes]


@dataclass(frozen=True, slots=True)
class DrawnView:
    """``about_id``: of form 2, the act that was not signed. ``complete``: it can be read.

    ``withdrawn``: by the commission, which did not confirm it.
    """

    id: str
    sitting_id: str
    form: int
    number: str
    revision: int
    made_at: datetime
    complete: bool
    about_id: str | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """What the forms' pages offer to choose from.

    ``flags``: with a frame, first those that form 3 is about; ``least``: how many a commission has.
    """

    watched: WatchedSitting
    flags: tuple[StoredFlag, ...]
    photos: tuple[PhotoKind, ...]
    least: int


@dataclass(frozen=True, slots=True)
class _Asked:
    actor: Actor
    act_id: str
    order: Order
    replaces: str | None


class DrawnActs:
    def __init__(
        self,
        read: Transaction[DrawnStore],
        write: Transaction[DrawnStore],
        blobs: Blobs,
        clock: Clock,
        finishing: Finishing,
        *,
        recordings: Recordings,
        place: Place,
        number_format: str,
        preview: Preview,
        policy: ActPolicy,
    ) -> None:
        self._read = read
        self._write = write
        self._faces = Faces(read, blobs, Clips(recordings, blobs), place)
        self._clock = clock
        self._finishing = finishing
        self._place = place
        self._number_format = number_format
        self._preview = preview
        self._policy = policy
        self._locks = KeyedLocks()

    # --- making -----------------------------------------------------------------------------

    async def make(
        self,
        actor: Actor,
        sitting_id: str,
        act_id: str,
        order: Order,
        replaces: str | None = None,
    ) -> DrawnView:
        """NotFound, Forbidden, ActIncomplete, ActOutdated, Conflict, InvalidRequest."""
        if not is_id(act_id) or not is_id(replaces or act_id):
            raise InvalidRequest("an act is named by its id")
        async with self._read() as store:
            await _require(store, sitting_id, actor, order.form)
        if problems := problems_of(order, self._policy.commission):
            raise ActIncomplete(problems)
        faces = Shown()
        if isinstance(order, OutsiderOrder):
            faces = await self._faces.kept(actor, sitting_id, act_id, order)
        async with self._locks.hold(act_id):
            async with self._write() as store:
                watched = await store.lock_sitting(sitting_id)
                await _require(store, sitting_id, actor, order.form)
                act = await store.act_for_anyone(act_id)
                if act is None:
                    asked = _Asked(actor, act_id, order, replaces)
                    act = await self._add(store, watched, asked, faces)
                elif (act.sitting_id, act.made_by, act.form) != (sitting_id, actor.id, order.form):
                    raise Conflict("the id is another act's")
            if not act.complete:
                # Shielded: a browser that goes away must not leave it half made.
                act = await asyncio.shield(self._finishing.completed(act))
        return _view(act)

    async def _add(
        self, store: DrawnStore, watched: WatchedSitting, asked: _Asked, shown: Shown
    ) -> StoredAct:
        order, replaces = asked.order, asked.replaces
        made_at = self._clock.now()
        if isinstance(order, RefusalOrder):
            shown = Shown(about=await _refusable(store, order.about_id, watched, replaces))
        if replaces is None:
            year = made_at.astimezone(self._place.zone).year
            seq = await store.draw_number(year, order.form)
            number = self._number_format.format(year=year, seq=seq, form=order.form)
            revision = 1
        else:
            old = await _newest(store, replaces, watched, order.form)
            year, seq, number, revision = old.year, old.seq, old.number, old.revision + 1
        head = ActHead(asked.act_id, number, revision, made_at)
        act = StoredAct(
            id=asked.act_id,
            sitting_id=watched.sitting.id,
            number=number,
            year=year,
            seq=seq,
            revision=revision,
            made_at=made_at,
            made_by=asked.actor.id,
            document=compose_drawn(head, order, watched, shown, self._place),
            files={},
            digests={},
            form=order.form,
            source=ActSource.PEOPLE,
            about_id=shown.about.id if shown.about else None,
        )
        await store.add_act(act)
        payload = {"act_id": act.id, "sitting_id": act.sitting_id}
        due_at = made_at + MAKE_ACT_AFTER
        await store.jobs.add(f"{MAKE_ACT}:{act.id}", MAKE_ACT, payload, due_at=due_at)
        if shown.about is not None and replaces is None:
            by = asked.actor.id
            await record_refusal(
                store.unit, shown.about.id, act.id, at=made_at, by=by, policy=self._policy
            )
        return act

    async def finish(self, act_id: str) -> None:
        """What was drawn up is rendered, sealed and stored, if it is not yet."""
        async with self._locks.hold(act_id):
            async with self._read() as store:
                act = await store.act_for_anyone(act_id)
            if act is not None and not act.complete:
                await self._finishing.completed(act)

    async def finish_all(self) -> None:
        """After a start: what a crash interrupted."""
        async with self._read() as store:
            unfinished = await store.unfinished()
        for act in unfinished:
            try:
                await self._finishing.completed(act)
            except Exception:  # noqa: BLE001 - the other acts must not wait for this one
                _log.exception("act_not_completed")

    async def draft(
        self,
        actor: Actor,
        sitting_id: str,
        order: Order,
        language: Language,
        replaces: str | None = None,
    ) -> bytes:
        """The PDF marked as a draft on each page; nothing is kept, what is missing stays blank.

        NotFound, Forbidden, ActIncomplete.
        """
        async with self._read() as store:
            watched = await _require(store, sitting_id, actor, order.form)
            shown = Shown()
            if isinstance(order, RefusalOrder):
                about = await _refusable(store, order.about_id, watched, replaces)
                shown = Shown(about=about)
        pictures: dict[str, bytes] = {}
        if isinstance(order, OutsiderOrder):
            shown, pictures = await self._faces.shown(actor, sitting_id, order)
        head = ActHead("", "", 1, self._clock.now())
        document = compose_drawn(head, order, watched, shown, self._place)
        document["verify_url"] = ""
        drawn = render_input(document, pictures, language, draft=True)
        return await asyncio.to_thread(self._preview, drawn, language)

    # --- reading ----------------------------------------------------------------------------

    async def of(self, actor: Actor, sitting_id: str) -> tuple[DrawnView, ...]:
        """Newest first, all revisions, for those who watch the sitting. NotFound."""
        async with self._read() as store:
            await store.sitting(sitting_id, actor)
            acts = await store.drawn([sitting_id])
            return tuple([_view(act, await store.course_state(act)) for act in acts])

    async def setting(self, actor: Actor, sitting_id: str, form: int) -> Setting:
        """NotFound, Forbidden."""
        async with self._read() as store:
            watched = await _require(store, sitting_id, actor, form)
            flags = await store.flags([sitting_id])
            photos = await store.identity.photos(sitting_id)
        pictured = [flag for flag in flags if flag.evidence_key]
        pictured.sort(key=lambda flag: flag.kind not in FORM3_KINDS)
        return Setting(watched, tuple(pictured), tuple(photos), self._policy.commission)

    async def refusable(self, actor: Actor, act_id: str, replaces: str | None = None) -> StoredAct:
        """The act that form 2, or its correction, would name. NotFound, Forbidden, ActOutdated."""
        async with self._read() as store:
            act = await store.act(act_id, actor)
            watched = await _require(store, act.sitting_id, actor, _REFUSAL)
            return await _refusable(store, act_id, watched, replaces)

    async def document(self, actor: Actor, act_id: str) -> tuple[StoredAct, dict[str, Any]]:
        """What a correction starts from. NotFound, Forbidden."""
        async with self._read() as store:
            act = await store.act(act_id, actor)
            await _require(store, act.sitting_id, actor, act.form)
        if act.source is not ActSource.PEOPLE:
            raise NotFound
        return act, dict(act.document)


async def _require(store: DrawnStore, sitting_id: str, actor: Actor, form: int) -> WatchedSitting:
    """S-12: the sitting's proctor, the testing centre; who hands an act over makes form 2."""
    watched = await store.sitting(sitting_id, actor)
    handing = form == _REFUSAL and actor.has(Role.MEMBER, Role.DEAN_OFFICE)
    drawing = actor.has(Role.TESTING_CENTRE) or await store.may_decide(sitting_id, actor)
    if not (handing or drawing):
        raise Forbidden
    return watched


async def _refusable(
    store: DrawnStore, act_id: str, watched: WatchedSitting, replaces: str | None
) -> StoredAct:
    """A correction of form 2 names what the old one names: its refusal is on that act's record."""
    act = await store.act_for_anyone(act_id)
    if act is None or act.sitting_id != watched.sitting.id:
        raise NotFound
    if act.form not in BREACHES or not act.complete:
        raise NotFound
    if replaces is None:
        await _require_newest(store, act)
        return act
    old = await store.act_for_anyone(replaces)
    if old is None or old.about_id != act.id:
        raise NotFound
    return act


async def _newest(store: DrawnStore, act_id: str, watched: WatchedSitting, form: int) -> StoredAct:
    """The act to correct. NotFound, ActOutdated."""
    act = await store.act_for_anyone(act_id)
    if act is None or (act.sitting_id, act.form) != (watched.sitting.id, form):
        raise NotFound
    if act.source is not ActSource.PEOPLE:
        raise NotFound  # an act of flags is corrected by decisions
    await _require_newest(store, act)
    if form != _REFUSAL and (await store.unit.act_course.lock(act_id)).state is not ActState.MADE:
        raise ActOnItsWay
    return act


async def _require_newest(store: DrawnStore, act: StoredAct) -> None:
    if (await store.revisions_of(act))[0].revision > act.revision:
        raise ActOutdated


def _view(act: StoredAct, state: ActState | None = None) -> DrawnView:
    return DrawnView(
        id=act.id,
        sitting_id=act.sitting_id,
        form=act.form,
        number=act.number,
        revision=act.revision,
        made_at=act.made_at,
        complete=act.complete,
        about_id=act.about_id,
        withdrawn=state is ActState.WITHDRAWN,
    )
