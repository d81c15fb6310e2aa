"""What the services need from outside: clock, storage, live media, blobs, events.

A use case is one transaction: it opens a unit, and the unit commits when its block ends well.
Nothing is acknowledged before that.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from capture.contracts import TrackKey, TrackKind
from exam_api.domain.bank_tests import Drawable, LoadedTest
from exam_api.domain.items import Body, Key
from exam_api.domain.languages import Language, Texts
from exam_api.domain.responses import Response
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting, Transition
from exam_api.services.identity_ports import IdentityRows
from exam_api.services.media_ports import MediaTokens
from exam_api.services.notices_ports import Notices
from exam_api.services.paging import PageAsk
from exam_api.services.question_appeal_ports import QuestionAppeals
from exam_api.services.results_ports import Grades
from exam_api.services.sitting_log_ports import SittingLog


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...


class PasswordHasher(Protocol):
    """Slow on purpose: call it in a thread, outside of any transaction."""

    def hash(self, password: str) -> str: ...

    def hash_one_time(self, password: str) -> str:
        """Quick: for what is too random to be guessed, and to be changed at once."""
        ...

    def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        """Whether it fits, and a new hash where the stored one uses outdated costs."""
        ...


@dataclass(frozen=True, slots=True)
class MediaState:
    """``live``: the camera's media arrived within the last 2 s. ``seconds`` on record so far.

    ``tracks``: all that arrive now.
    """

    live: bool
    connected: bool
    seconds: int
    tracks: frozenset[TrackKind] = frozenset()


class LiveMedia(Protocol):
    """The capture side as the exam sees it (S-10, S-13)."""

    def state(self, sitting_id: str) -> MediaState: ...

    async def end_sitting(self, sitting_id: str) -> None:
        """The sitting is over: close what publishes it."""
        ...

    async def end_views(self, sitting_id: str) -> None:
        """Others look after the sitting now: whoever watches it live has to ask anew."""
        ...


class Blobs(Protocol):
    """Write-once bytes by key."""

    async def put(self, key: str, data: bytes) -> None:
        """Same key and same bytes again is no error."""
        ...

    async def get(self, key: str) -> bytes:
        """NotFound."""
        ...


# --- storage --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Credentials:
    actor: Actor
    password_hash: str
    disabled: bool


@dataclass(frozen=True, slots=True)
class LogInRecord:
    """A session row together with its person. ``actor`` says too what the session is held for."""

    actor: Actor
    disabled: bool
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnAccount:
    """``place``: the faculty or the department that the person works for."""

    full_name: str
    login: str
    place: Texts | None


class People(Protocol):
    async def own_account(self, user_id: str) -> OwnAccount: ...
    async def credentials(self, login: str) -> Credentials | None: ...
    async def full_name(self, user_id: str) -> str: ...
    async def set_password_hash(self, user_id: str, password_hash: str) -> None:
        """The same password in a newer hash."""
        ...

    async def choose_password(self, user_id: str, password_hash: str) -> None:
        """One's own: it need not be changed any more."""
        ...

    async def set_language(self, user_id: str, language: Language) -> None: ...


@dataclass(frozen=True, slots=True)
class NewSession:
    """``address`` and ``agent`` (the browser's own name) are for its person to recognise it."""

    id_hash: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    address: str = ""
    agent: str = ""
    held: bool = False


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A log-in session that is still live. ``id`` is its digest: it lets nobody in."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    address: str
    agent: str
    held: bool


@dataclass(frozen=True, slots=True)
class SecondLogIn:
    """A log-in beside a running exam. ``outcome``: ``asked``, ``held``, ``here`` or ``other``.

    ``held``: it was there before the test, whose beginning is ``at``.
    """

    at: datetime
    address: str
    agent: str
    outcome: str


