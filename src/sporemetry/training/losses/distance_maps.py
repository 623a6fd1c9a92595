"""Maps of distances, in pixels, that losses take: U-Net's weights of gaps, and the signed distance.

Measured by SciPy on the CPU, picture by picture and never across pictures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch import Tensor

from sporemetry.training.losses.options import check_number

DEFAULT_W0: Final = 10.0
DEFAULT_SIGMA: Final = 5.0
_NEGLIGIBLE: Final = 1e-6


def gap_weights(
    labels: NDArray[np.integer], *, w0: float = DEFAULT_W0, sigma: float = DEFAULT_SIGMA
) -> NDArray[np.float32]:
    """Return U-Net's weights of the gaps between spores, w0 exp(-(d1 + d2)^2 / (2 sigma^2)).

    d1 and d2 are the distances to the nearest and the second nearest spore; on spores it is 0. Ronneberger
    et al. 2015, eq. 2 without its first term, doi 10.1007/978-3-319-24574-4_28.

    Parameters
    ----------
    labels : integer array, (H, W)
        0 background, a number for each spore.
    w0, sigma : float
        Above 0; sigma in pixels.

    Returns
    -------
    float32 array, (H, W)
        0 throughout with fewer than two spores; what is below 1e-6 may be 0.

    Raises
    ------
    SettingsError
        For a w0 or sigma that is not above 0.

    Examples
    --------
    Between the spores (1 + 1)^2 / (2 x 2^2) = 1/2, and exp(-1/2) = 0.607; then (1 + 3)^2 / 8 = 2:

    >>> gap_weights(np.array([[1, 0, 2, 0, 0, 0]]), w0=1.0, sigma=2.0).round(3)
    array([[0.   , 0.607, 0.   , 0.135, 0.011, 0.   ]], dtype=float32)
    """
    check_gaps(w0, sigma)
    # Beyond this reach even d1 + d2 = d2 gives next to nothing: distances are needed near spores only.
    reach = math.ceil(sigma * math.sqrt(2 * math.log(max(w0 / _NEGLIGIBLE, 1)))) + 1
    nearest = np.full(labels.shape, np.inf)
    second = np.full(labels.shape, np.inf)
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        if box is None:
            continue
        window = tuple(slice(max(side.start - reach, 0), side.stop + reach) for side in box)
        distance = ndimage.distance_transform_edt(labels[window] != number)
        further = np.maximum(nearest[window], distance)
        second[window] = np.minimum(second[window], further)
        nearest[window] = np.minimum(nearest[window], distance)
    weights = w0 * np.exp(-np.square(nearest + second) / (2 * sigma**2))
    weights[labels != 0] = 0
    return np.asarray(weights, dtype=np.float32)


def check_gaps(w0: float, sigma: float) -> None:
    """Raise SettingsError for a w0 or sigma that is not above 0."""
    check_number("w0", w0, above=0)
    check_number("sigma", sigma, above=0)


def signed_distance(mask: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the distance to the spores' border: above 0 outside, 0 on their outermost pixels, below inside.

    Kervadec et al. 2021, doi 10.1016/j.media.2020.101851, as in their released code.

    Parameters
    ----------
    mask : bool array, (H, W)

    Returns
    -------
    float32 array, (H, W)
        0 throughout where there is no border: no spore, or nothing else.

    Examples
    --------
    >>> signed_distance(np.array([[False, False, True, True, True]]))
    array([[ 2.,  1.,  0., -1., -2.]], dtype=float32)
    """
    if not mask.any() or mask.all():
        return np.zeros(mask.shape, np.float32)
    outside = ndimage.distance_transform_edt(~mask)
    inside = ndimage.distance_transform_edt(mask)
    return np.asarray(np.where(mask, 1 - inside, outside), dtype=np.float32)


def by_picture(target: Tensor, measure: Callable[[NDArray[np.bool_]], NDArray[np.float32]]) -> Tensor:
    """Return what is measured on the spores (H, W) of each picture, as a tensor of the target's shape."""
    # SciPy cannot be traced: torch.compile leaves its graph here and enters it again.
    result: Tensor = torch.compiler.disable(_measured)(target, measure)  # type: ignore[no-untyped-call]
    return result


def _measured(target: Tensor, measure: Callable[[NDArray[np.bool_]], NDArray[np.float32]]) -> Tensor:
    spores = (target == 1).reshape(target.shape[0], *target.shape[-2:]).cpu().numpy()
    result = np.zeros(spores.shape, np.float32)
    for picture, mask in zip(result, spores, strict=True):
        if mask.size:
            picture[...] = measure(mask)
    return torch.from_numpy(result).reshape(target.shape).to(target.device)
