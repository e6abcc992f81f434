"""Case folders: written whole or not at all, and checked when they are read."""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Case, Confirmation, StructureKey
from kambin.core import StoreError
from kambin.exchange.case_additions import additions_document, read_additions
from kambin.exchange.documents import (
    SCHEMA_VERSION,
    sync_folder,
    tell_unreadable,
    to_json,
    write_document,
    write_durably,
    writing_failed,
)
from kambin.exchange.geometry import greatest_shift_voxels, settle
from kambin.exchange.nifti_writing import nifti_bytes
from kambin.exchange.reading import PATIENT_FRAME, read_raster
from kambin.exchange.voxels import to_file_order, to_row_order
from kambin.imaging import LabelMap, Volume

CASE_FILE = "case.json"
IMAGE_FILE = "image.nii.gz"
LABELS_FILE = "labels.nii.gz"
CONFIRMATIONS_FILE = "confirmations.json"
_STORED_PLACE_TOLERANCE = 0.01
"""Voxels between the affine in case.json and the 32-bit one in the array file."""


def hash_case(
    image: Volume | None,
    labels: LabelMap,
    names: Mapping[int, StructureKey],
    additions: Mapping[str, object] | None = None,
) -> str:
    """Return the SHA-256 over arrays, geometry, names and drawings of a case in canonical order.

    All storage orders of one image give the same hash; confirmations are not in it.

    Parameters
    ----------
    image : Volume or none, shape (I, J, K), canonical, LPS, mm
    labels : LabelMap, shape (I, J, K), canonical, LPS, mm
    names : label value -> StructureKey
    additions : what ``additions_document`` says of drawn lines and carried structures

    References
    ----------
    NIST FIPS 180-4 (SHA-256), doi 10.6028/NIST.FIPS.180-4
    """
    # the recipe goes in first: a later one can never give the same hash by chance
    digest = sha256(b"kambin case 1\n")
    # a label-only case must not hash like a case whose image happens to be empty
    for voxels in (image, labels):
        if voxels is None:
            digest.update(b"none\n")
            continue
        place = voxels.lps_from_ijk.tolist()
        # type and shape first: the same bytes in another shape are another image
        digest.update(to_json([voxels.values.dtype.name, voxels.shape, place]).encode())
        # the transpose of file order lies in one piece, which is what a digest takes
        digest.update(to_file_order(voxels.values).T.data)
    digest.update(to_json({str(v): str(key) for v, key in names.items()}).encode())
    # only where there are any: a case without them keeps the hash it always had
    if additions:
        digest.update(to_json(additions).encode())
    return digest.hexdigest()


def settle_case(case: Case) -> Case:
    """Return the case in canonical order with settled geometry, lean arrays and its hash.

    Parameters
    ----------
    case : Case, arrays in any order
    """
    image = None if case.image is None else _settle_image(case.image)
    labels = _settle_labels(case.labels)
    # dictionaries keep their order, and the order of the input must not reach a document
    names = dict(sorted(case.names.items()))
    digest = hash_case(image, labels, names, additions_document(case))
    settled = Case(image, labels, names, case.dialect, case.confirmations, digest)
    return replace(
        settled,
        source=dict(case.source),
        drawn=dict(case.drawn),
        registration_sigma_mm=dict(case.registration_sigma_mm),
    )


def write_case(
    case: Case, path: Path, *, force: bool = False, extra: Mapping[str, bytes] | None = None
) -> Path:
    """Write a case folder: ``case.json`` beside its arrays, complete or not at all.

    Parameters
    ----------
    case : Case
    path : the folder to make
    force : bool, replace an existing case; the old one stays until the new one is complete
    extra : file name relative to the folder -> bytes, such as the truth of a phantom

    Returns
    -------
    the folder

    Raises
    ------
    StoreError  (ST-002) if the folder exists, or is no case and would be lost;
        (ST-001) if it cannot be written, and then nothing has changed
    """
    path = Path(path)
    # refused before the arrays are packed, which takes seconds on a whole CT
    require_free(path, force=force)
    whole = settle_case(case)
    files = {CASE_FILE: to_json(_case_document(whole)).encode("utf-8")}
    files[LABELS_FILE] = nifti_bytes(whole.labels)
    if whole.image is not None:
        files[IMAGE_FILE] = nifti_bytes(whole.image)
    if whole.confirmations:
        files[CONFIRMATIONS_FILE] = _confirmations_text(whole.confirmations).encode("utf-8")
    _write_folder(path, files | dict(extra or {}))
    return path


