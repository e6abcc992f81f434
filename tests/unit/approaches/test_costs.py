"""What one way takes of blocks: counted by hand, conserved, and null where it is not known."""

import math
from dataclasses import replace
from functools import lru_cache
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.approaches.made_back import structure
from tests.unit.approaches.small_ground import block, ground_of

from kambin.anatomy import Structure, StructureKey
from kambin.approaches.back_ways import BackWay, find_back_way
from kambin.approaches.costs import (
    TISSUES,
    Costs,
    find_cannula,
    find_reamed,
    measure_back,
    measure_plan,
    measure_slit_mm,
)
from kambin.approaches.ground import Ground
from kambin.approaches.solids import Capsules, Everything, Half, Solid
from kambin.approaches.tissue_cost import take
from kambin.imaging import LabelMap
from kambin.knowledge.approaches import approaches

NOWHERE = Half(np.array([0.0, -900, 0]), np.array([0.0, 1, 0]))
X, Y, Z = np.eye(3)

PARTS = (
    block("lamina:L4", (-10, 30, 8), (10, 40, 22), 1.0),
    block("lamina:L5", (-10, 30, -30), (10, 40, -14), 1.0),
    block("iap:L4:left", (12, 34, -8), (22, 40, 8), 1.0),
    block("sap:L5:left", (12, 28, -8), (22, 33, 8), 1.0),
    block("flavum:L4-L5", (-8, 26, -12), (8, 29, 8), 1.0),
    block("multifidus:left", (2, 42, -20), (22, 60, 20), 2.0),
    block("multifidus:right", (-22, 42, -20), (-2, 60, 20), 2.0),
)


@lru_cache
def the_ground(*without: str) -> Ground:
    return ground_of(
        *(one for one in PARTS if str(one.key) not in without), target_mm=(8.0, 15.0, 0.0)
    )


def a_way(cut: Solid, ground: Ground | None = None, **more: Solid | None) -> BackWay:
    way = find_back_way(ground or the_ground(), approaches()["open_fenestration"])
    parts = {"cut": cut, "cut_upper": cut, "flavum": cut, "aside": cut, "detached": None}
    return replace(way, **{**parts, **more})


def cost(cut: Solid, ground: Ground | None = None, **more: Solid | None) -> Costs:
    return measure_back(ground or the_ground(), a_way(cut, ground, **more))


def volumes(found: Costs) -> dict[str, float]:
    return {name: sum(p.volume_mm3 for p in parts) for name, parts in found.parts.items()}


def test_everything_takes_every_block_whole() -> None:
    found = cost(Everything())
    assert volumes(found) == {
        "lamina": 20 * 10 * (14 + 16),
        "facet": 10 * 16 * (6 + 5),
        "flavum": 16 * 3 * 20,
        "muscle_dilated": 2 * 20 * 18 * 40,
        "muscle_detached": 0,
        # no way from behind cuts any
        "other_bone": 0,
    }
    assert set(found.parts) == set(TISSUES)
    assert found.facet_fraction == 1
    assert found.touches


def test_nothing_takes_nothing_and_says_so_as_zero() -> None:
    found = cost(NOWHERE)
    assert set(volumes(found).values()) == {0}
    assert (found.facet_fraction, found.facet_sigma, found.touches) == (0, 0, False)


@pytest.mark.parametrize("border_mm", [13.0, 15.0, 17.25, 20.5])
def test_a_cut_medial_of_a_line_takes_that_share_of_the_joint(border_mm: float) -> None:
    found = cost(Half(np.array([border_mm, 0, 0]), X))
    share = (border_mm - 12) / 10
    assert volumes(found)["facet"] == pytest.approx(share * 10 * 16 * 11)
    # the whole front of the process, and of the two layers behind it the rim
    rows = np.array([3 * 16, *[16 + 2 * 2] * 8, 3 * 16]) / 256
    lost = np.clip(border_mm - 12 - np.arange(10), 0, 1)
    assert found.facet_fraction == pytest.approx(float((rows * lost).sum()))
    # half a millimetre to either side is one row of voxels, and its half is the deviation
    assert found.facet_sigma == pytest.approx(0.5 * rows[1])
    assert found.touches


