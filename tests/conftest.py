"""Shared by all tests: what a test needs beyond Python, and which tests may open sockets.

A test asks for a component with the fixture ``require``: ``require("chromium")``. Where it is
absent the test skips with a one-line reason; under ``BAQYLAU_TEST_REQUIRE=all`` (as CI runs)
the absence is a failure.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket, enable_socket

# A busy machine is no finding: time is measured in benchmarks, never in tests.
settings.register_profile("ours", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ours")

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
SOCKET_MARKS = ("integration", "e2e", "postgres")
# Media flows at real speed there: side by side they would starve each other on two cores.
REAL_TIME = ("tests/e2e/", "tests/integration/capture/", "tests/integration/exam_api_proctoring/")


def _program(*names: str) -> Callable[[], str | None]:
    def find() -> str | None:
        return next((path for name in names if (path := shutil.which(name))), None)

    return find


def _postgres() -> str | None:
    """The folder of initdb and postgres, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    on_path = shutil.which("initdb")
    return str(found[0].parent) if found else on_path and str(Path(on_path).parent)


def _shared() -> str | None:
    return str(SHARED) if SHARED.is_dir() else None


COMPONENTS: dict[str, Callable[[], str | None]] = {
    "espeak-ng": _program("espeak-ng"),
    "chromium": _program("chromium", "chromium-browser"),
    "firefox": _program("firefox-esr", "firefox"),
    "ffprobe": _program("ffprobe"),
    "ffmpeg": _program("ffmpeg"),
    "moto_server": _program("moto_server"),
    "pdftotext": _program("pdftotext"),
    "pdftoppm": _program("pdftoppm"),
    "pdfsig": _program("pdfsig"),
    "postgres": _postgres,
    "shared": _shared,
    "turnserver": _program("turnserver"),
}


def _require(name: str) -> Path:
    """The path of a component, or a skip (a failure when everything is required)."""
    path = COMPONENTS[name]()
    if path is not None:
        return Path(path)
    reason = f"{name} is not on this machine"
    if os.environ.get("BAQYLAU_TEST_REQUIRE") == "all":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def require() -> Callable[[str], Path]:
    """``require("chromium")`` gives the component's path, or skips the test."""
    return _require


@pytest.fixture(scope="session")
def shared_media() -> Path:
    """../shared/media: real clips, read from there and never copied into the project."""
    return _require("shared") / "media"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browsers last: while Playwright is up its event loop occupies the process's main thread."""
    items.sort(key=lambda item: item.path.is_relative_to(ROOT / "tests/e2e"))


@pytest.fixture(scope="session", autouse=True)
def no_model_is_fetched() -> Iterator[None]:
    """Servers that tests start ask no address outside for what they lack."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAQYLAU_FETCH_MODELS", "false")
        yield


@pytest.fixture(autouse=True)
def one_real_time_test_at_a_time(request: pytest.FixtureRequest) -> Iterator[None]:
    """Across processes, by a file lock: xdist's own groups do not work with this pytest."""
    if not request.path.relative_to(ROOT).as_posix().startswith(REAL_TIME):
        yield
        return
    lock = Path(tempfile.gettempdir()) / f"baqylau-real-time-tests-{os.getuid()}.lock"
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Unit tests reach no network: only marked tests may open sockets (loopback)."""
    if any(item.get_closest_marker(mark) for mark in SOCKET_MARKS):
        enable_socket()
    else:
        disable_socket(allow_unix_socket=True)
