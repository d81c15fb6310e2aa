"""`baqylau replay` with a voice and a photo: both reach the analysis over real WebRTC."""

import json
import subprocess
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from av.video.stream import VideoStream

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
FPS, SECONDS = 15, 28
TEXT = "Какой ответ на третий вопрос, скажи быстрее, пожалуйста, я совсем не знаю. " * 5


@pytest.fixture
def somebody(require, tmp_path):
    """One photograph as a webcam's picture, with a little noise."""
    image = cv2.imread(str(require("shared") / "faces/face_recognition/biden_2.jpg"))
    height = image.shape[0] * 640 // image.shape[1]
    shown = cv2.resize(image, (640, height), interpolation=cv2.INTER_AREA)[:480]
    shown = cv2.copyMakeBorder(shown, 0, 480 - shown.shape[0], 0, 0, cv2.BORDER_REPLICATE)
    path, chance = tmp_path / "somebody.webm", np.random.default_rng(1)
    noises = [chance.integers(-6, 6, shown.shape) for _ in range(5)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS, options={"deadline": "realtime"})
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.bit_rate = 800_000
        stream.codec_context.thread_count = 1  # libvpx threads spin while they wait
        for number in range(SECONDS * FPS):
            picture = np.clip(shown + noises[number % 5], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_stranger_who_speaks_is_seen_and_heard(command, require, somebody, tmp_path):
    voice = tmp_path / "voice.wav"
    subprocess.run([require("espeak-ng"), "-v", "ru", "-w", voice, TEXT], check=True)
    photo = require("shared") / "faces/face_recognition/obama_1.jpg"
    done = command(
        *("replay", somebody, "--audio", voice, "--identity", photo),
        *("--out", tmp_path / "out", "--json"),
        timeout_s=200,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "out" / "flags.json").read_text())
    flags = {flag["kind"]: flag for flag in report["flags"]}
    assert {"identity_mismatch", "speech"} <= set(flags)
    assert flags["identity_mismatch"]["severity"] == "alert"
    lips = {box["label"] for box in flags["speech"]["evidence"]["boxes"]}
    assert lips <= {"lips_still"}  # none yet where the best picture was the session's first
    assert "voice" in flags["speech"]["evidence"]["models"]


def test_what_is_no_sound_or_photo_is_refused_before_anything_starts(command, somebody, tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("neither")
    for option in ("--audio", "--identity"):
        done = command("replay", somebody, option, text, "--out", tmp_path / "out")
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
