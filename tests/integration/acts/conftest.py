"""The unit tests' documents, for tests that run other programs on them."""

import subprocess
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

import cv2
import pytest

SAMPLES = Path(__file__).parents[2] / "unit" / "acts" / "conftest.py"

_spec = spec_from_file_location("acts_samples", SAMPLES)
assert _spec is not None
assert _spec.loader is not None
_samples = module_from_spec(_spec)
_spec.loader.exec_module(_samples)

jpeg = _samples.jpeg
make_act = _samples.make_act
make_evidence = _samples.make_evidence
make_list = _samples.make_list
make_outsider = _samples.make_outsider
make_refusal = _samples.make_refusal
seal_key = _samples.seal_key
sealed = _samples.sealed


@pytest.fixture
def text_of(require, tmp_path) -> Callable[..., str]:
    program = require("pdftotext")

    def read(pdf: bytes, first: int = 1, last: int = 999) -> str:
        file = tmp_path / "act.pdf"
        file.write_bytes(pdf)
        pages = ["-f", str(first), "-l", str(last)]
        run = subprocess.run([program, *pages, file, "-"], capture_output=True, check=True)
        return run.stdout.decode()

    return read


@pytest.fixture
def picture_of(require, tmp_path) -> Callable[..., cv2.typing.MatLike]:
    program = require("pdftoppm")

    def draw(pdf: bytes, page: int = 1, dpi: int = 150) -> cv2.typing.MatLike:
        file = tmp_path / "act.pdf"
        file.write_bytes(pdf)
        options = ["-r", str(dpi), "-f", str(page), "-l", str(page), "-singlefile", "-png"]
        subprocess.run([program, *options, file, tmp_path / "page"], check=True)
        return cv2.imread(str(tmp_path / "page.png"))

    return draw
