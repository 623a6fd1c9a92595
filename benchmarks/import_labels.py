"""Seconds that an import of many annotations takes: one image, and many, in each format.

    python benchmarks/import_labels.py [--annotations 200000] [--images 1000]

Each annotation is an outline of 24 points around an ellipse. The time is the processor's, of the whole work
without the start of Python: reading, drawing, and writing the data set. One process, one thread.
"""

from __future__ import annotations

import argparse
import json
import resource
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from sporemetry.dataset.import_labels import import_labels
from sporemetry.exchange.filling import fill_patch
from sporemetry.exchange.imagej_roi import encode_roi
from sporemetry.exchange.outlines import trace_rings
from sporemetry.exchange.registry import find_importer
from sporemetry.exchange.rle import columns_of_patch, encode_counts

Rings = NDArray[np.float64]
_STEP_PX, _POINTS = 10, 24


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--annotations", type=int, default=200_000)
    parser.add_argument("--images", type=int, default=1_000)
    parser.add_argument("--only", default="", help="only formats whose name holds this")
    options = parser.parse_args()
    print("| format | images | annotations | seconds | peak memory so far, GB |\n|---|---|---|---|---|")
    for name, (images, write) in _cases(options.images).items():
        if options.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            seconds, found = _run(Path(folder), name.partition(",")[0], images, options.annotations, write)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"| {name} | {images:,} | {found:,} | {seconds:.1f} | {peak:.2f} |", flush=True)


Writer = Callable[[Path, dict[str, Rings], int], Path]


def _cases(many: int) -> dict[str, tuple[int, Writer]]:
    return {
        "coco": (1, _coco),
        "coco, many images": (many, _coco),
        "coco, run lengths": (many, _coco_runs),
        "labelme": (1, _labelme),
        "cvat": (1, _cvat),
        "qupath, detections": (1, _qupath),
        "qupath, annotations": (1, _qupath_by_hand),
        "yolo-seg": (1, _yolo_seg),
        "yolo": (1, _yolo),
        "imagej": (1, _imagej),
    }


def _run(folder: Path, name: str, images: int, annotations: int, write: Writer) -> tuple[float, int]:
    each = -(-annotations // images)
    side = int(np.ceil(np.sqrt(each))) * _STEP_PX
    rng = np.random.default_rng(0)
    (folder / "images").mkdir()
    rings = {}
    for number in range(images):
        called = f"leaf{number:04d}"
        Image.fromarray(np.zeros((side, side), dtype=np.uint8)).save(folder / f"images/{called}.png")
        rings[called] = _ellipses(rng, each, side)
    source = write(folder, rings, side)
    begin = time.process_time()
    done = import_labels(find_importer(name), source, folder / "images", folder / "set")
    return time.process_time() - begin, done.instances


def _ellipses(rng: np.random.Generator, count: int, side: int) -> Rings:
    """Return count x 24 x 2: outlines on a grid that hardly touch."""
    columns = side // _STEP_PX
    place = np.arange(count)
    centres = np.stack([place % columns, place // columns], axis=1) * _STEP_PX + _STEP_PX / 2
    radii = rng.uniform(2, _STEP_PX / 2, (count, 1, 2))
    around = np.linspace(0, 2 * np.pi, _POINTS, endpoint=False)
    circle = np.stack([np.cos(around), np.sin(around)], axis=1)
    return np.asarray(np.round(centres[:, None] + radii * circle, 2))


def _coco_file(
    folder: Path, rings: dict[str, Rings], side: int, segmentation: Callable[[Rings], object]
) -> Path:
    images = [
        {"id": number, "file_name": f"{name}.png", "height": side, "width": side}
        for number, name in enumerate(rings)
    ]
    annotations = [
        {"image_id": number, "category_id": 1, "segmentation": segmentation(ring), "iscrowd": 0}
        for number, each in enumerate(rings.values())
        for ring in each
    ]
    content = {"images": images, "categories": [{"id": 1, "name": "spore"}], "annotations": annotations}
    (folder / "c.json").write_text(json.dumps(content))
    return folder / "c.json"


def _coco(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    return _coco_file(folder, rings, side, lambda ring: [ring.ravel().tolist()])


def _coco_runs(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    size = (side, side)

    def runs(ring: Rings) -> object:
        return {"size": size, "counts": encode_counts(columns_of_patch(fill_patch([ring], size), size))}

    return _coco_file(folder, rings, side, runs)


def _labelme(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    for name, each in rings.items():
        shapes = [{"label": "spore", "points": ring.tolist(), "shape_type": "polygon"} for ring in each]
        content = {"imagePath": f"{name}.png", "imageHeight": side, "imageWidth": side, "shapes": shapes}
        (folder / f"{name}.json").write_text(json.dumps(content))
    return folder / f"{next(iter(rings))}.json"


def _cvat(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    lines = ["<annotations>"]
    for name, each in rings.items():
        lines.append(f'<image name="{name}.png" width="{side}" height="{side}">')
        for ring in each:
            points = ";".join(f"{x},{y}" for x, y in ring.tolist())
            lines.append(f'<polygon label="spore" points="{points}" z_order="0"></polygon>')
        lines.append("</image>")
    (folder / "annotations.xml").write_text("\n".join([*lines, "</annotations>"]))
    return folder / "annotations.xml"


def _qupath(folder: Path, rings: dict[str, Rings], side: int, kind: str = "detection") -> Path:
    del side
    (name, each), *_ = rings.items()
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [[*ring.tolist(), ring[0].tolist()]]},
            "properties": {"objectType": kind},
        }
        for ring in each
    ]
    (folder / f"{name}.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return folder / f"{name}.geojson"


def _qupath_by_hand(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    return _qupath(folder, rings, side, "annotation")


def _yolo_seg(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    (folder / "labels").mkdir()
    for name, each in rings.items():
        lines = ("0 " + " ".join(f"{value:.6f}" for value in (ring / side).ravel()) for ring in each)
        (folder / f"labels/{name}.txt").write_text("\n".join(lines))
    return folder / "labels"


def _yolo(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    (folder / "labels").mkdir()
    for name, each in rings.items():
        low, high = each.min(axis=1) / side, each.max(axis=1) / side
        rows = np.concatenate([(low + high) / 2, high - low], axis=1)
        lines = ("0 " + " ".join(f"{value:.6f}" for value in row) for row in rows)
        (folder / f"labels/{name}.txt").write_text("\n".join(lines))
    return folder / "labels"


def _imagej(folder: Path, rings: dict[str, Rings], side: int) -> Path:
    (name, each), *_ = rings.items()
    path = folder / f"{name}_rois.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number, ring in enumerate(each):
            patch = fill_patch([ring], (side, side))
            pieces = trace_rings(patch.mask, (patch.row, patch.col))
            archive.writestr(f"{number:06d}.roi", encode_roi(pieces, str(number)))
    return path


if __name__ == "__main__":
    main()
