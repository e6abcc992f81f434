import json

import pytest
from pydantic import ValidationError

from kambin.knowledge import (
    JURISDICTIONS,
    Preparation,
    checkpoints,
    describe,
    find_preparation,
    preparations,
)
from kambin.knowledge.procedure import StepLine, procedure_steps, recovery_rows


def test_the_ceilings_of_the_evidence_are_in_the_table() -> None:
    found = {
        (name, row.table): (row.mg_per_kg, row.cap_mg)
        for name, one in preparations().items()
        for row in one.ceilings
    }
    assert found == {
        ("lidocaine", "us-label"): (4.5, 300.0),
        ("lidocaine", "uk"): (3.0, 200.0),
        ("lidocaine", "practice"): (3.0, None),
        ("lidocaine+epinephrine", "us-label"): (7.0, 500.0),
        ("lidocaine+epinephrine", "practice"): (7.0, None),
        ("bupivacaine", "us-label"): (None, 175.0),
        ("bupivacaine", "practice"): (2.0, None),
        ("bupivacaine+epinephrine", "us-label"): (None, 225.0),
        ("bupivacaine+epinephrine", "practice"): (2.0, None),
        ("ropivacaine", "uk"): (3.0, 200.0),
        ("ropivacaine", "practice"): (3.0, None),
        ("levobupivacaine", "uk"): (2.0, 150.0),
    }


def test_the_labels_that_advise_against_mixtures_say_so() -> None:
    warned = {name for name, one in preparations().items() if one.mixing}
    assert warned == {"lidocaine+epinephrine", "bupivacaine", "bupivacaine+epinephrine"}


def test_only_what_a_label_names_is_a_concentration() -> None:
    named = {n: [s.percent for s in one.concentrations] for n, one in preparations().items()}
    assert named["lidocaine"] == [0.5, 1.0]
    assert named["bupivacaine"] == [0.25]
    assert named["ropivacaine"] == named["levobupivacaine"] == []


def test_the_lowest_is_the_default() -> None:
    assert JURISDICTIONS[0] == "lowest"


def test_a_misspelt_field_is_refused() -> None:
    row = find_preparation("lidocaine").model_dump()
    with pytest.raises(ValidationError):
        Preparation.model_validate({**row, "mg_per_stone": 20.0})


def test_steps_come_in_the_order_of_the_operation() -> None:
    names = list(procedure_steps())
    order = ("position", "c_arm", "marks", "infiltration", "needle", "guidewire", "dilation")
    later = ("foraminoplasty", "cannula", "endoscopy", "end", "closure")
    places = [names.index(name) for name in (*order, *later)]
    assert places == sorted(places)


def test_a_line_of_a_step_has_a_tag() -> None:
    with pytest.raises(ValidationError):
        StepLine.model_validate({"text": "x", "source": "y"})


def test_red_flags_come_last_and_none_is_left_to_fill_in() -> None:
    flags = [row.flag for row in recovery_rows().values()]
    assert flags == sorted(flags)
    assert not any(row.blank for row in recovery_rows().values() if row.flag)


def test_drugs_steps_and_checkpoints_are_described_in_plain_json() -> None:
    shown = describe()
    assert json.loads(json.dumps(shown["drugs"])) == shown["drugs"]
    assert set(shown["drugs"]) == set(preparations())
    assert set(shown["procedure"]) == set(procedure_steps())
    assert set(shown["recovery"]) == set(recovery_rows())
    assert set(shown["checkpoints"]["stages"]) == set(checkpoints().stages)