class Sessions(Protocol):
    async def add(self, new: NewSession) -> None: ...
    async def live(
        self, user_id: str, now: datetime, seen_since: datetime
    ) -> Sequence[OpenSession]:
        """Neither revoked nor expired nor idle; last seen first."""
        ...

    async def rotate(self, old_hash: str, new_hash: str) -> None:
        """The same session under a new id, held no more."""
        ...

    async def revoke_others(self, user_id: str, keep: str, at: datetime) -> None: ...
    async def revoke_of(self, user_id: str, id_hash: str, at: datetime) -> bool:
        """False where that person has no such live session."""
        ...

    async def running_sitting(self, user_id: str) -> tuple[str, str] | None:
        """(sitting, exam) that the student is in the middle of."""
        ...

    async def hold(self, id_hash: str) -> bool:
        """It may do nothing more till its person chose; False where it is so already, or ended."""
        ...

    async def add_second(  # noqa: PLR0917 - the columns of its row
        self,
        sitting_id: str,
        id_hash: str,
        at: datetime,
        address: str,
        agent: str,
        outcome: str = "asked",
    ) -> None: ...
    async def settle_second(self, id_hash: str, outcome: str) -> tuple[str, str] | None:
        """(sitting, exam) that the log-in stood beside."""
        ...

    async def second_log_ins(self, sitting_id: str) -> Sequence[SecondLogIn]:
        """Oldest first."""
        ...

    async def find(self, id_hash: str) -> LogInRecord | None: ...
    async def touch(self, id_hash: str, at: datetime) -> None: ...
    async def revoke(self, id_hash: str, at: datetime) -> None: ...
    async def revoke_all(self, *user_ids: str, at: datetime) -> None: ...
    async def failures(self, keys: Sequence[str], since: datetime) -> Mapping[str, int]: ...
    async def add_failure(self, keys: Sequence[str], at: datetime, forget_before: datetime) -> None:
        """One row per key; rows older than ``forget_before`` go."""
        ...

    async def forget_failures(self, keys: Sequence[str]) -> None: ...


class Bank(Protocol):
    """Items as a sitting needs them. What is right is read by ``keys`` only, to score."""

    async def bodies(self, item_ids: Sequence[str]) -> Mapping[str, Body]: ...
    async def keys(self, item_ids: Sequence[str]) -> Mapping[str, Key]: ...


@dataclass(frozen=True, slots=True)
class ExamWithSitting:
    exam: Exam
    sitting: Sitting | None


