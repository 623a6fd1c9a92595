"""The network that ships: its card, and what it does on the shipped pictures and on turned ones."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
import pytest

from sporemetry.evaluation import evaluate_labels, summarise
from sporemetry.field import find_field
from sporemetry.image import read_image
from sporemetry.label_image import read_labels
from sporemetry.model import Judge, judge_objects, read_model
from sporemetry.model.evaluation import Tiling, working_logits
from sporemetry.model.judge import Objects
from sporemetry.pipeline import PictureSettings, count_picture
from sporemetry.segmentation import (
    ModelSettings,
    Scale,
    SegmentationSettings,
    Segmenter,
    multiscale,
    network,
    segmenter,
)
from sporemetry.segmentation.network import default_model

LARGEST_FILE = 20_000_000


@pytest.fixture(scope="module")
def find() -> Segmenter:
    return segmenter("model", SegmentationSettings())


AS_IT_IS = Scale(1.0, None, "")


def largest_difference(find: Segmenter, path: Path, tilings: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Count in random tiles; labels must be those of the whole; return how logits in the field differ."""
    pixels = read_image(path).pixels
    field = find_field(pixels, "auto").mask
    whole = find(pixels, field, shared=AS_IT_IS)
    labels = find.detect(whole).labels
    draw = np.random.default_rng(len(path.name))
    worst = 0.0
    for _ in range(tilings):
        offset = (int(draw.integers(0, 600)), int(draw.integers(0, 600)))
        tiling = Tiling(whole=0, core=int(draw.integers(64, 600)), offset=offset)
        with monkeypatch.context() as patch:
            patch.setattr(multiscale, "working_logits", functools.partial(working_logits, tiling=tiling))
            tiled = find(pixels, field, shared=AS_IT_IS)
        pairs = [(tiled.outputs[name], whole.outputs[name]) for name in whole.outputs]
        worst = max([worst, *(float(np.abs(one - other)[field].max()) for one, other in pairs)])
        assert np.array_equal(find.detect(tiled).labels, labels)
    return worst


def test_in_tiles_it_gives_what_it_gives_of_the_whole(
    find: Segmenter, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture = repository / "examples" / "pictures" / "nosema_hive4_1.tif"
    assert largest_difference(find, picture, 2, monkeypatch) <= 1e-5


@pytest.mark.soak
@pytest.mark.parametrize(
    "name",
    ["anthracnose_leaf3_1.jpg", "blank_slide_1.png", "nosema_hive4_1.tif", "rice_blast_chamberA_1.jpg"],
)
def test_fifty_tilings_of_a_shipped_picture(
    find: Segmenter, repository: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    worst = largest_difference(find, repository / "examples" / "pictures" / name, 50, monkeypatch)
    print(f"{name}: largest difference {worst:.2g}")
    assert worst <= 1e-5


def spores(find: Segmenter, pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int:
    found = find(np.ascontiguousarray(pixels), find_field(pixels, "auto").mask)
    return int(find.detect(found).labels.max())


def test_its_card_says_what_it_was_trained_on_and_how_well_it_did() -> None:
    card = read_model(default_model()).card
    licences = {each.name: each.licence for each in card.training_data}
    assert licences["nosema"] == "MIT"
    assert licences["rice_blast"] == "CC BY 4.0"
    assert licences["ImageNet-1k, the encoder's first weights"] == "Apache 2.0"
    assert all(each.authors and each.pictures for each in card.training_data)
    assert all(each.spores for each in card.training_data if not each.name.startswith("ImageNet"))
    assert {"anthracnose_f1", "nosema_f1", "rice_blast_f1", "dic_fungal_f1"} <= set(card.metrics)
    assert card.judge.weights
    assert card.judge.alike_weights
    assert default_model().stat().st_size <= LARGEST_FILE


def test_it_finds_the_spores_of_the_shipped_pictures(repository: Path) -> None:
    scores, least = [], read_model(default_model()).card.judge.least
    for path in sorted((repository / "examples" / "pictures").iterdir()):
        result = count_picture(path)
        truth = read_labels(repository / "examples" / "truth" / "labels" / f"{path.stem}.png").labels
        scores.append(evaluate_labels(result.labels, truth, name=path.name))
        if path.stem.startswith("blank"):
            assert not len(result.spores)
        assert result.spores["score"].between(least, 1).all()
    found = summarise(scores)
    assert found.pooled.measures()["f1"] > 0.9
    assert sum(each.predicted for each in scores) == pytest.approx(419, rel=0.08)


def test_turned_and_mirrored_pictures_have_the_same_spores(repository: Path, find: Segmenter) -> None:
    counts: list[list[int]] = []
    for path in sorted((repository / "examples" / "pictures").iterdir()):
        pixels = read_image(path).pixels
        turned = [pixels, pixels[::-1], np.rot90(pixels)]
        counts.append([spores(find, each) for each in turned])
    total = np.sum(counts, axis=0)
    assert np.abs(total / total[0] - 1).max() <= 0.02


def test_it_is_the_method_of_a_count_where_none_is_named() -> None:
    assert PictureSettings().method == "model"
    assert "Trained on" in segmenter("model").source


def test_the_score_that_is_written_is_the_one_that_decided(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classifier looks once an image; asked again about what it kept, it gave scores of 0.084 less."""
    decided: list[np.ndarray[tuple[int, ...], np.dtype[np.float64]]] = []

    def recorded(objects: Objects, judge: Judge) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
        decided.append(judge_objects(objects, judge))
        return decided[-1]

    monkeypatch.setattr(network, "judge_objects", recorded)
    least = read_model(default_model()).card.judge.least
    folder, excluded = repository / "examples" / "pictures", 0
    for number, name in enumerate(("nosema_hive4_1.tif", "rice_blast_chamberA_1.jpg"), start=1):
        settings = PictureSettings(model=ModelSettings(spore_length_px=28))  # so that it is looked at once
        written = count_picture(folder / name, settings).spores["score"].to_numpy()
        assert len(decided) == number
        kept = decided[-1][decided[-1] >= least]
        excluded += len(decided[-1]) - len(kept)
        assert written.tolist() == kept.tolist()
    assert excluded  # else nothing was decided
