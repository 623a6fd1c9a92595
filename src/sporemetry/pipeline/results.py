"""The files that a folder job ends with: tables, report, manifest."""

from __future__ import annotations

import platform
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd

import sporemetry
from sporemetry.baselines import METHODS
from sporemetry.counting import EDGE_RULES, size_rule
from sporemetry.csv_table import csv_bytes
from sporemetry.pipeline.chamber_check import disagreement_caution, find_disagreement
from sporemetry.pipeline.entries import ReportEntries
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.job_record import write_job_record
from sporemetry.pipeline.manifest import Pairs, write_manifest
from sporemetry.pipeline.note_cautions import NoteCautions
from sporemetry.pipeline.ownership import Claims, Standing, table_claims
from sporemetry.pipeline.preflight import table_hashes
from sporemetry.pipeline.record import Record
from sporemetry.pipeline.sample_sheet import StatedJob
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountSettings, settings_rows
from sporemetry.pipeline.spore_rows import digested, read_spores, spore_rows
from sporemetry.pipeline.stated import NOTHING_STATED, Stated, chamber_stated, counting_settings_of
from sporemetry.pipeline.tables import failure_table, sample_of, sample_table, summary_table
from sporemetry.pipeline.treatments import treatment_cautions, treatment_data
from sporemetry.pipeline.unreadable import UnreadableType, unreadable_caution
from sporemetry.pipeline.volume import chamber_text
from sporemetry.report import (
    Caution,
    DigestBuilder,
    ReportData,
    SporeDigest,
    TreatmentData,
    find_cautions,
    render_report,
)
from sporemetry.segmentation import Segmenter, segmenter
from sporemetry.storage import bytes_sha256, write_pieces
from sporemetry.workers import Failure

_LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-image",
    "opencv-python-headless",
    "pillow",
    "tifffile",
    "imagecodecs",
    "pandas",
    "openvino",
)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What a folder job found.

    Attributes
    ----------
    summary, samples : DataFrame
        As in the files of these names.
    spores_file : Path
        ``spores.csv``, which :attr:`spores` reads.
    failures : mapping of str to Failure
        By picture.
    cautions : tuple of Caution
        What a reader of the numbers must be told, by level: problems, cautions, notes; as in the report.
    confidence : float
        Of the intervals.
    notes : tuple of str
        What is to be said of the run: inputs that were left out, edited labels, results of other images.
    treatments : TreatmentData or None
        Means and ratios of treatments, as in ``treatments.csv`` and ``ratios.csv``; None where none is known.
    """

    summary: pd.DataFrame
    samples: pd.DataFrame
    spores_file: Path
    failures: Mapping[str, Failure]
    cautions: tuple[Caution, ...]
    confidence: float
    notes: tuple[str, ...] = ()
    treatments: TreatmentData | None = None

    @property
    def spores(self) -> pd.DataFrame:
        """All spores as a table, read from ``spores.csv`` each time: it may be large.

        Raises
        ------
        FileError
            When the file cannot be read, or was changed since.
        """
        return read_spores(self.spores_file, self.summary)


def write_results(
    tasks: Sequence[PictureTask],
    records: Mapping[str, Record],
    failures: Mapping[str, Failure],
    output: Path,
    settings: CountSettings,
    *,
    verb: str,
    command: str,
    earlier: Collection[str] = (),
    not_counted: Sequence[str] = (),
    notes: Sequence[str] = (),
    job: StatedJob | None = None,
    unreadable: Sequence[UnreadableType] = (),
    scales: Sequence[Mapping[str, object]] = (),
) -> Outcome:
    """Make the tables, the report and the manifest from the finished pictures, and write them.

    Files whose content is already right are left as they are. The manifest is written last and is the
    only file that holds a time.

    Parameters
    ----------
    tasks, records, failures
        The images, and what became of each, by name.
    output, settings, verb, command
        As in :func:`sporemetry.pipeline.folder.run_folder`.
    earlier : collection of str
        Names of failed images of which an earlier result is kept.
    not_counted : sequence of str
        Label images of ours in the folder that are not of this run.
    notes : sequence of str
        What is to be said of the run.
    job : StatedJob, optional
        What a sample sheet states.
    unreadable : sequence of UnreadableType
        Files beside the images that cannot be read by their type.
    scales : sequence of mapping
        What images that share a scale have in common, for the manifest.

    Raises
    ------
    ForeignFileError
        When a file that is not ours stands where a table belongs.
    OutputError
        When a file cannot be written.
    """
    done = [task for task in tasks if task.name in records]
    # Every file below must be in TABLES: of others we would not know that they are ours.
    claims = table_claims(output, table_hashes(output))
    spores_sha256, spores_changed, spores = _join_spores(done, records, output, settings, claims)
    stated = {task.image: task.stated for task in done if task.stated != NOTHING_STATED}
    noted = NoteCautions()
    summary = summary_table(noted.watch(_each(done, records)), spores.images, settings.counting, stated)
    samples = sample_table(summary, spores, settings.counting)
    failed = failure_table(tasks, failures, earlier)
    tables = (summary, samples, failed)
    treatments = treatment_data(summary, settings.counting.confidence, () if job is None else job.treatments)
    disagreement = find_disagreement(summary, settings.counting, stated)
    entries = ReportEntries(done, records, output, settings.picture.reading, verb, disagreement.notes())
    data = _report_data(entries, settings, verb=verb, command=command, tables=tables, spores=spores)
    of_sheet = _stated(job, treatments, settings, stated)
    of_run = (unreadable_caution(unreadable), disagreement_caution(disagreement))
    of_sheet["stated_cautions"] += tuple(caution for caution in of_run if caution is not None)
    of_sheet["stated_cautions"] += tuple(noted.cautions())
    data = replace(
        data, **of_sheet, rules=(*_rules(data, stated, treatments), *(("Note", note) for note in notes))
    )
    warned = find_cautions(data)
    report = render_report(data).encode("utf-8", "backslashreplace")
    del data, spores  # the sizes of all spores: the tables and the manifest need room, too
    files = {
        "summary.csv": table_csv(summary),
        "samples.csv": table_csv(samples),
        "treatments.csv": None if treatments is None else table_csv(treatments.table),
        "ratios.csv": None if treatments is None else table_csv(treatments.ratios),
        "failures.csv": table_csv(failed) if len(failed) else None,
        "report.html": report,
    }
    changed = spores_changed | _put(claims, files)
    hashes = {name: bytes_sha256([content]) for name, content in files.items() if content is not None}
    hashes["spores.csv"] = spores_sha256
    del files, report  # before the manifest, which is as large
    manifest = _manifest(done, records, failed, hashes, settings, verb=verb, command=command)
    manifest |= {"not_of_this_run": list(not_counted), "notes": list(notes)}
    manifest["cautions"] = [
        {"level": each.level, "headline": each.headline, "images": list(each.pictures)} for each in warned
    ]
    if scales:
        manifest["scales"] = list(scales)
    manifest["not_read"] = {each.suffix: {"files": each.files, "first": each.first} for each in unreadable}
    if job is not None and job.sheet is not None:
        manifest["sample_sheet"] = {"file": job.sheet.path.name, "sha256": job.sheet.sha256}
    write_job_record(
        output,
        settings,
        verb=verb,
        names=[task.name for task in done],
        stated={task.name: task.stated for task in done if task.stated != NOTHING_STATED},
    )
    write_manifest(output / "manifest.json", manifest, changed=changed)
    claims.settle()
    return Outcome(
        summary=summary,
        samples=samples,
        spores_file=output / "spores.csv",
        failures=failures,
        cautions=tuple(warned),
        confidence=settings.counting.confidence,
        notes=tuple(notes),
        treatments=treatments,
    )


def _stated(
    job: StatedJob | None,
    treatments: TreatmentData | None,
    settings: CountSettings,
    stated: Mapping[str, Stated],
) -> dict[str, Any]:
    """Return what the report says of a sample sheet, of levels and of treatments."""
    cautions = [] if job is None else list(job.cautions)
    if treatments is not None:
        cautions.extend(treatment_cautions(treatments))
    found: dict[str, Any] = {"treatments": treatments, "stated_cautions": tuple(cautions)}
    chambers = {counting_settings_of(settings.counting, chamber_stated(said)) for said in stated.values()}
    texts = sorted({text for each in chambers if (text := chamber_text(each))})
    if texts:
        more = f" There are {len(texts) - 3} more." if len(texts) > 3 else ""
        found["chamber"] = " Others: ".join(texts[:3]) + more
    return found


def _rules(
    data: ReportData, stated: Mapping[str, Stated], treatments: TreatmentData | None
) -> tuple[tuple[str, str], ...]:
    """Return how the counts were got, with what is stated in the place of the options."""
    rules = dict(data.rules)
    if stated:
        rules["Samples"] = (
            "As a sample sheet, folders or names state. The images of a sample are its replicates; where it "
            "holds several suspensions, these are."
        )
    if treatments is not None:
        rules["Treatments"] = (
            "The mean of a treatment is the plain mean of its suspensions. Its interval is Student's t of "
            "them, and never narrower than counting alone allows. Ratios are done alike, on the scale of "
            "logarithms (Welch)."
        )
    return tuple(rules.items())


def _each(done: Sequence[PictureTask], records: Mapping[str, Record]) -> Iterator[Record]:
    return (records[task.name] for task in done)


def _join_spores(
    done: Sequence[PictureTask],
    records: Mapping[str, Record],
    output: Path,
    settings: CountSettings,
    claims: Claims,
) -> tuple[str, bool, SporeDigest]:
    """Write ``spores.csv``: its hash, whether it was changed, and the digest of the spores."""
    samples: list[str] = []
    spores = 0
    for task in done:
        record = records[task.name]
        samples.append(sample_of(record.image, settings.counting, task.stated))
        spores += int(record.facts["spores"])
    builder = DigestBuilder(samples, spores)
    rows = spore_rows(_each(done, records), output)
    changed, sha256 = write_pieces(
        output / "spores.csv",
        digested(rows, builder),
        before_replacing=lambda digest: claims.claim({"spores.csv": digest}),
    )
    return sha256, changed, builder.finish()


def table_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: UTF-8, comma, point, a header even with no rows, unknown numbers empty."""
    return csv_bytes(table, float_format="%.8g")