def read_case(path: Path, *, verify: bool = True) -> Case:
    """Read a case folder, in canonical array order, LPS, mm.

    Parameters
    ----------
    path : the folder
    verify : bool, refuse a case whose arrays or names changed since it was written; without
        it the case carries the hash of what is there, so that a plan made before can be
        told to be stale

    Returns
    -------
    Case, arrays of shape (I, J, K), with the hash of what is there

    Raises
    ------
    StoreError  (ST-005) if it is no case folder; (ST-004) if it is of a newer version;
        (ST-003) if it changed
    InputError  as ``read_raster`` if an array is damaged
    """
    path = Path(path)
    document = read_case_document(path)
    labels = _read_array(path, document["labels"])
    image = _read_array(path, document["image"]) if document["image"] else None
    names = {int(v): StructureKey.parse(key) for v, key in document["names"].items()}
    label_map = LabelMap(labels[0], labels[1], PATIENT_FRAME)
    volume = None if image is None else Volume(image[0], image[1], PATIENT_FRAME)
    names = dict(sorted(names.items()))
    drawn, registration_sigma_mm = read_additions(path.name, document)
    found = Case(
        volume,
        label_map,
        names,
        document["dialect"],
        read_confirmations(path),
        source=document.get("source", {}),
        drawn=drawn,
        registration_sigma_mm=registration_sigma_mm,
    )
    digest = hash_case(volume, label_map, names, additions_document(found))
    if verify and digest != document["sha256"]:
        raise StoreError(
            code="ST-003",
            what="The case changed after it was written",
            where=path.name,
            why=f"Its hash is {digest[:12]}..., {document['sha256'][:12]}... was written.",
            next_step="Import the case again, and plan on that; a plan of the old one is stale.",
        )
    return replace(found, sha256=digest)


def is_case_folder(path: Path) -> bool:
    """Return whether a folder calls itself a case; whether it is whole shows when it is read."""
    return (Path(path) / CASE_FILE).is_file()


def record_confirmation(case_dir: Path, confirmation: Confirmation) -> None:
    """Add a person's answer to a case; a later answer to the same code replaces nothing.

    Raises
    ------
    StoreError  (ST-005) if the folder is no case; (ST-001) if it cannot be written
    """
    case_dir = Path(case_dir)
    read_case_document(case_dir)
    answers = (*read_confirmations(case_dir), confirmation)
    write_document(_confirmations_document(answers), case_dir / CONFIRMATIONS_FILE)


def read_confirmations(folder: Path, name: str = CONFIRMATIONS_FILE) -> tuple[Confirmation, ...]:
    """Return what persons have answered, oldest first.

    Raises
    ------
    StoreError  (ST-005) if the file of answers is damaged
    """
    file = Path(folder) / name
    if not file.exists():
        return ()
    document = read_json_object(file)
    try:
        return tuple(Confirmation(**answer) for answer in document["confirmations"])
    except (KeyError, TypeError) as error:
        raise not_a_case(file.name, "Its answers are not complete.") from error


