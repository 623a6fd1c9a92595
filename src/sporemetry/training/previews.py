"""Predictions of a network in training, drawn on pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from scipy import ndimage
from torch import nn

from sporemetry.evaluation.comparison import draw_comparison, encode_comparison
from sporemetry.storage import make_folder, remove_temporaries, write_atomic
from sporemetry.training.pictures import IGNORED, PictureStatistics, TrainingPicture
from sporemetry.training.prediction import predict_probability
from sporemetry.training.recipe_tables import NetworkSettings


def write_previews(
    network: nn.Module,
    pictures: Sequence[TrainingPicture],
    folder: Path,
    statistics: PictureStatistics,
    *,
    network_settings: NetworkSettings,
    device: torch.device | str = "cpu",
) -> list[Path]:
    """Write pictures with found, missed and false spores outlined as ``1.jpg``, ``2.jpg``, ...

    Parameters
    ----------
    network : Module
        Its mode is left as it was.
    pictures : sequence of TrainingPicture
        None gives no file.
    folder : Path
        Made if missing; what an interrupted call has left half written there is taken away.
    statistics, network_settings, device
        As :func:`~sporemetry.training.prediction.predict_probability` takes them.
    """
    was_training = network.training
    network.eval()
    make_folder(folder)
    remove_temporaries(folder)
    paths = []
    for number, picture in enumerate(pictures, start=1):
        probability = predict_probability(
            network, picture.pixels, statistics, network_settings, device=device
        )
        drawn = draw_comparison(
            picture.pixels,
            ndimage.label(probability >= 0.5)[0],
            ndimage.label(picture.target == 1)[0],
            ignore=picture.target == IGNORED,
        )
        path = folder / f"{number}.jpg"
        write_atomic(path, encode_comparison(drawn))
        paths.append(path)
    network.train(was_training)
    return paths
