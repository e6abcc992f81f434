"""Bone inside a swept reamer, against the volumes of cylinders, balls and blocks."""

import math

import numpy as np
import pytest
from tests.unit.planning import made_level as level

from kambin.anatomy import Anatomy, Structure
from kambin.imaging import Grid, LabelMap, region_from_mask
from kambin.planning import Path, Resection
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.resection import (
    classify_stability,
    is_in_capsule,
    measure_resection,
    no_resection,
)

FINE = Grid.around(
    (0, 0, -10), (30, 30, 10), spacing_mm=0.5, anchor_lps_mm=(0, 0, 0), frame_id=level.FRAME
)
SAP, IAP, RIM = "sap:L5:left", "iap:L4:left", "body_rim:L5"
PARS = ("pars:L4:left", "pars:L5:left")


def _block(
    name: str, xs: tuple[float, float], ys: tuple[float, float], zs: tuple[float, float]
) -> Structure:
    """Return a block of half-millimetre voxels from face to face."""
    x, y, z = np.meshgrid(*FINE.axes_mm(), indexing="ij")
    inside = (x > xs[0]) & (x < xs[1]) & (y > ys[0]) & (y < ys[1]) & (z > zs[0]) & (z < zs[1])
    return level.make_structure(name, region_from_mask(inside, FINE))


def _through(x: float, z: float, *, tip_y: float = -20.0) -> Path:
    """Return an axis from behind that ends at a depth; it crosses every block fully by default."""
    return Path(np.array([x, 60.0, z]), np.array([x, tip_y - 5, z]), 5.0)


def _anatomy(*structures: Structure) -> Anatomy:
    return level.make_anatomy({str(s.key): s for s in structures})


def _geometry(anatomy: Anatomy) -> LevelGeometry:
    return find_level_geometry(anatomy, level=level.LEVEL, side=level.SIDE)


def _measure(path: Path, radius_mm: float, *structures: Structure) -> Resection:
    anatomy = _anatomy(*structures)
    return measure_resection(anatomy, _geometry(anatomy), path, radius_mm)


PROCESS = _block(SAP, (5.25, 20.25), (10.25, 20.25), (-8.25, 7.75))
"""A superior process of 15 x 10 x 16 mm."""

VOLUME_MM3 = 15.0 * 10 * 16


# The swept tool


@pytest.mark.parametrize(
    ("point", "inside"),
    [
        ((10.0, 30.0, 2.99), True),
        ((10.0, 30.0, 3.01), False),
        ((10.0, 7.01, 0.0), True),
        ((10.0, 6.99, 0.0), False),
        ((10.0, 62.99, 0.0), True),
        ((10.0, 63.01, 0.0), False),
        ((12.1, 7.9, 0.0), True),
        ((12.2, 7.8, 0.0), False),
    ],
)
def test_the_swept_tool_is_a_cylinder_with_two_half_balls(
    point: tuple[float, float, float], inside: bool
) -> None:
    path = _through(10.0, 0.0, tip_y=10.0)
    assert is_in_capsule(np.array([point]), path, 3.0).tolist() == [inside]


def test_the_tool_ends_where_it_docks_and_not_at_the_target() -> None:
    path = Path(np.array([0.0, 60, 0]), np.zeros(3), 10.0)
    inside = is_in_capsule(np.array([[0.0, 9.0, 0], [0.0, 6.0, 0]]), path, 3.0)
    assert inside.tolist() == [True, False]


def test_a_tool_without_radius_sweeps_nothing() -> None:
    path = _through(10.0, 0.0)
    assert not is_in_capsule(np.array([[10.0, 20.0, 0.0]]), path, 0.0).any()


# Volumes in closed form


@pytest.mark.parametrize("radius", [2.0, 3.0, 3.75])
def test_a_channel_through_the_process_is_a_cylinder(radius: float) -> None:
    cut = _measure(_through(12.6, -0.3), radius, PROCESS)
    assert cut.volume_mm3 == pytest.approx(math.pi * radius**2 * 10, rel=0.015)


