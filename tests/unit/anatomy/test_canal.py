"""The canal of a spine of boxes is known to the millimetre."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import (
    CANAL_DEPTH,
    CENTRES,
    GRID,
    PEDICLE_Z,
    WALL,
    box_bones,
    with_bone,
    without_pedicles,
)

from kambin.anatomy import BonyAnatomy, Origin
from kambin.anatomy.canal import (
    CanalCurve,
    discs_on_grid,
    find_canal,
    find_canal_space,
    model_canal,
    occupied_by_bone_or_disc,
    region_on_grid,
)

HALF_WIDTH = (9.0 + 10.5) / 2


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


@pytest.fixture(scope="module")
def its_canal(a_spine_of_boxes) -> CanalCurve:
    curve = find_canal(a_spine_of_boxes)
    assert curve is not None
    return curve


@pytest.mark.parametrize("vertebra", ["L2", "L3", "L4", "L5"])
def test_the_section_at_the_pedicles_is_the_one_that_was_built(its_canal, vertebra):
    at = its_canal.at_plane(np.array([0, 0, CENTRES[vertebra] + PEDICLE_Z]), np.array([0, 0, 1.0]))

    assert its_canal.half_width_mm[at] == pytest.approx(HALF_WIDTH, abs=0.1)
    assert its_canal.half_depth_mm[at] == pytest.approx(CANAL_DEPTH / 2, abs=0.5)
    assert its_canal.centres_lps_mm[at, 1] == pytest.approx(WALL + CANAL_DEPTH / 2, abs=0.5)


def test_behind_a_disc_the_canal_starts_at_the_posterior_disc_margin(its_canal):
    at = its_canal.at_plane(np.array([0, 0, (37.0 + 0.0) / 2]), np.array([0, 0, 1.0]))

    front = its_canal.centres_lps_mm[at, 1] - its_canal.half_depth_mm[at]
    assert front == pytest.approx(WALL, abs=0.6)


def test_the_axes_of_every_section_are_orthonormal_and_point_left_and_back(its_canal):
    left, back = its_canal.left_lps, its_canal.posterior_lps

    np.testing.assert_allclose((left * left).sum(axis=1), 1.0, atol=1e-9)
    np.testing.assert_allclose((left * back).sum(axis=1), 0.0, atol=1e-9)
    assert (left[:, 0] > 0.9).all()
    assert (back[:, 1] > 0.5).all()


def test_the_curve_runs_from_cranial_to_caudal_beyond_both_ends(its_canal):
    z = its_canal.centres_lps_mm[:, 2]

    assert (np.diff(z) < 0).all()
    assert z[0] > CENTRES["L2"] + PEDICLE_Z + 10
    assert z[-1] < CENTRES["S1"] + PEDICLE_Z - 10


def test_the_nearest_curve_point_is_found(its_canal):
    target = its_canal.centres_lps_mm[33]

    assert its_canal.nearest(target + 0.1) == 33


def test_without_a_lamina_the_depth_of_the_literature_is_used(a_spine_of_boxes):
    def remove_every_lamina(labels: np.ndarray) -> None:
        labels[35:86, 90:] = 0

    curve = find_canal(with_bone(a_spine_of_boxes, remove_every_lamina))

    assert curve is not None
    at = curve.at_plane(np.array([0, 0, CENTRES["L4"] + PEDICLE_Z]), np.array([0, 0, 1.0]))
    assert 2 * curve.half_depth_mm[at] == pytest.approx(16.9, abs=0.1)


def test_a_depth_beyond_belief_is_limited(a_spine_of_boxes):
    def move_the_lamina_back(labels: np.ndarray) -> None:
        labels[40:81, 90:102] = 0
        labels[40:81, 102:] = np.where(labels[40:81, 102:] == 0, 1, labels[40:81, 102:])

    curve = find_canal(with_bone(a_spine_of_boxes, move_the_lamina_back))

    assert curve is not None
    assert 2 * curve.half_depth_mm.max() == pytest.approx(24.0, abs=0.1)


def test_fewer_than_two_vertebrae_with_pedicles_give_no_canal(a_spine_of_boxes):
    assert find_canal(without_pedicles(a_spine_of_boxes, "L2", "L3", "L4", "L5")) is None


def test_a_disc_without_frame_is_passed_over(a_spine_of_boxes, its_canal):
    curve = find_canal(replace(a_spine_of_boxes, disc_frames={}))

    assert curve is not None
    assert np.abs(curve.centres_lps_mm[:, 0]).max() < 1e-6
    assert abs(len(curve.centres_lps_mm) - len(its_canal.centres_lps_mm)) < 5


def test_the_canal_holds_neither_bone_nor_disc(a_spine_of_boxes, its_canal):
    canal = model_canal(find_canal_space(a_spine_of_boxes, its_canal))

    inside = region_on_grid(canal, GRID)
    assert canal.origin is Origin.MODELLED
    assert inside.any()
    assert not (inside & occupied_by_bone_or_disc(a_spine_of_boxes)).any()


def test_ellipses_fill_their_area(a_spine_of_boxes, its_canal):
    half_width = np.full(len(its_canal.centres_lps_mm), 7.0)
    half_depth = np.full(len(its_canal.centres_lps_mm), 5.0)

    space = find_canal_space(a_spine_of_boxes, its_canal)
    inside = space.to_mask(space.inside(half_width, half_depth))

    middle = int(np.rint(GRID.ijk([0, 0, 37.0])[2]))
    assert inside[:, :, middle].sum() == pytest.approx(np.pi * 7 * 5, rel=0.05)


def test_the_discs_of_all_levels_are_on_the_grid(a_spine_of_boxes):
    discs = discs_on_grid(a_spine_of_boxes)

    middle = np.rint(GRID.ijk([0, 0, 18.5])).astype(int)
    assert discs[tuple(middle)]
    assert not (discs & (a_spine_of_boxes.bone.labels > 0)).any()


def test_in_the_sacrum_the_canal_follows_the_free_way_and_narrows(a_spine_of_boxes, its_canal):
    """Straight on it would end as a strand between what bone leaves of its sections."""

    def close_the_front_and_the_sides(labels: np.ndarray) -> None:
        z = slice(None, int(GRID.ijk([0, 0, its_canal.centres_lps_mm[-1, 2] + 20.0])[2]))
        front, back = (int(GRID.ijk([0, y, 0])[1]) for y in (WALL, WALL + CANAL_DEPTH / 2))
        labels[:, front : back + 1, z] = len(CENTRES)
        labels[:, back + 1 : back + 14, z] = 0
        for side in (slice(40, 53), slice(68, 81)):
            labels[side, back + 1 : back + 14, z] = len(CENTRES)

    bony = with_bone(a_spine_of_boxes, close_the_front_and_the_sides)
    curve = find_canal(bony)
    assert curve is not None

    moved = curve.centres_lps_mm[-1, 1] - its_canal.centres_lps_mm[-1, 1]
    assert 2.0 < moved <= 16.0
    assert curve.half_width_mm[-1] < its_canal.half_width_mm[-1]
    space = find_canal_space(bony, curve)
    last = space.inside(curve.half_width_mm, curve.half_depth_mm) & (
        np.abs(space.nearest - len(curve.half_width_mm) + 4) <= 2
    )
    assert (~space.is_blocked[last]).mean() > 0.7
