"""Drawn roots on their way into a case: which root, which radius, and is it in the image."""

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import VERTEBRAE, StructureKey, Tube
from kambin.anatomy.drawn_roots import DRAWN_KINDS
from kambin.core import AnatomyError, Finding, InputError, RequestError, Severity, require_code
from kambin.exchange.markups import DrawnCurve, read_curve
from kambin.imaging import LabelMap
from kambin.knowledge import constant, values

_OPTION = re.compile(r"(?P<key>[a-z_]+:[A-Za-z0-9]+:(?:left|right))=(?P<path>.+)", re.DOTALL)


def read_drawn_roots(
    roots: Sequence[str],
    labels: LabelMap,
    *,
    taken: frozenset[StructureKey],
    root_radius_mm: float | None = None,
) -> tuple[dict[StructureKey, Tube], tuple[Finding, ...]]:
    """Read the curves of ``--root KEY=FILE`` as tubes, with what is to be said of them.

    Parameters
    ----------
    roots : structure key, an equals sign and a curve in Slicer's ``mrk.json``
    labels : LabelMap in whose volume the lines must lie, LPS, mm
    taken : keys that the labels give as a mask already
    root_radius_mm : float, mm, for files that state no radius

    Returns
    -------
    mapping of StructureKey to Tube, mm, LPS
    findings, a NOTE for every radius that is the literature's

    Raises
    ------
    RequestError  (RQ-070) if a word is no root and file, or names a root twice or one that a
        mask gives; (RQ-071) if a radius is no root's
    InputError  (IN-090) as ``read_curve``; (IN-091) if a line leaves the labelled volume
    """
    drawn: dict[StructureKey, Tube] = {}
    findings: list[Finding] = []
    for word in roots:
        key, path = _parse(word)
        if key in drawn or key in taken:
            raise _not_understood(word, f"{key} is given twice: as two lines, or line and mask.")
        drawn[key], finding = make_root(
            read_curve(path), key, labels, where=path.name, root_radius_mm=root_radius_mm
        )
        findings.extend(finding)
    return drawn, tuple(findings)


def make_root(
    curve: DrawnCurve,
    key: StructureKey,
    labels: LabelMap,
    *,
    where: str,
    root_radius_mm: float | None = None,
) -> tuple[Tube, tuple[Finding, ...]]:
    """Return one drawn root as a tube, with what is to be said of it.

    Parameters
    ----------
    curve : DrawnCurve, mm, LPS
    key : StructureKey
    labels : LabelMap in whose volume the line must lie
    where : str, what the line came from
    root_radius_mm : float, mm, for a curve that states no radius

    Raises
    ------
    RequestError  (RQ-070) if nothing of the kind can be drawn; (RQ-071) if a radius is no root's
    InputError  (IN-091) if the line leaves the labelled volume
    """
    _require_drawable(str(key), key)
    _require_inside(curve.points_lps_mm, labels, where, key)
    radii_mm, findings = _choose_radii(curve, key, root_radius_mm)
    return Tube(curve.points_lps_mm, radii_mm), tuple(findings)


def _parse(word: str) -> tuple[StructureKey, Path]:
    match = _OPTION.fullmatch(word)
    if match is None:
        raise _not_understood(word, "It is not a root with its side, an equals sign and a file.")
    try:
        key = StructureKey.parse(match["key"])
    except AnatomyError as error:
        raise _not_understood(word, error.why) from error
    _require_drawable(word, key)
    return key, Path(match["path"])


def _require_drawable(word: str, key: StructureKey) -> None:
    if key.kind not in DRAWN_KINDS or key.place not in VERTEBRAE:
        raise _not_understood(word, f"Only {', '.join(DRAWN_KINDS)} of a vertebra can be drawn.")


def _choose_radii(
    curve: DrawnCurve, key: StructureKey, root_radius_mm: float | None
) -> tuple[NDArray[np.float64], list[Finding]]:
    """Return the radii of a drawn root, and a NOTE if nobody measured them."""
    findings: list[Finding] = []
    radii_mm = curve.radii_mm
    if radii_mm is None and root_radius_mm is not None:
        radii_mm = np.full(len(curve.points_lps_mm), root_radius_mm)
    if radii_mm is None:
        radius_mm = _published_radius_mm(key)
        radii_mm = np.full(len(curve.points_lps_mm), radius_mm)
        note = require_code("AN-402")
        why = f"No radius was drawn or given; {radius_mm:.2f} mm is the mean of the literature."
        findings.append(Finding("AN-402", Severity.NOTE, note.title, str(key), why, note.next_step))
    least_mm, most_mm = values("completion_nerve.root_drawn_radius_range_mm")
    # written this way round, so that NaN is refused as well
    if not (radii_mm.min() >= least_mm and radii_mm.max() <= most_mm):
        raise RequestError(
            code="RQ-071",
            what="The radius is not that of a root",
            where=str(key),
            why=f"It is {radii_mm.min():g} to {radii_mm.max():g} mm; "
            f"{least_mm:g} to {most_mm:g} mm are believed.",
            next_step="Give the radius, not the diameter, in millimetres.",
        )
    return radii_mm, findings


def _published_radius_mm(key: StructureKey) -> float:
    row = "drg_width_mm" if key.kind == "drg" else "root_diameter_mm"
    numbers = constant(f"completion_nerve.{row}").value
    if isinstance(numbers, float | tuple) or key.place not in numbers:
        raise RequestError(
            code="RQ-071",
            what="The radius of the root is not known",
            where=str(key),
            why="The file states none and no table holds one for this vertebra.",
            next_step="Give it with --root-radius, in millimetres.",
        )
    return numbers[key.place] / 2


def _require_inside(
    points_lps_mm: NDArray[np.float64], labels: LabelMap, where: str, key: StructureKey
) -> None:
    # half a voxel beyond the centres the volume ends
    ijk = labels.ijk(points_lps_mm)
    beyond = (ijk < -0.5) | (ijk > np.array(labels.shape) - 0.5)
    outside: NDArray[np.bool_] = np.any(beyond, axis=1)
    if outside.any():
        raise InputError(
            code="IN-091",
            what="A drawn root lies outside the labels",
            where=f"{where}, {key}",
            why=f"{int(outside.sum())} of {len(outside)} points lie outside the labelled volume.",
            next_step="Draw it on this image, and check that the file says LPS or RAS rightly.",
        )


def _not_understood(word: str, why: str) -> RequestError:
    return RequestError(
        code="RQ-070",
        what="The drawn root is not understood",
        where=f"--root {word[:60]!r}",
        why=why,
        next_step="Write it as exiting_root:L4:left=curve.mrk.json; also traversing_root and drg.",
    )