def test_a_blind_channel_ends_in_half_a_ball() -> None:
    # The centre of the tip lies 6 mm deep from behind, the ball reaches 3 mm further.
    cut = _measure(_through(12.6, -0.3, tip_y=14.25), 3.0, PROCESS)
    expected = math.pi * 9 * 6 + 2 / 3 * math.pi * 27
    assert cut.volume_mm3 == pytest.approx(expected, rel=0.015)


def test_a_tip_that_only_touches_takes_a_cap() -> None:
    # The ball of 3 mm goes 2 mm deep: pi h^2 (3 r - h) / 3.
    cut = _measure(_through(12.6, -0.3, tip_y=21.25), 3.0, PROCESS)
    assert cut.volume_mm3 == pytest.approx(math.pi * 4 * 7 / 3, rel=0.03)


def test_half_a_channel_along_the_upper_face_is_half_a_cylinder() -> None:
    cut = _measure(_through(12.6, 7.75), 3.0, PROCESS)
    assert cut.volume_mm3 == pytest.approx(0.5 * math.pi * 9 * 10, rel=0.03)


def test_the_share_is_the_volume_over_that_of_the_process() -> None:
    cut = _measure(_through(12.6, -0.3), 3.0, PROCESS)
    assert cut.volume_mm3 is not None
    assert cut.sap_fraction == pytest.approx(cut.volume_mm3 / VOLUME_MM3, rel=1e-9)


def test_a_tool_that_passes_beside_takes_nothing() -> None:
    cut = _measure(_through(12.6, 12.0), 3.0, PROCESS)
    assert (cut.volume_mm3, cut.sap_fraction, cut.ventrodorsal_fraction) == (0, 0, 0)
    assert cut.full_thickness_fraction == 0


def test_without_reaming_nothing_is_taken() -> None:
    joint = _block(IAP, (5.25, 20.25), (21.25, 25.25), (-8.25, 7.75))
    cut = _measure(_through(12.6, -0.3), 0.0, PROCESS, joint)
    assert cut.volume_mm3 == 0
    assert cut.stability_class == "intact"
    assert cut.facet_kept_fraction == 1


def test_a_wider_reamer_never_takes_less() -> None:
    volumes = [
        _measure(_through(12.6, -0.3), radius, PROCESS).volume_mm3 or 0.0
        for radius in (0.5, 1.0, 2.0, 3.0, 4.0)
    ]
    assert volumes == sorted(volumes)
    assert len(set(volumes)) == 5


# Depth and full thickness


def test_a_channel_through_everything_has_the_whole_depth() -> None:
    assert _measure(_through(12.6, -0.3), 3.0, PROCESS).ventrodorsal_fraction == 1


def test_a_tip_from_in_front_counts_its_depth_from_the_ventral_face() -> None:
    # The tool comes from in front and its ball ends 4 mm deep in 10 mm.
    path = Path(np.array([12.6, -40.0, -0.3]), np.array([12.6, 16.25, -0.3]), 5.0)
    cut = _measure(path, 3.0, PROCESS)
    assert cut.ventrodorsal_fraction == pytest.approx(0.4, abs=0.05)


def test_depth_away_from_mid_height_does_not_count() -> None:
    cut = _measure(_through(12.6, 6.0), 1.0, PROCESS)
    assert cut.volume_mm3 is not None
    assert cut.volume_mm3 > 0
    assert cut.ventrodorsal_fraction == 0


def test_a_channel_narrower_than_the_process_leaves_every_height() -> None:
    assert _measure(_through(12.6, -0.3), 3.0, PROCESS).full_thickness_fraction == 0


def test_full_thickness_is_the_share_of_heights_that_are_gone() -> None:
    # A process of 2 mm width and 16 mm height: 4 mm radius takes all from -3.9 to 3.9 mm.
    narrow = _block(SAP, (11.25, 13.25), (10.25, 20.25), (-8.25, 7.75))
    cut = _measure(_through(12.25, -0.25), 4.0, narrow)
    assert cut.full_thickness_fraction == pytest.approx(2 * math.sqrt(16 - 1) / 16, abs=0.04)


