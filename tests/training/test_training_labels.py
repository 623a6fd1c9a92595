"""Labels that are no ids are refused, or named, before a network is trained on them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from tests.training.training_runs import write_dataset

from sporemetry.dataset.folder import open_dataset
from sporemetry.errors import LabelReadError
from sporemetry.training.label_check import check_labels
from sporemetry.training.recipe import find_recipe
from sporemetry.training.run import Machine, Watcher, train

SMALL = {
    "steps": 1,
    "save_every": 0,
    "validate_every": 0,
    "preview_every": 0,
    "crop": {"size": 33},
    "network": {"architecture": "unet", "encoder": "tu-test_resnet"},
}


def _set(folder: Path) -> Path:
    return write_dataset(folder / "dots", pictures=4)


def _change(dataset: Path, number: int, change: str) -> None:
    path = dataset / "labels" / f"p{number}_1.png"
    labels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    mask = labels > 0
    if change == "grey edges":
        changed = cv2.GaussianBlur((255 * mask).astype(np.uint8), (0, 0), 1.0)
    elif change == "white":
        changed = (255 - 255 * mask).astype(np.uint8)
    elif change == "mask":
        changed = (2 * mask).astype(np.uint8)
    else:
        changed = (labels.astype(np.int64) * 900 + 60_000).astype(np.float32) * mask
        path.unlink()
        path = path.with_suffix(".tif")
    cv2.imwrite(str(path), changed)


def _train(dataset: Path, run: Path) -> list[str]:
    said: list[str] = []

    def listen(doubts: Sequence[str]) -> None:
        said.extend(doubts)

    train(
        dataset,
        run,
        find_recipe("paper", SMALL),
        machine=Machine(accelerator="cpu", threads=1),
        watcher=Watcher(on_labels=listen),
    )
    return said


@pytest.mark.parametrize("fault", ["grey edges", "white"])
def test_labels_that_are_none_are_refused_before_anything_is_written(tmp_path: Path, fault: str) -> None:
    dataset = _set(tmp_path)
    _change(dataset, 1, fault)
    _change(dataset, 3, fault)
    with pytest.raises(LabelReadError, match=f"{fault}.*1 more label image") as caught:
        _train(dataset, tmp_path / "run")
    assert caught.value.path.name == "p1_1.png"
    assert "dataset check" in caught.value.remedy
    assert not (tmp_path / "run").exists()


def test_doubtful_labels_are_named_and_large_ids_trained_on(tmp_path: Path) -> None:
    dataset = _set(tmp_path)
    assert check_labels(open_dataset(dataset).labelled) == ()
    _change(dataset, 0, "mask")
    _change(dataset, 2, "large ids")
    (doubt,) = _train(dataset, tmp_path / "run")
    assert doubt == "a mask where instance ids are expected: p0_1"
