"""What the web layer needs to serve the exam core. bootstrap builds it (and may extend it)."""

from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from cryptography import x509
from prometheus_client import CollectorRegistry

from acts.protocol import render_protocol, render_protocol_html
from capture.ice import IceSettings
from exam_api.adapters.formulas import draw_formula
from exam_api.adapters.interchange import READERS, WRITERS
from exam_api.adapters.sheets import read_sheet
from exam_api.adapters.sql.database import Database
from exam_api.domain.act_course import ActPolicy
from exam_api.domain.appeals import AppealPolicy
from exam_api.domain.bank_tests import BankPolicy
from exam_api.domain.policy import AccessPolicy, RateLimits
from exam_api.services.accounts import Accounts
from exam_api.services.act_desk import ActDesk
from exam_api.services.admission import Admission
from exam_api.services.admitting import Admitting
from exam_api.services.appeals import AppealDesk
from exam_api.services.audit import AuditLog
from exam_api.services.bank_checks import TestDesk
from exam_api.services.bank_files import FileDesk
from exam_api.services.bank_items import ItemDesk
from exam_api.services.bank_pictures import Pictures
from exam_api.services.check_list_dues import LateLists
from exam_api.services.directory import PeopleDesk
from exam_api.services.erasures import KEPT_FOR, Erasures
from exam_api.services.exam_clock import ExamClock
from exam_api.services.idempotency import Idempotency
from exam_api.services.identity import Identity
from exam_api.services.identity_ports import FaceComparison, PrivateBlobs
from exam_api.services.media_tokens import LiveViews, SecondCamera
from exam_api.services.notices import Inbox, Letters, Outbox
from exam_api.services.own_sessions import SessionDesk
from exam_api.services.people_import import PeopleImport
from exam_api.services.ports import Clock, LiveMedia
from exam_api.services.proctor_actions import ProctorActions
from exam_api.services.protocol_papers import Render
from exam_api.services.question_appeals import QuestionAppealDesk
from exam_api.services.results import ResultsSettings
from exam_api.services.room_actions import RoomActions
from exam_api.services.scheduling import Scheduling
from exam_api.services.second_reviews import SecondReviews
from exam_api.services.signatures import ActSignatures, Signatures
from exam_api.services.sittings import SittingDesk
from exam_api.services.structure import StructureDesk
from exam_api.services.testing import Testing
from exam_api.web.notice_texts import letter_writer
from exam_api.web.role_names import role_names
from models.choice import ObjectChoice


@dataclass(frozen=True, slots=True)
class WebSettings:
    """``https``: whether browsers reach the server by https (a ``__Host-`` cookie, HSTS).

    ``token_origins``: other sites whose pages may call the endpoints that take a bearer token.
    ``address`` stands in front of links in mails, ``mail_from`` is who sends them. ``zone``: of
    every time on pages, in forms and in mails.
    """

    https: bool = False
    address: str = "http://localhost"
    mail_from: str = "baqylau@localhost"
    max_body_bytes: int = 262_144
    tick_s: float = 1.0
    token_origins: tuple[str, ...] = ()
    rates: RateLimits = field(default_factory=RateLimits)
    zone: ZoneInfo = ZoneInfo("Asia/Almaty")  # noqa: RUF009 - an immutable value


