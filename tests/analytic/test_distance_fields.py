"""The error of signed distance fields on shapes whose distance is known exactly.

The bars are those of the design, in voxels of the label, over |distance| <= 8 mm and several
random places and oblique directions.
"""

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from kambin.imaging import (
    Field,
    Grid,
    LabelMap,
    Volume,
    signed_distance,
    signed_distance_from_fractions,
)

BAND_MM = 8.0
SUBSAMPLES = 6
OBLIQUE_DEG = 15.0


@dataclass(frozen=True)
class Shape:
    """A slab, cylinder or ball: half thickness or radius; its normal or axis is turn[:, 0]."""

    size_mm: float
    axes: int

    def distance(self, points: np.ndarray, centre: np.ndarray, turn: np.ndarray) -> np.ndarray:
        away = points - centre
        along = away @ turn[:, 0]
        squares = {1: along**2, 2: (away**2).sum(axis=-1) - along**2, 3: (away**2).sum(axis=-1)}
        return np.sqrt(np.maximum(squares[self.axes], 0.0)) - self.size_mm


SLAB, CYLINDER, BALL = Shape(3.0, 1), Shape(8.0, 2), Shape(15.0, 3)


def a_random_turn(rng: np.random.Generator) -> np.ndarray:
    """A rotation whose first axis is oblique: no voxel axis is nearer than 15 degrees.

    A face that is nearly axis-aligned has steps of many voxels, which no smoothing of one
    voxel can see; such faces have their own bar.
    """
    while True:
        turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        if np.abs(turn[:, 0]).max() < np.cos(np.radians(OBLIQUE_DEG)):
            return turn


