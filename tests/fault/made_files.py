"""Small made patients as files, and byte-level hands to break them."""

import gzip
import json
import struct
from pathlib import Path

import nibabel
import numpy as np
from tests.e2e.command_line import Outcome, run_kambin

SHAPE = (24, 22, 26)
SPACING_MM = 4.0
SACRUM, L5, L4, AORTA = 25, 27, 28, 52
NAMES = {SACRUM: "sacrum", L5: "vertebrae_L5", L4: "vertebrae_L4", AORTA: "aorta"}

DIM, DATATYPE, PIXDIM, VOX_OFFSET, SLOPE = 40, 70, 76, 108, 112
UNITS, QFORM_CODE, SFORM_CODE, QUATERNION, SROW, MAGIC = 123, 252, 254, 256, 280, 344


def spine_labels() -> np.ndarray:
    """Two lumbar vertebrae on a sacrum, the aorta to the left of the midline, stored as RAS."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[7:17, 6:14, 14:21] = L4
    labels[7:17, 6:14, 6:13] = L5
    labels[6:18, 6:14, 1:5] = SACRUM
    labels[8:10, 16:18, 1:25] = AORTA
    return labels


def spine_image() -> np.ndarray:
    """A CT of it: bone 300 HU, soft tissue 40 HU, air around."""
    labels, image = spine_labels(), np.full(SHAPE, 40, np.int16)
    image[labels > 0] = 300
    for axis in range(3):
        np.moveaxis(image, axis, 0)[[0, -1]] = -1000
    return image


def ras_affine(spacing_mm: float = SPACING_MM) -> np.ndarray:
    """RAS affine with a different origin on each axis."""
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = (-46.0, -61.0, 812.5)
    return affine


def save(path: Path, values: np.ndarray, affine: np.ndarray | None = None) -> Path:
    """Write a NIfTI file by nibabel, with the millimetre unit declared."""
    image = nibabel.Nifti1Image(values, ras_affine() if affine is None else affine)
    image.header.set_xyzt_units("mm")
    nibabel.save(image, path)
    return path


def save_spine(folder: Path, *, suffix: str = ".nii") -> tuple[Path, Path]:
    """Write image and labels of the made spine, with the names beside the labels."""
    image = save(folder / f"ct{suffix}", spine_image())
    labels = save(folder / f"seg{suffix}", spine_labels())
    name_labels(labels)
    return image, labels


def name_labels(labels: Path, names: dict[int, str] | None = None) -> Path:
    """Write the sidecar that names the labels of one file."""
    file = labels.parent / f"{labels.name.split('.')[0]}.json"
    file.write_text(json.dumps({str(v): n for v, n in (names or NAMES).items()}))
    return file


def poke(path: Path, offset: int, form: str, *numbers: float) -> Path:
    """Overwrite numbers in the header of an uncompressed file."""
    data = bytearray(path.read_bytes())
    struct.pack_into("<" + form, data, offset, *numbers)
    path.write_bytes(bytes(data))
    return path


def pack(path: Path) -> Path:
    """Compress a file and return the ``.gz`` beside it."""
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes(), mtime=0))
    return packed


def expect_refusal(
    code: str, *words: object, exit_code: int = 3, says: tuple[str, ...] = ()
) -> Outcome:
    """Call ``kambin`` and require our error: code, object, cause, next step, no traceback."""
    outcome = run_kambin(*words, "--json")
    assert outcome.code == exit_code, outcome.text + outcome.errors
    error = outcome.document["error"]
    assert error["code"] == code
    for part in ("what", "where", "why", "next_step"):
        assert error[part].strip(), part
    told = " ".join(str(error[part]) for part in ("what", "where", "why"))
    for word in says:
        assert word in told, told
    assert code in outcome.errors
    assert "Traceback" not in outcome.errors + outcome.text
    return outcome


def expect_import_refusal(
    code: str, folder: Path, image: Path | None, labels: Path, *, says: tuple[str, ...] = ()
) -> Outcome:
    """Import and require a refusal that changes no input and leaves no case."""
    out = folder / "case"
    inputs = {p: p.read_bytes() for p in (image, labels) if p is not None and p.is_file()}
    words = [] if image is None else ["-i", image]
    outcome = expect_refusal(code, "import", *words, "--labels", labels, "-o", out, says=says)
    assert not out.exists()
    assert not list(folder.glob(".case*"))
    assert all(p.read_bytes() == data for p, data in inputs.items())
    return outcome
