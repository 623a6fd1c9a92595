"""The claims of the paper's abstract against the runs: how large each difference is, and how sure."""

from __future__ import annotations

import math
from dataclasses import dataclass

from sporemetry.evaluation.ratios import Spread
from sporemetry.paper import published
from sporemetry.paper.experiments import label
from sporemetry.paper.found import BEST, HALF, TUNED, Found
from sporemetry.paper.scale import Scale
from sporemetry.paper.split_words import shared_split_note, splits_of
from sporemetry.paper.table import percent
from sporemetry.paper.trial import CE, Trial, cfl, cfl_star, focal


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """That one trial scores higher than another.

    Attributes
    ----------
    text : str
        What the paper says.
    better, worse : Trial
    points : str
        By how many points of mean IoU, as printed.
    """

    text: str
    better: Trial
    worse: Trial
    points: str


def claims(scale: Scale) -> tuple[Claim, ...]:
    """Return the claims that runs of a scale can speak to."""
    shares, steps = scale.grid_shares, scale.grid_steps
    small = scale.sized(cfl_star(2.0), min(shares), min(steps))
    text = "CFL* with less than a third of the pictures and half of the steps is better than CE"
    return (
        Claim(text="CFL* is better than CE", better=cfl_star(2.0), worse=CE, points="8.6"),
        Claim(text="CFL* is better than Focal Loss", better=cfl_star(2.0), worse=focal(2.0), points="10.4"),
        Claim(text="CFL is better than CE", better=cfl(2.0), worse=CE, points="6.7"),
        Claim(text="CFL* is better than CFL", better=cfl_star(2.0), worse=cfl(2.0), points="1.9"),
        Claim(text=text, better=small, worse=scale.sized(CE, max(shares), max(steps)), points="0.8"),
    )


def claims_markdown(found: Found, scale: Scale) -> str:
    """Return the claims with the differences found, paired by seed, as a Markdown table.

    The answer is *yes* or *no* where the 95 % interval of the mean over the seeds, by Student's t, leaves
    zero out, else *undecided*; with two seeds it hardly ever does. Where all seeds share one split, the
    answer says so: it is one of these test images.
    """
    every = [trial for claim in claims(scale) for trial in (claim.better, claim.worse)]
    shared = len(splits_of(found, every)) == 1
    heads = ["", "paper", "seeds", "at 0.5", "so?", "both tuned", "so?", "both at their best", "so?"]
    lines = ["| " + " | ".join(heads) + " |", "|---|---:|---:|" + "---:|---|" * 3]
    for claim in claims(scale):
        gains = [found.gain(claim.better, claim.worse, "mean_iou", at) for at in (HALF, TUNED, BEST)]
        cells = [claim.text, f"+{claim.points}", str(gains[0].n or "")]
        for gain in gains:
            cells += [interval(gain), answer(gain, one_split=shared)]
        lines.append("| " + " | ".join(cells) + " |")
    note = (
        "Differences of mean IoU in points, paired by seed, with the 95 % interval of their mean over the "
        "seeds (Student's t); *undecided* where it holds zero or there is one seed. *Tuned* are thresholds "
        "on the validation part, *at their best* those of the test part itself: out of reach in practice, "
        "they tell what a loss has changed but the threshold."
    )
    beyond = shared_split_note(found, every)
    return "\n".join([*lines, "", note, "", *([beyond, ""] if beyond else [])])


def levels(found: Found) -> str:
    """Return in a sentence which mean IoU the losses of the abstract come to; "" where none was run."""
    parts = []
    printed = {**published.TABLE_4, **published.TABLE_7_SMALL}
    for trial in (CE, focal(2.0), cfl(2.0), cfl_star(2.0)):
        half, tuned = (found.spread(trial, "mean_iou", at) for at in (HALF, TUNED))
        if half.n:
            parts.append(
                f"{label(trial)} {percent(half)} at 0.5 and {percent(tuned)} tuned (paper {printed[trial]})"
            )
    return f"Mean IoU in %, ± standard deviation over the seeds: {'; '.join(parts)}." if parts else ""


def answer(gain: Spread, *, one_split: bool = False) -> str:
    """Return whether a difference is above zero: yes, no, undecided; nothing where it was not run.

    With ``one_split``, where all seeds were tested on the same images, a yes or no is said of that split.

    >>> from sporemetry.evaluation.ratios import spread
    >>> [answer(spread(values)) for values in ([0.1, 0.11], [-0.1, -0.11], [0.1, -0.1], [0.1], [])]
    ['yes', 'no', 'undecided', 'undecided', '']
    >>> answer(spread([0.1, 0.11]), one_split=True)
    'yes, on this split'
    """
    if not gain.n:
        return ""
    if math.isnan(gain.low) or gain.low <= 0 <= gain.high:
        return "undecided"
    return ("yes" if gain.low > 0 else "no") + (", on this split" if one_split else "")


def interval(gain: Spread) -> str:
    """Return a difference in points with its interval."""
    if not gain.n:
        return ""
    mean = f"{100 * gain.mean:+.1f}"
    return mean if math.isnan(gain.low) else f"{mean} ({100 * gain.low:+.1f} to {100 * gain.high:+.1f})"
