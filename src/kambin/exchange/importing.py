"""A case from files: image and labels are checked against each other and written as one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from kambin.anatomy import Case, StructureKey
from kambin.core import Finding, InputError, RequestError, Severity
from kambin.exchange.case_files import require_free, write_case
from kambin.exchange.dialects import AUTO, find_dialect
from kambin.exchange.dicom_image import DicomRequest
from kambin.exchange.dicom_labels import are_dicom_labels, read_dicom_labels
from kambin.exchange.documents import to_plain
from kambin.exchange.drawn_roots import read_drawn_roots
from kambin.exchange.geometry import (
    SAME_PLACE_TOLERANCE,
    describe_place,
    greatest_shift_voxels,
)
from kambin.exchange.merging import merge_sources
from kambin.exchange.pictures import Picture, read_picture
from kambin.exchange.plausibility import (
    check_lumbar_level,
    check_unknown_names,
    require_bone_in_tissue,
    require_lumbar_spine,
    require_vertebra_size,
    settle_missing_values,
)
from kambin.exchange.sources import LabelSource, read_mask, read_sources
from kambin.exchange.streams import shown_name
from kambin.imaging import LabelMap, Volume

_FINDINGS_KEY = "import_findings"


def import_case(  # noqa: PLR0913 - one option of the contract each
    *,
    image: Path | None = None,
    labels: Sequence[Path | str] = (),
    dialect: str = AUTO,
    lowest: str = "",
    fragment: Path | None = None,
    roots: Sequence[str] = (),
    root_radius_mm: float | None = None,
    out: Path,
    force: bool = False,
    dicom: DicomRequest | None = None,
) -> Path:
    """Make a case folder from an image and its label maps; the inputs are never changed.

    Parameters
    ----------
    image : file of the CT or MR, or none for a label-only case
    labels : label maps, folders of masks or ``NAME=FILE`` masks; where two claim a voxel, the
        one given earlier keeps it
    dialect : ``auto``, or the dialect of the label maps; one word, or one per entry of
        ``labels`` joined by commas
    lowest : name of the lowest whole vertebra, for labels that are counted from below
    fragment : mask of the herniated fragment; it keeps its voxels against all labels
    roots : drawn roots, each a structure key, an equals sign and a curve in Slicer's ``mrk.json``
    root_radius_mm : float, mm, radius of drawn roots whose file states none
    out : the case folder to make
    force : bool, replace an existing case
    dicom : which series of a DICOM folder, and how it may be read

    Returns
    -------
    the case folder

    Raises
    ------
    RequestError  (RQ-003) without labels, or with another number of dialects than labels
    RequestError  (RQ-070, RQ-071) for a drawn root that is not understood
    InputError  for every input row of the fault catalogue, see ``docs/reference/codes.md``
    StoreError  (ST-001, ST-002) if the folder exists or cannot be written
    """
    _require_labels(labels, dialect)
    # what writing would refuse after the long work, refused before it
    require_free(Path(out), force=force)
    words = dialect.split(",") if "," in dialect else [dialect] * len(labels)
    pairs = zip(labels, words, strict=True)
    picture = read_picture(image, dicom or DicomRequest())
    # image before labels, because labels from DICOM are put onto its slices
    told = list(picture.findings)
    found = [
        (f"labels {number}", source)
        for number, (given, word) in enumerate(pairs, start=1)
        for source in (
            _read_dicom(given, picture, told)
            if are_dicom_labels(given)
            else read_sources(given, word, lowest=lowest)
        )
    ]
    if fragment is not None:
        # first of all, because a fragment lies inside what other labels call disc or canal
        found.insert(0, ("fragment", read_mask(Path(fragment), StructureKey("fragment"))))
    sources = [source for _, source in found]
    volume = picture.volume
    # before anything is merged: a shifted mask would be cut to pieces by its neighbours
    _require_one_grid(volume, sources, shown_name(Path(image)) if image else "")
    merged, names, findings, given_by = merge_sources(sources)
    # labels before image: a wrong unit or region is the plainer thing to be told
    require_lumbar_spine(merged, names)
    require_vertebra_size(merged, names)
    if volume is not None:
        _require_picture(volume, sources, shown_name(Path(image)) if image else "")
        volume, missing = settle_missing_values(volume, merged, names)
        findings += missing
        require_bone_in_tissue(volume, merged, names)
    findings += (*told, *check_unknown_names(sources), *check_lumbar_level(merged, names))
    taken = frozenset(names.values())
    drawn, said = read_drawn_roots(roots, merged, taken=taken, root_radius_mm=root_radius_mm)
    findings += said
    used = list(dict.fromkeys(source.dialect for source in sources))
    kept = {
        # nothing else of the files' headers, which may say who the patient is
        "image_format": picture.format,
        **picture.facts,
        "labels_format": ", ".join(dict.fromkeys(source.format for source in sources)),
        # by place on the command line: a file's own name may be the patient's
        "structures_from": json.dumps(
            {str(key): f"{found[n][0]}, {sources[n].dialect}" for key, n in given_by.items()},
            sort_keys=True,
        ),
        _FINDINGS_KEY: json.dumps([to_plain(f.as_document()) for f in findings], sort_keys=True),
    }
    case = Case(volume, merged, names, "+".join(used), source=kept, drawn=drawn)
    return write_case(case, Path(out), force=force, extra=picture.extra)


def _read_dicom(
    given: Path | str, picture: Picture, told: list[Finding]
) -> tuple[LabelSource, ...]:
    sources, findings = read_dicom_labels(given, picture.dicom)
    told += findings
    return sources


def find_import_findings(case: Case) -> tuple[Finding, ...]:
    """Return what the import had to say about a case, to be listed with every other check.

    Parameters
    ----------
    case : Case as read from its folder
    """
    return findings_from_source(case.source)


def with_findings(case: Case, findings: Sequence[Finding]) -> Case:
    """Return the case with more findings among those of its import.

    Parameters
    ----------
    case : Case
    findings : what is to be listed with every other check from now on
    """
    known = find_import_findings(case)
    every = [to_plain(f.as_document()) for f in dict.fromkeys((*known, *findings))]
    text = json.dumps(every, sort_keys=True)
    return replace(case, source={**case.source, _FINDINGS_KEY: text}) if findings else case


def findings_from_source(source: Mapping[str, str]) -> tuple[Finding, ...]:
    """Return the findings of the import from what a case keeps about its source."""
    rows = json.loads(source.get(_FINDINGS_KEY, "[]"))
    return tuple(Finding(**{**row, "severity": Severity(row["severity"])}) for row in rows)


def _require_labels(labels: Sequence[Path | str], dialect: str) -> None:
    words = dialect.split(",")
    # a plain word goes on to the reader, which lists the tables there are
    unknown = [w for w in words if find_dialect(w) is None and not w.isidentifier()]
    if labels and len(words) in (1, len(labels)) and not unknown:
        return
    counted = f"{len(words)} dialects for {len(labels)} label inputs" if labels else "none given"
    raise RequestError(
        code="RQ-003",
        what="A case needs labels" if not labels else "Labels and dialects do not match",
        where="--labels" if not labels else f"--dialect {dialect[:40]!r}",
        why=f"{counted[0].upper()}{counted[1:]}; the vertebrae are found in the labels.",
        next_step="Add --labels FILE_OR_FOLDER, and one --dialect or one per --labels.",
    )


def _require_picture(volume: Volume, sources: list[LabelSource], image: str) -> None:
    """Refuse a label map that was given as the image."""
    for source in sources:
        if np.array_equal(volume.values, source.labels.values):
            raise InputError(
                code="IN-100",
                what="The image is a label map",
                where=image,
                why=f"It holds voxel for voxel the labels of {source.where}, and no picture.",
                next_step="Give the CT or MR with -i, or leave -i out for a case of labels alone.",
            )


def _require_one_grid(volume: Volume | None, sources: list[LabelSource], image: str) -> None:
    # without an image the first labels are the grid for the others
    reference: Volume | LabelMap = sources[0].labels if volume is None else volume
    where = image or sources[0].where
    for source in sources:
        # sizes must be equal, places only nearly: headers keep seven digits (fault A07)
        same_shape = source.labels.shape == reference.shape
        shift = greatest_shift_voxels(
            reference.lps_from_ijk, source.labels.lps_from_ijk, reference.shape
        )
        if same_shape and shift <= SAME_PLACE_TOLERANCE:
            continue
        one = describe_place(reference.lps_from_ijk, reference.shape)
        other = describe_place(source.labels.lps_from_ijk, source.labels.shape)
        apart = f"; corners lie {shift:.2f} voxels apart" if same_shape else ""
        raise InputError(
            code="IN-012",
            what="Image and labels are not on one grid",
            where=f"{where} and {source.where}",
            why=f"{where}: {one}. {source.where}: {other}{apart}.",
            next_step="Export the labels on the grid of the image; nothing is resampled silently.",
        )
