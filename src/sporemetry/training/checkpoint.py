"""Training states on disk: complete or absent, checked when read, the one before kept.

    RUN/checkpoints/step-00000500/model.safetensors  optimizer.safetensors  [ema.safetensors]  state.json

``step-*`` are the newest two states to go on from, ``best-*`` is the best validated one and ``kept-*`` are
those that the recipe wants kept; the latter have no optimizer.

``state.json`` is written last and holds the SHA-256 of the others and of itself; a folder is renamed into
place when all are there. Tensors are safetensors, the rest JSON: reading one runs no code.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
from torch import Tensor

from sporemetry.errors import FileError, OutputError
from sporemetry.guarded_file import read_file
from sporemetry.storage import TEMPORARY_PREFIX, bytes_sha256, file_sha256, make_folder, write_atomic

FOLDER = "checkpoints"
_STATE = "state.json"
_LARGEST_STATE = 64 << 20
_KEPT = 2


class CheckpointError(FileError):
    """A training state that is damaged, or of another network."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checkpoint:
    """A training state.

    Attributes
    ----------
    step : int
        Steps done.
    model, ema : mapping of str to Tensor
        Weights and buffers; ``ema`` empty where there is none.
    optimizer : mapping
        ``state_dict`` of the optimizer.
    progress : mapping
        What the loop keeps beside: best value so far, validations without a better one.
    """

    step: int
    model: Mapping[str, Tensor]
    optimizer: Mapping[str, Any]
    ema: Mapping[str, Tensor] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)


