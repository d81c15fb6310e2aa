"""MP4 exports: who may ask, what is refused, progress, one file a recording, removal in time."""

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial

import httpx
import pytest

from capture.contracts import Recording, Segment, SuppliedSegment, TrackKind
from capture.errors import NothingRecorded
from exam_api.adapters.sql.export_store import SqlExportStore
from exam_api.domain.errors import (
    ExportFailed,
    ExportNotReady,
    ExportUnavailable,
    NotFound,
    SittingNotOver,
    StorageFull,
)
from exam_api.services import testing
from exam_api.services.accounts import Accounts
from exam_api.services.exports import (
    EXPORT,
    EXPORT_JOBS,
    ExportFiles,
    ExportJob,
    ExportPolicy,
    Exports,
    blob_key,
    export_key,
)
from exam_api.services.jobs import JobRunner, Lane
from exam_api.services.ports import MediaState
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.services.sittings import SittingDesk
from exam_api.web.api import exports as export_routes
from exam_api.web.app import create_app
from exam_api.web.container import Core
from tests.patience import PATIENCE_S

CAMERA = TrackKind.CAMERA
MP4 = bytes(range(250)) * 4


@dataclass
class FakeTranscoder:
    """Goes through ``steps`` of the recording, each told after 3 s; ``fails``: so many times."""

    clock: object
    there: bool = True
    fails: int = 0
    stuck: asyncio.Event | None = None
    steps: tuple[int, ...] = (15_000, 30_000, 60_000)
    seen: list[int] = field(default_factory=list)
    runs: int = 0

    def available(self):
        return self.there

    async def transcode(self, source, target, told):
        self.runs += 1
        target.write_bytes(b"half")
        for at_ms in self.steps:
            self.clock.move(seconds=3)
            await told(at_ms)
        if self.stuck is not None:
            self.stuck.set()
            await asyncio.sleep(3600)
        if self.runs <= self.fails:
            raise ExportFailed
        target.write_bytes(MP4)


@dataclass
class Office:
    world: object
    exports: Exports
    files: ExportFiles
    transcoder: FakeTranscoder
    runner: JobRunner
    sitting_id: str

    async def ask(self, login="proctor1", track=CAMERA):
        return await self.exports.ask(await self.world.actor(login), self.sitting_id, track)

    async def state(self, login="proctor1"):
        return await self.exports.state(await self.world.actor(login), self.sitting_id, CAMERA)

    async def bytes(self, login="proctor1"):
        actor = await self.world.actor(login)
        video = await self.exports.video(actor, self.sitting_id, CAMERA)
        return b"".join([piece async for piece in video.read(0, video.size - 1)])

    @property
    def key(self):
        return export_key(self.world.recordings.recording(self.sitting_id))


@pytest.fixture
async def office(world, tmp_path):
    sitting_id = await world.sitting()
    segment = Segment(
        sitting_id, 1, "000001.webm", 500, 60_000, 9, "a" * 64, "b" * 64, "vp8", None, 640, 480
    )
    world.recordings.recordings[sitting_id] = Recording(sitting_id, (segment,), digest="b" * 64)
    joined = tmp_path / "recording.webm"
    joined.write_bytes(b"webm")
    world.recordings.files[sitting_id] = joined
    transcoder = FakeTranscoder(world.clock)
    files = ExportFiles(
        tmp_path / "exports", world.blobs, transcoder, ExportPolicy(reserve_bytes=0)
    )
    stores = [
        partial(world._opened, opened, lambda unit: SqlExportStore(unit, world.clock))
        for opened in (world.database.read, world.database.write)
    ]
    job = ExportJob(world.recordings, files, world.clock)
    lane = Lane(frozenset({EXPORT}), only=True)
    runner = JobRunner(world.database, world.clock, {EXPORT: job}, EXPORT_JOBS, lane)
    exports = Exports(*stores, world.recordings, files, world.clock)
    await world.finish(sitting_id, 60_000)
    return Office(world, exports, files, transcoder, runner, sitting_id)


