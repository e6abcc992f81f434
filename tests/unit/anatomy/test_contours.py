"""Drawn contours in any direction, at the limits of a stack, and on other grids."""

import numpy as np
import pytest

from kambin.anatomy.fragment_contours import fill_contours
from kambin.core import RequestError
from kambin.imaging import LabelMap
from kambin.knowledge import value

AXES = {"axial": (0, 1, 2), "coronal": (2, 0, 1), "sagittal": (1, 2, 0)}


def grid_of(spacing_mm: float = 1.0, half_mm: float = 16.0) -> LabelMap:
    count = round(2 * half_mm / spacing_mm) + 1
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -half_mm
    return LabelMap(np.zeros((count,) * 3, np.uint8), affine, "patient")


@pytest.fixture(scope="module")
def a_cube() -> LabelMap:
    return grid_of()


def ring(radius_mm: float, height_mm: float, count: int = 24) -> np.ndarray:
    t = np.linspace(0, 2 * np.pi, count, endpoint=False)
    wave = [radius_mm * np.cos(t), radius_mm * np.sin(t), np.full(count, height_mm)]
    return np.stack(wave, axis=1)


def cylinder(heights: tuple[float, ...] = (-4.0, -2.0, 0.0, 2.0, 4.0)) -> list[np.ndarray]:
    return [ring(6.0, height) for height in heights]


def refused(contours: list[np.ndarray], grid: LabelMap) -> tuple[str, str]:
    with pytest.raises(RequestError) as caught:
        fill_contours(contours, grid)
    return caught.value.code, caught.value.why


def test_a_cylinder_reaches_half_a_gap_beyond_its_last_contours(a_cube: LabelMap) -> None:
    mask = fill_contours(cylinder(), a_cube)
    heights = a_cube.lps_mm(np.argwhere(mask))[:, 2]
    assert (heights.min(), heights.max()) == (-5.0, 5.0)
    for height in range(-4, 5):
        section = mask[:, :, 16 + height]
        assert section.sum() == pytest.approx(np.pi * 36, rel=0.04)


@pytest.mark.parametrize("plane", sorted(AXES))
def test_slices_may_lie_in_any_plane(a_cube: LabelMap, plane: str) -> None:
    order = AXES[plane]
    turned = [contour[:, order] for contour in cylinder()]
    one, other = fill_contours(cylinder(), a_cube), fill_contours(turned, a_cube)
    expected = np.transpose(one, order)
    assert (other ^ expected).sum() <= 0.02 * expected.sum()


@pytest.mark.parametrize("tilt_deg", [-45.0, 10.0, 45.0])
def test_oblique_slices_fill_the_same_volume(a_cube: LabelMap, tilt_deg: float) -> None:
    """At 45 degrees rounding decides which patient axis a plane's normal runs along most."""
    angle = np.radians(tilt_deg)
    turn = np.array(
        [[1, 0, 0], [0, np.cos(angle), -np.sin(angle)], [0, np.sin(angle), np.cos(angle)]]
    )
    turned = [contour @ turn.T for contour in cylinder()]
    assert fill_contours(turned, a_cube).sum() == pytest.approx(np.pi * 36 * 10, rel=0.06)


def test_a_mirrored_drawing_fills_the_mirrored_voxels(a_cube: LabelMap) -> None:
    shifted = [contour + np.array([3.0, 1.0, 0.0]) for contour in cylinder()]
    mirrored = [contour * [-1, 1, 1] for contour in shifted]
    one, other = fill_contours(shifted, a_cube), fill_contours(mirrored, a_cube)
    assert (one[::-1] ^ other).sum() <= 0.02 * one.sum()
    assert np.argwhere(one)[:, 0].mean() - np.argwhere(other)[:, 0].mean() == pytest.approx(
        6, abs=0.3
    )


@pytest.mark.parametrize("spacing_mm", [0.8, 1.0, 2.0])
def test_the_volume_does_not_depend_on_the_grid(spacing_mm: float) -> None:
    mask = fill_contours(cylinder(), grid_of(spacing_mm))
    assert mask.sum() * spacing_mm**3 == pytest.approx(np.pi * 36 * 10, rel=0.12)


def test_a_point_repeated_at_the_end_closes_nothing_twice(a_cube: LabelMap) -> None:
    closed = [np.vstack([contour, contour[:1]]) for contour in cylinder()]
    np.testing.assert_array_equal(fill_contours(closed, a_cube), fill_contours(cylinder(), a_cube))