class Exams(Protocol):
    """Every query asks for the actor: what may not be seen is not found."""

    async def get(self, exam_id: str, actor: Actor) -> Exam: ...
    async def of(self, sitting: Sitting) -> Exam: ...
    async def visible(
        self, actor: Actor, ask: PageAsk | None = None, *, since: datetime | None = None
    ) -> Sequence[ExamWithSitting]:
        """Newest window first, each with the actor's own sitting; all, or one more than asked.

        ``since``: of those that closed earlier only where the actor sat. CursorInvalid.
        """
        ...

    async def missed(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of the sittings that were not begun when the student's own window closed."""
        ...

    async def least_busy_proctor(self, exam_id: str) -> str | None: ...


class Sittings(Protocol):
    async def get(self, sitting_id: str, actor: Actor) -> Sitting: ...
    async def lock_own(self, sitting_id: str, actor: Actor) -> Sitting:
        """The actor's own sitting, held against other writers till the unit ends. NotFound."""
        ...

    async def lock_each_own(self, own: Collection[tuple[str, str]]) -> Mapping[str, Sitting]:
        """By id, those of the (sitting, student) pairs that there are, held like ``lock_own``."""
        ...

    async def lock_proctored(self, sitting_id: str, actor: Actor) -> Sitting:
        """A sitting of another person in an exam that the actor proctors, held.

        NotFound where it may not even be seen; Forbidden where it may, but not be acted on.
        """
        ...

    async def watched(self, sitting_id: str, actor: Actor) -> Sitting:
        """A sitting that the actor may look over (never by being its student). NotFound."""
        ...

    async def lock(self, sitting_id: str) -> Sitting | None:
        """For what the system does by itself: the ticker, a publish token."""
        ...

    async def of_student(self, exam_id: str, student_id: str) -> Sitting | None: ...
    async def add(self, sitting: Sitting) -> bool:
        """False where the student already has one in the exam (two tabs at once)."""
        ...

    async def save(self, sitting: Sitting) -> None: ...
    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        """Ids of sittings in progress whose time is over, oldest deadline first."""
        ...

    async def paused(self) -> Sequence[Sitting]: ...
    async def add_token(self, token_hash: str, key: TrackKey, expires_at: datetime) -> None: ...
    async def find_token(self, token_hash: str) -> tuple[TrackKey, datetime] | None:
        """What it allows to send, and until when."""
        ...

    async def drop_tokens(self, sitting_id: str) -> None: ...


@dataclass(frozen=True, slots=True)
class NamedTransition:
    """``by_name`` is None where the exam clock made the change."""

    transition: Transition
    by_name: str | None


class Transitions(Protocol):
    async def add(self, transition: Transition) -> None: ...
    async def of(self, sitting_id: str) -> Sequence[NamedTransition]:
        """Oldest first."""
        ...


@dataclass(frozen=True, slots=True)
class GivenAnswer:
    item_id: str
    response: Response
    client_seq: int
    saved_at: datetime


@dataclass(frozen=True, slots=True)
class NewAnswer:
    """An answer that begins to count, and the tab that it came from."""

    sitting_id: str
    client_id: str
    given: GivenAnswer


class Answers(Protocol):
    async def keep(self, answers: Sequence[NewAnswer], answered: Mapping[str, int]) -> None:
        """Each counts from now on, in place of an earlier one; the log keeps them all.

        The sittings are locked, and what came too late for its question is not among these.
        ``answered``: how many items each of their sittings has then (as ``count``).
        """
        ...

    async def of(self, sitting_id: str) -> Sequence[GivenAnswer]: ...
    async def of_each(
        self, sitting_ids: Collection[str]
    ) -> Mapping[str, Mapping[str, GivenAnswer]]:
        """By sitting, then by question."""
        ...

    async def count(self, sitting_id: str) -> int:
        """Items answered; an answer taken back (all ticks removed) is none."""
        ...

    async def credits(self, sitting_id: str) -> Mapping[str, int]:
        """By item: hundredths of its mark."""
        ...

    async def keep_credits(self, sitting_id: str, earned: Mapping[str, int]) -> None:
        """By item, hundredths of its mark (domain.scoring), in place of earlier ones."""
        ...


class Events(Protocol):
    async def append(
        self, exam_id: str, sitting_id: str | None, kind: str, payload: Mapping[str, Any]
    ) -> int:
        """A row of this unit's transaction; its id is the cursor. Listeners hear of it after."""
        ...


class Draws(Protocol):
    """What a sitting's paper is drawn from."""

    async def accepted(self, discipline_id: str, questions: int) -> LoadedTest | None:
        """What an exam of so many questions draws from (domain.bank_supply.test_for)."""
        ...

    async def drawable(
        self, discipline_id: str, languages: Collection[Language]
    ) -> Sequence[Drawable]:
        """Approved items complete in those languages, in stable order."""
        ...


class Unit(Protocol):
    """One transaction and the repositories in it."""

    @property
    def people(self) -> People: ...
    @property
    def sessions(self) -> Sessions: ...
    @property
    def bank(self) -> Bank: ...
    @property
    def tests(self) -> Draws: ...
    @property
    def exams(self) -> Exams: ...
    @property
    def sittings(self) -> Sittings: ...
    @property
    def transitions(self) -> Transitions: ...
    @property
    def log(self) -> SittingLog: ...
    @property
    def question_appeals(self) -> QuestionAppeals: ...
    @property
    def answers(self) -> Answers: ...
    @property
    def grades(self) -> Grades: ...
    @property
    def events(self) -> Events: ...
    @property
    def notices(self) -> Notices: ...
    @property
    def identity(self) -> IdentityRows: ...
    @property
    def media_tokens(self) -> MediaTokens: ...


class Units(Protocol):
    """``sitting_listeners`` hear after a commit which sittings it changed, or told of.

    ``answer_listeners`` hear after one with answers how many items each sitting has answered.
    """

    @property
    def sitting_listeners(self) -> list[Callable[[Collection[str]], None]]: ...
    @property
    def answer_listeners(self) -> list[Callable[[Mapping[str, int]], None]]: ...
    def read(self) -> AbstractAsyncContextManager[Unit]: ...
    def write(self) -> AbstractAsyncContextManager[Unit]:
        """Commits at the end of the block, rolls back on any exception. StorageError."""
        ...