def test_a_process_that_is_all_gone_is_all_gone() -> None:
    small = _block(SAP, (11.25, 13.25), (14.25, 16.25), (-1.25, 1.25))
    cut = _measure(_through(12.25, -0.25), 4.0, small)
    assert (cut.sap_fraction, cut.ventrodorsal_fraction, cut.full_thickness_fraction) == (1, 1, 1)


# Facet


def test_the_facet_that_stays_is_counted_on_the_surface_that_faces_the_joint() -> None:
    joint = _block(IAP, (5.25, 20.25), (21.25, 25.25), (-8.25, 7.75))
    anatomy = _anatomy(PROCESS, joint)
    # From the ventral side to just behind the dorsal face: only the face is touched, not the IAP.
    path = Path(np.array([12.6, -40.0, -0.3]), np.array([12.6, 22.25, -0.3]), 5.0)
    cut = measure_resection(anatomy, _geometry(anatomy), path, 3.0)
    assert cut.facet_kept_fraction is not None
    assert 0.8 < cut.facet_kept_fraction < 1
    assert cut.stability_class == "minor"


def test_without_the_other_half_the_joint_is_not_assessed() -> None:
    cut = _measure(_through(12.6, -0.3), 3.0, PROCESS)
    assert cut.facet_kept_fraction is None
    assert cut.stability_class == "not_assessed"
    assert cut.volume_mm3 is not None


def test_a_joint_that_is_too_far_is_no_joint() -> None:
    far = _block(IAP, (5.25, 20.25), (26.25, 29.75), (-8.25, 7.75))
    assert _measure(_through(12.6, 30.0), 1.0, PROCESS, far).facet_kept_fraction is None


def test_a_touched_inferior_process_puts_the_joint_at_risk() -> None:
    joint = _block(IAP, (5.25, 20.25), (21.25, 25.25), (-8.25, 7.75))
    assert _measure(_through(12.6, 10.0), 3.0, PROCESS, joint).stability_class == "at_risk"


def test_a_tool_just_above_the_inferior_process_leaves_it() -> None:
    joint = _block(IAP, (5.25, 20.25), (21.25, 25.25), (-8.25, 7.75))
    assert _measure(_through(12.6, 10.75), 3.0, PROCESS, joint).stability_class == "intact"


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        (1.0, "intact"),
        (0.9999, "minor"),
        (0.7501, "minor"),
        (0.75, "minor"),
        (0.7499, "moderate"),
        (0.5001, "moderate"),
        (0.5, "moderate"),
        (0.4999, "at_risk"),
        (0.0, "at_risk"),
        (None, "not_assessed"),
    ],
)
def test_stability_changes_at_a_quarter_and_a_half(kept: float | None, expected: str) -> None:
    assert classify_stability(kept, touched=False) == expected


@pytest.mark.parametrize("kept", [1.0, 0.8, 0.0, None])
def test_a_touched_joint_is_at_risk_whatever_is_left_of_it(kept: float | None) -> None:
    assert classify_stability(kept, touched=True) == "at_risk"


# Pars and rim


def test_the_thickness_left_of_the_pars_is_that_of_the_thinner_one() -> None:
    thick = _block(PARS[0], (5.25, 13.25), (22.25, 28.75), (-8.25, 7.75))
    thin = _block(PARS[1], (15.25, 19.25), (22.25, 28.75), (-8.25, 7.75))
    cut = _measure(_through(2.0, 30.0), 1.0, PROCESS, thick, thin)
    assert cut.pars_left_mm == pytest.approx(4.0, abs=0.51)


