"""Drafts of roots follow the rules of their level and the patient's pedicles."""

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import (
    CENTRES,
    PEDICLE_HEIGHT,
    PEDICLE_X,
    PEDICLE_Z,
    box_bones,
    without_pedicles,
)

from kambin.anatomy import BonyAnatomy, Level
from kambin.anatomy.canal import find_canal, find_canal_space
from kambin.anatomy.root_drafts import (
    DRAFT_SAMPLES,
    draft_exiting_root,
    draft_traversing_root,
    lay_curve,
    resample_evenly,
)
from kambin.anatomy.root_fit import fit_exiting_roots
from kambin.anatomy.root_places import (
    find_middle_of_foramen_mm,
    find_nominal_rule,
    find_take_off,
)
from kambin.anatomy.roots import find_obstacles
from kambin.anatomy.sac import DuralSac, complete_sac
from kambin.frames import Side
from kambin.knowledge import value

L4L5 = Level("L4", "L5")


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


@pytest.fixture(scope="module")
def its_sac(a_spine_of_boxes) -> DuralSac:
    curve = find_canal(a_spine_of_boxes)
    assert curve is not None
    return complete_sac(a_spine_of_boxes, find_canal_space(a_spine_of_boxes, curve))


@pytest.mark.parametrize("side", list(Side))
def test_an_exiting_root_winds_under_its_own_pedicle(a_spine_of_boxes, its_sac, side):
    draft = draft_exiting_root(a_spine_of_boxes, its_sac, L4L5, side)

    assert draft is not None
    assert str(draft.key) == f"exiting_root:L4:{side}"
    x = draft.points_lps_mm[:, 0] * side.lateral_sign_lps
    z = draft.points_lps_mm[:, 2]
    ganglion = draft.ganglion_radii_mm > 0
    lower_border = CENTRES["L4"] + PEDICLE_Z - PEDICLE_HEIGHT / 2
    assert (x > 0).all(), "it stays on its side"
    assert (np.diff(z) < 0).all(), "it only descends"
    assert lower_border < z[0] < CENTRES["L4"] + PEDICLE_Z
    assert (z[ganglion] < lower_border).any()
    medial_border = PEDICLE_X[side] - 4
    assert medial_border < x[ganglion].mean() < medial_border + 6


def test_the_ganglion_is_an_ellipsoid_of_the_size_of_the_literature(a_spine_of_boxes, its_sac):
    draft = draft_exiting_root(a_spine_of_boxes, its_sac, L4L5, Side.LEFT)

    assert draft is not None
    inside = draft.ganglion_radii_mm > 0
    length = np.linalg.norm(np.diff(draft.points_lps_mm[inside], axis=0), axis=1).sum()
    assert draft.ganglion_radii_mm.max() == pytest.approx(3.1, abs=0.1)
    assert length == pytest.approx(10.5, abs=1.4)


def test_the_root_grows_from_the_sac_to_its_ganglion(a_spine_of_boxes, its_sac):
    draft = draft_exiting_root(a_spine_of_boxes, its_sac, L4L5, Side.LEFT)

    assert draft is not None
    assert draft.radii_mm[0] == pytest.approx(0.7 * 5.13 / 2)
    assert draft.radii_mm[-1] == pytest.approx(5.13 / 2)
    assert (np.diff(draft.radii_mm) >= 0).all()
    assert (draft.needed_radii_mm >= draft.ganglion_radii_mm).all()


def test_beyond_the_foramen_the_lower_a_root_the_steeper_it_runs(a_spine_of_boxes, its_sac):
    for words, aside_deg in (("L3-L4", 25), ("L4-L5", 15.5)):
        draft = draft_exiting_root(a_spine_of_boxes, its_sac, Level.parse(words), Side.LEFT)
        assert draft is not None
        way = draft.points_lps_mm[-1] - draft.points_lps_mm[-20]
        assert np.degrees(np.arctan2(way[0], -way[2])) == pytest.approx(aside_deg, abs=0.5)
        assert way[1] / way[2] == pytest.approx(0.75, rel=0.03)


def test_l5_without_an_ala_in_the_labels_runs_as_the_roots_above(a_spine_of_boxes, its_sac):
    draft = draft_exiting_root(a_spine_of_boxes, its_sac, Level("L5", "S1"), Side.LEFT)

    assert draft is not None
    way = draft.points_lps_mm[-1] - draft.points_lps_mm[-20]
    assert np.degrees(np.arctan2(way[0], -way[2])) == pytest.approx(15.5, abs=0.5)


@pytest.mark.parametrize("side", list(Side))
def test_a_traversing_root_ends_where_the_exiting_root_begins(a_spine_of_boxes, its_sac, side):
    draft = draft_traversing_root(a_spine_of_boxes, its_sac, L4L5, side)

    assert draft is not None
    assert str(draft.key) == f"traversing_root:L5:{side}"
    np.testing.assert_allclose(
        draft.points_lps_mm[-1],
        find_take_off(a_spine_of_boxes, its_sac, Level("L5", "S1"), side),
        atol=1e-6,
    )
    disc_height = (CENTRES["L4"] + CENTRES["L5"]) / 2
    assert draft.points_lps_mm[0, 2] == pytest.approx(disc_height + 1, abs=1.0)


