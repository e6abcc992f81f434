from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, lumbar_bones, lumbar_case

from kambin.anatomy import Anatomy, Case, Level, Origin, StructureKey, check_case, complete
from kambin.anatomy.completion import complete_bones, find_adjacent_levels
from kambin.core import AnatomyError, breathing
from kambin.imaging import LabelMap


class HeardProgress:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, int, int]] = []

    def step(self, title: str, done: int, total: int) -> None:
        self.heard.append((title, done, total))


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return complete(lumbar_case())


def with_labels(change: Any, names: dict[int, str] | None = None) -> Case:
    case = lumbar_case()
    values = case.labels.values.copy()
    change(values)
    extra = {v: StructureKey.parse(k) for v, k in (names or {}).items()}
    labels = LabelMap(values, case.labels.lps_from_ijk, case.labels.frame_id)
    return replace(case, labels=labels, names={**case.names, **extra})


def test_bones_discs_and_nerves_are_in_one_anatomy(anatomy: Anatomy) -> None:
    for key in ("vertebra:L4", "sap:L5:left", "sap:S1:right", "disc:L4-L5", "dural_sac"):
        assert anatomy.find(key) is not None, key
    assert set(anatomy.vertebra_frames) == {"L4", "L5", "S1"}
    assert [str(level) for level in anatomy.disc_frames] == ["L4-L5", "L5-S1"]
    assert anatomy.scheme.vertebrae == ("L4", "L5", "S1")


def test_every_structure_has_an_origin_a_sigma_and_a_method(anatomy: Anatomy) -> None:
    for key, structure in anatomy.structures.items():
        assert structure.key == key
        assert structure.sigma_mm > 0
        assert structure.method, str(key)
        assert structure.region.values.any(), str(key)
    assert anatomy.require("disc:L4-L5").is_modelled
    assert not anatomy.require("sap:L5:left").is_modelled


def test_a_given_mask_wins_over_what_would_be_modelled() -> None:
    def put_masks(values: np.ndarray) -> None:
        places = lumbar_case().labels.lps_mm(np.moveaxis(np.indices(values.shape), 0, -1))
        local = LUMBAR["L5"].inverse().points(places)
        small = (np.abs(local[..., 0]) < 6) & (np.abs(local[..., 1]) < 6)
        values[small & (local[..., 2] > 15) & (local[..., 2] < 21) & (values == 0)] = 9
        values[100:104, 70:74, 40:44] = 8

    bony = complete_bones(with_labels(put_masks, {9: "disc:L4-L5", 8: "sap:L5:left"}))
    given = bony.structures[StructureKey("disc", "L4-L5")]
    assert given.origin is Origin.SEGMENTED
    assert given.region.values.sum() < 1000
    assert StructureKey("disc", "L4-L5") in bony.given
    assert Level("L4", "L5") in bony.disc_frames
    assert bony.structures[StructureKey("disc", "L5-S1")].origin is Origin.MODELLED
    sap = bony.structures[StructureKey.parse("sap:L5:left")]
    assert sap.region.values.sum() == 4**3
    assert sap.method == "Segmented."


def test_a_gap_in_the_row_makes_no_level() -> None:
    assert [str(v) for v in find_adjacent_levels(("L2", "L4", "L5", "S1"))] == ["L4-L5", "L5-S1"]
    assert [str(v) for v in find_adjacent_levels(("L5", "L6", "S1"))] == ["L5-L6", "L6-S1"]
    assert find_adjacent_levels(()) == ()


def test_the_survey_of_the_checks_gives_the_same_anatomy(anatomy: Anatomy) -> None:
    case = lumbar_case()
    again = complete(case, survey=check_case(case).survey)
    assert list(again.structures) == list(anatomy.structures)
    for key, structure in anatomy.structures.items():
        assert np.array_equal(structure.region.values, again.structures[key].region.values)


def test_labels_without_a_spine_are_refused() -> None:
    case = lumbar_case()
    with pytest.raises(AnatomyError) as caught:
        complete(replace(case, names={1: StructureKey("liver")}))
    assert caught.value.code == "AN-200"


def test_vertebrae_without_any_frame_are_refused() -> None:
    values = np.zeros((30, 30, 30), np.uint8)
    values[5:8, 5:8, 5:8] = 1
    values[5:8, 5:8, 15:18] = 2
    names = {1: StructureKey("vertebra", "L3"), 2: StructureKey("vertebra", "L4")}
    with pytest.raises(AnatomyError) as caught:
        complete_bones(Case(None, LabelMap(values, np.eye(4), "made"), names, "made"))
    assert caught.value.code == "AN-203"
    assert "L3, L4" in caught.value.where


def test_the_same_case_gives_the_same_bytes_and_tells_how_far_it_is() -> None:
    progress = HeardProgress()
    again = complete_bones(lumbar_case(), progress=progress)
    assert progress.heard[0] == ("bones: vertebrae", 0, 4)
    assert progress.heard[-1] == ("bones: done", 4, 4)
    assert [done for _, done, _ in progress.heard] == [0, 1, 2, 3, 4]
    for key, structure in lumbar_bones().structures.items():
        other = again.structures[key]
        assert np.array_equal(structure.region.values, other.region.values)
        assert np.array_equal(structure.region.lps_from_ijk, other.region.lps_from_ijk)
    for name, frame in lumbar_bones().vertebra_frames.items():
        assert np.array_equal(
            frame.lps_from_vertebra.matrix, again.vertebra_frames[name].lps_from_vertebra.matrix
        )


def test_the_mappings_cannot_be_changed() -> None:
    bony = lumbar_bones()
    for mapping in (bony.structures, bony.vertebra_frames, bony.disc_frames, bony.names):
        with pytest.raises(TypeError):
            mapping["x"] = 1  # type: ignore[index]
    assert bony.working_grid is bony.bone.grid


def test_completing_is_called_off_between_two_vertebrae_and_not_only_between_stages() -> None:
    progress, breaths = HeardProgress(), []

    def ask() -> None:
        breaths.append(len(progress.heard))
        if len(breaths) == 4:
            raise InterruptedError

    with pytest.raises(InterruptedError), breathing(ask):
        complete(lumbar_case(), progress=progress)
    # four breaths within one stage
    assert len(set(breaths)) == 1