async def test_an_export_is_made_once_and_fetched(office):
    assert (await office.state()).state == "none"
    with pytest.raises(ExportNotReady):
        await office.bytes()
    assert ((await office.ask()).state, (await office.ask()).state) == ("waiting", "waiting")
    assert await office.runner.run_due() == 1
    made = await office.state()
    assert (made.state, made.progress, made.error) == ("done", 100, "")
    assert made.until == office.world.clock.now() + office.files.policy.kept
    assert await office.bytes() == MP4
    assert (await office.ask()).state == "done"
    assert await office.runner.run_due() == 0
    assert list(office.files.folder.iterdir()) == []


async def test_progress_is_on_record_while_it_is_made(office):
    office.transcoder.stuck = asyncio.Event()
    office.transcoder.steps = (15_000, 30_000)
    await office.ask()
    running = asyncio.create_task(office.runner.run())
    async with asyncio.timeout(PATIENCE_S):
        await office.transcoder.stuck.wait()
    now = await office.state()
    assert (now.state, now.progress) == ("running", 50)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
    assert list(office.files.folder.iterdir()) == []
    # Stopped in the middle, it is made from the start once the lease has ended.
    office.transcoder.stuck = None
    office.world.clock.move(seconds=31)
    assert await office.runner.run_due() == 1
    assert await office.bytes() == MP4


async def test_a_whole_file_is_stored_and_not_made_again(office):
    await office.ask()
    office.files.folder.mkdir(exist_ok=True)
    office.files.path(office.key).write_bytes(b"whole")
    assert await office.runner.run_due() == 1
    assert (office.transcoder.runs, await office.bytes()) == (0, b"whole")


async def test_what_fails_is_tried_three_times_and_again_when_asked(office):
    office.transcoder.fails = 3
    await office.ask()
    for _ in range(3):
        assert await office.runner.run_due() == 1
        office.world.clock.move(minutes=5)
    failed = await office.state()
    assert (failed.state, failed.error, failed.until) == ("failed", "export_failed", None)
    assert list(office.files.folder.iterdir()) == []
    assert (await office.ask()).state == "waiting"
    assert await office.runner.run_due() == 1
    assert (await office.state()).state == "done"


async def test_a_transcoding_without_end_is_given_up(office):
    office.files = replace(
        office.files, policy=replace(office.files.policy, times=0, least=0.01 * EXPORT_JOBS.lease)
    )
    office.transcoder.stuck = asyncio.Event()
    job = ExportJob(office.world.recordings, office.files, office.world.clock)
    runner = JobRunner(office.world.database, office.world.clock, {EXPORT: job}, EXPORT_JOBS)
    await office.ask()
    async with asyncio.timeout(PATIENCE_S):
        assert await runner.run_due() == 1
    async with office.world.database.read() as unit:
        (status,) = await unit.jobs.statuses([office.key])
    assert (status.state, status.error) == ("waiting", "export_failed")


async def test_what_cannot_be_exported_is_refused_with_its_reason(office, monkeypatch):
    with pytest.raises(NothingRecorded):
        await office.ask(track=TrackKind.SCREEN)
    office.transcoder.there = False
    with pytest.raises(ExportUnavailable):
        await office.ask()
    office.transcoder.there = True
    full = replace(office.files.policy, reserve_bytes=2**62)
    exports = Exports(
        office.exports._read,
        office.exports._write,
        office.world.recordings,
        replace(office.files, policy=full),
        office.world.clock,
    )
    with pytest.raises(StorageFull):
        await exports.ask(await office.world.actor("proctor1"), office.sitting_id, CAMERA)
    await office.world.begin(office.sitting_id, 10_000)
    with pytest.raises(SittingNotOver):
        await office.ask()
    assert await office.runner.run_due() == 0


async def test_what_was_supplied_later_makes_another_export(office):
    await office.ask()
    await office.runner.run_due()
    recordings = office.world.recordings.recordings
    supplied = SuppliedSegment(
        "c" * 32, "c000001.webm", 60_000, 65_000, 1, "c" * 64, "d" * 64, "vp8", "opus", 2, 2
    )
    recordings[office.sitting_id] = replace(recordings[office.sitting_id], supplied=(supplied,))
    assert (await office.state()).state == "none"
    assert (await office.ask()).state == "waiting"


