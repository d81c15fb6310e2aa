"""What reviewing and acts read and write.

Every query that starts from a person asks for the actor: what may not be seen is not found.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, Protocol

from analysis.contracts import AnalysedStretch
from capture.contracts import Gap, Segment
from exam_api.domain.act_course import ActState
from exam_api.domain.check_lists import Checked
from exam_api.domain.roles import Actor
from exam_api.domain.sitting import Exam, Sitting
from exam_api.domain.sitting_log import LogEntry
from exam_api.services.jobs import Jobs
from exam_api.services.notices_ports import Notices
from exam_api.services.proctoring_ports import (
    Break,
    EventSink,
    StoredDecision,
    StoredEvent,
    StoredFlag,
    Verdict,
)
from exam_api.services.sitting_log_ports import NamedEntry

MAKE_ACT: Final = "act"  # the kind of job that makes an act (act_jobs)
MAKE_ACT_AFTER: Final = timedelta(seconds=30)  # by then the request has made it, most often


@dataclass(frozen=True, slots=True)
class StudentCard:
    """The student as the people who watch the exam see them."""

    full_name: str
    faculty: str
    programme: str
    course: int | None
    group: str


@dataclass(frozen=True, slots=True)
class WatchedSitting:
    sitting: Sitting
    exam: Exam
    student: StudentCard
    proctor_name: str


class ActSource(StrEnum):
    FLAGS = "flags"  # made of confirmed flags: one act a sitting (S-17)
    PEOPLE = "people"  # drawn up by people (S-12; forms 2 and 3)


@dataclass(frozen=True, slots=True)
class StoredAct:
    """One revision of an act. ``files`` is empty until every language is rendered and sealed.

    ``about_id``: of form 2, the act that was not signed.
    """

    id: str
    sitting_id: str
    number: str
    year: int
    seq: int
    revision: int
    made_at: datetime
    made_by: str
    document: Mapping[str, Any]
    files: Mapping[str, str]
    digests: Mapping[str, str]
    form: int = 1
    source: ActSource = ActSource.FLAGS
    about_id: str | None = None

    @property
    def complete(self) -> bool:
        return bool(self.files)


class ReviewStore(EventSink, Protocol):
    @property
    def jobs(self) -> Jobs: ...
    @property
    def notices(self) -> Notices: ...
    async def exam(self, exam_id: str, actor: Actor) -> Exam:
        """An exam the actor watches. NotFound."""

    async def sitting(self, sitting_id: str, actor: Actor) -> WatchedSitting:
        """NotFound."""

    async def sittings(self, exam_id: str, actor: Actor) -> Sequence[WatchedSitting]: ...

    async def flag(self, flag_id: str, actor: Actor) -> tuple[StoredFlag, WatchedSitting]:
        """NotFound."""

    async def flags(self, sitting_ids: Sequence[str]) -> Sequence[StoredFlag]:
        """By time on each sitting's timeline."""

    async def decisions(self, sitting_ids: Sequence[str]) -> Sequence[StoredDecision]:
        """Oldest first."""

    async def answered(self, sitting_ids: Sequence[str]) -> Mapping[str, int]: ...

    async def breaks(self, sitting_ids: Sequence[str]) -> Mapping[str, Sequence[Break]]: ...

    async def logs(self, sitting_ids: Sequence[str]) -> Mapping[str, Sequence[LogEntry]]:
        """Oldest first."""

    async def note(self, entry: LogEntry) -> None:
        """Adds to the log of a sitting that is held."""

    async def second_log_ins(self, sitting_ids: Sequence[str]) -> Collection[str]:
        """Those of these sittings whose student was signed in elsewhere meanwhile."""

    async def segments(self, sitting_id: str) -> Sequence[Segment]:
        """Of all tracks; each track's in order."""

    async def gaps(self, sitting_id: str) -> Sequence[Gap]:
        """Of all tracks, by time."""

    async def analysed(self, sitting_id: str) -> Sequence[AnalysedStretch]:
        """How much the analysis looked at, by time; empty where nothing was kept."""

    async def acts(self, sitting_ids: Sequence[str]) -> Sequence[StoredAct]:
        """Those made of flags, newest revision first."""

    async def drawn(self, sitting_ids: Sequence[str]) -> Sequence[StoredAct]:
        """Those that people drew up, all revisions, the newest first."""

    async def hold(self, sitting_id: str) -> None:
        """Against other writers till the end of the transaction; before any event is appended."""

    async def may_decide(self, sitting_id: str, actor: Actor) -> bool:
        """Whether the actor is the proctor of this sitting."""

    async def forwarded_at(self, sitting_id: str) -> datetime | None:
        """When the act made of the sitting's flags went on its way; None where it is not on it."""

    async def concluded_by(self, sitting_id: str) -> Sequence[str]:
        """Ids: proctor and member of a list that is handed in, and who forwarded the act."""

    async def add_decision(
        self, flag_id: str, verdict: Verdict, comment: str, actor: Actor
    ) -> StoredDecision: ...

    async def own_sitting(self, sitting_id: str, actor: Actor) -> Sitting:
        """The actor's own sitting. NotFound."""

    async def last_event_id(self) -> int: ...

    async def events_after(self, exam_id: str, after: int, limit: int) -> Sequence[StoredEvent]: ...


class ActStore(ReviewStore, Protocol):
    async def lock_sitting(self, sitting_id: str) -> WatchedSitting:
        """For the system itself; held against other writers till the unit ends. NotFound."""

    async def said(self, sitting_id: str) -> Sequence[NamedEntry]:
        """The sitting's log, each entry with the name of who wrote it; oldest first."""

    async def act(self, act_id: str, actor: Actor) -> StoredAct:
        """An act the actor watches, or was sent: the commission (S-18), the student (S-19)."""

    async def act_for_anyone(self, act_id: str) -> StoredAct | None:
        """For the public verification, which tells no personal data."""

    async def revisions_of(self, act: StoredAct) -> Sequence[StoredAct]:
        """All under the same number, newest first."""

    async def course_state(self, act: StoredAct) -> ActState | None:
        """Where the act is on its way, whatever its revision; None: nobody has taken a step."""

    async def draw_number(self, year: int, form: int) -> int:
        """The form's next number of the year, without gaps: a unit that fails gives it back."""

    async def add_act(self, act: StoredAct) -> None: ...

    async def complete_act(
        self, act_id: str, files: Mapping[str, str], digests: Mapping[str, str]
    ) -> None: ...

    async def members_of(self, exam_id: str) -> Sequence[str]:
        """Full names of those who answer for the exam (S-15)."""

    async def checked(self, sitting_ids: Sequence[str]) -> Mapping[str, Checked]:
        """What form 4 says of each (S-17)."""

    async def decided_sittings(self) -> Sequence[str]:
        """Sittings with at least one decision: after a crash their acts may lag behind."""

    async def recently_recorded(self) -> Sequence[str]:
        """Sittings whose recording may have grown without their rows: not long finished."""