def test_a_place_of_the_face_is_lost_with_either_of_its_two_bones() -> None:
    between = np.array([0.0, 33.5, 0])
    front, back = cost(Half(between, Y)), cost(Half(between, -Y))
    assert front.facet_fraction == back.facet_fraction == 1
    # only what the inferior process loses touches it
    assert (front.touches, back.touches) == (False, True)
    assert volumes(front)["facet"] == 10 * 16 * 5
    assert volumes(back)["facet"] == 10 * 16 * 6
    # before and behind both of them nothing is lost
    for border, outward in (((0.0, 27.0, 0.0), Y), ((0.0, 41.0, 0.0), -Y)):
        assert cost(Half(np.array(border), outward)).facet_fraction == 0


@settings(max_examples=25)
@given(
    tip=st.tuples(st.floats(-20, 20), st.floats(20, 60), st.floats(-20, 20)),
    radius_mm=st.floats(0.5, 9),
    seed=st.integers(0, 999),
)
def test_what_is_removed_and_what_is_kept_is_the_whole_of_any_mask(tip, radius_mm, seed) -> None:
    rng = np.random.default_rng(seed)
    affine = np.diag([1.5, 1.0, 2.0, 1.0])
    affine[:3, 3] = (-6, 30, -8)
    mask = rng.random((8, 9, 7)) < rng.uniform(0.1, 0.9)
    one = structure("lamina:L4", LabelMap(mask.astype(np.uint8), affine, "patient"))
    solid = Capsules(np.array([[*tip, 3.0, 35.0, 0.0, radius_mm]]))
    found = take(one, solid, grain_mm=0.5)
    assert found.removed_grains + found.kept_grains == found.whole_grains
    assert found.whole_grains == mask.sum() * found.per_voxel
    assert found.grains.min(initial=0) >= 0
    assert found.grains.max(initial=0) <= found.per_voxel
    assert found.volume_mm3 <= mask.sum() * 3.0
    assert (found.is_gone() <= mask).all()


def test_the_upper_lamina_goes_with_its_own_solid_and_muscle_with_two() -> None:
    half = Half(np.array([0.0, 50, 0]), Y)
    found = cost(NOWHERE, cut_upper=Everything(), aside=half, detached=Everything())
    taken = {str(p.structure.key): p.volume_mm3 for p in found.parts["lamina"]}
    assert taken == {"lamina:L4": 20 * 10 * 14, "lamina:L5": 0}
    assert volumes(found)["flavum"] == 0
    assert volumes(found)["muscle_dilated"] == 2 * 20 * 8 * 40
    assert volumes(found)["muscle_detached"] == 2 * 20 * 18 * 40


@pytest.mark.parametrize(
    ("gone", "missing"),
    [
        (("multifidus:left",), {"muscle_dilated", "muscle_detached"}),
        (("flavum:L4-L5",), {"flavum"}),
        (("iap:L4:left",), {"facet"}),
        (("sap:L5:left",), {"facet"}),
        (("multifidus:right",), set()),
    ],
)
def test_what_is_not_assessed_is_missing_and_never_zero(gone, missing) -> None:
    found = cost(Everything(), the_ground(*gone))
    assert set(TISSUES) - set(found.parts) == missing
    if "facet" in missing:
        assert found.facet_fraction is found.facet_sigma is None
        assert not found.touches
        # bone that is cut is listed all the same
        assert {p.structure.key.kind for p in found.bone} > {"lamina"}


def test_coarse_labels_measure_no_joint_and_still_list_its_bone() -> None:
    ground = the_ground()
    coarse = replace(ground, anatomy=replace(ground.anatomy, label_spacing_mm=3.0))
    found = cost(Everything(), coarse)
    assert "facet" not in found.parts
    assert found.facet_fraction is None
    assert {"iap", "sap"} <= {p.structure.key.kind for p in found.bone}
    assert volumes(found)["lamina"] > 0


