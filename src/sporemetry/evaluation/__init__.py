"""Scores against truth: pixels, boundaries, spores and counts.

    predicted labels + true labels (or boxes) -> counted pixels, outlines, spores -> measures -> tables, plot

:func:`evaluate_labels` and :func:`evaluate_boxes` score one picture, :func:`summarise` a set;
:func:`run_evaluation` does it for files and writes the result.
"""

from sporemetry.evaluation.boundaries import BoundaryTally, boundary, compare_boundaries
from sporemetry.evaluation.boxes import BoxMatch, BoxTally, match_boxes
from sporemetry.evaluation.comparison import draw_comparison, encode_comparison
from sporemetry.evaluation.counts import CountAgreement, count_agreement
from sporemetry.evaluation.folder import evaluate_folder, run_evaluation
from sporemetry.evaluation.instances import InstanceTally, count_merges, count_splits, tally_instances
from sporemetry.evaluation.output import write_evaluation
from sporemetry.evaluation.overlaps import Instances, Overlaps, find_overlaps, match
from sporemetry.evaluation.pairing import Pair, Pairing, find_pairs
from sporemetry.evaluation.pixels import Confusion, confusion
from sporemetry.evaluation.plot import bland_altman_figure
from sporemetry.evaluation.ratios import Spread, spread
from sporemetry.evaluation.scores import BoxScores, LabelScores, PictureScores, SetScores
from sporemetry.evaluation.scoring import evaluate_boxes, evaluate_labels, summarise
from sporemetry.evaluation.settings import EvaluationSettings
from sporemetry.evaluation.summary import format_summary
from sporemetry.exchange.yolo_boxes import BoxFile, read_boxes

__all__ = [
    "BoundaryTally",
    "BoxFile",
    "BoxMatch",
    "BoxScores",
    "BoxTally",
    "Confusion",
    "CountAgreement",
    "EvaluationSettings",
    "InstanceTally",
    "Instances",
    "LabelScores",
    "Overlaps",
    "Pair",
    "Pairing",
    "PictureScores",
    "SetScores",
    "Spread",
    "bland_altman_figure",
    "boundary",
    "compare_boundaries",
    "confusion",
    "count_agreement",
    "count_merges",
    "count_splits",
    "draw_comparison",
    "encode_comparison",
    "evaluate_boxes",
    "evaluate_folder",
    "evaluate_labels",
    "find_overlaps",
    "find_pairs",
    "format_summary",
    "match",
    "match_boxes",
    "read_boxes",
    "run_evaluation",
    "spread",
    "summarise",
    "tally_instances",
    "write_evaluation",
]
