"""An ONNX file taken apart, nothing of it believed: bytes -> nodes, constants, inputs, outputs, metadata.

The runtime's own reader is more generous (later fields overwrite or merge with earlier ones, unknown ones are
skipped). So that it cannot see another network than the one that was checked, whatever two readers could
understand in two ways is refused here: fields that are not in the tables below, a second one where one
belongs, values of another kind.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sporemetry.model.wire import BYTES, FIXED32, VARINT, Field, WireError, fields, varints

MOST_FIELDS = 1_000_000
_LONGEST_NAME = 4096
_MOST_NUMBERS = 65_536  # of a constant that is read for its values
FLOAT, UINT8, INT8, INT32, INT64, BOOL = 1, 2, 3, 6, 7, 9
ELEMENT_BYTES: Mapping[int, int] = {FLOAT: 4, UINT8: 1, INT8: 1, INT32: 4, INT64: 8, BOOL: 1}
"""The element types of constants and their sizes."""

# Of each message: number -> (name, kind, whether there may be several).
_Table = Mapping[int, tuple[str, int, bool]]
_MODEL: _Table = {
    1: ("ir_version", VARINT, False),
    2: ("producer_name", BYTES, False),
    3: ("producer_version", BYTES, False),
    4: ("domain", BYTES, False),
    5: ("model_version", VARINT, False),
    6: ("doc_string", BYTES, False),
    7: ("graph", BYTES, False),
    8: ("opset_import", BYTES, True),
    14: ("metadata_props", BYTES, True),
}
_OPSET: _Table = {1: ("domain", BYTES, False), 2: ("version", VARINT, False)}
_ENTRY: _Table = {1: ("key", BYTES, False), 2: ("value", BYTES, False)}
_GRAPH: _Table = {
    1: ("node", BYTES, True),
    2: ("name", BYTES, False),
    5: ("initializer", BYTES, True),
    10: ("doc_string", BYTES, False),
    11: ("input", BYTES, True),
    12: ("output", BYTES, True),
    13: ("value_info", BYTES, True),
    16: ("metadata_props", BYTES, True),
}
_NODE: _Table = {
    1: ("input", BYTES, True),
    2: ("output", BYTES, True),
    3: ("name", BYTES, False),
    4: ("op_type", BYTES, False),
    5: ("attribute", BYTES, True),
    6: ("doc_string", BYTES, False),
    7: ("domain", BYTES, False),
    8: ("overload", BYTES, False),
    9: ("metadata_props", BYTES, True),
}
_ATTRIBUTE: _Table = {
    1: ("name", BYTES, False),
    2: ("f", FIXED32, False),
    3: ("i", VARINT, False),
    4: ("s", BYTES, False),
    5: ("t", BYTES, False),
    7: ("floats", BYTES, True),
    8: ("ints", BYTES, True),
    9: ("strings", BYTES, True),
    13: ("doc_string", BYTES, False),
    20: ("type", VARINT, False),
}
_EITHER_KIND = {"floats": (BYTES, FIXED32), "ints": (BYTES, VARINT), "dims": (BYTES, VARINT)}
_VALUE: _Table = {
    1: ("name", BYTES, False),
    2: ("type", BYTES, False),
    3: ("doc_string", BYTES, False),
    4: ("metadata_props", BYTES, True),
}
_TYPE: _Table = {1: ("tensor_type", BYTES, False), 6: ("denotation", BYTES, False)}
_TENSOR_TYPE: _Table = {1: ("elem_type", VARINT, False), 2: ("shape", BYTES, False)}
_SHAPE: _Table = {1: ("dim", BYTES, True)}
_DIM: _Table = {1: ("value", VARINT, False), 2: ("param", BYTES, False), 3: ("denotation", BYTES, False)}
_TENSOR: _Table = {
    1: ("dims", BYTES, True),
    2: ("data_type", VARINT, False),
    4: ("float_data", BYTES, False),
    5: ("int32_data", BYTES, False),
    7: ("int64_data", BYTES, False),
    8: ("name", BYTES, False),
    9: ("raw_data", BYTES, False),
    12: ("doc_string", BYTES, False),
    14: ("data_location", VARINT, False),
    16: ("metadata_props", BYTES, True),
}
_REFUSED = {
    ("model", 20): "training graphs",
    ("model", 25): "functions of its own",
    ("model", 26): "a configuration of devices",
    ("graph", 15): "sparse constants",
    ("attribute", 6): "a graph inside an operator",
    ("attribute", 11): "graphs inside an operator",
    ("tensor", 13): "external data (weights in another file)",
}


class OnnxError(ValueError):
    """Content of an ONNX file that is refused."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """A constant of the graph: its name, shape and element type, and its values where they are few."""

    name: str
    dims: tuple[int, ...]
    data_type: int
    numbers: tuple[float, ...] | None


@dataclass(frozen=True, slots=True)
class Value:
    """An input or output of the graph; a dimension is a number, or None where it is free."""

    name: str
    data_type: int
    dims: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Node:
    """One operator."""

    operator: str
    domain: str
    name: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    tensors: Mapping[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OnnxFile:
    """What an ONNX file holds.

    Attributes
    ----------
    opsets : mapping of str to int
        Domain to version.
    nodes, constants, inputs, outputs : tuple
        Of the graph.
    metadata : mapping of str to (int, int)
        Key to where its value lies in the file: first byte, and the one after the last.
    entries : tuple of (str, int, int)
        Key of each metadata entry and where all of it lies.
    """

    opsets: Mapping[str, int]
    nodes: tuple[Node, ...]
    constants: tuple[Tensor, ...]
    inputs: tuple[Value, ...]
    outputs: tuple[Value, ...]
    metadata: Mapping[str, tuple[int, int]]
    entries: tuple[tuple[str, int, int], ...]


def parse_onnx(content: bytes) -> OnnxFile:
    """Take an ONNX file apart.

    Parameters
    ----------
    content : bytes
        The whole file.

    Raises
    ------
    WireError
        When it is no Protocol Buffers message, or truncated.
    OnnxError
        When it is one, but not of a network that is accepted; the text says what was found.
    """
    return _Parser(memoryview(content)).model()


class _Parser:
    def __init__(self, content: memoryview) -> None:
        self._content = content
        self._left = MOST_FIELDS

    def model(self) -> OnnxFile:
        found = self._message(None, _MODEL, "model")
        if not found.get("graph"):
            raise OnnxError("no network in it")
        graph = self._message(found["graph"][0], _GRAPH, "graph")
        entries = [
            (key, value, each) for each in found.get("metadata_props", ()) for key, value in self._entry(each)
        ]
        keys = [key for key, _, _ in entries]
        if len(set(keys)) != len(keys):
            raise OnnxError("two metadata entries of one name")
        return OnnxFile(
            opsets=self._opsets(found.get("opset_import", ())),
            nodes=tuple(self._node(each) for each in graph.get("node", ())),
            constants=tuple(self._tensor(each) for each in graph.get("initializer", ())),
            inputs=tuple(self._value(each) for each in graph.get("input", ())),
            outputs=tuple(self._value(each) for each in graph.get("output", ())),
            metadata={key: (value.start, value.stop) for key, value, _ in entries},
            entries=tuple((key, each.begin, each.stop) for key, _, each in entries),
        )

    def _message(self, place: Field | None, table: _Table, what: str) -> dict[str, list[Field]]:
        found: dict[str, list[Field]] = {}
        start, stop = (0, len(self._content)) if place is None else (place.start, place.stop)
        for each in fields(self._content, start, stop):
            self._left -= 1
            if self._left < 0:
                raise OnnxError(f"more than {MOST_FIELDS:,} fields")
            if each.number not in table:
                reason = _REFUSED.get((what, each.number), f"an unknown field {each.number} of its {what}")
                raise OnnxError(reason)
            name, kind, several = table[each.number]
            if each.kind not in _EITHER_KIND.get(name, (kind,)):
                raise OnnxError(f"a {name} of another kind in its {what}")
            if name in found and not several:
                raise OnnxError(f"a second {name} in its {what}")
            found.setdefault(name, []).append(each)
        return found

    def _text(self, places: Sequence[Field] | None) -> str:
        if not places:
            return ""
        place = places[0]
        if place.stop - place.start > _LONGEST_NAME:
            raise OnnxError("a name of more than 4,096 bytes")
        try:
            return bytes(self._content[place.start : place.stop]).decode("utf-8")
        except UnicodeDecodeError:
            raise OnnxError("a name that is not UTF-8") from None

    def _texts(self, places: Sequence[Field]) -> tuple[str, ...]:
        return tuple(self._text([place]) for place in places)

    def _entry(self, place: Field) -> list[tuple[str, Field]]:
        found = self._message(place, _ENTRY, "metadata")
        if not found.get("value"):
            raise OnnxError("a metadata entry without a value")
        return [(self._text(found.get("key")), found["value"][0])]

    def _opsets(self, places: Sequence[Field]) -> dict[str, int]:
        opsets: dict[str, int] = {}
        for place in places:
            found = self._message(place, _OPSET, "opset")
            domain = self._text(found.get("domain"))
            if domain in opsets:
                raise OnnxError(f"two versions of the operators {domain!r}")
            opsets[domain] = _number(found, "version")
        return opsets

    def _node(self, place: Field) -> Node:
        found = self._message(place, _NODE, "node")
        numbers: dict[str, tuple[float, ...]] = {}
        texts: dict[str, str] = {}
        tensors: dict[str, Tensor] = {}
        names: set[str] = set()
        for each in found.get("attribute", ()):
            attribute = self._message(each, _ATTRIBUTE, "attribute")
            name = self._text(attribute.get("name"))
            if name in names:
                raise OnnxError(f"a second attribute {name!r} of one operator")
            names.add(name)
            if "t" in attribute:
                tensors[name] = self._tensor(attribute["t"][0])
            if "s" in attribute:
                texts[name] = self._text(attribute["s"])
            if values := self._attribute_numbers(attribute):
                numbers[name] = values
        return Node(
            operator=self._text(found.get("op_type")),
            domain=self._text(found.get("domain")),
            name=self._text(found.get("name")),
            inputs=self._texts(found.get("input", ())),
            outputs=self._texts(found.get("output", ())),
            numbers=numbers,
            texts=texts,
            tensors=tensors,
        )

    def _attribute_numbers(self, attribute: Mapping[str, list[Field]]) -> tuple[float, ...]:
        numbers: list[float] = [each.signed for each in attribute.get("i", ())]
        for each in attribute.get("ints", ()):
            numbers.extend(varints(self._content, each))
            self._check_few(len(numbers))
        for each in (*attribute.get("f", ()), *attribute.get("floats", ())):
            self._check_few((each.stop - each.start) // 4)
            numbers.extend(self._unpack("f", each))
        return tuple(numbers)

    def _value(self, place: Field) -> Value:
        found = self._message(place, _VALUE, "value")
        if not found.get("type"):
            raise OnnxError("an input or output without a type")
        kind = self._message(found["type"][0], _TYPE, "type")
        if not kind.get("tensor_type"):
            raise OnnxError("an input or output that is no array")
        tensor = self._message(kind["tensor_type"][0], _TENSOR_TYPE, "array type")
        shape = self._message(tensor["shape"][0], _SHAPE, "shape") if tensor.get("shape") else {}
        dims = [self._message(each, _DIM, "dimension") for each in shape.get("dim", ())]
        return Value(
            name=self._text(found.get("name")),
            data_type=_number(tensor, "elem_type"),
            dims=tuple(dim["value"][0].signed if "value" in dim else None for dim in dims),
        )

    def _tensor(self, place: Field) -> Tensor:
        found = self._message(place, _TENSOR, "tensor")
        if _number(found, "data_location"):
            raise OnnxError(_REFUSED["tensor", 13])
        data_type = _number(found, "data_type")
        if data_type not in ELEMENT_BYTES:
            raise OnnxError(f"a constant of element type {data_type}")
        dims: list[int] = []
        for each in found.get("dims", ()):
            dims.extend(varints(self._content, each))
            if len(dims) > 8:
                raise OnnxError("a constant of more than 8 dimensions")
        if any(not 0 <= dim < 1 << 31 for dim in dims):
            raise OnnxError(f"a constant of the shape {dims}")
        size = 1
        for dim in dims:
            size *= dim
        name = self._text(found.get("name"))
        return Tensor(name, tuple(dims), data_type, self._tensor_numbers(found, data_type, size))

    def _tensor_numbers(
        self, found: Mapping[str, list[Field]], data_type: int, size: int
    ) -> tuple[float, ...] | None:
        stored = [name for name in ("raw_data", "float_data", "int32_data", "int64_data") if name in found]
        if len(stored) > 1:
            raise OnnxError("a constant that is stored twice")
        if not stored:
            if size:
                raise OnnxError("a constant without its values")
            return ()
        place = found[stored[0]][0]
        length = place.stop - place.start
        if stored[0] == "raw_data" or (stored[0] == "float_data" and data_type == FLOAT):
            if length != size * ELEMENT_BYTES[data_type]:
                raise OnnxError(f"a constant of {size:,} values in {length:,} bytes")
            return self._raw_numbers(place, data_type) if size <= 64 else None
        if stored[0] == "float_data" or (stored[0] == "int64_data") != (data_type == INT64):
            raise OnnxError("a constant whose values are of another type")
        self._check_few(length)
        numbers = tuple(map(float, varints(self._content, place)))
        if len(numbers) != size:
            raise OnnxError(f"a constant of {size:,} values that holds {len(numbers):,}")
        return numbers

    def _raw_numbers(self, place: Field, data_type: int) -> tuple[float, ...]:
        code = {FLOAT: "f", UINT8: "B", INT8: "b", INT32: "i", INT64: "q", BOOL: "?"}[data_type]
        return tuple(map(float, self._unpack(code, place)))

    def _unpack(self, code: str, place: Field) -> tuple[float, ...]:
        size = place.stop - place.start
        count, rest = divmod(size, struct.calcsize(f"<{code}"))
        if rest:
            raise OnnxError("numbers that end in the middle of one")
        return struct.unpack(f"<{count}{code}", self._content[place.start : place.stop])

    @staticmethod
    def _check_few(numbers: int) -> None:
        if numbers > _MOST_NUMBERS:
            raise OnnxError(f"more than {_MOST_NUMBERS:,} numbers in one attribute")


def _number(found: Mapping[str, list[Field]], name: str) -> int:
    return found[name][0].signed if found.get(name) else 0


__all__ = [
    "ELEMENT_BYTES",
    "FLOAT",
    "Node",
    "OnnxError",
    "OnnxFile",
    "Tensor",
    "Value",
    "WireError",
    "parse_onnx",
]
