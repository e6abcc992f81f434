"""The sentences say what the numbers mean, and promise nothing."""

import re
from importlib import resources

import pytest

from kambin.anatomy import StructureKey
from kambin.planning import Clearance
from kambin.report.palette import find_look
from kambin.report.words import (
    BANNER,
    LEGEND,
    clearance_words,
    direction_words,
    fraction_words,
    mm_words,
    origin_words,
    plain_words,
    point_words,
    quantity_words,
    short_words,
    structure_words,
    unit_words,
)


def a_clearance(gap: float, doubt: float, margin: float | None = 1.0) -> Clearance:
    return Clearance(
        structure="dural_sac",
        group="neural",
        clearance_mm=gap,
        point_lps_mm=(1.0, 2.0, 3.0),
        sigma_mm=doubt,
        origin="segmented",
        hard_margin_mm=margin,
        uncertainty_mm=doubt,
        inside_uncertainty=gap < doubt,
    )


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("exiting_root:L4:left", "exiting root L4 left"),
        ("sap:L5:right", "superior articular process L5 right"),
        ("disc:L4-L5", "disc L4-L5"),
        ("drg:L4:left", "ganglion (DRG) L4 left"),
        ("vena_cava", "vena cava"),
        ("corridor", "corridor"),
        ("<script>", "<script>"),
    ],
)
def test_a_structure_is_named_in_words(key: str, words: str) -> None:
    assert structure_words(key) == words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("exiting_root:L4:left", "L4 root"),
        ("sap:L5:left", "L5 SAP"),
        ("vertebra:L4", "L4"),
        ("dural_sac", "sac"),
        ("small_bowel", "bowel"),
    ],
)
def test_a_picture_has_room_for_few_letters(key: str, words: str) -> None:
    assert short_words(StructureKey.parse(key)) == words


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ("83 mm3 must go; bone_mm3 is null.", "83 mm³ must go; bone_mm3 is null."),
        ("at most 4.0 mm2, or 2 cm3", "at most 4.0 mm², or 2 cm³"),
        ("mm3", "mm³"),
        ("3 mm of 5 mm", "3 mm of 5 mm"),
    ],
)
def test_volumes_have_one_form_wherever_they_are_read(told: str, shown: str) -> None:
    assert unit_words(told) == shown
    assert "mm³" in plain_words("481 mm3 of sap:L5:left")


def test_a_gap_smaller_than_its_uncertainty_is_said_in_words() -> None:
    said = clearance_words(a_clearance(1.4, 2.5))
    assert "inside uncertainty (2.5 mm)" in said
    assert "cannot be told from contact" in said


def test_a_gap_larger_than_its_uncertainty_says_how_uncertain() -> None:
    assert clearance_words(a_clearance(4.4, 0.5)) == "clear of its uncertainty (0.5 mm)"


def test_an_overlap_beyond_its_uncertainty_is_no_matter_of_doubt() -> None:
    assert "uncertainty" not in clearance_words(a_clearance(-2.2, 0.5))


def test_an_overlap_says_so_and_whether_the_bone_is_removed() -> None:
    process = a_clearance(-2.2, 0.5, None).model_copy(update={"group": "removable"})
    assert clearance_words(process) == "overlaps by 2.2 mm, bone that is removed"
    kept = clearance_words(a_clearance(-0.3, 0.5))
    assert "removed" not in kept
    assert "inside uncertainty" in kept


def test_the_rim_that_forceps_touch_at_the_target_is_not_said_to_be_removed() -> None:
    rim = a_clearance(-0.9, 3.0, None).model_copy(update={"group": "rim"})
    assert clearance_words(rim) == "overlaps by 0.9 mm; no margin is asked of this tool here"


def test_an_overlap_with_a_watched_artery_is_no_bone_and_no_certainty() -> None:
    artery = a_clearance(-1.2, 8.0, None).model_copy(update={"group": "watched"})
    said = clearance_words(artery)
    assert said == "overlaps by 1.2 mm where it is modelled; no image shows it"


