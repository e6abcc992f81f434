"""What a case remembers of a fragment, the landmarks it is placed by, and wishes."""

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from tests.unit.measure.conftest import build

from kambin.anatomy import Anatomy, Case, Level, Origin, StructureKey
from kambin.anatomy.fragment import (
    BEGUN_ON,
    FragmentNote,
    find_note,
    has_fragment,
    put_fragment,
    tag_fragment,
    take_fragment,
    yield_to_fragment,
)
from kambin.anatomy.fragment_lattice import DiscLattice
from kambin.anatomy.fragment_site import (
    FRAGMENT_KEY,
    HerniaSite,
    find_back_wall_mm,
    find_site,
    solid_keys,
)
from kambin.anatomy.fragment_wish import (
    FRAGMENT_MIGRATIONS,
    FRAGMENT_ZONES,
    MORPHOLOGIES,
    MSU_SIZES,
    FragmentWish,
)
from kambin.core import AnatomyError, RequestError
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value, values

L45 = Level("L4", "L5")
SAC = StructureKey("dural_sac")
key = StructureKey.parse


def case_of(array: np.ndarray, **source: str) -> Case:
    labels = LabelMap(array, np.eye(4), "patient")
    names = {1: key("vertebra:L4"), 2: key("psoas:left")}
    return Case(None, labels, names, "made", sha256="cd" * 32, source=source)


@pytest.fixture
def a_case() -> Case:
    array = np.zeros((6, 5, 4), dtype=np.uint8)
    array[1:3] = 1
    array[3:, 2:] = 2
    return case_of(array, labels_format="made")


@pytest.mark.parametrize(
    "note",
    [
        FragmentNote(Origin.DRAWN),
        FragmentNote(Origin.MODELLED, {"zone": "central", "size": "2"}),
        FragmentNote(Origin.DRAWN, {"contours": "4"}, ((0, 3, 1), (7, 1, 2))),
    ],
)
def test_a_note_comes_back_as_it_was_written(note: FragmentNote) -> None:
    assert find_note({"fragment": note.to_text(), "other": "x"}) == note
    assert json.loads(note.to_text())["origin"] == str(note.origin)


def test_without_a_note_nothing_is_remembered() -> None:
    assert find_note({}) is None
    assert find_note({"labels_format": "made"}) is None


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_fragment_covers_comes_back(a_case: Case, seed: int) -> None:
    mask = np.random.default_rng(seed).random(a_case.labels.shape) < 0.4
    put = put_fragment(a_case, mask, FragmentNote(Origin.DRAWN))
    assert has_fragment(put)
    number = next(n for n, name in put.names.items() if name == FRAGMENT_KEY)
    np.testing.assert_array_equal(put.labels.values == number, mask)
    back = take_fragment(put)
    np.testing.assert_array_equal(back.labels.values, a_case.labels.values)
    assert (dict(back.names), dict(back.source)) == (dict(a_case.names), dict(a_case.source))
    assert not has_fragment(back)


def test_the_covered_runs_are_as_few_as_the_labels_allow(a_case: Case) -> None:
    mask = np.zeros(a_case.labels.shape, dtype=bool)
    mask[1:3, 0] = True
    mask[3, 2:4, :2] = True
    note = find_note(put_fragment(a_case, mask, FragmentNote(Origin.DRAWN)).source)
    assert note is not None
    runs = [(first, count, label) for first, count, label in note.covered]
    # Rows of four voxels, five rows in a plane: planes 1 and 2, then two rows of plane 3.
    assert runs == [(20, 4, 1), (40, 4, 1), (68, 2, 2), (72, 2, 2)]


def test_a_fragment_over_background_covers_nothing(a_case: Case) -> None:
    mask = np.zeros(a_case.labels.shape, dtype=bool)
    mask[0] = True
    note = find_note(put_fragment(a_case, mask, FragmentNote(Origin.DRAWN)).source)
    assert note is not None
    assert note.covered == ()


def test_a_case_that_was_changed_has_no_hash(a_case: Case) -> None:
    mask = np.zeros(a_case.labels.shape, dtype=bool)
    mask[0] = True
    put = put_fragment(a_case, mask, FragmentNote(Origin.DRAWN))
    assert a_case.sha256
    assert put.sha256 == take_fragment(put).sha256 == ""


def test_a_given_mask_leaves_background_behind(a_case: Case) -> None:
    given = replace(a_case, names={1: key("vertebra:L4"), 2: FRAGMENT_KEY})
    back = take_fragment(given)
    assert not (back.labels.values == 2).any()
    np.testing.assert_array_equal(back.labels.values == 1, a_case.labels.values == 1)


