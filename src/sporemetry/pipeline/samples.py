"""Which pictures are replicates of one sample; composed and decomposed letters are the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from sporemetry.names import name_key


def by_folder(image: PurePosixPath) -> str:
    """All pictures of a folder are one sample.

    >>> by_folder(PurePosixPath("plot 3/a_1.jpg"))
    'plot 3'
    >>> by_folder(PurePosixPath("a_1.jpg"))
    'all'
    """
    return name_key(str(image.parent)) if image.parent.name else "all"


def by_name(image: PurePosixPath) -> str:
    """Pictures that share their folder and the part of their name before the last ``_`` are one sample.

    >>> by_name(PurePosixPath("leaf_7_2.jpg"))
    'leaf_7'
    >>> by_name(PurePosixPath("leaf.jpg"))
    'leaf'
    """
    return name_key(str(image.with_name(image.stem.rpartition("_")[0] or image.stem)))


def by_picture(image: PurePosixPath) -> str:
    """Each picture is a sample of its own.

    >>> by_picture(PurePosixPath("leaf_7_2.jpg"))
    'leaf_7_2.jpg'
    """
    return str(image)


def all_together(image: PurePosixPath) -> str:
    """All pictures of the command are one sample.

    >>> all_together(PurePosixPath("plot 3/a_1.jpg"))
    'all'
    """
    del image
    return "all"


@dataclass(frozen=True, slots=True)
class SampleRule:
    """A way of sharing pictures out to samples; calling it with a picture's name gives the sample's.

    Attributes
    ----------
    sample_of : callable
    sentence : str
        What it does, for the report.
    """

    sample_of: Callable[[PurePosixPath], str]
    sentence: str

    def __call__(self, image: PurePosixPath) -> str:
        """Return the sample that a picture belongs to."""
        return self.sample_of(image)


SAMPLE_RULES: dict[str, SampleRule] = {
    "folder": SampleRule(by_folder, "All pictures of a folder are one sample."),
    "name": SampleRule(
        by_name,
        "Pictures that share their folder and the part of their name before the last ``_`` are one sample.",
    ),
    "picture": SampleRule(by_picture, "Each picture is a sample of its own."),
    "all": SampleRule(all_together, "All pictures of the command are one sample."),
}
