"""A DeepLabv3+ that looks no further than its rates: without image pooling, enlarged by centres of pixels.

The image pooling of DeepLabv3+ lets every logit depend on the whole picture, and enlarging by corners
(``align_corners=True``) on where the picture ends. A spore must count the same whatever else is in its tile,
so a network that counts can have neither.

DeepLabv3+: Chen et al. 2018, 10.1007/978-3-030-01234-2_49.
"""

from __future__ import annotations

from typing import Any

import segmentation_models_pytorch as smp
from segmentation_models_pytorch.base.initialization import initialize_decoder
from torch import nn

RATES = (2, 4, 6)  # at a sixteenth of the size: six reach 96 px, which crops of 160 px can teach
CHANNELS = 128
_QUARTER = 4


def local_deeplab(**common: Any) -> nn.Module:
    """Return segmentation-models-pytorch's DeepLabv3+ with what is global taken out.

    The encoder's stages down to a sixteenth of the picture's size are taken; the last one is left out, since
    dilated it makes a network look more than 500 px far.

    Parameters
    ----------
    common : any
        ``encoder_name``, ``encoder_weights``, ``in_channels`` and ``classes``.

    Returns
    -------
    Module
        (N, in_channels, H, W) to logits (N, classes, H, W), H and W multiples of 16.
    """
    network = smp.DeepLabV3Plus(
        encoder_depth=4, decoder_channels=CHANNELS, decoder_atrous_rates=RATES, **common
    )
    made: nn.Module = network
    pyramid: Any = network.decoder.aspp[0]
    del pyramid.convs[-1]  # the pooled branch
    pyramid.project[0] = nn.Conv2d(len(pyramid.convs) * CHANNELS, CHANNELS, kernel_size=1, bias=False)
    initialize_decoder(pyramid.project)
    decoder: Any = network.decoder
    decoder.up = _enlarged()
    network.segmentation_head[1] = _enlarged()
    return made


def _enlarged() -> nn.Module:
    return nn.Upsample(scale_factor=_QUARTER, mode="bilinear", align_corners=False)
