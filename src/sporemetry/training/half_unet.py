"""A U-Net whose last level is left out: it decides on every second pixel, the rest is interpolated.

The last level of a U-Net works at the picture's full size, where each channel costs four times what it costs
one level below. A spore of 20 px or more loses little when logits are interpolated from half of the size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import segmentation_models_pytorch as smp
from segmentation_models_pytorch.base.initialization import initialize_decoder, initialize_head
from segmentation_models_pytorch.decoders.unet.decoder import UnetDecoderBlock
from torch import Tensor, nn
from torch.nn import functional


class HalfUnet(nn.Module):
    """A U-Net from segmentation-models-pytorch's encoders and decoder blocks, without the last block.

    Parameters
    ----------
    encoder_name : str
        An encoder of segmentation-models-pytorch, or ``tu-`` and a name of timm.
    encoder_weights : str or None
        Pretrained weights.
    in_channels, classes : int
        Of pictures and logits.
    decoder_channels : sequence of int
        The deepest first, the last at half of the picture's size.
    encoder_settings : any
        What else the encoder takes.
    """

    def __init__(
        self,
        *,
        encoder_name: str,
        encoder_weights: str | None,
        in_channels: int,
        classes: int,
        decoder_channels: Sequence[int],
        **encoder_settings: Any,
    ) -> None:
        super().__init__()
        self.encoder = smp.encoders.get_encoder(
            encoder_name,
            in_channels=in_channels,
            depth=len(decoder_channels) + 1,
            weights=encoder_weights,
            **encoder_settings,
        )
        *skips, deepest = list(self.encoder.out_channels)[1:]
        inputs = [deepest, *decoder_channels[:-1]]
        self.blocks = nn.ModuleList(
            UnetDecoderBlock(before, skip, after)
            for before, skip, after in zip(inputs, reversed(skips), decoder_channels, strict=True)
        )
        self.head = nn.Conv2d(decoder_channels[-1], classes, kernel_size=3, padding=1)
        initialize_decoder(self.blocks)
        initialize_head(self.head)

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits (N, classes, H, W) of pictures (N, C, H, W), H and W multiples of the stride."""
        *skips, features = self.encoder(pictures)[1:]
        for block, skip in zip(self.blocks, reversed(skips), strict=True):
            features = block(features, *skip.shape[-2:], skip_connection=skip)
        logits = self.head(features)
        return functional.interpolate(logits, scale_factor=2, mode="bilinear", align_corners=False)
