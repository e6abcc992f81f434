"""Grids, crops, planes and projections: every voxel keeps its place in the patient."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kambin.core import InputError
from kambin.frames import LPS_FROM_RAS, Side, nearest_axes, orientation_code
from kambin.imaging import (
    Field,
    Grid,
    LabelMap,
    Plane,
    Surface,
    Volume,
    crop_region,
    crop_regions,
    project,
    region_from_mask,
    reslice,
    reslice_labels,
    surface_distance,
    tube_distance,
)

MIRROR = np.array([-1.0, 1.0, 1.0])
CORNERS = st.tuples(*[st.floats(-80, 80)] * 3).map(np.array)
SIZES = st.tuples(*[st.floats(0, 40)] * 3).map(np.array)
SPACINGS = st.sampled_from([0.5, 0.7, 1.0, 2.5])
SHAPES = st.tuples(*[st.integers(1, 6)] * 3)
MASKS = SHAPES.flatmap(lambda shape: arrays(bool, shape)).filter(lambda mask: mask.any())


@st.composite
def affines(draw) -> np.ndarray:
    """An affine of any of the 48 orders, with three spacings and an origin."""
    order = draw(st.permutations(range(3)))
    affine = np.zeros((4, 4))
    for ijk, lps in enumerate(order):
        affine[lps, ijk] = draw(st.sampled_from([-1.0, 1.0])) * draw(SPACINGS)
    affine[:3, 3] = draw(CORNERS)
    affine[3, 3] = 1.0
    return affine


@given(CORNERS, SIZES, SPACINGS, CORNERS)
def test_a_grid_holds_its_box_with_a_node_at_the_anchor(low, size, spacing, anchor):
    grid = Grid.around(low, low + size, spacing_mm=spacing, anchor_lps_mm=anchor, frame_id="f")
    assert (grid.origin_lps_mm <= low + 1e-6).all()
    assert (grid.high_lps_mm >= low + size - 1e-6).all()
    steps = grid.ijk(anchor)
    assert steps == pytest.approx(np.round(steps), abs=1e-6)
    # Never more than one node of room on either side.
    assert (grid.origin_lps_mm > low - 2 * spacing).all()
    assert (grid.high_lps_mm < low + size + 2 * spacing).all()


@given(CORNERS, SIZES, SPACINGS, CORNERS)
def test_the_grid_of_the_mirrored_box_is_the_mirrored_grid(low, size, spacing, anchor):
    high = low + size
    options = {"spacing_mm": spacing, "frame_id": "f"}
    here = Grid.around(low, high, anchor_lps_mm=anchor, **options)
    low_twin, high_twin = (np.array([-b[0], a[1], a[2]]) for a, b in ((low, high), (high, low)))
    there = Grid.around(low_twin, high_twin, anchor_lps_mm=anchor * MIRROR, **options)
    assert there.shape == here.shape
    assert there.origin_lps_mm[0] == pytest.approx(-here.high_lps_mm[0], abs=1e-9)


@given(affines(), SHAPES)
def test_indices_and_places_undo_each_other(affine, shape):
    volume = Volume(np.zeros(shape, dtype=np.float32), affine, "f")
    ijk = np.argwhere(np.ones(shape, dtype=bool))
    assert volume.ijk(volume.lps_mm(ijk)) == pytest.approx(ijk, abs=1e-9)
    low, high = volume.bounds_lps_mm()
    places = volume.lps_mm(ijk)
    assert low == pytest.approx(places.min(axis=0))
    assert high == pytest.approx(places.max(axis=0))


@given(affines(), SHAPES)
def test_a_canonical_array_keeps_every_voxel_at_its_place(affine, shape):
    values = np.arange(np.prod(shape), dtype=np.int32).reshape(shape)
    stored = LabelMap(values, affine, "f")
    lying = stored.canonical()
    assert orientation_code(lying.lps_from_ijk) == "LPS"
    ijk = np.argwhere(np.ones(shape, dtype=bool))
    found = np.rint(lying.ijk(stored.lps_mm(ijk))).astype(int)
    assert (lying.values[tuple(found.T)] == values[tuple(ijk.T)]).all()


@given(affines())
def test_the_letters_of_an_affine_are_those_of_its_axes(affine):
    code = orientation_code(affine)
    assert sorted("LPS".find(c) if c in "LPS" else "RAI".find(c) for c in code) == [0, 1, 2]
    other = orientation_code(LPS_FROM_RAS @ affine)
    swap = str.maketrans("LRAP", "RLPA")
    assert other == code.translate(swap)
    assert [axis for axis, _ in nearest_axes(affine)] == [
        int(np.abs(affine[:3, k]).argmax()) for k in range(3)
    ]


@given(MASKS, affines(), st.integers(0, 4))
def test_a_crop_keeps_the_places_of_its_voxels(mask, affine, margin):
    like = LabelMap(mask.astype(np.uint8), affine, "f")
    region = region_from_mask(mask, like, margin)
    here = like.lps_mm(np.argwhere(mask))
    there = region.lps_mm(np.argwhere(region.values))
    assert there == pytest.approx(here)
    assert set(np.unique(region.values)) <= {0, 1}
    assert all(a <= b for a, b in zip(region.shape, mask.shape, strict=True))


@given(MASKS)
def test_a_crop_without_margin_is_tight(mask):
    region = region_from_mask(mask, LabelMap(mask.astype(np.uint8), np.eye(4), "f"), 0)
    for axis in range(3):
        planes = region.values.any(axis=tuple(a for a in range(3) if a != axis))
        assert planes[0]
        assert planes[-1]


@given(arrays(np.uint8, (4, 4, 4), elements=st.integers(0, 3)), st.sets(st.integers(1, 3)))
def test_a_set_of_labels_is_the_union_of_its_members(values, wanted):
    labels = LabelMap(values, np.eye(4), "f")
    inside = np.isin(values, list(wanted))
    if not inside.any():
        with pytest.raises(InputError, match="IN-040"):
            crop_region(labels, wanted)
    else:
        assert crop_region(labels, wanted, 9).values.astype(bool).tolist() == inside.tolist()


@given(
    arrays(np.int16, (4, 5, 6), elements=st.sampled_from([0, 0, 0, 1, 2, 9])),
    affines(),
    st.integers(0, 4),
)
def test_all_structures_at_once_are_those_cut_one_by_one(values, affine, margin_voxels):
    labels = LabelMap(values, affine, "f")
    regions = crop_regions(labels, margin_voxels)
    assert list(regions) == sorted(set(values.ravel().tolist()) - {0})
    for value, region in regions.items():
        alone = crop_region(labels, value, margin_voxels)
        assert region.values.tolist() == alone.values.tolist()
        assert region.lps_from_ijk.tobytes() == alone.lps_from_ijk.tobytes()
        assert region.frame_id == alone.frame_id


@given(affines(), SHAPES)
def test_the_projections_of_all_orders_are_the_same(affine, shape):
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    stored = Volume(values, affine, "f")
    for view in ("ap", "lateral"):
        one, other = project(stored, view), project(stored.canonical(), view)
        np.testing.assert_array_equal(one.values, other.values)
        np.testing.assert_allclose(one.origin_lps_mm, other.origin_lps_mm)


@given(st.floats(-180, 180), st.floats(-80, 80), CORNERS)
def test_pixels_undo_the_points_of_any_plane(yaw, pitch, centre):
    a, b = np.radians([yaw, pitch])
    right = np.array([np.cos(a), np.sin(a), 0.0])
    down = np.array([-np.sin(a) * np.sin(b), np.cos(a) * np.sin(b), -np.cos(b)])
    plane = Plane(centre, right, down, 6.0, 4.0, 1.0)
    pixels = plane.pixels(plane.points_lps_mm())
    rows, columns = plane.shape
    assert pixels[..., 0] == pytest.approx(
        np.repeat(np.arange(rows)[:, None], columns, 1), abs=1e-9
    )
    assert pixels[..., 1] == pytest.approx(np.repeat(np.arange(columns)[None], rows, 0), abs=1e-9)
    assert pixels[..., 2] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("axes", list(itertools.permutations(np.eye(3), 2)))
def test_a_picture_along_the_axes_shows_the_voxels_themselves(axes):
    values = np.arange(5**3, dtype=np.int16).reshape(5, 5, 5)
    plane = Plane(np.full(3, 2.0), axes[0], axes[1], 5.0, 5.0, 1.0)
    at = np.rint(plane.points_lps_mm()).astype(int)
    expected = values[at[..., 0], at[..., 1], at[..., 2]]
    np.testing.assert_array_equal(reslice_labels(LabelMap(values, np.eye(4), "f"), plane), expected)
    volume = Volume(values.astype(np.float32), np.eye(4), "f")
    np.testing.assert_allclose(reslice(volume, plane, -1.0), expected)


@pytest.mark.parametrize(("away", "inside"), [(0.49, True), (0.51, False)])
def test_a_voxel_ends_half_a_voxel_beyond_its_centre(away, inside):
    plane = Plane([-away, 0, 0], [1.0, 0, 0], [0, 1.0, 0], 1.0, 1.0, 1.0)
    labels = LabelMap(np.full((2, 2, 2), 5, dtype=np.uint8), np.eye(4), "f")
    assert (reslice_labels(labels, plane) == 5).all() == inside
    volume = Volume(labels.values.astype(np.float32), np.eye(4), "f")
    assert (reslice(volume, plane, -7.0) == (5.0 if inside else -7.0)).all()


@given(
    st.lists(st.tuples(*[st.floats(-4, 4)] * 3), min_size=1, max_size=4),
    st.floats(0, 3),
)
def test_a_tube_is_no_further_than_its_balls(points, radius):
    grid = Grid(np.full(3, -5.0), 2.5, (5, 5, 5), "f")
    field = tube_distance(points, radius, grid)
    nodes = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), axis=-1)
    balls = np.min([np.linalg.norm(nodes - np.array(p), axis=-1) for p in points], axis=0) - radius
    assert (field.values <= balls + 1e-3).all()


@given(arrays(np.float32, (3, 4, 5), elements=st.floats(-9, 9, width=32)))
def test_a_field_is_its_own_values_at_the_nodes(values):
    grid = Grid(np.array([1.0, 2.0, 3.0]), 0.5, (3, 4, 5), "f")
    field = Field.measured(grid, values, 0.1)
    nodes = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), axis=-1).reshape(-1, 3)
    assert field.sample(nodes) == pytest.approx(values.ravel(), abs=1e-5)
    assert field.slope >= np.abs(np.diff(values, axis=0)).max() / 0.5 - 1e-3


@given(CORNERS, st.tuples(*[st.floats(-20, 20)] * 3))
def test_distances_to_a_box_are_exact_wherever_it_lies(shift, point):
    a, b, c = 4.0, 3.0, 2.0
    corners = np.array(list(itertools.product((-a, a), (-b, b), (-c, c))))
    faces = [
        *((0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1)),
        *((2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)),
    ]
    surface = Surface(corners + shift, np.array(faces), "f")
    assert surface.volume_mm3 == pytest.approx(8 * a * b * c)
    beyond = np.abs(point) - [a, b, c]
    assume(np.abs(beyond).min() > 1e-3)
    expected = np.linalg.norm(np.maximum(beyond, 0)) + min(beyond.max(), 0)
    found = surface_distance([np.array(point) + shift], surface)
    assert found == pytest.approx([expected], abs=1e-6)


@pytest.mark.parametrize("side", Side)
def test_a_point_towards_a_side_has_that_side_in_the_letters(side):
    affine = np.diag([side.lateral_sign_lps, 1.0, 1.0, 1.0])
    assert orientation_code(affine)[0] == side.letter
