"""Where a network runs: on CUDA if this onnxruntime has it and it works, else on the CPU."""

import onnxruntime
import pytest

from analysis.detectors import onnx
from analysis.detectors.onnx import CPU, CUDA, providers, session


@pytest.mark.parametrize(
    ("available", "expected"),
    [
        ([CPU], [CPU]),
        ([CPU, CUDA], [CUDA, CPU]),
        (["TensorrtExecutionProvider", CUDA, CPU], [CUDA, CPU]),
        (["AzureExecutionProvider", CPU], [CPU]),
    ],
)
def test_cuda_comes_first_where_it_is(available: list[str], expected: list[str]) -> None:
    assert providers(available) == expected


class Sessions:
    """onnxruntime with CUDA, on a machine whose card does or does not work."""

    def __init__(self, *, works: bool) -> None:
        self._works = works
        self.asked: list[list[str]] = []

    def __call__(self, content: bytes, options: object, *, providers: list[str]) -> str:
        self.asked.append(providers)
        if CUDA in providers and not self._works:
            raise RuntimeError("CUDA driver version is insufficient")
        return providers[0]


@pytest.mark.parametrize(("works", "expected"), [(True, CUDA), (False, CPU)])
def test_a_card_that_does_not_work_is_left_alone(
    monkeypatch: pytest.MonkeyPatch, works: bool, expected: str
) -> None:
    sessions = Sessions(works=works)
    monkeypatch.setattr(onnx.onnxruntime, "get_available_providers", lambda: [CUDA, CPU])
    monkeypatch.setattr(onnx.onnxruntime, "InferenceSession", sessions)
    assert session(b"network") == expected


def test_what_not_even_the_cpu_can_run_is_told() -> None:
    with pytest.raises(onnxruntime.capi.onnxruntime_pybind11_state.InvalidProtobuf):
        session(b"no network")
