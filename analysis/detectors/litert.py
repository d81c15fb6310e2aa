"""A TFLite network on LiteRT with one thread. Thread-bound: one set per worker thread."""

from collections.abc import Sequence

from ai_edge_litert.interpreter import Interpreter

from analysis.contracts import ModelRef
from analysis.detectors.pixels import Tensor
from analysis.errors import ModelInputUnexpected
from models import LoadedModel


def ref_of(model: LoadedModel) -> ModelRef:
    entry = model.entry
    return ModelRef(entry.name, entry.version, entry.sha256, entry.phone_recall)


class LiteRtNet:
    """One input, several outputs in the file's order.

    MediaPipe's own files run here directly: equal to ``mediapipe`` to 5e-5, without its import.
    """

    def __init__(self, model: LoadedModel) -> None:
        self.ref = ref_of(model)
        # The interpreter reads the buffer in place, so it must live as long.
        self._content = model.content
        self._interpreter = Interpreter(model_content=self._content, num_threads=1)
        self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()[0]
        if tuple(details["shape"]) != model.entry.input:
            raise ModelInputUnexpected(f"{self.ref.id}: input {tuple(details['shape'])}")
        self._input: int = details["index"]
        self._outputs: list[int] = [o["index"] for o in self._interpreter.get_output_details()]

    def run(self, tensor: Tensor) -> Sequence[Tensor]:
        self._interpreter.set_tensor(self._input, tensor)
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(index) for index in self._outputs]
