"""Fragments of boxes behind the disc of the spine of boxes: every class on both sides of its edge.

The disc is 10 mm high, its posterior rim at y = 17; the facet line lies at y = 32 on the left,
so that d is 15 mm there; the facets begin 12 mm, clipped to 11 mm, from the midline; the
pedicles reach from 12 to 20 mm.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.measure.conftest import Box, build

from kambin.anatomy import Anatomy, Case, Level, Origin, Structure, StructureKey
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.core import Finding
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume
from kambin.measure import measure_case
from kambin.measure.herniation import measure_herniation
from kambin.measure.herniation_types import Herniation, find_neighbour
from kambin.measure.herniation_words import describe_herniation

CANAL: Box = (-12, 12, 17, 30, -40, 40)
SAC: Box = (-7, 7, 24, 30, -40, 40)


def make(*boxes: Box, **more: Any) -> Anatomy:
    """The spine of boxes with a fragment, a canal and a sac."""
    given_shapes = {"canal": (CANAL,), "dural_sac": (SAC,), **more}
    anatomy = build(fragment=boxes, **given_shapes)
    # Only the roots that a test speaks of, whatever else the spine of boxes has.
    asked = {StructureKey.parse(name.replace("__", ":")) for name in more}
    kept = {
        key: structure
        for key, structure in anatomy.structures.items()
        if not key.kind.endswith("root") or key in asked
    }
    return replace(anatomy, structures=kept)


def a_case() -> Case:
    labels = LabelMap(np.zeros((1, 1, 1), dtype=np.uint8), np.eye(4), "patient")
    return Case(None, labels, {}, "kambin", sha256="ab" * 32)


def classify(*boxes: Box, case: Case | None = None, **more: Any) -> Herniation:
    found, _ = measure_herniation(make(*boxes, **more), case or a_case())
    assert found is not None
    return found


def codes(findings: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(
    ("far_mm", "size", "neighbour"),
    [(22, 1, None), (24, 1, "2"), (25, 2, "1"), (29, 2, None), (32, 2, "3"), (33, 3, None)],
)
def test_msu_size_changes_at_half_and_all_of_the_way_to_the_facet_line(
    far_mm: float, size: int, neighbour: str | None
) -> None:
    found = classify((3, 9, 17, far_mm, -4, 4))["msu_size"]
    assert found.measured["h_mm"] == pytest.approx(far_mm - 17, abs=0.01)
    assert found.measured["d_mm"] == pytest.approx(15.0, abs=0.1)
    assert (found.value, found.neighbour) == (size, neighbour)


@pytest.mark.parametrize(
    ("low_mm", "zone", "location"),
    [
        (-3, "central", "A"),
        (-1, "central", "A"),
        (0, "paracentral", "A"),
        (4, "paracentral", "B"),
        (8, "paracentral", "B"),
        (10, "foraminal", "C"),
        (16, "foraminal", "C"),
        (18, "extraforaminal", "C"),
    ],
)
def test_zone_and_quadrant_follow_the_middle_of_the_volume(
    low_mm: float, zone: str, location: str
) -> None:
    # 6 mm wide; the subarticular zone of these boxes is 1 mm wide, tested on its own below
    found = classify((low_mm, low_mm + 6, 17, 21, -3, 3))
    assert (found["zone"].value, found["msu_location"].value) == (zone, location)
    shares = [s for name, s in found["zone"].measured.items() if name.endswith("_share")]
    assert sum(shares) == pytest.approx(1.0)


def test_the_subarticular_zone_lies_between_facet_and_pedicle() -> None:
    found = classify((10, 13, 17, 21, -3, 3))["zone"]
    assert found.value == "subarticular"
    assert found.neighbour in ("paracentral", "foraminal")


@pytest.mark.parametrize(
    ("low_mm", "high_mm", "zone", "grade"),
    [
        (-4, 4, "none", "none"),
        (-9, -3, "near-down", "low"),
        (-15, -7, "near-down", "low"),
        (-16, -8, "near-down", "high"),
        (-18, -10, "far-down", "high"),
        (-22, -12, "far-down", "very-high"),
        (4, 10, "near-up", "low"),
        (8, 12, "far-up", "low"),
        (7, 14, "far-up", "very-high"),
    ],
)
def test_migration_counts_from_plates_and_pedicles(
    low_mm: float, high_mm: float, zone: str, grade: str
) -> None:
    found = classify((3, 9, 17, 22, low_mm, high_mm))
    assert (found["migration"].value, found["migration_grade"].value) == (zone, grade)


@pytest.mark.parametrize(("far_mm", "morphology"), [(21, "protrusion"), (25, "extrusion")])
def test_depth_against_base_parts_protrusion_from_extrusion(far_mm: float, morphology: str) -> None:
    found = classify((3, 9, 17, far_mm, -3, 3))
    assert found["morphology"].value == morphology
    assert found["morphology"].measured["axial_base_mm"] == pytest.approx(6, abs=1.01)
    assert found["morphology"].measured["axial_depth_mm"] == pytest.approx(far_mm - 17, abs=0.51)


def test_an_extrusion_in_one_plane_is_an_extrusion() -> None:
    # 12 mm wide but only 3 mm high: a protrusion axially, an extrusion in the sagittal plane
    found = classify((-6, 6, 17, 22, -1.5, 1.5))["morphology"]
    assert found.measured["axial_depth_mm"] < found.measured["axial_base_mm"]
    assert found.value == "extrusion"
    assert "sagittal" in found.statement


def test_a_fragment_that_hangs_down_from_a_narrow_neck_is_an_extrusion() -> None:
    found = classify((3, 9, 17, 21, -4, 0), (3, 9, 17, 21, -20, -4))
    assert found["morphology"].value == "extrusion"


@pytest.mark.parametrize(("front_mm", "morphology"), [(18, "protrusion"), (20, "sequestration")])
def test_without_continuity_it_is_a_sequestration(front_mm: float, morphology: str) -> None:
    found = classify((0, 9, front_mm, 22, -4, 4))
    assert found["morphology"].value == morphology


def test_a_large_free_piece_is_a_sequestration_and_a_small_one_is_told() -> None:
    attached, free = (3, 9, 17, 20, -3, 3), (3, 9, 17, 20, -30, -10)
    assert classify(attached, free)["morphology"].value == "sequestration"
    small = classify((-3, 9, 17, 21, -4, 4), (3, 6, 17, 20, -16, -12))["morphology"]
    assert small.value != "sequestration"
    assert 0 < small.measured["free_share"] < 0.5


@pytest.mark.parametrize(
    ("half_mm", "version_2", "version_1"),
    [
        (14, "protrusion", "focal protrusion"),
        (20, "bulge", "broad-based protrusion"),
    ],
)
def test_more_than_a_quarter_of_the_circumference_is_a_bulge(
    half_mm: float, version_2: str, version_1: str
) -> None:
    found = classify((-half_mm, half_mm, 17, 19, -3, 3))
    assert found["morphology"].value == version_2
    assert found["morphology_version_1"].value == version_1


def test_more_than_half_of_the_circumference_is_a_bulge_in_version_1_too() -> None:
    ring = ((-24, 24, 17, 19, -3, 3), (-24, -22, -17, 17, -3, 3), (22, 24, -17, 17, -3, 3))
    found = classify(*ring)
    assert found["morphology_version_1"].value == "bulge"
    assert found["morphology"].measured["circumference_share"] > 0.5


@pytest.mark.parametrize(
    ("half_mm", "far_mm", "grade"),
    [(6, 21, "mild"), (8, 24, "moderate"), (11, 28, "severe")],
)
def test_canal_compromise_is_the_share_of_its_area(
    half_mm: float, far_mm: float, grade: str
) -> None:
    found = classify((-half_mm, half_mm, 17, far_mm, -4, 4))["canal_compromise"]
    exact = 2 * half_mm * (far_mm - 17) / (24 * 13)
    assert found.measured["fraction"] == pytest.approx(exact, abs=0.05)
    assert found.value == grade


def test_a_foraminal_fragment_takes_nothing_of_the_canal() -> None:
    found = classify((14, 20, 17, 22, -3, 3))["canal_compromise"]
    assert (found.value, found.measured["fraction"]) == ("none", 0.0)


LEFT_ROOT: Box = (6, 10, 22, 26, -20, 20)
RIGHT_ROOT: Box = (-10, -6, 22, 26, -20, 20)


def _root(own: Box, far_mm: float) -> Any:
    found = classify(
        (5, 11, 17, far_mm, -4, 4),
        traversing_root__L5__left=(own,),
        traversing_root__L5__right=(RIGHT_ROOT,),
    )
    return found.roots[0]


@pytest.mark.parametrize(
    ("own", "far_mm", "grade"),
    [
        (LEFT_ROOT, 19, 0),
        (LEFT_ROOT, 22, 1),
        ((6, 10, 25, 29, -20, 20), 25, 2),
        ((6, 10, 24, 26, -20, 20), 24, 3),
    ],
)
def test_a_seen_root_is_graded_by_contact_displacement_and_area(
    own: Box, far_mm: float, grade: int
) -> None:
    assert _root(own, far_mm).grade.value == grade


def test_without_a_root_of_the_other_side_contact_is_all_that_is_said() -> None:
    found = classify((5, 11, 17, 22, -4, 4), traversing_root__L5__left=(LEFT_ROOT,))
    assert found.roots[0].grade.value == 1
    assert "not assessed" in found.roots[0].grade.statement


def test_a_modelled_root_gets_no_grade_but_its_contact_is_told() -> None:
    anatomy = make((5, 11, 17, 22, -4, 4), traversing_root__L5__left=(LEFT_ROOT,))
    key = StructureKey("traversing_root", "L5", Side.LEFT)
    modelled = replace(anatomy.require(key), origin=Origin.MODELLED, sigma_mm=2.5)
    found, _ = measure_herniation(
        replace(anatomy, structures={**anatomy.structures, key: modelled}), a_case()
    )
    assert found is not None
    assert found.roots[0].grade.value is None
    assert "modelled root" in found.roots[0].grade.statement
    assert found.as_document()["root"]["grade"] is None


@pytest.mark.parametrize(
    ("box", "relation"),
    [
        ((11, 16, 17, 26, -4, 4), "shoulder"),
        ((0, 5, 17, 26, -4, 4), "axilla"),
        ((6, 10, 17, 22, -4, 4), "ventral"),
        ((6, 10, 27, 30, -4, 4), "dorsal"),
    ],
)
def test_the_relation_says_on_which_side_of_the_root_the_fragment_lies(
    box: Box, relation: str
) -> None:
    found = classify(box, traversing_root__L5__left=(LEFT_ROOT,))
    assert found.roots[0].relation.value == relation


def test_a_root_at_another_height_lies_apart() -> None:
    found = classify((3, 9, 17, 22, -4, 4), traversing_root__L5__left=((14, 18, 20, 24, 10, 16),))
    assert found.roots[0].relation.value == "apart"


def test_what_the_fragment_shares_with_sac_and_root_is_a_finding() -> None:
    anatomy = make((3, 9, 17, 26, -4, 4), traversing_root__L5__left=(LEFT_ROOT,))
    _, findings = measure_herniation(anatomy, a_case())
    assert codes(findings) == ["AN-353", "AN-353"]
    assert {finding.where for finding in findings} == {"dural_sac", "traversing_root:L5:left"}


def _with_image(hu: float) -> Case:
    affine = np.eye(4)
    affine[:3, 3] = (-30.0, -30.0, -30.0)
    values = np.full((60, 80, 60), 40.0, dtype=np.float32)
    values[0] = -1000.0
    values[33:39, 47:52, 26:34] = hu
    return replace(a_case(), image=Volume(values, affine, "patient"))


@pytest.mark.parametrize(("hu", "calcified"), [(90.0, False), (400.0, True)])
def test_calcium_is_read_from_a_ct(hu: float, calcified: bool) -> None:
    found = classify((3, 9, 17, 22, -4, 4), case=_with_image(hu))["calcified"]
    assert found.value is calcified
    assert found.measured["mean_hu"] == pytest.approx(hu)


def test_an_mr_image_says_nothing_of_calcium() -> None:
    case = _with_image(400.0)
    assert case.image is not None
    mr = replace(case, image=replace(case.image, values=np.abs(case.image.values)))
    found = classify((3, 9, 17, 22, -4, 4), case=mr)["calcified"]
    assert found.value is None
    assert "CT" in found.statement


def test_volume_and_extent_are_those_of_the_box() -> None:
    found = classify((3, 9, 17, 22, -4, 4))
    assert found["volume"].value == 240.0
    assert list(found["dimensions"].measured.values()) == pytest.approx([6, 5, 8], abs=0.51)


def test_every_line_of_the_geometry_joins_the_points_it_measures() -> None:
    found = classify((3, 9, 17, 25, -4, 4))
    size = found["msu_size"]
    h, d, line = (size.points[name] for name in ("h", "d", "L"))
    assert np.linalg.norm(h[1] - h[0]) == pytest.approx(size.measured["h_mm"])
    assert np.linalg.norm(d[1] - d[0]) == pytest.approx(size.measured["d_mm"])
    assert line[0, 0] == pytest.approx(12)
    assert line[1, 0] == pytest.approx(-12)
    document = found.as_document()
    assert document["geometry"]["msu_size h"] == h.tolist()
    assert document["msu"] == {
        "size": size.value, "location": "B", "h_mm": size.measured["h_mm"],
        "d_mm": size.measured["d_mm"],
    }  # fmt: skip


def test_the_mirrored_patient_has_the_same_numbers_and_the_other_side() -> None:
    shapes = {"fragment": ((2, 9, 17, 25, -9, 3),), "canal": (CANAL,), "dural_sac": (SAC,),
              "traversing_root__L5__left": (LEFT_ROOT,)}  # fmt: skip
    one, _ = measure_herniation(build(**shapes), a_case())
    two, _ = measure_herniation(build(mirrored=True, **shapes), a_case())
    assert one is not None
    assert two is not None
    assert (one.side, two.side) == (Side.LEFT, Side.RIGHT)
    for name, grade in one.grades.items():
        twin = two[name]
        assert (grade.value, grade.neighbour) == (twin.value, twin.neighbour)
        swapped = {
            key.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right"): number
            for key, number in twin.measured.items()
        }
        assert dict(grade.measured) == pytest.approx(swapped, abs=1e-6)
        for line, points in grade.points.items():
            key = line.replace("left", "RIGHT").replace("right", "left").replace("RIGHT", "right")
            mirrored = twin.points[key] * [-1, 1, 1]
            here = points if name != "msu_size" or line != "L" else points[::-1]
            if name == "canal_compromise" and line == "worst_slice_width":
                here = points[::-1]
            if line.startswith("axial_base"):
                here = points[::-1]
            assert here == pytest.approx(mirrored, abs=1e-6)
    assert one.roots[0].relation.value == two.roots[0].relation.value


def test_a_moved_patient_has_the_same_classes(turn: Callable[..., Any]) -> None:
    shapes = {"fragment": ((2, 9, 17, 25, -9, 3),), "canal": (CANAL,), "dural_sac": (SAC,)}
    still, _ = measure_herniation(build(**shapes), a_case())
    moved, _ = measure_herniation(
        build(moved=turn(2, 17.0, (30.0, -40.0, 12.0)), **shapes), a_case()
    )
    assert still is not None
    assert moved is not None
    for name in still.grades:
        assert still[name].value == moved[name].value


blob = st.lists(
    st.tuples(
        *(st.integers(-24, 20), st.integers(-20, 40), st.integers(-30, 28)),
        *(st.integers(1, 9) for _ in range(3)),
    ),
    min_size=1,
    max_size=3,
)


@settings(max_examples=8)
@given(blob)
def test_the_classification_never_fails_whatever_the_blob(
    boxes: list[tuple[int, int, int, int, int, int]],
) -> None:
    found, _ = measure_herniation(
        make(*((x, x + a, y, y + b, z, z + c) for x, y, z, a, b, c in boxes)), a_case()
    )
    assert found is not None
    assert found.as_document()["level"] == "L4-L5"
    numbers = [n for grade in found.grades.values() for n in grade.measured.values()]
    assert np.isfinite(numbers).all()
    assert len(describe_herniation(found)) >= 8


def test_what_lies_within_the_disc_is_no_herniation() -> None:
    found = classify((-3, 3, -3, 3, -2, 2))["morphology"]
    assert found.value is None
    assert "stand out" in found.statement


def test_without_a_fragment_there_is_no_herniation() -> None:
    assert measure_herniation(build(), a_case()) == (None, ())
    assert measure_case(build(), a_case()).as_document()["herniation"] is None


def test_a_missing_facet_is_told_and_stops_nothing_else() -> None:
    shapes = {"fragment": ((2, 9, 17, 25, -9, 3),)}
    found, findings = measure_herniation(build(without=("sap:L5:left",), **shapes), a_case())
    assert found is None
    assert codes(findings) == ["AN-350"]


def test_a_fragment_between_two_levels_says_so() -> None:
    anatomy = make((3, 9, 17, 22, -4, 4))
    other = Level("L3", "L4")
    twin = Structure(
        StructureKey("disc", str(other)),
        anatomy.require("disc:L4-L5").region,
        Origin.MODELLED,
        0.7,
    )
    both = replace(
        anatomy,
        structures={**anatomy.structures, twin.key: twin},
        disc_frames={**anatomy.disc_frames, other: anatomy.disc_frames[Level("L4", "L5")]},
    )
    _, findings = measure_herniation(both, a_case())
    assert "AN-354" in codes(findings)


def test_neighbours_are_named_within_one_sigma_only() -> None:
    classes = ("a", "b", "c")
    assert find_neighbour(0.9, 0.2, (1.0, 2.0), classes) == "b"
    assert find_neighbour(1.1, 0.2, (1.0, 2.0), classes) == "a"
    assert find_neighbour(1.5, 0.2, (1.0, 2.0), classes) is None
    assert find_neighbour(2.1, 0.2, (1.0, 2.0), classes) == "b"


def test_the_words_name_the_side_and_the_neighbour() -> None:
    lines = dict(describe_herniation(classify((3, 9, 17, 25, -4, 4))))
    assert "L4-L5 left" in lines["Herniation"]
    assert "2 (or 1)" in lines["MSU"]
    assert FRAGMENT_KEY.kind == "fragment"
