"""Packaged networks on disk: what is written is read, and whatever is wrong is refused with its reason."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from tests.model.networks import OPSET, card, constant, dark_bytes, dark_nodes, graph_bytes, write_dark

from sporemetry.errors import (
    ModelAlteredError,
    ModelCardError,
    ModelError,
    ModelFormatError,
    ModelGraphError,
)
from sporemetry.model import pack_model, read_model, unpack_model
from sporemetry.model.card import CARD_KEY, CardError
from sporemetry.model.card_reading import decode_card
from sporemetry.model.onnx_file import OnnxError
from sporemetry.model.wire import encode_bytes

HERE = Path("x.onnx")


def test_what_is_packed_is_read(tmp_path: Path) -> None:
    package = read_model(write_dark(tmp_path))
    assert dataclasses.replace(package.card, sha256="0" * 64) == card()
    blank = package.onnx.replace(package.card.sha256.encode(), b"0" * 64)
    assert hashlib.sha256(blank).hexdigest() == package.card.sha256


def test_another_program_reads_the_network_and_its_card() -> None:
    model = onnx.load_from_string(dark_bytes())
    onnx.checker.check_model(model)
    (entry,) = model.metadata_props
    assert entry.key == CARD_KEY
    assert json.loads(entry.value)["name"] == "dark"


def test_packing_again_replaces_the_card() -> None:
    again = pack_model(dark_bytes(), card(name="other"))
    assert unpack_model(again, HERE).card.name == "other"
    assert len(onnx.load_from_string(again).metadata_props) == 1
    assert pack_model(again, card()) == dark_bytes()


def test_every_truncation_and_every_changed_byte_is_refused() -> None:
    content = dark_bytes()
    for stop in range(0, len(content), 7):
        with pytest.raises(ModelError):
            unpack_model(content[:stop], HERE)
    for place in range(0, len(content), 11):
        changed = bytearray(content)
        changed[place] ^= 1 << place % 8
        with pytest.raises(ModelError):
            unpack_model(bytes(changed), HERE)


def test_changed_weights_are_named_as_such() -> None:
    content = bytearray(dark_bytes())
    place = content.index(np.float32(-10.0).tobytes())
    content[place] ^= 1
    with pytest.raises(ModelAlteredError, match="changed after it was packaged"):
        unpack_model(bytes(content), HERE)


@pytest.mark.parametrize(
    "content", [b"", b"\x89PNG\r\n\x1a\n", b"\x00" * 50, b"\xff" * 50, b"{}", bytes(range(256))]
)
def test_garbage_is_no_network(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(content)
    with pytest.raises((ModelFormatError, ModelGraphError), match=r"a\.onnx: expected .*; found "):
        read_model(path)


def test_what_is_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match="No such file"):
        read_model(tmp_path / "none.onnx")
    with pytest.raises(ModelFormatError):
        read_model(tmp_path)
    sparse = tmp_path / "large.onnx"
    with sparse.open("wb") as file:
        file.truncate((256 << 20) + 1)
    with pytest.raises(ModelFormatError, match="at most 256 MiB"):
        read_model(sparse)


def test_a_network_without_a_card_is_refused() -> None:
    with pytest.raises(ModelCardError, match="without a card"):
        unpack_model(graph_bytes(*dark_nodes()), HERE)


def test_a_card_for_other_channels_is_refused() -> None:
    content = pack_model(graph_bytes(*dark_nodes()), card(channels=("spore", "border")))
    with pytest.raises(ModelCardError, match="1 channels"):
        unpack_model(content, HERE)


# What is done to the model, and what the refusal says.
Change = Callable[[onnx.ModelProto], None]


def _domain(model: onnx.ModelProto) -> None:
    model.graph.node[0].domain = "com.example"


def _foreign_opset(model: onnx.ModelProto) -> None:
    model.opset_import.append(helper.make_opsetid("com.example", 1))


def _old_opset(model: onnx.ModelProto) -> None:
    model.opset_import[0].version = 7


def _operator(name: str) -> Change:
    def change(model: onnx.ModelProto) -> None:
        model.graph.node[2].op_type = name

    return change


def _external(model: onnx.ModelProto) -> None:
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")


def _location(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL


def _subgraph(model: onnx.ModelProto) -> None:
    model.graph.node[2].attribute.append(helper.make_attribute("body", helper.make_graph([], "g", [], [])))


def _function(model: onnx.ModelProto) -> None:
    model.functions.add(name="f")


def _training(model: onnx.ModelProto) -> None:
    model.training_info.add()


def _sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add()


def _short(model: onnx.ModelProto) -> None:
    model.graph.initializer[0].dims[0] = 1 << 30


def _order(model: onnx.ModelProto) -> None:
    model.graph.node[4].input[0] = "g"


def _twice(model: onnx.ModelProto) -> None:
    model.graph.node[2].output[0] = "near"


def _fixed(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 512


def _grey(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 1


def _two_inputs(model: onnx.ModelProto) -> None:
    model.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, [1]))


def _other_output(model: onnx.ModelProto) -> None:
    model.graph.output[0].name = "near"


def _half(model: onnx.ModelProto) -> None:
    model.graph.output[0].type.tensor_type.elem_type = TensorProto.FLOAT16


def _corners(model: onnx.ModelProto) -> None:
    next(a for a in model.graph.node[7].attribute if a.name.startswith("coord")).s = b"align_corners"


def _bomb(model: onnx.ModelProto) -> None:
    model.graph.initializer[-1].CopyFrom(constant("factors", [1, 1, 4e4, 4e4]))


def _computed_size(model: onnx.ModelProto) -> None:
    model.graph.node[7].input[2] = "near"


def _computed_weights(model: onnx.ModelProto) -> None:
    model.graph.node[6].input[1] = "near"


def _pads(model: onnx.ModelProto) -> None:
    next(a for a in model.graph.node[0].attribute if a.name == "pads").ints[0] = 1 << 40


def _folded(model: onnx.ModelProto) -> None:
    model.graph.node.insert(0, helper.make_node("Add", ["mean", "down"], ["bomb"]))


def _no_weights(model: onnx.ModelProto) -> None:
    """A convolution without weights, which ends OpenVINO 2026.4 with a segmentation fault."""
    del model.graph.node[1].input[1:]


def _flat_weights(model: onnx.ModelProto) -> None:
    del model.graph.initializer[2].dims[:]
    model.graph.initializer[2].dims.append(6 * 27)


def _strings(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(
        TensorProto(name="s", data_type=TensorProto.STRING, dims=[1], string_data=[b"x"])
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_domain, "com.example"),
        (_foreign_opset, "com.example"),
        (_old_opset, "version 7"),
        (_operator("GlobalAveragePool"), "GlobalAveragePool, which sees the whole tile"),
        (_operator("Loop"), "Loop, which holds a graph"),
        (_operator("NonMaxSuppression"), "NonMaxSuppression, which is not among"),
        (_operator(""), "which is not among"),
        (_external, "external data"),
        (_location, "external data"),
        (_subgraph, "graph inside an operator"),
        (_function, "functions of its own"),
        (_training, "training graphs"),
        (_sparse, "sparse constants"),
        (_short, "values in"),
        (_order, "which nothing before it makes"),
        (_twice, "made twice"),
        (_fixed, "fixed size"),
        (_grey, "an input of shape"),
        (_two_inputs, "the inputs pixels, more"),
        (_other_output, "the outputs near"),
        (_half, "element type 10"),
        (_corners, "align_corners"),
        (_bomb, "by the factors"),
        (_computed_size, "no constants"),
        (_computed_weights, "computes from the picture"),
        (_pads, "pads out of range"),
        (_folded, "Add of constants alone"),
        (_no_weights, "Conv with 1 inputs"),
        (_flat_weights, r"weights of the shape \(162,\)"),
        (_strings, "element type 8|field 6"),
    ],
)
def test_graphs_that_are_refused_say_why(change: Change, said: str) -> None:
    model = onnx.load_from_string(graph_bytes(*dark_nodes()))
    change(model)
    # Packed by hand, since pack_model refuses some of these too.
    entry = encode_bytes(1, CARD_KEY.encode()) + encode_bytes(2, _valid_card(model.SerializeToString()))
    with pytest.raises(ModelGraphError, match=said):
        unpack_model(model.SerializeToString() + encode_bytes(14, entry), HERE)


def _valid_card(network: bytes) -> bytes:
    text = card().encode()
    entry = encode_bytes(1, CARD_KEY.encode()) + encode_bytes(2, text)
    digest = hashlib.sha256(network + encode_bytes(14, entry)).hexdigest()
    return text.replace(b"0" * 64, digest.encode())


@pytest.mark.parametrize("number", [1, 7])
def test_a_second_field_that_a_generous_reader_would_take_instead_is_refused(number: int) -> None:
    network = graph_bytes(*dark_nodes())
    second = encode_bytes(7, b"") if number == 7 else b"\x08\x08"
    with pytest.raises(OnnxError, match="a second"):
        pack_model(network + second, card())


def test_a_graph_of_too_many_operators_is_refused() -> None:
    nodes = [helper.make_node("Relu", ["pixels"], [f"r{k}"]) for k in range(5000)]
    with pytest.raises(ModelGraphError, match="operators"):
        unpack_model(pack_model(graph_bytes(nodes, [], opset_imports=[OPSET]), card()), HERE)


CARD = json.loads(card().encode())


def test_a_card_is_its_json() -> None:
    full = card(
        um_per_px=0.25,
        score_calibration=((0.0, 0.0), (0.5, 0.2), (1.0, 1.0)),
        metrics={"f1": 0.9},
        channels=("spore", "border"),
    )
    assert decode_card(full.encode()) == full


@pytest.mark.parametrize("field", sorted(CARD))
def test_a_card_without_one_of_its_fields_is_refused(field: str) -> None:
    values = {key: value for key, value in CARD.items() if key != field}
    with pytest.raises(CardError, match=field):
        decode_card(json.dumps(values).encode())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("format", 2),
        ("format", True),
        ("name", ""),
        ("name", 5),
        ("name", "x" * 5000),
        ("task", "cats"),
        ("channels", []),
        ("channels", ["border"]),
        ("channels", ["spore", "spore"]),
        ("channels", "spore"),
        ("instances", {"decoder": "watershed"}),
        ("instances", {"decoder": "watershed", "options": {"neck": [1]}}),
        ("normalization", {"kind": "fixed", "mean": [1, 2], "std": [1, 1, 1], "floor": 0}),
        ("normalization", {"kind": "fixed", "mean": [1, 2, 3], "std": [1, 1, 0], "floor": 0}),
        ("normalization", {"kind": "picture", "mean": [], "std": [], "floor": 0}),
        ("normalization", {"kind": "magic", "mean": [], "std": [], "floor": 1}),
        ("spore_length_px", {"least": 5, "median": 4, "most": 9}),
        ("spore_length_px", {"least": 0, "median": 4, "most": 9}),
        ("um_per_px", 0),
        ("um_per_px", "0.3"),
        ("threshold", 1.5),
        ("threshold", None),
        ("score_calibration", [[0, 0]]),
        ("score_calibration", [[0, 0.5], [1, 0.4]]),
        ("score_calibration", [[0, 0], [0, 1]]),
        ("training_data", [{"name": "a"}]),
        ("metrics", {"f1": "good"}),
        ("halo", -1),
        ("halo", 1.5),
        ("stride", 0),
        ("sha256", "0" * 63),
        ("sha256", "G" * 64),
        ("more", 1),
    ],
)
def test_a_card_that_says_what_cannot_be_is_refused(field: str, value: object) -> None:
    with pytest.raises(CardError):
        decode_card(json.dumps(CARD | {field: value}).encode())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"format":1,"format":1}',
        json.dumps(CARD).replace("0.5", "NaN").encode(),
        json.dumps(CARD).replace("0.5", "1e999").encode(),
        b" " * (1 << 20) + b"{}",
    ],
)
def test_what_is_no_card_is_refused(content: bytes) -> None:
    with pytest.raises(CardError):
        decode_card(content)
