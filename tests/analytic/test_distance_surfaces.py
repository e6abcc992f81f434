"""Surfaces made without the field code agree with the fields, and with exact shapes."""

import nibabel
import numpy as np
import pytest

from kambin.frames import LPS_FROM_RAS
from kambin.imaging import (
    Grid,
    LabelMap,
    crop_region,
    extract_surface,
    segment_surface_clearance,
    signed_distance,
    surface_distance,
)

L4, DISC_L4_L5 = 28, 204


@pytest.fixture(scope="module")
def the_atlas(shared_data) -> LabelMap:
    image = nibabel.load(shared_data / "atlas_vhp_male" / "vhp_male_lumbar_labels_1mm.nii.gz")
    labels = np.asarray(image.dataobj).astype(np.int16)
    return LabelMap(labels, LPS_FROM_RAS @ image.affine, "atlas").canonical()


def grid_around(region: LabelMap, margin_mm: float = 6.0) -> Grid:
    low, high = region.bounds_lps_mm()
    return Grid.around(
        low - margin_mm,
        high + margin_mm,
        spacing_mm=0.75,
        anchor_lps_mm=low,
        frame_id=region.frame_id,
    )


@pytest.fixture(scope="module")
def the_vertebra(the_atlas):
    """L4 of the atlas: its region, field and surface."""
    region = crop_region(the_atlas, {L4})
    return region, signed_distance(region, grid_around(region)), extract_surface(region)


def points_near(field, count: int, reach_mm: float) -> np.ndarray:
    rng = np.random.default_rng(11)
    nodes = np.argwhere(np.abs(field.values) < reach_mm)
    return nodes[rng.integers(0, len(nodes), count)] * 0.75 + field.grid.origin_lps_mm


def test_field_and_surface_of_a_real_vertebra_agree(the_vertebra) -> None:
    _, field, surface = the_vertebra
    points = points_near(field, 4000, 15.0)
    difference = np.abs(surface_distance(points, surface) - field.sample(points))
    assert (difference < 0.3).mean() >= 0.999
    assert difference.mean() < 0.06


def test_field_and_surface_of_a_real_disc_agree(the_atlas) -> None:
    region = crop_region(the_atlas, {DISC_L4_L5})
    field = signed_distance(region, grid_around(region))
    points = points_near(field, 3000, 12.0)
    difference = np.abs(surface_distance(points, extract_surface(region)) - field.sample(points))
    assert (difference < 0.3).mean() >= 0.95


def test_the_mirrored_vertebra_has_the_mirrored_field(the_vertebra) -> None:
    region, field, _ = the_vertebra
    grid = field.grid
    affine = np.array(region.lps_from_ijk)
    affine[0, 3] = -(affine[0, 3] + affine[0, 0] * (region.shape[0] - 1))
    twin = Grid(
        np.array([-grid.high_lps_mm[0], *grid.origin_lps_mm[1:]]), 0.75, grid.shape, grid.frame_id
    )
    mirrored = signed_distance(LabelMap(region.values[::-1], affine, region.frame_id), twin)
    assert np.abs(mirrored.values[::-1] - field.values).max() <= 1e-4
    assert mirrored.slope == pytest.approx(field.slope, abs=1e-4)


def test_the_surface_keeps_the_volume_of_a_real_vertebra(the_vertebra) -> None:
    region, _, surface = the_vertebra
    assert surface.volume_mm3 == pytest.approx(float(region.values.sum()), rel=0.02)


def test_straight_paths_have_the_same_clearance_both_ways(the_vertebra) -> None:
    _, field, surface = the_vertebra
    low, high = field.grid.origin_lps_mm, field.grid.high_lps_mm
    rng = np.random.default_rng(5)
    places = np.linspace(0.0, 1.0, 400)[:, None]
    for start, end in rng.uniform(low, high, (40, 2, 3)):
        gap, point = segment_surface_clearance(start, end, surface)
        by_field = field.sample(start + places * (end - start)).min()
        assert gap == pytest.approx(by_field, abs=0.35)
        assert abs(field.sample(point[None])[0]) < 0.3


@pytest.mark.parametrize("spacing_mm", [0.75, 1.5])
def test_the_surface_of_a_ball_is_a_ball(spacing_mm) -> None:
    count = int(40 / spacing_mm)
    axis = (np.arange(count) - (count - 1) / 2.0) * spacing_mm
    x, y, z = np.meshgrid(axis, axis + 0.21, axis - 0.13, indexing="ij")
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [axis[0], axis[0] + 0.21, axis[0] - 0.13]
    inside = (x**2 + y**2 + z**2 <= 15.0**2).astype(np.uint8)
    surface = extract_surface(LabelMap(inside, affine, "frame"))
    points = np.random.default_rng(2).uniform(-18.0, 18.0, (2000, 3))
    error = surface_distance(points, surface) - (np.linalg.norm(points, axis=1) - 15.0)
    assert np.abs(error).mean() <= 0.12 * spacing_mm
    assert np.abs(error).max() <= 0.55 * spacing_mm
