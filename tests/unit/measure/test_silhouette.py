"""Looking along a trajectory: the axes of the picture, the tangent plane, the outlines of boxes."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_disc

from kambin.anatomy import Anatomy, Structure
from kambin.core import AnatomyError
from kambin.frames import Side, direction_from_angles
from kambin.knowledge import values
from kambin.measure.silhouette import LineOfSight, Picture, look_along, see

VIEWS = [(0.0, 0.0), (30.0, 0.0), (45.0, -10.0), (60.0, 20.0), (90.0, 0.0)]
DEPTH_MM = 36.0


def sight_of(
    anatomy: Anatomy, theta: float, phi: float, side: Side = Side.LEFT
) -> tuple[LineOfSight, Structure]:
    """The line of sight at a pair of angles, and the disc."""
    disc = anatomy.require("disc:L4-L5")
    return look_along(at_disc(anatomy, side), theta, phi, disc, DEPTH_MM), disc


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
def test_the_picture_has_three_axes_at_right_angles(
    a_spine_of_boxes: Anatomy, theta: float, phi: float
) -> None:
    sight, _ = sight_of(a_spine_of_boxes, theta, phi)
    axes = np.stack([sight.lateral, sight.upward, sight.outward])
    assert axes @ axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert sight.outward == pytest.approx(direction_from_angles(theta, phi))
    # Level: nothing of the picture's horizontal points up or down.
    assert sight.lateral[2] == 0.0
    assert sight.upward[2] >= 0.0
    assert (sight.axial_inclination_deg, sight.craniocaudal_deg) == (theta, phi)


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
@pytest.mark.parametrize("side", list(Side))
def test_points_come_back_from_the_picture(
    a_spine_of_boxes: Anatomy, side: Side, theta: float, phi: float
) -> None:
    sight, _ = sight_of(a_spine_of_boxes, theta, phi, side)
    places = np.random.default_rng(3).uniform(-40, 40, (20, 3))
    assert sight.lps_mm(sight.picture_mm(places)) == pytest.approx(places)
    # Two numbers lie on the plane itself.
    flat = sight.lps_mm(places[:, :2])
    assert sight.picture_mm(flat)[:, :2] == pytest.approx(places[:, :2])
    assert sight.picture_mm(flat)[:, 2] == pytest.approx(np.zeros(20), abs=1e-9)


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
def test_the_plane_touches_the_disc_and_leaves_all_of_it_behind(
    a_spine_of_boxes: Anatomy, theta: float, phi: float
) -> None:
    sight, disc = sight_of(a_spine_of_boxes, theta, phi)
    voxels = disc.region.lps_mm(np.argwhere(disc.region.values != 0))
    out = sight.picture_mm(voxels[voxels[:, 0] >= 0])[:, 2]
    assert out.max() < 0.3
    # Half a voxel along each axis lies between its centre and the corner it belongs to.
    assert out.max() > -(np.abs(sight.outward).sum() / 2 + 0.3)


@pytest.mark.parametrize(("theta", "place_mm"), [(0.0, 17.0), (90.0, 22.0)])
def test_straight_views_touch_the_faces_of_the_disc(
    a_spine_of_boxes: Anatomy, theta: float, place_mm: float
) -> None:
    sight, _ = sight_of(a_spine_of_boxes, theta, 0.0)
    assert sight.origin_mm @ sight.outward == pytest.approx(place_mm, abs=0.3)


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
def test_both_sides_see_the_same_of_a_symmetric_disc(
    a_spine_of_boxes: Anatomy, theta: float, phi: float
) -> None:
    left, _ = sight_of(a_spine_of_boxes, theta, phi, Side.LEFT)
    right, _ = sight_of(a_spine_of_boxes, theta, phi, Side.RIGHT)
    assert right.outward == pytest.approx(left.outward)
    # Right of the midline the pedicle lies elsewhere; the plane is the same.
    assert right.origin_mm @ right.outward == pytest.approx(left.origin_mm @ left.outward, abs=0.1)
    point = np.array([[30.0, 5.0, 3.0]])
    out = left.picture_mm(point)[0, 2], right.picture_mm(point * [-1, 1, 1])[0, 2]
    assert out[0] == pytest.approx(out[1], abs=0.1)


def test_a_view_needs_frame_and_side(a_spine_of_boxes: Anatomy) -> None:
    disc = a_spine_of_boxes.require("disc:L4-L5")
    with pytest.raises(AnatomyError, match="AN-304"):
        look_along(at_disc(replace(a_spine_of_boxes, disc_frames={})), 0.0, 0.0, disc, DEPTH_MM)
    with pytest.raises(AnatomyError, match="no side"):
        look_along(at_disc(a_spine_of_boxes, None), 0.0, 0.0, disc, DEPTH_MM)


# Silhouettes


def edges_of(
    anatomy: Anatomy, name: str, theta: float = 0.0, from_mm: float = 0.0, depth_mm: float = 36.0
) -> tuple[LineOfSight, Picture]:
    """The picture of one structure."""
    site = at_disc(anatomy)
    disc = anatomy.require("disc:L4-L5")
    sight = look_along(site, theta, 0.0, disc, depth_mm)
    return sight, see(site, sight, (anatomy.require(name),), from_mm=from_mm)


def test_the_pixels_cover_the_whole_picture(a_spine_of_boxes: Anatomy) -> None:
    _, picture = edges_of(a_spine_of_boxes, "sap:L5:left")
    a0, a1, b0, b1 = values("measure.window_picture_mm")
    assert (picture.lateral_mm[0], picture.upward_mm[0]) == (a0, b0)
    assert picture.lateral_mm[-1] == pytest.approx(a1, abs=0.75)
    assert picture.upward_mm[-1] == pytest.approx(b1, abs=0.75)
    assert picture.filled.shape == (len(picture.lateral_mm), len(picture.upward_mm))
    assert 0.0 <= picture.filled.min() < picture.filled.max() <= 1.0


def test_the_outline_of_a_box_from_behind_is_its_rectangle(a_spine_of_boxes: Anatomy) -> None:
    sight, picture = edges_of(a_spine_of_boxes, "sap:L5:left")
    origin = sight.origin_mm
    top = picture.top_edge_mm() + origin[2]
    inside = np.isfinite(top)
    x = picture.lateral_mm[inside] + origin[0]
    assert (x.min(), x.max()) == (pytest.approx(12, abs=0.75), pytest.approx(20, abs=0.75))
    assert np.median(top[inside]) == pytest.approx(3.0, abs=0.2)
    lateral = picture.lateral_edge_mm() + origin[0]
    assert np.nanmedian(lateral) == pytest.approx(20.0, abs=0.2)


def test_from_the_side_one_sees_how_deep_a_box_is(build_spine: SpineBuilder) -> None:
    anatomy = build_spine(sap__L5__left=((30, 38, 22, 33, -12, 3),))
    sight, picture = edges_of(anatomy, "sap:L5:left", theta=90.0)
    # At a right angle the picture runs forward: lateral of it is toward the front.
    assert sight.lateral == pytest.approx([0.0, -1.0, 0.0], abs=1e-12)
    seen = picture.lateral_mm[np.isfinite(picture.top_edge_mm())]
    y = sight.origin_mm[1] - seen
    assert (y.min(), y.max()) == (pytest.approx(22, abs=0.75), pytest.approx(33, abs=0.75))


@pytest.mark.parametrize(
    ("from_mm", "depth_mm", "is_seen"),
    [(0.0, 36.0, True), (0.0, 8.0, False), (0.0, 12.0, True), (18.0, 36.0, False)],
)
def test_only_what_lies_in_the_depth_of_the_view_is_seen(
    a_spine_of_boxes: Anatomy, from_mm: float, depth_mm: float, is_seen: bool
) -> None:
    # From behind the plane lies at y = 17 and the process from 27 to 33.
    _, picture = edges_of(a_spine_of_boxes, "sap:L5:left", 0.0, from_mm, depth_mm)
    assert bool((picture.filled >= 0.5).any()) is is_seen


def test_two_structures_are_seen_together(a_spine_of_boxes: Anatomy) -> None:
    site = at_disc(a_spine_of_boxes)
    parts = tuple(a_spine_of_boxes.require(n) for n in ("sap:L5:left", "iap:L4:left"))
    sight = look_along(site, 0.0, 0.0, a_spine_of_boxes.require("disc:L4-L5"), DEPTH_MM)
    one, two = (see(site, sight, (part,)).filled for part in parts)
    assert see(site, sight, parts).filled == pytest.approx(np.maximum(one, two))


def test_a_part_is_seen_as_far_as_its_whole_bone_goes(a_spine_of_boxes: Anatomy) -> None:
    site = at_disc(a_spine_of_boxes)
    part, bone = (a_spine_of_boxes.require(n) for n in ("sap:L5:left", "vertebra:L5"))
    sight = look_along(site, 0.0, 0.0, a_spine_of_boxes.require("disc:L4-L5"), DEPTH_MM)
    alone, within = see(site, sight, (part,)), see(site, sight, (part,), whole=bone)
    # Nothing appears where the part is not, and its free top stays where it was.
    assert not (within.filled[alone.filled == 0] > 0.5).any()
    assert np.nanmedian(within.top_edge_mm()) == pytest.approx(
        np.nanmedian(alone.top_edge_mm()), abs=0.2
    )


# Edges of a picture

ALONG = np.arange(5, dtype=float)


@pytest.mark.parametrize(
    ("row", "edge"),
    [
        ([0, 0, 0, 0, 0], math.nan),
        ([1, 0, 0, 0, 0], 0.5),
        ([0, 1, 1, 0, 0], 2.5),
        ([0, 1, 0, 1, 0], 3.5),
        ([0, 0.5, 0, 0, 0], 1.0),
        ([0, 0.49, 0, 0, 0], math.nan),
        ([0, 0.75, 0.25, 0, 0], 1.5),
        ([0, 1.0, 0.25, 0, 0], 1 + 2 / 3),
        ([1, 1, 1, 1, 1], 4.0),
    ],
)
def test_an_edge_is_where_a_row_is_left_for_the_last_time(row: list[float], edge: float) -> None:
    across = np.zeros(1)
    columns = Picture(across, ALONG, np.array([row], dtype=float)).top_edge_mm()
    rows = Picture(ALONG, across, np.array([row], dtype=float).T).lateral_edge_mm()
    assert columns == pytest.approx([edge], nan_ok=True)
    assert rows == pytest.approx([edge], nan_ok=True)
