"""What ``kambin whatif`` says to a person, and what it refuses before anything is read."""

from pathlib import Path

import pytest
from tests.e2e.command_line import run_kambin

from kambin.cli.whatif import print_what_if
from kambin.planning import FindingRecord, WhatIf
from kambin.planning.comparison_models import ComparedNumber
from kambin.planning.what_if_models import Assumed, NewBest, WhatIfState

BEFORE = WhatIfState(
    passes=True,
    slack_mm=0.5,
    binding_structure="exiting_root:L4:left",
    binding_stage="needle",
    foramen_height_mm=15.0,
)
BEST = NewBest(
    passes=True,
    status="ready",
    entry_lps_mm=(70.0, 60.0, 0.0),
    entry_moved_mm=12.3,
    axial_inclination_to_patient_deg=55.0,
    craniocaudal_to_patient_deg=4.0,
    objective_mm=1.0,
    binding_structure=None,
    deficit_mm=None,
    findings=(),
)


def _found(best: NewBest | None = None) -> WhatIf:
    after = BEFORE.model_copy(update={"passes": False, "slack_mm": -0.7})
    note = FindingRecord(
        code="PL-109", severity="NOTE", what="An assumption", where="a", why="b", next_step="c"
    )
    bone = ComparedNumber(name="resection.volume_mm3", a=90.0, b=60.0, difference=-30.0, better="b")
    return WhatIf(
        case_sha256="c" * 64,
        plan_content_sha256="d" * 64,
        level="L4-L5",
        side="left",
        assumed=Assumed(
            prone_mm=0.0, flexion_deg=-4.0, cannula_mm=7.5, moved=(), rotated=(), rules=("A rule.",)
        ),
        before=BEFORE,
        after=after,
        numbers=(bone,),
        clearances=(),
        nearer=("exiting_root:L4:left",),
        farther=(),
        new_best=best,
        findings=(note,),
    )


def test_before_and_after_stand_beside_each_other(capsys: pytest.CaptureFixture[str]) -> None:
    print_what_if(_found())
    text = capsys.readouterr().out
    assert "an assumption, no plan" in text
    assert "NO" in text
    assert "-0.70" in text
    assert "resection.volume_mm3" in text
    assert "Nearer    exiting_root:L4:left" in text
    assert "A rule." in text
    assert "PL-109" in text
    assert "Best" not in text


def test_an_assumption_that_changes_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    print_what_if(_found().model_copy(update={"numbers": ()}))
    text = capsys.readouterr().out
    assert "What it changes: no number" in text
    assert "better" not in text


def test_the_new_best_is_told_or_what_binds(capsys: pytest.CaptureFixture[str]) -> None:
    print_what_if(_found(BEST))
    assert "12.3 mm from the plan's entry" in capsys.readouterr().out
    none = {"passes": False, "entry_moved_mm": None, "binding_structure": "colon"}
    print_what_if(_found(BEST.model_copy(update={**none, "deficit_mm": 1.5})))
    assert "nothing passes: colon binds by 1.50 mm" in capsys.readouterr().out


@pytest.mark.parametrize("words", [(), ("--flexion", "45"), ("--prone", "900")])
def test_an_assumption_is_refused_before_the_plan_is_read(
    words: tuple[str, ...], tmp_path: Path
) -> None:
    outcome = run_kambin("whatif", tmp_path, tmp_path / "plan.json", *words, "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, "RQ-107")
