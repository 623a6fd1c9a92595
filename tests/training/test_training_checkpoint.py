"""Training states on disk: whole or absent, bit for bit, checked when read."""

from __future__ import annotations

import json
import re
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sporemetry.errors import FileError, OutputError, SettingsError
from sporemetry.storage import TEMPORARY_PREFIX, file_sha256
from sporemetry.training import checkpoint as checkpoints
from sporemetry.training.checkpoint import Checkpoint, CheckpointError
from sporemetry.training.optimizer import build_optimizer
from sporemetry.training.recipe_tables import OptimizerSettings
from sporemetry.training.restore import restore


def trained(name: str, steps: int = 3) -> tuple[nn.Module, torch.optim.Optimizer]:
    """A small network with batch norm after some steps, and its optimizer."""
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 1, 1))
    optimizer = build_optimizer(network, OptimizerSettings(name=name))  # type: ignore[arg-type]
    for step in range(steps):
        learn(network, optimizer, step)
    return network, optimizer


def learn(network: nn.Module, optimizer: torch.optim.Optimizer, step: int) -> None:
    picture = torch.rand(2, 1, 8, 8, generator=torch.Generator().manual_seed(step))
    optimizer.zero_grad()
    network(picture).square().sum().backward()
    optimizer.step()


def state(step: int = 5, name: str = "sgd", **more: Any) -> Checkpoint:
    network, optimizer = trained(name)
    return Checkpoint(step=step, model=network.state_dict(), optimizer=optimizer.state_dict(), **more)


def same(one: Tensor, other: Tensor) -> bool:
    """Bit for bit, so that NaN is NaN and -0 is not 0."""
    as_bytes: Callable[[Tensor], bytes] = lambda each: bytes(  # noqa: E731
        each.contiguous().reshape(-1).view(torch.uint8).tolist()
    )
    return one.dtype == other.dtype and one.shape == other.shape and as_bytes(one) == as_bytes(other)


def plain(value: Any) -> Any:
    """What JSON makes of it: tuples are lists."""
    return json.loads(json.dumps(value))


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_states_come_back_bit_for_bit(name: str, tmp_path: Path) -> None:
    saved = state(7, name, ema={"mean": torch.rand(3)}, progress={"best": {"iou": 0.1}, "best_step": 4})
    found = checkpoints.read_folder(checkpoints.save(tmp_path, saved))
    assert found.step == 7
    assert found.progress == saved.progress
    for one, other in ((saved.model, found.model), (saved.ema, found.ema)):
        assert one.keys() == other.keys()
        assert all(same(one[key], other[key]) for key in one)
    assert plain(found.optimizer["param_groups"]) == plain(saved.optimizer["param_groups"])
    before, after = saved.optimizer["state"], found.optimizer["state"]
    assert before.keys() == after.keys()
    tensors = 0
    for index, values in before.items():
        assert values.keys() == after[index].keys()
        for key, value in values.items():
            tensors += isinstance(value, Tensor)
            assert same(value, after[index][key]) if isinstance(value, Tensor) else value == after[index][key]
    assert tensors >= len(before) > 0


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_training_goes_on_as_if_nothing_had_been(name: str, tmp_path: Path) -> None:
    network, optimizer = trained(name)
    saved = Checkpoint(step=3, model=network.state_dict(), optimizer=optimizer.state_dict())
    path = checkpoints.save(tmp_path, saved)
    for step in range(3, 6):
        learn(network, optimizer, step)
    torch.manual_seed(9)
    again, its = trained(name, steps=0)
    restore(checkpoints.read_folder(path), again, its, None, path)
    for step in range(3, 6):
        learn(again, its, step)
    expected = network.state_dict()
    assert all(same(value, expected[key]) for key, value in again.state_dict().items())


def test_all_numbers_survive(tmp_path: Path) -> None:
    odd = {
        "floats": torch.tensor([float("nan"), float("inf"), -float("inf"), -0.0, 1e-45, 3.4e38]),
        "half": torch.tensor([float("nan"), 6e-8, 65504], dtype=torch.float16),
        "brain": torch.tensor([1e38, -0.0], dtype=torch.bfloat16),
        "double": torch.tensor([5e-324, 0.1], dtype=torch.float64),
        "whole": torch.tensor([2**62, -1]),
        "scalar": torch.tensor(3),
        "empty": torch.zeros(0, 3),
        "strided": torch.arange(12.0).reshape(3, 4).t(),
    }
    odd["shared"] = odd["floats"]
    saved = Checkpoint(step=1, model=odd, optimizer={}, progress={"best": {"iou": float("nan")}})
    found = checkpoints.read_folder(checkpoints.save(tmp_path, saved))
    assert found.model.keys() == odd.keys()
    assert all(same(odd[key].contiguous(), found.model[key]) for key in odd)
    assert found.progress["best"]["iou"] != found.progress["best"]["iou"]


