"""The one place that wires everything: what is made here, in which order it starts and stops."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import structlog
from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from acts.form4 import render_form4_xlsx
from acts.form4_html import render_form4_html
from acts.form4_pdf import render_form4_pdf
from acts.forms import render_form, render_form_html
from acts.seal import SealKey
from acts.signatures import read_authorities
from capture.contracts import TrackKind
from capture.service import CaptureService
from capture.signing import RecordingKey
from capture.whep import whep_router
from capture.whip import whip_router
from exam_api.adapters.blobs import LocalBlobs, StoredBlobs, blobs_at
from exam_api.adapters.clock import SystemClock
from exam_api.adapters.faces import FaceMatcher
from exam_api.adapters.figures import flag_seconds
from exam_api.adapters.mail import FolderMailer, SmtpMailer
from exam_api.adapters.mp4 import FfmpegTranscoder
from exam_api.adapters.passwords import Argon2Passwords
from exam_api.adapters.recording_side import RecordingSide, recording_side
from exam_api.adapters.sealing import Sealer, form4_papers, packing
from exam_api.adapters.second_looker import ProcessLooker
from exam_api.adapters.sheets import read_sheet
from exam_api.adapters.sql.act_store import SqlActStore
from exam_api.adapters.sql.archive_store import SqlArchiveStore
from exam_api.adapters.sql.database import Database, open_database
from exam_api.adapters.sql.export_store import SqlExportStore
from exam_api.adapters.sql.keeping_store import SqlKeepingStore
from exam_api.adapters.sql.proctoring_store import SqlProctoringStore
from exam_api.adapters.sql.second_look_store import SqlSecondLookStore
from exam_api.adapters.sql.unit import SqlUnit
from exam_api.domain.appeals import AppealPolicy
from exam_api.services.accounts import Accounts
from exam_api.services.act_course import ANSWER_DUE
from exam_api.services.act_desk import AnswerDueJob
from exam_api.services.act_documents import Place
from exam_api.services.act_finishing import Finishing
from exam_api.services.act_jobs import MakeActJob
from exam_api.services.act_papers import ActPapers, PaperMakers
from exam_api.services.acts import Acts
from exam_api.services.archiving import Archive, ArchivedRecordings
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.deadlines import Deadlines
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.erasures import Erasures
from exam_api.services.exports import (
    EXPORT,
    EXPORT_JOBS,
    ExportFiles,
    ExportJob,
    ExportPolicy,
    Exports,
)
from exam_api.services.gap_fill import GapFill
from exam_api.services.jobs import Handler, JobRunner, Lane
from exam_api.services.joined_copies import JoinedCopies
from exam_api.services.keeping import RecordingKeeper
from exam_api.services.live import LiveHub
from exam_api.services.live_console import Console, Thumbnails
from exam_api.services.live_media import CapturedMedia
from exam_api.services.notices import MAIL, MailJob
from exam_api.services.notices_ports import Mailer
from exam_api.services.page_watch import PageWatch
from exam_api.services.ports import Clock
from exam_api.services.proctoring import ProctoringBridge
from exam_api.services.results import ResultsSettings
from exam_api.services.review_ports import MAKE_ACT
from exam_api.services.reviewing import Reviewing
from exam_api.services.second_look import SECOND_LOOK, SECOND_LOOKS, SecondLookJob
from exam_api.services.signatures import ActSignatures
from exam_api.services.sittings import SittingDesk
from exam_api.services.student_line import StudentLine
from exam_api.services.testing import Testing
from exam_api.settings import Settings
from exam_api.web.api import (
    check_lists,
    drawn_acts,
    exports,
    gap_fill,
    live_routes,
    review_papers,
    review_routes,
    student_line,
)
from exam_api.web.api.proctoring_services import ProctoringServices
from exam_api.web.app import create_app
from exam_api.web.container import Core, WebSettings
from exam_api.web.pages import install_pages
from exam_api.web.pages.errors import error_page
from models.registry import registry

_log = structlog.get_logger(__name__)
_RESTART_S = 1.0
Store = TypeVar("Store")


@dataclass(kw_only=True)
class Container(Core):
    """The exam core, and what the proctoring side adds. ``start_error``: why it did not start."""

    settings: Settings
    proctoring: ProctoringServices
    hub: LiveHub
    capture: CaptureService
    recording: RecordingSide
    bridge: ProctoringBridge
    keeper: RecordingKeeper
    archive: Archive | None
    student_line: StudentLine
    page_watch: PageWatch
    gap_fill: GapFill
    read_acts: "Transaction[SqlActStore]"
    jobs: JobRunner
    exports: Exports
    joined_copies: JoinedCopies
    export_jobs: JobRunner
    second_looks: JobRunner
    deadlines: Deadlines
    start_error: Exception | None = None


Transaction = Callable[[], AbstractAsyncContextManager[Store]]


async def build(settings: Settings) -> FastAPI:
    """The application, ready to be served.

    DatabaseUnreadable, StorageFull, SealKeyUnreadable, SignersCaUnreadable,
    RecordingKeyUnreadable.
    """
    clock = SystemClock()
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    seal_key = await asyncio.to_thread(_seal_key, settings, clock)
    key = await asyncio.to_thread(RecordingKey.load_or_create, settings.recording_key_path)
    database = await open_database(settings.database, clock)
    container = _container(settings, database, clock, seal_key, key)
    database.listeners.append(container.hub.wake)
    database.job_listeners += [container.jobs.wake, container.export_jobs.wake]
    if seal_key.self_made:
        _log.warning(
            "seal_is_self_made", fingerprint=seal_key.fingerprint, set="BAQYLAU_SEAL_PKCS12"
        )
    return create_app(
        container,
        routers=(
            live_routes.router,
            review_routes.router,
            review_papers.router,
            check_lists.router,
            drawn_acts.router,
            student_line.router,
            gap_fill.router,
            exports.router,
            whip_router(container.capture, container.desk.authorize_publish, settings.ice),
            whep_router(container.capture, container.live_views.authorize, settings.ice),
        ),
        install_pages=install_pages,
        error_page=error_page,
        lifespan=_lifespan(container),
    )


def _seal_key(settings: Settings, clock: Clock) -> SealKey:
    if settings.seal_pkcs12 is None:
        return SealKey.load_or_create(settings.seal_path)
    password = settings.seal_password.get_secret_value()
    return SealKey.from_pkcs12(settings.seal_pkcs12, password, clock.now())


def container_of(app: FastAPI) -> Container:
    container = app.state.core
    assert isinstance(container, Container)
    return container


@dataclass(frozen=True, kw_only=True)
class _Ground:
    """What every side stands on: the stores, and the recordings as they are made and kept."""

    settings: Settings
    database: Database
    clock: Clock
    seal_key: SealKey
    metrics: CollectorRegistry
    blobs: StoredBlobs
    thumbnails: Thumbnails
    bridge: ProctoringBridge
    recording: RecordingSide
    archive: Archive | None

    @property
    def capture(self) -> CaptureService:
        return self.recording.capture

    @property
    def recordings(self) -> "ArchivedRecordings | CaptureService":
        return ArchivedRecordings(self.capture, self.archive) if self.archive else self.capture

    @property
    def read_acts(self) -> "Transaction[SqlActStore]":
        return _stores(self.database.read, lambda unit: SqlActStore(unit, self.clock))

    @property
    def write_acts(self) -> "Transaction[SqlActStore]":
        return _stores(self.database.write, lambda unit: SqlActStore(unit, self.clock))


def _ground(settings: Settings, database: Database, clock: Clock, seal_key: SealKey) -> _Ground:
    metrics = CollectorRegistry()
    blobs = blobs_at(settings.bucket_url) if settings.bucket_url else LocalBlobs(settings.blobs_dir)
    bridge = ProctoringBridge(
        _stores(database.write, lambda unit: SqlProctoringStore(unit, clock)),
        blobs,
        clock=clock,
        flag_took=flag_seconds(metrics),
    )
    thumbnails = Thumbnails(clock)
    recording = recording_side(settings, bridge, thumbnails.keep)
    recording.register_metrics(metrics, settings.data_dir)
    return _Ground(
        settings=settings,
        database=database,
        clock=clock,
        seal_key=seal_key,
        metrics=metrics,
        blobs=blobs,
        thumbnails=thumbnails,
        bridge=bridge,
        recording=recording,
        archive=_archive(settings, database, blobs, recording.capture, clock),
    )


def _container(
    settings: Settings,
    database: Database,
    clock: Clock,
    seal_key: SealKey,
    recording_key: RecordingKey,
) -> Container:
    ground = _ground(settings, database, clock, seal_key)
    capture, blobs = ground.capture, ground.blobs
    live = CapturedMedia(capture)
    hub = LiveHub()
    handlers: dict[str, Handler] = {}
    exports, export_jobs = _exports(ground)
    container = Container(
        clock=clock,
        database=database,
        live=live,
        accounts=Accounts(database, clock, Argon2Passwords()),
        desk=SittingDesk(database, clock, live, ice=settings.ice),
        testing=Testing(database, clock, live),
        ice=settings.ice,
        blobs=blobs,
        faces=FaceMatcher(lambda: registry(settings.data_dir, settings.models_dir)),
        metrics=ground.metrics,
        act_policy=settings.act_policy,
        photos_kept=settings.photos_kept,
        signers_authorities=read_authorities(settings.signers_ca) if settings.signers_ca else (),
        appeal_policy=AppealPolicy(settings.appeal_days, settings.zone),
        protocol_pdf=Sealer(seal_key, settings.seal_timestamp_url).protocol,
        results=ResultsSettings(settings.zone, settings.statement_after_days),
        web=_web(settings),
        bank_policy=settings.bank_policy,
        settings=settings,
        proctoring=_proctoring(ground, hub),
        hub=hub,
        capture=capture,
        recording=ground.recording,
        watching=ground.recording.watching,
        bridge=ground.bridge,
        archive=ground.archive,
        keeper=_keeper(ground, recording_key),
        student_line=StudentLine(database, capture, clock),
        page_watch=PageWatch(database, clock, ground.bridge.on_flag),
        gap_fill=_gap_fill(ground),
        read_acts=ground.read_acts,
        jobs=JobRunner(database, clock, handlers, lane=Lane(frozenset({EXPORT, SECOND_LOOK}))),
        exports=exports,
        joined_copies=JoinedCopies(settings.recordings_dir, settings.joined_kept, clock),
        export_jobs=export_jobs,
        second_looks=_second_looks(ground),
        deadlines=Deadlines(
            database,
            clock,
            Erasures(database, clock, blobs, settings.zone, settings.photos_kept),
            settings.zone,
            policy=settings.deadline_policy,
            bank=settings.bank_policy,
        ),
    )
    container.identity.watch = ground.bridge
    handlers[ANSWER_DUE] = AnswerDueJob(database, clock, settings.act_policy)
    making = container.proctoring
    handlers[MAKE_ACT] = MakeActJob(making.acts, making.drawn, ground.write_acts)
    handlers[MAIL] = MailJob(container.letters, _mailer(settings))
    return container


def _web(settings: Settings) -> WebSettings:
    return WebSettings(
        https=settings.secure_cookies,
        address=settings.address,
        mail_from=settings.mail_from,
        rates=settings.rates,
        token_origins=tuple(settings.whip_origins.split()),
        zone=settings.zone,
    )


def _proctoring(ground: _Ground, hub: LiveHub) -> ProctoringServices:
    """What watches, reviews and writes acts."""
    settings, clock, blobs = ground.settings, ground.clock, ground.blobs
    read, write, recordings = ground.read_acts, ground.write_acts, ground.recordings
    place = Place(settings.address, settings.zone)
    sealer = Sealer(ground.seal_key, settings.seal_timestamp_url)
    numbers, packed = settings.act_number_format, packing(ground.seal_key)
    acts = Acts(
        read,
        write,
        recordings,
        blobs,
        clock,
        place=place,
        number_format=numbers,
        render=sealer.act,
        render_form4=render_form4_xlsx,
    )
    papers = form4_papers(blobs, place, sealer)
    return ProctoringServices(
        console=Console(
            read,
            ground.capture,
            ground.thumbnails,
            hub,
            clock,
            disk_low=lambda: _disk_low(settings),
        ),
        reviewing=Reviewing(read, write, recordings, blobs, clock),
        acts=acts,
        papers=ActPapers(
            acts,
            read,
            blobs,
            PaperMakers(render_form4_pdf, render_form4_html, render_form_html, packed),
            ActSignatures(ground.database, blobs).packed,
        ),
        check_lists=CheckListDesk(ground.database, clock, papers, read_sheet, settings.act_policy),
        drawn=DrawnActs(
            read,
            write,
            blobs,
            clock,
            Finishing(write, blobs, sealer.act),
            recordings=recordings,
            place=place,
            number_format=numbers,
            preview=render_form,
            policy=settings.act_policy,
        ),
    )


def _keeper(ground: _Ground, key: RecordingKey) -> RecordingKeeper:
    return RecordingKeeper(
        _stores(ground.database.read, SqlKeepingStore),
        _stores(ground.database.write, SqlKeepingStore),
        ground.capture,
        key,
        ground.clock,
    )


def _gap_fill(ground: _Ground) -> GapFill:
    return GapFill(
        ground.database,
        _stores(ground.database.write, SqlKeepingStore),
        ground.capture,
        folder=ground.settings.incoming_dir,
        clock=ground.clock,
    )


def _exports(ground: _Ground) -> tuple[Exports, JobRunner]:
    """MP4 files to take away, and the lane in which they are made."""
    settings, database, clock = ground.settings, ground.database, ground.clock
    recordings = ground.recordings
    files = ExportFiles(
        settings.exports_dir,
        ground.blobs,
        FfmpegTranscoder(),
        ExportPolicy(kept=timedelta(days=settings.exports_kept_d)),
    )
    exports = Exports(
        _stores(database.read, lambda unit: SqlExportStore(unit, clock)),
        _stores(database.write, lambda unit: SqlExportStore(unit, clock)),
        recordings,
        files,
        clock,
    )
    handlers: dict[str, Handler] = {EXPORT: ExportJob(recordings, files, clock)}
    lane = Lane(frozenset({EXPORT}), only=True)
    return exports, JobRunner(database, clock, handlers, EXPORT_JOBS, lane)


def _second_looks(ground: _Ground) -> JobRunner:
    settings, database, clock = ground.settings, ground.database, ground.clock
    look = SecondLookJob(
        _stores(database.write, lambda unit: SqlSecondLookStore(unit, clock)),
        ground.recordings,
        ground.blobs,
        ProcessLooker(settings.data_dir, settings.models_dir),
        ground.capture,
    )
    lane = Lane(frozenset({SECOND_LOOK}), only=True)
    return JobRunner(database, clock, {SECOND_LOOK: look}, SECOND_LOOKS, lane)


def _disk_low(settings: Settings) -> bool:
    return shutil.disk_usage(settings.data_dir).free < settings.disk_warn_gb * 10**9


def _archive(
    settings: Settings,
    database: Database,
    bucket: StoredBlobs,
    capture: CaptureService,
    clock: Clock,
) -> Archive | None:
    """None where the local disk is the only store: files lie where they were recorded."""
    if not settings.bucket_url:
        return None
    hours = settings.local_copies_h
    return Archive(
        _stores(database.read, SqlArchiveStore),
        _stores(database.write, SqlArchiveStore),
        bucket,
        capture=capture,
        root=settings.recordings_dir,
        clock=clock,
        keep=None if hours is None else timedelta(hours=hours),
    )


def _mailer(settings: Settings) -> Mailer:
    if not settings.smtp_host:
        return FolderMailer(settings.outbox_dir)
    return SmtpMailer(
        settings.smtp_host,
        settings.smtp_port,
        sender=settings.mail_from,
        security=settings.smtp_security,
        user=settings.smtp_user,
        password=settings.smtp_password.get_secret_value(),
    )


def _stores(
    units: Callable[[], AbstractAsyncContextManager[SqlUnit]], bind: Callable[[SqlUnit], Store]
) -> Transaction[Store]:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Store]:
        async with units() as unit:
            yield bind(unit)

    return opened


def _lifespan(container: Container) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Starts from the recordings outwards; stops in reverse, so that the last reports are stored.

    The database outlives it (the app's own lifespan closes it).
    """

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            try:
                await _start(container, stack)
            except Exception as error:
                container.start_error = error  # the server only says that it did not start
                raise
            yield

    return running


