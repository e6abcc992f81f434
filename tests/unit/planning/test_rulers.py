"""Distances to one structure from its surface or its tube, against closed forms."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.unit.planning.made_level import (
    ENTRY,
    GAPS_MM,
    IAP,
    KIDNEY,
    PEDICLE,
    RIM,
    ROOT,
    SAP,
    TARGET,
    make_anatomy,
    make_structures,
)

from kambin.anatomy import Anatomy, StructureKey
from kambin.imaging import LabelMap
from kambin.planning.rulers import Ruler, Rulers, find_box_gap_mm

AXIS = np.array([ENTRY, TARGET])
REACH_MM = 30.0


@cache
def _anatomy() -> Anatomy:
    made = make_structures()
    return make_anatomy({name: made[name] for name in (*GAPS_MM, "skin")})


@cache
def _ruler(name: str) -> Ruler:
    found = Ruler.around(_anatomy().require(name), AXIS, _anatomy(), REACH_MM)
    assert found is not None
    return found


@pytest.mark.parametrize("name", GAPS_MM)
def test_the_axis_is_as_far_as_on_paper(name: str) -> None:
    # A surface rounds the edges of boxes by up to half a voxel.
    assert _ruler(name).distance_mm(ENTRY, TARGET) == pytest.approx(GAPS_MM[name], abs=0.5)


@pytest.mark.parametrize("name", GAPS_MM)
def test_a_segment_turned_round_is_as_far(name: str) -> None:
    ruler = _ruler(name)
    there, back = ruler.distance_mm(ENTRY, TARGET), ruler.distance_mm(TARGET, ENTRY)
    assert there == pytest.approx(back, abs=1e-9)


def test_a_tube_needs_no_surface_and_a_bone_has_one() -> None:
    assert _ruler(ROOT).surface is None
    assert _ruler(PEDICLE).surface is not None


@pytest.mark.parametrize("name", [ROOT, SAP, RIM, KIDNEY])
def test_keeping_clear_is_being_at_least_that_far(name: str, rng: np.random.Generator) -> None:
    ruler = _ruler(name)
    starts = ENTRY + rng.normal(0, 4, (25, 3))
    ends = TARGET + rng.normal(0, 4, (25, 3))
    gaps = np.array([ruler.distance_mm(*pair) for pair in zip(starts, ends, strict=True)])
    for limit in (0.5, float(np.median(gaps)) + 1e-3, 12.0):
        # What lies at the limit to a micrometre may be said either way.
        sure = np.abs(gaps - limit) > 1e-3
        clear = ruler.keeps_clear(starts, ends, limit)
        assert clear.dtype == np.bool_
        assert np.array_equal(clear[sure], (gaps >= limit)[sure])


def test_a_segment_inside_bone_is_as_deep_as_the_nearest_face() -> None:
    # The joint reaches 36 to 44 and half a voxel more; in its middle 4.5 mm are left.
    inside = np.array([[14.0, 40.0, -1.0], [14.0, 40.0, 1.0]])
    assert _ruler(IAP).distance_mm(*inside) == pytest.approx(-4.5, abs=0.4)
    assert _ruler(IAP).keeps_clear(inside[:1], inside[1:], -5.0).all()
    assert not _ruler(IAP).keeps_clear(inside[:1], inside[1:], -3.0).any()


def test_a_longer_segment_is_never_farther() -> None:
    far = ENTRY + 10 * (ENTRY - TARGET) / np.linalg.norm(ENTRY - TARGET)
    for name in GAPS_MM:
        ruler = _ruler(name)
        assert ruler.distance_mm(far, TARGET) <= ruler.distance_mm(ENTRY, TARGET) + 1e-9


@pytest.mark.parametrize("name", [ROOT, KIDNEY])
def test_what_is_out_of_reach_has_no_ruler(name: str) -> None:
    away = AXIS + np.array([0.0, 0.0, 300.0])
    assert Ruler.around(_anatomy().require(name), away, _anatomy(), 10.0) is None


def test_a_box_that_holds_no_voxel_has_no_ruler() -> None:
    # Beside the kidney's corner: within its bounds and reach, and nothing of it inside.
    low, _ = _anatomy().require(KIDNEY).region.bounds_lps_mm()
    corner = np.array([low - 0.5, low - 1.0])
    assert Ruler.around(_anatomy().require(KIDNEY), corner, _anatomy(), 1.6) is None


def test_a_box_near_the_axis_gives_the_distance_of_the_whole() -> None:
    narrow = Ruler.around(_anatomy().require(RIM), AXIS, _anatomy(), GAPS_MM[RIM] + 3.0)
    assert narrow is not None
    assert narrow.distance_mm(ENTRY, TARGET) == pytest.approx(
        _ruler(RIM).distance_mm(ENTRY, TARGET), abs=1e-6
    )


def test_rulers_are_made_once_and_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = Ruler.around

    def count(structure, *rest):
        made.append(str(structure.key))
        return real(structure, *rest)

    monkeypatch.setattr("kambin.planning.rulers.Ruler.around", count)
    rulers = Rulers(_anatomy(), AXIS, REACH_MM)
    assert made == []
    first, second = (rulers.of(StructureKey.parse(SAP)) for _ in range(2))
    assert first is second
    assert made == [SAP]
    far = Rulers(_anatomy(), AXIS + 500.0, 5.0)
    assert [far.of(StructureKey.parse(SAP)) for _ in range(2)] == [None, None]
    assert made == [SAP, SAP]


@pytest.mark.parametrize("name", GAPS_MM)
def test_the_box_of_the_labels_never_says_more_than_the_surface(
    name: str, rng: np.random.Generator
) -> None:
    structure = _anatomy().require(name)
    for _ in range(6):
        start, end = ENTRY + rng.normal(0, 25, 3), TARGET + rng.normal(0, 25, 3)
        bound = find_box_gap_mm(structure, start, end)
        assert bound <= _ruler(name).distance_mm(start, end)
    aside = np.array([0.0, 0.0, 300.0])
    assert find_box_gap_mm(structure, ENTRY + aside, TARGET + aside) > 200.0


def test_what_the_box_puts_out_of_reach_is_not_made_and_what_is_near_is() -> None:
    rulers = Rulers(_anatomy(), AXIS, REACH_MM)
    key = StructureKey.parse(KIDNEY)
    assert rulers.find(key, ENTRY, TARGET, within_mm=-20.0) is None
    assert not rulers._made
    found = rulers.find(key, ENTRY, TARGET, within_mm=REACH_MM)
    assert found is rulers.of(key) is not None
    # Once it is made it may as well be used.
    assert rulers.find(key, ENTRY, TARGET, within_mm=-20.0) is found


def test_a_structure_that_its_array_cuts_may_go_on_beyond_the_box() -> None:
    whole = _anatomy().require(KIDNEY)
    labelled = np.argwhere(whole.region.values > 0)
    low, high = labelled.min(axis=0), labelled.max(axis=0) + 1
    affine = whole.region.lps_from_ijk.copy()
    affine[:3, 3] = whole.region.lps_mm(low)
    held = whole.region.values[tuple(map(slice, low, high))]
    cut = replace(whole, region=LabelMap(held, affine, whole.region.frame_id))
    ruler = Ruler.around(cut, AXIS, _anatomy(), REACH_MM)
    assert ruler is not None
    assert find_box_gap_mm(cut, ENTRY, TARGET) <= ruler.distance_mm(ENTRY, TARGET)
