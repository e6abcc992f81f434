"""What each variant does to the drawn sizes and frames, and what a wish may not ask."""

from itertools import combinations

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import constant, value
from kambin.phantom import (
    MIGRATIONS,
    MODALITIES,
    MORPHOLOGIES,
    SIZES,
    VARIANTS,
    ZONES,
    PhantomParameters,
    build_spine,
)
from kambin.phantom.build import _frame_id, _sap_shares
from kambin.phantom.chain import bend_sideways, stack_vertebrae
from kambin.phantom.sizes import SpineSize, draw_spine

L45 = Level("L4", "L5")
SIZELESS = (
    "high-crest",
    "large-sap",
    "obese",
    "scoliosis",
    "retrorenal-colon",
    "thin",
)
"""Variants that leave every drawn size as it was."""


def asked(*variants: str, **wishes: object) -> PhantomParameters:
    return PhantomParameters(**{"level": L45, "side": Side.LEFT, "variants": variants, **wishes})


def sizes(*variants: str, **wishes: object) -> SpineSize:
    return draw_spine(asked(*variants, **wishes))


def code_of(*variants: str, **wishes: object) -> str:
    with pytest.raises(RequestError) as caught:
        asked(*variants, **wishes)
    return caught.value.code


@pytest.mark.parametrize("variant", SIZELESS)
def test_a_variant_of_shape_draws_the_same_sizes(variant: str) -> None:
    assert sizes(variant) == sizes()


@pytest.mark.parametrize("seed", [0, 3, 11])
def test_a_narrow_foramen_has_tall_pedicles_above_a_low_disc(seed: int) -> None:
    usual, narrow = sizes(seed=seed), sizes("narrow-foramen", seed=seed)
    taller = value("phantom_variants.narrow_pedicle_mm")
    for name, one in usual.vertebrae.items():
        for side in Side:
            gained = narrow.vertebrae[name].sides[side].pedicle_height_mm
            gained -= one.sides[side].pedicle_height_mm
            assert gained == pytest.approx(taller if name == "L4" else 0.0)
    for level, height in usual.disc_heights_mm.items():
        share = value("phantom_variants.narrow_disc_share") if level == L45 else 1.0
        assert narrow.disc_heights_mm[level] == pytest.approx(share * height)
    assert narrow.lordosis_deg == usual.lordosis_deg


@pytest.mark.parametrize("level", ["L2-L3", "L5-S1"])
def test_the_foramen_is_narrow_at_the_asked_level(level: str) -> None:
    where = Level.parse(level)
    usual, narrow = sizes(level=where), sizes("narrow-foramen", level=where)
    changed = [n for n, v in usual.vertebrae.items() if narrow.vertebrae[n] != v]
    assert changed == [where.upper]


@pytest.mark.parametrize(
    ("variants", "power"),
    [
        (("sacralised-l5-left",), 1),
        (("sacralised-l5-right",), 1),
        (("sacralised-l5",), 2),
        (("sacralised-l5-left", "sacralised-l5-right"), 2),
    ],
)
def test_the_disc_below_a_sacralised_l5_is_low_once_for_each_side(
    variants: tuple[str, ...], power: int
) -> None:
    usual, fused = sizes(), sizes(*variants)
    share = value("phantom_variants.sacralised_disc_share") ** power
    for level, height in usual.disc_heights_mm.items():
        factor = share if level == Level("L5", "S1") else 1.0
        assert fused.disc_heights_mm[level] == pytest.approx(factor * height)
    assert fused.vertebrae == usual.vertebrae


@pytest.mark.parametrize(
    ("variants", "sides"),
    [
        ((), set()),
        (("sacralised-l5-left",), {Side.LEFT}),
        (("sacralised-l5-right",), {Side.RIGHT}),
        (("sacralised-l5",), set(Side)),
    ],
)
def test_a_patient_knows_the_sides_of_a_sacralised_l5(
    variants: tuple[str, ...], sides: set[Side]
) -> None:
    assert set(asked(*variants).sacralised_sides) == sides


