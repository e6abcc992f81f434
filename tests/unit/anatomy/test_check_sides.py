"""Names against geometry and organs against names, on a handful of voxels."""

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import NUMBER_OF, SHAPE, tiny_survey, tiny_values

from kambin.anatomy.check_sides import check_sides
from kambin.anatomy.laterality import enough_weight, find_witnesses, fit_midsagittal_plane
from kambin.core import Finding, Severity

LAST = SHAPE[0] - 1
NAMES = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}
USUAL = {
    "aorta": (12, 1),
    "vena_cava": (7, 1),
    "liver": (1, 1),
    "spleen": (18, 1),
    "kidney:left": (17, 5),
    "kidney:right": (2, 5),
}
"""Column i and row j of a rod for each organ; index i grows to the left."""


def sides(places: dict[str, tuple[int, int]], values: np.ndarray | None = None):
    """Return the findings for the column with rods for organs."""
    values = tiny_values() if values is None else values
    names = dict(NAMES)
    for number, (name, (i, j)) in enumerate(places.items(), start=10):
        # The one called right lies lower, as it usually does.
        low = 8 if name == "kidney:right" else 10
        values[i, j, low : low + 8] = number
        names[number] = name
    return check_sides(tiny_survey(values, names))


def brief(findings: tuple[Finding, ...]) -> list[tuple[str, Severity, str]]:
    return [(f.code, f.severity, f.where) for f in findings]


