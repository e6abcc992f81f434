"""What has to be said of a comparison's numbers: why null, what they lack, and where from."""

import numpy as np

from kambin.anatomy import StructureKey
from kambin.approaches.costs import Costs
from kambin.approaches.exposure import NO_FRAGMENT, Exposure
from kambin.approaches.ground import BACK_MUSCLE_KINDS, Ground
from kambin.core import Finding, Severity
from kambin.knowledge.approaches import Approach
from kambin.measure.herniation_scene import find_nearest_levels
from kambin.planning.reach import has_fragment
from kambin.planning.remarks import make_finding

UNRESOLVED = "The labels or the image do not show the facet joint (finding PL-005)."
"""Why facet and stability are null."""

_WHY = {
    "muscle_dilated": "No muscle of the back is labelled on this side.",
    "muscle_detached": "No muscle of the back is labelled on this side.",
    "lamina": "No lamina is known.",
    "facet": "The joint's two processes are not both known.",
    "flavum": "The ligamentum flavum could not be modelled.",
    "other_bone": "Neither pars nor rim is known.",
}

NO_FACE = "The joint's two processes have no face that lies near the other."
"""Why a share is null where the volume of the joint's bone is known."""


def find_origins(ground: Ground, costs: Costs) -> dict[str, str]:
    """Return from which kinds of surfaces each number comes, by its field.

    Parameters
    ----------
    ground : Ground
    costs : Costs of one way
    """
    found = {
        f"{name}_mm3": {part.structure.origin.value for part in parts if part.removed_grains}
        for name, parts in costs.parts.items()
    }
    if costs.facet_fraction is not None:
        found["facet_fraction"] = {part.structure.origin.value for part in costs.parts["facet"]}
    known = (ground.anatomy.find(key) for key in ground.moved_nerves)
    nerves = {nerve.origin.value for nerve in known if nerve is not None}
    found["root_retraction_mm"] = nerves
    fragment = ground.anatomy.find("fragment")
    if fragment is not None:
        for name in ("reachable_fraction", "visible_fraction"):
            # what blocks counts as much as what is reached for
            found[name] = {fragment.origin.value, *nerves}
    return {name: " and ".join(sorted(words)) for name, words in found.items() if words}


def find_missing(ground: Ground, costs: Costs, seen: Exposure) -> dict[str, str]:
    """Return why fields are null, by their names.

    Parameters
    ----------
    ground : Ground
    costs, seen : Costs and Exposure of one way
    """
    missing = {f"{name}_mm3": why for name, why in _WHY.items() if name not in costs.parts}
    if costs.facet_fraction is None:
        why = _WHY["facet"] if ground.is_resolved else UNRESOLVED
        if "facet" in costs.parts:
            why = NO_FACE
        else:
            missing["facet_mm3"] = why
        missing |= dict.fromkeys(("facet_fraction", "stability_class"), why)
    if not has_fragment(ground.anatomy):
        missing |= dict.fromkeys(("reachable_fraction", "visible_fraction"), NO_FRAGMENT)
    if seen.root_retraction_mm is None:
        missing["root_retraction_mm"] = "Neither the traversing root nor the sac is assessed."
    return missing


def remark_elsewhere(ground: Ground) -> tuple[Finding, ...]:
    """Return the note that the fragment lies at another level, whose shares say little here.

    Parameters
    ----------
    ground : Ground
    """
    fragment = ground.anatomy.find("fragment")
    if fragment is None or not has_fragment(ground.anatomy):
        return ()
    voxels = fragment.region.lps_mm(np.argwhere(fragment.region.values > 0))
    nearest = find_nearest_levels(ground.anatomy, voxels)
    asked = ground.request.level
    if not nearest or nearest[0][0] == asked:
        return ()
    return (
        make_finding(
            "PL-172",
            Severity.NOTE,
            what=f"The fragment lies at {nearest[0][0]}, not at {asked}",
            where=f"{asked} {ground.request.side}",
            why="What each way reaches and sees is the share of that fragment: none or little "
            f"from {asked}, whatever the way.",
        ),
    )


def find_gaps(ground: Ground, approach: Approach, costs: Costs) -> dict[str, str]:
    """Return which structures a number lacks, by its field, where it was counted without them.

    Parameters
    ----------
    ground : Ground
    approach : Approach
    costs : Costs of it
    """
    sides = (ground.geometry.side, *((ground.other_side,) if approach.both_sides else ()))
    muscles = [StructureKey(kind, "", side) for side in sides for kind in BACK_MUSCLE_KINDS]
    # the back of S1 is counted with the sacrum and has no name of its own
    laminae = [key for key in ground.lamina_keys if key.place != "S1"]
    expected = {
        "muscle_dilated": muscles,
        "muscle_detached": muscles,
        "lamina": laminae,
        "root_retraction": ground.moved_nerves,
    }
    found = {}
    for name, keys in expected.items():
        lacks = [str(key) for key in keys if ground.anatomy.find(key) is None]
        is_nerve = name == "root_retraction"
        # of nothing at all the field is null, and says so itself
        is_told = len(lacks) < len(keys) if is_nerve else name in costs.parts
        if lacks and is_told:
            unit = "mm" if is_nerve else "mm3"
            found[f"{name}_{unit}"] = f"Counted without {', '.join(lacks)}: not assessed."
    return found
