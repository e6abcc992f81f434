"""What may be asked of a plan, and where its numbers come from."""

import dataclasses
from typing import Any

import pytest
from tests.unit.planning.made_level import LEVEL, SIDE

from kambin.core import RequestError
from kambin.knowledge import read_constants, technique, techniques
from kambin.planning import ZONES, PlanRequest
from kambin.planning.evidence import TABLES, find_evidence


def test_the_zones_run_from_the_midline_outwards() -> None:
    assert ZONES == ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")


@pytest.mark.parametrize("zone", [*ZONES, None])
def test_each_zone_may_be_asked_for(zone: str | None) -> None:
    assert PlanRequest(LEVEL, SIDE, zone=zone).zone == zone


@pytest.mark.parametrize("zone", ["", "Central", "central ", "lateral", "x" * 500])
def test_another_word_is_no_zone(zone: str) -> None:
    with pytest.raises(RequestError, match="PL-030") as caught:
        PlanRequest(LEVEL, SIDE, zone=zone)
    assert len(str(caught.value)) < 500
    assert all(name in caught.value.next_step for name in ZONES)


@pytest.mark.parametrize("size", [0.0, -7.5, float("nan"), float("inf"), float("-inf")])
def test_a_cannula_has_a_diameter(size: float) -> None:
    with pytest.raises(RequestError, match="PL-031"):
        PlanRequest(LEVEL, SIDE, cannula_mm=size)


@pytest.mark.parametrize("name", ["", "upside-down", "Outside-in", "x" * 500])
def test_an_unknown_technique_is_refused_when_it_is_asked_for(name: str) -> None:
    with pytest.raises(RequestError, match="RQ-042") as caught:
        PlanRequest(LEVEL, SIDE, technique=name)
    assert len(str(caught.value)) < 900


@pytest.mark.parametrize("size", [1e-9, 7.5, None])
def test_a_positive_diameter_or_none_may_be_asked_for(size: float | None) -> None:
    assert PlanRequest(LEVEL, SIDE, cannula_mm=size).cannula_mm == size


def test_nothing_is_assumed_that_was_not_asked() -> None:
    request = PlanRequest(LEVEL, SIDE)
    assert (request.zone, request.target_lps_mm, request.technique, request.cannula_mm) == (
        (None,) * 4
    )


@pytest.mark.parametrize("part", [{"side": SIDE.opposite}, {"zone": "central"}])
def test_a_request_is_not_changed_in_place(part: dict[str, Any]) -> None:
    request = PlanRequest(LEVEL, SIDE)
    for name, value in part.items():
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(request, name, value)


@pytest.mark.parametrize("name", techniques())
def test_the_evidence_names_every_margin_and_the_technique(name: str) -> None:
    evidence = find_evidence(technique(name))
    rows = [row for table in TABLES for row in read_constants(table)]
    assert len(evidence) == len(rows) + 1
    assert sum(line.startswith(f"techniques.{name}: ") for line in evidence) == 1


def test_the_evidence_is_sorted_and_says_each_thing_once() -> None:
    evidence = find_evidence(technique("outside-in"))
    assert list(evidence) == sorted(set(evidence))


def test_every_piece_of_evidence_has_a_source_and_a_tag() -> None:
    for line in find_evidence(technique("outside-in")):
        name, rest = line.split(": ", 1)
        assert name
        assert rest.rsplit(" [", 1)[0].strip()
        assert rest.endswith(("[V]", "[V2]", "[M]", "[D]"))


@pytest.mark.parametrize(
    "weights",
    [
        {"bone_per_cm3": -1.0},
        {"bone_per_cm3": float("nan")},
        {"bone_per_cm3": float("inf")},
        {"bones": 1.0},
    ],
)
def test_pl_083_a_weight_that_means_nothing_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(RequestError, match="PL-083"):
        PlanRequest(LEVEL, SIDE, weights=weights)


def test_pl_088_errors_are_one_of_the_named_settings() -> None:
    with pytest.raises(RequestError, match="PL-088") as raised:
        PlanRequest(LEVEL, SIDE, zone="central", errors="none")
    assert "compensated, uncompensated" in raised.value.next_step
    assert PlanRequest(LEVEL, SIDE, zone="central").errors == "uncompensated"


def test_pl_084_margins_are_one_of_two() -> None:
    with pytest.raises(RequestError, match="PL-084"):
        PlanRequest(LEVEL, SIDE, margins="bold")  # type: ignore[arg-type]