def mirrored(places: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    return {name: (LAST - i, j) for name, (i, j) in places.items()}


def renamed(places: dict[str, tuple[int, int]]) -> dict[str, tuple[int, int]]:
    swap = {"left": "right", "right": "left"}
    return {
        ":".join(swap.get(part, part) for part in name.split(":")): at
        for name, at in places.items()
    }


def without(*names: str) -> dict[str, tuple[int, int]]:
    return {name: at for name, at in USUAL.items() if name not in names}


def test_a_usual_patient_is_not_asked():
    assert sides(USUAL) == ()


def test_an101_swapped_names_block_and_name_the_pair():
    (finding,) = [f for f in sides(renamed(USUAL)) if f.code == "AN-101"]
    assert brief((finding,)) == [("AN-101", Severity.BLOCK, "kidney:left, kidney:right")]
    assert "0 other sided structures" in finding.why


def test_an101_counts_the_structures_that_do_fit():
    fitting = {"psoas:left": (16, 8), "psoas:right": (3, 8)}
    (finding,) = [f for f in sides(renamed(USUAL) | fitting) if f.code == "AN-101"]
    assert "2 other sided structures" in finding.why


def test_an102_mirrored_organs_without_sided_names_block():
    (finding,) = sides(mirrored(without("kidney:left", "kidney:right")))
    assert brief((finding,)) == [("AN-102", Severity.BLOCK, "laterality witnesses")]


def test_an103_mirrored_organs_with_fitting_names_ask_about_situs_inversus():
    (finding,) = sides(renamed(mirrored(USUAL)))
    assert brief((finding,)) == [("AN-103", Severity.CONFIRM, "laterality witnesses")]
    assert "liver: mirrored" in finding.why


def test_an101_an102_mirrored_voxels_alone_block_twice():
    found = [f.code for f in sides(mirrored(USUAL))]
    assert found == ["AN-101", "AN-102"]


@pytest.mark.parametrize("name", ["left", "right"])
def test_an104_a_kidney_across_the_midline_asks_by_its_name(name):
    i = {"left": 6, "right": 13}[name]
    findings = sides(USUAL | {f"kidney:{name}": (i, 12)})
    assert ("AN-104", Severity.CONFIRM, f"kidney:{name}") in brief(findings)
    assert "AN-101" not in {f.code for f in findings}


@pytest.mark.parametrize("name", ["left", "right"])
def test_a_structure_a_little_across_the_midline_is_let_pass(name):
    i = {"left": 8, "right": 11}[name]
    findings = sides(USUAL | {f"kidney:{name}": (i, 12)})
    assert {f.code for f in findings} <= {"AN-105"}


@pytest.mark.parametrize("name", ["left", "right"])
def test_an101_a_single_sided_structure_on_the_other_side_blocks(name):
    place = {"left": (2, 8), "right": (17, 8)}[name]
    (finding,) = sides(USUAL | {f"psoas:{name}": place})
    assert brief((finding,)) == [("AN-101", Severity.BLOCK, f"psoas:{name}")]


def test_an104_a_strong_witness_against_the_others_asks():
    left_cava = USUAL | {"aorta": (7, 1), "vena_cava": (12, 1)}
    found = brief(sides(left_cava))
    assert found == [("AN-104", Severity.CONFIRM, "laterality witnesses")]


def test_an104_a_weak_witness_against_the_others_is_noted():
    found = brief(sides(USUAL | {"stomach": (2, 2)}))
    assert found == [("AN-104", Severity.NOTE, "laterality witnesses")]


@pytest.mark.parametrize("kept", [(), ("liver",), ("aorta", "vena_cava"), ("spleen",)])
def test_an105_fewer_than_two_witnesses_ask(kept):
    found = brief(sides({name: USUAL[name] for name in kept}))
    assert found == [("AN-105", Severity.CONFIRM, "laterality witnesses")]


def test_an105_nothing_labelled_is_said_so():
    (finding,) = sides({})
    assert finding.why.startswith("no organ that lies on one side by nature is labelled.")
    assert finding.why.endswith(f"Agreeing weight 0, needed {enough_weight():g}.")


def test_an105_an_organ_without_its_partner_is_no_witness():
    survey = tiny_survey()
    assert find_witnesses(survey, fit_midsagittal_plane(survey)) == ()


@pytest.mark.parametrize("kept", [("liver", "spleen"), ("aorta", "vena_cava", "liver")])
def test_two_strong_witnesses_prove_the_side(kept):
    assert sides({name: USUAL[name] for name in kept}) == ()


def test_an106_a_column_turned_back_to_front_blocks():
    findings = sides({}, tiny_values()[:, ::-1].copy())
    assert ("AN-106", Severity.BLOCK, "shape of the vertebrae") in brief(findings)


def test_an106_organs_behind_the_spine_block():
    behind = {name: (i, 15) for name, (i, _) in without("kidney:left", "kidney:right").items()}
    (finding,) = [f for f in sides(behind) if f.code == "AN-106"]
    assert finding.severity is Severity.BLOCK
    assert finding.where == "aorta, liver, vena_cava"
    assert finding.why.startswith("3 of 4 witnesses")


def test_an106_one_organ_out_of_place_is_outvoted():
    findings = sides(USUAL | {"colon": (4, 15)})
    assert "AN-106" not in {f.code for f in findings}


def test_an106_the_muscles_of_the_back_lie_behind():
    places = {"erector_spinae:left": (15, 1), "erector_spinae:right": (4, 1)}
    (finding,) = [f for f in sides(places) if f.code == "AN-106"]
    assert finding.where == "erector_spinae:left, erector_spinae:right"


@pytest.mark.parametrize(
    "places",
    [USUAL, renamed(USUAL), USUAL | {"kidney:left": (6, 12)}, USUAL | {"psoas:left": (2, 8)}],
)
def test_names_are_compared_alike_in_the_mirror(places):
    def compared(findings: tuple[Finding, ...]) -> list[tuple[str, str]]:
        kept = [f for f in findings if "witnesses" not in f.where]
        return sorted((f.code, f.where.replace("left", "L").replace("right", "R")) for f in kept)

    twin = compared(sides(renamed(mirrored(places)), tiny_values()[::-1].copy()))
    swapped = [
        (code, ", ".join(sorted(part.translate({76: 82, 82: 76}) for part in where.split(", "))))
        for code, where in compared(sides(places))
    ]
    assert swapped == [(c, ", ".join(sorted(w.split(", ")))) for c, w in twin]
