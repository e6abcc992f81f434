"""Do the labels fit a lumbar spine, its size and its image? On a few thousand voxels."""

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import InputError, Severity
from kambin.exchange.plausibility import (
    check_ceiling,
    check_lumbar_level,
    check_unknown_names,
    require_bone_in_tissue,
    require_lumbar_spine,
    require_vertebra_size,
    settle_missing_values,
)
from kambin.exchange.sources import LabelSource
from kambin.imaging import LabelMap, Volume

SHAPE = (24, 24, 24)
SPACING_MM = 4.0
L4 = StructureKey("vertebra", "L4")
BLOCK = (slice(8, 16),) * 3
"""A cube of 32 mm in the middle: the size of a vertebra."""


def an_affine(spacing_mm: float = SPACING_MM) -> np.ndarray:
    return np.diag([spacing_mm] * 3 + [1.0])


def labels_of(*blocks: tuple[slice, ...], spacing_mm: float = SPACING_MM) -> LabelMap:
    """One label per block, counted from 1."""
    values = np.zeros(SHAPE, np.uint8)
    for number, block in enumerate(blocks, start=1):
        values[block] = number
    return LabelMap(values, an_affine(spacing_mm), "patient")


def image_of(values: np.ndarray) -> Volume:
    return Volume(values, an_affine(), "patient")


@pytest.mark.parametrize(
    "key",
    ["vertebra:L1", "vertebra:L5", "vertebra:L6", "vertebra:S1", "sacrum", "disc:L3-L4",
     "disc:L5-S1", "disc:T12-L1", "sap:L5:left"],
)  # fmt: skip
def test_one_lumbar_structure_makes_a_lumbar_spine(key: str) -> None:
    require_lumbar_spine(labels_of(BLOCK), {1: StructureKey.parse(key)})


@pytest.mark.parametrize(
    "key", ["vertebra:T10", "vertebra:C7", "disc:T11-T12", "ilium:left", "sap:T11:left", "aorta"]
)
def test_what_is_no_lumbar_spine_is_named(key: str) -> None:
    with pytest.raises(InputError, match=rf"IN-019.*Found instead: {key}\."):
        require_lumbar_spine(labels_of(BLOCK), {1: StructureKey.parse(key)})


@pytest.mark.parametrize("key", ["vertebra:T11", "vertebra:T12"])
def test_g19_the_vertebrae_above_are_a_case_without_a_level(key: str) -> None:
    labels, names = labels_of(BLOCK), {1: StructureKey.parse(key)}
    require_lumbar_spine(labels, names)
    (finding,) = check_lumbar_level(labels, names)
    assert (finding.code, finding.severity) == ("IN-073", Severity.NOTE)
    assert key in finding.why


def test_a_lumbar_vertebra_needs_no_word_about_levels() -> None:
    assert check_lumbar_level(labels_of(BLOCK), {1: L4}) == ()


def test_g16_metal_at_the_ceiling_asks_a_person_and_a_few_voxels_do_not() -> None:
    values = np.full(SHAPE, 40, np.int16)
    values[3, 4, 5] = 3071
    (finding,) = check_ceiling(image_of(values), 3071.0)
    assert (finding.code, finding.severity) == ("IN-061", Severity.CONFIRM)
    assert "64 mm3 around (12, 16, 20) mm LPS" in finding.why
    assert check_ceiling(image_of(values), 4000.0) == ()
    small = Volume(values, an_affine(0.5), "patient")
    assert check_ceiling(small, 3071.0) == ()


def test_g16_a_ceiling_below_bone_is_refused() -> None:
    values = np.full(SHAPE, 40, np.int16)
    values[BLOCK] = 1023
    with pytest.raises(InputError, match=r"IN-061.*1023 HU, which bone itself exceeds"):
        check_ceiling(image_of(values), 1023.0)


def test_a_name_without_voxels_is_no_spine() -> None:
    with pytest.raises(InputError, match=r"IN-019.*aorta\."):
        require_lumbar_spine(labels_of(BLOCK), {1: StructureKey("aorta"), 2: L4})


def test_at_most_a_dozen_names_are_listed() -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[0, 0, :20] = np.arange(1, 21)
    labels = LabelMap(values, an_affine(), "patient")
    names = {n: StructureKey("rib", str(n)) for n in range(1, 21)}
    with pytest.raises(InputError, match="IN-019") as caught:
        require_lumbar_spine(labels, names)
    assert caught.value.why.count("rib:") == 12


@pytest.mark.parametrize(("spacing_mm", "fits"), [(2.4, False), (2.6, True), (9.9, True)])
def test_a_vertebra_of_an_eighth_of_the_grid_has_the_edge_of_its_block(
    spacing_mm: float, fits: bool
) -> None:
    labels = labels_of(BLOCK, spacing_mm=spacing_mm)
    if fits:
        require_vertebra_size(labels, {1: L4})
    else:
        with pytest.raises(InputError, match=rf"IN-010.*cube of {8 * spacing_mm:.3g} mm"):
            require_vertebra_size(labels, {1: L4})


def test_the_median_judges_and_not_one_cut_vertebra() -> None:
    small = (slice(2, 4), slice(2, 4), slice(2, 4))
    blocks = (small, BLOCK, (slice(8, 16), slice(8, 16), slice(17, 23)))
    names = {n: StructureKey("vertebra", f"L{n}") for n in (1, 2, 3)}
    require_vertebra_size(labels_of(*blocks), names)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("end", [0, -1])
