from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.approaches.made_back import make_back, make_way

from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.drug_words import read_drug
from kambin.cli.anaesthesia import print_anaesthesia
from kambin.cli.doses import read_doses
from kambin.core import RequestError


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ((), "RQ-141"),
        (("--weight-kg", "20"), "RQ-141"),
        (("--weight-kg", "70", "--drug", "procaine:1"), "RQ-140"),
        (("--weight-kg", "70", "--drug", "lidocaine"), "RQ-143"),
        (("--weight-kg", "70", "--at-most", "2"), "RQ-144"),
        (("--weight-kg", "70", "--ceiling", "highest"), "RQ-145"),
        (("--weight-kg", "70", "--reduce-for", "tall"), "RQ-145"),
        (("--weight-kg", "70", "--reduce-for", "none", "--reduce-for", "elderly"), "RQ-145"),
    ],
)
def test_what_makes_no_sense_is_refused_before_the_case_is_read(
    words: tuple[str, ...], code: str, tmp_path: Path
) -> None:
    outcome = run_kambin("anaesthesia", tmp_path, tmp_path / "plan.json", *words, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, code)


def test_the_words_of_a_call_become_a_request() -> None:
    request = read_doses(70.0, ["lidocaine 1%"], "uk", 0.8, ["elderly", "elderly"])
    assert (request.jurisdiction, request.at_most, request.reduce_for) == ("uk", 0.8, ("elderly",))
    assert request.drugs == (read_drug("lidocaine:1"),)
    with pytest.raises(RequestError):
        read_doses(70.0, None, "nobody's", 1.0, None)


def test_a_person_reads_layers_volumes_and_the_sum(capsys: pytest.CaptureFixture[str]) -> None:
    drugs = tuple(read_drug(word) for word in ("lidocaine:1", "lidocaine:0.5@foramen"))
    plan = make_way().model_copy(update={"status": "needs_confirmation"})
    print_anaesthesia(plan_anaesthesia(make_back(), plan, DrugRequest(70.0, drugs)))
    text = capsys.readouterr().out
    assert "L4-L5 LEFT  70 kg" in text
    assert "needs_confirmation" in text
    assert "Erector spinae" in text
    assert "lidocaine 0.5 %" in text
    assert "Sum       97.5 % of the ceiling" in text
    assert "at most 200 mg" in text
    assert "PL-143" in text
    assert "Who gives the drug decides" in text


def test_without_a_drug_a_person_reads_every_one(capsys: pytest.CaptureFixture[str]) -> None:
    print_anaesthesia(plan_anaesthesia(make_back(), make_way(), DrugRequest(70.0)))
    text = capsys.readouterr().out
    assert "No drug was chosen; each by itself" in text
    assert "Levobupivacaine" in text
    assert "uk C30 [V2]" in text
    assert "What each part is given" not in text


def test_volumes_that_do_not_fit_are_a_dash(capsys: pytest.CaptureFixture[str]) -> None:
    drugs = (read_drug("lidocaine:2"), read_drug("lidocaine:0.5@foramen"))
    print_anaesthesia(plan_anaesthesia(make_back(), make_way(), DrugRequest(30.0, drugs)))
    text = capsys.readouterr().out
    assert "PL-141" in text
    assert "of the ceiling\n" not in text.partition("PL-")[0]