def save(run: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint into the run and delete all but the newest two.

    Raises
    ------
    OutputError
        When it cannot be written, for instance because the disk is full; the older ones are then intact.
    """
    return _save(run, "step", checkpoint, kept=_KEPT)


def save_best(run: Path, checkpoint: Checkpoint) -> Path:
    """Write the checkpoint of the best validation so far and delete the one before.

    Raises
    ------
    OutputError
        When it cannot be written; the one before is then intact.
    """
    return _save(run, "best", replace(checkpoint, optimizer={}), kept=1)


def save_kept(run: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint that is never deleted: a step that the recipe wants to look at later.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    return _save(run, "kept", replace(checkpoint, optimizer={}), kept=None)


def stored_steps(run: Path) -> dict[int, Path]:
    """Return the folders of all states by step; none for a run without any."""
    return {step: path for kind in ("step", "best", "kept") for step, path in _folders(run, kind).items()}


def best_path(run: Path) -> Path | None:
    """Return the folder of the best checkpoint, None where nothing was validated."""
    return next(reversed(_folders(run, "best").values()), None)


def _folders(run: Path, kind: str) -> dict[int, Path]:
    """Return the states of a kind by step, in their order; folders of other names (copies) are left out."""
    numbers = ((path.name.partition("-")[2], path) for path in (run / FOLDER).glob(f"{kind}-*"))
    return dict(sorted((int(number), path) for number, path in numbers if number.isdecimal()))


def remove_leftovers(run: Path, step: int) -> None:
    """Delete what a kill has left half written, and damaged states after ``step``: they are made again."""
    for left in (run / FOLDER).glob(f"{TEMPORARY_PREFIX}*"):
        shutil.rmtree(left, ignore_errors=True)
    for later, path in _folders(run, "step").items():
        if later > step:
            shutil.rmtree(path, ignore_errors=True)


def _save(run: Path, kind: str, checkpoint: Checkpoint, *, kept: int | None) -> Path:
    folder = run / FOLDER
    make_folder(folder)
    target = folder / f"{kind}-{checkpoint.step:08d}"
    write_folder(target, checkpoint)
    if kept is not None:
        for old in list(_folders(run, kind).values())[:-kept]:
            shutil.rmtree(old, ignore_errors=True)
    return target


def write_folder(target: Path, checkpoint: Checkpoint) -> None:
    """Write a checkpoint as the folder ``target``, complete or not at all; one of that name is replaced.

    Raises
    ------
    OutputError
        When it cannot be written.
    """
    temporary = target.with_name(f"{TEMPORARY_PREFIX}{target.name}")
    try:
        shutil.rmtree(temporary, ignore_errors=True)
        make_folder(temporary)
        tensors, numbers = _split_optimizer(checkpoint.optimizer)
        hashes = {}
        for name, content in (("model", checkpoint.model), ("optimizer", tensors), ("ema", checkpoint.ema)):
            if content or name == "model":
                path = temporary / f"{name}.safetensors"
                write_atomic(path, safetensors.torch.save(_stored(content)))
                hashes[path.name] = file_sha256(path)
        state = {
            "step": checkpoint.step,
            "optimizer": numbers,
            "progress": dict(checkpoint.progress),
            "sha256": hashes,
        }
        state["seal"] = seal(state)
        write_atomic(temporary / _STATE, (json.dumps(state, indent=1) + "\n").encode("utf-8"))
        if target.exists():
            shutil.rmtree(target)
        temporary.replace(target)
        _flush_folder(target.parent)
    except OSError as error:
        raise OutputError(
            target,
            expected="room for a checkpoint",
            found=error.strerror or str(error),
            remedy="Free some space, then run the same command again: it goes on from the last checkpoint.",
        ) from error


def newest(run: Path) -> Checkpoint | None:
    """Return the newest checkpoint that is whole, None without one; a damaged one gives a warning."""
    paths = list(_folders(run, "step").values())
    while paths:
        try:
            return read_folder(paths.pop())
        except CheckpointError as error:
            instead = "The one before is taken." if paths else "There is none before: training begins anew."
            warnings.warn(f"{error} {instead}", stacklevel=2)
    return None


def read_folder(path: Path) -> Checkpoint:
    """Read a checkpoint.

    Raises
    ------
    CheckpointError
        When a file is missing, cut off or changed.
    """
    state = _read_state(path)
    try:
        hashes = state["sha256"]
        parts: dict[str, dict[str, Tensor]] = {}
        for name, digest in hashes.items():
            if Path(name).name != name or file_sha256(path / name) != digest:
                raise _damaged(path / name, "other content than when it was written")
            parts[Path(name).stem] = safetensors.torch.load_file(path / name)
        return Checkpoint(
            step=int(state["step"]),
            model=parts["model"],
            optimizer=_join_optimizer(parts.get("optimizer", {}), state["optimizer"]),
            ema=parts.get("ema", {}),
            progress=state["progress"],
        )
    except OSError as error:
        raise _damaged(path, error.strerror or str(error)) from error
    except (
        KeyError,
        TypeError,
        ValueError,
        AttributeError,
        OverflowError,
        safetensors.SafetensorError,
    ) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def _stored(content: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name: tensor.detach().cpu().contiguous().clone() for name, tensor in content.items()}


def _split_optimizer(state: Mapping[str, Any]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return the optimizer's tensors under flat names, and the rest, which JSON can hold."""
    tensors: dict[str, Tensor] = {}
    numbers: dict[str, Any] = {"param_groups": state.get("param_groups", []), "state": {}}
    for index, values in state.get("state", {}).items():
        numbers["state"][str(index)] = {}
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{index}.{name}"] = value
            else:
                numbers["state"][str(index)][name] = value
    return tensors, numbers


def _join_optimizer(tensors: Mapping[str, Tensor], numbers: Mapping[str, Any]) -> dict[str, Any]:
    state: dict[int, dict[str, Any]] = {int(key): dict(value) for key, value in numbers["state"].items()}
    for flat, tensor in tensors.items():
        index, _, name = flat.partition(".")
        state.setdefault(int(index), {})[name] = tensor
    return {"state": state, "param_groups": numbers["param_groups"]}


def _read_state(path: Path) -> dict[str, Any]:
    try:
        state = json.loads(read_file(path / _STATE, _LARGEST_STATE))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path / _STATE, str(error)[:200]) from error
    if not isinstance(state, dict):
        raise _damaged(path / _STATE, "no table")
    if state.get("seal") != seal(state):
        raise _damaged(path / _STATE, "other content than when it was written")
    return state


def seal(state: Mapping[str, Any]) -> str:
    """Return the SHA-256 of what ``state.json`` says beside its seal."""
    said = {key: value for key, value in state.items() if key != "seal"}
    return bytes_sha256([json.dumps(said, sort_keys=True).encode("utf-8")])


def _damaged(path: Path, found: str) -> CheckpointError:
    return CheckpointError(path, expected="a complete checkpoint", found=found)


def _flush_folder(folder: Path) -> None:
    """Flush the renaming itself to the disk, where the system can."""
    if hasattr(os, "O_DIRECTORY"):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
