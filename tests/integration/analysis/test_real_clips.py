"""The analyzer on real clips, as files and as they look after a student's uplink."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain, count
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream

from analysis.analyzer import SittingAnalyzer, closed
from analysis.contracts import Flag, FlagKind, FlagUpdate
from analysis.detectors.contracts import Detector, Sighting
from analysis.models_set import ModelSet
from analysis.offline import analyze_file
from analysis.picture import Picture
from analysis.policy import DEFAULT_POLICY, AnalysisPolicy
from analysis.votes import SightLimits, frozen
from capture.contracts import Frame
from capture.demo_scene import DEMO_EVENTS, render_demo_scene
from capture.errors import NotAVideo
from capture.probe import read_frames

pytestmark = pytest.mark.integration

MIXED = (("absence", 14.0, 23.0), ("extra_face", 33.0, 42.0), ("camera_blocked", 50.0, 56.0))
# Clips of a few seconds shown again and again are loops, and rightly called so.
BUT_LOOPS = DEFAULT_POLICY.without(FlagKind.FEED_LOOPED)
Events = Iterable[tuple[str, float, float]]


@pytest.fixture(scope="module")
def models(require) -> ModelSet:
    return ModelSet.load(require("shared") / "models")


@pytest.fixture(scope="module")
def only_faces(tmp_path_factory) -> Iterator[ModelSet]:
    """Without the object model: a quarter of the time, where no object matters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("BAQYLAU_MODELS_DIR", raising=False)
        yield ModelSet.load(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "scene.webm"
    render_demo_scene(path)
    return path


def assert_exactly(flags: Iterable[Flag], events: Events, tolerance_s: float = 2.0) -> None:
    found = sorted((f.kind.value, f.start_ms / 1000, (f.end_ms or 0) / 1000) for f in flags)
    expected = sorted(events)
    assert [kind for kind, _, _ in found] == [kind for kind, _, _ in expected], found
    for (_, start, end), (_, true_start, true_end) in zip(found, expected, strict=True):
        assert abs(start - true_start) <= tolerance_s
        assert abs(end - true_end) <= tolerance_s


def watched(
    models: ModelSet, frames: Iterable[Frame], policy: AnalysisPolicy = DEFAULT_POLICY
) -> list[Flag]:
    analyzer = SittingAnalyzer(models, policy, "s")
    updates: list[FlagUpdate] = []
    for frame in frames:
        updates += analyzer.feed(frame)[1]
    return closed(updates + analyzer.finish())


def over_a_thin_line(source: Path, target: Path, kbit_s: int) -> Path:
    """The clip as a browser would send it: VP8 in real time at a low rate."""
    with av.open(target, "w") as sent:
        stream = sent.add_stream("libvpx", rate=15)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        stream.codec_context.thread_count = 1  # libvpx threads spin while they wait
        stream.bit_rate = kbit_s * 1000
        stream.codec_context.gop_size = 45
        stream.codec_context.options = {
            "deadline": "realtime",
            "cpu-used": "8",
            "lag-in-frames": "0",
        }
        for index, frame in zip(count(), read_frames(source, 15), strict=False):
            picture = av.VideoFrame.from_ndarray(frame.i420, format="yuv420p")
            picture.pts, picture.time_base = index, Fraction(1, 15)
            sent.mux(stream.encode(picture))
        sent.mux(stream.encode(None))
    return target


def sampled_unevenly(path: Path, seed: int) -> Iterator[Frame]:
    """About 2 fps as a busy worker takes them: jittered, one in twenty missed."""
    draw = random.Random(seed)
    due = 0.0
    for frame in read_frames(path, 30):
        if frame.at_ms < due:
            continue
        due = frame.at_ms + 500 + draw.uniform(-200, 250)
        if draw.random() >= 0.05:
            yield frame


@pytest.mark.parametrize("fps", [2.0, 5.0])
def test_the_mixed_session_gives_exactly_its_events(models, shared_media, fps: float) -> None:
    report = analyze_file(shared_media / "session_mixed.mp4", fps=fps, model_set=models)
    assert_exactly(report.flags, MIXED)
    assert 0.9 * fps <= report.analysed_fps <= 5.5  # what is suspected is looked at more often
    for flag in report.flags:
        assert flag.evidence is not None
        assert flag.start_ms <= flag.evidence.at_ms <= (flag.end_ms or 0)


@pytest.mark.parametrize("kbit_s", [128, 400])
def test_compression_and_uneven_sampling_do_not_change_them(
    models, shared_media, tmp_path, kbit_s: int
) -> None:
    sent = over_a_thin_line(shared_media / "session_mixed.mp4", tmp_path / "sent.webm", kbit_s)
    assert_exactly(watched(models, sampled_unevenly(sent, seed=kbit_s)), MIXED)


def test_without_an_object_model_the_faces_still_work(shared_media, tmp_path, monkeypatch) -> None:
    monkeypatch.delenv("BAQYLAU_MODELS_DIR", raising=False)
    report = analyze_file(shared_media / "session_mixed.mp4", models_dir=tmp_path)
    assert report.unavailable == {"objects": "model_absent"}
    assert_exactly(report.flags, MIXED)


def test_the_demo_scene_gives_exactly_its_events(models, demo) -> None:
    assert_exactly(analyze_file(demo, model_set=models).flags, DEMO_EVENTS)


def test_the_demo_scene_is_seen_throughout(models, demo) -> None:
    """Whoever is on the scene is found in every frame, so that the demo cannot fail by chance."""
    away, joined = DEMO_EVENTS[0][1:], DEMO_EVENTS[1][1:]
    analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s")
    for frame in read_frames(demo, 5):
        at = frame.at_ms / 1000
        observation, _ = analyzer.feed(frame)
        assert observation.measures is not None
        if any(abs(at - edge) < 1.0 for edge in (*away, *joined)):
            continue  # somebody is walking in or out
        expected = 0 if away[0] < at < away[1] else 2 if joined[0] < at < joined[1] else 1
        assert observation.measures["faces"] == expected, at
        assert observation.scores[FlagKind.FEED_FROZEN] != 1.0


def test_people_from_behind_are_no_extra_face_and_not_absent(models, shared_media) -> None:
    flags = analyze_file(shared_media / "one_by_one.mp4", model_set=models).flags
    assert {flag.kind for flag in flags} == {FlagKind.ABSENCE}
    empty = ((0.0, 5.5), (44.0, 49.0))
    assert len(flags) == len(empty)
    for flag, (start, end) in zip(flags, empty, strict=True):
        assert start - 2 <= flag.start_ms / 1000 <= start + 2
        assert (flag.end_ms or 0) / 1000 <= end + 2


def looped(path: Path, seconds: float) -> Iterator[Frame]:
    """A short clip played forth and back for long enough that a rule could fire."""
    frames = list(read_frames(path, 5))
    back_and_forth = frames + frames[-2:0:-1]
    for index in range(int(seconds * 2)):
        shown = back_and_forth[index % len(back_and_forth)]
        yield Frame("s", index * 500, shown.i420)


def test_badges_and_printed_faces_raise_nothing(models, shared_media) -> None:
    """webcam_*: an ID badge on a lanyard looks like a phone; some shirts have a face printed on."""
    clips = sorted(shared_media.glob("webcam_*.mp4"))
    assert len(clips) >= 10
    for clip in clips:
        assert watched(models, looped(clip, 12), BUT_LOOPS) == [], clip.name


def part(clip: Path, start_s: float, end_s: float) -> list[Frame]:
    return [f for f in read_frames(clip, 5) if start_s <= f.at_ms / 1000 <= end_s]


def in_turn(*parts: tuple[list[Frame], float]) -> Iterator[Frame]:
    """Each part forth and back for so many seconds, one frame each, with a sensor's noise."""
    draw, at_ms = np.random.default_rng(3), 0
    for frames, seconds in parts:
        back_and_forth = frames + frames[-2:0:-1]
        for index in range(int(seconds)):
            clean = back_and_forth[index % len(back_and_forth)].i420
            noisy = np.clip(clean + draw.integers(-2, 3, clean.shape), 0, 255)
            yield Frame("s", at_ms, noisy.astype(np.uint8))
            at_ms += 1000


class Remembering:
    """A detector that looks at each picture once: clips played over and over cost no more."""

    def __init__(self, detector: Detector) -> None:
        self._detector = detector
        self._seen: dict[int, Sighting] = {}
        self.models = detector.models

    def look(self, picture: Picture, *, closely: bool = True) -> Sighting:
        key = id(picture.i420)
        if key not in self._seen:
            self._seen[key] = self._detector.look(picture)
        return self._seen[key]


def test_people_who_sit_normally_do_not_look_away(only_faces, shared_media) -> None:
    """Ten short clips, each for as long as a normal takes and then some."""
    for clip in sorted(shared_media.glob("webcam_*.mp4")):
        faces = Remembering(only_faces.makers["faces"]())
        models = ModelSet({"faces": lambda faces=faces: faces}, (), {})
        analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s")
        seen = [analyzer.feed(frame) for frame in looped(clip, 160)]
        assert [update for _, told in seen for update in told] == [], clip.name
        cast = [observation.scores[FlagKind.LOOKING_AWAY] for observation, _ in seen]
        assert cast.count(0.0) >= 30, clip.name


def test_another_room_behind_the_student_is_another_place(only_faces, shared_media) -> None:
    """``webcam_hungry`` was taken elsewhere than the other clips; ``webcam_milk`` was not."""
    for clip, expected in (("hungry", {FlagKind.SEAT_CHANGED}), ("milk", set())):
        before = looped(shared_media / "webcam_book.mp4", 130)
        after = looped(shared_media / f"webcam_{clip}.mp4", 40)
        later = (replace(frame, at_ms=frame.at_ms + 130_000) for frame in after)
        faces = Remembering(only_faces.makers["faces"]())
        models = ModelSet({"faces": lambda faces=faces: faces}, (), {})
        analyzer = SittingAnalyzer(models, DEFAULT_POLICY, "s")
        told = [update for frame in chain(before, later) for update in analyzer.feed(frame)[1]]
        assert {update.flag.kind for update in told} == expected, clip


def test_eyes_held_to_the_side_are_looking_away(only_faces, shared_media) -> None:
    """The head stays still: in gaze_left the eyes are aside from 6.2 to 10 s."""
    centre = part(shared_media / "gaze_centre.mp4", 0, 11)
    aside = part(shared_media / "gaze_left.mp4", 6.2, 10)
    (flag,) = watched(only_faces, in_turn((centre, 130), (aside, 14), (centre, 15)), BUT_LOOPS)
    assert flag.kind is FlagKind.LOOKING_AWAY
    assert abs(flag.start_ms / 1000 - 130) <= 2
    assert abs((flag.end_ms or 0) / 1000 - 144) <= 2


def test_a_head_held_aside_is_looking_away_but_not_a_glance(only_faces, shared_media) -> None:
    turning = shared_media / "head_pose.mp4"
    middle, right = part(turning, 0.6, 0.75), part(turning, 0, 0.5)
    (flag,) = watched(
        only_faces, in_turn((middle, 130), (right, 3), (middle, 10), (right, 12)), BUT_LOOPS
    )
    assert flag.kind is FlagKind.LOOKING_AWAY
    assert abs(flag.start_ms / 1000 - 143) <= 2


def shown_again(frames: list[Frame], period_s: float, seconds: int) -> Iterator[Frame]:
    """The first ``period_s`` over and over, taken as a camera's pictures are, with its noise."""
    draw, random_step = np.random.default_rng(5), random.Random(5)
    once = [frame for frame in frames if frame.at_ms < period_s * 1000]
    at_ms = 0.0
    while at_ms < seconds * 1000:
        phase = at_ms % (period_s * 1000)
        clean = min(once, key=lambda frame: abs(frame.at_ms - phase)).i420
        noisy = np.clip(clean + draw.integers(-3, 4, clean.shape), 0, 255).astype(np.uint8)
        yield Frame("s", round(at_ms), noisy)
        at_ms += 500 + random_step.uniform(-60, 60)


@pytest.mark.parametrize("period_s", [6.0, 6.3])
def test_six_seconds_shown_again_and_again_are_a_loop(
    only_faces, shared_media, period_s: float
) -> None:
    frames = list(read_frames(shared_media / "gaze_left.mp4", 15))
    (flag,) = watched(only_faces, shown_again(frames, period_s, 50))
    assert flag.kind is FlagKind.FEED_LOOPED
    assert flag.start_ms <= 30_000


def held_up(picture: Frame, seconds: int) -> Iterator[Frame]:
    """A photograph before the camera, in a hand that is never quite still."""
    draw = np.random.default_rng(7)
    bgr = cv2.cvtColor(picture.i420, cv2.COLOR_YUV2BGR_I420)
    height, width = bgr.shape[:2]
    phases = draw.uniform(0, 6.28, 6)
    for index in range(seconds * 2):
        at = index / 2
        sway = [np.sin(pace * at + phases[i]) for i, pace in enumerate((1.4, 1.7, 1.1, 0.9, 5.0))]
        scale, turn = 1 + 0.02 * sway[3], 0.03 * sway[2]
        cos, sin = scale * np.cos(turn), scale * np.sin(turn)
        hand = np.array([[cos, -sin, 7 * sway[0] + 3 * sway[4]], [sin, cos, 6 * sway[1]]])
        moved = cv2.warpAffine(bgr, hand, (width, height), borderMode=cv2.BORDER_REFLECT)
        noisy = np.clip(moved + draw.normal(0, 1.5, moved.shape), 0, 255).astype(np.uint8)
        yield Frame("s", index * 500, cv2.cvtColor(noisy, cv2.COLOR_BGR2YUV_I420))


def test_a_photograph_in_a_hand_does_not_live(only_faces, shared_media) -> None:
    picture = list(read_frames(shared_media / "webcam_yes.mp4", 5))[2]
    flags = watched(only_faces, held_up(picture, 60), BUT_LOOPS)
    assert [flag.kind for flag in flags] == [FlagKind.FEED_FROZEN]


def test_no_living_face_moves_like_a_photograph(only_faces, shared_media) -> None:
    """Each clip for as long as the check looks back; most are of moving people."""
    compared = 0
    for name in ("gaze_left", "gaze_centre", "webcam_book", "webcam_milk", "webcam_again"):
        faces = only_faces.makers["faces"]()
        clip = list(read_frames(shared_media / f"{name}.mp4", 5))
        for index in range(70):
            at_ms = index * 1000
            picture = Picture(at_ms, clip[index % len(clip)].i420)
            measures = {"change": 1.0, **faces.look(picture).measures}
            assert frozen(measures, SightLimits()) in {None, 0.0}, name
        compared += measures.get("sheet_moves", 0.0) >= SightLimits().sheet_moves
    assert compared >= 2


@pytest.mark.parametrize("light", [1.0, 0.25])
def test_hardly_a_face_is_missed(only_faces, shared_media, light: float) -> None:
    """At most 1 % of frames at full light, 5 % at a quarter of it."""
    draw = np.random.default_rng(1)
    missed = total = 0
    for clip in sorted(shared_media.glob("webcam_*.mp4")):
        analyzer = SittingAnalyzer(only_faces, DEFAULT_POLICY, "s")
        for frame in read_frames(clip, 5):
            dimmed = frame.i420.astype(np.float32)
            luma, chroma = dimmed[: frame.height], dimmed[frame.height :]
            luma[:] = 16 + (luma - 16) * light + draw.normal(0, 1.5, luma.shape)
            chroma[:] = 128 + (chroma - 128) * light
            shown = np.clip(dimmed, 0, 255).astype(np.uint8)
            measures = analyzer.feed(Frame("s", frame.at_ms, shown))[0].measures
            assert measures is not None
            missed += measures["faces"] < 1
            total += 1
    assert total > 90
    assert missed / total <= (0.01 if light == 1.0 else 0.05)


@pytest.mark.parametrize(
    ("clip", "kinds"),
    [
        ("two_faces.mp4", {FlagKind.EXTRA_FACE}),
        ("head_pose.mp4", set()),
        ("gaze_left.mp4", set()),
        ("gaze_centre.mp4", set()),
    ],
)
def test_other_clips_raise_what_they_show(models, shared_media, clip: str, kinds) -> None:
    report = analyze_file(shared_media / clip, model_set=models)
    assert {flag.kind for flag in report.flags} == kinds


def test_a_classroom_does_not_trouble_the_analysis(models, shared_media) -> None:
    assert analyze_file(shared_media / "classroom.mp4", model_set=models).frames > 0


def test_a_file_that_is_no_video_is_told(models, tmp_path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("no video")
    with pytest.raises(NotAVideo):
        analyze_file(text, model_set=models)


def test_the_same_file_gives_the_same_report(models, shared_media) -> None:
    clip = shared_media / "two_faces.mp4"
    first, second = (analyze_file(clip, model_set=models).to_json() for _ in range(2))
    assert first == second


@pytest.mark.parametrize("size", [(32, 32), (34, 400), (7680, 4320), (2, 2), (640, 480)])
@pytest.mark.parametrize("fill", ["black", "white", "noise"])
def test_hostile_frames_do_no_harm(models, size: tuple[int, int], fill: str) -> None:
    width, height = size
    shape = (height * 3 // 2, width)
    draw = np.random.default_rng(1)
    array = {
        "black": np.zeros(shape, np.uint8),
        "white": np.full(shape, 255, np.uint8),
        "noise": draw.integers(0, 255, shape, np.uint8),
    }[fill]
    flags = watched(models, (Frame("s", index * 500, array) for index in range(3)))
    assert flags == []
