"""Cellpose's ``_seg.npy``: the masks alone, read without running anything that the file says.

Such a file is a pickled dict, and unpickling may call whatever a file names. Here a file can name nothing of
this program, of NumPy or of Python: every name that it gives is answered by an inert stand-in, and arrays are
made from their bytes by :func:`numpy.frombuffer`.

Sources: NumPy's description of its .npy format; the documentation of Python's ``pickle`` and ``pickletools``.
"""

from __future__ import annotations

import io
import pickle
import pickletools
import re
import tokenize
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from sporemetry.errors import LabelReadError
from sporemetry.exchange.documents import read_bytes

ENDING = "_seg.npy"
# Cellpose keeps the image and the flows beside the masks: some 30 bytes a pixel.
_LARGEST_FILE = 2 << 30
# A file of 10,000 cells has some 10,000 steps; a few seconds at this limit.
_MOST_STEPS = 2_000_000
_PLAIN = re.compile(r"[<>|=]?([biuf][1248]|\?)")
_REMEDY = "In Cellpose: File, Save masks as PNG/tif, and give that file instead."


def read_seg_masks(path: Path) -> NDArray[np.integer]:
    """Return the masks of a ``_seg.npy`` file.

    Parameters
    ----------
    path : Path
        As Cellpose saves it: a dict with ``masks``. An array of whole numbers, saved as it is, is taken too.

    Returns
    -------
    integer array, H x W
        0 background, ids above, as Cellpose numbered them.

    Raises
    ------
    LabelReadError
        For what is no such file, cut off, larger than 2 GB, of a stack, or without masks.
    """
    content = io.BytesIO(read_bytes(path, _LARGEST_FILE))
    try:
        shape, transposed, kind = _header(content)
        if kind.hasobject:
            masks = _masks_of_dict(content)
        else:
            raw = content.read()
            masks = _array(raw, kind, shape, transposed=transposed)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, EOFError, OverflowError) as error:
        raise _unreadable(path, f"{type(error).__name__}: {error}"[:200]) from error
    except (SyntaxError, tokenize.TokenError) as error:  # of the header, which NumPy reads as Python
        raise _unreadable(path, f"a header that is damaged: {error}"[:200]) from error
    except (pickle.UnpicklingError, MemoryError, RecursionError) as error:
        raise _unreadable(path, f"a pickle that is damaged or too deep: {error}"[:200]) from error
    return _checked(masks, path)


def _header(content: io.BytesIO) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    version = npy.read_magic(content)
    if version == (1, 0):
        return npy.read_array_header_1_0(content)
    if version == (2, 0):
        return npy.read_array_header_2_0(content)
    raise ValueError(f"version {version[0]}.{version[1]} of the format")


def _masks_of_dict(content: io.BytesIO) -> object:
    start = content.tell()
    _check_steps(content)
    content.seek(start)
    found = _Inert.value_of(_Unpickler(content).load())
    if isinstance(found, list) and len(found) == 1:  # an array of no dimension around the dict
        found = found[0]
    if not isinstance(found, dict) or "masks" not in found:
        raise ValueError("no dict with 'masks'")
    return _Inert.value_of(found["masks"])


def _check_steps(content: io.BytesIO) -> None:
    """Refuse a pickle of very many steps, and one that numbers its memories to fill the machine's own."""
    for step, (opcode, argument, _) in enumerate(pickletools.genops(content)):
        if step > _MOST_STEPS:
            raise ValueError(f"a pickle of more than {_MOST_STEPS:,} steps")
        if "PUT" in opcode.name and isinstance(argument, int) and argument > step:
            raise ValueError("a pickle whose memory has gaps")


class _Inert:
    """Stands for whatever a file names: it takes any argument and state, and does nothing with them."""

    kept: object = None

    def __new__(cls, *_: object, **__: object) -> _Inert:
        return super().__new__(cls)

    def __setstate__(self, state: object) -> None:
        del state

    def __hash__(self) -> int:
        return 0

    def __setitem__(self, key: object, value: object) -> None:
        del key, value

    def append(self, value: object) -> None:
        """Take one item of a list."""
        del value

    def extend(self, values: object) -> None:
        """Take items of a list."""
        del values

    @staticmethod
    def value_of(thing: object) -> object:
        """Return the array or list that a stand-in holds, and anything else as it is."""
        return thing.kept if isinstance(thing, _Inert) else thing


class _Kind(_Inert):
    """A NumPy dtype: plain numbers, or anything else as None."""

    kept: np.dtype[Any] | None = None

    def __setstate__(self, state: object) -> None:
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if self.kept is not None and order in ("<", ">", "="):
            self.kept = self.kept.newbyteorder(order)


class _Array(_Inert):
    """A NumPy array whose content comes after it."""

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != 5:
            raise ValueError("an array without content")
        _, shape, kind, transposed, content = state
        if isinstance(content, list):  # of objects
            self.kept = content
        elif isinstance(kind, _Kind) and kind.kept is not None:
            self.kept = _array(content, kind.kept, shape, transposed=bool(transposed))


class _Unpickler(pickle.Unpickler):
    """Knows no name: see the module."""

    def find_class(self, module: str, name: str) -> Any:
        """Return a stand-in, made anew for each file so that none can be altered for the next one."""
        packed: dict[str, Callable[..., object]] = {
            "_reconstruct": lambda *_: _Array(),
            "_frombuffer": _from_buffer,
            "dtype": _dtype,
        }
        if module.split(".")[0] == "numpy" and name in packed:
            return partial(packed[name])
        if (module, name) == ("_codecs", "encode"):  # how old pickles keep bytes
            return partial(_encode)
        return type("Inert", (_Inert,), {})


def _dtype(text: object, *_: object) -> _Kind:
    kind = _Kind()
    if isinstance(text, str) and _PLAIN.fullmatch(text):
        kind.kept = np.dtype(text)
    return kind


def _from_buffer(content: object, kind: object, shape: object, order: object) -> _Array:
    array = _Array()
    if isinstance(kind, _Kind) and kind.kept is not None:
        array.kept = _array(content, kind.kept, shape, transposed=order == "F")
    return array


def _encode(text: object, *_: object) -> bytes:
    if not isinstance(text, str):
        raise TypeError("bytes that are not kept as text")
    return text.encode("latin-1")


def _array(content: object, kind: np.dtype[Any], shape: object, *, transposed: bool) -> NDArray[Any]:
    if not isinstance(content, bytes | bytearray) or not isinstance(shape, tuple):
        raise TypeError("an array whose content is no bytes")
    if not all(type(side) is int and side >= 0 for side in shape):
        raise ValueError("an array whose shape is no whole numbers")
    flat = np.frombuffer(content, dtype=kind)
    return flat.reshape(shape, order="F" if transposed else "C")


def _checked(masks: object, path: Path) -> NDArray[np.integer]:
    if isinstance(masks, np.ndarray) and masks.ndim == 3 and masks.shape[0] == 1:
        masks = masks[0]
    if (
        not isinstance(masks, np.ndarray)
        or masks.ndim != 2
        or masks.size == 0
        or masks.dtype.kind not in "biu"
    ):
        stated = f"{masks.dtype} of shape {masks.shape}" if isinstance(masks, np.ndarray) else "none"
        raise LabelReadError(
            path,
            expected="masks of one image: whole numbers, height x width",
            found=stated,
            remedy="Of a stack, save the masks of each plane as a file of its own.",
        )
    return masks


def _unreadable(path: Path, found: str) -> LabelReadError:
    return LabelReadError(path, expected="masks as Cellpose saves them", found=found, remedy=_REMEDY)