def test_six_lumbar_vertebrae_share_the_sizes_of_five() -> None:
    five, six = sizes(), sizes("l6")
    for name in five.vertebrae:
        assert six.vertebrae[name] == five.vertebrae[name]
    assert set(six.vertebrae) - set(five.vertebrae) == {"L6"}
    shared = set(five.disc_heights_mm) & set(six.disc_heights_mm)
    assert set(five.disc_heights_mm) - shared == {Level("L5", "S1")}
    assert set(six.disc_heights_mm) - shared == {Level("L5", "L6"), Level("L6", "S1")}
    for level in shared:
        assert six.disc_heights_mm[level] == five.disc_heights_mm[level]


def test_variants_of_one_disc_multiply() -> None:
    both = sizes("collapsed-disc", "narrow-foramen").disc_heights_mm[L45]
    usual = sizes().disc_heights_mm[L45]
    shares = ("collapsed_disc_share", "narrow_disc_share")
    assert both == pytest.approx(usual * np.prod([value(f"phantom_variants.{s}") for s in shares]))


@pytest.mark.parametrize(
    ("variants", "l4", "l5"),
    [
        ((), 1.0, 1.0),
        (("large-sap",), 1.22, 1.22),
        (("narrow-foramen",), 1.0, 1.15),
        (("narrow-foramen", "large-sap"), 1.22, 1.22),
    ],
)
def test_superior_processes_are_as_large_as_the_larger_wish(
    variants: tuple[str, ...], l4: float, l5: float
) -> None:
    shares = _sap_shares(asked(*variants))
    assert (shares["L4"], shares["L5"]) == (l4, l5)
    assert set(shares) == {"T12", "L1", "L2", "L3", "L4", "L5", "S1"}


@pytest.mark.parametrize(
    ("variants", "wishes"),
    [
        ((), {"morphology": "protrusion", "migration": "near-up"}),
        ((), {"morphology": "calcified", "migration": "far-down"}),
        ((), {"zone": "foraminal", "migration": "very-high-up"}),
        ((), {"zone": "extraforaminal", "migration": "very-high-down"}),
        (("l6", "sacralised-l5"), {}),
        (("l6", "sacralised-l5-left"), {}),
    ],
)
def test_wishes_that_exclude_each_other_are_refused(
    variants: tuple[str, ...], wishes: dict[str, object]
) -> None:
    assert code_of(*variants, **wishes) == "RQ-053"


@pytest.mark.parametrize(
    ("field", "word"), [("morphology", "bulge"), ("modality", "xray"), ("zone", "left")]
)
def test_unknown_words_are_refused_and_shortened(field: str, word: str) -> None:
    assert code_of(**{field: word}) == "RQ-050"
    with pytest.raises(RequestError) as caught:
        asked(**{field: "x" * 200})
    assert "x" * 21 not in caught.value.where


@pytest.mark.parametrize("cobb_deg", [9.9, 60.1, float("nan"), -20.0])
def test_an_angle_out_of_range_is_refused_even_without_a_scoliosis(cobb_deg: float) -> None:
    assert code_of(cobb_deg=cobb_deg) == "RQ-051"
    assert code_of("scoliosis", cobb_deg=cobb_deg) == "RQ-051"


def test_the_limits_themselves_are_allowed() -> None:
    spacing, cobb = constant("phantom_ct.spacing_mm"), constant("phantom_variants.cobb_deg")
    for row, name in ((spacing, "spacing_mm"), (cobb, "cobb_deg")):
        for limit in (row.low, row.high):
            assert getattr(asked(**{name: limit}), name) == limit


def test_without_an_angle_a_scoliosis_has_that_of_the_table() -> None:
    assert asked("scoliosis").cobb == value("phantom_variants.cobb_deg")
    assert asked("scoliosis", cobb_deg=22.0).cobb == 22.0


