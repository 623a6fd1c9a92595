"""The report: one HTML page with the counts, how they were got, and the pictures to check them by.

    tables + pictures (ReportData) -> cautions, histograms, pictures in the page -> HTML

The page is complete in itself: it loads nothing, runs no script, and can be mailed as one file.
"""

from sporemetry.report.caution import Caution
from sporemetry.report.cautions import find_cautions
from sporemetry.report.data import PictureEntry, ReportData
from sporemetry.report.digest import DigestBuilder, SporeDigest, digest
from sporemetry.report.page import render_report
from sporemetry.report.treatment_data import TreatmentData

__all__ = [
    "Caution",
    "DigestBuilder",
    "PictureEntry",
    "ReportData",
    "SporeDigest",
    "TreatmentData",
    "digest",
    "find_cautions",
    "render_report",
]
