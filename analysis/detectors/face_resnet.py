"""dlib's face network on onnxruntime: the same numbers at a tenth of the time, and without holding
Python's lock meanwhile, which stalled everything else in the process for 85 ms a face.

The file's weights are read in its order, input first; which layers they are of is dlib's
``dnn_face_recognition_ex.cpp``. Every convolution is followed by an affine layer: they become one.
"""  # noqa: D205 - one thought

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analysis.detectors.onnx_graph import Graph
from analysis.errors import ModelInputUnexpected
from analysis.picture import Image

Weights = NDArray[np.float32]

SIDE = 150  # of the upright face that it is given
NUMBERS = 128
GIVEN = "face"  # name of the input
MEAN = np.array([122.782, 117.001, 104.298], np.float32)  # RGB, as it was trained
RANGE = np.float32(256)
POOLED = 35  # side of what comes out of the first layers
# Filters, blocks and side of each level. A block is two convolutions whose input is added to what
# they give; the first one of a level that has a smaller side halves it.
LEVELS = ((32, 3, 35), (64, 4, 17), (128, 3, 8), (256, 3, 4), (256, 1, 2))


def given(face: Image) -> Weights:
    """(1, 3, SIDE, SIDE) of an RGB picture (SIDE, SIDE, 3)."""
    centred = (face.astype(np.float32) - MEAN) / RANGE
    return np.ascontiguousarray(centred.transpose(2, 0, 1)[None])


def as_onnx(content: bytes) -> bytes:
    """The network of dlib's file. Raises ModelInputUnexpected where that holds another one."""
    graph, tensors = Graph(GIVEN, (1, 3, SIDE, SIDE)), _Tensors(content)
    layers = _Layers(graph, tensors)
    first = layers.convolved(_Value(GIVEN, 3, SIDE), 32, side=7, stride=2)
    pooled = graph.node("MaxPool", graph.node("Relu", first.name), **_window(3))
    value = _Value(pooled, first.channels, POOLED)
    for filters, blocks, side in LEVELS:
        for _ in range(blocks):
            value = layers.block(value, filters, side)
    mean = graph.node("Flatten", graph.node("GlobalAveragePool", value.name))
    last = tensors.next((value.channels, NUMBERS, 1, 1)).reshape(-1, NUMBERS)
    return graph.file(graph.node("MatMul", mean, graph.constant(last)), (1, NUMBERS))


@dataclass(frozen=True, slots=True)
class _Value:
    """What a node gives: (1, channels, side, side)."""

    name: str
    channels: int
    side: int


def _window(side: int) -> dict[str, tuple[int, int]]:
    return {"kernel_shape": (side, side), "strides": (2, 2)}


class _Tensors:
    """Those of a file: a version (2), four sizes, then little-endian floats."""

    def __init__(self, content: bytes) -> None:
        self._content, self._read = content, 0

    def next(self, shape: Sequence[int]) -> Weights:
        head = b"".join(_packed(number) for number in (2, *shape))
        found, count = self._content.find(head, self._read), int(np.prod(shape))
        start = found + len(head)
        if found < 0 or start + 4 * count > len(self._content):
            raise ModelInputUnexpected(f"no weights {tuple(shape)} where dlib's network has them")
        self._read = start + 4 * count
        return np.frombuffer(self._content, "<f4", count, start)


def _packed(number: int) -> bytes:
    """An integer as dlib writes it: how many bytes, then these, the lowest first."""
    size = (number.bit_length() + 7) // 8
    return bytes((size,)) + number.to_bytes(size, "little")


class _Layers:
    def __init__(self, graph: Graph, tensors: _Tensors) -> None:
        self._graph, self._tensors = graph, tensors

    def convolved(self, value: _Value, filters: int, *, side: int, stride: int) -> _Value:
        """Without the rim where it strides, as in dlib."""
        shape = (filters, value.channels, side, side)
        weights = int(np.prod(shape))
        held = self._tensors.next((weights + filters, 1, 1, 1))
        scale, shift = self._tensors.next((2 * filters, 1, 1, 1)).reshape(2, filters)
        kernel = self._graph.constant(held[:weights].reshape(shape) * scale.reshape(-1, 1, 1, 1))
        bias = self._graph.constant(held[weights:] * scale + shift)
        rim = side // 2 if stride == 1 else 0
        name = self._graph.node(
            "Conv", value.name, kernel, bias, pads=(rim,) * 4, strides=(stride, stride)
        )
        return _Value(name, filters, (value.side + 2 * rim - side) // stride + 1)

    def block(self, value: _Value, filters: int, side: int) -> _Value:
        halves = side < value.side
        first = self.convolved(value, filters, side=3, stride=2 if halves else 1)
        bent = _Value(self._graph.node("Relu", first.name), filters, first.side)
        second = self.convolved(bent, filters, side=3, stride=1)
        if halves:
            name = self._graph.node("AveragePool", value.name, **_window(2))
            value = _Value(name, value.channels, value.side // 2)
        both = [self._filled(one, filters, side) for one in (second, value)]
        return _Value(self._graph.node("Relu", self._graph.node("Add", *both)), filters, side)

    def _filled(self, value: _Value, channels: int, side: int) -> str:
        """What differs in size is added as if the smaller went on with zeros, as in dlib."""
        if (value.channels, value.side) == (channels, side):
            return value.name
        more = np.array([0, channels - value.channels, *(side - value.side,) * 2], np.int64)
        ends = self._graph.constant(np.concatenate([np.zeros(4, np.int64), more]))
        return self._graph.node("Pad", value.name, ends)
