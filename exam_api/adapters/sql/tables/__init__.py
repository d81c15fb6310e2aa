"""Every table of the system. Migrations build the schema; a test proves that both are equal.

Times are UTC; ids are UUIDv7 strings; ``*_ms`` counts from the sitting's origin. Columns marked
``pii`` hold personal data: they are never logged and follow the retention rules.
"""

from exam_api.adapters.sql.tables.act_course import (
    ActCourseRow,
    ActStepRow,
    SecondReviewRow,
)
from exam_api.adapters.sql.tables.api import KeptCallRow
from exam_api.adapters.sql.tables.appeals import (
    AppealCommission,
    AppealCommissionMember,
    AppealRow,
    AppealVoteRow,
)
from exam_api.adapters.sql.tables.audit import AuditRow, SecondLogInRow
from exam_api.adapters.sql.tables.bank import (
    Discipline,
    Item,
    ItemImportRow,
    LoadedTestRow,
    LoadingRight,
    Topic,
)
from exam_api.adapters.sql.tables.base import Base
from exam_api.adapters.sql.tables.check_lists import (
    CheckListFindingRow,
    CheckListRow,
    CheckListSitting,
    CheckListStepRow,
)
from exam_api.adapters.sql.tables.erasures import ErasureRow
from exam_api.adapters.sql.tables.exams import (
    Answer,
    AnswerLog,
    Exam,
    ExamMember,
    ExamProctor,
    ItemCredit,
    PublishToken,
    QuestionAppealRow,
    Sitting,
    SittingLogRow,
    TransitionRow,
)
from exam_api.adapters.sql.tables.identity import Consent, IdentityPhoto, RulesVersion
from exam_api.adapters.sql.tables.jobs import JobRow
from exam_api.adapters.sql.tables.media import MediaTokenRow
from exam_api.adapters.sql.tables.notices import NoticeReader, NoticeRow
from exam_api.adapters.sql.tables.people import (
    Department,
    Faculty,
    LogInFailure,
    LogInSession,
    Programme,
    StudentProfile,
    StudyGroup,
    User,
)
from exam_api.adapters.sql.tables.proctoring import (
    ActCounter,
    ActRow,
    AnalysedRow,
    DecisionRow,
    EventRow,
    FlagRow,
    GapRow,
    SegmentRow,
)
from exam_api.adapters.sql.tables.recordings import ArchivedFile, SealedRow
from exam_api.adapters.sql.tables.results import ApiClientRow, GradeChangeRow, JournalRow
from exam_api.adapters.sql.tables.schedule import (
    Enrolment,
    ExamPeriod,
    ExamRoom,
    Handover,
    Rating,
    RatingStatement,
    Room,
    WorkingGroup,
    WorkingGroupMember,
)
from exam_api.adapters.sql.tables.signatures import SignatureRow

__all__ = [
    "ActCounter",
    "ActCourseRow",
    "ActRow",
    "ActStepRow",
    "AnalysedRow",
    "Answer",
    "AnswerLog",
    "ApiClientRow",
    "AppealCommission",
    "AppealCommissionMember",
    "AppealRow",
    "AppealVoteRow",
    "ArchivedFile",
    "AuditRow",
    "Base",
    "CheckListFindingRow",
    "CheckListRow",
    "CheckListSitting",
    "CheckListStepRow",
    "Consent",
    "DecisionRow",
    "Department",
    "Discipline",
    "Enrolment",
    "ErasureRow",
    "EventRow",
    "Exam",
    "ExamMember",
    "ExamPeriod",
    "ExamProctor",
    "ExamRoom",
    "Faculty",
    "FlagRow",
    "GapRow",
    "GradeChangeRow",
    "Handover",
    "IdentityPhoto",
    "Item",
    "ItemCredit",
    "ItemImportRow",
    "JobRow",
    "JournalRow",
    "KeptCallRow",
    "LoadedTestRow",
    "LoadingRight",
    "LogInFailure",
    "LogInSession",
    "MediaTokenRow",
    "NoticeReader",
    "NoticeRow",
    "Programme",
    "PublishToken",
    "QuestionAppealRow",
    "Rating",
    "RatingStatement",
    "Room",
    "RulesVersion",
    "SealedRow",
    "SecondLogInRow",
    "SecondReviewRow",
    "SegmentRow",
    "SignatureRow",
    "Sitting",
    "SittingLogRow",
    "StudentProfile",
    "StudyGroup",
    "Topic",
    "TransitionRow",
    "User",
    "WorkingGroup",
    "WorkingGroupMember",
]
