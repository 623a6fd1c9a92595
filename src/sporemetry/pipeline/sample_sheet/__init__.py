"""The sample sheet: a table in which a user states what the images are of.

    CSV -> cells -> rows -> rows of each image -> Stated, in each task

``docs/samples.md`` describes it for users.
"""

from sporemetry.pipeline.sample_sheet.assign import StatedJob, read_and_state, state_images
from sporemetry.pipeline.sample_sheet.sheet import SampleSheet, SheetRow, read_sample_sheet

__all__ = ["SampleSheet", "SheetRow", "StatedJob", "read_and_state", "read_sample_sheet", "state_images"]
