import pytest

from kambin.anatomy import DISC_LEVELS
from kambin.core import RequestError
from kambin.knowledge import (
    Technique,
    find_instrument,
    instruments,
    technique,
    techniques,
    unplanned_techniques,
)

ALL = tuple(techniques().values())
REAMING = ("outside-in", "mobile-outside-in", "far-lateral")


def test_the_techniques_of_the_issue_are_there() -> None:
    assert {"outside-in", "inside-out", "far-lateral", "extraforaminal"} <= set(techniques())


@pytest.mark.parametrize("preset", ALL, ids=lambda t: t.name)
def test_the_tools_are_in_the_table_and_of_the_kind_of_their_stage(preset: Technique) -> None:
    assert preset.tools[0].stage == "needle"
    assert [tool.stage for tool in preset.tools].count("cannula") == 1
    for tool in preset.tools:
        assert find_instrument(tool.instrument).kind == tool.stage


@pytest.mark.parametrize("preset", ALL, ids=lambda t: t.name)
def test_preferred_angles_lie_in_the_corridor_at_every_level(preset: Technique) -> None:
    corridor = preset.corridor
    assert set(preset.preferred) == set(DISC_LEVELS)
    for wish in preset.preferred.values():
        low, high = wish.axial_inclination_deg
        assert corridor.axial_inclination_min_deg <= low < high
        assert high <= corridor.axial_inclination_max_deg
        low, high = wish.craniocaudal_deg
        assert corridor.craniocaudal_min_deg <= low < high <= corridor.craniocaudal_max_deg
        low, high = wish.lateral_mm
        assert corridor.lateral_min_mm <= low < high <= corridor.length_max_mm


@pytest.mark.parametrize("preset", ALL, ids=lambda t: t.name)
def test_the_corridor_keeps_the_path_in_the_foramen(preset: Technique) -> None:
    corridor = preset.corridor
    assert corridor.axial_inclination_min_deg >= 30
    assert corridor.lateral_min_mm >= 50
    assert corridor.length_max_mm <= 190


@pytest.mark.parametrize("preset", ALL, ids=lambda t: t.name)
def test_every_preset_has_source_tag_and_weights_that_cost(preset: Technique) -> None:
    assert preset.source
    assert preset.tag in ("V", "V2", "M", "D")
    assert preset.note
    assert 0 < preset.stop_max_mm <= 14
    assert all(weight >= 0 for weight in preset.weights.model_dump().values())
    assert preset.weights.clearance > 0


def test_far_lateral_is_flat_and_extraforaminal_steep() -> None:
    flat, steep = technique("far-lateral").corridor, technique("extraforaminal").corridor
    assert (flat.axial_inclination_min_deg, flat.axial_inclination_max_deg) == (75, 90)
    assert (steep.axial_inclination_min_deg, steep.axial_inclination_max_deg) == (30, 45)


def test_an_unknown_technique_is_refused_with_the_list() -> None:
    with pytest.raises(RequestError, match="RQ-042") as caught:
        technique("upside-down")
    assert "outside-in" in caught.value.next_step


@pytest.mark.parametrize("name", REAMING)
def test_the_last_reamer_opens_the_way_for_the_cannula(name: str) -> None:
    for cannula_mm in (6.0, 7.5, 8.0, 10.0):
        stages = technique(name).instruments_for(cannula_mm)
        reamers = [i.outer_diameter_mm for stage, i in stages if stage == "reamer"]
        assert reamers == sorted(reamers)
        assert reamers[-1] == cannula_mm
        assert dict(stages)["cannula"].outer_diameter_mm == cannula_mm


def test_inside_out_reams_nothing() -> None:
    assert "reamer" not in dict(technique("inside-out").instruments_for(7.5))


def test_what_does_not_fit_the_cannula_is_left_out() -> None:
    thin = technique("outside-in").instruments_for(6.0)
    assert "scope" not in dict(thin)
    assert all(i.outer_diameter_mm <= 6.0 for _, i in thin)
    assert "scope" in dict(technique("outside-in").instruments_for(7.5))


def test_a_cannula_nobody_makes_is_refused() -> None:
    with pytest.raises(RequestError, match="RQ-041"):
        technique("outside-in").instruments_for(40.0)


def test_every_instrument_is_used_by_a_technique_or_is_a_choice_beside_one() -> None:
    used = {tool.instrument for preset in ALL for tool in preset.tools}
    kinds = {find_instrument(name).kind for name in used}
    beside = {i.kind for i in instruments().values()} - kinds
    assert beside == {"probe", "burr"}


@pytest.mark.parametrize("name", unplanned_techniques())
def test_pl_082_a_technique_that_is_not_planned_says_what_it_needs(name: str) -> None:
    assert name not in techniques()
    with pytest.raises(RequestError, match="PL-082") as caught:
        technique(name)
    assert caught.value.why == unplanned_techniques()[name].why


@pytest.mark.parametrize("preset", ALL, ids=lambda t: t.name)
def test_a_guide_wire_follows_every_needle(preset: Technique) -> None:
    assert [tool.stage for tool in preset.tools[:2]] == ["needle", "guidewire"]
