"""``count --example``: one point on a spore, found before anything is touched, and part of what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from tests.drawing import capsule, photograph
from tests.model.networks import write_dark
from tests.pipeline.counted import Command

from sporemetry.errors import SettingsError
from sporemetry.pipeline import CountSettings, PictureSettings, count_picture, find_pictures, run_folder
from sporemetry.segmentation import ModelSettings

SHAPE = (230, 310)
SPORES = ((60, 70), (60, 220), (165, 70))  # (y, x) of rods 84 px long
SPECKS = tuple((y, x) for y in (140, 170, 200) for x in (150, 185, 220, 255))  # of rods 18 px long


def draw(path: Path, *, seed: int = 0, twice: bool = False) -> None:
    """Write an image of a few spores among many specks; ``twice`` at half the magnification."""
    light = np.full(SHAPE, 180.0)
    for places, length in ((SPORES, 84), (SPECKS, 18)):
        for number, place in enumerate(places):
            light[capsule(SHAPE, place, length=length, width=length * 0.45, degrees=50.0 * number + seed)] = (
                90
            )
    pixels = photograph(light, noise=3, seed=seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.resize(pixels, None, fx=0.5, fy=0.5) if twice else pixels)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dark(tmp_path_factory.mktemp("network"))


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.png", "b 2.png")):
        draw(tmp_path / "in" / name, seed=number)
    return tmp_path / "in"


def summary(output: Path) -> pd.DataFrame:
    return pd.read_csv(output / "summary.csv", index_col="image")


def at(place: tuple[int, int]) -> str:
    return f"{place[1]},{place[0]}"


def test_a_click_on_a_spore_counts_spores_and_one_on_a_speck_specks(
    command: Command, network: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    count = ("count", images, "-o", output, "--model", network, "--example")
    assert command(*count, f"a.png:{at(SPORES[0])}")[0] == 0
    table = summary(output)
    assert table["spores"].tolist() == [len(SPORES)] * 2
    assert table["spore_length_px"].nunique() == 1
    assert table["spore_length_px"].iloc[0] == pytest.approx(84, rel=0.12)
    length = f"{table['spore_length_px'].iloc[0]:g} px long"
    manifest = json.loads((output / "manifest.json").read_bytes())
    assert manifest["settings"]["example"].startswith(f"a.png:{at(SPORES[0])} ")
    assert length in manifest["settings"]["example"]
    assert f"a.png:{at(SPORES[0])}" in manifest["command"]
    page = (output / "report.html").read_text(encoding="utf-8")
    assert length in page
    assert f"example at {at(SPORES[0])} of a.png" in page

    code, said = command(*count, f"{images / 'a.png'}:{at(SPORES[0])}")  # by its path it is the same
    assert code == 0
    assert "2 pictures unchanged since the last run" in said
    code, said = command(*count, f"a.png:{at(SPECKS[5])}")
    assert code == 0
    assert "unchanged" not in said
    assert summary(output)["spores"].tolist() == [len(SPECKS)] * 2
    assert summary(output)["spore_length_px"].tolist() == pytest.approx([18] * 2, rel=0.15)


def test_without_one_records_are_as_before(
    command: Command, network: Path, images: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    assert command("count", images, "-o", output, "--model", network, "--spore-length-px", "84")[0] == 0
    for record in (output / ".sporemetry").glob("*.json"):
        assert "example" not in record.read_text(encoding="utf-8")


def test_any_number_of_workers_gives_the_same(
    command: Command, network: Path, images: Path, tmp_path: Path
) -> None:
    example = f"b 2.png:{at(SPORES[1])}"
    one, two = tmp_path / "one", tmp_path / "two"
    assert command("count", images, "-o", one, "--model", network, "--example", example)[0] == 0
    model = ModelSettings(model_file=str(network), example=example)
    settings = CountSettings(picture=PictureSettings(model=model))
    result = run_folder(find_pictures([images]), two, settings, workers=2)
    assert result.worked == 2
    for file in ("spores.csv", "summary.csv", "a_labels.tif"):
        assert (one / file).read_bytes() == (two / file).read_bytes()
    alone = count_picture(images / "b 2.png", settings.picture)
    assert len(alone.spores) == len(SPORES)


def test_images_of_another_magnification_are_looked_at_by_their_scale(
    command: Command, network: Path, images: Path, tmp_path: Path
) -> None:
    draw(images / "half.png", twice=True)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text("image,um_per_px\na.png,0.2\nb 2.png,0.2\nhalf.png,0.4\n", encoding="utf-8")
    output = tmp_path / "out"
    example = ("--example", f"a.png:{at(SPORES[0])}")
    assert command("count", images, "-o", output, "--model", network, *example, "--samples", sheet)[0] == 0
    table = summary(output)
    assert table["spores"].tolist() == [len(SPORES)] * 3
    lengths = table["spore_length_px"]
    assert lengths["half.png"] == pytest.approx(lengths["a.png"] / 2, rel=1e-4)


@pytest.mark.parametrize(
    ("example", "said"),
    [
        ("c.png:70,60", "one of the images"),
        ("a.png:400,60", "310 px wide"),
        ("a.png:150,110", "--spore-length-px"),
        ("a.png:x,60", "IMAGE:X,Y"),
        ("a.png", "IMAGE:X,Y"),
    ],
)
def test_what_cannot_be_is_found_before_anything_is_touched(
    command: Command, network: Path, images: Path, tmp_path: Path, example: str, said: str
) -> None:
    output = tmp_path / "out"
    code, told = command("count", images, "-o", output, "--model", network, "--example", example)
    assert code == 2
    assert "--example" in told
    assert said in told
    assert not output.exists()


def test_names_that_are_near_are_told(network: Path, images: Path, tmp_path: Path) -> None:
    model = ModelSettings(model_file=str(network), example="b2.png:70,60")
    settings = CountSettings(picture=PictureSettings(model=model))
    with pytest.raises(SettingsError, match=r"b 2\.png"):
        run_folder(find_pictures([images]), tmp_path / "out", settings)


def test_it_goes_with_a_network_and_without_a_length(command: Command, images: Path, tmp_path: Path) -> None:
    for options in (("--method", "otsu"), ("--spore-length-px", "80"), ("--spore-length-um", "8")):
        output = tmp_path / "out"
        code, said = command("count", images, "-o", output, "--example", f"a.png:{at(SPORES[0])}", *options)
        assert code == 2
        assert "expected" in said
        assert not output.exists()
