"""The traditional methods that the paper's introduction names: pixels -> mask.

Each is kept to what its source says, and to what any careful user of it would add: light evened out,
the lines of a chamber's ruling taken out, and a floor at the level of the noise so that an empty picture
stays empty. None of them learns anything from labelled pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from sporemetry.baselines.background import MaskArray
from sporemetry.baselines.contrast import Pixels
from sporemetry.baselines.fcm import FuzzyCMeansSettings, fcm_mask
from sporemetry.baselines.kmeans import KMeansSettings, kmeans_mask
from sporemetry.baselines.morphology import Morphology
from sporemetry.baselines.otsu import OtsuSettings, otsu_mask
from sporemetry.baselines.reconstruction import ReconstructionSettings, reconstruction_mask

__all__ = [
    "METHODS",
    "FuzzyCMeansSettings",
    "KMeansSettings",
    "MaskArray",
    "Method",
    "Morphology",
    "OtsuSettings",
    "Pixels",
    "ReconstructionSettings",
    "fcm_mask",
    "kmeans_mask",
    "otsu_mask",
    "reconstruction_mask",
]

MethodSettings = OtsuSettings | KMeansSettings | FuzzyCMeansSettings | ReconstructionSettings


@dataclass(frozen=True)
class Method:
    """A way to find spores.

    Attributes
    ----------
    name : str
        As on the command line.
    title : str
        As in a report's heading.
    description : str
        Two plain sentences on how spores are found.
    source : str
        The publication.
    settings : object
        The method's frozen settings; their text is part of the identity of a result.
    segment : callable
        ``segment(pixels, field_mask) -> mask``.
    """

    name: str
    title: str
    description: str
    source: str
    settings: MethodSettings
    segment: Callable[[Pixels, MaskArray], MaskArray]


_OURS = "Before that (our addition, not the source's) uneven light and a chamber's ruled lines are taken out."

_OTSU, _KMEANS = OtsuSettings(), KMeansSettings()
_FCM, _RECONSTRUCTION = FuzzyCMeansSettings(), ReconstructionSettings()

METHODS: dict[str, Method] = {
    "otsu": Method(
        name="otsu",
        title="Otsu's threshold and watershed",
        description=(
            "Pixels that differ more from the background than Otsu's threshold are spores, their rims are "
            f"closed and filled, and a watershed parts touching ones. {_OURS}"
        ),
        source=(
            "N. Otsu, A threshold selection method from gray-level histograms, IEEE Trans. Syst. Man "
            "Cybern., vol. 9, no. 1, pp. 62-66, 1979"
        ),
        settings=_OTSU,
        segment=partial(otsu_mask, settings=_OTSU),
    ),
    "kmeans": Method(
        name="kmeans",
        title="K-means on colour and watershed",
        description=(
            "The colours of all pixels are put into three clusters by K-means, those well away from "
            f"the background's are spores, and a watershed and their shape part touching ones. {_OURS}"
        ),
        source=(
            "X. L. Li, Z. H. Ma, Z. Y. Sun, and H. G. Wang, Automatic counting for trapped urediospores of "
            "Puccinia striiformis f. sp. tritici based on image processing, Trans. Chin. Soc. Agricult. "
            "Eng., vol. 29, no. 2, pp. 199-206, 2013; Y. Lei, Z. Yao, and D. He, Automatic detection and "
            "counting of urediniospores of Puccinia striiformis f. sp. tritici using spore traps and image "
            "processing, Sci. Rep., vol. 8, no. 1, 2018, Art. no. 013647"
        ),
        settings=_KMEANS,
        segment=partial(kmeans_mask, settings=_KMEANS),
    ),
    "fcm": Method(
        name="fcm",
        title="Fuzzy C-means on edges",
        description=(
            "The steepness of brightness is put into two clusters by fuzzy C-means, and outlines of steep "
            f"edges are closed, filled and kept where their shape can be a spore's. {_OURS}"
        ),
        source=(
            "L. Qi, Y. Jiang, Z. H. Li, X. Ma, Z. X. Zheng, and W. J. Wang, Automatic detection and counting "
            "method for spores of rice blast based on micro image processing, Trans. Chin. Soc. Agricult. "
            "Eng., vol. 31, no. 12, pp. 186-193, 2015"
        ),
        settings=_FCM,
        segment=partial(fcm_mask, settings=_FCM),
    ),
    "reconstruction": Method(
        name="reconstruction",
        title="Morphological reconstruction, two-dimensional threshold and watershed",
        description=(
            "Opening and closing by reconstruction smooths the picture, pixels are spores where they and "
            "their neighbourhood both pass a two-dimensional threshold, and a watershed parts touching "
            f"ones. {_OURS}"
        ),
        source=(
            "Y. P. Xiong and A. C. Wang, Microscopic image recognition method of melampsora larici-populina "
            "basidiospore, J. Northeast Forestry Univ., vol. 44, no. 7, pp. 116-119, 2016"
        ),
        settings=_RECONSTRUCTION,
        segment=partial(reconstruction_mask, settings=_RECONSTRUCTION),
    ),
}
"""The methods by name; add one here and it is on the command line."""
