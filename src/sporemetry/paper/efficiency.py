"""Whether fewer pictures and steps are enough for CFL*, and what the pictures that are left hold."""

from __future__ import annotations

from sporemetry.paper.claims import answer, claims, interval
from sporemetry.paper.found import HALF, TUNED, Found, seeds_said
from sporemetry.paper.scale import Scale
from sporemetry.paper.split_words import splits_of
from sporemetry.paper.trial import CE, Trial
from sporemetry.training.parts import TRAIN
from sporemetry.training.run_folder import RunCard


def efficiency(found: Found, scale: Scale) -> str:
    """Return in words and by seed whether less is enough for CFL*; "" where it was not run so."""
    claim = claims(scale)[-1]
    poor = scale.sized(CE, min(scale.grid_shares), min(scale.grid_steps))
    gains = [found.gain(claim.better, claim.worse, "mean_iou", at) for at in (HALF, TUNED)]
    if not gains[0].n:
        return ""
    one = len(splits_of(found, (claim.better, claim.worse))) == 1
    few = f"{min(scale.grid_shares):.0%} of the pictures for {min(scale.grid_steps):,} steps"
    said = (
        f"CFL* on {few} against CE on all of them for {max(scale.grid_steps):,}, in points of mean IoU, with "
        f"the 95 % interval over {seeds_said(gains[0].n)}: {interval(gains[0])} at 0.5, better: "
        f"{answer(gains[0], one_split=one)}; {interval(gains[1])} with both thresholds tuned, better: "
        f"{answer(gains[1], one_split=one)}. "
        f"The paper has +{claim.points}."
    )
    losses = [found.gain(poor, claim.worse, "mean_iou", at) for at in (HALF, TUNED)]
    alike = [found.gain(claim.better, poor, "mean_iou", at) for at in (HALF, TUNED)]
    if losses[0].n and alike[0].n:
        said += (
            f" What the pictures and steps that are left out cost CE itself: {interval(losses[0])} at 0.5, "
            f"{interval(losses[1])} tuned. CFL* against CE, both on {few}, over {seeds_said(alike[0].n)}: "
            f"{interval(alike[0])} at 0.5, better: {answer(alike[0], one_split=one)}; "
            f"{interval(alike[1])} tuned, better: {answer(alike[1], one_split=one)}."
        )
    return f"{said}\n\n{_by_seed(found, claim.better, poor, claim.worse)}"


def _by_seed(found: Found, better: Trial, poor: Trial, rich: Trial) -> str:
    """Return a table of what each seed's few pictures hold, and what the losses come to on them."""
    heads = ["seed", "few pictures", "their share of the spore pixels"]
    heads += ["CFL* on few", "CE on few", "CE on all"]
    lines = ["| " + " | ".join(heads) + " |", "|---:" * len(heads) + "|"]
    for seed in found.seeds_of(better):
        few, every = found.scores[better, seed].card, found.scores.get((rich, seed))
        share = "" if every is None else _percent(few, every.card)
        levels = [found.values(trial, "mean_iou", HALF).get(seed) for trial in (better, poor, rich)]
        cells = [str(seed), str(len(few.split.names(TRAIN))), share]
        cells += ["" if level is None else f"{100 * level:.1f}" for level in levels]
        lines.append("| " + " | ".join(cells) + " |")
    note = "Mean IoU in % at 0.5; about 50 is a network that finds no spore."
    return "\n".join([*lines, "", note])


def _percent(few: RunCard, every: RunCard) -> str:
    held, whole = few.statistics.spore_pixels, every.statistics.spore_pixels
    return f"{held / whole:.0%}" if whole else ""
