"""Cellpose's ``_seg.npy``: masks as Cellpose saves them, and pickles that mean harm."""

from __future__ import annotations

import contextlib
import io
import os
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sporemetry.errors import LabelReadError
from sporemetry.exchange.seg_npy import read_seg_masks

MASKS = np.zeros((40, 50), dtype=np.uint16)
MASKS[5:15, 5:25], MASKS[20:30, 10:20] = 1, 3


def saved(path: Path, masks: object, **more: object) -> Path:
    """Save as Cellpose does; see the documentation of its outputs."""
    content: dict[str, object] = {
        "outlines": np.zeros((40, 50), dtype=np.uint16),
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.array([True, False]),
        "filename": "C:\\pictures\\leaf.jpg",
        "flows": [np.zeros((1, 40, 50, 3), dtype=np.uint8), np.zeros((2, 3), dtype=">f8"), [], None],
        "est_diam": np.float64(12.5),
        "model_path": Path("model"),  # a class that is not known here
        "manual_changes": [["01/02/2024, 10:00:00", "added mask", [3]]],
        "normalize_params": {"lowhigh": None, "percentile": [1.0, 99.0]},
        **more,
    }
    np.save(path, content, allow_pickle=True)  # type: ignore[arg-type]
    return path


@pytest.mark.parametrize("kind", ["uint8", "uint16", "uint32", "int32", "int64", ">u2", ">i4"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_masks_come_back_as_cellpose_saved_them(tmp_path: Path, kind: str, order: Any) -> None:
    masks = np.array(MASKS, dtype=kind, order=order)
    read = read_seg_masks(saved(tmp_path / "a_seg.npy", masks))
    assert np.array_equal(read, MASKS)
    assert np.array_equal(read_seg_masks(saved(tmp_path / "a_seg.npy", masks[None])), MASKS)


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
def test_every_protocol_of_pickles_is_read(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "a_seg.npy"
    array = np.array({"masks": MASKS, "flows": [np.float32(3)]}, dtype=object)
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": ()})
    path.write_bytes(head.getvalue() + pickle.dumps(array, protocol=protocol))
    assert np.array_equal(read_seg_masks(path), MASKS)


def test_a_plain_array_is_read_too(tmp_path: Path) -> None:
    np.save(tmp_path / "a_seg.npy", MASKS)
    assert np.array_equal(read_seg_masks(tmp_path / "a_seg.npy"), MASKS)


class Harm:
    def __init__(self, call: Any, *arguments: object) -> None:
        self.call, self.arguments = call, arguments

    def __reduce__(self) -> tuple[Any, tuple[object, ...]]:
        return self.call, self.arguments


@pytest.mark.parametrize("where", ["filename", "masks"])
def test_nothing_that_a_file_names_is_run(tmp_path: Path, where: str) -> None:
    marker = tmp_path / "ran"
    for number, harm in enumerate(
        (
            Harm(os.system, f"touch {marker}"),
            Harm(open, str(marker), "w"),
            Harm(eval, f"open({str(marker)!r}, 'w')"),
            Harm(os.makedirs, str(marker)),
            Harm(np.load, str(marker)),
            Harm(getattr, "text", "join"),
        )
    ):
        path = tmp_path / f"{number}_seg.npy"
        np.save(path, {"masks": MASKS, "filename": "a.jpg", where: harm}, allow_pickle=True)  # type: ignore[arg-type]
        if where == "masks":
            with pytest.raises(LabelReadError):
                read_seg_masks(path)
        else:
            assert np.array_equal(read_seg_masks(path), MASKS)
        assert not marker.exists()


def test_a_stand_in_cannot_be_altered_for_the_next_file(tmp_path: Path) -> None:
    # BUILD with a pair sets attributes of whatever is on the stack, here of the class itself.
    poison = b"cnumpy.core.multiarray\n_reconstruct\n(N(dS'__call__'\nI1\nsS'kept'\nI2\nstb."
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": ()})
    (tmp_path / "bad_seg.npy").write_bytes(head.getvalue() + poison)
    with pytest.raises(LabelReadError):
        read_seg_masks(tmp_path / "bad_seg.npy")
    assert np.array_equal(read_seg_masks(saved(tmp_path / "a_seg.npy", MASKS)), MASKS)


@pytest.mark.parametrize(
    "content",
    [
        b"r\xff\xff\xff\x7f",  # LONG_BINPUT: memory for two thousand million things
        b"\x8e" + (1 << 50).to_bytes(8, "little"),  # BINBYTES8 of a petabyte
        b"\x8a\x04\xff\xff\xff",
        b"(" * 100_000 + b"t" * 100_000 + b".",
        b"(lp0\n" + b"(lp1\n" * 50_000 + b".",
        b"",
        b".",
        b"N.",
        b"}.",
    ],
)
def test_pickles_that_are_damaged_or_greedy_are_refused(tmp_path: Path, content: bytes) -> None:
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(head, {"descr": "|O", "fortran_order": False, "shape": ()})
    path = tmp_path / "a_seg.npy"
    for given_ in (b"N" + content, content):
        path.write_bytes(head.getvalue() + given_)
        with pytest.raises(LabelReadError, match="Cellpose"):
            read_seg_masks(path)


@pytest.mark.parametrize(
    "masks",
    [
        np.zeros((3, 40, 50), dtype=np.uint16),
        np.zeros((0, 5), dtype=np.uint16),
        np.zeros((4, 5), dtype=np.float32),
        np.zeros((4, 5), dtype="U3"),
        np.empty((4, 5), dtype=object),
        None,
        "masks",
    ],
)
def test_what_is_no_masks_of_one_image_is_refused(tmp_path: Path, masks: object) -> None:
    with pytest.raises(LabelReadError, match="masks"):
        read_seg_masks(saved(tmp_path / "a_seg.npy", masks))


@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_nothing_else(
    tmp_path_factory: Any, data: st.DataObject
) -> None:
    path = saved(tmp_path_factory.mktemp("fuzz") / "a_seg.npy", MASKS)
    content = bytearray(path.read_bytes())
    places = data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=4))
    for place in places:
        content[place] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    with contextlib.suppress(LabelReadError):
        assert read_seg_masks(path).ndim == 2


def test_the_shape_is_held_against_the_bytes_that_are_there(tmp_path: Path) -> None:
    path = tmp_path / "a_seg.npy"
    head = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        head, {"descr": "<u2", "fortran_order": False, "shape": (1 << 40, 1 << 10)}
    )
    path.write_bytes(head.getvalue() + b"12")
    with pytest.raises(LabelReadError):
        read_seg_masks(path)


def test_the_limit_of_steps_is_far_above_what_cellpose_writes(tmp_path: Path) -> None:
    path = saved(
        tmp_path / "a_seg.npy", MASKS, manual_changes=[["now", "added mask", [k]] for k in range(500)]
    )
    with path.open("rb") as file:
        file.seek(128)
        assert sum(1 for _ in pickletools.genops(file)) < 20_000
    assert np.array_equal(read_seg_masks(path), MASKS)