@dataclass(kw_only=True)
class Core:
    clock: Clock
    database: Database
    live: LiveMedia
    accounts: Accounts
    desk: SittingDesk
    testing: Testing
    blobs: PrivateBlobs
    faces: FaceComparison | None = None
    web: WebSettings = WebSettings()
    bank_policy: BankPolicy = field(default_factory=BankPolicy)
    results: ResultsSettings = field(default_factory=ResultsSettings)
    act_policy: ActPolicy = field(default_factory=ActPolicy)
    signers_authorities: tuple[x509.Certificate, ...] = ()
    photos_kept: timedelta = KEPT_FOR
    appeal_policy: AppealPolicy = field(default_factory=AppealPolicy)
    protocol_pdf: Render = render_protocol
    metrics: CollectorRegistry = field(default_factory=CollectorRegistry)
    ice: IceSettings = field(default_factory=IceSettings)
    watching: ObjectChoice = field(default_factory=ObjectChoice)
    admission: Admission = field(init=False)
    identity: Identity = field(init=False)
    room: RoomActions = field(init=False)
    actions: ProctorActions = field(init=False)
    idempotency: Idempotency = field(init=False)
    live_views: LiveViews = field(init=False)
    second_camera: SecondCamera = field(init=False)
    inbox: Inbox = field(init=False)
    letters: Letters = field(init=False)
    outbox: Outbox = field(init=False)
    people: PeopleDesk = field(init=False)
    structure: StructureDesk = field(init=False)
    audit: AuditLog = field(init=False)
    erasures: Erasures = field(init=False)
    log_ins: SessionDesk = field(init=False)
    people_import: PeopleImport = field(init=False)
    items: ItemDesk = field(init=False)
    tests: TestDesk = field(init=False)
    pictures: Pictures = field(init=False)
    files: FileDesk = field(init=False)
    scheduling: Scheduling = field(init=False)
    admitting: Admitting = field(init=False)

    act_desk: ActDesk = field(init=False)
    appeals: AppealDesk = field(init=False)
    signatures: Signatures = field(init=False)
    act_signatures: ActSignatures = field(init=False)
    late_lists: LateLists = field(init=False)
    second_reviews: SecondReviews = field(init=False)
    exam_clock: ExamClock = field(init=False)
    question_appeals: QuestionAppealDesk = field(init=False)

    def __post_init__(self) -> None:
        self.people = PeopleDesk(self.database, self.clock, self.accounts)
        self.structure = StructureDesk(self.database)
        self.audit = AuditLog(self.database)
        zone = self.results.zone
        self.erasures = Erasures(self.database, self.clock, self.blobs, zone, self.photos_kept)
        hasher = self.accounts.hasher
        self.people_import = PeopleImport(
            self.database, self.clock, self.accounts, read_sheet, role_names()
        )
        self.log_ins = SessionDesk(self.database, self.clock, self.accounts, hasher, self.live)
        self.identity = Identity(self.database, self.clock, self.blobs, self.faces)
        parts = (self.database, self.clock, self.live)
        self.admission = Admission(*parts)
        self.room = RoomActions(*parts)
        self.actions = ProctorActions(*parts)
        self.exam_clock = ExamClock(*parts, self.testing)
        self.question_appeals = QuestionAppealDesk(self.database, self.clock)
        self.idempotency = Idempotency(self.database, self.clock)
        tokens = (self.database, self.clock, AccessPolicy(), self.ice)
        self.live_views = LiveViews(*tokens)
        self.second_camera = SecondCamera(*tokens)
        self.inbox = Inbox(self.database)
        self.act_desk = ActDesk(self.database, self.clock, self.blobs, self.act_policy)
        stored = (self.database, self.clock, self.blobs)
        protocol = {"pdf": self.protocol_pdf, "html": render_protocol_html}
        self.appeals = AppealDesk(*stored, protocol, self.appeal_policy)
        self.signatures = Signatures(*stored, self.appeals.protocol, self.signers_authorities)
        self.act_signatures = ActSignatures(self.database, self.blobs)
        self.late_lists = LateLists(self.database, self.clock, self.act_policy)
        self.second_reviews = SecondReviews(self.database, self.clock, self.act_policy)
        self.scheduling = Scheduling(self.database, self.clock, self.live, self.erasures)
        self.admitting = Admitting(self.database, self.clock, read_sheet)
        write = letter_writer(self.web.address, self.web.zone)
        self.letters = Letters(self.database, self.blobs, write, self.web.mail_from)
        self.outbox = Outbox(self.database, self.letters)
        self.items = ItemDesk(self.database, self.clock, draw_formula, self.bank_policy)
        self.tests = TestDesk(self.database, self.clock)
        self.pictures = Pictures(self.database, self.clock, self.live, self.blobs, self.items)
        self.files = FileDesk(self.database, self.clock, self.blobs, self.items, READERS, WRITERS)
