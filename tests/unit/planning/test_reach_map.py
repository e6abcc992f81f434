"""What stays of a fragment: its volume, its pieces, its place and how near nerves are to it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from tests.unit.planning.made_level import make_anatomy
from tests.unit.planning.small_problems import a_block, a_level, a_structure, mirrored

from kambin.anatomy import Anatomy, Structure
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning.reach_map import (
    BOTH,
    NEITHER,
    OUTSIDE,
    REMOVABLE,
    VISIBLE,
    ReachMap,
    describe_residual,
)

SHAPE = (12, 10, 8)
EXITING, TRAVERSING, SAC = "exiting_root:L4:left", "traversing_root:L5:left", "dural_sac"


def _map(
    classes: NDArray[np.uint8], *, spacing_mm: float = 1.0, low: object = (0, 0, 0)
) -> ReachMap:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = low
    nothing = np.zeros(classes.shape, dtype=bool)
    return ReachMap(classes, affine, nothing, 0, nothing, (), 1)


def _classes(fill: int = BOTH, **blocks: tuple[slice, slice, slice]) -> NDArray[np.uint8]:
    """A fragment two voxels from every border of the box, with blocks of other classes."""
    classes = np.full(SHAPE, OUTSIDE, dtype=np.uint8)
    classes[2:-2, 2:-2, 2:-2] = fill
    named = {"neither": NEITHER, "removable": REMOVABLE, "visible": VISIBLE}
    for name, block in blocks.items():
        classes[block] = named[name]
    return classes


def _anatomy(*structures: Structure) -> Anatomy:
    return make_anatomy({str(s.key): s for s in structures})


NOBODY = _anatomy(a_structure("skin"))


def test_all_that_no_forceps_reaches_stays_seen_or_not() -> None:
    found = _map(np.array([NEITHER, REMOVABLE, VISIBLE, BOTH, OUTSIDE], np.uint8).reshape(5, 1, 1))
    assert found.residual.ravel().tolist() == [True, False, True, False, False]


@settings(max_examples=40)
@given(values=st.lists(st.integers(0, 4), min_size=2, max_size=30).filter(lambda v: min(v) < 4))
def test_the_four_shares_add_up_to_one(values: list[int]) -> None:
    found = _map(np.array(values, dtype=np.uint8).reshape(-1, 1, 1))
    shares = [found.share(c) for c in (NEITHER, REMOVABLE, VISIBLE, BOTH)]
    assert sum(shares) == pytest.approx(1)
    assert found.share(REMOVABLE, BOTH) == pytest.approx(shares[1] + shares[3])
    # what stays is what is not reached
    of_fragment = sum(v != OUTSIDE for v in values)
    assert found.residual.sum() == pytest.approx((1 - shares[1] - shares[3]) * of_fragment)


def test_where_all_is_reached_nothing_is_said() -> None:
    assert describe_residual(NOBODY, a_level(), _map(_classes(BOTH))) is None
    assert describe_residual(NOBODY, a_level(), _map(_classes(REMOVABLE))) is None


@pytest.mark.parametrize("spacing", [0.5, 1.0, 2.0])
def test_the_volume_that_stays_scales_as_a_volume(spacing: float) -> None:
    block = (slice(2, 5), slice(2, 4), slice(2, 4))
    found = describe_residual(NOBODY, a_level(), _map(_classes(neither=block), spacing_mm=spacing))
    assert found is not None
    assert found.volume_mm3 == found.largest_mm3 == pytest.approx(12 * spacing**3)
    assert found.pieces == 1


def test_of_two_pieces_the_larger_says_the_place() -> None:
    classes = _classes(
        neither=(slice(2, 3), slice(2, 3), slice(2, 3)),
        visible=(slice(7, 9), slice(5, 7), slice(2, 6)),
    )
    found = describe_residual(NOBODY, a_level(), _map(classes, low=(10, 20, 30)))
    assert found is not None
    assert (found.pieces, found.volume_mm3, found.largest_mm3) == (2, 17.0, 16.0)
    assert found.centroid_lps_mm == pytest.approx((17.5, 25.5, 33.5))


def test_voxels_that_touch_at_a_corner_are_one_piece() -> None:
    classes = _classes()
    classes[3, 3, 3] = classes[4, 4, 4] = NEITHER
    found = describe_residual(NOBODY, a_level(), _map(classes))
    assert found is not None
    assert found.pieces == 1


def test_what_is_not_assessed_has_no_distance() -> None:
    found = describe_residual(NOBODY, a_level(), _map(_classes(NEITHER)))
    assert found is not None
    assert found.distances_mm == {EXITING: None, TRAVERSING: None, SAC: None}


@pytest.mark.parametrize("gap", [1.0, 2.5, 6.0])
def test_the_gap_to_a_nerve_runs_from_voxel_middle_to_its_face(gap: float) -> None:
    # one voxel stays, at (5, 5, 3); the sac begins that far beside its middle
    classes = _classes()
    classes[5, 5, 3] = NEITHER
    low = 5 + gap + 0.5
    sac = a_structure(SAC, a_block((low, 1, -1), (low + 4, 9, 7)))
    found = describe_residual(_anatomy(sac), a_level(), _map(classes))
    assert found is not None
    assert found.distances_mm[SAC] == pytest.approx(gap)


def test_inside_a_nerve_the_gap_is_negative_by_the_deepest_voxel() -> None:
    classes = _classes()
    classes[5, 5, 3] = classes[5, 5, 4] = NEITHER
    root = a_structure(TRAVERSING, a_block((1, 1, 2), (9, 9, 8)))
    found = describe_residual(_anatomy(root), a_level(), _map(classes))
    assert found is not None
    # 1.5 and 2.5 mm above its lower face at 1.5 mm
    assert found.distances_mm[TRAVERSING] == pytest.approx(-2.5)


def test_only_the_largest_piece_is_measured() -> None:
    classes = _classes(visible=(slice(2, 4), slice(2, 4), slice(2, 4)))
    classes[8, 6, 4] = NEITHER
    sac = a_structure(SAC, a_block((10, 1, -1), (14, 9, 7)))
    found = describe_residual(_anatomy(sac), a_level(), _map(classes))
    assert found is not None
    # from x = 3 to the face at 9.5; the lone voxel at x = 8 is nearer and not meant
    assert found.distances_mm[SAC] == pytest.approx(6.5, abs=0.01)


@pytest.mark.parametrize(
    ("side", "names"),
    [
        (Side.LEFT, {"exiting_root:L4:left", "traversing_root:L5:left", "dural_sac"}),
        (Side.RIGHT, {"exiting_root:L4:right", "traversing_root:L5:right", "dural_sac"}),
    ],
)
def test_the_nerves_of_the_asked_side_are_named(side: Side, names: set[str]) -> None:
    found = describe_residual(NOBODY, a_level(side), _map(_classes(NEITHER)))
    assert found is not None
    assert set(found.distances_mm) == names


def test_in_a_mirror_place_and_names_are_mirrored_and_no_number_changes() -> None:
    classes = _classes(neither=(slice(2, 5), slice(3, 6), slice(2, 4)))
    region = a_block((11, 2, 0), (13, 6, 6))
    here = describe_residual(_anatomy(a_structure(EXITING, region)), a_level(), _map(classes))
    flipped = _map(classes[::-1], low=(-(SHAPE[0] - 1), 0, 0))
    name = EXITING.replace("left", "right")
    patient = _anatomy(a_structure(name, mirrored(region)))
    there = describe_residual(patient, a_level(Side.RIGHT), flipped)
    assert here is not None
    assert there is not None
    x, y, z = here.centroid_lps_mm
    assert there.centroid_lps_mm == pytest.approx((-x, y, z))
    assert there.distances_mm[name] == pytest.approx(here.distances_mm[EXITING])
    assert there.volume_mm3 == here.volume_mm3


def _shifted(region: LabelMap, shift: NDArray[np.float64]) -> LabelMap:
    affine = region.lps_from_ijk.copy()
    affine[:3, 3] += shift
    return LabelMap(region.values, affine, region.frame_id)


def test_a_patient_that_lies_elsewhere_keeps_its_distances() -> None:
    shift = np.array([100.0, -40, 7])
    classes = _classes(neither=(slice(2, 5), slice(3, 6), slice(2, 4)))
    region = a_block((11, 2, 0), (13, 6, 6))
    here = describe_residual(_anatomy(a_structure(SAC, region)), a_level(), _map(classes))
    moved = _anatomy(a_structure(SAC, _shifted(region, shift)))
    there = describe_residual(moved, a_level(), _map(classes, low=shift))
    assert here is not None
    assert there is not None
    assert there.distances_mm[SAC] == pytest.approx(here.distances_mm[SAC])
    assert there.centroid_lps_mm == pytest.approx(np.add(here.centroid_lps_mm, shift))
