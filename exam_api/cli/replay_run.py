"""A replay: a private server in a temporary folder, a student who is a file, a proctor."""

import json
import logging
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

from analysis.contracts import Box, Evidence, Flag, FlagKind, ModelRef, Severity, Still
from analysis.detectors.identity import photo_of
from analysis.errors import PhotoWithoutFace
from analysis.offline import report_json
from capture.demo_scene import render_demo_scene
from capture.probe import VideoInfo, probe
from capture.sound import check_sound
from exam_api.bootstrap import Container
from exam_api.cli.demo_run import seed
from exam_api.cli.replay_people import Json, Proctor, Shown, Student
from exam_api.cli.server import listen, run, serving
from exam_api.cli.terminal import say, say_flags, text
from exam_api.settings import Settings
from exam_api.web.logs import configure_logging

STUDENT: Final = "student1"
PROCTOR: Final = "proctor1"
_TIMEOUT_S: Final = 60.0
_PHOTO_SIDE: Final = 960
_PHOTO_QUALITY: Final = 85


@dataclass(frozen=True, slots=True)
class Played:
    """A sitting that a file sat."""

    exam_id: str
    sitting_id: str
    video: VideoInfo
    analysed_fps: float


@dataclass(frozen=True, slots=True)
class Outcome:
    video: VideoInfo
    flags: tuple[Flag, ...]
    review: Json
    files: tuple[str, ...]


def run_replay(
    source: Path | None,
    out: Path,
    *,
    json_out: bool,
    sound: Path | None = None,
    photo: Path | None = None,
) -> None:
    """``source`` None: the built-in scene. ``sound``: heard in place of the file's own."""
    configure_logging(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="baqylau-replay-") as folder:
        private = Path(folder)
        if source is None:
            source = private / "demo.webm"
            render_demo_scene(source)
            name = "demo"
        else:
            name = source.name
        video = probe(source)  # what is no video is refused before anything starts
        if sound is not None:
            check_sound(sound)
        shown = Shown(source, sound, None if photo is None else _jpeg(photo))
        outcome = run(_replay(shown, video, private / "data", out))
    _tell(name, outcome, json_out=json_out)


def _jpeg(path: Path) -> bytes:
    """As a student's page would send it."""
    picture = photo_of(path.read_bytes())
    if picture is None:
        raise PhotoWithoutFace("the photo cannot be read")
    return picture.jpeg(_PHOTO_SIDE, _PHOTO_QUALITY)


async def _replay(shown: Shown, video: VideoInfo, data: Path, out: Path) -> Outcome:
    with listen("127.0.0.1", 0) as listener:
        # Settings of the machine's own server have no say here.
        settings = Settings(
            data_dir=data,
            database_url="",
            host="127.0.0.1",
            port=listener.getsockname()[1],
            public_url="",
            secure_cookies=False,
            workers=1,
        )
        exam_id = (await seed(settings)).exam_id
        async with serving(settings, listener) as container:
            played = await _played(container, exam_id, shown, video)
            await container.bridge.settled()
            async with _browser(container) as http:
                proctor = Proctor(http)
                await proctor.log_in(PROCTOR)
                return await _documents(proctor, played, out)


async def _played(container: Container, exam_id: str, shown: Shown, video: VideoInfo) -> Played:
    rates = [0.0]  # of analysis; known only while it goes on
    analyzer = container.recording.analyzer
    assert analyzer is not None

    async def look(sitting_id: str) -> None:
        rates.append(analyzer.analysed(sitting_id).fps or rates[-1])

    async with _browser(container) as http:
        student = Student(http)
        await student.log_in(STUDENT)
        sitting_id = await student.sit(exam_id, shown, look)
    return Played(exam_id, sitting_id, video, rates[-1])


@asynccontextmanager
async def _browser(container: Container) -> AsyncIterator[httpx.AsyncClient]:
    # trust_env off: a proxy of the machine must not come between it and itself.
    async with httpx.AsyncClient(
        base_url=container.settings.address, timeout=_TIMEOUT_S, trust_env=False
    ) as http:
        yield http


async def _documents(proctor: Proctor, played: Played, out: Path) -> Outcome:
    review = await proctor.review(played.sitting_id)
    # The timeline's zero is when the student asked to publish; the file's is its first frame.
    first_ms = review["recording"]["first_ms"]
    flags = tuple([await _flag(proctor, row, first_ms) for row in review["flags"]])
    models = tuple(dict.fromkeys(model for flag in flags for model in flag.models))
    report = report_json(played.video, models, played.analysed_fps, flags)
    (out / "flags.json").write_text(report, encoding="utf-8")
    wanted = {
        "recording.webm": f"/api/v1/sittings/{played.sitting_id}/recording.webm",
        "form4.xlsx": f"/api/v1/exams/{played.exam_id}/form4.xlsx",
    }
    act_id = await proctor.confirm_all(played.sitting_id)
    if act_id is not None:
        wanted["act.pdf"] = f"/api/v1/acts/{act_id}.pdf?lang=kk"
    else:
        (out / "act.pdf").unlink(missing_ok=True)  # of an earlier replay into this folder
    for name, path in wanted.items():
        await proctor.download(path, out / name)
    return Outcome(played.video, flags, review, ("flags.json", *wanted))


async def _flag(proctor: Proctor, row: Json, first_ms: int) -> Flag:
    evidence = None
    if row["evidence_at_ms"] is not None:
        evidence = Evidence(
            at_ms=row["evidence_at_ms"] - first_ms,
            jpeg=await proctor.evidence(row["id"]),
            boxes=tuple(Box(**box) for box in row["boxes"]),
        )
    end_ms = row["end_ms"]
    return Flag(
        kind=FlagKind(row["kind"]),
        severity=Severity(row["severity"]),
        start_ms=row["start_ms"] - first_ms,
        end_ms=None if end_ms is None else end_ms - first_ms,
        confidence=row["confidence"],
        models=tuple(ModelRef(**model) for model in row["models"]),
        thresholds=row["thresholds"],
        scores=tuple((at_ms - first_ms, score) for at_ms, score in row["scores"]),
        evidence=evidence,
        before=tuple(
            [
                Still(at_ms - first_ms, await proctor.before(row["id"], at_ms))
                for at_ms in row["before"]
            ]
        ),
    )


def _tell(name: str, outcome: Outcome, *, json_out: bool) -> None:
    recorded = outcome.review["recording"]["until_ms"] - outcome.review["recording"]["first_ms"]
    if json_out:
        told = {
            "video": name,
            "video_s": round(outcome.video.duration_s, 2),
            "recorded_s": recorded / 1000,
            "coverage": outcome.review["recording"]["coverage"],
            "flags": [
                {
                    "kind": flag.kind,
                    "start_s": flag.start_ms / 1000,
                    "end_s": None if flag.end_ms is None else flag.end_ms / 1000,
                }
                for flag in outcome.flags
            ],
            "files": list(outcome.files),
        }
        say(json.dumps(told, ensure_ascii=False, indent=1))
        return
    say(
        text(
            "replay.summary",
            video=name,
            seconds=f"{outcome.video.duration_s:.1f}",
            recorded=f"{recorded / 1000:.1f}",
            flags=len(outcome.flags),
        )
    )
    say_flags(outcome.flags)
    say(text("replay.files", files=", ".join(outcome.files)))
