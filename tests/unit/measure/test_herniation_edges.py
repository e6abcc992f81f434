"""What the classification says where a landmark, the canal or the disc is missing, and in words."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.sites import LEVEL, dropped
from tests.unit.measure.test_herniation import a_case, classify, codes, make

from kambin.anatomy import Origin, Structure, StructureKey
from kambin.anatomy.fragment import FragmentNote, put_fragment
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.core import AnatomyError, Severity
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.measure.herniation import measure_herniation
from kambin.measure.herniation_canal import COMPROMISE_CLASSES
from kambin.measure.herniation_place import MIGRATION_CLASSES, ZONE_CLASSES
from kambin.measure.herniation_roots import RELATIONS
from kambin.measure.herniation_scene import find_nearest_levels, find_scene
from kambin.measure.herniation_shape import MORPHOLOGY_CLASSES, PlaneShape
from kambin.measure.herniation_types import Grade, find_neighbour
from kambin.measure.herniation_words import describe_herniation

BOX = (3, 9, 17, 22, -4, 4)
LEFT_ROOT = (6, 10, 22, 26, -20, 20)


@pytest.fixture(scope="module")
def found():
    """A plain herniation beside a seen root."""
    return classify(BOX, traversing_root__L5__left=(LEFT_ROOT,))


def test_every_grade_is_one_of_its_classes_with_its_method_and_source(found) -> None:
    classes = {
        "zone": ZONE_CLASSES,
        "morphology": MORPHOLOGY_CLASSES,
        "migration_grade": MIGRATION_CLASSES,
        "canal_compromise": ("none", *COMPROMISE_CLASSES),
        "msu_location": ("A", "B", "C"),
        "msu_size": (1, 2, 3),
    }
    for name, known in classes.items():
        assert found[name].value in known
    for grade in found.grades.values():
        assert grade.method
        assert grade.source
        assert grade.unit in ("1", "mm", "mm3")
        assert not grade.based_on or grade.based_on in grade.measured or grade.value is None


def test_the_document_of_a_grade_is_plain(found) -> None:
    for grade in found.grades.values():
        document = grade.as_document()
        assert all(isinstance(number, float) for number in document["measured"].values())
        assert all(isinstance(line, list) for line in document["points_lps_mm"].values())
        assert document["value"] == grade.value


@pytest.mark.parametrize(
    ("number", "sigma", "neighbour"),
    [(0.2, 0.1, None), (0.45, 0.1, "b"), (0.55, 0.1, "a"), (0.95, 0.1, "c"), (1.05, 0.1, "b")],
)
def test_a_neighbour_is_named_within_one_sigma_of_its_border(
    number: float, sigma: float, neighbour: str | None
) -> None:
    assert find_neighbour(number, sigma, (0.5, 1.0), ("a", "b", "c")) == neighbour
    assert find_neighbour(number, sigma, (), ("a",)) is None


# Landmarks, canal and disc


def test_a_fragment_without_any_level_is_not_classified() -> None:
    assert measure_herniation(replace(make(BOX), disc_frames={}), a_case()) == (None, ())


def test_an_empty_fragment_is_none() -> None:
    anatomy = make(BOX)
    bare = anatomy.require(FRAGMENT_KEY)
    empty = replace(bare.region, values=np.zeros_like(bare.region.values))
    structures = {**anatomy.structures, FRAGMENT_KEY: replace(bare, region=empty)}
    assert measure_herniation(replace(anatomy, structures=structures), a_case()) == (None, ())


def test_a_scene_needs_a_fragment() -> None:
    with pytest.raises(AnatomyError, match="AN-011"):
        find_scene(dropped(make(BOX), "fragment"))


@pytest.mark.parametrize(
    ("gone", "is_said"),
    [(("canal",), True), (("dural_sac",), True), (("canal", "dural_sac"), False)],
)
def test_canal_or_sac_is_enough_for_the_compromise(gone: tuple[str, ...], is_said: bool) -> None:
    found, _ = measure_herniation(dropped(make(BOX), *gone), a_case())
    grade = found["canal_compromise"]
    assert (grade.value is not None) is is_said
    if not is_said:
        assert grade.statement == "Not assessed: the canal."
        assert dict(describe_herniation(found))["Canal"] == grade.statement
        assert found.as_document()["canal_compromise_fraction"] is None


def test_a_modelled_canal_says_so() -> None:
    anatomy = make(BOX)
    key = StructureKey("canal")
    canal = replace(anatomy.require(key), origin=Origin.MODELLED, sigma_mm=1.0)
    found, _ = measure_herniation(
        replace(anatomy, structures={**anatomy.structures, key: canal}), a_case()
    )
    assert found["canal_compromise"].statement == "The canal is modelled."
    assert "The canal is modelled." in dict(describe_herniation(found))["Canal"]


def test_without_a_disc_continuity_is_not_assessed() -> None:
    found, _ = measure_herniation(dropped(make(BOX), "disc:L4-L5"), a_case())
    grade = found["morphology"]
    assert grade.value == "sequestration"
    assert "Not assessed: the disc" in grade.statement
    # JSON knows no infinity.
    assert grade.measured["gap_to_disc_mm"] == -1.0


def test_a_fragment_that_no_image_shows_has_no_calcium() -> None:
    anatomy = make(BOX)
    modelled = replace(anatomy.require(FRAGMENT_KEY), origin=Origin.MODELLED)
    found, _ = measure_herniation(
        replace(anatomy, structures={**anatomy.structures, FRAGMENT_KEY: modelled}), a_case()
    )
    assert found["calcified"].value is None
    assert "no image shows it" in found["calcified"].statement
    assert found.as_document()["origin"] == "modelled"


# Levels


def test_the_nearest_level_comes_first_and_distances_are_true() -> None:
    anatomy = make(BOX)
    ((level, far),) = find_nearest_levels(anatomy, np.array([[0.0, 27.0, 0.0]]))
    assert level == LEVEL
    # The last voxels of the disc lie at y = 16.5.
    assert far == pytest.approx(np.hypot(10.5, 0.5), abs=0.1)


def test_a_level_without_a_disc_mask_counts_by_its_centre() -> None:
    anatomy = dropped(make(BOX), "disc:L4-L5")
    ((_, far),) = find_nearest_levels(anatomy, np.array([[0.0, 30.0, 0.0]]))
    assert far == pytest.approx(30.0)


@pytest.mark.parametrize(("sign", "side"), [(1, Side.LEFT), (-1, Side.RIGHT)])
def test_the_scene_is_seen_from_the_side_of_the_fragment(sign: int, side: Side) -> None:
    low, high = sorted((3 * sign, 9 * sign))
    scene = find_scene(make((low, high, 17, 22, -4, 4)))
    assert scene.side is side
    assert scene.points_mm[:, 0].mean() == pytest.approx(6.0 * sign)
    assert scene.marks is scene.site.sides[side]
    # Behind disc and bodies, and as deep as the box.
    columns = np.isfinite(scene.far_mm)
    assert np.median(scene.front_mm[columns]) == pytest.approx(17.0, abs=0.3)
    assert np.median(scene.far_mm[columns]) == pytest.approx(22.0, abs=0.3)
    assert scene.inside.sum() > 0


def test_places_of_the_scene_come_back_to_the_patient() -> None:
    scene = find_scene(make(BOX))
    assert scene.lps_mm((1.0, 2.0, 3.0)) == pytest.approx(np.array([[1.0, 2.0, 3.0]]))
    assert scene.lps_mm((1.0, 2.0, 3.0), (0.0, 0.0, 0.0)).shape == (2, 3)


# Words


def test_words_come_in_one_order_and_name_every_root(found) -> None:
    heads = [head for head, _ in describe_herniation(found)]
    assert heads == [
        "Herniation", "Morphology", "Zone", "MSU", "Migration", "Canal", "Root", "Calcified",
        "Volume", "Rule R1", "Rule R2", "Rule R3", "",
    ]  # fmt: skip
    words = dict(describe_herniation(found))
    assert words["Root"].startswith("traversing_root:L5:left: grade")
    assert any(relation in words["Root"] for relation in RELATIONS)
    assert words["Volume"].startswith("240 +- ")
    assert "Not assessed" in words["Calcified"]


@pytest.mark.parametrize(("calcium", "word"), [(True, "yes"), (False, "no")])
def test_calcium_is_said_with_its_share(found, calcium: bool, word: str) -> None:
    grade = Grade(calcium, "1", "m", "s", measured={"calcified_share": 0.4, "mean_hu": 210.4})
    told = replace(found, grades={**found.grades, "calcified": grade})
    line = dict(describe_herniation(told))["Calcified"]
    assert line == f"{word}: 40% of the inner voxels, mean 210 HU"


def test_migration_is_said_with_tip_and_margin() -> None:
    down = classify((3, 9, 17, 22, -15, -7))
    measured = down["migration"].measured
    words = dict(describe_herniation(down))["Migration"]
    assert words.startswith("near-down")
    assert f"tip {measured['beyond_plate_mm']:.1f} mm beyond the end plate" in words
    assert f"disc margin {measured['disc_height_mm']:.1f} mm high" in words
    assert dict(describe_herniation(classify(BOX)))["Migration"].startswith("none")


def test_a_midline_herniation_has_no_side_in_words() -> None:
    words = dict(describe_herniation(classify((-4, 4, 17, 22, -4, 4))))
    assert words["Herniation"].startswith("L4-L5 midline")


def test_a_class_that_is_not_known_reads_not_assessed(found) -> None:
    unknown = replace(found["morphology"], value=None, neighbour=None)
    told = replace(found, grades={**found.grades, "morphology": unknown})
    assert dict(describe_herniation(told))["Morphology"].startswith("not assessed")


def test_the_ratio_of_a_plane_does_not_divide_by_nothing() -> None:
    ends = np.zeros((2, 3))
    assert PlaneShape("axial", 6.0, 3.0, 6.0, ends, ends).ratio == 0.5
    assert np.isfinite(PlaneShape("axial", 0.0, 3.0, 6.0, ends, ends).ratio)


def test_a_level_that_was_asked_for_is_taken_from_the_note() -> None:
    labels = LabelMap(np.zeros((40, 40, 40), np.uint8), np.eye(4), "patient")
    mask = np.zeros((40, 40, 40), bool)
    mask[10:14, 10:14, 10:14] = True
    note = FragmentNote(Origin.MODELLED, {"level": "L4-L5", "side": "left", "zone": "paracentral"})
    case = put_fragment(replace(a_case(), labels=labels), mask, note)
    anatomy = make(BOX)
    other = type(LEVEL)("L3", "L4")
    twin = Structure(StructureKey("disc", str(other)), anatomy.require("disc:L4-L5").region,
                     Origin.MODELLED, 0.7)  # fmt: skip
    both = replace(
        anatomy,
        structures={**anatomy.structures, twin.key: twin},
        disc_frames={other: anatomy.disc_frames[LEVEL], **anatomy.disc_frames},
    )
    found, findings = measure_herniation(both, case)
    assert found.level == LEVEL
    # Who asked for a level has no doubt about it.
    assert "AN-354" not in codes(findings)
    # Without the note the first of two equally near levels is taken, which has no frames.
    nothing, said = measure_herniation(both, a_case())
    assert nothing is None
    assert codes(said) == ["AN-350"]


@pytest.mark.parametrize(
    ("zone", "size", "says"),
    [
        ("paracentral", "1", None),
        ("central", "1", "zone central was asked for, paracentral"),
        ("paracentral", "3", "size 3 was asked for, 1"),
        ("foraminal", "3", "zone foraminal was asked for"),
    ],
)
def test_a_placed_fragment_that_is_read_as_another_one_says_so(
    zone: str, size: str, says: str | None
) -> None:
    wishes = {"level": "L4-L5", "side": "left", "zone": zone, "migration": "none", "size": size}
    labels = LabelMap(np.zeros((4, 4, 4), np.uint8), np.eye(4), "patient")
    mask = np.zeros((4, 4, 4), bool)
    mask[1:3, 1:3, 1:3] = True
    note = FragmentNote(Origin.MODELLED, {**wishes, "morphology": "protrusion"})
    case = put_fragment(replace(a_case(), labels=labels), mask, note)
    _, findings = measure_herniation(make(BOX), case)
    (found,) = [f for f in findings if f.code == "AN-355"] or [None]
    assert (found is None) == (says is None)
    if found is not None:
        assert says in found.why
        # lateral of the canal no size is compared
        assert ("size" in found.why) == (zone == "paracentral")


@pytest.mark.parametrize(
    ("box", "says"),
    [
        (BOX, None),
        ((3, 9, 18, 26, -12, -4), None),
        ((3, 9, 18, 26, -24, -12), "far-down"),
        ((3, 9, 18, 26, 12, 24), None),
    ],
)
def test_a_fragment_far_below_its_disc_says_that_the_usual_way_passes_it(box, says) -> None:
    _, findings = measure_herniation(make(box), a_case())
    (far,) = [f for f in findings if f.code == "AN-356"] or [None]
    assert (far is None) == (says is None)
    if far is not None:
        assert far.severity is Severity.NOTE
        assert far.why.startswith(says)


def test_what_has_left_the_height_of_its_disc_is_no_protrusion() -> None:
    # A flat base on the disc, and beside it a larger part that hangs down behind the body.
    base, bridge = (3, 8, 17, 19, -3, 4), ((6, 7, 18, 19, -7, -3), (6, 11, 18, 19, -7, -6))
    hanging = (base, *bridge, (10, 15, 18, 21, -24, -6))
    staying, gone = (classify(*boxes)["morphology"] for boxes in ((base,), hanging))
    assert staying.value == "protrusion"
    assert gone.measured["depth_to_base"] < 1
    assert (gone.value, gone.neighbour) == ("extrusion", "protrusion")
    assert "beyond the end plate" in gone.statement
