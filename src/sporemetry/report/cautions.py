"""What a reader of the counts must be warned of, in plain words.

Each check is one function of :class:`ReportData` that returns a :class:`Caution` or None; :data:`CHECKS`
lists them in the order of the page. Checks of sizes are in :mod:`sporemetry.report.size_cautions`, those of
counts that are probably wrong in :mod:`sporemetry.report.count_cautions`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sporemetry.report.caution import Caution
from sporemetry.report.count_cautions import COUNT_CHECKS
from sporemetry.report.data import ReportData, numbers
from sporemetry.report.formatting import number_text, p_text, percent_text, plural
from sporemetry.report.label_cautions import doubtful_labels, without_doubtful
from sporemetry.report.size_cautions import SIZE_CHECKS

# Of spores scattered over a field that is twenty spore lengths high, 10 to 15 % touch its border. More than a
# fifth means spores that are large for the field, or a border that was itself taken for spores.
EDGE_SHARE_MAX = 0.20
# Of fewer spores, one or two on the border are a large share by chance.
EDGE_SPORES_MIN = 10
# The usual level of a test: one sample in twenty is flagged by chance.
DISPERSION_P_MAX = 0.05
# Where spores cover more of the field than this, many lie on others, and watersheds cannot part them.
COVERED_SHARE_MAX = 0.20
# Scales that differ by less come from rounding in the files.
SCALE_RATIO_MAX = 1.01

_OF_IMAGES = "pictures out of focus, or debris counted in some of them"
_OF_LABELS = "or label images that were not all drawn by the same rules"

Check = Callable[[ReportData], Caution | None]


def find_cautions(data: ReportData) -> list[Caution]:
    """Return all that a reader of ``data`` must be warned of: problems first, then cautions, then notes.

    Tables without rows give no caution but that of the method.

    Parameters
    ----------
    data : ReportData
        The tables of a report.
    """
    judged = without_doubtful(data)
    found = [
        caution
        for check in CHECKS
        if (caution := check(judged if check in OBJECT_CHECKS else data)) is not None
    ]
    found += doubtful_labels(data)
    found.extend(data.stated_cautions)
    return sorted(found, key=lambda caution: _ORDER.index(caution.level))


def pictures_failed(data: ReportData) -> Caution | None:
    """Warn of pictures that are in no number of the page."""
    names = _names(data.failures["image"])
    if not names:
        return None
    return Caution(
        "problem",
        f"{plural(len(names), 'picture')} could not be counted",
        "Their spores are in no number on this page, so totals are too small and a sample may lack "
        "replicates. The section “Pictures that failed” says why and what to do; then run the same "
        "command again, which does only what is missing.",
        names,
    )


def traditional_method(data: ReportData) -> Caution | None:
    """Warn, always, of methods that know contrast but not spores."""
    if not data.traditional:
        return None
    return Caution(
        "caution",
        "This method also counts what is not a spore",
        "It separates what differs from the background; it does not know what a spore looks like. Debris, "
        "grid lines and hyphae are outlined and counted too. On the grey pictures of a counting chamber "
        "that they were tried on, such methods found two to three false spores for each true one, and a "
        "plain Otsu threshold with a watershed nine. The intervals on this page cover chance, not this "
        "error. Check the outlines by eye before you use a number.",
    )


def varies_more_than_chance(data: ReportData) -> Caution | None:
    """Warn of replicates whose variance is above that of Poisson counts."""
    samples = data.samples
    ratio, p = numbers(samples, "variance_to_mean"), numbers(samples, "dispersion_p")
    hits = samples[(p < DISPERSION_P_MAX) & (ratio > 1)]
    if hits.empty:
        return None
    worst = hits.iloc[int(ratio[hits.index].argmax())]
    where = f"; {plural(len(hits), 'sample')}, most in {worst['sample']}" if len(hits) > 1 else ""
    widened = (
        "The intervals of these samples are widened accordingly."
        if hits["widened"].astype(bool).all()
        else "Intervals that are not marked as widened are too narrow."
    )
    return Caution(
        "caution",
        "Pictures of a sample differ by more than chance",
        "Spores that settle independently give counts whose variance equals their mean. Here variance / mean "
        f"is {number_text(worst['variance_to_mean'])} ({p_text(float(worst['dispersion_p']))}{where}). Usual "
        f"reasons are clumped spores, poor mixing, {_OF_LABELS if data.of_labels else _OF_IMAGES}. "
        f"{widened} More pictures help; more spores in the same pictures do not.",
        samples=_names(hits["sample"]),
    )


def no_scale(data: ReportData) -> Caution | None:
    """Warn of pictures without µm per pixel."""
    without = data.summary[data.summary["um_per_px"].isna()]
    if without.empty:
        return None
    every = len(without) == len(data.summary)
    return Caution(
        "caution",
        "No scale is known" if every else f"No scale is known for {plural(len(without), 'picture')}",
        f"{'The' if every else 'Their'} files do not say how many µm a pixel is, so sizes are given in "
        "pixels, and there is no density per mm². Photograph a stage micrometer with the same objective "
        "and camera, divide its length in µm by its length in pixels, and run the command again with "
        "--um-per-px.",
        () if every else _names(without["image"]),
    )


def no_volume(data: ReportData) -> Caution | None:
    """Warn where a chamber was named and the volume that a picture shows is not known all the same."""
    without = data.summary[data.summary["concentration_per_ml"].isna()]
    if not data.chamber or without.empty:
        return None
    return Caution(
        "problem",
        f"No concentration for {plural(len(without), 'picture')}",
        "A counting chamber was named, but not which of its squares a picture shows, and without a scale "
        "the area of a picture is not known either. Run the command again with --square and --squares, or "
        "with --um-per-px.",
        _names(without["image"]),
    )


def mixed_scales(data: ReportData) -> Caution | None:
    """Warn of samples whose pictures have unlike scales, or some of them none."""
    um_per_px = numbers(data.summary, "um_per_px")
    scales = um_per_px.groupby(data.summary["sample"], sort=False).agg(["min", "max", "count", "size"])
    unlike = scales["max"] > SCALE_RATIO_MAX * scales["min"]
    partly = (scales["count"] > 0) & (scales["count"] < scales["size"])
    names = _names(scales.index[unlike | partly])
    if not names:
        return None
    return Caution(
        "problem",
        "Pictures of one sample have different scales",
        f"In {plural(len(names), 'sample')} pictures have unlike µm per pixel, or some have none. If they "
        "were taken with one objective, a scale is wrong, and with it every size and density. If not, "
        "count each objective as a sample of its own.",
        samples=names,
    )


def many_on_edge(data: ReportData) -> Caution | None:
    """Warn of pictures where much of what was found is cut by the border of the field."""
    found, edge = numbers(data.summary, "spores"), numbers(data.summary, "edge_spores")
    hits = data.summary[(found >= EDGE_SPORES_MIN) & (edge > EDGE_SHARE_MAX * found)]
    if hits.empty:
        return None
    most = float((edge / found)[hits.index].max())
    return Caution(
        "caution",
        f"Many spores lie on the edge in {plural(len(hits), 'picture')}",
        f"Up to {percent_text(most)} of the spores found touch the border of the field. The count then "
        "depends much on the edge rule, and sizes come from few whole spores. Look whether the border of "
        "the field itself is outlined as spores; else use a lower magnification.",
        _names(hits["image"]),
    )


def crowded(data: ReportData) -> Caution | None:
    """Warn of pictures that are covered with spores."""
    share = data.spores.images["covered_px"].to_numpy() / numbers(data.summary, "field_area_px")
    hits = data.summary[share > COVERED_SHARE_MAX]
    if hits.empty:
        return None
    return Caution(
        "caution",
        f"Labels cover much of {plural(len(hits), 'picture')}"
        if data.of_labels
        else f"{plural(len(hits), 'picture')} crowded with spores",
        (
            f"The labels cover up to {percent_text(float(share.max()))} of the field. Look at the "
            "outlines: if background or clumps have an id, the labels are at fault. If spores do cover so "
            "much, some are hidden, and the count is probably too low."
            if data.of_labels
            else f"Spores cover up to {percent_text(float(share.max()))} of the field. Many then touch or "
            "overlap, some are hidden, and the count is probably too low. Dilute the suspension and "
            "photograph it again."
        ),
        _names(hits["image"]),
    )


def nothing_counted(data: ReportData) -> Caution | None:
    """Tell of pictures with a count of 0."""
    hits = data.summary[numbers(data.summary, "counted") == 0]
    if hits.empty:
        return None
    high = number_text(numbers(hits, "count_high").max())
    return Caution(
        "note",
        f"No spore was counted in {plural(len(hits), 'picture')}",
        f"A count of 0 is a result, not an error: up to {high} spores a picture would still be compatible "
        f"with it ({percent_text(data.confidence)} interval 0 to {high}). "
        + (
            "The label image holds no object that counts. Make sure that it is the right one."
            if data.of_labels
            else "Look at the picture to make sure that it is in focus and that its spores were not missed."
        ),
        _names(hits["image"]),
    )


CHECKS: tuple[Check, ...] = (
    *COUNT_CHECKS,
    pictures_failed,
    mixed_scales,
    no_volume,
    traditional_method,
    varies_more_than_chance,
    *SIZE_CHECKS,
    many_on_edge,
    crowded,
    no_scale,
    nothing_counted,
)
# Those that explain what they see by the objects: not asked of images whose labels are doubtful.
OBJECT_CHECKS: frozenset[Check] = frozenset((*SIZE_CHECKS, many_on_edge, crowded, nothing_counted))
_ORDER = ("problem", "caution", "note")


def _names(values: Iterable[object]) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