def test_what_is_saved_is_a_copy(tmp_path: Path) -> None:
    """Training goes on in place: the state in memory must not be what is on disk later."""
    network, optimizer = trained("sgd")
    before = {key: value.clone() for key, value in network.state_dict().items()}
    path = checkpoints.save(tmp_path, Checkpoint(step=3, model=network.state_dict(), optimizer={}))
    learn(network, optimizer, 3)
    found = checkpoints.read_folder(path)
    assert all(same(before[key], found.model[key]) for key in before)


def names(run: Path) -> list[str]:
    return sorted(path.name for path in (run / checkpoints.FOLDER).iterdir())


def test_the_newest_two_the_best_and_the_kept_stay(tmp_path: Path) -> None:
    for step in (1, 2, 9, 10, 11):
        checkpoints.save(tmp_path, state(step))
        checkpoints.save_kept(tmp_path, state(step))
        checkpoints.save_best(tmp_path, state(step))
    kept = [f"kept-{step:08d}" for step in (1, 2, 9, 10, 11)]
    assert names(tmp_path) == ["best-00000011", *kept, "step-00000010", "step-00000011"]
    assert sorted(checkpoints.stored_steps(tmp_path)) == [1, 2, 9, 10, 11]
    newest = checkpoints.newest(tmp_path)
    assert newest is not None
    assert newest.step == 11
    best = checkpoints.best_path(tmp_path)
    assert best is not None
    assert checkpoints.read_folder(best).optimizer["state"] == {}


def test_a_run_without_states(tmp_path: Path) -> None:
    assert checkpoints.newest(tmp_path) is None
    assert checkpoints.best_path(tmp_path) is None
    assert checkpoints.stored_steps(tmp_path) == {}


def test_folders_of_other_names_are_no_states(tmp_path: Path) -> None:
    path = checkpoints.save(tmp_path, state(3))
    for copy in ("step-00000003 copy", "step-", "step-new", "best-old"):
        shutil.copytree(path, path.with_name(copy))
    assert checkpoints.stored_steps(tmp_path) == {3: path}
    checkpoints.remove_leftovers(tmp_path, 3)
    assert len(names(tmp_path)) == 5
    assert checkpoints.best_path(tmp_path) is None
    for step in (4, 5):
        checkpoints.save(tmp_path, state(step))
    assert "step-00000003" not in names(tmp_path)
    assert "step-00000003 copy" in names(tmp_path)


def test_a_write_that_fails_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoints.save(tmp_path, state(1))
    writes = iter(range(10))

    def failing(path: Path, content: bytes) -> None:
        if next(writes) == 1:
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr(checkpoints, "write_atomic", failing)
    with pytest.raises(OutputError, match=r"room for a checkpoint; found No space left"):
        checkpoints.save(tmp_path, state(2))
    left = f"{TEMPORARY_PREFIX}step-00000002"
    assert names(tmp_path) == [left, "step-00000001"]
    checkpoints.remove_leftovers(tmp_path, 1)
    assert names(tmp_path) == ["step-00000001"]
    newest = checkpoints.newest(tmp_path)
    assert newest is not None
    assert newest.step == 1


def test_states_after_the_one_that_goes_on_are_made_again(tmp_path: Path) -> None:
    for step in (3, 5):
        checkpoints.save_kept(tmp_path, state(step))
        checkpoints.save(tmp_path, state(step))
    checkpoints.remove_leftovers(tmp_path, 3)
    assert names(tmp_path) == ["kept-00000003", "kept-00000005", "step-00000003"]


def test_half_a_folder_in_the_way_is_written_over(tmp_path: Path) -> None:
    for name in (f"{TEMPORARY_PREFIX}step-00000002", "step-00000002"):
        (tmp_path / checkpoints.FOLDER / name).mkdir(parents=True)
        (tmp_path / checkpoints.FOLDER / name / "rubbish").write_bytes(b"x")
    path = checkpoints.save(tmp_path, state(2))
    assert sorted(each.name for each in path.iterdir()) == [
        "model.safetensors", "optimizer.safetensors", "state.json",
    ]  # fmt: skip


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-3] ^= 1
    path.write_bytes(content)


def empty(path: Path) -> None:
    path.write_bytes(b"")


FILES = ("model.safetensors", "optimizer.safetensors", "ema.safetensors", "state.json")


