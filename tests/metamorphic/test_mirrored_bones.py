"""Mirror the patient: left and right change places and nothing else."""

from pathlib import Path

import numpy as np
import pytest
from tests.differential.real_spines import ct, ct_bones, mirrored, other_side

from kambin.anatomy import BonyAnatomy
from kambin.anatomy.completion import complete_bones
from kambin.frames import Side

EXACT_MM = 1e-9


@pytest.fixture(scope="module")
def both(shared_data: Path) -> tuple[BonyAnatomy, BonyAnatomy]:
    return ct_bones(shared_data), complete_bones(mirrored(ct(shared_data)))


def mirror_mm(bony: BonyAnatomy, points_lps_mm: np.ndarray) -> np.ndarray:
    low, high = bony.labels.bounds_lps_mm()
    flipped = np.array(points_lps_mm, dtype=np.float64)
    flipped[..., 0] = low[0] + high[0] - flipped[..., 0]
    return flipped


def test_the_working_grid_is_mirrored_node_by_node(both: tuple[BonyAnatomy, BonyAnatomy]) -> None:
    one, other = both
    assert one.working_grid.shape == other.working_grid.shape
    high = mirror_mm(one, one.working_grid.high_lps_mm)
    assert high[0] == pytest.approx(other.working_grid.origin_lps_mm[0], abs=EXACT_MM)
    assert np.array_equal(one.bone.labels, other.bone.labels[::-1])


def test_the_frames_are_mirrored(both: tuple[BonyAnatomy, BonyAnatomy]) -> None:
    one, other = both
    flip = np.diag([-1.0, 1.0, 1.0])
    assert set(one.vertebra_frames) == set(other.vertebra_frames)
    for name, frame in one.vertebra_frames.items():
        twin = other.vertebra_frames[name]
        for a, b in (
            (frame.lps_from_vertebra, twin.lps_from_vertebra),
            (frame.upper_plate, twin.upper_plate),
            (frame.lower_plate, twin.lower_plate),
        ):
            assert mirror_mm(one, a.origin_mm) == pytest.approx(b.origin_mm, abs=EXACT_MM)
            assert flip @ a.rotation @ flip == pytest.approx(b.rotation, abs=EXACT_MM)
        for side in Side:
            assert frame.pedicles[side] == pytest.approx(twin.pedicles[side.opposite], abs=EXACT_MM)


def test_the_discs_are_mirrored(both: tuple[BonyAnatomy, BonyAnatomy]) -> None:
    one, other = both
    for level, disc in one.disc_frames.items():
        twin = other.disc_frames[level]
        assert mirror_mm(one, disc.lps_from_disc.origin_mm) == pytest.approx(
            twin.lps_from_disc.origin_mm, abs=EXACT_MM
        )
        assert disc.height_mm == pytest.approx(twin.height_mm, abs=EXACT_MM)
        assert disc.half_width_mm == pytest.approx(twin.half_width_mm, abs=EXACT_MM)


def test_every_structure_is_mirrored_voxel_by_voxel(both: tuple[BonyAnatomy, BonyAnatomy]) -> None:
    one, other = both
    assert {other_side(key) for key in one.structures} == set(other.structures)
    for key, structure in one.structures.items():
        twin = other.structures[other_side(key)]
        assert np.array_equal(structure.region.values, twin.region.values[::-1]), str(key)
        assert structure.sigma_mm == twin.sigma_mm
        assert structure.origin is twin.origin
