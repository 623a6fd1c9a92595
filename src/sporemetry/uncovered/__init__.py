"""Strong, similar objects of an image that have no outline: a count that cannot be right.

    image, field, labels -> contrast, shrunk -> compact objects, and pieces of clumps -> those alike, without
    an outline -> do they outweigh what is outlined? -> the fault of a count, or none

It knows neither the method nor the scale by which the labels were made, so it can say that these were wrong.
"""

from sporemetry.uncovered.finding import (
    COUNT_FAULTS,
    LOW_CONFIDENCE,
    NOT_CHECKED,
    UNCOVERED_OBJECTS,
    CountCheck,
    Uncovered,
    check_count,
    confidence,
    find_uncovered,
)

__all__ = [
    "COUNT_FAULTS",
    "LOW_CONFIDENCE",
    "NOT_CHECKED",
    "UNCOVERED_OBJECTS",
    "CountCheck",
    "Uncovered",
    "check_count",
    "confidence",
    "find_uncovered",
]
