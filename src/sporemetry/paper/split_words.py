"""How many splits stand behind runs of several seeds: those that share one say nothing of other images."""

from __future__ import annotations

from collections.abc import Iterable

from sporemetry.dataset.split import Split
from sporemetry.paper.found import Found
from sporemetry.paper.trial import Trial
from sporemetry.training.parts import TEST, TRAIN, VALIDATION

_PARTS = ((VALIDATION, "to validate"), (TEST, "to test on"))


def splits_of(found: Found, trials: Iterable[Trial]) -> tuple[Split, ...]:
    """Return the splits behind runs, each once: two are the same where they validate and test on the same.

    What a run trains on may differ beside that, as it does where only a share of the images is used. Nothing
    run gives none.
    """
    cards = (found.scores[trial, seed].card for trial in trials for seed in found.seeds_of(trial))
    splits = {tuple(card.split.names(part) for part, _ in _PARTS): card.split for card in cards}
    return tuple(splits.values())


def split_said(found: Found, trials: Iterable[Trial]) -> str:
    """Return in words whether the seeds of some runs share a split; "" where nothing was run.

    A seed draws the split too, but where groups are few and uneven only one split is balanced, and every
    seed gets that.
    """
    trials = tuple(trials)
    splits = splits_of(found, trials)
    seeds = {seed for trial in trials for seed in found.seeds_of(trial)}
    if not splits:
        return ""
    if len(splits) == len(seeds) > 1:
        return "each with a split of its own"
    held = " and ".join(_held(splits[0], part, use) for part, use in _PARTS)
    if len(splits) > 1:
        return f"on {len(splits)} splits, the first with {held}"
    if len(seeds) == 1:
        return f"on one split, with {held}"
    shares = any(len(_trained_on(found, trial)) > 1 for trial in trials)
    left = " (and, with a share of the images, in which those are)" if shares else ""
    return f"all on one split, with {held}, so that seeds differ in first weights and crops alone{left}"


def shared_split_note(found: Found, trials: Iterable[Trial]) -> str:
    """Return what an interval over seeds leaves out where they share one split, else ""."""
    trials = tuple(trials)
    seeds = {seed for trial in trials for seed in found.seeds_of(trial)}
    if len(splits_of(found, trials)) != 1 or len(seeds) < 2:
        return ""
    return (
        "All seeds share one split. The intervals hold what first weights and crops change, not what other "
        "samples would: a *yes* is said of these test images alone."
    )


def _trained_on(found: Found, trial: Trial) -> set[tuple[str, ...]]:
    """Return the sets of images that the runs of a trial were trained on."""
    return {found.scores[trial, seed].card.split.names(TRAIN) for seed in found.seeds_of(trial)}


def _held(split: Split, part: str, use: str) -> str:
    """Return how many groups and images a part holds.

    >>> split = Split(parts={"a_1": "val", "a_2": "val"}, groups={"a_1": "a", "a_2": "a"})
    >>> _held(split, "val", "to validate")
    '1 group (2 images) to validate'
    """
    names = split.names(part)
    groups = len({split.groups[name] for name in names})
    return f"{groups} group{'' if groups == 1 else 's'} ({len(names)} images) {use}"