@pytest.mark.parametrize("damage", [cut, flip, empty, Path.unlink], ids=lambda each: each.__name__)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_newest_gives_way_to_the_one_before(
    name: str, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    ema = {"mean": torch.rand(3)}
    checkpoints.save(tmp_path, state(1, ema=ema))
    path = checkpoints.save(tmp_path, state(2, ema=ema))
    damage(path / name)
    with pytest.warns(UserWarning, match=r"step-00000002.*complete checkpoint.*one before is taken"):
        found = checkpoints.newest(tmp_path)
    assert found is not None
    assert found.step == 1


def test_without_a_whole_one_training_begins_anew_and_says_so(tmp_path: Path) -> None:
    cut(checkpoints.save(tmp_path, state(1)) / "model.safetensors")
    with pytest.warns(UserWarning, match=r"none before: training begins anew"):
        assert checkpoints.newest(tmp_path) is None


EDITS: dict[str, Callable[[dict[str, Any]], object]] = {
    "learning rate": lambda each: each["optimizer"]["param_groups"][0].update(lr=1.0),
    "step": lambda each: each.update(step=3),
    "progress": lambda each: each["progress"].update(best_step=1),
    "infinite": lambda each: each.update(step=float("inf")),
    "no hashes": lambda each: each.pop("sha256"),
    "outside": lambda each: each["sha256"].update({"../secret.safetensors": "0" * 64}),
    "absolute": lambda each: each["sha256"].update({"/etc/passwd": "0" * 64}),
    "above": lambda each: each["sha256"].update({"..": "0" * 64}),
    "nothing": lambda each: each["sha256"].update({"": "0" * 64}),
    "no model": lambda each: each["sha256"].pop("model.safetensors"),
    "a list": lambda each: each.update(sha256=["model.safetensors"]),
    "numbers": lambda each: each["sha256"].update({"model.safetensors": 3}),
    "optimizer": lambda each: each.update(optimizer=[]),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_state_is_refused(edit: str, tmp_path: Path) -> None:
    path = checkpoints.save(tmp_path, state(2, progress={"best_step": 0})) / "state.json"
    content = json.loads(path.read_text())
    EDITS[edit](content)
    path.write_text(json.dumps(content))
    with pytest.raises(CheckpointError):
        checkpoints.read_folder(path.parent)


@pytest.mark.parametrize("text", ["", "[]", "3", "{}", "{", "[" * 100_000, "\udcff"])
def test_a_state_that_is_no_table_is_refused(text: str, tmp_path: Path) -> None:
    path = checkpoints.save(tmp_path, state(2)) / "state.json"
    path.write_bytes(text.encode("utf-8", errors="surrogateescape"))
    with pytest.raises(CheckpointError):
        checkpoints.read_folder(path.parent)


def test_files_outside_are_not_read(tmp_path: Path) -> None:
    """Even with the right hash a name that leads out of the folder is refused."""
    first = checkpoints.save(tmp_path, state(1))
    path = checkpoints.save(tmp_path, state(2))
    reseal(path, f"../{first.name}/model.safetensors")
    with pytest.raises(CheckpointError, match=r"other content than when it was written"):
        checkpoints.read_folder(path)


def reseal(folder: Path, *more: str) -> None:
    """Name more files, and make all hashes right for what lies there, as someone who means harm would."""
    content = json.loads((folder / "state.json").read_text())
    for name in (*content["sha256"], *more):
        content["sha256"][name] = file_sha256(folder / name)
    content["seal"] = checkpoints.seal(content)
    (folder / "state.json").write_text(json.dumps(content))


PICKLE = b"cposix\nsystem\n(S'touch %s'\ntR."


def test_no_file_can_run_code(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for content in (
        PICKLE % str(mark).encode(),
        # A header of safetensors that asks for more than there is, and one that is no JSON.
        struct.pack("<Q", 1 << 62) + b"{}",
        struct.pack("<Q", 4) + b"\xff\xff\xff\xff",
        b'\x40\0\0\0\0\0\0\0{"a":{"dtype":"F32","shape":[999999999],"data_offsets":[0,4]}}  \0\0\0\0',
    ):
        path = checkpoints.save(tmp_path, state(2))
        (path / "model.safetensors").write_bytes(content)
        reseal(path)
        with pytest.raises(CheckpointError):
            checkpoints.read_folder(path)
    assert not mark.exists()


READERS = re.compile(
    r"pickle|yaml|importlib|__import__|(?<!safetensors\.)torch\.(load|save)\(|(?<![.\w])(eval|exec|compile)\("
)


def test_the_kit_has_no_reader_that_runs_code(repository: Path) -> None:
    for path in (repository / "src" / "sporemetry" / "training").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        for harmless in ("from importlib import resources", "from importlib import metadata"):
            text = text.replace(harmless, "")
        found = READERS.search(text)
        assert found is None, f"{path.name}: {found}"


def test_the_state_of_another_network_is_refused(tmp_path: Path) -> None:
    saved = state(1)
    path = checkpoints.save(tmp_path, saved)
    other = nn.Sequential(nn.Conv2d(1, 5, 3))
    optimizer = build_optimizer(other, OptimizerSettings())
    found = checkpoints.read_folder(path)
    with pytest.raises(CheckpointError, match=r"expected the state of this recipe's network"):
        restore(found, other, optimizer, None, path)
    network, _ = trained("sgd")
    with pytest.raises(CheckpointError, match=r"expected the state of this recipe's network"):
        restore(found, network, optimizer, None, path)
    with pytest.raises(CheckpointError):  # no average was saved
        restore(found, network, trained("sgd")[1], network, path)
    assert not issubclass(CheckpointError, SettingsError)
    assert issubclass(CheckpointError, FileError)
