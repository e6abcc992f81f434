"""Properties of the coordinates, rays and rows that every quantity is made of."""

import json
import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kambin.anatomy.fragment_lattice import sample_region
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.measure import QUANTITIES, Quantity, Reading
from kambin.measure.site import SideView, first_crossing_mm

coordinates = st.floats(-200, 200)
points = arrays(np.float64, (5, 3), elements=coordinates)
sides = st.sampled_from(list(Side))


@st.composite
def frames(draw: st.DrawFn) -> RigidTransform:
    """Any rigid motion, as the product of three turns."""
    turned = RigidTransform("patient", "patient", np.eye(4))
    for axis in range(3):
        a, b = [i for i in range(3) if i != axis]
        turn_rad = draw(st.floats(-math.pi, math.pi))
        c, s = math.cos(turn_rad), math.sin(turn_rad)
        axes = np.eye(3)
        axes[a, a], axes[a, b], axes[b, a], axes[b, b] = c, -s, s, c
        origin = [draw(coordinates) for _ in range(3)]
        turned = turned @ RigidTransform.from_axes("patient", "patient", axes, origin)
    return turned


@given(frame=frames(), side=sides, places=points)
def test_a_side_view_comes_back(frame: RigidTransform, side: Side, places: np.ndarray) -> None:
    view = SideView(frame, side)
    np.testing.assert_allclose(view.local_mm(view.lps_mm(places)), places, atol=1e-9)


@given(frame=frames(), places=points)
def test_the_two_side_views_differ_by_the_sign_of_lateral_only(
    frame: RigidTransform, places: np.ndarray
) -> None:
    left, right = (SideView(frame, side).lps_mm(places) for side in Side)
    swapped = SideView(frame, Side.LEFT).lps_mm(places * [-1.0, 1.0, 1.0])
    np.testing.assert_allclose(right, swapped, atol=1e-9)
    np.testing.assert_allclose(
        np.linalg.norm(left - frame.origin_mm, axis=1),
        np.linalg.norm(right - frame.origin_mm, axis=1),
        atol=1e-9,
    )


@given(frame=frames(), side=sides, places=points)
def test_a_side_view_keeps_distances(frame: RigidTransform, side: Side, places: np.ndarray) -> None:
    moved = SideView(frame, side).lps_mm(places)
    np.testing.assert_allclose(
        np.linalg.norm(np.diff(moved, axis=0), axis=1),
        np.linalg.norm(np.diff(places, axis=0), axis=1),
        atol=1e-9,
    )


@given(values=arrays(np.float64, (4, 30), elements=st.floats(0, 1)))
def test_the_first_crossing_lies_before_the_first_filled_sample(values: np.ndarray) -> None:
    along = np.arange(30) * 0.25
    found = first_crossing_mm(values, along)
    for row, place in zip(values, found, strict=True):
        inside = np.flatnonzero(row >= 0.5)
        if len(inside):
            first = inside[0]
            assert along[max(first - 1, 0)] <= place <= along[first]
        else:
            assert math.isnan(place)


@given(values=arrays(np.float64, (3, 12), elements=st.floats(0, 1)), shift=st.floats(-50, 50))
def test_a_shifted_ray_is_crossed_shifted(values: np.ndarray, shift: float) -> None:
    along = np.arange(12) * 0.5
    here, there = first_crossing_mm(values, along), first_crossing_mm(values, along + shift)
    np.testing.assert_allclose(there - shift, here, atol=1e-9, equal_nan=True)


@given(
    values=arrays(np.uint8, (5, 6, 4), elements=st.integers(0, 1)),
    places=arrays(np.float64, (7, 3), elements=st.floats(-3, 9)),
)
def test_sampled_labels_lie_between_0_and_1_and_mirror_with_the_array(
    values: np.ndarray, places: np.ndarray
) -> None:
    found = sample_region(LabelMap(values, np.eye(4), "patient"), places)
    # weights that add up to one do so but for rounding
    assert ((found >= 0) & (found <= 1 + 1e-9)).all()
    mirrored = LabelMap(np.ascontiguousarray(values[::-1]), np.eye(4), "patient")
    other = places.copy()
    other[:, 0] = 4 - other[:, 0]
    np.testing.assert_allclose(sample_region(mirrored, other), found, atol=1e-9)


@given(values=arrays(np.uint8, (4, 4, 4), elements=st.integers(0, 5)))
def test_at_a_voxel_centre_the_sampled_label_is_the_label(values: np.ndarray) -> None:
    region = LabelMap(values, np.diag([2.0, 3.0, 1.0, 1.0]), "patient")
    centres = region.lps_mm(np.argwhere(np.ones_like(values)))
    np.testing.assert_allclose(sample_region(region, centres), (values != 0).ravel(), atol=1e-9)


@given(
    value=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    uncertainty=st.none() | st.floats(0, 1e3),
    side=st.none() | sides,
    place=st.none() | arrays(np.float64, 3, elements=coordinates),
)
def test_every_row_becomes_plain_json(
    value: float | None, uncertainty: float | None, side: Side | None, place: np.ndarray | None
) -> None:
    kind = QUANTITIES["foramen_area"]
    reading = Reading(value, uncertainty, point_lps_mm=place)
    row = Quantity("L4-L5", side, kind.name, kind.unit, kind.method, kind.source, reading, None)
    document = row.as_document()
    assert json.loads(json.dumps(document)) == document
    assert document["value"] == value == row.value
    assert document["uncertainty"] == uncertainty == row.uncertainty
    assert document["side"] == (None if side is None else side.value)
