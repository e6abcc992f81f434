import itertools
import math

import numpy as np
import pytest
from tests.unit.approaches.made_back import (
    DISC_MM,
    LPL_MM,
    MEDIAL_MM,
    MUSCLE_MM,
    SAP_MM,
    SKIN_MM,
    box,
    make_back,
    make_way,
)

from kambin.anatomy import Level, StructureKey
from kambin.approaches.layer_kinds import find_kind, group_of, title_of
from kambin.approaches.layers import (
    find_foramen_depth_mm,
    find_layers,
    is_within_surface,
    points_at,
)
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.knowledge import value

LEVEL = Level.parse("L4-L5")
STEP = 0.06
"""Half a piece of the march, and a little."""


@pytest.mark.parametrize("side", list(Side))
def test_layers_come_in_order_with_their_depths(side: Side) -> None:
    layers = find_layers(make_back(side), make_way(side))
    assert [one.name for one in layers] == [
        "skin",
        "subcutis",
        "fascia",
        "erector_spinae",
        "between",
        "facet",
        "between",
        "foramen",
        "annulus",
    ]
    borders = [one.to_mm for one in layers]
    depth = [SKIN_MM - place for place in (MUSCLE_MM, MEDIAL_MM, *SAP_MM, LPL_MM, DISC_MM)]
    muscle, medial, sap_from, sap_to, foramen, disc = depth
    fascia = muscle - value("layers.fascia_thickness_mm")
    skin = value("layers.skin_thickness_mm")
    assert borders == pytest.approx(
        [skin, fascia, muscle, medial, sap_from, sap_to, foramen, disc, 90.0], abs=STEP
    )


def test_lengths_sum_to_the_way_and_nothing_lies_between_two_layers() -> None:
    plan = make_way(entry_mm=(99.7, 3.1, -4.3), target_mm=(9.1, 0.4, 1.7))
    layers = find_layers(make_back(), plan)
    assert layers[0].from_mm == 0.0
    assert layers[-1].to_mm == plan.trajectory.length_mm
    assert all(a.to_mm == b.from_mm for a, b in itertools.pairwise(layers))
    total = math.fsum(one.length_mm for one in layers)
    assert total == pytest.approx(plan.trajectory.length_mm, abs=1e-9)
    assert all(one.length_mm > 0 for one in layers)


def test_the_origin_is_that_of_the_label_or_modelled() -> None:
    origins = {one.name: one.origin for one in find_layers(make_back(), make_way())}
    assert origins["erector_spinae"] == "segmented"
    assert origins["facet"] == "segmented"
    # the disc of the made back is modelled, and what no label holds can be nothing else
    modelled = ("annulus", "skin", "subcutis", "fascia", "between", "foramen")
    assert {origins[name] for name in modelled} == {"modelled"}


def test_without_a_label_of_a_muscle_fat_and_muscle_are_not_told_apart() -> None:
    layers = find_layers(make_back(without=("muscle",)), make_way())
    assert [one.name for one in layers][:3] == ["skin", "unlabelled", "facet"]
    assert "not told apart" in layers[1].title


def test_a_gap_thinner_than_half_a_voxel_belongs_to_the_layer_above() -> None:
    back = make_back()
    near = box((MEDIAL_MM - 5.0, -30, -30), (MEDIAL_MM - 0.3, 30, 30))
    key = StructureKey.parse("psoas:left")
    held = dict(back.structures)
    held[key] = type(held[StructureKey("skin")])(key, near, held[StructureKey("skin")].origin, 0.5)
    layers = find_layers(type(back)(**{**_fields(back), "structures": held}), make_way())
    names = [one.name for one in layers]
    assert names[names.index("erector_spinae") + 1] == "psoas"
    assert math.fsum(one.length_mm for one in layers) == pytest.approx(90.0, abs=1e-9)


