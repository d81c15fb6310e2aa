"""The teacher (YOLOX-Nano, ONNX) with the inside of its network as further outputs.

On the CPU it runs in onnxruntime; on a GPU by a small executor of its graph in torch, so that
pictures and hints never leave the device. Both take (n, 3, side, side) float32 BGR, 0..255, any
side that 32 divides.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import helper, numpy_helper
from torch.nn import functional

from models.training.contracts import LABELS, STRIDES, TEACHER_CLASSES

# Names of tensors in the file pinned in models/manifest.toml (yolox_nano), by what they are.
HINTS: Mapping[str, str] = {
    "c2": "721",
    "c3": "781",
    "c4": "841",
    "c5": "886",
    "stem8": "1028",
    "stem16": "1070",
    "stem32": "1112",
    "class8": "1044",
    "class16": "1086",
    "class32": "1128",
    "box8": "1061",
    "box16": "1103",
    "box32": "1145",
}
CHANNELS = {"c2": 32, "c3": 64, "c4": 128, "c5": 256}
CHANNELS |= {f"{kind}{stride}": 64 for kind in ("stem", "class", "box") for stride in STRIDES}
ANSWERS = {8: "1066", 16: "1108", 32: "1150"}  # (n, 85, rows, columns) a level

Tensors = dict[str, torch.Tensor]


def opened(path: Path) -> onnx.ModelProto:
    """The network cut before its answers are flattened, for any batch and size."""
    model = onnx.load(path)
    graph = model.graph
    wanted = [*HINTS.values(), *ANSWERS.values()]
    keep, needed = [], set(wanted)
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            keep.append(node)
    shape = graph.input[0].type.tensor_type.shape
    for axis, name in ((0, "n"), (2, "height"), (3, "width")):
        shape.dim[axis].dim_param = name
    del graph.node[:], graph.output[:], graph.value_info[:]
    graph.node.extend(reversed(keep))
    graph.output.extend(
        helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, None) for name in wanted
    )
    return model


def soft_targets(answers: Sequence[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, cells, labels) scores of our labels and (n, cells, 4) raw boxes, levels in order."""
    flat = torch.cat([level.flatten(2) for level in answers], 2).transpose(1, 2)
    sure = flat[..., 4:5]
    scores = torch.zeros(*flat.shape[:2], len(LABELS), device=flat.device)
    for name, classes in TEACHER_CLASSES.items():
        columns = flat[..., [5 + index for index in classes]]
        scores[..., LABELS.index(name)] = (sure * columns).amax(2)
    return scores, flat[..., :4].contiguous()


class OnnxTeacher:
    def __init__(self, path: Path, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            opened(path).SerializeToString(), options, providers=["CPUExecutionProvider"]
        )

    def __call__(self, pictures: torch.Tensor) -> tuple[Tensors, torch.Tensor, torch.Tensor]:
        """Hints by name, then ``soft_targets``."""
        feed = {self._session.get_inputs()[0].name: pictures.numpy()}
        out = [torch.from_numpy(one) for one in self._session.run(None, feed)]
        return dict(zip(HINTS, out, strict=False)), *soft_targets(out[len(HINTS) :])


Arrays = Mapping[str, np.ndarray[Any, Any]]


def _conv(values: Sequence[Any], told: Mapping[str, Any]) -> torch.Tensor:
    bias = values[2] if len(values) > 2 else None
    return functional.conv2d(
        values[0],
        values[1],
        bias,
        stride=tuple(told.get("strides", (1, 1))),
        padding=tuple(told.get("pads", (0, 0))[:2]),
        groups=told.get("group", 1),
    )


def _max_pool(values: Sequence[Any], told: Mapping[str, Any]) -> torch.Tensor:
    padding = tuple(told.get("pads", (0, 0))[:2])
    return functional.max_pool2d(
        values[0], tuple(told["kernel_shape"]), tuple(told.get("strides", (1, 1))), padding
    )


def _slice(values: Sequence[Any], _told: Mapping[str, Any]) -> torch.Tensor:
    picture, starts, ends, axes = values[:4]
    steps = values[4] if len(values) > 4 else np.ones_like(starts)
    cut = [slice(None)] * picture.dim()
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        cut[int(axis)] = slice(int(start), min(int(end), picture.shape[int(axis)]), int(step))
    return picture[tuple(cut)]


OPERATIONS: Mapping[str, Callable[[Sequence[Any], Mapping[str, Any]], torch.Tensor]] = {
    "Conv": _conv,
    "MaxPool": _max_pool,
    "Slice": _slice,
    "Sigmoid": lambda values, _: torch.sigmoid(values[0]),
    "Mul": lambda values, _: values[0] * values[1],
    "Add": lambda values, _: values[0] + values[1],
    "Concat": lambda values, told: torch.cat(list(values), told["axis"]),
    # the only enlargement in it is by two, to the nearest
    "Resize": lambda values, _: functional.interpolate(values[0], scale_factor=2.0),
}


class DeviceTeacher:
    def __init__(self, path: Path, device: str) -> None:
        graph = opened(path).graph
        self._input = graph.input[0].name
        self._known: dict[str, Any] = {}
        for one in graph.initializer:
            array = numpy_helper.to_array(one).copy()
            floating = array.dtype == np.float32 and array.ndim in (1, 4)
            self._known[one.name] = torch.from_numpy(array).to(device) if floating else array
        self._nodes = []
        for node in graph.node:
            told = {one.name: helper.get_attribute_value(one) for one in node.attribute}
            if node.op_type == "Constant":
                self._known[node.output[0]] = numpy_helper.to_array(told["value"])
            else:
                self._nodes.append((OPERATIONS[node.op_type], node, told))

    def __call__(self, pictures: torch.Tensor) -> tuple[Tensors, torch.Tensor, torch.Tensor]:
        values = {**self._known, self._input: pictures}
        with torch.no_grad():
            for run, node, told in self._nodes:
                given = [values[name] for name in node.input if name]
                values[node.output[0]] = run(given, told)
        hints = {name: values[tensor] for name, tensor in HINTS.items()}
        return hints, *soft_targets([values[name] for name in ANSWERS.values()])
