"""A herniation put into a completed patient is what completing the patient with it gives."""

from pathlib import Path

import numpy as np
from benchmarks.placed_herniations import complete_placed, place
from tests.shelf import Shelf

from kambin.anatomy import Anatomy, Level, complete
from kambin.exchange import read_case
from kambin.frames import Side


def _parts(anatomy: Anatomy) -> dict[str, tuple]:
    return {
        str(key): (s.region.shape, s.origin, s.sigma_mm, s.method, dict(s.quality))
        for key, s in anatomy.structures.items()
    }


def test_what_is_put_in_is_what_is_completed(shared_data: Path, shelf: Shelf) -> None:
    case = read_case(shelf.real_ct(shared_data))
    placed = place(case, shelf.complete(case), Level("L5", "S1"), Side.RIGHT, "foraminal")
    quick, whole = complete_placed(shelf.complete(case), placed), complete(placed)
    assert _parts(quick) == _parts(whole)
    for key, structure in whole.structures.items():
        region = quick.structures[key].region
        assert np.array_equal(region.values, structure.region.values), key
        assert np.array_equal(region.lps_from_ijk, structure.region.lps_from_ijk), key
    assert quick.findings == whole.findings
