"""Writes an ONNX file, for a network whose own format onnxruntime does not read.

As much of the format (protocol buffers; onnx.proto3, opset 17) as such a network takes: nodes with
whole numbers as attributes, constants, one input, one output.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

IR_VERSION, OPSET = 8, 17
FLOAT, INT64 = 1, 7  # TensorProto.DataType
INTS = 7  # AttributeProto.AttributeType
RESULT = "result"


def _varint(value: int) -> bytes:
    low = bytearray()
    while value > 0x7F:
        low.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*low, value))


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _bytes(field: int, value: bytes | str) -> bytes:
    held = value.encode() if isinstance(value, str) else value
    return _varint(field << 3 | 2) + _varint(len(held)) + held


def _each(field: int, values: Iterable[bytes | str]) -> bytes:
    return b"".join(_bytes(field, value) for value in values)


def _value(name: str, shape: Sequence[int]) -> bytes:
    """ValueInfoProto of floats."""
    sides = _each(1, (_number(1, side) for side in shape))
    return _bytes(1, name) + _bytes(2, _bytes(1, _number(1, FLOAT) + _bytes(2, sides)))


def _attribute(name: str, values: Sequence[int]) -> bytes:
    numbers = b"".join(_number(8, value) for value in values)
    return _bytes(1, name) + numbers + _number(20, INTS)


class Graph:
    """Values are named by what makes them: each call gives the name of what it added."""

    def __init__(self, given: str, shape: Sequence[int]) -> None:
        self._input = _value(given, shape)
        self._nodes: list[bytes] = []
        self._constants: list[bytes] = []

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        name = f"constant{len(self._constants)}"
        kind = FLOAT if values.dtype == np.float32 else INT64
        sides = b"".join(_number(1, side) for side in values.shape)
        raw = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()
        self._constants.append(sides + _number(2, kind) + _bytes(8, name) + _bytes(9, raw))
        return name

    def node(self, kind: str, *inputs: str, **attributes: Sequence[int]) -> str:
        return self._node(kind, f"value{len(self._nodes)}", inputs, attributes)

    def file(self, last: str, shape: Sequence[int]) -> bytes:
        """``last``: what the network is asked for."""
        self._node("Identity", RESULT, (last,), {})
        graph = _each(1, self._nodes) + _bytes(2, "network") + _each(5, self._constants)
        graph += _bytes(11, self._input) + _bytes(12, _value(RESULT, shape))
        return _number(1, IR_VERSION) + _bytes(7, graph) + _bytes(8, _number(2, OPSET))

    def _node(
        self, kind: str, name: str, inputs: Sequence[str], attributes: dict[str, Sequence[int]]
    ) -> str:
        told = _each(5, (_attribute(key, values) for key, values in attributes.items()))
        self._nodes.append(_each(1, inputs) + _bytes(2, name) + _bytes(4, kind) + told)
        return name