@pytest.mark.parametrize(
    ("value", "words"), [(34.4, "34 mm cranial"), (-12.0, "12 mm caudal"), (0.0, "0 mm cranial")]
)
def test_a_signed_length_has_a_word_instead_of_a_sign(value: float, words: str) -> None:
    assert direction_words(value, "cranial", "caudal") == words


def test_what_was_not_assessed_says_so() -> None:
    assert fraction_words(None) == mm_words(None) == "not assessed"
    assert fraction_words(0.236) == "24 %"
    assert mm_words(3.14) == "3.1 mm"
    assert mm_words(2.0, "degrees") == "2.0 degrees"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("axial_inclination_to_disc_deg 40", "axial inclination to disc deg 40"),
        ("near vena_cava and drg:L4:left", "near vena cava and ganglion (DRG) L4 left"),
        ("exiting_root:L4:left binds", "exiting root L4 left binds"),
    ],
)
def test_no_underscore_is_left_in_a_sentence(text: str, words: str) -> None:
    assert plain_words(text) == words


def test_a_quantity_is_named_without_the_unit_that_stands_beside_its_value() -> None:
    assert quantity_words("craniocaudal_to_disc_deg", "deg") == "craniocaudal to disc"
    assert quantity_words("lateral_of_midline_mm", "mm") == "lateral of midline"
    assert quantity_words("degree_of_wear", "deg") == "degree of wear"


def test_points_and_origins_are_words() -> None:
    assert point_words((1.0, -2.345, 0.04)) == "1.0, -2.3, 0.0"
    assert origin_words("modelled") == "modelled, not seen in the image"
    assert origin_words("dreamt") == "dreamt"


def test_kinds_that_touch_differ_in_line_or_width_and_not_in_colour_alone() -> None:
    keys = [
        "vertebra:L4",
        "sap:L5:left",
        "disc:L4-L5",
        "exiting_root:L4:left",
        "dural_sac",
        "colon",
    ]
    looks = [find_look(StructureKey.parse(key)) for key in keys]
    lines = {(str(look.line), look.width_pt) for look in looks}
    assert len(lines) == len(looks)


def test_arteries_and_veins_differ_in_grey_or_are_named() -> None:
    artery = find_look(StructureKey.parse("aorta")).colour
    vein = find_look(StructureKey.parse("vena_cava")).colour
    assert artery != vein
    assert short_words(StructureKey.parse("aorta")) != short_words(StructureKey.parse("vena_cava"))


def test_the_banner_says_what_it_is_not() -> None:
    assert "Not a medical device" in BANNER
    assert "Research" in BANNER


PROMISES = re.compile(
    r"\b(safe|safely|guarantee\w*|certified|proven|always|no risk|harmless|approved)\b",
    re.IGNORECASE,
)


def test_no_text_of_the_report_promises_anything() -> None:
    folder = resources.files("kambin.report")
    for name in ("report.html.j2", "table.html.j2", "report.typ"):
        text = folder.joinpath("templates", name).read_text("utf-8")
        assert PROMISES.findall(text) == [], name
    for name in ("words.py", "plan_rows.py", "refusal_rows.py", "content.py"):
        strings = re.findall(r'"([^"\n]{12,})"', folder.joinpath(name).read_text("utf-8"))
        assert [s for s in strings if PROMISES.search(s)] == [], name


def test_the_legend_names_a_line_for_every_kind() -> None:
    assert all(words and line for words, line in LEGEND)
    assert any("dashed" in line for _, line in LEGEND)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("drg:L4:left binds at the forceps", "ganglion (DRG) L4 left binds at the forceps"),
        ("aorta, iliac_vein:left", "aorta, iliac vein left"),
        ("vena_cava and small_bowel", "vena cava and small bowel"),
        ("disc:L4-L5 is thin", "disc L4-L5 is thin"),
        ("at 14:30 it was 1:2", "at 14:30 it was 1:2"),
    ],
)
def test_keys_inside_a_sentence_are_written_in_words(text: str, words: str) -> None:
    assert plain_words(text) == words