@pytest.mark.parametrize("zone", ["central", "paracentral", "subarticular"])
@pytest.mark.parametrize("migration", ["very-high-up", "very-high-down"])
def test_in_the_canal_a_fragment_may_migrate_very_far(zone: str, migration: str) -> None:
    assert asked(zone=zone, migration=migration).migration == migration


def test_the_known_words_are_named_once_and_the_first_is_the_default() -> None:
    usual = asked()
    for words in (ZONES, MIGRATIONS, MORPHOLOGIES, MODALITIES, VARIANTS):
        assert len(set(words)) == len(words)
    assert (usual.migration, usual.morphology, usual.modality) == (
        MIGRATIONS[0],
        MORPHOLOGIES[0],
        MODALITIES[0],
    )
    assert usual.zone in ZONES
    assert usual.size in SIZES


def test_patients_that_differ_do_not_share_a_frame_of_reference() -> None:
    wishes: list[dict[str, object]] = [
        {},
        {"seed": 1},
        {"side": Side.RIGHT},
        {"zone": "central"},
        {"migration": "near-up"},
        {"size": 3},
        {"morphology": "extrusion"},
        {"variants": ("obese",)},
        {"variants": ("scoliosis",)},
        {"variants": ("scoliosis",), "cobb_deg": 20.0},
        {"level": Level("L5", "S1")},
    ]
    frames = [_frame_id(asked(**wish)) for wish in wishes]
    assert all(a != b for a, b in combinations(frames, 2))


def test_the_order_of_variants_and_the_contrast_are_the_same_patient() -> None:
    one, other = asked("thin", "l6"), asked("l6", "thin")
    assert _frame_id(one) == _frame_id(other)
    assert _frame_id(asked(modality="mr")) == _frame_id(asked())


@pytest.mark.parametrize("cobb_deg", [10.0, 40.0])
def test_bending_moves_no_sacrum_and_turns_every_frame_rigidly(cobb_deg: float) -> None:
    straight = stack_vertebrae(sizes())
    bent = bend_sideways(straight, cobb_deg)
    for before, after in ((straight.vertebrae, bent.vertebrae), (straight.discs, bent.discs)):
        assert list(before) == list(after)
        for name, frame in after.items():
            assert np.linalg.det(frame.rotation) == pytest.approx(1.0)
            np.testing.assert_allclose(frame.origin_mm[1:], before[name].origin_mm[1:])
    np.testing.assert_allclose(bent.vertebrae["S1"].origin_mm, straight.vertebrae["S1"].origin_mm)
    assert bent.rim_gaps_mm == straight.rim_gaps_mm


def test_a_greater_angle_bends_further_aside() -> None:
    straight = stack_vertebrae(sizes())
    aside = [
        float(
            bend_sideways(straight, cobb).vertebrae["L2"].origin_mm[0]
            - straight.vertebrae["L2"].origin_mm[0]
        )
        for cobb in (10.0, 20.0, 40.0, 60.0)
    ]
    assert aside == sorted(aside)
    assert aside[0] > 0
    # Tangents grow faster than angles, and the curve's length stays.
    assert 2 < aside[2] / aside[1] < 2.2


def test_discs_of_a_scoliosis_lie_between_their_bodies() -> None:
    spine = build_spine(asked("scoliosis"))
    for level, frame in spine.frames.discs.items():
        upper, lower = (spine.frames.vertebrae[n].origin_mm for n in (level.upper, level.lower))
        assert lower[2] < frame.origin_mm[2] < upper[2]
        middle = (upper + lower) / 2
        assert np.linalg.norm(frame.origin_mm - middle) < 6


def test_the_same_seed_bends_the_same_patient() -> None:
    straight, bent = build_spine(asked(seed=5)), build_spine(asked("scoliosis", seed=5))
    assert straight.sizes == bent.sizes
    assert straight.names == bent.names
