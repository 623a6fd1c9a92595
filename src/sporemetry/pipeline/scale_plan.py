"""One scale for images that belong together, as a few of them estimate it.

Three images of a group are looked at first, spread over all. Where one of them finds nothing, or they
disagree, two more are. What they agree on is the scale of all; where they do not agree, each image estimates
its own. All this follows from the images and the settings alone: a run that was interrupted or that is
repeated comes to the same.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from sporemetry.pipeline.estimates import InputHashes, estimate_path, estimate_work, read_estimate
from sporemetry.pipeline.image_kinds import ImageKind, alike, spread
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.record import Record
from sporemetry.pipeline.settings import PictureSettings
from sporemetry.pipeline.stated import picture_settings_of
from sporemetry.results_folder import ESTIMATE_ENDING, recorded_names
from sporemetry.segmentation import ModelSegmenter, Scale, all_agree, segmenter, shared_scale
from sporemetry.workers import Failure

FIRST, MORE = 3, 2
"""So many images of a group are looked at first, and so many more where these do not agree."""
_LISTED = 3


@dataclass(slots=True)
class _Group:
    """Images of one kind, and those of them that are looked at first."""

    kind: ImageKind
    tasks: list[PictureTask]
    sample: list[PictureTask]
    scale: Scale | None = None
    estimates: dict[str, float | None] = field(default_factory=dict)

    def lengths(self) -> list[float]:
        """Return the lengths that were estimated."""
        return [length for length in self.estimates.values() if length is not None]

    def note(self) -> str:
        """Say at which scale they were looked at."""
        many = f"{len(self.tasks):,} images of {self.kind}"
        asked, lengths = len(self.estimates), self.lengths()
        if self.scale is not None:
            return (
                f"{many} were looked at at one scale, for spores of {self.scale.spore_length_px:.0f} px, as "
                f"{asked} of them estimate together."
            )
        return (
            f"{many} were looked at each at its own scale: of {asked} that were asked first, {len(lengths)} "
            f"found spores, of {min(lengths):.0f} to {max(lengths):.0f} px. If all are of one kind, state "
            "the length of one spore with --spore-length-px."
        )


class ScalePlan:
    """Which images share a scale, and which.

    Parameters
    ----------
    tasks : sequence of PictureTask
        The images of a job.
    output : Path
    settings : PictureSettings
    hashes : InputHashes
        Of the images.
    verb : str
        Where it is not ``count``, no scale is estimated and none is shared.
    """

    def __init__(
        self,
        tasks: Sequence[PictureTask],
        output: Path,
        settings: PictureSettings,
        hashes: InputHashes,
        *,
        verb: str,
    ) -> None:
        self._tasks = tasks
        self._output = output
        self._settings = settings
        self._hashes = hashes
        self._known: dict[str, Scale | None] = {}
        self._unknown: set[str] = set()
        find = _network(settings) if verb == "count" and len(tasks) > 1 else None
        self._groups = [
            _Group(kind, each, list(itertools.islice(spread(each), FIRST + MORE)))
            for kind, each in (alike(tasks, settings) if find else [])
            if find and find.estimates(kind.um_per_px) and len(each) > 1
        ]

    def missing(self) -> list[PictureTask]:
        """Return the images that have to be looked at before it is known what scale all have."""
        return [task for group in self._groups for task in self._missing_of(group)]

    def add(self, task: PictureTask, estimate: Scale | Failure | None) -> None:
        """Take what an image said; one that failed says nothing, and why will be said when it is counted."""
        self._known[task.name] = estimate if isinstance(estimate, Scale) else None
        self._unknown.discard(task.name)

    def shared(self) -> list[PictureTask]:
        """Return all images in their order, with the scale that each shares, as far as it is known."""
        scales: dict[str, Scale] = {}
        for group in self._groups:
            if not self._missing_of(group) and group.scale is not None:
                scales.update((task.name, group.scale) for task in group.tasks)
        return [replace(task, shared_scale=scales.get(task.name)) for task in self._tasks]

    def notes(self, records: Mapping[str, Record]) -> list[str]:
        """Return what is to be said of the scales of the whole run."""
        shared = [group for group in self._groups if group.scale is not None]
        apart = [group for group in self._groups if group.scale is None and group.lengths()]
        own = [task.image for group in self._groups for task in group.tasks if _has_own_scale(records, task)]
        notes = [group.note() for group in (*shared[:_LISTED], *apart[:_LISTED])]
        for groups, how in ((shared, "one scale for each"), (apart, "each image at its own scale")):
            if len(groups) > _LISTED:
                notes.append(
                    f"{len(groups) - _LISTED:,} more groups of images were looked at so, {how}: see scales "
                    "in manifest.json."
                )
        if own:
            listed = ", ".join(own[:_LISTED])
            more = f" and {len(own) - _LISTED:,} more" if len(own) > _LISTED else ""
            notes.append(
                "Spores are clearly longer or shorter than in the images beside them, and the image was "
                f"looked at at its own scale: {listed}{more}."
            )
        return notes

    def described(self, records: Mapping[str, Record]) -> list[dict[str, object]]:
        """Return the groups for the manifest: what they have in common, what was estimated and taken."""
        return [
            {
                "images": len(group.tasks),
                "first": group.tasks[0].image,
                "sides_px": [group.kind.longer, group.kind.shorter],
                "um_per_px": group.kind.um_per_px,
                "camera": group.kind.camera,
                "spore_length_px": None if group.scale is None else group.scale.spore_length_px,
                "factor": None if group.scale is None else group.scale.factor,
                "estimates": group.estimates,
                "own_scale": [task.image for task in group.tasks if _has_own_scale(records, task)],
            }
            for group in self._groups
        ]

    def forget_others(self) -> None:
        """Delete kept estimates of images that nobody asks any more."""
        asked = {task.name for group in self._groups for task in group.sample if task.name in self._known}
        for name in list(recorded_names(self._output, ESTIMATE_ENDING)):
            if name not in asked:
                with suppress(OSError):
                    estimate_path(self._output, name).unlink()

    def _missing_of(self, group: _Group) -> list[PictureTask]:
        for asked in (group.sample[:FIRST], group.sample):
            missing = [task for task in asked if not self._is_known(task)]
            if missing:
                return missing
            scales = {task.image: self._known[task.name] for task in asked}
            found = [scale for scale in scales.values() if scale is not None]
            group.estimates = {
                image: None if scale is None else scale.spore_length_px for image, scale in scales.items()
            }
            if len(found) == len(asked) and all_agree(found):
                break
        group.scale = shared_scale(found)
        return []

    def _is_known(self, task: PictureTask) -> bool:
        if task.name not in self._known and task.name not in self._unknown:
            work = estimate_work(picture_settings_of(self._settings, task.stated))
            digest = self._hashes(task)
            scale = read_estimate(self._output, task.name, input_sha256=digest, work=work)
            if scale is None:
                self._unknown.add(task.name)
            else:
                self._known[task.name] = scale
        return task.name in self._known


def _network(settings: PictureSettings) -> ModelSegmenter | None:
    """Return the network where images are to share its scale; None where they are not."""
    if not settings.model.share_scale:
        return None
    find = segmenter(settings.method, settings.segmentation, settings.model)
    return find if isinstance(find, ModelSegmenter) else None


def _has_own_scale(records: Mapping[str, Record], task: PictureTask) -> bool:
    return task.name in records and bool(records[task.name].facts.get("has_own_scale"))
