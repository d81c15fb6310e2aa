"""Servers as processes of their own, and videos made on the spot."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import httpx
import numpy as np
import pytest

from tests.patience import PATIENCE_S

COMMAND = [sys.executable, "-m", "exam_api.cli", "--lang", "en"]
FPS = 15
SPOKEN_S = 28
SPOKEN = "Какой ответ на третий вопрос, скажи быстрее, пожалуйста, я совсем не знаю. " * 5


def environment(**settings: object) -> dict[str, str]:
    """Nothing of the machine's own settings; the language is given by --lang."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("BAQYLAU_")}
    given = {f"BAQYLAU_{key.upper()}": str(value) for key, value in settings.items()}
    return kept | {"BAQYLAU_FETCH_MODELS": "false"} | given


def baqylau(*arguments: object, timeout_s: float = 60, **settings: object) -> Any:
    """Run the command to its end."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=timeout_s,
        check=False,
    )


@pytest.fixture
def command() -> Callable[..., Any]:
    return baqylau


@pytest.fixture(scope="session")
def somebody(require, tmp_path_factory) -> Path:
    """One photograph as a webcam's picture, with a little noise."""
    image = cv2.imread(str(require("shared") / "faces/face_recognition/biden_2.jpg"))
    height = image.shape[0] * 640 // image.shape[1]
    shown = cv2.resize(image, (640, height), interpolation=cv2.INTER_AREA)[:480]
    shown = cv2.copyMakeBorder(shown, 0, 480 - shown.shape[0], 0, 0, cv2.BORDER_REPLICATE)
    path = tmp_path_factory.mktemp("somebody") / "somebody.webm"
    chance = np.random.default_rng(1)
    noises = [chance.integers(-6, 6, shown.shape) for _ in range(5)]
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS, options={"deadline": "realtime"})
        stream.width, stream.height, stream.pix_fmt = 640, 480, "yuv420p"
        stream.bit_rate = 800_000
        stream.codec_context.thread_count = 1  # libvpx threads spin while they wait
        for number in range(SPOKEN_S * FPS):
            picture = np.clip(shown + noises[number % 5], 0, 255).astype(np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture(scope="session")
def voice(require, tmp_path_factory) -> Path:
    """Somebody reads a question aloud, for as long as ``somebody`` is seen."""
    path = tmp_path_factory.mktemp("voice") / "voice.wav"
    subprocess.run([require("espeak-ng"), "-v", "ru", "-w", path, SPOKEN], check=True)
    return path


@pytest.fixture
def empty_room(tmp_path: Path) -> Path:
    """12 s of bright, noisy furniture that nobody sits at."""
    path = tmp_path / "room.webm"
    chance = np.random.default_rng(1)
    ground = np.kron(chance.integers(40, 220, (12, 16)), np.ones((20, 20))).astype(np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libvpx", rate=FPS, options={"deadline": "realtime"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        stream.codec_context.thread_count = 1  # libvpx threads spin while they wait
        for number in range(12 * FPS):
            noise = chance.integers(0, 12, ground.shape, dtype=np.uint8)
            picture = np.repeat((ground + noise)[..., None], 3, axis=2)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@dataclass
class ServerProcess:
    """``baqylau serve`` on one data folder; it may be killed and started again."""

    data: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    settings: dict[str, object] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        log = (self.data / "server.log").open("ab")
        self.process = subprocess.Popen(
            [*COMMAND, "serve"],
            env=environment(data_dir=self.data, port=self.port, **self.settings),
            stdout=log,
            stderr=log,
        )
        log.close()
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log()[-2000:]
            try:
                if httpx.get(
                    f"{self.address}/healthz", timeout=PATIENCE_S, trust_env=False
                ).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        pytest.fail("the server does not answer")

    def kill(self) -> None:
        """SIGKILL: no handler runs, nothing is flushed."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE_S)

    def log(self) -> str:
        return (self.data / "server.log").read_text(errors="replace")

    @contextmanager
    def client(self, login: str, password: str) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, timeout=PATIENCE_S, trust_env=False) as http:
            answer = http.post("/api/v1/session", json={"login": login, "password": password})
            assert answer.is_success, answer.text
            yield http


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    data = tmp_path / "data"
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    made = ServerProcess(data, port)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.kill()


def manifest(data: Path, sitting_id: str) -> list[dict[str, Any]]:
    lines = (data / "recordings" / sitting_id / "camera" / "segments.jsonl").read_text()
    return [json.loads(line) for line in lines.splitlines()]
