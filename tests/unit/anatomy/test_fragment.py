"""A fragment put into a case and taken out again, placed by parameters, or drawn in slices."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import build

from kambin.anatomy import Anatomy, Case, Level, Origin, Structure, StructureKey
from kambin.anatomy.fragment import (
    FragmentNote,
    find_note,
    has_fragment,
    put_fragment,
    tag_fragment,
    take_fragment,
    yield_to_fragment,
)
from kambin.anatomy.fragment_contours import fill_contours
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_site import FRAGMENT_KEY, find_site
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.core import AnatomyError, RequestError
from kambin.frames import Side
from kambin.imaging import LabelMap, region_from_mask
from kambin.measure.herniation import classify
from kambin.measure.herniation_scene import find_scene

L45 = Level("L4", "L5")
SAC = StructureKey("dural_sac")


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build(canal=((-12, 12, 17, 30, -40, 40),), dural_sac=((-7, 7, 20, 30, -40, 40),))


@pytest.fixture(scope="module")
def an_empty_case() -> Case:
    affine = np.eye(4)
    affine[:3, 3] = (-39.5, -29.5, -44.5)
    values = np.zeros((80, 90, 90), dtype=np.uint8)
    values[:10] = 7
    labels = LabelMap(values, affine, "patient")
    return Case(None, labels, {7: StructureKey("colon")}, "kambin", sha256="ab" * 32)


def _code(error: pytest.ExceptionInfo[RequestError] | pytest.ExceptionInfo[AnatomyError]) -> str:
    return error.value.code


COMBINATIONS = [
    ("central", "none", 2, "extrusion"),
    ("paracentral", "none", 1, "protrusion"),
    ("paracentral", "near-down", 2, "extrusion"),
    ("paracentral", "far-down", 2, "sequestration"),
    ("subarticular", "near-up", 2, "extrusion"),
    ("paracentral", "far-up", 1, "extrusion"),
    ("foraminal", "none", 2, "extrusion"),
    ("paracentral", "none", 3, "extrusion"),
]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(("zone", "migration", "size", "morphology"), COMBINATIONS)
def test_a_placed_fragment_is_what_was_asked_for(
    a_spine: Anatomy,
    an_empty_case: Case,
    side: Side,
    zone: str,
    migration: str,
    size: int,
    morphology: str,
) -> None:
    wish = FragmentWish(L45, side, zone, migration, size, morphology)
    placed = place_fragment(an_empty_case, a_spine, wish)
    region = region_from_mask(placed.mask, an_empty_case.labels)
    structure = Structure(FRAGMENT_KEY, region, Origin.MODELLED, 2.5)
    anatomy = replace(a_spine, structures={**a_spine.structures, FRAGMENT_KEY: structure})
    found = classify(find_scene(anatomy, L45), an_empty_case)
    assert found["zone"].value == zone
    assert found["migration"].value == migration
    assert found["morphology"].value == morphology
    if zone != "foraminal":
        assert found["msu_size"].value == size
    if zone != "central":
        assert found.side is side
    # behind the disc, outside bone
    local = (
        a_spine.disc_frames[L45]
        .lps_from_disc.inverse()
        .points(an_empty_case.labels.lps_mm(np.argwhere(placed.mask)))
    )
    assert local[:, 1].min() > 16.4


def test_what_is_pushed_aside_is_told(a_spine: Anatomy, an_empty_case: Case) -> None:
    wish = FragmentWish(L45, Side.LEFT, "paracentral", size=3)
    placed = place_fragment(an_empty_case, a_spine, wish)
    assert placed.overlaps_mm3[SAC] > 20


@pytest.mark.parametrize(
    ("size", "morphology", "why"),
    [(3, "protrusion", "extrusion"), (1, "sequestration", "outside bone and disc")],
)
def test_a_shape_without_room_is_refused(
    a_spine: Anatomy, an_empty_case: Case, size: int, morphology: str, why: str
) -> None:
    wish = FragmentWish(L45, Side.LEFT, "paracentral", "none", size, morphology)
    with pytest.raises(AnatomyError, match=why) as error:
        place_fragment(an_empty_case, a_spine, wish)
    assert _code(error) == "AN-352"


def test_a_level_without_landmarks_is_refused() -> None:
    with pytest.raises(AnatomyError) as error:
        find_site(build(without=("sap:L5:left",)), L45)
    assert _code(error) == "AN-350"
    with pytest.raises(AnatomyError) as error:
        find_site(build(), Level("L3", "L4"))
    assert _code(error) == "AN-350"


@pytest.mark.parametrize(
    "wrong",
    [
        {"zone": "middle"},
        {"migration": "left"},
        {"size": 4},
        {"morphology": "bulge"},
        {"migration": "near-up", "morphology": "protrusion"},
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    wish = {"level": L45, "side": Side.LEFT, "zone": "central", **wrong}
    with pytest.raises(RequestError) as error:
        FragmentWish(**wish)  # type: ignore[arg-type]
    assert _code(error) == "RQ-082"


def _mask(case: Case) -> np.ndarray:
    mask = np.zeros(case.labels.shape, dtype=bool)
    mask[5:14, 40:45, 40:46] = True
    return mask


def test_taking_a_fragment_out_gives_back_what_it_covered(an_empty_case: Case) -> None:
    note = FragmentNote(Origin.MODELLED, {"level": "L4-L5"})
    with_one = put_fragment(an_empty_case, _mask(an_empty_case), note)
    assert has_fragment(with_one)
    assert (with_one.labels.values == 8).sum() == 9 * 5 * 6
    kept = find_note(with_one.source)
    assert kept is not None
    assert kept.wishes == {"level": "L4-L5"}
    without = take_fragment(with_one)
    assert np.array_equal(without.labels.values, an_empty_case.labels.values)
    assert dict(without.names) == dict(an_empty_case.names)
    assert dict(without.source) == dict(an_empty_case.source)


def test_one_fragment_at_a_time(an_empty_case: Case) -> None:
    note = FragmentNote(Origin.DRAWN)
    with_one = put_fragment(an_empty_case, _mask(an_empty_case), note)
    with pytest.raises(RequestError) as error:
        put_fragment(with_one, _mask(an_empty_case), note)
    assert _code(error) == "RQ-080"
    with pytest.raises(RequestError) as error:
        take_fragment(an_empty_case)
    assert _code(error) == "RQ-081"


@pytest.mark.parametrize("origin", [Origin.DRAWN, Origin.MODELLED])
def test_a_drawn_or_placed_fragment_says_so(an_empty_case: Case, origin: Origin) -> None:
    case = put_fragment(an_empty_case, _mask(an_empty_case), FragmentNote(origin))
    region = region_from_mask(_mask(an_empty_case), an_empty_case.labels)
    given = {FRAGMENT_KEY: Structure(FRAGMENT_KEY, region, Origin.SEGMENTED, 0.5)}
    tagged = tag_fragment(given, case.source)[FRAGMENT_KEY]
    assert tagged.origin is origin
    assert tagged.sigma_mm == (1.0 if origin is Origin.DRAWN else 2.5)
    assert tag_fragment(given, {})[FRAGMENT_KEY].origin is Origin.SEGMENTED


def test_a_modelled_sac_gives_way_and_a_seen_one_does_not() -> None:
    spine = build(fragment=((2, 9, 17, 25, -4, 4),), dural_sac=((-7, 7, 20, 30, -40, 40),))
    modelled = replace(spine.structures[SAC], origin=Origin.MODELLED)
    given_way, findings = yield_to_fragment({**spine.structures, SAC: modelled})
    assert [finding.code for finding in findings] == ["AN-351"]
    lost = modelled.region.values.sum() - given_way[SAC].region.values.sum()
    # 5 x 5 x 8 mm are shared, and a rim of less than a voxel
    assert 200 <= lost <= 6 * 6 * 10
    assert given_way[SAC].quality["displaced_by_fragment_mm3"] == lost
    untouched, none = yield_to_fragment(spine.structures)
    assert none == ()
    assert untouched[SAC] is spine.structures[SAC]


HALF_MM = np.array([6.0, 5.0, 9.0])


def _ellipsoid_contours(gap_mm: float, count: int = 12) -> list[np.ndarray]:
    contours = []
    for z in np.arange(-9 + gap_mm / 2, 9, gap_mm):
        wide = np.sqrt(1 - (z / 9) ** 2)
        t = np.linspace(0, 2 * np.pi, count, endpoint=False)
        flat = [6 * wide * np.cos(t), 5 * wide * np.sin(t), np.full(count, z)]
        contours.append(np.stack(flat, axis=1))
    return contours


@pytest.fixture(scope="module")
def a_cube() -> LabelMap:
    affine = np.eye(4)
    affine[:3, 3] = -20.0
    return LabelMap(np.zeros((41, 41, 41), np.uint8), affine, "patient")


@pytest.mark.parametrize("gap_mm", [1.0, 2.0, 3.0])
def test_contours_agree_with_the_mask_they_outline(a_cube: LabelMap, gap_mm: float) -> None:
    places = a_cube.lps_mm(np.argwhere(np.ones(a_cube.shape)))
    mask = (((places / HALF_MM) ** 2).sum(axis=1) <= 1).reshape(a_cube.shape)
    drawn = fill_contours(_ellipsoid_contours(gap_mm), a_cube)
    assert drawn.sum() == pytest.approx(mask.sum(), rel=0.05)
    assert 2 * (drawn & mask).sum() / (drawn.sum() + mask.sum()) > 0.97


def test_the_order_and_sense_of_contours_do_not_matter(a_cube: LabelMap) -> None:
    contours = _ellipsoid_contours(2.0)
    other = [contour[::-1] for contour in reversed(contours)]
    one, two = fill_contours(contours, a_cube), fill_contours(other, a_cube)
    assert (one ^ two).sum() <= 0.03 * one.sum()


def test_a_contour_inside_another_is_a_hole(a_cube: LabelMap) -> None:
    t = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    rings = [
        np.stack([r * np.cos(t), r * np.sin(t), np.full(24, z)], axis=1)
        for z in (-3.0, 0.0, 3.0)
        for r in (8.0, 4.0)
    ]
    found = fill_contours(rings, a_cube)
    assert not found[20, 20, 20]
    assert found[26, 20, 20]


def _bad_contours() -> dict[str, list[np.ndarray]]:
    good = _ellipsoid_contours(2.0)
    bent = good[0].copy()
    bent[::2, 2] += 6.0
    tilted = good[0][:, [0, 2, 1]]
    return {
        "one slice only": good[:1],
        "off its plane": [bent, good[1]],
        "degrees apart": [*good[:2], tilted],
        "three different points": [good[0][:2], good[1]],
        "lie": [good[0], good[0] + np.array([0.0, 0.0, 19.0])],
    }


@pytest.mark.parametrize("why", sorted(_bad_contours()))
def test_contours_that_make_no_stack_are_refused(a_cube: LabelMap, why: str) -> None:
    with pytest.raises(RequestError, match=why) as error:
        fill_contours(_bad_contours()[why], a_cube)
    assert _code(error) == "RQ-083"


def test_contours_of_another_image_are_refused(a_cube: LabelMap) -> None:
    far = [contour + np.array([300.0, 0.0, 0.0]) for contour in _ellipsoid_contours(2.0)]
    with pytest.raises(RequestError) as error:
        fill_contours(far, a_cube)
    assert _code(error) == "RQ-084"
