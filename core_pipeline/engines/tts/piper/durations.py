"""Makes a Piper voice tell how long it speaks each phoneme: its network knows, its file just doesn't say so.

The network rounds the lengths up in one `Ceil` node. Naming that node's result as an output of the graph is all it
takes; a protobuf message is extended by appending to its bytes, so this needs no ONNX library.
"""

from __future__ import annotations

from collections.abc import Iterator

_GRAPH = 7  # fields of onnx.ModelProto, GraphProto, NodeProto, ValueInfoProto
_NODE, _OUTPUT = 1, 12
_NODE_OUTPUT, _NODE_TYPE = 2, 4
_NAME = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

Field = tuple[int, memoryview]


def with_durations(model: bytes) -> bytes:
    """Return the model with one more output, the lengths in frames; unchanged where they can't be told for sure.

    Raises ValueError for bytes that are no protobuf message.
    """
    graphs = [graph for number, graph in _fields(memoryview(model)) if number == _GRAPH]
    parts = [part for graph in graphs for part in _fields(graph)]
    lengths = {name for number, node in parts if number == _NODE for name in _rounded_up(node)}
    told = {bytes(field) for number, one in parts if number == _OUTPUT for key, field in _fields(one) if key == _NAME}
    if len(lengths) != 1 or lengths & told:
        return model
    return model + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, lengths.pop())))


def _rounded_up(node: memoryview) -> list[bytes]:
    fields = [(number, bytes(field)) for number, field in _fields(node) if number in {_NODE_OUTPUT, _NODE_TYPE}]
    return [name for number, name in fields if number == _NODE_OUTPUT] if (_NODE_TYPE, b"Ceil") in fields else []


def _fields(message: memoryview) -> Iterator[Field]:
    """Yield the fields that hold bytes, by number; the others are passed over."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _BYTES:
            size, at = _varint(message, at)
            yield key >> 3, message[at : at + size]
            at += size
        else:
            at = _after(message, at, kind)
    if at != len(message):
        raise ValueError("the message breaks off")


def _after(message: memoryview, at: int, kind: int) -> int:
    if kind == _VARINT:
        return _varint(message, at)[1]
    if kind in {_FIXED64, _FIXED32}:
        return at + (8 if kind == _FIXED64 else 4)
    raise ValueError("no such kind of field")


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(message):
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at
    raise ValueError("the message breaks off")


def _field(number: int, content: bytes) -> bytes:
    return _number(number << 3 | _BYTES) + _number(len(content)) + content


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])