def test_the_s1_root_runs_down_medial_of_its_pedicle(a_spine_of_boxes, its_sac):
    draft = draft_traversing_root(a_spine_of_boxes, its_sac, Level("L5", "S1"), Side.RIGHT)

    assert draft is not None
    assert draft.points_lps_mm[-1, 2] == pytest.approx(CENTRES["S1"] + PEDICLE_Z - 14, abs=0.1)
    assert -draft.points_lps_mm[-1, 0] < PEDICLE_X[Side.RIGHT] - 4


def test_the_s1_ganglion_lies_in_the_sacral_canal_and_has_its_published_volume(
    a_spine_of_boxes, its_sac
):
    draft = draft_traversing_root(a_spine_of_boxes, its_sac, Level("L5", "S1"), Side.RIGHT)

    assert draft is not None
    inside = draft.ganglion_radii_mm
    steps = np.linalg.norm(np.diff(draft.points_lps_mm, axis=0), axis=1)
    volume = (np.pi * (inside[1:] ** 2 + inside[:-1] ** 2) / 2 * steps).sum()
    # Evidence 3.4, A16: 384 +- 145 mm3.
    assert volume == pytest.approx(384, rel=0.1)
    middle = draft.points_lps_mm[int(np.argmax(inside)), 2]
    assert middle == pytest.approx(CENTRES["S1"] + PEDICLE_Z - 6, abs=0.6)
    above = draft_traversing_root(a_spine_of_boxes, its_sac, L4L5, Side.RIGHT)
    assert above is not None
    assert not above.ganglion_radii_mm.any()


def test_without_a_pedicle_there_is_no_draft(a_spine_of_boxes, its_sac):
    bony = without_pedicles(a_spine_of_boxes, "L4", "L5", side=Side.LEFT)

    assert draft_exiting_root(bony, its_sac, L4L5, Side.LEFT) is None
    assert draft_traversing_root(bony, its_sac, L4L5, Side.LEFT) is None
    assert draft_exiting_root(bony, its_sac, L4L5, Side.RIGHT) is not None


def test_the_fitted_rule_leaves_no_less_room_than_the_nominal(a_spine_of_boxes, its_sac):
    nominal = draft_exiting_root(a_spine_of_boxes, its_sac, L4L5, Side.LEFT)
    assert nominal is not None
    room = find_obstacles(a_spine_of_boxes, [nominal]).room

    (fitted,) = fit_exiting_roots([nominal], its_sac, a_spine_of_boxes, room)

    def lack(draft) -> float:
        return float((draft.needed_radii_mm - room.sample(draft.points_lps_mm)).max())

    assert lack(fitted) <= lack(nominal)
    assert fitted.key == nominal.key


def test_both_sides_of_a_level_share_one_rule(a_spine_of_boxes, its_sac):
    pair = [draft_exiting_root(a_spine_of_boxes, its_sac, L4L5, side) for side in Side]
    drafts = [draft for draft in pair if draft is not None]
    room = find_obstacles(a_spine_of_boxes, drafts).room

    fitted = fit_exiting_roots(drafts, its_sac, a_spine_of_boxes, room)

    ways = [d.points_lps_mm[-1] - d.points_lps_mm[-20] for d in fitted]
    np.testing.assert_allclose(ways[0] * [-1, 1, 1], ways[1], atol=0.2)
    assert [d.key for d in fitted] == [d.key for d in drafts]


def test_the_nominal_rule_is_the_one_of_the_tables():
    rule = find_nominal_rule(Level("L5", "S1"))

    assert (rule.angle_deg, rule.drift, rule.behind_mm, rule.below_pedicle_mm) == (
        45.0,
        0.65,
        0.0,
        1.5,
    )


@pytest.mark.parametrize("side", list(Side))
def test_a_root_leaves_the_sac_at_the_published_height_beside_its_pedicle(
    a_spine_of_boxes, its_sac, side
):
    frames = a_spine_of_boxes.vertebra_frames
    start = find_take_off(a_spine_of_boxes, its_sac, L4L5, side)
    above = frames["L5"].upper_plate.inverse().points(start)[2]
    _, _, z, _, height = frames["L4"].pedicles[side]
    up = frames["L4"].lps_from_vertebra.inverse().points(start)[2]
    published = value("completion_nerve.takeoff_above_plate_mm")
    assert z - height / 2 < up <= z + 0.5
    # Where the pedicle stands higher than the published place, its border decides.
    assert above >= published - 0.5


def test_the_ganglion_lies_half_way_between_body_and_joint(a_spine_of_boxes):
    middle = find_middle_of_foramen_mm(a_spine_of_boxes, L4L5, Side.LEFT)
    low, high = (
        0.0,
        value("completion_nerve.drg_behind_wall_mm") + value("completion_nerve.drg_ray_mm"),
    )
    assert low < middle < high


def test_a_curve_passes_its_nodes_and_is_evenly_sampled():
    nodes = np.array([[0.0, 0, 0], [3, 0, -4], [8, -2, -6], [20, -10, -20]])

    points, at = lay_curve(nodes)

    steps = np.linalg.norm(np.diff(points, axis=0), axis=1)
    assert len(points) == DRAFT_SAMPLES
    assert steps.max() / steps.min() == pytest.approx(1.0, abs=0.05)
    assert at[0] == 0.0
    assert at[-1] == 1.0
    for node in nodes:
        assert np.linalg.norm(points - node, axis=1).min() < 0.4


def test_resampling_keeps_the_ends():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [10, 0, 0]])

    points = resample_evenly(line)

    np.testing.assert_allclose(points[[0, -1]], line[[0, -1]])
    np.testing.assert_allclose(np.diff(points[:, 0]), 10 / (DRAFT_SAMPLES - 1))
