"""Phantoms as case folders, with their truth in a corner that only tests open."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kambin.anatomy import Case, Level, StructureKey, Tube
from kambin.exchange.case_files import read_json_object, write_case
from kambin.exchange.documents import SCHEMA_VERSION, to_json
from kambin.exchange.nifti_writing import nifti_bytes
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap, Surface, crop_regions, extract_surface
from kambin.phantom import Phantom, PhantomParameters, PhantomTruth, build_truth

TRUTH_FOLDER = "truth"
TRUTH_FILE = "truth.json"
PHANTOM_DIALECT = "kambin"
_WITHOUT_SURFACE = frozenset(
    [
        "skin",
        "abdominal_wall",
        "fat",
        "small_bowel",
        "colon",
        "liver",
        "spleen",
        "kidney",
        "erector_spinae",
        "multifidus",
        "psoas",
        "quadratus",
    ]
)
"""Large soft structures, whose triangles would outweigh the case tenfold."""


def write_phantom(phantom: Phantom, path: Path, *, force: bool = False) -> Path:
    """Write a made patient as a case folder with its truth beside it.

    ``truth/`` holds ``truth.json`` (parameters, names, frames, centre lines, mm, LPS),
    ``labels.nii.gz`` with every part on its own, and ``surfaces/*.ply`` of bones, discs, nerves
    and vessels. Every other spacing, surface and occupancy is made again by ``read_truth``.

    Parameters
    ----------
    phantom : Phantom
    path : the folder to make
    force : bool, replace an existing case

    Raises
    ------
    StoreError  (ST-001, ST-002) as ``write_case``
    """
    case = Case(
        phantom.image,
        phantom.labels,
        phantom.names,
        PHANTOM_DIALECT,
        source={"image_format": "phantom", "labels_format": "phantom"},
    )
    labels = phantom.truth.labels(phantom.parameters.spacing_mm)
    document = _truth_document(phantom.parameters, phantom.truth)
    files = {
        f"{TRUTH_FOLDER}/{TRUTH_FILE}": to_json(document).encode("utf-8"),
        f"{TRUTH_FOLDER}/labels.nii.gz": nifti_bytes(labels),
        **_surface_files(labels, phantom.truth.names),
    }
    return write_case(case, path, force=force, extra=files)


def read_truth(path: Path) -> PhantomTruth:
    """Return the truth of a phantom's case folder, at any spacing; for tests only.

    Raises
    ------
    StoreError  (ST-004, ST-005) if the folder holds no truth of this version
    RequestError  as ``PhantomParameters`` if its parameters are not possible
    """
    document = read_json_object(Path(path) / TRUTH_FOLDER / TRUTH_FILE)
    given = document["parameters"]
    parameters = PhantomParameters(
        level=Level.parse(given["level"]),
        side=Side(given["side"]),
        zone=given["zone"],
        migration=given["migration"],
        size=given["size"],
        seed=given["seed"],
        variants=tuple(given["variants"]),
        spacing_mm=given["spacing_mm"],
        # A truth written before these could be asked for has none of them.
        morphology=given.get("morphology", "plain"),
        modality=given.get("modality", "ct"),
        muscles_apart=given.get("muscles_apart", False),
        cobb_deg=given.get("cobb_deg"),
    )
    # made again and not read: parameters fit in a line, truth at every spacing in no folder
    return build_truth(parameters)


def ply_bytes(surface: Surface) -> bytes:
    """Return a surface as binary PLY, vertices in LPS mm.

    Parameters
    ----------
    surface : Surface, triangles, mm, LPS

    References
    ----------
    PLY format, https://paulbourke.net/dataformats/ply
    """
    header = (
        "ply\nformat binary_little_endian 1.0\ncomment kambin, LPS, mm\n"
        f"element vertex {len(surface.vertices_lps_mm)}\n"
        "property float x\nproperty float y\nproperty float z\n"
        f"element face {len(surface.faces)}\nproperty list uchar int vertex_indices\nend_header\n"
    )
    # one record per triangle, as the format wants it: how many corners, and which
    rows = np.zeros(len(surface.faces), dtype=[("n", "u1"), ("v", "<i4", 3)])
    rows["n"], rows["v"] = 3, surface.faces
    # 32 bits leave 3e-5 mm at half a metre
    vertices = surface.vertices_lps_mm.astype("<f4")
    return header.encode("ascii") + vertices.tobytes() + rows.tobytes()


def _truth_document(parameters: PhantomParameters, truth: PhantomTruth) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "parameters": {
            "level": str(parameters.level),
            "side": parameters.side,
            "zone": parameters.zone,
            "migration": parameters.migration,
            "size": parameters.size,
            "seed": parameters.seed,
            "variants": parameters.variants,
            "spacing_mm": parameters.spacing_mm,
            "morphology": parameters.morphology,
            "modality": parameters.modality,
            "muscles_apart": parameters.muscles_apart,
            "cobb_deg": parameters.cobb_deg,
        },
        "names": {str(value): str(key) for value, key in truth.names.items()},
        "centre_lines": {str(key): _line(tube) for key, tube in truth.centre_lines.items()},
        "vertebra_frames": {
            name: _matrix(frame.lps_from_vertebra) for name, frame in truth.vertebra_frames.items()
        },
        "disc_frames": {
            str(level): _matrix(frame.lps_from_disc) for level, frame in truth.disc_frames.items()
        },
    }


def _line(tube: Tube) -> dict[str, Any]:
    return {"points_lps_mm": tube.points_lps_mm, "radii_mm": tube.radii_mm}


def _matrix(transform: RigidTransform) -> list[list[float]]:
    rows: list[list[float]] = transform.matrix.tolist()
    return rows


def _surface_files(labels: LabelMap, names: Mapping[int, StructureKey]) -> dict[str, bytes]:
    regions = crop_regions(labels)
    files = {}
    for value, key in names.items():
        if value in regions and key.kind not in _WITHOUT_SURFACE:
            surface = extract_surface(regions[value])
            # not every file system takes a colon in a name
            name = str(key).replace(":", "_")
            files[f"{TRUTH_FOLDER}/surfaces/{name}.ply"] = ply_bytes(surface)
    return files
