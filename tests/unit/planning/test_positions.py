"""The patient in another position: what is carried along, what stays, and that nothing bends."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.planning.simple_spine import LEVEL, build_simple_spine, mirror_spine
from tests.unit.planning.small_problems import a_block, a_structure

from kambin.anatomy import Anatomy, Level, StructureKey, Tube
from kambin.planning.positions import BOWEL, STAYS, flex_level, shift_bowel

SPINE = build_simple_spine()
ABOVE = ("pedicle:L4:left", "lamina:L4", "sp:L4", "iap:L4:right", "body:L4", "exiting_root:L4:left")
BELOW = (
    "pedicle:L5:left",
    "sap:L5:left",
    "body:L5",
    "traversing_root:L5:left",
    "dural_sac",
    "skin",
)


def _with(*names: str) -> Anatomy:
    more = [a_structure(name, a_block((0, 0, 0), (3, 3, 3))) for name in names]
    return replace(SPINE, structures={**SPINE.structures, **{s.key: s for s in more}})


def _origin(anatomy: Anatomy, name: str) -> np.ndarray:
    return anatomy.structures[StructureKey.parse(name)].region.lps_from_ijk[:3, 3]


def _is_moved(before: Anatomy, after: Anatomy, name: str) -> bool:
    return not np.array_equal(_origin(before, name), _origin(after, name))


# Flexion


def test_a_level_without_a_disc_cannot_be_flexed() -> None:
    with pytest.raises(KeyError):
        flex_level(SPINE, Level("L1", "L2"), 5.0)


def test_no_flexion_moves_nothing() -> None:
    same, names = flex_level(SPINE, LEVEL, 0.0)
    assert names
    for key, structure in SPINE.structures.items():
        assert same.structures[key].region.lps_from_ijk == pytest.approx(
            structure.region.lps_from_ijk
        )


@pytest.mark.parametrize("name", ABOVE)
def test_the_upper_vertebra_and_its_root_turn(name: str) -> None:
    turned, names = flex_level(SPINE, LEVEL, 5.0)
    assert name in names
    assert _is_moved(SPINE, turned, name)


@pytest.mark.parametrize("name", BELOW)
def test_the_lower_vertebra_sac_and_skin_stay(name: str) -> None:
    turned, names = flex_level(SPINE, LEVEL, 5.0)
    assert name not in names
    assert turned.structures[StructureKey.parse(name)] is SPINE.structures[StructureKey.parse(name)]


@pytest.mark.parametrize("kind", sorted(STAYS))
def test_what_only_carries_the_vertebra_s_name_stays(kind: str) -> None:
    name = f"{kind}:L4:left" if kind == "traversing_root" else f"{kind}:L4-L5"
    patient = _with(name)
    turned, names = flex_level(patient, LEVEL, 5.0)
    assert name not in names
    assert not _is_moved(patient, turned, name)


@pytest.mark.parametrize(
    ("name", "goes"),
    [
        ("vertebra:L3", True),
        ("pedicle:L1:left", True),
        ("sap:L3:right", True),
        ("drg:L3:left", True),
        ("disc:L3-L4", True),
        ("flavum:L2-L3", True),
        ("disc:L5-S1", False),
        ("vertebra:L5", False),
        ("sacrum", False),
        ("kidney:left", False),
        ("psoas:left", False),
        ("aorta", False),
        ("fragment", False),
    ],
)
def test_all_above_the_disc_is_taken_along_and_nothing_else(name: str, goes: bool) -> None:
    patient = _with(name)
    turned, names = flex_level(patient, LEVEL, 5.0)
    assert (name in names) is goes
    assert _is_moved(patient, turned, name) is goes


@settings(max_examples=15, deadline=None)
@given(angle=st.floats(-15, 15))
def test_a_turn_is_rigid_and_leaves_the_middle_of_the_disc(angle: float) -> None:
    turned, _ = flex_level(SPINE, LEVEL, angle)
    key = StructureKey.parse("pedicle:L4:left")
    before, after = (a.structures[key].region for a in (SPINE, turned))
    motion = after.lps_from_ijk @ np.linalg.inv(before.lps_from_ijk)
    assert motion[:3, :3] @ motion[:3, :3].T == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(motion[:3, :3]) == pytest.approx(1)
    centre = np.append(SPINE.disc_frames[LEVEL].lps_from_disc.origin_mm, 1.0)
    assert motion @ centre == pytest.approx(centre, abs=1e-9)
    # about the left-right axis: nothing goes sideways
    assert motion[0] == pytest.approx([1, 0, 0, 0], abs=1e-9)
    assert np.array_equal(after.values, before.values)


@pytest.mark.parametrize(("angle", "sign"), [(6.0, 1), (-6.0, -1)])
def test_flexion_lifts_what_is_behind_and_extension_lowers_it(angle: float, sign: int) -> None:
    turned, _ = flex_level(SPINE, LEVEL, angle)
    rise = _origin(turned, "sp:L4") - _origin(SPINE, "sp:L4")
    assert rise[2] * sign > 1


def test_two_turns_are_the_turn_of_their_sum() -> None:
    twice = flex_level(flex_level(SPINE, LEVEL, 3.0)[0], LEVEL, 4.0)[0]
    once = flex_level(SPINE, LEVEL, 7.0)[0]
    for name in ABOVE:
        assert _origin(twice, name) == pytest.approx(_origin(once, name))


def test_a_root_s_centre_line_turns_with_its_voxels() -> None:
    key = StructureKey.parse("exiting_root:L4:left")
    turned, _ = flex_level(SPINE, LEVEL, 9.0)
    before, after = SPINE.structures[key], turned.structures[key]
    assert isinstance(before.tube, Tube)
    assert isinstance(after.tube, Tube)
    motion = after.region.lps_from_ijk @ np.linalg.inv(before.region.lps_from_ijk)
    expected = before.tube.points_lps_mm @ motion[:3, :3].T + motion[:3, 3]
    assert after.tube.points_lps_mm == pytest.approx(expected)
    assert np.array_equal(after.tube.radii_mm, before.tube.radii_mm)
    assert not np.allclose(after.tube.points_lps_mm, before.tube.points_lps_mm)


def test_frames_turn_with_their_vertebra_and_the_others_stay() -> None:
    turned, _ = flex_level(SPINE, LEVEL, 8.0)
    assert turned.vertebra_frames["L5"] is SPINE.vertebra_frames["L5"]
    assert turned.disc_frames[LEVEL] is SPINE.disc_frames[LEVEL]
    before, after = (a.vertebra_frames["L4"] for a in (SPINE, turned))
    for part in ("lps_from_vertebra", "upper_plate", "lower_plate"):
        old, new = (getattr(frame, part).matrix for frame in (before, after))
        cosine = (np.trace(new[:3, :3] @ old[:3, :3].T) - 1) / 2
        assert np.degrees(np.arccos(cosine)) == pytest.approx(8.0)
    # what is said in the vertebra's own frame stays as it is
    assert after.pedicles == before.pedicles


def test_a_disc_above_turns_with_its_vertebrae() -> None:
    upper = Level("L3", "L4")
    disc = replace(SPINE.disc_frames[LEVEL], level=upper)
    patient = replace(SPINE, disc_frames={**SPINE.disc_frames, upper: disc})
    turned, _ = flex_level(patient, LEVEL, 8.0)
    matrix = turned.disc_frames[upper].lps_from_disc.matrix
    assert not np.allclose(matrix, disc.lps_from_disc.matrix)
    assert turned.disc_frames[LEVEL] is patient.disc_frames[LEVEL]


def test_the_mirrored_patient_flexes_to_the_mirror_s_image() -> None:
    there = flex_level(mirror_spine(SPINE), LEVEL, 7.0)[0]
    here = mirror_spine(flex_level(SPINE, LEVEL, 7.0)[0])
    for key in here.structures:
        tubes = [a.structures[key].tube for a in (here, there)]
        if tubes[0] is not None:
            assert tubes[1].points_lps_mm == pytest.approx(tubes[0].points_lps_mm)
    names = {str(key) for key in here.structures}
    assert names == {str(key) for key in there.structures}


# Bowel


@pytest.mark.parametrize("kind", sorted(BOWEL))
def test_every_part_of_the_bowel_sinks_straight_back(kind: str) -> None:
    patient = _with(kind)
    sunk, names = shift_bowel(patient, 15.0)
    assert kind in names
    assert _origin(sunk, kind) - _origin(patient, kind) == pytest.approx([0, 15, 0])


@pytest.mark.parametrize("name", ["kidney:left", "aorta", "psoas:left", "skin", "vertebra:L3"])
def test_what_is_fixed_to_the_back_does_not_sink(name: str) -> None:
    patient = SPINE if name == "skin" else _with(name)
    sunk, names = shift_bowel(patient, 15.0)
    assert name not in names
    assert not _is_moved(patient, sunk, name)


def test_without_bowel_nothing_sinks() -> None:
    bare = {k: s for k, s in SPINE.structures.items() if k.kind not in BOWEL}
    sunk, names = shift_bowel(replace(SPINE, structures=bare), 15.0)
    assert names == ()
    assert sunk.structures == bare


def test_the_patient_that_was_given_is_left_alone() -> None:
    patient = _with("colon")
    place = _origin(patient, "colon").copy()
    shift_bowel(patient, 20.0)
    flex_level(patient, LEVEL, 20.0)
    assert np.array_equal(_origin(patient, "colon"), place)
    assert patient.vertebra_frames == SPINE.vertebra_frames