# --- skin and the plan --------------------------------------------------------------------------


def test_a_slit_opens_to_the_circumference_of_its_tube() -> None:
    assert 2 * measure_slit_mm(8.0) == pytest.approx(math.pi * 8.0)
    for name, row in approaches().items():
        if row.corridor == "foramen":
            continue
        found = measure_back(the_ground(), find_back_way(the_ground(), row)).skin_mm
        if row.corridor == "tube":
            assert found == measure_slit_mm(row.require("tube_mm")), name
        else:
            assert found == row.require("incision_mm"), name


def a_plan(
    *passes: tuple[tuple[float, ...], tuple[float, ...], float], takes_rim: bool = False
) -> SimpleNamespace:
    """As much of a plan as its cost is taken from: reamers, and two cannulas from the left."""
    reamers = [SimpleNamespace(tip_lps_mm=a, outer_lps_mm=b, radius_mm=r) for a, b, r in passes]
    stages = [
        SimpleNamespace(tool=tool, tip_lps_mm=(14.7, 30.0, 0.35), radius_mm=radius)
        for tool, radius in (("cannula", 2.5), ("cannula", 3.5), ("reamer", 4.5))
    ]
    return SimpleNamespace(
        resection=SimpleNamespace(passes=reamers, rim_is_removed=takes_rim),
        stages=stages,
        trajectory=SimpleNamespace(entry_lps_mm=(14.7, 100.0, 0.35)),
        cannula_mm=7.0,
    )


def test_of_a_plan_the_widest_cannula_pushes_muscle_aside_and_reamers_cut() -> None:
    plan = a_plan(ALONG)
    assert find_cannula(plan).tolist() == [[14.7, 30, 0.35, 14.7, 100, 0.35, 3.5]]
    assert find_reamed(plan).shape == (1, 7)
    found = measure_plan(the_ground(), plan)
    assert found.skin_mm == measure_slit_mm(7.0)
    sap = next(p for p in found.parts["facet"] if p.structure.key.kind == "sap")
    assert sap.volume_mm3 == pytest.approx(math.pi * 1.5**2 * 16, rel=0.03)
    assert volumes(found)["facet"] == sap.volume_mm3
    assert found.parts["muscle_detached"] == ()
    assert volumes(found)["muscle_dilated"] == pytest.approx(math.pi * 3.5**2 * 18, rel=0.05)
    assert volumes(found)["lamina"] == volumes(found)["flavum"] == 0
    assert not found.touches


def test_a_plan_without_a_reamer_cuts_nothing() -> None:
    plan = a_plan()
    assert find_reamed(plan).shape == (0, 7)
    found = measure_plan(the_ground(), plan)
    assert volumes(found)["facet"] == 0
    assert found.facet_fraction == 0
    assert volumes(found)["muscle_dilated"] > 0


BESIDE = (
    block("pars:L4:left", (12, 28, 10), (22, 33, 20), 1.0),
    block("pedicle_rim:L5:left", (12, 28, -20), (22, 33, -10), 1.0),
)
"""Pars above and rim below the joint, in the way of a reamer that runs along the spine."""

ALONG = ((17.0, 30.5, -60.0), (17.0, 30.5, 60.0), 1.5)


@pytest.mark.parametrize("takes_rim", [True, False])
def test_pars_and_rim_count_among_the_bone_that_a_plan_takes(takes_rim: bool) -> None:
    ground = ground_of(*PARTS, *BESIDE, target_mm=(8.0, 15.0, 0.0))
    found = measure_plan(ground, a_plan(ALONG, takes_rim=takes_rim))
    taken = {str(p.structure.key): p.volume_mm3 for p in found.parts["other_bone"]}
    length = math.pi * 1.5**2 * 10
    expected = {"pars:L4:left": length} | ({"pedicle_rim:L5:left": length} if takes_rim else {})
    assert taken == pytest.approx(expected, rel=0.03)
    # what is cut is also what the picture shows
    assert set(taken) <= {str(p.structure.key) for p in found.bone}


