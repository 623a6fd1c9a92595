"""How rare spores are in a data set: pixels, rings, neighbours, and the weights that losses would take."""

from sporemetry.dataset.imbalance.figure import imbalance_figure
from sporemetry.dataset.imbalance.measure import Imbalance, measure_imbalance
from sporemetry.dataset.imbalance.settings import ImbalanceSettings
from sporemetry.dataset.imbalance.summary import OUTPUT_NAMES, format_table, format_weights, write_imbalance
from sporemetry.dataset.imbalance.weights import loss_weights

__all__ = [
    "OUTPUT_NAMES",
    "Imbalance",
    "ImbalanceSettings",
    "format_table",
    "format_weights",
    "imbalance_figure",
    "loss_weights",
    "measure_imbalance",
    "write_imbalance",
]
