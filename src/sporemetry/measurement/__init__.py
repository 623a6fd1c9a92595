"""Labels and scale in, the spores table out.

    labels -> runs -> moments, hulls, calipers, perimeters -> spores

:func:`measure` measures all labels of a picture at once, :func:`measure_sizes` their lengths and widths
alone; :data:`SPORE_COLUMNS` names the columns of ``spores.csv`` in their order.
"""

from sporemetry.measurement.table import PIPELINE_COLUMNS, SPORE_COLUMNS, measure, measure_sizes

__all__ = ["PIPELINE_COLUMNS", "SPORE_COLUMNS", "measure", "measure_sizes"]
