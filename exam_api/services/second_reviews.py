"""The blind second reviewer: sees the flags and their evidence, not what the first made of them.

Every flag that the first decided is shown, confirmed or dismissed, so that agreement says
something: acts alone hold confirmed ones only.
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from exam_api.domain.act_course import ActPolicy
from exam_api.domain.agreement import cohens_kappa
from exam_api.domain.errors import Forbidden, InvalidRequest, NotFound
from exam_api.domain.languages import Texts
from exam_api.domain.roles import OVERSEERS, Actor, Role
from exam_api.services.ports import Clock
from exam_api.services.proctoring_ports import StoredFlag, Verdict

COMMENT_LIMIT: Final = 2000
READERS: Final = OVERSEERS | {Role.MEMBER}


@dataclass(frozen=True, slots=True)
class SecondTask:
    """An act that waits, without a word on the first's decisions."""

    act_id: str
    sitting_id: str
    exam: Texts
    made_at: datetime


@dataclass(frozen=True, slots=True)
class SecondOpinion:
    flag_id: str
    verdict: Verdict
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ReviewedFlag:
    """``verdict`` is the second's own, ``first`` the first's: both null until it is given."""

    id: str
    kind: str
    start_ms: int
    end_ms: int | None
    confidence: float
    has_frame: bool
    verdict: Verdict | None = None
    first: Verdict | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class SecondReview:
    act_id: str
    exam: Texts
    given: bool
    flags: tuple[ReviewedFlag, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Both verdicts on one flag; ``group``: the member whose proctors the first belongs to."""

    group: str
    flag_id: str
    first: Verdict
    second: Verdict


@dataclass(frozen=True, slots=True)
class GroupAgreement:
    """``kappa`` is null where chance alone explains the verdicts (all alike)."""

    group: str
    flags: int
    agreed: int
    kappa: float | None


class SecondReviewRows(Protocol):
    async def waiting(self, actor: Actor) -> Sequence[SecondTask]:
        """Made acts of flags that the actor neither watches nor made, and nobody has seen yet."""
        ...

    async def task(self, act_id: str, actor: Actor) -> SecondTask:
        """One of these, held against other writers; or one that the actor gave. NotFound."""
        ...

    async def decided_flags(self, sitting_id: str) -> Sequence[tuple[StoredFlag, Verdict]]:
        """By time, each with the first's verdict that counts."""
        ...

    async def given(self, act_id: str, actor: Actor) -> Mapping[str, tuple[SecondOpinion, Verdict]]:
        """By flag: the actor's own opinion and the first's verdict of then."""
        ...

    async def add(
        self,
        act_id: str,
        opinions: Sequence[tuple[SecondOpinion, Verdict]],
        by: str,
        at: datetime,
    ) -> None: ...

    async def pairs(self, actor: Actor) -> Sequence[Pair]:
        """Of sittings that the actor watches, oldest first."""
        ...


class SecondReviewUnit(Protocol):
    @property
    def second_reviews(self) -> SecondReviewRows: ...


class SecondReviewUnits(Protocol):
    def read(self) -> AbstractAsyncContextManager[SecondReviewUnit]: ...
    def write(self) -> AbstractAsyncContextManager[SecondReviewUnit]: ...


class SecondReviews:
    def __init__(self, units: SecondReviewUnits, clock: Clock, policy: ActPolicy) -> None:
        self._units = units
        self._clock = clock
        self.wanted = policy.second_review

    async def waiting(self, actor: Actor) -> tuple[SecondTask, ...]:
        """Nothing where the policy asks for no second reviewer."""
        if not self.wanted:
            return ()
        async with self._units.read() as unit:
            return tuple(await unit.second_reviews.waiting(actor))

    async def get(self, actor: Actor, act_id: str) -> SecondReview:
        """NotFound, also where the actor is not the one to look blindly."""
        async with self._units.read() as unit:
            task = await self._task(unit, actor, act_id)
            flags = await unit.second_reviews.decided_flags(task.sitting_id)
            given = await unit.second_reviews.given(act_id, actor)
        shown = (flag for flag, _ in flags if not given or flag.id in given)
        return SecondReview(
            act_id, task.exam, bool(given), tuple(_shown(flag, given) for flag in shown)
        )

    async def flag(self, actor: Actor, act_id: str, flag_id: str) -> StoredFlag:
        """One whose frame and clip the reviewer may see. NotFound."""
        async with self._units.read() as unit:
            task = await self._task(unit, actor, act_id)
            for flag, _ in await unit.second_reviews.decided_flags(task.sitting_id):
                if flag.id == flag_id:
                    return flag
        raise NotFound

    async def give(self, actor: Actor, act_id: str, opinions: Sequence[SecondOpinion]) -> None:
        """On every flag at once, for good. NotFound where somebody has given it already.

        InvalidRequest where a flag is missing or unknown.
        """
        own = {one.flag_id: one for one in opinions}
        if any(len(one.comment) > COMMENT_LIMIT or "\0" in one.comment for one in opinions):
            raise InvalidRequest(f"a comment has at most {COMMENT_LIMIT} characters")
        async with self._units.write() as unit:
            task = await self._task(unit, actor, act_id)
            if await unit.second_reviews.given(act_id, actor):
                raise NotFound
            flags = await unit.second_reviews.decided_flags(task.sitting_id)
            if {flag.id for flag, _ in flags} != set(own):
                raise InvalidRequest("every flag needs a verdict")
            pairs = [(own[flag.id], first) for flag, first in flags]
            await unit.second_reviews.add(act_id, pairs, actor.id, self._clock.now())

    async def agreement(self, actor: Actor) -> tuple[GroupAgreement, ...]:
        """Of each flag the newest pair counts, once. Forbidden."""
        if not actor.has(*READERS):
            raise Forbidden
        async with self._units.read() as unit:
            pairs = await unit.second_reviews.pairs(actor)
        groups: dict[str, list[Pair]] = {}
        for pair in {one.flag_id: one for one in pairs}.values():
            groups.setdefault(pair.group, []).append(pair)
        return tuple(_agreement(group, own) for group, own in sorted(groups.items()))

    async def _task(self, unit: SecondReviewUnit, actor: Actor, act_id: str) -> SecondTask:
        if not self.wanted:
            raise NotFound
        return await unit.second_reviews.task(act_id, actor)


def _shown(flag: StoredFlag, given: Mapping[str, tuple[SecondOpinion, Verdict]]) -> ReviewedFlag:
    own, first = given.get(flag.id, (None, None))
    return ReviewedFlag(
        id=flag.id,
        kind=str(flag.kind),
        start_ms=flag.start_ms,
        end_ms=flag.end_ms,
        confidence=flag.confidence,
        has_frame=flag.evidence_key is not None,
        verdict=own.verdict if own else None,
        first=first,
        comment=own.comment if own else "",
    )


def _agreement(group: str, pairs: Sequence[Pair]) -> GroupAgreement:
    verdicts = [(one.first is Verdict.CONFIRMED, one.second is Verdict.CONFIRMED) for one in pairs]
    agreed = sum(first == second for first, second in verdicts)
    return GroupAgreement(group, len(pairs), agreed, cohens_kappa(verdicts))
