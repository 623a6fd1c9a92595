"""Losses for rare spores: the paper's, their many-class forms, and what they are compared with.

All start from logits. By name, as recipes do: :func:`find_loss`; the names are the keys of :data:`LOSSES`.

    name                function                      module
    ce                  ce_loss                       CrossEntropyLoss
    bce                 bce_loss                      BalancedCrossEntropyLoss
    bce_a               bce_a_loss                    FrequencyBalancedCrossEntropyLoss
    focal (FL)          focal_loss                    FocalLoss
    focal_alpha (FL#)   focal_alpha_loss              BalancedFocalLoss
    cfl                 cfl_loss                      ConstrainedFocalLoss
    cfl_star (CFL*)     cfl_star_loss                 ConstrainedFocalLossStar
    logit_adjusted_ce   logit_adjusted_ce_loss        LogitAdjustedCrossEntropyLoss
    dice                dice_loss                     DiceLoss
    dice_ce             dice_ce_loss                  DiceCrossEntropyLoss
    dice_cfl_star       dice_cfl_star_loss            DiceConstrainedFocalLossStar
    tversky             tversky_loss                  TverskyLoss
    focal_tversky       focal_tversky_loss            FocalTverskyLoss
    unified_focal       unified_focal_loss            UnifiedFocalLoss
    unet_distance       distance_weighted_ce_loss     DistanceWeightedCrossEntropyLoss
    boundary            boundary_loss                 BoundaryLoss
    dice_boundary       dice_boundary_loss            DiceBoundaryLoss

The first seven have many-class forms, ``many_class_ce_loss`` and ``ManyClassCrossEntropyLoss`` and so on, for
logits (N, K, H, W). ``pixel_weights`` and ``many_class_pixel_weights`` return what CFL and CFL* weigh each
pixel, ``dilate`` and ``grown_label`` the ring, ``gap_weights`` and ``signed_distance`` the maps of the losses
that know distances. The threshold that makes plain CE a fair rival is :mod:`sporemetry.training.threshold`.

Examples
--------
>>> import torch
>>> loss = find_loss("cfl_star", pixel_counts=(204_900, 1_000), beta=2.0, radius=3)
>>> logits = torch.zeros(1, 1, 8, 8, requires_grad=True)
>>> loss(logits, torch.zeros(1, 8, 8, dtype=torch.uint8)).backward()
"""

from sporemetry.training.losses.adjustment import LogitAdjustedCrossEntropyLoss, logit_adjusted_ce_loss
from sporemetry.training.losses.binary import (
    bce_a_loss,
    bce_loss,
    ce_loss,
    cfl_loss,
    cfl_star_loss,
    focal_alpha_loss,
    focal_loss,
    pixel_weights,
)
from sporemetry.training.losses.compound import dice_boundary_loss, dice_ce_loss, dice_cfl_star_loss
from sporemetry.training.losses.compound_modules import (
    DiceBoundaryLoss,
    DiceConstrainedFocalLossStar,
    DiceCrossEntropyLoss,
)
from sporemetry.training.losses.distance import (
    BoundaryLoss,
    DistanceWeightedCrossEntropyLoss,
    boundary_loss,
    distance_weighted_ce_loss,
)
from sporemetry.training.losses.distance_maps import gap_weights, signed_distance
from sporemetry.training.losses.many_class import (
    many_class_bce_a_loss,
    many_class_bce_loss,
    many_class_ce_loss,
    many_class_cfl_loss,
    many_class_cfl_star_loss,
    many_class_focal_alpha_loss,
    many_class_focal_loss,
    many_class_pixel_weights,
)
from sporemetry.training.losses.many_class_modules import (
    ManyClassBalancedCrossEntropyLoss,
    ManyClassBalancedFocalLoss,
    ManyClassConstrainedFocalLoss,
    ManyClassConstrainedFocalLossStar,
    ManyClassCrossEntropyLoss,
    ManyClassFocalLoss,
    ManyClassFrequencyBalancedCrossEntropyLoss,
)
from sporemetry.training.losses.modules import (
    BalancedCrossEntropyLoss,
    BalancedFocalLoss,
    ConstrainedFocalLoss,
    ConstrainedFocalLossStar,
    CrossEntropyLoss,
    FocalLoss,
    FrequencyBalancedCrossEntropyLoss,
)
from sporemetry.training.losses.region import dice_loss, focal_tversky_loss, tversky_loss
from sporemetry.training.losses.region_modules import DiceLoss, FocalTverskyLoss, TverskyLoss
from sporemetry.training.losses.registry import LOSSES, find_loss
from sporemetry.training.losses.ring import RING_SHAPES, dilate, grown_label
from sporemetry.training.losses.unified import UnifiedFocalLoss, unified_focal_loss
from sporemetry.training.losses.weights import class_weights, tempered_weight

__all__ = [
    "LOSSES",
    "RING_SHAPES",
    "BalancedCrossEntropyLoss",
    "BalancedFocalLoss",
    "BoundaryLoss",
    "ConstrainedFocalLoss",
    "ConstrainedFocalLossStar",
    "CrossEntropyLoss",
    "DiceBoundaryLoss",
    "DiceConstrainedFocalLossStar",
    "DiceCrossEntropyLoss",
    "DiceLoss",
    "DistanceWeightedCrossEntropyLoss",
    "FocalLoss",
    "FocalTverskyLoss",
    "FrequencyBalancedCrossEntropyLoss",
    "LogitAdjustedCrossEntropyLoss",
    "ManyClassBalancedCrossEntropyLoss",
    "ManyClassBalancedFocalLoss",
    "ManyClassConstrainedFocalLoss",
    "ManyClassConstrainedFocalLossStar",
    "ManyClassCrossEntropyLoss",
    "ManyClassFocalLoss",
    "ManyClassFrequencyBalancedCrossEntropyLoss",
    "TverskyLoss",
    "UnifiedFocalLoss",
    "bce_a_loss",
    "bce_loss",
    "boundary_loss",
    "ce_loss",
    "cfl_loss",
    "cfl_star_loss",
    "class_weights",
    "dice_boundary_loss",
    "dice_ce_loss",
    "dice_cfl_star_loss",
    "dice_loss",
    "dilate",
    "distance_weighted_ce_loss",
    "find_loss",
    "focal_alpha_loss",
    "focal_loss",
    "focal_tversky_loss",
    "gap_weights",
    "grown_label",
    "logit_adjusted_ce_loss",
    "many_class_bce_a_loss",
    "many_class_bce_loss",
    "many_class_ce_loss",
    "many_class_cfl_loss",
    "many_class_cfl_star_loss",
    "many_class_focal_alpha_loss",
    "many_class_focal_loss",
    "many_class_pixel_weights",
    "pixel_weights",
    "signed_distance",
    "tempered_weight",
    "tversky_loss",
    "unified_focal_loss",
]
