"""Gaps between balls and voxels: against brute force, outside and inside, and balls along lines."""

import numpy as np
import pytest
from tests.unit.measure.sites import box_distance_mm

from kambin.anatomy import Origin, Structure, StructureKey, Tube
from kambin.imaging import LabelMap
from kambin.measure.nearness import nearest_gap_mm, surface_voxels_lps_mm
from kambin.measure.nerve_balls import BALL_STEP_MM, find_balls

BOX = (-5.0, 5.0, -4.0, 4.0, -6.0, 6.0)
KEY = StructureKey("disc", "L4-L5")


def boxed(spacing_mm: float = 1.0, tube: Tube | None = None) -> Structure:
    """A box as voxels, with a free rim."""
    counts = [int((b - a) / spacing_mm) + 4 for a, b in zip(BOX[::2], BOX[1::2], strict=True)]
    values = np.zeros(counts, dtype=np.uint8)
    values[2:-2, 2:-2, 2:-2] = 1
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = np.array(BOX[::2]) - 1.5 * spacing_mm
    return Structure(KEY, LabelMap(values, affine, "patient"), Origin.SEGMENTED, 0.3, tube)


def depth_mm(point: np.ndarray) -> float:
    """How deep a point lies in the box; negative outside."""
    low, high = np.array(BOX[::2]), np.array(BOX[1::2])
    inside = float(np.minimum(point - low, high - point).min())
    return inside if inside > 0 else -float(box_distance_mm(point, BOX))


def test_the_surface_is_what_has_a_free_neighbour() -> None:
    region = boxed().region
    rim = surface_voxels_lps_mm(region)
    assert len(rim) == 10 * 8 * 12 - 8 * 6 * 10
    depths = [depth_mm(point) for point in rim]
    assert depths == pytest.approx([0.5] * len(rim))


def test_a_full_array_is_surface_at_its_border() -> None:
    full = LabelMap(np.ones((3, 3, 3), dtype=np.uint8), np.eye(4), "patient")
    assert len(surface_voxels_lps_mm(full)) == 27 - 1


def test_an_empty_region_has_no_surface() -> None:
    empty = LabelMap(np.zeros((3, 3, 3), dtype=np.uint8), np.eye(4), "patient")
    assert surface_voxels_lps_mm(empty).shape == (0, 3)


@pytest.mark.parametrize(
    ("centre", "radius_mm", "gap_mm"),
    [
        ((10.5, 0.5, 0.5), 2.0, 3.5),
        ((0.5, 9.5, 0.5), 2.0, 3.5),
        ((0.5, 0.5, -11.5), 2.0, 3.5),
        ((7.0, 0.5, 0.5), 2.0, 0.0),
        ((5.0, 0.5, 0.5), 2.0, -2.0),
        ((3.0, 0.5, 0.5), 1.0, -3.0),
        ((0.5, 0.5, 0.5), 1.0, -4.5),
    ],
)
@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_a_ball_has_the_gap_of_a_box_outside_and_in(
    centre: tuple[float, ...], radius_mm: float, gap_mm: float, sign: float
) -> None:
    gap, place = nearest_gap_mm(sign * np.array([centre]), np.array([radius_mm]), boxed())
    assert gap == pytest.approx(gap_mm, abs=0.51)
    # The place is a voxel of the surface, or between several that are equally near.
    assert (np.abs(place) <= np.array(BOX[1::2])).all()


def test_random_balls_are_as_near_as_the_exact_distance_says() -> None:
    rng = np.random.default_rng(20)
    structure = boxed(0.5)
    for centre in rng.uniform(-14, 14, (60, 3)):
        gap, _ = nearest_gap_mm(centre[None], np.array([1.0]), structure)
        # The corner of a voxel lies further out than half its edge.
        assert gap == pytest.approx(-depth_mm(centre) - 1.0, abs=0.3)


def test_the_gap_falls_evenly_through_the_surface() -> None:
    structure = boxed()
    ways = np.arange(9.0, 2.0, -0.125)
    gaps = [nearest_gap_mm(np.array([[x, 0.5, 0.5]]), np.ones(1), structure)[0] for x in ways]
    assert np.array(gaps) == pytest.approx(ways - 6.0)


