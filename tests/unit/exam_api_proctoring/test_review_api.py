"""The proctoring side's routes: who gets what, in which form, and what is refused how."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import httpx
import pytest

from acts.html import render_act_html
from acts.html_parts import STYLE_SHA256
from acts.package import PackageContents
from analysis.contracts import Evidence, Flag, FlagKind, ModelRef, Severity
from capture.contracts import GapCause, Recording, Segment, TrackKey
from exam_api.adapters.sheets import read_sheet
from exam_api.adapters.sql import tables
from exam_api.domain.act_course import ActPolicy, ActState, ActStep
from exam_api.domain.ids import new_id
from exam_api.services import testing
from exam_api.services.accounts import Accounts
from exam_api.services.act_course_ports import Taken
from exam_api.services.act_documents import Place
from exam_api.services.act_finishing import Finishing
from exam_api.services.act_papers import ActPapers, PaperMakers
from exam_api.services.acts import Acts
from exam_api.services.check_list_papers import Form4Makers, Form4Papers
from exam_api.services.check_lists import CheckListDesk
from exam_api.services.drawn_acts import DrawnActs
from exam_api.services.live import LiveHub
from exam_api.services.live_console import Console, Thumbnails
from exam_api.services.ports import MediaState
from exam_api.services.proctoring_ports import StoredStill
from exam_api.services.reviewing import Reviewing
from exam_api.services.seeding import DEMO_PASSWORD
from exam_api.services.signatures import ActSignatures
from exam_api.services.sittings import SittingDesk
from exam_api.web.api import live_routes, review_papers, review_routes
from exam_api.web.api.proctoring_services import ProctoringServices
from exam_api.web.app import create_app
from exam_api.web.container import Core
from exam_api.web.pages import verify as verify_page

WEBM = bytes(range(200))


class NoMedia:
    def state(self, sitting_id: str) -> MediaState:
        return MediaState(live=False, connected=False, seconds=0)

    async def end_sitting(self, sitting_id: str) -> None: ...
    async def end_views(self, sitting_id: str) -> None: ...


class PlainHasher:
    def hash(self, password: str) -> str:
        return password

    def verify(self, password: str, hashed: str) -> tuple[bool, str | None]:
        return password == hashed, None


@dataclass(kw_only=True)
class ReviewCore(Core):
    proctoring: ProctoringServices


@dataclass
class Api:
    app: object
    world: object
    thumbnails: Thumbnails
    sitting_id: str
    flag_id: str

    @asynccontextmanager
    async def client(self, login: str) -> AsyncIterator[httpx.AsyncClient]:
        transport = httpx.ASGITransport(self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://exam.example") as http:
            credentials = {"login": login, "password": DEMO_PASSWORD}
            assert (await http.post("/api/v1/session", json=credentials)).is_success
            yield http

    def paths(self) -> list[str]:
        exam_id = self.world.exam_id
        return [
            f"/api/v1/exams/{exam_id}/console",
            f"/api/v1/exams/{exam_id}/events",
            f"/api/v1/exams/{exam_id}/form4.xlsx",
            f"/api/v1/exams/{exam_id}/form4.pdf",
            f"/api/v1/exams/{exam_id}/form4.html",
            f"/api/v1/sittings/{self.sitting_id}/flags",
            f"/api/v1/sittings/{self.sitting_id}/recording.webm",
            f"/api/v1/sittings/{self.sitting_id}/thumbnail.jpg",
            f"/api/v1/flags/{self.flag_id}/evidence.jpg",
            f"/api/v1/flags/{self.flag_id}/before/19000.jpg",
            f"/api/v1/flags/{self.flag_id}/clip.webm",
        ]


def _packed(contents: PackageContents) -> bytes:
    """Plain words instead of a ZIP: what would be packed."""
    (flag,) = contents.flags
    models = [model.id for model in flag.models]
    parts = [sorted(contents.pdfs), flag.kind, models, flag.thresholds, flag.frame_jpeg]
    return b"PK" + repr([*parts, flag.before, flag.clip_webm == WEBM]).encode()


def core(world, thumbnails: Thumbnails) -> ReviewCore:
    live = NoMedia()
    acts = Acts(
        world.read,
        world.write,
        world.recordings,
        world.blobs,
        world.clock,
        place=Place("http://exam.example", ZoneInfo("Asia/Almaty")),
        number_format="{year}-{seq}",
        render=lambda document, language: f"%PDF {document.number} {language}".encode(),
        render_form4=lambda document: b"PK" + str(len(document.rows)).encode(),
    )
    return ReviewCore(
        clock=world.clock,
        database=world.database,
        live=live,
        accounts=Accounts(world.database, world.clock, PlainHasher()),
        desk=SittingDesk(world.database, world.clock, live),
        testing=testing.Testing(world.database, world.clock, live),
        blobs=world.blobs,
        proctoring=ProctoringServices(
            console=Console(world.read, world.recordings, thumbnails, LiveHub(), world.clock),
            reviewing=Reviewing(
                world.read, world.write, world.recordings, world.blobs, world.clock
            ),
            acts=acts,
            papers=ActPapers(
                acts,
                world.read,
                world.blobs,
                PaperMakers(
                    form4_pdf=lambda document, language: (
                        f"%PDF {len(document.rows)} {language}".encode()
                    ),
                    form4_html=lambda document, language: (
                        f"<!doctype html>{len(document.rows)} {language}".encode()
                    ),
                    act_html=render_act_html,
                    package=_packed,
                ),
                ActSignatures(world.database, world.blobs).packed,
            ),
            check_lists=CheckListDesk(
                world.database,
                world.clock,
                Form4Papers(
                    world.blobs,
                    Place("http://exam.example", ZoneInfo("Asia/Almaty")),
                    Form4Makers(_form4, _form4, _form4, _form4),
                ),
                read_sheet,
                ActPolicy(),
            ),
            drawn=DrawnActs(
                world.read,
                world.write,
                world.blobs,
                world.clock,
                Finishing(world.write, world.blobs, lambda document, _: document.number.encode()),
                recordings=world.recordings,
                place=Place("http://exam.example", ZoneInfo("Asia/Almaty")),
                number_format="{year}-{seq}",
                preview=lambda document, _: document.number.encode(),
                policy=ActPolicy(),
            ),
        ),
    )


def _form4(document: object, language: str) -> bytes:
    return f"{document} {language}".encode()


async def save_flag(world, sitting_id: str, start_ms: int) -> str:
    flag = Flag(
        kind=FlagKind.ABSENCE,
        severity=Severity.ALERT,
        start_ms=start_ms,
        end_ms=start_ms + 5_000,
        confidence=0.9,
        models=(ModelRef("face", "1", "c" * 64),),
        thresholds={"enter": 0.8},
        scores=((start_ms, 1.0),),
        evidence=Evidence(start_ms + 400, b"jpeg", ()),
    )
    async with world.proctoring() as store:
        before = (StoredStill(start_ms - 1000, "evidence/b.jpg"),)
        stored, _ = await store.save_flag(sitting_id, flag, "evidence/a.jpg", before)
    return stored.id


@pytest.fixture
async def api(world, tmp_path) -> Api:
    sitting_id = await world.sitting()
    world.clock.move(seconds=60)
    world.recordings.clips[sitting_id] = WEBM
    segment = Segment(
        sitting_id, 1, "000001.webm", 500, 60_000, 9, "a" * 64, "b" * 64, "vp8", None, 640, 480
    )
    world.recordings.recordings[sitting_id] = Recording(sitting_id, (segment,), digest="b" * 64)
    world.recordings.until_ms[sitting_id] = 60_000
    joined = tmp_path / "recording.webm"
    joined.write_bytes(WEBM)
    world.recordings.files[sitting_id] = joined
    await world.blobs.put("evidence/a.jpg", b"jpeg")
    await world.blobs.put("evidence/b.jpg", b"earlier jpeg")
    flag_id = await save_flag(world, sitting_id, 20_000)
    thumbnails = Thumbnails(world.clock)
    thumbnails.keep(sitting_id, 0, b"small jpeg")
    app = create_app(
        core(world, thumbnails),
        routers=(
            *(live_routes.router, review_routes.router, review_papers.router),
            verify_page.router,
        ),
    )
    return Api(app, world, thumbnails, sitting_id, flag_id)


async def test_a_proctor_gets_pictures_clip_and_tables(api):
    async with api.client("proctor1") as http:
        expected = {
            "evidence.jpg": ("image/jpeg", b"jpeg"),
            "19000.jpg": ("image/jpeg", b"earlier jpeg"),
            "thumbnail.jpg": ("image/jpeg", b"small jpeg"),
            "clip.webm": ("video/webm", WEBM),
            "recording.webm": ("video/webm", WEBM),
            "form4.xlsx": ("application/vnd.openxmlformats", b"PK2"),
            "form4.pdf": ("application/pdf", b"%PDF 2 kk"),
            "form4.html": ("text/html", b"<!doctype html>2 kk"),
        }
        for path in api.paths():
            name = path.rsplit("/", 1)[-1]
            if name in expected:
                answer = await http.get(path)
                media_type, body = expected[name]
                assert answer.headers["content-type"].startswith(media_type), path
                assert answer.content == body
                assert "private" in answer.headers["cache-control"]


async def test_an_accessible_page_may_load_and_run_nothing(api):
    async with api.client("proctor1") as http:
        path = next(path for path in api.paths() if path.endswith("form4.html"))
        answer = await http.get(f"{path}?lang=ru")
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in policy
    assert answer.headers["content-language"] == "ru"


@pytest.mark.parametrize("name", ["recording.webm", "clip.webm"])
async def test_players_may_ask_for_ranges(api, name):
    path = next(path for path in api.paths() if path.endswith(name))
    async with api.client("proctor1") as http:
        part = await http.get(path, headers={"Range": "bytes=10-19"})
        assert (part.status_code, part.content) == (206, WEBM[10:20])
        assert part.headers["content-range"] == "bytes 10-19/200"
        outside = await http.get(path, headers={"Range": "bytes=500-"})
        assert outside.status_code == 416


@pytest.mark.parametrize("login", ["student1", "student2"])
async def test_students_find_nothing_of_it(api, login):
    async with api.client(login) as http:
        for path in api.paths():
            answer = await http.get(path)
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
        decided = await http.post(
            f"/api/v1/flags/{api.flag_id}/decision", json={"verdict": "dismissed"}
        )
        assert decided.status_code == 404


async def test_without_a_log_in_nothing_is_told(api):
    transport = httpx.ASGITransport(api.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://exam.example") as http:
        for path in api.paths():
            assert (await http.get(path)).json()["code"] == "not_logged_in", path


async def test_the_review_says_what_is_on_record_and_what_was_seen(api):
    async with api.client("proctor1") as http:
        review = (await http.get(f"/api/v1/sittings/{api.sitting_id}/flags")).json()
    assert review["may_decide"] is True
    recording = review["recording"]
    assert (recording["first_ms"], recording["until_ms"]) == (500, 60_000)
    assert (recording["recorded_ms"], recording["exam_ms"]) == (50_000, 50_000)
    assert (recording["coverage"], recording["digest"]) == (1.0, "b" * 64)
    (flag,) = review["flags"]
    assert (flag["kind"], flag["form1_item"], flag["decision"]) == (
        "absence",
        "leaving_seat",
        None,
    )
    assert flag["models"] == [{"id": "face", "version": "1", "sha256": "c" * 64, "recall": None}]
    assert flag["before"] == [19_000]
    assert review["acts"] == []


@pytest.mark.parametrize("moment", [18_999, -19_000, 10**30])
async def test_of_other_moments_there_is_no_picture(api, moment):
    async with api.client("proctor1") as http:
        answer = await http.get(f"/api/v1/flags/{api.flag_id}/before/{moment}.jpg")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_member_reviews_but_does_not_decide(api):
    async with api.client("member") as http:
        review = (await http.get(f"/api/v1/sittings/{api.sitting_id}/flags")).json()
        assert review["may_decide"] is False
        refused = await http.post(
            f"/api/v1/flags/{api.flag_id}/decision", json={"verdict": "confirmed"}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")


async def test_confirming_returns_the_act_and_its_pdf(api):
    async with api.client("proctor1") as http:
        body = {"verdict": "confirmed", "comment": "left the room"}
        decided = (await http.post(f"/api/v1/flags/{api.flag_id}/decision", json=body)).json()
        assert decided["flag"]["decision"]["verdict"] == "confirmed"
        assert decided["flag"]["decision"]["comment"] == "left the room"
        act = decided["act"]
        assert (act["number"], act["revision"], act["withdrawn"]) == ("2026-1", 1, False)
        pdf = await http.get(f"/api/v1/acts/{act['id']}.pdf?lang=ru")
        assert pdf.content == b"%PDF 2026-1 ru"
        assert pdf.headers["content-disposition"] == 'inline; filename="act-2026-1-ru.pdf"'
        wrong = await http.get(f"/api/v1/acts/{act['id']}.pdf?lang=de")
        assert wrong.json()["code"] == "invalid_request"


async def test_several_flags_are_confirmed_together_into_one_revision(api):
    flag_ids = [api.flag_id, await save_flag(api.world, api.sitting_id, 40_000)]
    path = f"/api/v1/sittings/{api.sitting_id}/decisions"
    body = {"verdict": "confirmed", "comment": "seen", "flag_ids": flag_ids}
    async with api.client("member") as http:
        assert (await http.post(path, json=body)).json()["code"] == "forbidden"
    async with api.client("student1") as http:
        assert (await http.post(path, json=body)).json()["code"] == "not_found"
    async with api.client("proctor1") as http:
        unknown = [*flag_ids, api.sitting_id]
        refused = await http.post(path, json=body | {"flag_ids": unknown})
        assert refused.json()["code"] == "not_found"
        review = (await http.get(f"/api/v1/sittings/{api.sitting_id}/flags")).json()
        assert [flag["decision"] for flag in review["flags"]] == [None, None]
        review = (await http.post(path, json=body)).json()
        (act,) = review["acts"]
        assert (act["number"], act["revision"]) == ("2026-1", 1)
        assert [flag["decision"]["verdict"] for flag in review["flags"]] == ["confirmed"] * 2
        assert (await http.post(path, json=body | {"flag_ids": []})).status_code == 422


async def test_the_act_is_a_page_too_under_a_policy_of_its_own(api):
    async with api.client("proctor1") as http:
        path = f"/api/v1/flags/{api.flag_id}/decision"
        act = (await http.post(path, json={"verdict": "confirmed"})).json()["act"]
        page = await http.get(f"/api/v1/acts/{act['id']}.html?lang=ru")
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["content-language"] == "ru"
        policy = page.headers["content-security-policy"]
        assert "script-src" not in policy
        assert f"style-src 'sha256-{STYLE_SHA256}'" in policy
        assert "АКТ № 2026-1" in page.text
    async with api.client("student1") as http:  # the own act, which nobody has delivered yet
        assert (await http.get(f"/api/v1/acts/{act['id']}.html")).status_code == 404


async def test_the_evidence_package_is_for_those_who_watch(api):
    async with api.client("proctor1") as http:
        path = f"/api/v1/flags/{api.flag_id}/decision"
        act = (await http.post(path, json={"verdict": "confirmed"})).json()["act"]
    path = f"/api/v1/acts/{act['id']}.zip"
    for login in ("proctor1", "member", "dean", "registrar"):
        async with api.client(login) as http:
            answer = await http.get(path)
            assert answer.headers["content-type"] == "application/zip"
            assert answer.headers["content-disposition"] == 'attachment; filename="act-2026-1.zip"'
            assert answer.text == (
                "PK[['en', 'kk', 'ru'], 'absence', ['face'], {'enter': 0.8}, b'jpeg', "
                "((19000, b'earlier jpeg'),), True]"
            )
    for login in ("student2", "commission"):  # nobody has forwarded it yet
        async with api.client(login) as http:
            assert (await http.get(path)).status_code == 404
    async with api.world.database.write() as unit:
        course = await unit.act_course.lock(act["id"])
        taken = Taken(api.world.clock.now(), None)
        await unit.act_course.take(course, ActStep.FORWARD, ActState.DELIVERED, taken, None)
    for login, status in (("commission", 200), ("student1", 404)):
        async with api.client(login) as http:
            assert (await http.get(path)).status_code == status


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, None),
        ("disagreed", None),  # what a student says is nobody's business
        ("reconsidered", None),
        ("confirmed", "Комиссия бұл актіні растады."),
        ("withdrawn", "Комиссия бұл актіні кері қайтарды"),
    ],
)
async def test_the_public_page_says_what_the_commission_decided(api, state, told):
    async with api.client("proctor1") as http:
        path = f"/api/v1/flags/{api.flag_id}/decision"
        act = (await http.post(path, json={"verdict": "confirmed"})).json()["act"]
    async with api.world.database.write() as unit:
        row = await unit.session.get(tables.ActRow, act["id"])
        page = "/verify/" + row.document["verify_url"].partition("/verify/")[2]
        student = row.document["student"]["full_name"]
        for number, (subject, problem) in enumerate((("Қол Қоюшы", ""), ("Басқа", "forged"))):
            unit.session.add(
                tables.SignatureRow(
                    id=new_id(), kind="acts", paper_id=row.id, revision=1, language="kk",
                    document_sha256="0" * 64, sha256=f"{number}" * 64, subject=subject,
                    issuer="ҰКО", problem=problem, attached_by=row.made_by, attached_at=row.made_at,
                )
            )  # fmt: skip
        if state is not None:
            unit.session.add(
                tables.ActCourseRow(
                    id=new_id(), year=row.year, form=row.form, seq=row.seq, act_id=row.id,
                    sitting_id=row.sitting_id, state=state, since=row.made_at,
                )
            )  # fmt: skip
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(api.app), base_url="http://exam.example"
    ) as nobody:
        text = (await nobody.get(page)).text
    assert act["number"] in text
    assert student not in text
    assert "тіркелген, тексерілген: ҰКО" in text
    assert "тіркелген, тексерілмеген" in text
    assert "Қол Қоюшы" not in text
    assert ("Комиссия бұл" in text) is (told is not None)
    assert told is None or told in text
    assert ("осында тіркелген" in text) is (state != "withdrawn")


@pytest.mark.parametrize(
    "body", [{}, {"verdict": "guilty"}, {"verdict": "confirmed", "comment": "x" * 2001}]
)
async def test_a_decision_that_is_none_is_refused(api, body):
    async with api.client("proctor1") as http:
        answer = await http.post(f"/api/v1/flags/{api.flag_id}/decision", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


async def test_a_page_reports_about_its_own_sitting_only(api):
    path = f"/api/v1/sittings/{api.sitting_id}/client-events"
    body = {"kind": "focus_lost", "detail": "tab"}
    async with api.client("student1") as http:
        assert (await http.post(path, json=body)).status_code == 204
        odd = await http.post(path, json={"kind": "guilty"})
        assert odd.json()["code"] == "invalid_request"
    async with api.client("student2") as http:
        assert (await http.post(path, json=body)).status_code == 404
    kinds = await api.world.kinds()
    assert kinds.count("client.reported") == 1


async def test_a_lost_microphone_and_an_unknown_screen_are_told_to_the_proctor(api):
    """S-13: neither leaves a gap, so the console and the sitting's course must say so."""

    async def report(http, kind, detail=""):
        path = f"/api/v1/sittings/{api.sitting_id}/client-events"
        reply = await http.post(path, json={"kind": kind, "detail": detail})
        assert reply.status_code == 204

    async def told():
        async with api.client("proctor1") as http:
            console = await http.get(f"/api/v1/exams/{api.world.exam_id}/console")
        tiles = {tile["sitting_id"]: tile["lacking"] for tile in console.json()["tiles"]}
        async with api.world.read() as store:
            log = (await store.logs([api.sitting_id])).get(api.sitting_id, ())
        return tiles[api.sitting_id], [entry.kind.value for entry in log]

    async with api.client("student1") as http:
        await report(http, "mic_back")
        await report(http, "screen_shared", "monitor")
        assert await told() == ([], [])
        for _ in range(3):  # said again, it is not news
            await report(http, "mic_lost")
        assert await told() == (["microphone_lost"], ["microphone_lost"])
        await report(http, "screen_shared", "unknown")
        await report(http, "mic_back")
    lacking, course = await told()
    assert lacking == ["screen_unknown"]
    assert course == ["microphone_lost", "screen_unknown", "microphone_back"]


@pytest.mark.parametrize(
    ("kind", "cause"),
    [
        ("camera_muted", GapCause.CAMERA_OFF),
        ("picture_back", None),
        ("page_closed", GapCause.BROWSER_CLOSED),
        ("page_opened", GapCause.BROWSER_CLOSED),
    ],
)
async def test_what_the_page_tells_explains_a_gap(api, kind, cause):
    async with api.client("student1") as http:
        reply = await http.post(
            f"/api/v1/sittings/{api.sitting_id}/client-events", json={"kind": kind}
        )
    assert reply.status_code == 204
    assert api.world.recordings.explained == [(TrackKey(api.sitting_id), cause)]
