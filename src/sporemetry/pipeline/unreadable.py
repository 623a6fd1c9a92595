"""Images of a kind that we cannot read, beside those that we can: they are named, not passed over.

A folder of forty files of a microscope and one JPEG would else be reported as one image, done.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

from sporemetry.guarded_file import real_path
from sporemetry.image import PICTURE_SUFFIXES
from sporemetry.printable import printable_name
from sporemetry.report import Caution
from sporemetry.results_folder import is_results_folder

_EXPORT = "Export them as TIFF with the microscope's own program, or with Fiji and its Bio-Formats importer"
_REGION = "Export the regions to be counted as TIFF, at full resolution, with the scanner's program or QuPath"
_SAVE = "Save them as PNG or TIFF with any image program"
_RAW = "Develop them with the camera's program, and save them as TIFF"
_FRAMES = "Save single frames as PNG, in which no spore is shown twice"
_PAGES = "Ask for the images themselves; else save each image of the pages as PNG"

_KINDS = (
    (
        "czi zvi nd2 nd lif lof xlef lei oib oif oir poir lsm stk ims dv r3d sld sldy spe ics ids mrc dm3 "
        "dm4 ser emd zarr dcm dicom fits flex mvd2 xdce ipw sif vff",
        _EXPORT,
    ),
    ("svs ndpi ndpis scn mrxs vms vmu vsi bif svslide isyntax", _REGION),
    (
        "heic heif hif avif webp gif jxl jp2 j2k jpx jpf jxr wdp psd psb xcf kra afphoto tga pcx ppm pgm pnm "
        "pbm pam exr hdr svg ai eps emf wmf",
        _SAVE,
    ),
    ("cr2 cr3 crw nef nrw arw sr2 dng orf rw2 raf pef srw", _RAW),
    ("avi mp4 m4v mov mkv wmv mpg mpeg webm mts m2ts 3gp", _FRAMES),
    ("pdf djvu", _PAGES),
)
# What to do with files of each type. A type that a reader takes drops out by itself.
REMEDIES: Mapping[str, str] = {
    f".{ending}": remedy
    for endings, remedy in _KINDS
    for ending in endings.split()
    if f".{ending}" not in PICTURE_SUFFIXES
}
_NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class UnreadableType:
    """Files of one type among the inputs.

    Attributes
    ----------
    suffix : str
        Of their names, in small letters, with the point.
    files : int
        How many there are.
    first : tuple of str
        The names of the first of them, as they can be shown.
    remedy : str
        What to do with them.
    """

    suffix: str
    files: int
    first: tuple[str, ...]
    remedy: str


def find_unreadable(
    inputs: Sequence[Path], *, recursive: bool = False, output: Path | None = None
) -> tuple[UnreadableType, ...]:
    """Return the types of images in the folders that are named which cannot be read, most files first.

    Files that are named themselves are not in it: each fails with a word of its own. Hidden files, folders of
    our results and what is no image are left out.

    Parameters
    ----------
    inputs : sequence of Path
        Files and folders, as for :func:`~sporemetry.pipeline.inputs.list_inputs`.
    recursive : bool
        Whether subfolders are entered.
    output : Path, optional
        The output folder of the job.
    """
    excluded = None if output is None else real_path(output)
    found: dict[str, list[str]] = {}
    seen: set[Path] = set()
    for given in inputs:
        if not given.is_dir():
            continue
        for directory, folders, files in os.walk(given):
            here = Path(directory)
            place = real_path(here)
            if place in seen or (here != given and (place == excluded or is_results_folder(here))):
                folders.clear()
                continue
            seen.add(place)
            # Some types are folders.
            images = [name for name in folders if _suffix(name) in REMEDIES]
            folders[:] = sorted(
                name for name in folders if recursive and not name.startswith(".") and name not in images
            )
            for name in sorted((*files, *images)):
                suffix = _suffix(name)
                if suffix in REMEDIES and not name.startswith("."):
                    found.setdefault(suffix, []).append(name)
    types = [
        UnreadableType(
            suffix,
            len(names),
            tuple(printable_name(name) for name in names[:_NAMED_AT_MOST]),
            REMEDIES[suffix],
        )
        for suffix, names in found.items()
    ]
    return tuple(sorted(types, key=lambda each: (-each.files, each.suffix)))


def describe_unreadable(types: Sequence[UnreadableType]) -> str:
    """Return in one line how many files of which types there are; empty for none.

    >>> describe_unreadable([UnreadableType(".czi", 40, ("a.czi", "b.czi", "c.czi"), ""),
    ...                      UnreadableType(".pdf", 1, ("d.pdf",), "")])
    '40 .czi (a.czi, b.czi, c.czi and 37 more), 1 .pdf (d.pdf)'
    """
    return ", ".join(f"{each.files:,} {each.suffix} ({_listed(each)})" for each in types)


def remedies_of(types: Sequence[UnreadableType]) -> str:
    """Return what to do, a sentence for each kind, with the types where there is more than one kind."""
    by_remedy: dict[str, list[str]] = {}
    for each in types:
        by_remedy.setdefault(each.remedy, []).append(each.suffix)
    if len(by_remedy) == 1:
        return f"{next(iter(by_remedy))}."
    return " ".join(f"{', '.join(suffixes)}: {remedy}." for remedy, suffixes in by_remedy.items())


def unreadable_caution(types: Sequence[UnreadableType]) -> Caution | None:
    """Return the warning that files are in no number of the report, or None where there are none."""
    if not types:
        return None
    files = sum(each.files for each in types)
    which = describe_unreadable(types)
    return Caution(
        "caution",
        f"{files:,} {'file' if files == 1 else 'files'} of a type that cannot be read: {which}",
        "They lie in the folders that were named and look like images, but are in no number on this page. "
        f"{remedies_of(types)} Then run the same command again.",
    )


def _listed(each: UnreadableType) -> str:
    more = each.files - len(each.first)
    return ", ".join(each.first) + (f" and {more:,} more" if more > 0 else "")


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()
