"""A structure given by another mask: it keeps its voxels, and what it took is told."""

import numpy as np
import pytest

from kambin.anatomy import Case, StructureKey, Tube
from kambin.anatomy.replaced_masks import replace_structure
from kambin.imaging import LabelMap

DISC, SAC, ROOT = (
    StructureKey.parse(k) for k in ("disc:L4-L5", "dural_sac", "exiting_root:L4:left")
)


@pytest.fixture
def a_case() -> Case:
    """A row of eight voxels: two of disc, two of sac, four of nothing."""
    values = np.zeros((8, 1, 1), np.uint8)
    values[0:2], values[2:4] = 3, 5
    tube = Tube(np.zeros((2, 3)), np.ones(2))
    return Case(
        None,
        LabelMap(values, np.eye(4), "patient"),
        {3: DISC, 5: SAC},
        "own",
        sha256="c" * 64,
        drawn={ROOT: tube},
        registration_sigma_mm={SAC: 1.0, DISC: 2.0},
    )


def _mask(*voxels: int) -> np.ndarray:
    mask = np.zeros((8, 1, 1), dtype=bool)
    mask[list(voxels)] = True
    return mask


def test_the_mask_takes_the_place_of_the_old_voxels(a_case: Case) -> None:
    changed, taken = replace_structure(a_case, SAC, _mask(4, 5, 6))
    assert changed.labels.values.ravel().tolist() == [3, 3, 0, 0, 5, 5, 5, 0]
    assert taken == {}
    assert changed.sha256 == ""
    # how the old mask was carried over says nothing of the new one
    assert changed.registration_sigma_mm == {DISC: 2.0}
    assert a_case.labels.values.ravel().tolist() == [3, 3, 5, 5, 0, 0, 0, 0]


def test_what_it_took_of_others_is_told(a_case: Case) -> None:
    changed, taken = replace_structure(a_case, SAC, _mask(1, 2))
    assert taken == {DISC: 1}
    assert changed.labels.values.ravel().tolist() == [3, 5, 5, 0, 0, 0, 0, 0]


def test_a_structure_whose_last_voxel_is_taken_is_no_longer_known(a_case: Case) -> None:
    changed, taken = replace_structure(a_case, SAC, _mask(0, 1))
    assert taken == {DISC: 2}
    assert dict(changed.names) == {5: SAC}


def test_a_new_structure_gets_a_number_and_replaces_its_drawn_line(a_case: Case) -> None:
    changed, _ = replace_structure(a_case, ROOT, _mask(7))
    assert changed.names[6] == ROOT
    assert changed.labels.values.ravel().tolist() == [3, 3, 5, 5, 0, 0, 0, 6]
    assert dict(changed.drawn) == {}