def test_between_two_sizes_the_outline_lies_half_way(a_cube: LabelMap) -> None:
    mask = fill_contours([ring(4.0, -4.0), ring(8.0, 4.0)], a_cube)
    widths = [mask[:, 16, 16 + height].sum() for height in (-4, 0, 4)]
    assert widths == sorted(widths)
    assert widths[1] == pytest.approx(13, abs=1)


def test_two_outlines_in_one_slice_are_two_pieces(a_cube: LabelMap) -> None:
    apart = [
        ring(3.0, height) + np.array([x, 0.0, 0.0]) for height in (-2.0, 2.0) for x in (-6.0, 6.0)
    ]
    mask = fill_contours(apart, a_cube)
    assert not mask[16].any()
    assert mask[10, 16, 16]
    assert mask[22, 16, 16]


@pytest.mark.parametrize(("share", "accepted"), [(0.9, True), (1.1, False)])
def test_a_gap_is_bridged_up_to_its_limit(a_cube: LabelMap, share: float, accepted: bool) -> None:
    gap = share * value("herniation.contour_jump_mm")
    contours = cylinder((-gap / 2, gap / 2))
    if accepted:
        assert fill_contours(contours, a_cube)[16, 16, 16]
    else:
        assert refused(contours, a_cube) == ("RQ-083", f"Between two contours lie {gap:.1f} mm.")


@pytest.mark.parametrize(("share", "accepted"), [(0.8, True), (1.3, False)])
def test_a_shaky_hand_is_believed_up_to_its_limit(
    a_cube: LabelMap, share: float, accepted: bool
) -> None:
    shaky = cylinder()
    shaky[2] = shaky[2] + np.zeros_like(shaky[2])
    # A saddle, so that no tilted plane fits it better.
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    shaky[2][:, 2] += share * value("herniation.contour_flatness_mm") * np.cos(2 * t)
    if accepted:
        assert fill_contours(shaky, a_cube).any()
    else:
        code, why = refused(shaky, a_cube)
        assert code == "RQ-083"
        assert "off its plane" in why


@pytest.mark.parametrize(("share", "accepted"), [(0.9, True), (2.2, False)])
def test_planes_may_lean_against_each_other_up_to_a_limit(
    a_cube: LabelMap, share: float, accepted: bool
) -> None:
    angle = np.radians(share * value("herniation.contour_tilt_deg"))
    turn = np.array(
        [[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]]
    )
    leaning = [ring(4.0, -4.0), ring(4.0, 0.0) @ turn.T + np.array([0.0, 0.0, 4.0])]
    if accepted:
        assert fill_contours(leaning, a_cube).any()
    else:
        code, why = refused(leaning, a_cube)
        assert code == "RQ-083"
        assert "degrees apart" in why


@pytest.mark.parametrize(("share", "slices"), [(0.8, 1), (1.2, 2)])
def test_contours_of_nearly_one_height_are_one_slice(
    a_cube: LabelMap, share: float, slices: int
) -> None:
    near = cylinder((0.0, share * value("herniation.contour_same_mm")))
    if slices == 1:
        assert "one slice only" in refused(near, a_cube)[1]
    else:
        fill_contours([*near, ring(6.0, 2.0)], a_cube)


@pytest.mark.parametrize("same", [1, 2])
def test_a_contour_of_two_different_points_is_none(a_cube: LabelMap, same: int) -> None:
    point, other = np.array([[1.0, 2.0, 0.0]]), np.array([[5.0, 2.0, 0.0]])
    thin = np.vstack([np.repeat(point, same, axis=0), np.repeat(other, same, axis=0)])
    code, why = refused([thin, ring(6.0, 3.0)], a_cube)
    assert code == "RQ-083"
    assert "three different points" in why


@pytest.mark.parametrize("axis", range(3))
def test_a_drawing_across_the_border_is_cut_there(a_cube: LabelMap, axis: int) -> None:
    shift = np.zeros(3)
    shift[axis] = 16.0
    mask = fill_contours([contour + shift for contour in cylinder()], a_cube)
    whole = fill_contours(cylinder(), a_cube)
    assert mask.shape == a_cube.shape
    assert 0.4 < mask.sum() / whole.sum() < 0.65


def test_a_drawing_in_the_wrong_frame_is_refused_and_says_so(a_cube: LabelMap) -> None:
    code, _ = refused([contour + np.array([0.0, 200.0, 0.0]) for contour in cylinder()], a_cube)
    assert code == "RQ-084"
