"""From spores to counts, densities and concentrations with honest intervals.

    labels + field mask  -> which spores count           apply_edge_rule
    counts of pictures   -> total, spread, interval      pool_counts
    counts of images of suspensions  -> mean of a treatment, ratio of two    treatment_mean, treatment_ratio
    counts + volume      -> spores per mL                concentration
    lengths and widths   -> the mycologists' size line   size_string

``docs/counting.md`` has the formulas, their sources and worked examples.
"""

from sporemetry.counting.agreement import AREA_TOLERANCE, AreaAgreement, compare_areas
from sporemetry.counting.chambers import (
    CHAMBERS,
    Chamber,
    Square,
    custom_chamber,
    field_volume_ml,
    find_chamber,
    find_square,
    squares_volume_ml,
)
from sporemetry.counting.conversion import Concentration, concentration
from sporemetry.counting.edges import DEFAULT_EDGE_RULE, EDGE_RULES, EdgeResult, EdgeRule, apply_edge_rule
from sporemetry.counting.intervals import DEFAULT_CONFIDENCE, poisson_interval, rate_interval
from sporemetry.counting.nested import TreatmentMean, treatment_mean
from sporemetry.counting.replicates import PooledCount, pool_counts
from sporemetry.counting.sizes import DEFAULT_PERCENTILES, SizeRange, size_range, size_rule, size_string
from sporemetry.counting.treatment_ratio import TreatmentRatio, treatment_ratio

__all__ = [
    "AREA_TOLERANCE",
    "CHAMBERS",
    "DEFAULT_CONFIDENCE",
    "DEFAULT_EDGE_RULE",
    "DEFAULT_PERCENTILES",
    "EDGE_RULES",
    "AreaAgreement",
    "Chamber",
    "Concentration",
    "EdgeResult",
    "EdgeRule",
    "PooledCount",
    "SizeRange",
    "Square",
    "TreatmentMean",
    "TreatmentRatio",
    "apply_edge_rule",
    "compare_areas",
    "concentration",
    "custom_chamber",
    "field_volume_ml",
    "find_chamber",
    "find_square",
    "poisson_interval",
    "pool_counts",
    "rate_interval",
    "size_range",
    "size_rule",
    "size_string",
    "squares_volume_ml",
    "treatment_mean",
    "treatment_ratio",
]
