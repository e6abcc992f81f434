"""Clearances on surfaces, against closed forms, and how far two computations may differ."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.made_level import (
    GAPS_MM,
    IAP,
    KIDNEY,
    PEDICLE,
    RIM,
    ROOT,
    SAC,
    SAP,
    Made,
    find_row,
    made_level,
    make_box,
    make_clearance,
    make_stage,
    make_structure,
)

from kambin.anatomy import Level, StructureKey
from kambin.planning import Group, Plan
from kambin.planning.fields import find_reach_mm
from kambin.planning.policy import find_hazards
from kambin.planning.rulers import Ruler
from kambin.planning.second_way import (
    Extent,
    Measured,
    find_agreement_mm,
    find_allowed_difference_mm,
    find_difference_mm,
    find_parted_bones,
    find_ridge_error_mm,
    measure_stages,
)

TOLERANCE_MM = 0.2
"""What a surface of 1 mm voxels may lose on a slab or a sphere."""

FAR_BONE = (PEDICLE, IAP)

ENDS = [level.ENTRY, level.TARGET]


@pytest.fixture(scope="module")
def made() -> Made:
    return made_level()


@pytest.fixture(scope="module")
def measured(made: Made) -> list[Measured]:
    return measure_stages(made.anatomy, made.plan, level=level.LEVEL, side=level.SIDE)


def _of(measured: list[Measured], tool: str, structure: str) -> Measured:
    return [m for m in measured if m.stage.tool == tool and str(m.key) == structure][-1]


def _measured(group: Group, stated: float | None, clearance: float, **parts: Any) -> Measured:
    structure = make_structure(ROOT, make_box((0, 3), (0, 3), (0, 3)), **parts)
    stage = make_stage("cannula")
    return Measured(structure.key, group, structure, stage, clearance, stated, None, 0.3)


# Closed forms


@pytest.mark.parametrize("structure", [s for s in GAPS_MM if s != IAP])
@pytest.mark.parametrize("tool", ["needle", "cannula", "forceps"])
def test_each_surface_gap_is_the_one_on_paper(
    measured: list[Measured], tool: str, structure: str
) -> None:
    found = _of(measured, tool, structure)
    expected = GAPS_MM[structure] - found.stage.radius_mm
    assert found.clearance_mm == pytest.approx(expected, abs=TOLERANCE_MM)


@pytest.mark.parametrize(("tool", "gap"), [("needle", 10.8), ("cannula", np.hypot(12, 12) - 6)])
def test_a_straight_tube_is_measured_exactly(
    measured: list[Measured], tool: str, gap: float
) -> None:
    found = _of(measured, tool, SAC)
    assert found.clearance_mm + found.stage.radius_mm == pytest.approx(gap, abs=0.03)


def test_every_hazard_within_reach_is_measured_at_every_stage(
    made: Made, measured: list[Measured]
) -> None:
    found = {(m.stage.instrument, str(m.key)) for m in measured}
    assert len(found) == len(measured)
    assert found == {
        (stage.instrument, name) for stage in made.plan.stages for name in (*GAPS_MM, SAC)
    }


def test_the_stated_clearance_is_that_of_the_same_stage(
    made: Made, measured: list[Measured]
) -> None:
    for found in measured:
        row = find_row((found.stage,), found.stage.tool, str(found.key))
        assert found.stated_mm == row.clearance_mm


def test_the_difference_is_the_absolute_one(measured: list[Measured]) -> None:
    compared = [m for m in measured if m.difference_mm is not None and m.stated_mm is not None]
    assert compared
    for m in compared:
        assert m.stated_mm is not None
        assert m.difference_mm == pytest.approx(abs(m.stated_mm - m.clearance_mm), abs=1e-12)


@pytest.mark.parametrize("structure", FAR_BONE)
def test_far_bone_is_measured_but_not_compared(measured: list[Measured], structure: str) -> None:
    found = _of(measured, "needle", structure)
    assert found.stated_mm is not None
    assert found.difference_mm is None


@pytest.mark.parametrize("structure", [ROOT, SAC, KIDNEY, SAP, RIM])
def test_structures_are_compared_where_the_field_is_exact(
    measured: list[Measured], structure: str
) -> None:
    found = _of(measured, "needle", structure)
    exact_mm = find_reach_mm(found.group) - 0.3
    centre_line_mm = found.clearance_mm + found.stage.radius_mm
    assert (found.difference_mm is not None) == (centre_line_mm <= exact_mm)


@pytest.mark.parametrize("structure", [SAP, RIM])
def test_near_bone_is_compared(measured: list[Measured], structure: str) -> None:
    assert _of(measured, "cannula", structure).difference_mm is not None


def test_a_structure_the_plan_does_not_name_has_nothing_stated(made: Made) -> None:
    stages = tuple(s.model_copy(update={"clearances": ()}) for s in made.plan.stages)
    bare = made.plan.model_copy(update={"stages": stages})
    found = measure_stages(made.anatomy, bare, level=level.LEVEL, side=level.SIDE)
    assert {m.stated_mm for m in found} == {None}
    assert {m.difference_mm for m in found} == {None}


def test_what_is_beyond_reach_is_not_measured(made: Made) -> None:
    far = make_structure(PEDICLE, make_box((6, 28), (6, 32), (17, 24)))
    anatomy = level.make_anatomy({PEDICLE: far, ROOT: made.anatomy.require(ROOT)})
    found = measure_stages(anatomy, made.plan, level=level.LEVEL, side=level.SIDE)
    assert {str(m.key) for m in found} == {ROOT}


# The ruler


def _ruler(made: Made, name: str, box: tuple[Any, Any, Any], reach_mm: float) -> Ruler | None:
    structure = make_structure(name, make_box(*box))
    return Ruler.around(structure, ENDS, made.anatomy, reach_mm)


def test_a_structure_out_of_reach_has_no_ruler(made: Made) -> None:
    box = ((30, 34), (30, 34), (20, 26))
    assert _ruler(made, PEDICLE, box, 5.0) is None
    assert _ruler(made, PEDICLE, box, 25.0) is not None


def test_an_empty_structure_has_no_ruler(made: Made) -> None:
    structure = made.anatomy.require(SAP)
    empty = replace(structure, region=replace(structure.region, values=structure.region.values * 0))
    assert Ruler.around(empty, ENDS, made.anatomy, 15.0) is None


def test_a_tube_is_measured_without_a_surface(made: Made) -> None:
    ruler = Ruler.around(made.anatomy.require(ROOT), ENDS, made.anatomy, 15.0)
    assert ruler is not None
    assert ruler.surface is None
    assert ruler.distance_mm(level.ENTRY, level.TARGET) == pytest.approx(6.0, abs=0.03)


def test_a_segment_inside_is_as_deep_as_its_deepest_point(made: Made) -> None:
    ruler = _ruler(made, PEDICLE, ((20, 36), (16, 32), (-8, 8)), 15.0)
    assert ruler is not None
    depth = ruler.distance_mm((28.0, 24.0, 0.0), (28.0, 24.0, 1.0))
    assert depth == pytest.approx(-8.5, abs=TOLERANCE_MM)


def test_the_ends_of_the_segment_may_be_exchanged(made: Made) -> None:
    ruler = Ruler.around(made.anatomy.require(KIDNEY), ENDS, made.anatomy, 15.0)
    assert ruler is not None
    there = ruler.distance_mm(level.ENTRY, level.TARGET)
    assert ruler.distance_mm(level.TARGET, level.ENTRY) == pytest.approx(there, abs=1e-9)


# What may differ


@pytest.mark.parametrize(
    ("spacing", "expected"),
    [(0.5, 0.3), (1.0, 0.3), (1.0001, 0.3 + 0.50005), (1.5, 1.05), (3.0, 1.8)],
)
def test_coarse_labels_may_differ_by_half_a_voxel_more(spacing: float, expected: float) -> None:
    assert find_agreement_mm(spacing) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("extent", "fine", "coarse"),
    [(Extent.WHOLE, 0.3, 1.8), (Extent.ALL_PARTS, 0.6, 2.1), (Extent.PART, 0.6, 2.1)],
)
def test_only_parts_of_bone_may_differ_more(extent: Extent, fine: float, coarse: float) -> None:
    bone = make_structure(SAP, make_box((0, 3), (0, 3), (0, 3)))
    assert find_allowed_difference_mm(bone, extent) == pytest.approx(fine)
    affine = np.diag([3.0, 3.0, 3.0, 1.0])
    thick = replace(bone, region=replace(bone.region, lps_from_ijk=affine))
    assert find_allowed_difference_mm(thick, extent) == pytest.approx(coarse)


def test_a_nerve_drawn_as_a_tube_knows_no_voxel(made: Made) -> None:
    root = made.anatomy.require(ROOT)
    coarse = replace(root.region, lps_from_ijk=np.diag([3.0, 3.0, 3.0, 1.0]))
    assert find_allowed_difference_mm(replace(root, region=coarse), Extent.WHOLE) == 0.3


@pytest.mark.parametrize(
    ("gap", "spacing", "expected"),
    [(0.0, 1.0, 0.0), (5.0, 1.0, 0.0), (-0.1, 1.0, 0.70711), (-3.0, 0.75, 0.53033)],
)
def test_a_ridge_inside_a_structure_may_be_missed_between_nodes(
    made: Made, gap: float, spacing: float, expected: float
) -> None:
    grid = replace(made.anatomy.working_grid, spacing_mm=spacing)
    anatomy = replace(made.anatomy, working_grid=grid)
    assert find_ridge_error_mm(anatomy, gap) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(("stated", "cautious"), [(0.9, True), (1.0, False), (1.1, False)])
def test_a_plan_is_cautious_only_if_it_grants_a_part_less_room(
    stated: float, cautious: bool
) -> None:
    part = replace(_measured(Group.NEVER, stated, 1.0), extent=Extent.PART)
    assert part.is_cautious is cautious
    assert not replace(part, extent=Extent.ALL_PARTS).is_cautious
    assert not replace(part, extent=Extent.WHOLE).is_cautious


def test_what_is_not_stated_is_never_cautious() -> None:
    assert not replace(_measured(Group.NEVER, None, 1.0), extent=Extent.PART).is_cautious


# Parts and the bone they make


def test_a_vertebra_that_is_itself_a_hazard_has_no_parts(made: Made) -> None:
    hazards = find_hazards(made.anatomy.structures, level=level.LEVEL, side=level.SIDE)
    assert find_parted_bones(made.anatomy, hazards, level.LEVEL) == {}


def test_the_sacrum_is_a_part_of_s1_and_no_ilium_is() -> None:
    box = make_box((0, 3), (0, 3), (0, 3))
    names = ("vertebra:S1", "body:S1", "sacrum", "sap:S1:left", "ilium:left", "body:L5", IAP)
    anatomy = level.make_anatomy({name: make_structure(name, box) for name in names})
    below = Level("L5", "S1")
    hazards = find_hazards(anatomy.structures, level=below, side=level.SIDE)
    (whole, parts), *others = find_parted_bones(anatomy, hazards, below).items()
    assert not others
    assert str(whole) == "vertebra:S1"
    assert {str(part) for part in parts} == {"body:S1", "sacrum", "sap:S1:left"}


@pytest.mark.parametrize(
    ("stated", "gap", "difference"),
    [(4.0, 4.2, 0.2), (4.2, 4.0, 0.2), (-1.0, -6.0, 0.0), (0.4, -6.0, 0.4), (-0.4, 0.1, 0.1)],
)
def test_inside_a_bone_its_parts_are_compared_as_contact_alone(
    stated: float, gap: float, difference: float
) -> None:
    bone = make_structure("vertebra:L5", make_box((0, 3), (0, 3), (0, 3)))
    found = find_difference_mm(bone, Group.NEVER, Extent.ALL_PARTS, stated, gap)
    assert found == pytest.approx(difference)
    alone = find_difference_mm(bone, Group.NEVER, Extent.PART, stated, gap)
    assert alone == pytest.approx(abs(stated - gap))


def test_beyond_the_reach_of_the_field_nothing_is_compared() -> None:
    bone = make_structure("vertebra:L5", make_box((0, 3), (0, 3), (0, 3)))
    edge = find_reach_mm(Group.NEVER) - 0.3
    assert find_difference_mm(bone, Group.NEVER, Extent.WHOLE, 20.0, edge + 1e-6) is None
    assert find_difference_mm(bone, Group.NEVER, Extent.WHOLE, 20.0, edge) is not None


def test_parts_together_have_no_margin_of_their_own() -> None:
    parts = replace(_measured(Group.NEVER, 1.0, 1.0), extent=Extent.ALL_PARTS)
    assert parts.margin_mm(reams=True, frees_rim=False) is None


@pytest.mark.parametrize(
    ("group", "reams", "frees", "expected"),
    [
        (Group.NERVE, True, False, 0.5),
        (Group.NEVER, True, False, 0.0),
        (Group.REMOVABLE, True, False, None),
        (Group.REMOVABLE, False, False, -1.5),
        (Group.RIM, True, False, -1.5),
        (Group.RIM, True, True, None),
        (Group.RIM, False, True, -1.5),
    ],
)
def test_the_margin_follows_what_the_technique_removes(
    group: Group, reams: bool, frees: bool, expected: float | None
) -> None:
    assert _measured(group, 1.0, 1.0).margin_mm(reams=reams, frees_rim=frees) == expected


def test_a_plan_of_one_stage_is_measured_at_that_stage() -> None:
    plan: Plan = level.make_plan((make_stage("needle", make_clearance()),))
    found = measure_stages(made_level(ROOT).anatomy, plan, level=level.LEVEL, side=level.SIDE)
    assert {m.stage.tool for m in found} == {"needle"}
    assert _of(found, "needle", ROOT).stated_mm == 3.0
    assert StructureKey.parse(ROOT) in {m.key for m in found}