def put_on_voxels(distance, spacing_mm: float, half_mm: float, *, fractional: bool):
    """Sample a shape at voxel centres, or average it over each voxel's box."""
    count = int(np.ceil(2.0 * half_mm / spacing_mm)) + 1
    axis = (np.arange(count) - (count - 1) / 2.0) * spacing_mm
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = axis[0]
    centres = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1)
    gaps = distance(centres)
    if not fractional:
        return LabelMap((gaps <= 0.0).astype(np.uint8), affine, "frame")
    share = (gaps <= 0.0).astype(np.float32)
    cut = np.abs(gaps) < 0.9 * spacing_mm
    steps = ((np.arange(SUBSAMPLES) + 0.5) / SUBSAMPLES - 0.5) * spacing_mm
    offsets = np.stack(np.meshgrid(steps, steps, steps, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = distance(centres[cut][:, None] + offsets) <= 0.0
    share[cut] = inside.mean(axis=1)
    return Volume(share, affine, "frame")


@cache
def measure_errors(
    shape: Shape,
    spacing_mm: float,
    *,
    fractional: bool = False,
    aligned: bool = False,
    places: int = 3,
    seed: int = 7,
) -> tuple[np.ndarray, list[Field]]:
    """Signed errors in voxels, all places together, and the fields."""
    rng = np.random.default_rng(seed)
    half = 14.0 if shape.axes < 3 else shape.size_mm + 6.0
    errors, fields = [], []
    for _ in range(places):
        turn = np.eye(3) if aligned else a_random_turn(rng)
        centre = rng.uniform(-0.5, 0.5, 3) * spacing_mm

        def distance(points, turn=turn, centre=centre):
            return shape.distance(points, centre, turn)

        voxels = put_on_voxels(distance, spacing_mm, half + 6.0, fractional=fractional)
        grid = Grid.around(
            [-half] * 3, [half] * 3, spacing_mm=0.75, anchor_lps_mm=rng.random(3), frame_id="frame"
        )
        make = signed_distance_from_fractions if fractional else signed_distance
        field = make(voxels, grid)
        nodes = np.stack(np.meshgrid(*grid.axes_mm(), indexing="ij"), axis=-1)
        true = distance(nodes)
        near = np.abs(true) <= BAND_MM
        errors.append((field.values - true)[near] / spacing_mm)
        fields.append(field)
    return np.concatenate(errors), fields


BINARY = [
    *[pytest.param(SLAB, s, id=f"slab {s} mm") for s in (0.75, 1.0, 1.5)],
    *[pytest.param(CYLINDER, s, id=f"cylinder {s} mm") for s in (0.75, 1.5, 3.0)],
    *[pytest.param(BALL, s, id=f"ball {s} mm") for s in (0.75, 1.5, 3.0)],
]


@pytest.mark.parametrize(("shape", "spacing_mm"), BINARY)
def test_the_error_from_labels_is_a_fraction_of_a_voxel(shape, spacing_mm) -> None:
    errors, fields = measure_errors(shape, spacing_mm)
    size = np.abs(errors)
    assert size.mean() <= 0.12
    assert np.quantile(size, 0.95) <= 0.27
    assert size.max() <= 0.55
    assert np.sqrt((errors**2).mean()) * spacing_mm <= max(f.sigma_mm for f in fields)


@pytest.mark.parametrize(
    ("shape", "spacings_mm"),
    [(SLAB, (1.5, 0.75)), (CYLINDER, (3.0, 1.5, 0.75)), (BALL, (3.0, 1.5, 0.75))],
)
def test_the_error_shrinks_in_millimetres_with_the_voxel(shape, spacings_mm) -> None:
    means = [np.abs(measure_errors(shape, s)[0]).mean() * s for s in spacings_mm]
    assert all(fine < 0.7 * coarse for coarse, fine in itertools.pairwise(means))


@pytest.mark.parametrize(("shape", "spacing_mm"), BINARY)
def test_the_error_from_fractions_is_a_twentieth_of_a_voxel(shape, spacing_mm) -> None:
    errors, fields = measure_errors(shape, spacing_mm, fractional=True, places=2)
    size = np.abs(errors)
    assert size.mean() <= 0.05
    assert size.max() <= 0.15
    assert np.sqrt((errors**2).mean()) * spacing_mm <= fields[0].sigma_mm


@pytest.mark.parametrize("spacing_mm", [0.75, 1.0, 3.0])
def test_an_axis_aligned_face_is_off_by_at_most_half_a_voxel(spacing_mm) -> None:
    errors, _ = measure_errors(SLAB, spacing_mm, aligned=True)
    assert np.abs(errors).max() <= 0.5


@pytest.mark.parametrize("spacing_mm", [1.0, 3.0])
@pytest.mark.parametrize("voxels", [1.5, 2.0, 2.5])
def test_a_thin_slab_does_not_vanish_and_says_its_error(spacing_mm, voxels) -> None:
    errors, fields = measure_errors(Shape(voxels * spacing_mm / 2.0, 1), spacing_mm)
    assert all((field.values < 0.0).any() for field in fields)
    sigma = np.mean([field.sigma_mm for field in fields]) / spacing_mm
    assert np.sqrt((errors**2).mean()) <= sigma
    assert np.quantile(np.abs(errors), 0.95) <= 2.0 * sigma


@pytest.mark.parametrize("spacing_mm", [1.0, 2.0, 3.0])
def test_a_small_ball_does_not_vanish_and_says_its_error(spacing_mm) -> None:
    errors, fields = measure_errors(Shape(4.0, 3), spacing_mm, places=6)
    assert all((field.values < 0.0).any() for field in fields)
    sigma = np.mean([field.sigma_mm for field in fields]) / spacing_mm
    assert np.sqrt((errors**2).mean()) <= 1.1 * sigma
    assert np.quantile(np.abs(errors), 0.95) <= 2.0 * sigma


def test_the_largest_slope_is_measured_and_is_near_one() -> None:
    for shape in (SLAB, CYLINDER, BALL):
        _, fields = measure_errors(shape, 1.0, places=1)
        values = fields[0].values.astype(float)
        along = max(np.abs(np.diff(values, axis=a)).max() for a in range(3)) / 0.75
        assert along <= fields[0].slope + 1e-6
        assert 0.99 <= fields[0].slope <= 1.2


def test_mirroring_a_shape_and_its_grid_mirrors_the_field() -> None:
    rng = np.random.default_rng(3)
    turn, centre = a_random_turn(rng), rng.random(3)

    def distance(points):
        return CYLINDER.distance(points, centre, turn)

    region = put_on_voxels(distance, 1.0, 18.0, fractional=False)
    affine = np.array(region.lps_from_ijk)
    affine[0, 3] += 1.37
    region = LabelMap(region.values, affine, "frame")
    grid = Grid.around(
        [-12] * 3, [12] * 3, spacing_mm=0.75, anchor_lps_mm=rng.random(3), frame_id="frame"
    )
    twin_affine = affine.copy()
    twin_affine[0, 3] = -(affine[0, 3] + (region.shape[0] - 1))
    twin_grid = Grid(
        grid.origin_lps_mm * [0, 1, 1] - grid.high_lps_mm * [1, 0, 0], 0.75, grid.shape, "frame"
    )
    straight = signed_distance(region, grid)
    mirrored = signed_distance(LabelMap(region.values[::-1], twin_affine, "frame"), twin_grid)
    assert np.abs(mirrored.values[::-1] - straight.values).max() <= 1e-4