def test_a_touched_pars_is_told_as_the_planner_tells_it() -> None:
    plan = a_plan(ALONG)
    assert not measure_plan(the_ground(), plan).touches
    assert measure_plan(ground_of(*PARTS, *BESIDE, target_mm=(8.0, 15.0, 0.0)), plan).touches


def test_without_pars_and_rim_other_bone_is_not_assessed() -> None:
    assert "other_bone" not in measure_plan(the_ground(), a_plan(ALONG)).parts


IN_THE_WAY = block("pars:L4:left", (3, 41, -8), (13, 47, 8), 1.0)
"""A pars where the tube of an endoscope comes by; no part of it is in front of the lamina."""


def test_bone_that_a_tube_would_have_to_pass_is_counted_and_that_of_a_window_stays() -> None:
    ground = ground_of(*PARTS, IN_THE_WAY, target_mm=(8.0, 15.0, 0.0))
    # laid where nothing stands in the way, and then met by it
    tube = find_back_way(the_ground(), approaches()["interlaminar"])
    passage = tube.find_passage()
    points = np.random.default_rng(3).uniform((3, 41, -8), (13, 47, 8), (200_000, 3))
    inside = float((passage.gap_mm(points) <= 0).mean()) * 10 * 6 * 16
    (part,) = measure_back(ground, tube).parts["other_bone"]
    assert str(part.structure.key) == "pars:L4:left"
    assert inside > 50
    assert part.volume_mm3 == pytest.approx(inside, rel=0.02)
    for name in ("microdiscectomy_tubular", "open_fenestration", "open_laminectomy"):
        window = find_back_way(ground, approaches()[name])
        assert window.find_passage() is None
        assert measure_back(ground, window).parts["other_bone"] == ()


def test_a_tube_passes_from_where_it_docks_and_cuts_nothing_before_it() -> None:
    way = find_back_way(the_ground(), approaches()["interlaminar"])
    passage = way.find_passage()
    dock_mm = way.approach.require("dock_mm")
    assert np.linalg.norm(passage.start_lps_mm - way.aim_lps_mm) == pytest.approx(dock_mm)
    assert passage.radius_mm == 0.5 * way.approach.require("tube_mm")
    before = way.aim_lps_mm + 0.9 * dock_mm * way.outward
    assert passage.gap_mm(before[None])[0] > 0


def test_a_touched_pars_puts_the_joint_at_risk_from_behind_as_well() -> None:
    tube = approaches()["interlaminar"]
    ground = ground_of(*PARTS, IN_THE_WAY, target_mm=(8.0, 15.0, 0.0))
    way = find_back_way(the_ground(), tube)
    assert not measure_back(the_ground(), way).touches
    assert measure_back(ground, way).touches
    # laminae and the joint are counted by themselves
    assert keys(ground.beside) == ["pars:L4:left"]


# --- the ground ---------------------------------------------------------------------------------


def keys(parts: tuple[Structure, ...]) -> list[str]:
    return [str(one.key) for one in parts]


def test_the_ground_finds_what_it_is_asked_for_in_a_fixed_order() -> None:
    ground = the_ground()
    assert keys(ground.laminae) == ["lamina:L4", "lamina:L5"]
    assert keys(ground.facets) == ["iap:L4:left", "sap:L5:left"]
    assert keys(ground.flava) == ["flavum:L4-L5"]
    assert keys(ground.muscles) == ["multifidus:left", "multifidus:right"]
    assert ground.lamina_mm == pytest.approx([30.5, 35, 39.5])
    assert ground.axes_lps == pytest.approx(np.eye(3))
    assert ground.target_lps_mm == pytest.approx([8, 15, 0])
    lamina = ground.anatomy.require(StructureKey("lamina", "L4"))
    points = ground.voxels_lps_mm(lamina)
    assert points.mean(axis=0) == pytest.approx([0, 35, 15])
    assert ground.voxels_lps_mm(lamina) is points
    # the tree knows laminae and inferior processes, and no superior one
    assert ground.back_bone.n == 20 * 10 * (14 + 16) + 10 * 6 * 16
    assert ground_of().back_bone is None