def test_labels_of_bytes_take_a_fragment_beyond_255() -> None:
    array = np.full((3, 3, 3), 255, dtype=np.uint8)
    full = replace(case_of(array), names={255: key("colon")})
    mask = np.zeros((3, 3, 3), dtype=bool)
    mask[1, 1, 1] = True
    put = put_fragment(full, mask, FragmentNote(Origin.DRAWN))
    assert put.labels.values[1, 1, 1] == 256
    assert put.names[256] == FRAGMENT_KEY
    np.testing.assert_array_equal(take_fragment(put).labels.values, array)


def test_a_fragment_known_worse_than_its_note_stays_so() -> None:
    spine = build(fragment=((2, 9, 17, 25, -4, 4),))
    vague = replace(spine.structures[FRAGMENT_KEY], sigma_mm=9.0)
    source = {"fragment": FragmentNote(Origin.DRAWN).to_text()}
    assert tag_fragment({FRAGMENT_KEY: vague}, source)[FRAGMENT_KEY].sigma_mm == 9.0
    assert tag_fragment({}, source) == {}


@pytest.mark.parametrize(
    ("begun_on", "row"), [(None, "drawn"), ("segmented", "drawn"), ("modelled", "modelled")]
)
def test_a_painted_fragment_says_so_and_keeps_the_doubt_of_what_it_was_begun_on(
    begun_on: str | None, row: str
) -> None:
    spine = build(fragment=((2, 9, 17, 25, -4, 4),))
    wishes = {"strokes": "3"} | ({} if begun_on is None else {BEGUN_ON: begun_on})
    source = {"fragment": FragmentNote(Origin.DRAWN, wishes).to_text()}
    exact = replace(spine.structures[FRAGMENT_KEY], sigma_mm=0.1)
    found = tag_fragment({FRAGMENT_KEY: exact}, source)[FRAGMENT_KEY]
    assert found.origin is Origin.DRAWN
    assert found.sigma_mm == value(f"herniation.{row}_sigma_mm")
    assert found.method.startswith("Painted by hand")
    assert ("placed" in found.method) is (row == "modelled")


@pytest.mark.parametrize("missing", ["fragment", "dural_sac", "both"])
def test_without_sac_or_fragment_nothing_gives_way(missing: str) -> None:
    spine = build(fragment=((2, 9, 17, 25, -4, 4),))
    gone = {FRAGMENT_KEY, SAC} if missing == "both" else {key(missing)}
    left = {k: s for k, s in spine.structures.items() if k not in gone}
    found, findings = yield_to_fragment(left)
    assert findings == ()
    assert found == left


@pytest.mark.parametrize(
    "box",
    [(60, 70, 60, 70, -4, 4), (-20, 20, 10, 40, -60, 60)],
    ids=["beside the sac", "round all of it"],
)
def test_a_sac_gives_way_in_part_or_not_at_all(box: tuple[float, ...]) -> None:
    """A fragment that swallowed the sac would leave none to plan around."""
    spine = build(fragment=(box,))
    modelled = replace(spine.structures[SAC], origin=Origin.MODELLED)
    found, findings = yield_to_fragment({**spine.structures, SAC: modelled})
    assert findings == ()
    assert found[SAC] is modelled


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build()


@pytest.fixture(scope="module")
def its_site(a_spine: Anatomy) -> HerniaSite:
    return find_site(a_spine, L45)


@pytest.mark.parametrize("side", Side)
def test_landmarks_follow_each_other_from_the_midline_outwards(
    its_site: HerniaSite, side: Side
) -> None:
    marks = its_site.sides[side]
    least = value("herniation.subarticular_least_mm")
    assert 0 < marks.facet_mm <= marks.medial_mm - least
    assert marks.medial_mm < marks.lateral_mm
    middle, lower = marks.lower_pedicle_mm
    assert marks.upper_pedicle_mm > 0 > middle > lower
    assert np.sign(marks.facet_edge_mm[0]) == side.lateral_sign_lps


def test_plates_and_pedicles_are_where_the_boxes_are(its_site: HerniaSite) -> None:
    """Boxes: plates at 5 and -5, the upper pedicle from 12, the lower one from -7 to -20."""
    assert its_site.plates_mm == pytest.approx((5.0, -5.0), abs=0.01)
    for side in Side:
        marks = its_site.sides[side]
        assert (marks.medial_mm, marks.lateral_mm) == pytest.approx((12.0, 20.0), abs=0.01)
        assert marks.upper_pedicle_mm == pytest.approx(12.0, abs=0.01)
        assert marks.lower_pedicle_mm == pytest.approx((-13.5, -20.0), abs=0.01)


def test_the_facet_line_passes_both_edges_and_its_middle(its_site: HerniaSite) -> None:
    for side in Side:
        x, y, _ = its_site.sides[side].facet_edge_mm
        assert its_site.facet_line_mm(x) == pytest.approx(y)
    ends = np.array([its_site.sides[side].facet_edge_mm[0] for side in Side])
    middle = its_site.facet_line_mm(ends.mean())
    assert middle == pytest.approx(its_site.facet_line_mm(ends).mean())


