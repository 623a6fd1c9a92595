"""The labels of a data set, looked at before hours are spent on training with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sporemetry.dataset.folder import DatasetItem, read_item_labels
from sporemetry.errors import LabelReadError
from sporemetry.label_fault import FAULT_KINDS

_NAMED = 5


def check_labels(items: Iterable[DatasetItem]) -> tuple[str, ...]:
    """Read the labels of all pictures of a run, and return what the user should know of them.

    Parameters
    ----------
    items : iterable of DatasetItem
        Training, validation and test part. Each must have labels; one label image at a time is in memory.

    Returns
    -------
    tuple of str
        One line for each kind of doubtful labels; empty for sound ones.

    Raises
    ------
    LabelReadError
        For labels that cannot be used: grey edges, classes, JPEG and the like. It names the first file, and
        how many more there are.
    ImageReadError
        When a file cannot be read at all.
    """
    doubtful: dict[str, list[str]] = {}
    refused: list[LabelReadError] = []
    for item in items:
        try:
            read = read_item_labels(item)
        except LabelReadError as error:
            refused.append(error)
            continue
        for fault in read.faults:
            doubtful.setdefault(fault.kind, []).append(item.name)
    if refused:
        raise _refusal(refused)
    return tuple(f"{FAULT_KINDS[kind]}: {_listed(names)}" for kind, names in doubtful.items())


def _refusal(errors: Sequence[LabelReadError]) -> LabelReadError:
    first, others = errors[0], len(errors) - 1
    if not others:
        return first
    return LabelReadError(
        first.path,
        expected=first.expected,
        found=f"{first.found}; and {others:,} more label image{'s' if others > 1 else ''} that cannot be "
        "used",
        remedy=f"{first.remedy} `sporemetry dataset check` lists all of them.".lstrip(),
    )


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")
