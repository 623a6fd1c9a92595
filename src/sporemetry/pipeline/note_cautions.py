"""Notes of single images that a reader of all numbers must see: gathered while the tables are made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from sporemetry.pipeline.record import Record
from sporemetry.report import Caution

WHOLE_FIELD_NOTE = "no photograph and no record: the whole image is taken as field; add --pictures"
IMAGE_CHANGED_NOTE = "the image has changed since its labels were edited; check the outlines"
OTHER_PHOTOGRAPH_NOTE = "the photograph is not the file that was counted; check the outlines"
RESULT_NAME_NOTE = "the name is that of a result of a count, which is no photograph"

_CAUTIONS = {
    RESULT_NAME_NOTE: (
        "Files that are called like results of a count were counted as photographs",
        "Files that end in _labels.tif or _overlay.jpg are written by a count. Copies of them, away from the "
        "results folder, are not told from photographs: take them out of the folder of the images.",
    ),
    WHOLE_FIELD_NOTE: (
        "No photograph and no record: the whole image is taken as field",
        "The count may have had a smaller field, such as the circle of an eyepiece; densities are then too "
        "low. Name the folder of the photographs with --pictures, or copy the hidden folder .sporemetry "
        "beside the labels.",
    ),
    OTHER_PHOTOGRAPH_NOTE: (
        "The photograph is not the file that was counted; check the outlines",
        "It has the name and the size of the one that was counted, and other content. If images were renamed "
        "or exchanged, the outlines belong to another image: count again. If it was only saved anew, all is "
        "well.",
    ),
    IMAGE_CHANGED_NOTE: (
        "The image has changed since its labels were edited; check the outlines",
        "The labels were measured as they are, on another image of the same name.",
    ),
}


class NoteCautions:
    """Gathers, from records that are gone through for another purpose, which images have such notes."""

    def __init__(self) -> None:
        self._images: dict[tuple[str, str], list[str]] = defaultdict(list)

    def watch(self, records: Iterable[Record]) -> Iterator[Record]:
        """Yield the records as they come."""
        for record in records:
            for note in record.notes:
                text = _CAUTIONS.get(note)
                if text is not None:
                    self._images[text].append(record.image)
            yield record

    def cautions(self) -> list[Caution]:
        """Return a caution for each kind of note, with its images; none where there are none."""
        return [
            Caution("caution", f"{headline} ({_names(images)})", text, tuple(dict.fromkeys(images)))
            for (headline, text), images in self._images.items()
        ]


def _names(images: list[str]) -> str:
    return ", ".join(images[:3]) + (f" and {len(images) - 3:,} more" if len(images) > 3 else "")
