"""Scores against truth: pixels, boundaries, spores and counts.

    predicted labels + true labels, boxes or points -> counted pixels, outlines, spores -> measures -> tables

:func:`evaluate_labels`, :func:`evaluate_boxes` and :func:`evaluate_points` score one image,
:func:`summarise` a set; :func:`run_evaluation` does it for files and writes the result.
"""

from sporemetry.evaluation.boundaries import BoundaryTally, boundary, compare_boundaries
from sporemetry.evaluation.boxes import match_boxes
from sporemetry.evaluation.comparison import draw_comparison, encode_comparison
from sporemetry.evaluation.counts import CountAgreement, count_agreement
from sporemetry.evaluation.detections import DetectionMatch, DetectionTally
from sporemetry.evaluation.folder import evaluate_folder, run_evaluation
from sporemetry.evaluation.instances import InstanceTally, count_merges, count_splits, tally_instances
from sporemetry.evaluation.output import write_evaluation
from sporemetry.evaluation.overlaps import Instances, Overlaps, find_overlaps, match
from sporemetry.evaluation.pairing import Pair, Pairing, find_pairs
from sporemetry.evaluation.pixels import Confusion, confusion
from sporemetry.evaluation.plot import bland_altman_figure
from sporemetry.evaluation.point_rules import PointRules, read_point_rules
from sporemetry.evaluation.points import PointTruth, match_points
from sporemetry.evaluation.ratios import Spread, spread
from sporemetry.evaluation.scores import DetectionScores, LabelScores, PictureScores, SetScores
from sporemetry.evaluation.scoring import evaluate_boxes, evaluate_labels, evaluate_points, summarise
from sporemetry.evaluation.settings import EvaluationSettings
from sporemetry.evaluation.summary import format_summary
from sporemetry.exchange.points import PointFile, read_points
from sporemetry.exchange.yolo_boxes import BoxFile, read_boxes

__all__ = [
    "BoundaryTally",
    "BoxFile",
    "Confusion",
    "CountAgreement",
    "DetectionMatch",
    "DetectionScores",
    "DetectionTally",
    "EvaluationSettings",
    "InstanceTally",
    "Instances",
    "LabelScores",
    "Overlaps",
    "Pair",
    "Pairing",
    "PictureScores",
    "PointFile",
    "PointRules",
    "PointTruth",
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
    "evaluate_points",
    "find_overlaps",
    "find_pairs",
    "format_summary",
    "match",
    "match_boxes",
    "match_points",
    "read_boxes",
    "read_point_rules",
    "read_points",
    "run_evaluation",
    "spread",
    "summarise",
    "tally_instances",
    "write_evaluation",
]
