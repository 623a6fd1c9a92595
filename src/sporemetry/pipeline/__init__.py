"""The stages composed: for one picture (:func:`count_picture`) and for a folder (:func:`run_folder`)."""

from sporemetry.pipeline.folder import FolderResult, Progress, run_folder
from sporemetry.pipeline.inputs import InputList, PictureTask, find_pictures, list_inputs
from sporemetry.pipeline.label_inputs import find_labels, list_labels
from sporemetry.pipeline.picture import PictureResult, count_image, count_picture, measure_labels
from sporemetry.pipeline.sample_sheet import read_and_state, read_sample_sheet, state_images
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountingSettings, CountSettings, PictureSettings, read_settings
from sporemetry.pipeline.unreadable import UnreadableType, find_unreadable
from sporemetry.workers import Failure, usable_cores

__all__ = [
    "SAMPLE_RULES",
    "CountSettings",
    "CountingSettings",
    "Failure",
    "FolderResult",
    "InputList",
    "PictureResult",
    "PictureSettings",
    "PictureTask",
    "Progress",
    "UnreadableType",
    "count_image",
    "count_picture",
    "find_labels",
    "find_pictures",
    "find_unreadable",
    "list_inputs",
    "list_labels",
    "measure_labels",
    "read_and_state",
    "read_sample_sheet",
    "read_settings",
    "run_folder",
    "state_images",
    "usable_cores",
]
