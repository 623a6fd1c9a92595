"""The page: what is shown where, and its rendering."""

from __future__ import annotations

import base64
import functools
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from urllib.parse import quote

import jinja2
from markupsafe import Markup

from sporemetry.report.answer import describe_range, find_answers, first_line
from sporemetry.report.caution import Caution
from sporemetry.report.cautions import find_cautions
from sporemetry.report.count_cautions import uncovered_objects
from sporemetry.report.data import PictureEntry, ReportData
from sporemetry.report.doubtful import find_doubtful
from sporemetry.report.embedding import EmbeddedPicture, embed_pictures
from sporemetry.report.formatting import count_text, percent_text, plural
from sporemetry.report.limits import (
    ALL_IMAGES_MAX_BYTES,
    ALL_SHOWN_MOST,
    ROWS_MOST,
    SELECTED_IMAGES_MAX_BYTES,
    SHOWN_OF_MANY,
)
from sporemetry.report.ranking import DOUBTFUL_BELOW
from sporemetry.report.selection import select_images
from sporemetry.report.sizes import find_sizes
from sporemetry.report.tables import (
    COUNT,
    Row,
    failures_table,
    pictures_table,
    rate_of,
    samples_table,
    sizes_table,
)
from sporemetry.report.treatments import treatment_section

# Names of pictures that a caution lists before it says how many more there are.
NAMES_MAX = 12


@dataclass(frozen=True, slots=True)
class Link:
    """A name, with the place on the page where it is shown, or an empty text."""

    name: str
    href: str


@dataclass(frozen=True, slots=True)
class ShownCaution:
    """A caution with the first of what it concerns."""

    caution: Caution
    links: tuple[Link, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture of the gallery.

    Attributes
    ----------
    anchor : str
        Its place on the page.
    name, file : str
        Of the picture; of its full-size overlay beside the page, quoted for a link.
    image : EmbeddedPicture
        What the page itself holds.
    width_px, height_px : int
        Size of the original.
    count, interval, found : str
        In words.
    notes : tuple of str
        How it was read, and why it is shown where not all are.
    """

    anchor: str
    name: str
    file: str
    image: EmbeddedPicture
    width_px: int
    height_px: int
    count: str
    interval: str
    found: str
    notes: tuple[str, ...]


def render_report(data: ReportData) -> str:
    """Return the report as one HTML page that is complete in itself.

    The page loads nothing and runs no script; a content security policy inside it makes browsers hold to
    that. Pictures are embedded, scaled down as far as mailing the page asks. The same data and pictures
    always give the same text. Tables without rows, and no pictures at all, give a page that says so.

    Parameters
    ----------
    data : ReportData
        Tables, pictures and how they were made.

    Raises
    ------
    FileError
        When an outlined picture cannot be read.
    ImageDamagedError
        When it is no picture.
    """
    cautions = find_cautions(data)
    shown = select_images(data, cautions, SHOWN_OF_MANY)
    names = [str(data.summary["image"].iloc[row]) for row in shown.rows]
    figures = {name: why for name, why in zip(names, shown.reasons, strict=True) if name in data.pictures}
    anchors = {name: f"picture-{number}" for number, name in enumerate(figures, start=1)}
    places = {name: f"#{anchor}" for name, anchor in anchors.items()}
    failed = {str(name): "#failures" for name in data.failures["image"].head(ROWS_MOST)}
    rows = select_images(data, cautions, ROWS_MOST).rows
    style = _asset("report.css")
    sizes = find_sizes(data)
    return _template().render(
        data=data,
        style=Markup(style),  # packaged with the program: no user's text
        style_hash=_csp_hash(style),
        share=percent_text(data.confidence),
        overview=_overview(data),
        first_line=first_line(data),
        answers=find_answers(data),
        span=describe_range(data),
        cautions=[_shown(caution, failed | places) for caution in cautions],
        ringed=uncovered_objects(data) is not None,
        samples=samples_table(data),
        treatments=treatment_section(data),
        sizes=sizes,
        size_strings=sizes_table(data) if sizes.pooled else None,
        pictures=pictures_table(data, places, rows),
        figures=_figures(data, anchors, figures),
        shown=len(figures),
        images=len(data.summary),
        failures=failures_table(data),
        doubtful=find_doubtful(data),
        doubtful_below=f"{DOUBTFUL_BELOW:g}",
    )


def _overview(data: ReportData) -> str:
    counted = count_text(data.summary["counted"].sum())
    pictures, samples = plural(len(data.summary), "picture"), plural(len(data.samples), "sample")
    return (
        f"{counted} spores counted in {pictures} of {samples}"
        if len(data.summary)
        else "No picture was counted"
    )


def _figures(data: ReportData, anchors: Mapping[str, str], reasons: Mapping[str, str]) -> Iterable[Figure]:
    # A generator: the page never holds more than one decoded picture beside its own text.
    table = data.summary[data.summary["image"].isin(list(reasons))]
    rows = {str(row["image"]): row for row in table.to_dict("records")}
    entries = {name: data.pictures[name] for name in reasons}
    total = ALL_IMAGES_MAX_BYTES if len(data.summary) <= ALL_SHOWN_MOST else SELECTED_IMAGES_MAX_BYTES
    images = embed_pictures([entry.overlay for entry in entries.values()], total)
    for (name, entry), image in zip(entries.items(), images, strict=True):
        row = {str(key): value for key, value in rows[name].items()}
        why = (f"Shown: {reasons[name]}",) if reasons[name] else ()
        yield _figure(entry, image, anchors[name], row, why)


def _figure(
    picture: PictureEntry, image: EmbeddedPicture, anchor: str, row: Row, why: tuple[str, ...]
) -> Figure:
    count = rate_of(row, COUNT)
    return Figure(
        anchor=anchor,
        name=str(row["image"]),
        file=quote(picture.link or picture.overlay.name),
        image=image,
        width_px=int(row["width_px"]),
        height_px=int(row["height_px"]),
        count=count.value,
        interval=count.interval,
        found=count_text(row["spores"]),
        notes=(*why, *picture.notes),
    )


def _shown(caution: Caution, places: dict[str, str]) -> ShownCaution:
    names = caution.pictures or caution.samples
    links = tuple(Link(name, places.get(name, "")) for name in names[:NAMES_MAX])
    return ShownCaution(caution, links, len(names) - len(links))


@functools.cache
def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sporemetry.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["breakable"] = _breakable
    environment.filters["unbroken"] = _unbroken
    return environment.get_template("report.html.j2")


def _breakable(name: str) -> Markup:
    """Let a long file name break after its separators rather than anywhere."""
    return Markup("<wbr>").join(re.split(r"(?<=[_/-])", name))


def _unbroken(text: str) -> Markup:
    """Let a size string break between its words only, not at the dashes inside them."""
    return Markup(" ").join(Markup("<span>{}</span>").format(word) for word in text.split())


def _asset(name: str) -> str:
    return (resources.files("sporemetry.report") / "templates" / name).read_text(encoding="utf-8")


def _csp_hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