async def _start(container: Container, stack: AsyncExitStack) -> None:
    capture, recording, bridge = container.capture, container.recording, container.bridge
    bridge.open()
    await capture.start()
    await _resume(container)
    analysis = recording.analysis()
    tasks: dict[str, Callable[[], Awaitable[None]]] = {
        "bridge": lambda: bridge.run(analysis, capture),
        "load": recording.watch_load,
        "live events": lambda: container.hub.run(_newest_event(container)),
        "jobs": container.jobs.run,
        "export jobs": container.export_jobs.run,
        "second looks": container.second_looks.run,
        "exports": container.exports.run,
        "joined copies": container.joined_copies.run,
        "uploads": container.gap_fill.run,
        "pages": container.page_watch.run,
        **({"archive": container.archive.run} if container.archive else {}),
        "deadlines": container.deadlines.run,
        "test files": container.files.run,
    }
    for name, work in tasks.items():
        await stack.enter_async_context(_task(name, _restarted(name, work)))
    stack.push_async_callback(bridge.settled)
    stack.push_async_callback(asyncio.to_thread, recording.stop_analyzer)
    await asyncio.to_thread(recording.start_analyzer)
    stack.push_async_callback(capture.aclose)
    sealing = _restarted("recordings", container.keeper.run)  # ends before what it writes with
    await stack.enter_async_context(_task("recordings", sealing))
    stack.callback(container.hub.close)
    await stack.enter_async_context(_task("acts", container.proctoring.acts.settle_all()))
    await stack.enter_async_context(_task("drawn acts", container.proctoring.drawn.finish_all()))


async def _resume(container: Container) -> None:
    """Manifests are the truth about recordings: their rows follow."""
    capture = container.capture
    async with container.read_acts() as store:
        recent = await store.recently_recorded()
    recordings = [
        await asyncio.to_thread(capture.recording, sitting, kind)
        for sitting in recent
        for kind in TrackKind
    ]
    await container.bridge.resume(
        [segment for recording in recordings for segment in recording],
        [(recording.sitting_id, gap) for recording in recordings for gap in recording.gaps],
        capture,
    )


def _newest_event(container: Container) -> Callable[[], Awaitable[int]]:
    async def newest() -> int:
        async with container.read_acts() as store:
            return await store.last_event_id()

    return newest


async def _restarted(name: str, work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - what crashed is logged and starts again
            _log.exception("task_restarts", task=name)
            await asyncio.sleep(_RESTART_S)


@asynccontextmanager
async def _task(name: str, work: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(work)
    if isinstance(task, asyncio.Task):
        task.set_name(name)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
