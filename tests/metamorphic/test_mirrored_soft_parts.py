"""Mirror the patient: joints, segmental arteries and muscles change sides and nothing else."""

import numpy as np
import pytest
from tests.unit.anatomy.soft_bones import SOFT, soft_bones, soft_case, with_masks

from kambin.anatomy import Structure, StructureKey
from kambin.anatomy.completion import complete_bones, complete_soft_parts

Structures = dict[StructureKey, Structure]


def swapped(key: StructureKey) -> StructureKey:
    return StructureKey(key.kind, key.place, key.side.opposite if key.side else None)


@pytest.fixture(scope="module")
def both() -> tuple[Structures, Structures]:
    """The soft parts of one patient, and those of the mirrored patient."""
    case = soft_case()
    # Side names change places with the voxels; the made image lies evenly about x = 0.
    other = {11: SOFT[12], 12: SOFT[11], 13: SOFT[14], 14: SOFT[13]}
    twin = complete_bones(with_masks(case, case.labels.values[::-1].copy(), other))
    return complete_soft_parts(soft_bones())[0], complete_soft_parts(twin)[0]


def nodes(structure: Structure, sign: float) -> set[tuple[float, ...]]:
    places = structure.region.lps_mm(np.argwhere(structure.region.values)) * [sign, 1, 1]
    return {tuple(row) for row in np.round(places, 3).tolist()}


def test_the_same_parts_are_found_on_the_other_sides(both: tuple[Structures, Structures]) -> None:
    one, twin = both
    assert {swapped(key) for key in one} == set(twin)
    kinds = {"facet_joint", "facet_capsule", "segmental_artery", "multifidus", "erector_spinae"}
    assert {key.kind for key in one} == kinds


def test_their_voxels_are_mirrored(both: tuple[Structures, Structures]) -> None:
    one, twin = both
    for key, structure in one.items():
        here, there = nodes(structure, -1), nodes(twin[swapped(key)], 1)
        assert len(here ^ there) <= 0.002 * len(here), key


def test_their_lines_and_values_are_mirrored(both: tuple[Structures, Structures]) -> None:
    one, twin = both
    for key, structure in one.items():
        other = twin[swapped(key)]
        assert structure.quality == pytest.approx(other.quality, abs=0.05), key
        assert structure.sigma_mm == other.sigma_mm
        if structure.tube is not None and other.tube is not None:
            points = structure.tube.points_lps_mm * [-1, 1, 1]
            np.testing.assert_allclose(points, other.tube.points_lps_mm, atol=0.05)