def test_the_gap_of_many_is_that_of_the_nearest() -> None:
    centres = np.array([[20.0, 0.5, 0.5], [9.5, 0.5, 0.5], [0.5, 30.0, 0.5]])
    radii = np.array([1.0, 1.5, 2.0])
    gap, place = nearest_gap_mm(centres, radii, boxed())
    assert gap == nearest_gap_mm(centres[1:2], radii[1:2], boxed())[0]
    assert gap == pytest.approx(3.0)
    assert place == pytest.approx([4.5, 0.5, 0.5])


def test_a_thick_far_ball_may_be_nearer_than_a_thin_near_one() -> None:
    centres = np.array([[9.5, 0.5, 0.5], [-15.5, 0.5, 0.5]])
    gap, place = nearest_gap_mm(centres, np.array([0.5, 9.0]), boxed())
    assert place[0] < 0
    assert gap == pytest.approx(1.5)


def test_balls_far_outside_the_array_are_outside() -> None:
    gap, _ = nearest_gap_mm(np.array([[500.0, 0.5, 0.5]]), np.array([1.0]), boxed())
    assert gap == pytest.approx(494.0)


def test_the_order_of_the_voxels_does_not_move_the_place() -> None:
    one = boxed()
    flipped = one.region.lps_from_ijk.copy()
    flipped[0, 0], flipped[0, 3] = -1.0, -flipped[0, 3]
    turned = LabelMap(np.ascontiguousarray(one.region.values[::-1]), flipped, "patient")
    two = Structure(KEY, turned, Origin.SEGMENTED, 0.3)
    # Opposite an edge between two voxels both are equally near.
    centres, radii = np.array([[9.0, 0.0, 0.0]]), np.array([1.0])
    gap, place = nearest_gap_mm(centres, radii, one)
    assert nearest_gap_mm(centres, radii, two)[0] == gap
    assert nearest_gap_mm(centres, radii, two)[1] == pytest.approx(place)
    assert np.abs(place[1:]) == pytest.approx([0.5, 0.5], abs=0.5)


# Balls along a nerve

BENT = Tube(np.array([[0.0, 0, 0], [3.0, 0, 0], [3.0, 4.0, 0]]), np.array([1.0, 2.0, 1.0]))


def test_balls_lie_on_the_line_at_even_steps() -> None:
    places, radii = find_balls(boxed(tube=BENT))
    assert len(places) == len(radii) == 7 / BALL_STEP_MM + 1
    assert (places[0], places[-1]) == (pytest.approx([0, 0, 0]), pytest.approx([3, 4, 0]))
    assert np.linalg.norm(np.diff(places, axis=0), axis=1).max() <= BALL_STEP_MM + 1e-9
    on_line = np.minimum(np.abs(places[:, 1]), np.abs(places[:, 0] - 3.0))
    assert on_line == pytest.approx(np.zeros(len(places)), abs=1e-9)


def test_radii_run_evenly_between_the_points() -> None:
    places, radii = find_balls(boxed(tube=BENT))
    at = {tuple(np.round(place, 6)): radius for place, radius in zip(places, radii, strict=True)}
    assert at[3.0, 0.0, 0.0] == pytest.approx(2.0)
    assert at[1.5, 0.0, 0.0] == pytest.approx(1.5)
    assert at[3.0, 2.0, 0.0] == pytest.approx(1.5)


def test_a_line_drawn_the_other_way_has_the_same_balls() -> None:
    back = Tube(BENT.points_lps_mm[::-1].copy(), BENT.radii_mm[::-1].copy())
    here, there = (find_balls(boxed(tube=tube)) for tube in (BENT, back))
    assert there[0][::-1] == pytest.approx(here[0])
    assert there[1][::-1] == pytest.approx(here[1])


def test_the_shortest_line_has_both_its_ends() -> None:
    short = Tube(np.array([[0.0, 0, 0], [0.1, 0, 0]]), np.array([1.0, 1.0]))
    places, _ = find_balls(boxed(tube=short))
    assert places[:, 0] == pytest.approx([0.0, 0.1])


def test_a_mask_is_one_ball_per_voxel() -> None:
    places, radii = find_balls(boxed(2.0))
    assert len(places) == 5 * 4 * 6
    assert set(radii.tolist()) == {1.0}
