"""An ONNX network on onnxruntime: the same file on CUDA where that is present, else on one core."""

import logging
from collections.abc import Collection
from typing import Final

import onnxruntime

from analysis.errors import ModelInputUnexpected
from models import LoadedModel

logger = logging.getLogger(__name__)

CPU: Final = "CPUExecutionProvider"
CUDA: Final = "CUDAExecutionProvider"
PREFERRED: Final = (CUDA, CPU)


def providers(available: Collection[str]) -> list[str]:
    """Of what this onnxruntime was built with, best first; the last can always be fallen back on.

    ``onnxruntime`` has CPU only; an operator with a GPU installs ``onnxruntime-gpu`` in its place.
    """
    return [name for name in PREFERRED if name in available]


def one_thread() -> onnxruntime.SessionOptions:
    """A worker owns one core: more threads cost more CPU a frame than they save."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return options


def session(content: bytes) -> onnxruntime.InferenceSession:
    """Raises what onnxruntime raises when not even the CPU can run it.

    A CUDA build without a usable card or driver raises, or quietly takes the CPU.
    """
    wanted = providers(onnxruntime.get_available_providers())
    try:
        return onnxruntime.InferenceSession(content, one_thread(), providers=wanted)
    except Exception:
        if wanted == [CPU]:
            raise
        logger.warning("no network runs on %s here: on the CPU then", wanted[0], exc_info=True)
        return onnxruntime.InferenceSession(content, one_thread(), providers=[CPU])


def input_of(model: LoadedModel) -> tuple[int, ...]:
    """The picture tensor's shape as the file has it. Raises ModelInputUnexpected."""
    try:
        shape = tuple(session(model.content).get_inputs()[0].shape)
    except Exception as error:  # the runtime has many ways to say that it is no such file
        raise ModelInputUnexpected(f"{model.entry.name} is no ONNX file") from error
    if len(shape) != 4 or shape[1] != 3 or not all(isinstance(side, int) for side in shape):
        raise ModelInputUnexpected(f"{model.entry.name}: input {shape}")
    return shape
