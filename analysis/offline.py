"""Analyses a video file as fast as it goes, and writes the report that replay and analyze share."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from analysis.analyzer import Acquaintance, SittingAnalyzer, closed
from analysis.contracts import NOBODY_KNOWN, Flag, FlagUpdate, ModelRef, Observation, Subject
from analysis.detectors.identity import IdentityDetector
from analysis.errors import PhotoWithoutFace
from analysis.models_set import ModelSet
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from capture.contracts import AudioChunk, Frame
from capture.probe import VideoInfo, probe, read_frames
from capture.sound import read_sound

DEFAULT_FPS = 2.0
MOST_FPS = 30.0  # of a file: from these the wanted ones are taken
FILE_SITTING = "file"  # a file has no sitting; flags are named within it all the same

Json = Mapping[str, object]
OnObservation = Callable[[Observation], None]


@dataclass(frozen=True, slots=True)
class AnalysisReport:
    """``unavailable``: detector → code of the reason why it did not look."""

    video: VideoInfo
    models: tuple[ModelRef, ...]
    unavailable: Mapping[str, str]
    analysed_fps: float
    frames: int
    flags: tuple[Flag, ...]

    def to_json(self) -> str:
        return report_json(
            self.video, self.models, self.analysed_fps, self.flags, unavailable=self.unavailable
        )


def analyze_file(
    path: Path,
    *,
    fps: float = DEFAULT_FPS,
    policy: AnalysisPolicy = DEFAULT_POLICY,
    models_dir: Path | None = None,
    data_dir: Path | None = None,
    model_set: ModelSet | None = None,
    on_observation: OnObservation | None = None,
    subject: Subject = NOBODY_KNOWN,
    sound: Path | None = None,
    moments: int = 0,
) -> AnalysisReport:
    """At least ``fps`` frames a second, more where the analyzer wants them, as in an exam.

    ``sound``: a file that is heard in place of the video's own. ``moments``: of a flag that is to
    be made again, its threshold of that name.

    Raises NotAVideo, NotASound, PhotoWithoutFace, and ModelError when the face models are
    missing or altered.
    """
    info = probe(path)
    models = model_set or ModelSet.load(models_dir, data_dir=data_dir)
    _require_face(models, subject)
    known = Acquaintance(moments)
    analyzer = SittingAnalyzer(models, policy, FILE_SITTING, subject, acquaintance=known)
    updates: list[FlagUpdate] = []
    times: list[int] = []
    every = read_frames(path, max(MOST_FPS, fps))
    heard = Track(sound or (path if info.audio_codec is not None else None))
    for frame in sampled(every, lambda: max(fps, analyzer.wanted_fps)):
        observation, told = analyzer.feed(frame, heard.until(frame.at_ms))
        updates += told
        times.append(observation.at_ms)
        if on_observation is not None:
            on_observation(observation)
    updates += analyzer.finish()
    return AnalysisReport(
        info, models.models, models.unavailable, _rate(times), len(times), tuple(closed(updates))
    )


def _require_face(models: ModelSet, subject: Subject) -> None:
    """Whoever names a photo wants it compared. Where the networks are absent the report says so."""
    make = models.makers.get("identity")
    detector = make(subject) if make is not None and subject != NOBODY_KNOWN else None
    if isinstance(detector, IdentityDetector) and not detector.knows:
        raise PhotoWithoutFace("no face to compare with in the photo")


class Track:
    """A file's sound, taken as the frames come."""

    def __init__(self, path: Path | None) -> None:
        self._chunks = iter(()) if path is None else read_sound(path)
        self._next = next(self._chunks, None)

    def until(self, at_ms: int) -> list[AudioChunk]:
        taken: list[AudioChunk] = []
        while self._next is not None and self._next.end_ms <= at_ms:
            taken.append(self._next)
            self._next = next(self._chunks, None)
        return taken


def sampled(frames: Iterable[Frame], fps: Callable[[], float]) -> Iterator[Frame]:
    """As a live sitting's frames are taken: at a rate that is asked for anew at each one."""
    due = 0.0
    for frame in frames:
        if frame.at_ms >= due:
            yield frame
            step = 1000 / fps()
            due = max(due + step, frame.at_ms + step / 2)


def _rate(times: Sequence[int]) -> float:
    span = times[-1] - times[0] if times else 0
    return (len(times) - 1) * 1000 / span if span else 0.0


def report_json(
    video: VideoInfo,
    models: Iterable[ModelRef],
    analysed_fps: float,
    flags: Iterable[Flag],
    *,
    unavailable: Mapping[str, str] | None = None,
) -> str:
    """``flags.json``: one object; times in seconds of the video or sitting."""
    report = {
        "video": asdict(video),
        "models": [asdict(model) for model in models],
        "unavailable": dict(unavailable or {}),
        "analysed_fps": round(analysed_fps, 2),
        "flags": [flag_json(flag) for flag in flags],
    }
    return json.dumps(report, indent=1, ensure_ascii=False) + "\n"


def flag_json(flag: Flag) -> Json:
    """``end_s`` is null while the flag lasts; ``models`` and ``thresholds`` need no picture."""
    return {
        "kind": flag.kind.value,
        "start_s": flag.start_ms / 1000,
        "end_s": None if flag.end_ms is None else flag.end_ms / 1000,
        "severity": flag.severity.value,
        "confidence": flag.confidence,
        "scores": [[at_ms / 1000, score] for at_ms, score in flag.scores],
        "models": [model.id for model in flag.models],
        "thresholds": dict(flag.thresholds),
        "evidence": _evidence_json(flag),
        "before": [{"at_s": one.at_ms / 1000, "sha256": _sha256(one.jpeg)} for one in flag.before],
    }


def observation_json(observation: Observation) -> Json:
    """One line of ``analyze --observations``: the votes and what they were made from."""
    return {
        "at_s": observation.at_ms / 1000,
        "votes": {kind.value: score for kind, score in observation.scores.items()},
        "boxes": [asdict(box) for box in observation.boxes],
        "measures": dict(observation.measures or {}),
    }


def _evidence_json(flag: Flag) -> Json | None:
    evidence = flag.evidence
    if evidence is None:
        return None
    return {
        "at_s": evidence.at_ms / 1000,
        "sha256": _sha256(evidence.jpeg),
        "boxes": [asdict(box) for box in evidence.boxes],
        "models": [model.id for model in flag.models],
        "thresholds": dict(flag.thresholds),
    }


def _sha256(jpeg: bytes) -> str:
    return hashlib.sha256(jpeg).hexdigest()
