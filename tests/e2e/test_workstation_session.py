"""The guided path without a browser: from the folder of a made patient to the locked plan."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import run_kambin
from tests.shelf import COARSE_MM, Shelf

from kambin.anatomy import Level
from kambin.app.logic import autosave, checklist, moving
from kambin.app.logic.answering import accept_of_plan
from kambin.app.logic.completing import complete_task
from kambin.app.logic.draft import HandPath
from kambin.app.logic.making import ground_task
from kambin.app.logic.opening import open_task
from kambin.app.logic.placing import confirm_place
from kambin.app.logic.sealing import measure_task, seal_task
from kambin.app.logic.session import Session
from kambin.app.logic.signing import list_signatures, lock_plan, sign_task
from kambin.app.logic.steps import gate
from kambin.app.logic.tasks import run_now
from kambin.app.logic.versions import compare_versions, list_versions
from kambin.core import PlanError
from kambin.desk.planning import find_plan_folder
from kambin.exchange import find_answer_file
from kambin.frames import Side
from kambin.planning import Plan

BY = "A. Surgeon"


@pytest.fixture(scope="module")
def a_case(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The made patient with the plan that ``kambin plan`` made, where the workstation keeps it."""
    folder = tmp_path_factory.mktemp("workstation") / "case"
    shutil.copytree(shelf.made_patient(COARSE_MM), folder)
    shutil.copytree(
        shelf.made_plan(COARSE_MM), find_plan_folder(folder, Level("L4", "L5"), Side.LEFT)
    )
    return folder


def _opened(folder: Path) -> Session:
    """Open the case, confirm the place and prepare it, as a person does after each start."""
    session = Session()
    autosave.attach(session)
    run_now(open_task(session, folder))
    assert gate(session, "plan") is not None
    confirm_place(session, "L4-L5", "left", BY, zone="paracentral")
    run_now(complete_task(session))
    run_now(ground_task(session))
    return session


def test_from_the_folder_to_the_signed_plan_and_back_after_a_kill(a_case: Path) -> None:
    session = _opened(a_case)
    plan, first = session.answer, session.draft
    assert isinstance(plan, Plan)
    assert first is not None
    assert first.evaluation is not None
    # what is live under the hand is what the plan says, to the digits of the documents
    assert first.path == HandPath.of_plan(plan)
    assert first.verdict.tone != "stop", first.verdict.words
    assert first.evaluation.entry.depth_mm == pytest.approx(plan.entry.depth_mm, abs=1e-3)
    assert first.evaluation.slack_mm >= -1e-6

    # into the canal: said at once which structure, how deep and by how much; and no plan
    moving.drag(session, "target", np.add(first.target_lps_mm, (-6.0, 6.0, 0.0)), done=True)
    run_now(measure_task(session))
    assert session.draft is not None
    assert session.draft.verdict.tone == "stop"
    assert "misses by" in session.draft.verdict.words
    with pytest.raises(PlanError) as refused:
        run_now(seal_task(session))
    assert refused.value.code == "PL-171"
    moving.undo(session)

    # a little beside the plan: measured thoroughly, sealed, and the next version
    moving.nudge(session, "entry", "cranial", 1)
    run_now(measure_task(session))
    assert session.draft.evaluation is not None
    assert session.draft.verdict.tone != "stop", session.draft.verdict.words
    assert session.draft.evaluation.certainty is not None
    run_now(seal_task(session))
    sealed = session.answer
    assert isinstance(sealed, Plan)
    assert sealed.content_sha256 != plan.content_sha256
    assert session.history is not None
    assert session.history.present == HandPath.of_plan(sealed)
    assert len(list_versions(session)) == 2
    assert compare_versions(session, 1, 2).move is not None

    # killed here: all is there again, but side and level are asked anew
    kept = session.history
    session = _opened(a_case)
    assert session.history == kept
    assert session.answer == sealed

    asked = [f.code for f in sealed.findings if f.severity == "CONFIRM"]
    if asked:
        accept_of_plan(session, list(dict.fromkeys(asked)), BY)
    for code in checklist.LOOKED:
        checklist.tick(session, code, done=True)
    run_now(sign_task(session, BY))
    lock_plan(session)
    (signature,) = list_signatures(session)
    assert signature.is_valid
    assert signature.is_locked

    # commands see the same plan, valid, signed and locked
    file = find_answer_file(find_plan_folder(a_case, Level("L4", "L5"), Side.LEFT))
    verdict = run_kambin("verify", a_case, file, "--json").document
    assert verdict["valid"]
    assert verdict["locked"]
