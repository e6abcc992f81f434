"""The herniated fragment of a case: put in, taken out, and told where it comes from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.case import Case
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.fragment_lattice import sample_region
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Origin, Structure
from kambin.core import Finding, RequestError, Severity
from kambin.imaging import LabelMap
from kambin.knowledge import value

BEGUN_ON = "begun_on"
"""Word of a note: the origin of the fragment that a person painted on."""

_NOTE = "fragment"
_SAC_KEY = StructureKey("dural_sac")
_METHODS = {
    Origin.DRAWN: "Drawn in slices, distances interpolated between them.",
    Origin.MODELLED: "Placed by its parameters; no image shows it.",
}
_PAINTED = "Painted by hand with a round brush."
_PAINTED_ON = f"{_PAINTED} Begun on a placed shape, whose doubt it keeps."


@dataclass(frozen=True, slots=True)
class FragmentNote:
    """What a case remembers of a fragment that was drawn or placed.

    Parameters
    ----------
    origin : Origin, drawn or modelled
    wishes : mapping, what was asked for: level, side, zone and so on, or the contours
    covered : tuple of (first, count, label), runs of voxels that carried another label, in
        the order of the array; taking the fragment out gives them back
    """

    origin: Origin
    wishes: Mapping[str, str] = field(default_factory=dict)
    covered: tuple[tuple[int, int, int], ...] = ()

    def to_text(self) -> str:
        """Return the note as the text that the case keeps."""
        document = {"origin": str(self.origin), "wishes": dict(self.wishes)}
        return json.dumps({**document, "covered": self.covered}, sort_keys=True)


def find_note(source: Mapping[str, str]) -> FragmentNote | None:
    """Return what a case remembers of its fragment, or none if a mask was given.

    Parameters
    ----------
    source : mapping, notes of a case
    """
    if _NOTE not in source:
        return None
    document: dict[str, Any] = json.loads(source[_NOTE])
    covered = tuple((int(a), int(n), int(v)) for a, n, v in document["covered"])
    return FragmentNote(Origin(document["origin"]), document["wishes"], covered)


def has_fragment(case: Case) -> bool:
    """Return whether a case has a fragment, given, drawn or placed."""
    return FRAGMENT_KEY in case.names.values()


def put_fragment(case: Case, mask: NDArray[np.bool_], note: FragmentNote) -> Case:
    """Return the case with a fragment; what it covers is remembered.

    Parameters
    ----------
    case : Case in canonical array order, without a fragment
    mask : bool array, shape of the labels, at least one voxel
    note : FragmentNote, where the shape comes from

    Returns
    -------
    Case without a hash; it gets one when it is written

    Raises
    ------
    RequestError  (RQ-080) if the case has a fragment already
    """
    if has_fragment(case):
        raise RequestError(
            code="RQ-080",
            what="The case has a fragment already",
            where="fragment",
            why="One herniation is planned at a time.",
            next_step="Add --replace to put the new one in its place, or --remove to take it out.",
        )
    labels = case.labels.values.astype(np.uint16)
    number = max(case.names, default=0) + 1
    covered = _find_runs(np.where(mask, labels, 0))
    labels[mask] = number
    return replace(
        case,
        labels=LabelMap(labels, case.labels.lps_from_ijk, case.labels.frame_id),
        names={**case.names, number: FRAGMENT_KEY},
        sha256="",
        source={**case.source, _NOTE: replace(note, covered=covered).to_text()},
    )


def take_fragment(case: Case) -> Case:
    """Return the case as it was before its fragment was put in.

    Parameters
    ----------
    case : Case in canonical array order

    Returns
    -------
    Case without a hash; where a given mask lay, nothing is known of what it covered, and the
    voxels are background

    Raises
    ------
    RequestError  (RQ-081) if there is none
    """
    number = next((n for n, key in case.names.items() if key == FRAGMENT_KEY), None)
    if number is None:
        raise RequestError(
            code="RQ-081",
            what="The case has no fragment",
            where="fragment",
            why="There is nothing to take out or to replace.",
            next_step="Place one, without --remove and --replace.",
        )
    labels = np.array(case.labels.values)
    labels[labels == number] = 0
    note = find_note(case.source)
    # In one piece: a view of another order would be a copy that nobody keeps.
    flat = np.ascontiguousarray(labels).reshape(-1)
    for first, count, label in note.covered if note else ():
        flat[first : first + count] = label
    return replace(
        case,
        labels=LabelMap(flat.reshape(labels.shape), case.labels.lps_from_ijk, case.labels.frame_id),
        names={n: key for n, key in case.names.items() if n != number},
        sha256="",
        source={name: text for name, text in case.source.items() if name != _NOTE},
    )


def tag_fragment(
    structures: Mapping[StructureKey, Structure], source: Mapping[str, str]
) -> dict[StructureKey, Structure]:
    """Return structures in which a drawn or placed fragment says so.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure
    source : mapping, notes of the case
    """
    note, fragment = find_note(source), structures.get(FRAGMENT_KEY)
    if note is None or fragment is None:
        return dict(structures)
    is_modelled = Origin.MODELLED in (note.origin, note.wishes.get(BEGUN_ON))
    row = "modelled" if is_modelled else "drawn"
    # Never better known than the voxels it is kept in.
    sigma = max(value(f"herniation.{row}_sigma_mm"), fragment.sigma_mm)
    method = _METHODS.get(note.origin, "")
    if "strokes" in note.wishes:
        method = _PAINTED_ON if is_modelled else _PAINTED
    tagged = replace(fragment, origin=note.origin, sigma_mm=sigma, method=method)
    return {**structures, FRAGMENT_KEY: tagged}


def yield_to_fragment(
    structures: Mapping[StructureKey, Structure],
) -> tuple[dict[StructureKey, Structure], tuple[Finding, ...]]:
    """Let a modelled dural sac give way to the fragment, and say by how much.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure, completed

    Returns
    -------
    the structures, the sac without what the fragment fills
    a NOTE (AN-351) with the volume in mm3, if any was taken

    Notes
    -----
    The model of the sac knows nothing of the fragment, and dura cannot lie inside it. A sac
    that an image shows is left as it is.
    """
    sac, fragment = structures.get(_SAC_KEY), structures.get(FRAGMENT_KEY)
    if sac is None or fragment is None or not sac.is_modelled:
        return dict(structures), ()
    box = sac.region
    ijk = np.argwhere(box.values > 0)
    shift = value("herniation.sac_gap_mm")
    share = sample_region(fragment.region, box.lps_mm(ijk))
    # The share falls by one over a voxel: this far out it is still above nought.
    reach = 0.5 - min(shift / float(fragment.region.spacing_mm.max()), 0.5)
    taken = ijk[share > max(reach, 10.0**-6)]
    if not len(taken) or len(taken) == len(ijk):
        return dict(structures), ()
    values = np.array(box.values)
    values[tuple(taken.T)] = 0
    mm3 = len(taken) * float(np.prod(box.spacing_mm))
    given_way = replace(
        sac,
        region=LabelMap(values, box.lps_from_ijk, box.frame_id),
        quality={**sac.quality, "displaced_by_fragment_mm3": mm3},
    )
    why = f"The fragment takes {mm3:.0f} mm3 of the modelled sac, which gives way there."
    note = finding_of("AN-351", Severity.NOTE, where=str(_SAC_KEY), why=why)
    return {**structures, _SAC_KEY: given_way}, (note,)


def _find_runs(values: NDArray[Any]) -> tuple[tuple[int, int, int], ...]:
    """Return the runs of equal numbers above 0, in the order of the array."""
    flat = np.ascontiguousarray(values).reshape(-1)
    index = np.flatnonzero(flat)
    if not len(index):
        return ()
    found = flat[index].astype(np.int64)
    breaks = np.flatnonzero((np.diff(index) != 1) | (np.diff(found) != 0)) + 1
    starts = np.concatenate([[0], breaks])
    stops = np.concatenate([breaks, [len(index)]])
    return tuple(
        (int(index[a]), int(b - a), int(found[a])) for a, b in zip(starts, stops, strict=True)
    )
