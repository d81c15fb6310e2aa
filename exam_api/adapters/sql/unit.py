"""One transaction's repositories. Other areas add theirs here as further properties."""

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy.ext.asyncio import AsyncSession

from exam_api.adapters.sql.act_course import SqlActCourses
from exam_api.adapters.sql.admission_queue import SqlAdmissionQueue
from exam_api.adapters.sql.admissions import SqlAdmissions
from exam_api.adapters.sql.answers import SqlAnswers
from exam_api.adapters.sql.appeals import SqlAppeals
from exam_api.adapters.sql.audit import SqlAudit
from exam_api.adapters.sql.bank import SqlBank
from exam_api.adapters.sql.check_lists import SqlCheckLists
from exam_api.adapters.sql.directory import SqlDirectory
from exam_api.adapters.sql.erasures import SqlErasures
from exam_api.adapters.sql.events import SqlEvents
from exam_api.adapters.sql.exams import SqlExams
from exam_api.adapters.sql.identity import SqlIdentity
from exam_api.adapters.sql.item_bank import SqlItemBank
from exam_api.adapters.sql.item_imports import SqlItemImports
from exam_api.adapters.sql.jobs import SqlJobs
from exam_api.adapters.sql.kept_calls import SqlKeptCalls
from exam_api.adapters.sql.loaded_tests import SqlLoadedTests
from exam_api.adapters.sql.media_tokens import SqlMediaTokens
from exam_api.adapters.sql.notices import SqlNotices
from exam_api.adapters.sql.overview import SqlOverview
from exam_api.adapters.sql.people import SqlPeople, SqlSessions
from exam_api.adapters.sql.question_appeals import SqlQuestionAppeals
from exam_api.adapters.sql.results import SqlApiClients, SqlGrades, SqlResults
from exam_api.adapters.sql.schedule import SqlSchedule
from exam_api.adapters.sql.second_reviews import SqlSecondReviews
from exam_api.adapters.sql.seeds import SqlSeeds
from exam_api.adapters.sql.signatures import SqlSignatures
from exam_api.adapters.sql.sitting_log import SqlSittingLog
from exam_api.adapters.sql.sittings import SqlSittings
from exam_api.adapters.sql.statistics import SqlStatistics
from exam_api.adapters.sql.structure import SqlStructure
from exam_api.adapters.sql.transitions import SqlTransitions
from exam_api.services.ports import Clock


class SqlUnit:
    def __init__(self, session: AsyncSession, clock: Clock) -> None:
        self.session = session
        self._clock = clock

    @property
    def has_events(self) -> bool:
        return "events" in self.__dict__ and self.events.appended > 0

    @property
    def has_jobs(self) -> bool:
        return "jobs" in self.__dict__ and self.jobs.added > 0

    @property
    def touched_sittings(self) -> frozenset[str]:
        """Those that were saved, or that an event tells of."""
        used = [name for name in ("sittings", "events") if name in self.__dict__]
        return frozenset().union(*(getattr(self, name).touched for name in used))

    @property
    def answered(self) -> Mapping[str, int]:
        """How many items each sitting has answered that got answers."""
        return self.answers.answered if "answers" in self.__dict__ else {}

    @cached_property
    def people(self) -> SqlPeople:
        return SqlPeople(self.session)

    @cached_property
    def directory(self) -> SqlDirectory:
        return SqlDirectory(self.session)

    @cached_property
    def structure(self) -> SqlStructure:
        return SqlStructure(self.session)

    @cached_property
    def audit(self) -> SqlAudit:
        return SqlAudit(self.session, self._clock)

    @cached_property
    def sessions(self) -> SqlSessions:
        return SqlSessions(self.session)

    @cached_property
    def bank(self) -> SqlBank:
        return SqlBank(self.session)

    @cached_property
    def items(self) -> SqlItemBank:
        return SqlItemBank(self.session, self._clock)

    @cached_property
    def imports(self) -> SqlItemImports:
        return SqlItemImports(self.session)

    @cached_property
    def tests(self) -> SqlLoadedTests:
        return SqlLoadedTests(self.session)

    @cached_property
    def exams(self) -> SqlExams:
        return SqlExams(self.session)

    @cached_property
    def sittings(self) -> SqlSittings:
        return SqlSittings(self.session)

    @cached_property
    def transitions(self) -> SqlTransitions:
        return SqlTransitions(self.session)

    @cached_property
    def log(self) -> SqlSittingLog:
        return SqlSittingLog(self.session)

    @cached_property
    def question_appeals(self) -> SqlQuestionAppeals:
        return SqlQuestionAppeals(self.session)

    @cached_property
    def answers(self) -> SqlAnswers:
        return SqlAnswers(self.session)

    @cached_property
    def events(self) -> SqlEvents:
        return SqlEvents(self.session, self._clock)

    @cached_property
    def seeds(self) -> SqlSeeds:
        return SqlSeeds(self.session)

    @cached_property
    def overview(self) -> SqlOverview:
        return SqlOverview(self.session)

    @cached_property
    def jobs(self) -> SqlJobs:
        return SqlJobs(self.session, self._clock)

    @cached_property
    def kept_calls(self) -> SqlKeptCalls:
        return SqlKeptCalls(self.session)

    @cached_property
    def media_tokens(self) -> SqlMediaTokens:
        return SqlMediaTokens(self.session)

    @cached_property
    def notices(self) -> SqlNotices:
        return SqlNotices(self.session, self._clock, self.jobs)

    @cached_property
    def schedule(self) -> SqlSchedule:
        return SqlSchedule(self.session, self._clock)

    @cached_property
    def grades(self) -> SqlGrades:
        return SqlGrades(self.session)

    @cached_property
    def results(self) -> SqlResults:
        return SqlResults(self.session)

    @cached_property
    def api_clients(self) -> SqlApiClients:
        return SqlApiClients(self.session)

    @cached_property
    def admissions(self) -> SqlAdmissions:
        return SqlAdmissions(self.session, self._clock)

    @cached_property
    def admission_queue(self) -> SqlAdmissionQueue:
        return SqlAdmissionQueue(self.session)

    @cached_property
    def appeals(self) -> SqlAppeals:
        return SqlAppeals(self.session)

    @cached_property
    def act_course(self) -> SqlActCourses:
        return SqlActCourses(self.session, self.notices)

    @cached_property
    def signatures(self) -> SqlSignatures:
        return SqlSignatures(self.session)

    @cached_property
    def check_lists(self) -> SqlCheckLists:
        return SqlCheckLists(self.session)

    @cached_property
    def second_reviews(self) -> SqlSecondReviews:
        return SqlSecondReviews(self.session)

    @cached_property
    def statistics(self) -> SqlStatistics:
        return SqlStatistics(self.session)

    @cached_property
    def identity(self) -> SqlIdentity:
        return SqlIdentity(self.session, self._clock)

    @cached_property
    def erasures(self) -> SqlErasures:
        return SqlErasures(self.session)