def test_a_vertebra_on_any_border_is_not_judged(axis: int, end: int) -> None:
    values = np.zeros(SHAPE, np.uint8)
    values[10, 10, 10] = 1
    np.moveaxis(values, axis, 0)[end, 10, 10] = 1
    require_vertebra_size(LabelMap(values, an_affine(), "patient"), {1: L4})


@pytest.mark.parametrize("key", ["vertebra:T12", "vertebra:S1", "aorta"])
def test_only_lumbar_vertebrae_are_measured(key: str) -> None:
    tiny = labels_of((slice(8, 9),) * 3)
    require_vertebra_size(tiny, {1: StructureKey.parse(key)})


def test_a_vertebra_that_is_named_and_not_there_is_not_measured() -> None:
    require_vertebra_size(labels_of(BLOCK), {1: L4, 2: StructureKey("vertebra", "L5")})


@pytest.mark.parametrize(("voxels", "fits"), [(20, True), (21, False)])
def test_a_twentieth_of_the_bone_may_lie_in_air(voxels: int, fits: bool) -> None:
    values = np.full(SHAPE, 40, np.int16)
    values[0, 0, 0] = -1000
    labels = labels_of((slice(4, 14), slice(4, 14), slice(4, 8)))
    bone = np.argwhere(labels.values)
    assert len(bone) == 400
    values[tuple(bone[:voxels].T)] = -1000
    if fits:
        require_bone_in_tissue(image_of(values), labels, {1: L4})
    else:
        with pytest.raises(InputError, match=r"IN-013.*5 % of the vertebra voxels"):
            require_bone_in_tissue(image_of(values), labels, {1: L4})


def test_soft_tissue_in_air_is_not_judged() -> None:
    air = image_of(np.full(SHAPE, -1000, np.int16))
    require_bone_in_tissue(air, labels_of(BLOCK), {1: StructureKey("colon")})


def test_an_image_without_air_is_no_ct() -> None:
    dark = image_of(np.full(SHAPE, -300, np.int16))
    require_bone_in_tissue(dark, labels_of(BLOCK), {1: L4})


def test_whole_numbers_are_never_missing() -> None:
    image = image_of(np.zeros(SHAPE, np.int16))
    assert settle_missing_values(image, labels_of(BLOCK), {1: L4}) == (image, ())


def test_a_complete_image_is_kept_as_it_is() -> None:
    image = image_of(np.zeros(SHAPE, np.float32))
    settled, findings = settle_missing_values(image, labels_of(BLOCK), {1: L4})
    assert settled is image
    assert findings == ()


def test_missing_values_far_from_the_spine_are_filled_and_asked_about() -> None:
    values = np.full(SHAPE, 40.0, np.float32)
    values[5, 5, 5] = -777.0
    values[0, 0, 23] = np.nan
    small = labels_of((slice(10, 12),) * 3)
    settled, (finding,) = settle_missing_values(image_of(values), small, {1: L4})
    assert settled.values[0, 0, 23] == -777.0
    assert np.array_equal(settled.values[1:], values[1:])
    assert (finding.code, finding.severity) == ("IN-011", Severity.CONFIRM)
    assert "1 voxels hold no number, around (0, 0, 92) mm LPS" in finding.why


@pytest.mark.parametrize(("place", "stops"), [(3, True), (2, False), (20, True), (21, False)])
def test_thirty_millimetres_around_the_spine_are_beside_it(place: int, stops: bool) -> None:
    values = np.zeros(SHAPE, np.float32)
    # the spine fills voxels 11 and 12; thirty millimetres are eight voxels, rounded up
    values[place, 11, 11] = np.inf
    spine = labels_of((slice(11, 13),) * 3)
    if stops:
        with pytest.raises(InputError, match=r"IN-011.*1 of them lie beside"):
            settle_missing_values(image_of(values), spine, {1: L4})
    else:
        assert len(settle_missing_values(image_of(values), spine, {1: L4})[1]) == 1


@pytest.mark.parametrize("key", ["disc:L4-L5", "sacrum", "vertebra:T12"])
def test_discs_sacrum_and_every_vertebra_are_the_spine(key: str) -> None:
    values = np.zeros(SHAPE, np.float32)
    values[12, 12, 12] = np.nan
    with pytest.raises(InputError, match="IN-011"):
        settle_missing_values(image_of(values), labels_of(BLOCK), {1: StructureKey.parse(key)})


def sources_with(*unknown: dict[int, str]) -> list[LabelSource]:
    labels = labels_of(BLOCK)
    return [LabelSource(labels, {1: L4}, words, "x", "nifti", "seg") for words in unknown]


def test_without_unknown_names_nothing_is_said() -> None:
    assert check_unknown_names(sources_with({}, {})) == ()


def test_unknown_names_are_listed_once_and_in_order() -> None:
    (finding,) = check_unknown_names(sources_with({3: "wart", 4: "bump"}, {-1: "wart"}))
    assert (finding.code, finding.severity) == ("IN-022", Severity.CONFIRM)
    assert finding.where == "2 labels or masks"
    assert finding.why == "Left out and so not assessed: bump, wart."


def test_a_long_name_is_cut_and_a_long_list_is_counted() -> None:
    (finding,) = check_unknown_names(sources_with({n: f"{n:02d}{'x' * 40}" for n in range(15)}))
    assert finding.why.endswith("and 3 more.")
    assert "x" * 28 in finding.why
    assert "x" * 29 not in finding.why