def test_a_mirrored_patient_has_the_mirrored_landmarks(its_site: HerniaSite) -> None:
    other = find_site(build(mirrored=True), L45)
    for side in Side:
        one, twin = its_site.sides[side], other.sides[side.opposite]
        np.testing.assert_allclose(one.facet_edge_mm * [-1, 1, 1], twin.facet_edge_mm, atol=1e-6)
        assert one.facet_mm == pytest.approx(twin.facet_mm)
        assert one.lower_pedicle_mm == pytest.approx(twin.lower_pedicle_mm)


@pytest.mark.parametrize("vertebra", ["L4", "L5"])
@pytest.mark.parametrize("side", Side)
def test_the_upper_pedicle_is_needed_and_the_lower_one_is_guessed(
    a_spine: Anatomy, vertebra: str, side: Side
) -> None:
    frame = a_spine.vertebra_frames[vertebra]
    kept = {s: p for s, p in frame.pedicles.items() if s is not side}
    frames = {**a_spine.vertebra_frames, vertebra: replace(frame, pedicles=kept)}
    half = replace(a_spine, vertebra_frames=frames)
    if vertebra == "L4":
        with pytest.raises(AnatomyError) as caught:
            find_site(half, L45)
        assert caught.value.code == "AN-350"
        return
    middle, margin = values("herniation.sacral_pedicle_mm")
    marks = find_site(half, L45).sides[side]
    assert marks.lower_pedicle_mm == pytest.approx((-5.0 - middle, -5.0 - margin), abs=0.01)
    assert marks.medial_mm == pytest.approx(12.0, abs=0.01)


@pytest.mark.parametrize("side", Side)
def test_without_the_inferior_process_the_superior_one_tells_the_facet(side: Side) -> None:
    site = find_site(build(without=(f"iap:L4:{side}",)), L45)
    assert site.sides[side].facet_mm > 0


@pytest.mark.parametrize("missing", ["vertebra", "disc"])
def test_a_level_without_a_frame_is_refused(a_spine: Anatomy, missing: str) -> None:
    if missing == "disc":
        broken = replace(a_spine, disc_frames={})
    else:
        broken = replace(a_spine, vertebra_frames={"L4": a_spine.vertebra_frames["L4"]})
    with pytest.raises(AnatomyError) as caught:
        find_site(broken, L45)
    assert caught.value.code == "AN-350"
    assert caught.value.where == "L4-L5"


def test_a_herniation_lies_behind_both_bodies_and_the_disc() -> None:
    assert set(solid_keys(L45)) == {
        "body:L4",
        "body_rim:L4",
        "body:L5",
        "body_rim:L5",
        "disc:L4-L5",
    }


def test_columns_beside_the_bodies_take_the_wall_of_the_nearest(its_site: HerniaSite) -> None:
    lattice = DiscLattice(its_site.disc, np.array([-2.0, -2.0, 0.0]), np.array([2.0, 2.0, 0.0]))
    solid = lattice.sample(None)
    rim = its_site.disc.posterior_rim_y_mm
    np.testing.assert_array_equal(find_back_wall_mm(lattice, solid), rim)
    solid[2, :5] = 1
    wall = find_back_wall_mm(lattice, solid)
    assert np.isfinite(wall).all()
    assert len(np.unique(wall)) == 1
    assert lattice.axes_mm[1][4] <= wall[0, 0] <= lattice.axes_mm[1][5]


@pytest.mark.parametrize(("zone", "migration"), [*product(FRAGMENT_ZONES, FRAGMENT_MIGRATIONS)])
def test_every_zone_goes_with_every_migration(zone: str, migration: str) -> None:
    wish = FragmentWish(L45, Side.RIGHT, zone, migration)
    assert wish.as_words() == {
        "level": "L4-L5",
        "side": "right",
        "zone": zone,
        "migration": migration,
        "size": "2",
        "morphology": "extrusion",
    }


@pytest.mark.parametrize(("morphology", "migration"), [*product(MORPHOLOGIES, FRAGMENT_MIGRATIONS)])
def test_only_a_protrusion_stays_at_its_disc(morphology: str, migration: str) -> None:
    wish = {"level": L45, "side": Side.LEFT, "zone": "central", "morphology": morphology}
    if morphology == "protrusion" and migration != "none":
        with pytest.raises(RequestError) as caught:
            FragmentWish(**wish, migration=migration)  # type: ignore[arg-type]
        assert caught.value.code == "RQ-082"
    else:
        assert FragmentWish(**wish, migration=migration).size in MSU_SIZES  # type: ignore[arg-type]
