"""The brush: a ball in millimetres of the patient, whatever the voxels are like."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.anatomy.fragment_brush import MOST_POINTS, Painted, Stroke, paint
from kambin.core import RequestError
from kambin.imaging import LabelMap
from kambin.knowledge import values


def grid(spacing: tuple[float, float, float] = (1.0, 1.0, 1.0), n: int = 24) -> LabelMap:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = -np.array(spacing) * (n - 1) / 2
    return LabelMap(np.zeros((n, n, n), np.uint8), affine, "patient")


def whole(labels: LabelMap, *strokes: Stroke, before: np.ndarray | None = None) -> np.ndarray:
    was = None if before is None else Painted.of(before)
    return paint(labels, strokes, was).as_mask(labels)


def near(labels: LabelMap, points: np.ndarray, radius_mm: float) -> np.ndarray:
    """Plain oracle: voxels whose middle is this near to a dense row of points."""
    lps = labels.lps_mm(np.argwhere(np.ones(labels.shape, bool)))
    away = np.min([np.linalg.norm(lps - p, axis=1) for p in points], axis=0)
    return (away <= radius_mm + 1e-6).reshape(labels.shape)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (0.7, 0.7, 2.0), (2.0, 0.5, 1.0)])
@pytest.mark.parametrize("radius_mm", [1.5, 3.0, 5.2])
def test_one_touch_is_a_ball_in_millimetres_on_any_voxels(
    spacing: tuple[float, float, float], radius_mm: float
) -> None:
    labels = grid(spacing)
    middle = (0.3, -0.4, 0.7)
    found = whole(labels, Stroke((middle,), radius_mm))
    assert (found == near(labels, np.array([middle]), radius_mm)).all()


def test_a_stroke_leaves_no_gap_between_two_points() -> None:
    labels = grid()
    ends = np.array([[-6.0, -5.0, 2.0], [7.0, 4.0, -3.0]])
    row = ends[0] + np.linspace(0, 1, 4001)[:, None] * (ends[1] - ends[0])
    found = whole(labels, Stroke(tuple(map(tuple, ends)), 2.5))
    assert (found == near(labels, row, 2.5)).all()


def test_erasing_takes_away_and_what_comes_later_counts() -> None:
    labels = grid()
    ball, bite = Stroke(((0.0, 0.0, 0.0),), 5.0), Stroke(((4.0, 0.0, 0.0),), 3.0, erases=True)
    one, two = whole(labels, ball), near(labels, np.array([[4.0, 0, 0]]), 3.0)
    assert (whole(labels, ball, bite) == (one & ~two)).all()
    # the other way round there is nothing to take away yet
    assert (whole(labels, bite, ball) == one).all()


def test_painting_goes_on_with_what_was_there_and_leaves_it_as_it_was() -> None:
    labels = grid()
    before = near(labels, np.array([[-5.0, 0, 0]]), 3.0)
    kept = before.copy()
    found = whole(labels, Stroke(((5.0, 0.0, 0.0),), 3.0), before=before)
    assert (found == (before | near(labels, np.array([[5.0, 0, 0]]), 3.0))).all()
    assert (before == kept).all()
    assert (whole(labels, before=before) == before).all()


def test_at_the_border_of_the_image_a_ball_is_cut_and_beyond_it_nothing_is() -> None:
    labels = grid()
    corner = labels.bounds_lps_mm()[1]
    found = whole(labels, Stroke((tuple(corner),), 4.0))
    assert (found == near(labels, corner[None], 4.0)).all()
    with pytest.raises(RequestError) as refused:
        whole(labels, Stroke((tuple(corner + 9.0),), 4.0))
    assert refused.value.code == "RQ-086"


def test_what_is_all_erased_is_refused() -> None:
    labels = grid()
    where = ((0.0, 0.0, 0.0),)
    with pytest.raises(RequestError) as refused:
        whole(labels, Stroke(where, 3.0), Stroke(where, 4.0, erases=True))
    assert refused.value.code == "RQ-086"
    with pytest.raises(RequestError):
        whole(labels)


@given(
    st.lists(st.tuples(*[st.floats(-8, 8)] * 3), min_size=1, max_size=4),
    st.floats(0.5, 6.0),
    st.booleans(),
)
def test_a_mirrored_patient_is_painted_mirrored(
    points: list[tuple[float, float, float]], radius_mm: float, erases: bool
) -> None:
    labels = grid((1.0, 0.8, 1.2), n=16)
    before = near(labels, np.zeros((1, 3)), 4.0)
    stroke = Stroke(tuple(points), radius_mm, erases)
    other = Stroke(tuple((-x, y, z) for x, y, z in points), radius_mm, erases)
    one = paint(labels, [stroke], Painted.of(before))
    two = paint(labels, [other], Painted.of(before[::-1]))
    assert (_spread(one, labels) == _spread(two, labels)[::-1]).all()


def _spread(painted: Painted, labels: LabelMap) -> np.ndarray:
    found = np.zeros(labels.shape, bool)
    box = tuple(slice(a, a + n) for a, n in zip(painted.first, painted.mask.shape, strict=True))
    found[box] = painted.mask
    return found


def test_the_region_of_a_painted_shape_lies_where_it_was_painted() -> None:
    labels = grid((0.7, 0.9, 1.1))
    found = paint(labels, [Stroke(((2.0, -3.0, 1.0),), 3.0)])
    region = found.as_region(labels)
    middle = region.lps_mm(np.argwhere(region.values > 0)).mean(axis=0)
    assert middle == pytest.approx([2.0, -3.0, 1.0], abs=0.3)
    assert region.values.size < labels.values.size / 4


@pytest.mark.parametrize(
    ("points", "radius_mm"),
    [
        ((), 3.0),
        (((0.0, 0.0, np.nan),), 3.0),
        (((0.0, np.inf, 0.0),), 3.0),
        (((0.0, 0.0),), 3.0),
        (((0.0, 0.0, 0.0),) * (MOST_POINTS + 1), 3.0),
        (((0.0, 0.0, 0.0),), 0.0),
        (((0.0, 0.0, 0.0),), -1.0),
        (((0.0, 0.0, 0.0),), np.nan),
        (((0.0, 0.0, 0.0),), np.inf),
        (((0.0, 0.0, 0.0),), values("herniation.brush_radius_range_mm")[1] + 0.1),
    ],
)
def test_what_is_no_stroke_is_refused(
    points: tuple[tuple[float, ...], ...], radius_mm: float
) -> None:
    with pytest.raises(RequestError) as refused:
        Stroke(points, radius_mm)  # type: ignore[arg-type]
    assert refused.value.code == "RQ-085"
