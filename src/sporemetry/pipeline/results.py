"""The files that a folder job ends with: tables, report, manifest."""

from __future__ import annotations

import datetime
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pandas as pd

import sporemetry
from sporemetry.baselines import METHODS
from sporemetry.counting import EDGE_RULES, size_rule
from sporemetry.pipeline.inputs import PictureTask
from sporemetry.pipeline.record import Record
from sporemetry.pipeline.samples import SAMPLE_RULES
from sporemetry.pipeline.settings import CountSettings, settings_rows
from sporemetry.pipeline.tables import failure_table, join_spores, sample_table, summary_table
from sporemetry.pipeline.volume import chamber_text
from sporemetry.report import PictureEntry, ReportData, find_cautions, render_report
from sporemetry.segmentation import Segmenter, segmenter
from sporemetry.storage import bytes_sha256, write_atomic
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
    summary, samples, spores : DataFrame
        As in the files of these names.
    failures : mapping of str to Failure
        By picture.
    cautions : tuple of str
        What a reader of the numbers must be warned of, most important first.
    confidence : float
        Of the intervals.
    """

    summary: pd.DataFrame
    samples: pd.DataFrame
    spores: pd.DataFrame
    failures: Mapping[str, Failure]
    cautions: tuple[str, ...]
    confidence: float


def write_results(
    tasks: Sequence[PictureTask],
    records: Mapping[str, Record],
    failures: Mapping[str, Failure],
    output: Path,
    settings: CountSettings,
    *,
    verb: str,
    command: str,
) -> Outcome:
    """Make the tables, the report and the manifest from the finished pictures, and write them.

    Files whose content is already right are left as they are. The manifest is written last and is the
    only file that holds a time.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    done = [(task, records[task.name]) for task in tasks if task.name in records]
    spores_csv, spores = join_spores([record for _, record in done], output)
    summary = summary_table([record for _, record in done], spores, settings.counting)
    samples = sample_table(summary, spores, settings.counting)
    failed = failure_table(tasks, failures)
    tables = (summary, samples, spores, failed)
    data = _report_data(done, output, settings, verb=verb, command=command, tables=tables)
    warned = find_cautions(data)
    files = {
        "spores.csv": spores_csv,
        "summary.csv": table_csv(summary),
        "samples.csv": table_csv(samples),
        "failures.csv": table_csv(failed) if len(failed) else None,
        "report.html": render_report(data).encode(),
    }
    changed = [_put(output / name, content) for name, content in files.items()]
    manifest = _manifest(done, failed, files, settings, verb=verb, command=command)
    if any(changed) or not _same_manifest(output / "manifest.json", manifest):
        manifest["finished"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        write_atomic(output / "manifest.json", _json(manifest))
    return Outcome(
        summary=summary,
        samples=samples,
        spores=spores,
        failures=failures,
        cautions=tuple(caution.headline for caution in warned),
        confidence=settings.counting.confidence,
    )


def table_csv(table: pd.DataFrame) -> bytes:
    """Return a table as CSV: UTF-8, comma, point, a header even with no rows, unknown numbers empty."""
    text: str = table.to_csv(index=False, float_format="%.8g", lineterminator="\n")
    return text.encode()


def _put(path: Path, content: bytes | None) -> bool:
    """Write ``content`` (None: no file) unless it is so already; tell whether it was not."""
    if content is None:
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed
    if path.is_file() and path.read_bytes() == content:
        return False
    write_atomic(path, content)
    return True


def _report_data(
    done: Sequence[tuple[PictureTask, Record]],
    output: Path,
    settings: CountSettings,
    *,
    verb: str,
    command: str,
    tables: tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, pd.DataFrame],
) -> ReportData:
    summary, samples, spores, failures = tables
    title, description, source = _method(settings, verb)
    return ReportData(
        title="Spore counts" if verb == "count" else "Spore measurements",
        version=sporemetry.__version__,
        command=command,
        method_title=title,
        method_description=description,
        method_source=source,
        traditional=verb == "count" and settings.picture.method in METHODS,
        confidence=settings.counting.confidence,
        chamber=chamber_text(settings.counting),
        rules=(
            ("Edge rule", EDGE_RULES[settings.picture.edge_rule].description),
            (
                "Samples",
                f"{_first_sentence(SAMPLE_RULES[settings.counting.sample_by])} "
                "The pictures of a sample are its replicates.",
            ),
            ("Size strings", size_rule()),
        ),
        settings=tuple(settings_rows(settings)),
        pictures=tuple(
            PictureEntry(
                name=task.image,
                overlay=output / f"{task.name}_overlay.jpg",
                width_px=record.facts["width_px"],
                height_px=record.facts["height_px"],
                notes=tuple(record.notes),
            )
            for task, record in done
        ),
        samples=samples,
        summary=summary,
        spores=spores,
        failures=failures,
    )


def _first_sentence(rule: Callable[..., str]) -> str:
    return (rule.__doc__ or "").splitlines()[0]


def _method(settings: CountSettings, verb: str) -> tuple[str, str, str]:
    if verb == "measure":
        return "Existing labels", "The spores are those of the label pictures that were given.", ""
    used = _used(settings)
    return used.title, used.description, used.source


def _used(settings: CountSettings) -> Segmenter:
    picture = settings.picture
    return segmenter(picture.method, picture.segmentation, picture.model)


def _manifest(
    done: Sequence[tuple[PictureTask, Record]],
    failed: pd.DataFrame,
    files: Mapping[str, bytes | None],
    settings: CountSettings,
    *,
    verb: str,
    command: str,
) -> dict[str, object]:
    outputs = {name: bytes_sha256([content]) for name, content in files.items() if content is not None}
    for _, record in done:
        outputs.update(record.outputs)
        outputs.update(record.exports)
    return {
        "sporemetry": sporemetry.__version__,
        "command": command,
        "verb": verb,
        "method": _used(settings).identity() if verb == "count" else "existing labels",
        "settings": dict(settings_rows(settings)),
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "inputs": {task.image: record.input_sha256 for task, record in done},
        "failed": failed["image"].tolist(),
        "outputs": dict(sorted(outputs.items())),
    }


def _same_manifest(path: Path, manifest: Mapping[str, object]) -> bool:
    try:
        before = json.loads(path.read_bytes())
        before.pop("finished")
    except (OSError, ValueError, KeyError, AttributeError):
        return False
    return bool(before == json.loads(_json(manifest)))


def _json(content: Mapping[str, object]) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()
