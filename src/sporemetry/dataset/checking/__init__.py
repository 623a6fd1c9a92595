"""What is wrong with a data set, file by file, each finding with its remedy."""

from sporemetry.dataset.checking.check import check_dataset
from sporemetry.dataset.checking.findings import (
    FINDING_COLUMNS,
    KINDS,
    CheckReport,
    CheckSettings,
    Finding,
)

__all__ = ["FINDING_COLUMNS", "KINDS", "CheckReport", "CheckSettings", "Finding", "check_dataset"]