@pytest.mark.parametrize(("gap_mm", "parts"), [(6.0, 1), (9.0, 3)])
def test_a_little_fat_within_a_muscle_is_part_of_it(gap_mm: float, parts: int) -> None:
    back = make_back()
    inner = box((MEDIAL_MM - gap_mm - 5.0, -30, -30), (MEDIAL_MM - gap_mm, 30, 30))
    muscle = back.structures[StructureKey.parse("erector_spinae:left")]
    # a second piece of the same label, as coarse labels have them
    both = np.zeros((60, 66, 66), dtype=np.uint8)
    low = inner.lps_mm([0, 0, 0])
    for piece in (muscle.region, inner):
        first = np.rint(piece.lps_mm([0, 0, 0]) - low).astype(int)
        held = tuple(slice(a, a + n) for a, n in zip(first, piece.shape, strict=True))
        both[held] |= piece.values
    region = type(inner)(both, inner.lps_from_ijk, inner.frame_id)
    ragged = type(muscle)(muscle.key, region, muscle.origin, muscle.sigma_mm)
    held = {**back.structures, muscle.key: ragged}
    found = find_layers(type(back)(**{**_fields(back), "structures": held}), make_way())
    names = [one.name for one in found]
    first, last = names.index("erector_spinae"), len(names) - names[::-1].index("erector_spinae")
    assert last - first == parts
    assert math.fsum(one.length_mm for one in found) == pytest.approx(90.0, abs=1e-9)
    if parts == 1:
        assert found[first].length_mm == pytest.approx(30.0 + gap_mm + 5.0, abs=2 * STEP)
        assert found[first].note == f"{gap_mm:.1f} mm of it without a label."


def _fields(anatomy: object) -> dict[str, object]:
    return {name: getattr(anatomy, name) for name in anatomy.__dataclass_fields__}


def test_a_level_without_a_disc_has_no_layers() -> None:
    back = make_back()
    bare = type(back)(**{**_fields(back), "disc_frames": {}})
    with pytest.raises(AnatomyError) as raised:
        find_layers(bare, make_way())
    assert raised.value.code == "AN-011"


@pytest.mark.parametrize("side", list(Side))
def test_the_foramen_begins_at_the_lateral_border_of_the_pedicles(side: Side) -> None:
    assert find_foramen_depth_mm(make_back(side), make_way(side)) == pytest.approx(82.0)


def test_points_of_the_axis_start_at_the_skin() -> None:
    points = points_at(make_way(), np.array([0.0, 90.0]))
    assert points == pytest.approx(np.array([[100.0, 0, 0], [10.0, 0, 0]]))


def test_a_mask_ends_halfway_between_two_voxels() -> None:
    region = box((0, 0, 0), (4, 4, 4))
    points = np.array([[0.1, 2, 2], [-0.1, 2, 2], [3.9, 2, 2], [4.1, 2, 2], [2, 2, 90]])
    assert is_within_surface(region, points).tolist() == [True, False, True, False, False]
    assert not is_within_surface(region, points + 500).any()


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("skin", None),
        ("canal", None),
        ("disc:L4-L5", "annulus"),
        ("disc:L3-L4", "disc:L3-L4"),
        ("psoas:left", "psoas"),
        ("psoas:right", "psoas:right"),
        ("facet_capsule:L4-L5:left", "facet"),
        ("sap:L5:right", "sap:L5:right"),
        ("vertebra:L5", "bone"),
        ("vertebra:L2", "vertebra:L2"),
        ("exiting_root:L4:left", "exiting_root:L4:left"),
        ("flavum:L4-L5", "flavum"),
        ("colon", "colon"),
    ],
)
def test_structures_count_as_layers(key: str, name: str | None) -> None:
    found = find_kind(StructureKey.parse(key), LEVEL, Side.LEFT)
    assert (None if found is None else found.name) == name


def test_a_nerve_is_told_before_the_disc_and_the_muscle_it_lies_in() -> None:
    keys = ("exiting_root:L4:left", "sap:L5:left", "disc:L4-L5", "psoas:left", "colon")
    kinds = [find_kind(StructureKey.parse(key), LEVEL, Side.LEFT) for key in keys]
    ranks = [kind.rank for kind in kinds if kind is not None]
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(keys)


def test_layers_have_a_part_of_the_infiltration_and_a_title() -> None:
    assert [group_of(n) for n in ("skin", "psoas", "bone", "annulus", "colon")] == [
        "skin",
        "track",
        "facet",
        "foramen",
        "track",
    ]
    assert title_of("annulus", None) == "Annulus and disc"
    assert title_of("x", StructureKey.parse("exiting_root:L4:left")) == "Exiting root L4 left"
