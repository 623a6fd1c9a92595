"""Tables of many images: written piece by piece, the same bytes as all at once, in little memory."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from sporemetry.errors import FileError
from sporemetry.measurement import SPORE_COLUMNS
from sporemetry.pipeline import spore_rows as module
from sporemetry.pipeline.manifest import manifest_pieces, write_manifest
from sporemetry.pipeline.packed import PackedRecords
from sporemetry.pipeline.picture import spores_csv
from sporemetry.pipeline.record import RECORD_FOLDER, Record, spores_path
from sporemetry.pipeline.spore_rows import SPORES_HEADER, digested, parse_rows, read_spores, spore_rows
from sporemetry.report import DigestBuilder, digest
from sporemetry.storage import write_pieces


def spore_table(image: str, spores: int, rng: np.random.Generator) -> pd.DataFrame:
    """Spores with sizes that need all digits; every fourth touches the edge."""
    length = rng.uniform(10, 50, spores)
    columns: dict[str, Any] = {name: np.ones(spores) for name in SPORE_COLUMNS}
    columns |= {"image": image, "label": np.arange(1, spores + 1), "index": np.arange(1, spores + 1)}
    columns |= {"length_px": length, "width_px": length / 3, "q": 3.0, "score": rng.uniform(0.3, 1, spores)}
    columns |= {"length_um": length / 7, "width_um": length / 21, "touches_edge": np.arange(spores) % 4 == 0}
    return pd.DataFrame(columns | {"counted": True}, columns=list(SPORE_COLUMNS))


def fill(output: Path, spores: list[int]) -> tuple[list[Record], list[pd.DataFrame]]:
    """Write the rows of images with so many spores, and return their records and tables."""
    (output / RECORD_FOLDER).mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    records, tables = [], []
    for number, count in enumerate(spores):
        name = f'=odd "name",{number}\n'
        record = Record(
            image=name, name=str(number), input_sha256="", work="", outputs={}, facts={"spores": count}
        )
        records.append(record)
        tables.append(spore_table(name, count, rng))
        spores_path(output, record.name).write_bytes(spores_csv(tables[-1]))
    return records, tables


@pytest.mark.parametrize("chunk", [1, 3000, 1 << 21])
def test_joined_rows_are_those_of_one_table(
    tmp_path: Path, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK_BYTES", chunk)
    counts = [0, 5, 0, 0, 12, 1, 30, 0]
    records, tables = fill(tmp_path, counts)
    summary = pd.DataFrame(
        {"image": [record.image for record in records], "sample": list("aabbccdd"), "spores": counts}
    )
    builder = DigestBuilder(list(summary["sample"]), sum(counts))
    content = b"".join(digested(spore_rows(records, tmp_path), builder))
    whole = pd.concat(tables, ignore_index=True)
    assert content == spores_csv(whole)
    (tmp_path / "spores.csv").write_bytes(content)
    read = read_spores(tmp_path / "spores.csv", summary)
    pd.testing.assert_frame_equal(read, whole, check_dtype=False, rtol=1e-7)
    found, expected = builder.finish(), digest(read, summary)
    pd.testing.assert_frame_equal(found.images, expected.images, check_dtype=False)
    pd.testing.assert_frame_equal(found.first, expected.first, check_dtype=False)
    assert (found.counted, found.doubtful, found.on_edge) == (48, expected.doubtful, expected.on_edge)
    assert np.array_equal(found.place, expected.place)
    assert found.in_um
    for name, values in found.sizes.items():
        assert np.array_equal(values, expected.sizes[name])
    # The numbers of an image are those of its own table.
    own = read[(read["image"] == records[6].image) & ~read["touches_edge"]]
    assert found.images["length_um_median"][6] == own["length_um"].median()
    assert found.images["edge_spores"].tolist() == [0, 2, 0, 0, 3, 1, 8, 0]
    assert np.isnan(found.images["q_mean"][0])


def test_a_table_that_is_not_that_of_the_summary_is_refused(tmp_path: Path) -> None:
    (tmp_path / "spores.csv").write_bytes(SPORES_HEADER)
    summary = pd.DataFrame({"image": ["a"], "spores": [1]})
    with pytest.raises(FileError, match="1 rows"):
        read_spores(tmp_path / "spores.csv", summary)
    with pytest.raises(FileError):
        read_spores(tmp_path / "none.csv", summary)
    assert parse_rows(SPORES_HEADER).empty


def test_memory_does_not_grow_with_the_table_of_spores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_CHUNK_BYTES", 1 << 16)

    def peak(images: int) -> int:
        records, _ = fill(tmp_path, [100] * images)
        builder = DigestBuilder(["all"] * images, 100 * images)
        tracemalloc.start()
        try:
            write_pieces(tmp_path / f"{images}.csv", digested(spore_rows(records, tmp_path), builder))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(10)  # what is loaded once
    few, many = peak(50), peak(400)
    assert (tmp_path / "400.csv").stat().st_size > 5_000_000
    # Three sizes of each spore are kept; a table of all would take ten times as much.
    assert many - few < 3 * 8 * 100 * 350 + 250_000


def test_records_come_back_from_their_pack() -> None:
    records = PackedRecords()
    plain = Record(image="a", name="a", input_sha256="1", work="w", outputs={"x": "2"}, facts={"n": None})
    noted = Record(
        image="ü\n", name="b", input_sha256="3", work="v", outputs={}, facts={"n": 0.1}, notes=("n",)
    )
    records["a"], records["b"] = plain, noted
    assert (records["a"], records["b"], len(records), "c" in records) == (plain, noted, 2, False)
    del records["a"]
    assert list(records) == ["b"]


def test_a_manifest_keeps_its_time_while_nothing_changes(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    content = {"inputs": {f"ä{number}": "0" * 64 for number in range(2000)}, "failed": []}
    write_manifest(path, content, changed=True)
    assert {**content, "finished": json.loads(path.read_bytes())["finished"]} == json.loads(path.read_bytes())
    old = path.read_bytes().replace(b'"finished": "20', b'"finished": "19')
    path.write_bytes(old)
    write_manifest(path, content, changed=False)
    assert path.read_bytes() == old
    write_manifest(path, content, changed=True)
    assert path.read_bytes() != old
    path.write_bytes(old)
    write_manifest(path, {**content, "failed": ["a"]}, changed=False)
    assert json.loads(path.read_bytes())["failed"] == ["a"]
    for damaged in (b"", b"{", old[:-5], old + b" "):
        path.write_bytes(damaged)
        write_manifest(path, content, changed=False)
        assert json.loads(path.read_bytes())["inputs"] == content["inputs"]
    assert len(list(manifest_pieces(content))) > 1