def _put(claims: Claims, files: Mapping[str, bytes | None]) -> bool:
    """Write the files (None: no file) that are not so already; tell whether any was not."""
    wanted = {file: content for file, content in files.items() if content is not None}
    hashes = {file: bytes_sha256([content]) for file, content in wanted.items()}
    new = {file: digest for file, digest in hashes.items() if claims.look(file) != (Standing.OURS, digest)}
    if new:
        claims.claim(new)
    for file in new:
        claims.put(file, wanted[file])
    gone = [claims.remove(file) for file in files if file not in wanted]
    return bool(new) or any(gone)


def _report_data(
    entries: ReportEntries,
    settings: CountSettings,
    *,
    verb: str,
    command: str,
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame],
    spores: SporeDigest,
) -> ReportData:
    summary, samples, failures = tables
    title, description, source = _method(settings, verb)
    return ReportData(
        title="Spore counts" if verb == "count" else "Spore measurements",
        version=sporemetry.__version__,
        command=command,
        method_title=title,
        method_description=description,
        method_source=source,
        of_labels=verb == "measure",
        traditional=verb == "count" and settings.picture.method in METHODS,
        confidence=settings.counting.confidence,
        chamber=chamber_text(settings.counting),
        rules=(
            ("Edge rule", EDGE_RULES[settings.picture.edge_rule].description),
            (
                "Samples",
                f"{SAMPLE_RULES[settings.counting.sample_by].sentence} "
                "The pictures of a sample are its replicates.",
            ),
            ("Size strings", size_rule()),
        ),
        settings=tuple(settings_rows(settings)),
        pictures=entries,
        samples=samples,
        summary=summary,
        spores=spores,
        failures=failures,
    )


def _method(settings: CountSettings, verb: str) -> tuple[str, str, str]:
    if verb == "measure":
        return "Existing labels", "The spores are those of the label pictures that were given.", ""
    used = _used(settings)
    return used.title, used.description, used.source


def _used(settings: CountSettings) -> Segmenter:
    picture = settings.picture
    return segmenter(picture.method, picture.segmentation, picture.model)


def _split(pair: str) -> tuple[str, str]:
    file, _, digest = pair.rpartition("\0")
    return file, digest


def _manifest(
    done: Sequence[PictureTask],
    records: Mapping[str, Record],
    failed: pd.DataFrame,
    hashes: Mapping[str, str],
    settings: CountSettings,
    *,
    verb: str,
    command: str,
) -> dict[str, object]:
    # One text each, smaller than a dictionary of so many. No name holds a NUL, which sorts before all else.
    outputs = [f"{file}\0{digest}" for file, digest in hashes.items()]
    edited: dict[str, str] = {}
    for record in _each(done, records):
        edited.update(record.edited)
        for files in (record.outputs, record.exports):
            outputs.extend(f"{file}\0{digest}" for file, digest in files.items())
    outputs.sort()
    return {
        "sporemetry": sporemetry.__version__,
        "command": command,
        "verb": verb,
        "method": _used(settings).identity() if verb == "count" else "existing labels",
        "settings": dict(settings_rows(settings)),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "inputs": Pairs(lambda: ((record.image, record.input_sha256) for record in _each(done, records))),
        "failed": failed["image"].tolist(),
        "outputs": Pairs(lambda: (_split(each) for each in outputs)),
        "edited": dict(sorted(edited.items())),
    }