def test_a_touched_pars_is_thinner_and_puts_the_joint_at_risk() -> None:
    pars = _block(PARS[0], (5.25, 20.25), (22.25, 28.75), (-3.25, 2.75))
    whole = _measure(_through(12.6, 30.0), 1.0, PROCESS, pars)
    # The lower 4 mm of a bar of 6 mm are taken away over its whole length by a large tool.
    cut = _measure(_through(12.6, -10.25), 11.0, PROCESS, pars)
    assert whole.pars_left_mm == pytest.approx(6.0, abs=0.51)
    assert cut.pars_left_mm is not None
    assert cut.pars_left_mm < 5
    assert cut.stability_class == "at_risk"
    assert whole.pars_volume_mm3 == 0.0
    volume_mm3 = pars.region.values.sum() * np.prod(pars.region.spacing_mm)
    assert cut.pars_volume_mm3 is not None
    assert 0.4 * volume_mm3 < cut.pars_volume_mm3 < 0.8 * volume_mm3


def test_a_pars_on_the_other_side_does_not_count() -> None:
    pars = _block("pars:L4:right", (5.25, 20.25), (22.25, 28.75), (-3.25, 2.75))
    cut = _measure(_through(12.6, -0.3), 3.0, PROCESS, pars)
    assert cut.pars_left_mm is None


@pytest.mark.parametrize("declared", [True, False])
def test_rim_bone_is_counted_by_itself_and_in_the_sum_if_it_is_taken(declared: bool) -> None:
    rim = _block(RIM, (5.25, 20.25), (2.25, 8.25), (-8.25, 7.75))
    anatomy = _anatomy(PROCESS, rim)
    alone = _measure(_through(12.6, -0.3), 3.0, PROCESS)
    both = measure_resection(
        anatomy, _geometry(anatomy), _through(12.6, -0.3), 3.0, rim_is_removed=declared
    )
    assert both.rim_volume_mm3 == pytest.approx(math.pi * 9 * 6, rel=0.015)
    taken = both.rim_volume_mm3 if declared else 0.0
    assert both.volume_mm3 == pytest.approx(alone.volume_mm3 + taken, rel=1e-12)
    assert both.sap_fraction == alone.sap_fraction


def test_rim_bone_on_the_other_side_is_not_rim() -> None:
    rim = _block("pedicle_rim:L5:right", (5.25, 20.25), (2.25, 8.25), (-8.25, 7.75))
    assert _measure(_through(12.6, -0.3), 3.0, PROCESS, rim).rim_volume_mm3 == 0


@pytest.mark.parametrize("removed", [True, False])
def test_the_declaration_of_a_removed_rim_is_passed_on(removed: bool) -> None:
    anatomy = _anatomy(PROCESS)
    cut = measure_resection(
        anatomy, _geometry(anatomy), _through(12.6, 0.0), 3.0, rim_is_removed=removed
    )
    assert cut.rim_is_removed is removed


# What cannot be told


def test_without_the_process_nothing_is_assessed_and_the_reason_says_so() -> None:
    cut = _measure(_through(12.6, 0.0), 3.0, _block(RIM, (5, 20), (2, 8), (-8, 8)))
    assert cut == no_resection("sap:L5:left is not assessed.", rim_is_removed=False)


def test_what_is_not_assessed_is_null_and_not_zero() -> None:
    cut = no_resection("The facet is not resolved.", rim_is_removed=True)
    assert cut.rim_is_removed
    assert cut.not_assessed_reason == "The facet is not resolved."
    assert cut.stability_class == "not_assessed"
    left = cut.model_dump(exclude={"rim_is_removed", "not_assessed_reason", "stability_class"})
    assert set(left.values()) == {None, ()}


def test_the_mirrored_patient_loses_the_same_bone() -> None:
    region = PROCESS.region
    affine = region.lps_from_ijk.copy()
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    mirrored = level.make_structure(
        "sap:L5:right", LabelMap(region.values[::-1], affine, region.frame_id)
    )
    anatomy = _anatomy(mirrored)
    geometry = find_level_geometry(anatomy, level=level.LEVEL, side=level.SIDE.opposite)
    there = measure_resection(anatomy, geometry, _through(-12.6, -0.3), 3.0)
    assert there == _measure(_through(12.6, -0.3), 3.0, PROCESS)
