"""What ``kambin compare`` says to a person."""

import pytest
from tests.unit.exchange.made_plans import smallest

from kambin.approaches import Comparison
from kambin.approaches.compare_models import ApproachCost, Difference, FieldNote
from kambin.approaches.indications_models import FigureRecord
from kambin.cli.compare import print_comparison, print_published


def a_comparison(*differences_mm3: float) -> Comparison:
    """Two ways that were measured, with one difference a number."""
    first, second = "transforaminal", "open_fenestration"
    return smallest(
        Comparison,
        level="L4-L5",
        side="left",
        fields={"lamina_mm3": FieldNote(unit="mm3", meaning="Bone cut.")},
        approaches={
            first: smallest(ApproachCost, lamina_mm3=0.0, not_assessed={"facet_mm3": "No facet."}),
            second: smallest(ApproachCost, lamina_mm3=629.4, origins={"lamina_mm3": "modelled"}),
        },
        differences=tuple(
            smallest(Difference, field="lamina_mm3", first=first, second=second, difference=number)
            for number in differences_mm3
        ),
        findings=(),
    )


@pytest.mark.parametrize("number", [0.0, -0.0])
def test_a_difference_of_nothing_has_no_sign(
    capsys: pytest.CaptureFixture[str], number: float
) -> None:
    print_comparison(a_comparison(number))
    (line,) = [x for x in capsys.readouterr().out.splitlines() if x.startswith("lamina_mm3 fen")]
    assert line.split() == ["lamina_mm3", "fenestr.", "0", "1"]


def test_a_way_that_takes_more_is_told_as_more(capsys: pytest.CaptureFixture[str]) -> None:
    print_comparison(a_comparison(-629.4))
    text = capsys.readouterr().out
    assert text.startswith("L4-L5 LEFT")
    assert "lamina_mm3 fenestr.  629 " in text
    assert "transforam.: facet_mm3: No facet." in text
    assert "fenestr.: from modelled surfaces: lamina_mm3" in text


def test_what_papers_print_names_both_ways_whole(capsys: pytest.CaptureFixture[str]) -> None:
    figure = smallest(
        FigureRecord,
        approach="microdiscectomy_tubular",
        comparator="microdiscectomy_retractor",
        metric="muscle_fat",
        figure="no difference",
        source="general",
    )
    print_published(a_comparison().model_copy(update={"published": (figure,)}))
    text = " ".join(capsys.readouterr().out.split())
    assert "…" not in text
    for word in ("muscle fat", "microdiscectomy", "retractor", "against", "no source read"):
        assert word in text
