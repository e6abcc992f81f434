"""The sacrum parted: S1 has neither isthmus nor free pedicle, so it has rules of its own."""

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.completion_types import WorkingBone
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.part_rules import PartPoints, shipped_rules
from kambin.anatomy.partition import collect_parts, measure_points
from kambin.anatomy.structures import Structure, VertebraFrame
from kambin.knowledge import value, values

S1_PARTS = ("sacrum", "body", "body_rim", "pedicle_rim", "arch_base", "sap")
"""Parts of the sacrum; ``sacrum`` is what is left: alae, lamina, crest, S2 and below."""


def classify_sacrum(points: PartPoints, wall_y_mm: float) -> NDArray[np.uint8]:
    """Return the index into ``S1_PARTS`` of each point of the sacrum, uint8 array, shape (N,).

    Parameters
    ----------
    points : PartPoints, heights above the level 8 mm under the upper plate
    wall_y_mm : float, mm, y of the posterior wall of the S1 body

    Notes
    -----
    The SAP is what rises behind the wall between the medial edge of its joint and the groove
    towards the ala, above a floor that descends dorsally and, as in the vertebrae above, not
    laterally. A plain box put the articular plates of an atlas 3.8 mm off in the median
    (recipes 2).
    """
    # The only measured border here; width and height of the pedicle are those of the table.
    medial = points.pedicle_x_mm - points.width_mm / 2
    body_reach, ala_groove, behind, base, overhang = values("completion_bone.s1_part_rule")
    under_plate = points.under_plate_mm
    body = shipped_rules().in_body(points) & (points.x_mm < medial + body_reach)
    body &= under_plate < 2 * value("completion_bone.s1_half_height_mm")
    beside_canal = (points.x_mm > 0.5 * medial) & (points.x_mm < medial + ala_groove)
    above_floor = points.above_mm - _sap_floor_mm(points)
    # Medial of the joint the bone behind the canal is lamina.
    at_joint = beside_canal & (points.x_mm > medial - overhang) & (points.behind_mm > behind)
    sap = at_joint & (above_floor > 0)
    arch_base = at_joint & (above_floor > -base)
    # Beside the body the upper border of the S1 pedicle runs into the ala without a step.
    depth, breadth, _ = values("completion_bone.body_rim_rule")
    upper_border = beside_canal & (points.behind_mm > -breadth) & (under_plate < depth)
    found = np.zeros(points.x_mm.shape, dtype=np.uint8)
    # The surest last: the body overrides the SAP, and the SAP its own base.
    found[upper_border] = S1_PARTS.index("pedicle_rim")
    found[arch_base] = S1_PARTS.index("arch_base")
    found[sap] = S1_PARTS.index("sap")
    found[body] = S1_PARTS.index("body")
    found[body & _in_s1_rim(points, wall_y_mm, medial + body_reach)] = S1_PARTS.index("body_rim")
    return found


def _sap_floor_mm(points: PartPoints) -> NDArray[np.float64]:
    """Return the height of the base of the SAP, mm above the S1 reference level."""
    start, dorsal = values("completion_bone.s1_sap_floor")
    floor: NDArray[np.float64] = start - dorsal * points.behind_mm
    return floor


def _in_s1_rim(
    points: PartPoints, half_depth_mm: float, half_width_mm: NDArray[np.float64]
) -> NDArray[np.bool_]:
    depth, breadth, front = values("completion_bone.body_rim_rule")
    outside = (points.x_mm / (half_width_mm - breadth)) ** 2 + (
        points.posterior_mm / (half_depth_mm - breadth)
    ) ** 2 > 1.0
    near = (points.under_plate_mm < depth) & (points.posterior_mm > -front * half_depth_mm)
    return np.asarray(outside & near, dtype=np.bool_)


def part_sacrum(
    bone: WorkingBone, frame: VertebraFrame, label_spacing_mm: float
) -> dict[StructureKey, Structure]:
    """Part the sacrum.

    Parameters
    ----------
    bone : WorkingBone
    frame : VertebraFrame of S1; without both sides of the canal nothing is parted
    label_spacing_mm : float, mm, the largest spacing of the labels

    Returns
    -------
    mapping of StructureKey to Structure: ``body:S1``, ``body_rim:S1``, and on both sides
    ``sap:S1``, ``arch_base:S1``, ``pedicle_rim:S1``; ``sacrum`` is the rest
    """
    if len(frame.pedicles) < 2:
        return {}
    ijk = np.argwhere(bone.mask("S1"))
    places = bone.grid.origin_lps_mm + ijk * bone.grid.spacing_mm
    left, points = measure_points(places, frame)
    found = classify_sacrum(points, frame.posterior_wall_y_mm)
    parts = {part: found == n for n, part in enumerate(S1_PARTS)}
    # Without a vertebra in its name: alae and crest reach far below S1.
    rest = collect_parts(bone, "", ijk, {"sacrum": parts.pop("sacrum")}, left, label_spacing_mm)
    return rest | collect_parts(bone, "S1", ijk, parts, left, label_spacing_mm)