def read_json_object(file: Path) -> dict[str, Any]:
    """Read a JSON object of ours and refuse one of a newer version.

    Raises
    ------
    StoreError  (ST-005) if it cannot be read; (ST-004) if it is of a newer version
    """
    try:
        document = json.loads(file.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise not_a_case(file.name, tell_unreadable(error)) from error
    if not isinstance(document, dict) or not isinstance(document.get("schema_version"), int):
        raise not_a_case(file.name, "It carries no schema_version.")
    if document["schema_version"] > SCHEMA_VERSION:
        raise StoreError(
            code="ST-004",
            what="A document is of a newer version",
            where=file.name,
            why=f"It has version {document['schema_version']}, {SCHEMA_VERSION} is understood.",
            next_step="Update the software; the file was not changed.",
        )
    return document


def not_a_case(where: str, why: str) -> StoreError:
    """Return the error for a folder or file that is not part of a case (ST-005)."""
    return StoreError(
        code="ST-005",
        what="This is not a case folder",
        where=where,
        why=why,
        next_step="Make a case with kambin import or kambin phantom.",
    )


def _settle_image(image: Volume) -> Volume:
    values = image.values
    # two types only, so that one image has one hash whatever tool wrote it
    if values.dtype not in (np.dtype(np.int16), np.dtype(np.float32)):
        whole = values.dtype.kind in "iub"
        values = values.astype(np.int16 if whole else np.float32)
    straight = Volume(values, image.lps_from_ijk, PATIENT_FRAME).canonical()
    return Volume(straight.values, settle(straight.lps_from_ijk), PATIENT_FRAME)


def _settle_labels(labels: LabelMap) -> LabelMap:
    # the narrowest type, so that one label map has one hash whatever tool wrote it
    small = labels.values.max(initial=0) <= np.iinfo(np.uint8).max
    values = labels.values.astype(np.uint8 if small else np.uint16)
    straight = LabelMap(values, labels.lps_from_ijk, PATIENT_FRAME).canonical()
    return LabelMap(straight.values, settle(straight.lps_from_ijk), PATIENT_FRAME)


def _case_document(case: Case) -> dict[str, object]:
    return {
        "schema_version": SCHEMA_VERSION,
        "frame": "LPS",
        "unit": "mm",
        "sha256": case.sha256,
        "dialect": case.dialect,
        "names": {str(value): str(key) for value, key in case.names.items()},
        "image": None if case.image is None else _array_document(IMAGE_FILE, case.image),
        "labels": _array_document(LABELS_FILE, case.labels),
        "source": dict(case.source),
        **additions_document(case),
    }


def _array_document(file: str, voxels: Volume | LabelMap) -> dict[str, object]:
    return {"file": file, "lps_from_ijk": voxels.lps_from_ijk, "shape": voxels.shape}


def _confirmations_document(answers: tuple[Confirmation, ...]) -> dict[str, object]:
    return {"schema_version": SCHEMA_VERSION, "confirmations": list(answers)}


def _confirmations_text(answers: tuple[Confirmation, ...]) -> str:
    return to_json(_confirmations_document(answers))


def read_case_document(path: Path) -> dict[str, Any]:
    """Return ``case.json`` of a case folder, complete and of a version that is understood.

    Raises
    ------
    StoreError  (ST-004, ST-005)
    """
    _recover(path)
    if not is_case_folder(path):
        raise not_a_case(path.name, f"It has no {CASE_FILE}.")
    document = read_json_object(path / CASE_FILE)
    missing = {"labels", "image", "names", "dialect", "sha256"} - document.keys()
    if missing:
        raise not_a_case(path.name, f"Its {CASE_FILE} lacks {', '.join(sorted(missing))}.")
    return document


def _read_array(path: Path, entry: Mapping[str, Any]) -> tuple[NDArray[Any], NDArray[np.float64]]:
    # only the names we write: a path in the document must not lead out of the folder
    if entry["file"] not in (IMAGE_FILE, LABELS_FILE):
        raise not_a_case(path.name, "It refers to a file outside the case.")
    if not (path / entry["file"]).is_file():
        raise not_a_case(path.name, f"Its {entry['file']} is missing.")
    raster = read_raster(path / entry["file"])
    affine = np.array(entry["lps_from_ijk"], dtype=np.float64)
    shift = greatest_shift_voxels(affine, raster.lps_from_ijk, raster.values.shape)
    if list(raster.values.shape) != entry["shape"] or shift > _STORED_PLACE_TOLERANCE:
        # keep what the file says: the hash then differs and the caller is told
        affine = raster.lps_from_ijk
    return to_row_order(raster.values), affine


def _recover(path: Path) -> None:
    """Give a case its name back if a process was killed between taking and giving it."""
    if path.exists():
        return
    formers = [f for f in sorted(path.parent.glob(f".{path.name}.*.old")) if is_case_folder(f)]
    if formers:
        with suppress(OSError):
            formers[0].rename(path)


def _clear_leftovers(path: Path) -> None:
    """Remove the half-written folders of processes that no longer run."""
    for pattern in ("part", "old"):
        for leftover in path.parent.glob(f".{path.name}.*.{pattern}"):
            owner = leftover.name.split(".")[-2]
            if owner.isdigit() and not _is_running(int(owner)):
                shutil.rmtree(leftover, ignore_errors=True)


def _is_running(process: int) -> bool:
    try:
        os.kill(process, 0)  # signal 0 asks and does nothing
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def require_free(path: Path, *, force: bool) -> None:
    """Refuse a folder that holds something, unless it is a case that may be replaced.

    Raises
    ------
    StoreError  (ST-002)
    """
    _recover(path)
    if not path.exists() or (path.is_dir() and not any(path.iterdir())):
        return
    is_case = is_case_folder(path)
    if force and is_case:
        return
    raise StoreError(
        code="ST-002",
        what="The output exists already",
        where=path.name,
        why="It is a case." if is_case else "It is not a case, so it is never replaced.",
        next_step="Add --force to replace it." if is_case else "Choose another name.",
    )


def _write_folder(path: Path, files: Mapping[str, bytes]) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    former = path.with_name(f".{path.name}.{os.getpid()}.old")
    try:
        _clear_leftovers(path)
        # what an earlier failure of this process left; a case that lost its name has it again
        shutil.rmtree(partial, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)
        partial.mkdir(parents=True)
        for name, data in files.items():
            (partial / name).parent.mkdir(parents=True, exist_ok=True)
            write_durably(partial / name, data)
        # files first, then their names: after a power cut no name points at nothing
        sync_folder(partial)
        # the old case leaves its name only when the new one is whole on the disk
        if path.exists():
            path.rename(former)
        partial.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        # the second rename failed: the old case gets its name back, now or when it is next read
        _recover(path)
        shutil.rmtree(partial, ignore_errors=True)
        raise writing_failed(path, sum(map(len, files.values())), error) from error
    shutil.rmtree(former, ignore_errors=True)