async def test_exports_are_removed_after_their_time_and_may_be_made_again(office):
    await office.ask()
    await office.runner.run_due()
    office.world.clock.move(days=6)
    await office.exports.remove_old()
    assert await office.bytes() == MP4
    office.world.clock.move(days=1)
    await office.exports.remove_old()
    with pytest.raises(NotFound):
        await office.world.blobs.get(blob_key(office.key))
    assert (await office.state()).state == "none"
    assert (await office.ask()).state == "waiting"
    assert await office.runner.run_due() == 1
    assert await office.bytes() == MP4


async def test_mails_do_not_wait_for_exports(office):
    sent = []

    async def mail(run):
        sent.append(run.job.key)

    await office.ask()
    async with office.world.database.write() as unit:
        await unit.jobs.add("mail:1", "mail", {})
    others = JobRunner(
        office.world.database,
        office.world.clock,
        {"mail": mail},
        lane=Lane(frozenset({EXPORT})),
    )
    assert (await others.run_due(), sent) == (1, ["mail:1"])
    assert (await office.state()).state == "waiting"


@pytest.mark.parametrize("login", ["student1", "student2"])
async def test_only_who_watches_the_sitting_may_have_it(office, login):
    await office.ask()
    await office.runner.run_due()
    for refused in (office.ask, office.state, office.bytes):
        with pytest.raises(NotFound):
            await refused(login)


class NoMedia:
    def state(self, sitting_id):
        return MediaState(live=False, connected=False, seconds=0)

    async def end_sitting(self, sitting_id): ...
    async def end_views(self, sitting_id): ...


class PlainHasher:
    def hash(self, password):
        return password

    def verify(self, password, hashed):
        return password == hashed, None


@dataclass(kw_only=True)
class ExportCore(Core):
    exports: Exports


@pytest.fixture
def clients(office):
    world, live = office.world, NoMedia()
    core = ExportCore(
        clock=world.clock,
        database=world.database,
        live=live,
        accounts=Accounts(world.database, world.clock, PlainHasher()),
        desk=SittingDesk(world.database, world.clock, live),
        testing=testing.Testing(world.database, world.clock, live),
        blobs=world.blobs,
        exports=office.exports,
    )
    app = create_app(core, routers=(export_routes.router,))

    @asynccontextmanager
    async def client(login):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://exam.example") as http:
            if login:
                body = {"login": login, "password": DEMO_PASSWORD}
                assert (await http.post("/api/v1/session", json=body)).is_success
            yield http

    return client


@pytest.mark.parametrize(
    ("login", "statuses"),
    [
        *((login, [202, 200, 200]) for login in ("proctor1", "member", "dean", "registrar")),
        *((login, [404, 404, 404]) for login in ("student1", "student2")),
        (None, [401, 401, 401]),
    ],
)
async def test_who_may_do_what_over_http(office, clients, login, statuses):
    await office.ask()
    await office.runner.run_due()
    base = f"/api/v1/sittings/{office.sitting_id}"
    async with clients(login) as http:
        answers = [
            await http.post(f"{base}/exports", json={"track": "camera"}),
            await http.get(f"{base}/exports/camera"),
            await http.get(f"{base}/recording.mp4"),
        ]
    assert [answer.status_code for answer in answers] == statuses


async def test_the_way_of_an_export_over_http(office, clients):
    base = f"/api/v1/sittings/{office.sitting_id}"
    async with clients("proctor1") as http:
        early = await http.get(f"{base}/recording.mp4")
        assert (early.status_code, early.json()["code"]) == (409, "export_not_ready")
        asked = await http.post(f"{base}/exports", json={"track": "camera"})
        assert (asked.status_code, asked.json()["state"]) == (202, "waiting")
        assert (await http.post(f"{base}/exports", json={"track": "ear"})).status_code == 422
        await office.runner.run_due()
        made = (await http.get(asked.headers["location"])).json()
        assert (made["state"], made["progress"], made["track"]) == ("done", 100, "camera")
        whole = await http.get(f"{base}/recording.mp4?track=camera")
        assert (whole.content, whole.headers["content-type"]) == (MP4, "video/mp4")
        assert whole.headers["content-length"] == str(len(MP4))
        part = await http.get(f"{base}/recording.mp4", headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, MP4[10:20])
        assert part.headers["content-range"] == f"bytes 10-19/{len(MP4)}"
        outside = await http.get(f"{base}/recording.mp4", headers={"Range": "bytes=5000-"})
        assert (outside.status_code, outside.content) == (416, b"")
