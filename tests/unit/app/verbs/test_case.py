"""Calls of the first three steps: the case, its place and its anatomy."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import (
    BY,
    NOON,
    NoonClock,
    deliver_plan,
    made_anatomy,
    made_checked,
    written_session,
)
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk, refused

from kambin.anatomy import StructureKey
from kambin.app.logic import answering
from kambin.app.logic.closed import STEPS, TITLES
from kambin.app.logic.draft import HandPath
from kambin.app.logic.session import Session
from kambin.app.logic.undo import Undo
from kambin.app.verbs import case as case_verbs
from kambin.app.verbs.case import CaseVerbs, to_path
from kambin.core import Finding, Severity
from kambin.frames import Side

NO_PLACE = "Nobody has confirmed level and side in this session."


@pytest.fixture
def desk(tmp_path: Path) -> MadeDesk:
    """A desk with a case, an anatomy and a place, on the left of L4-L5."""
    return made_desk(written_session(tmp_path))


@pytest.fixture
def unplaced(tmp_path: Path) -> MadeDesk:
    """A desk with a case that nobody has confirmed a place in."""
    session = Session(clock=NoonClock())
    session.folder, session.checked = tmp_path, made_checked(tmp_path)
    session.anatomy = made_anatomy()
    return made_desk(session)


@pytest.fixture
def empty() -> MadeDesk:
    return made_desk(Session())


def verbs_of(desk: MadeDesk) -> CaseVerbs:
    return CaseVerbs(desk.bench)


# the case


def test_a_folder_that_is_named_is_opened_as_long_work(empty: MadeDesk) -> None:
    verbs_of(empty).case_open("/somewhere/case")
    assert empty.jobs.titles == ["opening a case"]
    assert empty.session.checked is None


@pytest.mark.parametrize("typed", ["", "   ", "a\0b"])
def test_a_folder_without_a_name_is_not_opened(empty: MadeDesk, typed: str) -> None:
    error = refused(lambda: verbs_of(empty).case_open(typed))
    assert (error.code, error.where) == ("RQ-180", "folder")
    assert error.why == "No folder or file is named."
    assert empty.jobs.tasks == []


def test_a_path_is_typed_as_in_a_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert to_path(" ~/case ") == tmp_path / "case"
    assert to_path("case one") == Path("case one")


def test_a_folder_that_is_no_case_is_refused_by_the_work_and_keeps_the_old_one(
    desk: MadeDesk, tmp_path: Path
) -> None:
    before = desk.session.checked
    verbs_of(desk).case_open(str(tmp_path / "nothing"))
    assert refused(desk.jobs.run).next_step
    assert desk.session.checked is before


def test_files_are_made_a_case_with_or_without_an_image(empty: MadeDesk, tmp_path: Path) -> None:
    verbs_of(empty).case_import("", str(tmp_path / "seg.nii"), str(tmp_path / "new"))
    verbs_of(empty).case_import("ct.nii", str(tmp_path / "seg.nii"), str(tmp_path / "new"))
    assert empty.jobs.titles == ["importing", "importing"]


@pytest.mark.parametrize(("labels", "into"), [("", "new"), ("seg.nii", ""), ("seg.nii", " ")])
def test_an_import_needs_labels_and_a_folder(empty: MadeDesk, labels: str, into: str) -> None:
    error = refused(lambda: verbs_of(empty).case_import("ct.nii", labels, into))
    assert error.why == "No folder or file is named."
    assert empty.jobs.tasks == []


def test_nothing_is_written_over_a_folder_that_is_there(empty: MadeDesk, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x", "utf-8")
    verbs = verbs_of(empty)
    assert refused(lambda: verbs.case_import("", "s.nii", str(tmp_path))).code == "ST-002"
    assert refused(lambda: verbs.phantom_make("L4-L5", "left", str(tmp_path))).code == "ST-002"
    assert empty.jobs.tasks == []


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_patient_is_made_by_code(empty: MadeDesk, tmp_path: Path, side: str) -> None:
    verbs_of(empty).phantom_make("l4/5", side, str(tmp_path / "made"))
    assert empty.jobs.titles == ["making a patient"]


@pytest.mark.parametrize(
    ("level", "side", "code"),
    [
        ("L4-L5", "", "RQ-180"),
        ("L4-L5", "LEFT", "RQ-180"),
        ("L4-L5", "both", "RQ-180"),
        ("", "left", "RQ-002"),
        ("C5-C6", "left", "RQ-002"),
        ("L4-L6", "right", "RQ-002"),
    ],
)
def test_a_made_patient_has_a_level_and_a_side(
    empty: MadeDesk, tmp_path: Path, level: str, side: str, code: str
) -> None:
    error = refused(lambda: verbs_of(empty).phantom_make(level, side, str(tmp_path / "made")))
    assert error.code == code
    assert empty.jobs.tasks == []


# the steps


@pytest.mark.parametrize("number", [0, -1, 9, 100])
def test_there_are_eight_steps(empty: MadeDesk, number: int) -> None:
    error = refused(lambda: verbs_of(empty).step_open(number))
    assert (error.code, error.why) == ("RQ-180", "There are 8 steps.")
    assert empty.screens.looked_at == "case"


def test_an_open_step_is_gone_to(desk: MadeDesk) -> None:
    assert desk.heard_of(lambda: verbs_of(desk).step_open(3)) == {"case"}
    assert (desk.session.step, desk.screens.looked_at) == ("anatomy", "anatomy")


@pytest.mark.parametrize("number", range(2, 9))
def test_a_closed_step_is_looked_at_and_not_gone_to(empty: MadeDesk, number: int) -> None:
    assert empty.heard_of(lambda: verbs_of(empty).step_open(number)) == {"case"}
    assert empty.session.step == "case"
    assert empty.screens.looked_at == STEPS[number - 1]
    assert TITLES[empty.screens.looked_at]


# side and level


@pytest.mark.parametrize("side", ["left", "right"])
def test_side_and_level_are_taken_with_the_name_and_the_moment(
    unplaced: MadeDesk, side: str
) -> None:
    verbs_of(unplaced).place_confirm("L4-L5", side, "paracentral", f" {BY} ", [])
    place = unplaced.session.place
    assert place is not None
    assert (str(place.level), place.side, place.by, place.at) == ("L4-L5", Side(side), BY, NOON)
    assert place.zone == "paracentral"
    assert place.name == f"L4-L5 {side.upper()}"
    assert unplaced.session.step == "anatomy"


def test_no_zone_is_what_the_case_says(unplaced: MadeDesk) -> None:
    verbs_of(unplaced).place_confirm("L4-L5", "left", "", BY, [])
    assert unplaced.session.place is not None
    assert unplaced.session.place.zone is None


@pytest.mark.parametrize(
    ("level", "side", "by", "missing"),
    [
        ("", "left", BY, "a level"),
        ("L4-L5", "", BY, "a side"),
        ("L4-L5", "left", "  ", "a name"),
        ("", "", "", "a name, a level, a side"),
    ],
)
def test_nothing_is_chosen_for_a_person(
    unplaced: MadeDesk, level: str, side: str, by: str, missing: str
) -> None:
    error = refused(lambda: verbs_of(unplaced).place_confirm(level, side, "", by, []))
    assert error.code == "RQ-182"
    assert error.why == f"Missing: {missing}. There is no default level and no default side."
    assert unplaced.session.place is None
    assert unplaced.session.step == "case"


@pytest.mark.parametrize(
    ("level", "side", "zone", "code", "why"),
    [
        ("L4-L5", "Left", "", "RQ-182", "A side is the patient's own left or right."),
        ("L4-L5", "l", "", "RQ-182", "A side is the patient's own left or right."),
        ("L4-L5", "left", "behind", "RQ-182", "'behind' is none."),
        ("C1-C2", "left", "", "RQ-002", "vertebrae"),
        ("L1-L2", "left", "", "AN-152", ""),
    ],
)
def test_what_is_no_place_of_this_patient_is_refused(
    unplaced: MadeDesk, level: str, side: str, zone: str, code: str, why: str
) -> None:
    error = refused(lambda: verbs_of(unplaced).place_confirm(level, side, zone, BY, []))
    assert error.code == code
    assert why in error.why
    assert unplaced.session.place is None


def test_without_a_case_there_is_no_place(empty: MadeDesk) -> None:
    error = refused(lambda: verbs_of(empty).place_confirm("L4-L5", "left", "", BY, []))
    assert (error.code, error.why) == ("RQ-181", "No case is open.")


def test_an_answer_to_what_the_case_does_not_ask_confirms_nothing(unplaced: MadeDesk) -> None:
    error = refused(lambda: verbs_of(unplaced).place_confirm("L4-L5", "left", "", BY, ["IN-022"]))
    assert (error.code, error.where, error.why) == ("RQ-006", "IN-022", "It asks nothing.")
    assert unplaced.session.place is None


@pytest.mark.parametrize("code", ["AN-112", "AN-114"])
def test_a_count_is_confirmed_as_a_count_and_not_accepted_as_a_finding(
    unplaced: MadeDesk, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    called: list[tuple[Any, ...]] = []
    monkeypatch.setattr(case_verbs, "confirm_scheme", lambda *given: called.append(given))
    verbs_of(unplaced).place_confirm("L4-L5", "left", "", BY, [code])
    assert called == [(unplaced.session, BY)]
    assert unplaced.session.place is not None


def test_count_and_findings_are_answered_together(
    unplaced: MadeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []
    monkeypatch.setattr(case_verbs, "confirm_scheme", lambda *_: called.append("count"))
    monkeypatch.setattr(
        case_verbs, "accept_findings", lambda _, codes, by: called.append(f"{codes} {by}")
    )
    answers = ["IN-022", "AN-112", "AN-130"]
    verbs_of(unplaced).place_confirm("L4-L5", "left", "", BY, answers)
    assert called == ["count", f"['IN-022', 'AN-130'] {BY}"]


def test_the_other_side_puts_plan_and_path_away(desk: MadeDesk) -> None:
    desk.session.history = Undo(HandPath.of_plan(deliver_plan(desk.session)))
    verbs_of(desk).place_confirm("L4-L5", "right", "paracentral", BY, [])
    assert desk.session.place is not None
    assert desk.session.place.side is Side.RIGHT
    assert desk.session.answer is None
    assert desk.session.history is None
    assert desk.session.draft is None


# the anatomy


def test_a_structure_is_hidden_and_shown_again(desk: MadeDesk) -> None:
    verbs, anatomy = verbs_of(desk), desk.session.anatomy
    assert desk.heard_of(lambda: verbs.structure_show("disc:L4-L5", False)) == {"anatomy"}
    verbs.structure_show("dural_sac", False)
    assert desk.session.hidden == {"disc:L4-L5", "dural_sac"}
    verbs.structure_show("disc:L4-L5", True)
    verbs.structure_show("disc:L4-L5", True)
    assert desk.session.hidden == {"dural_sac"}
    assert desk.session.anatomy is anatomy


@pytest.mark.parametrize("key", ["kidney:left", "no_such_thing", ""])
def test_what_the_anatomy_has_not_is_neither_hidden_nor_shown(desk: MadeDesk, key: str) -> None:
    assert refused(lambda: verbs_of(desk).structure_show(key, False)).code in {"RQ-180", "AN-010"}
    assert desk.session.hidden == frozenset()


def test_a_mask_takes_the_place_of_a_structure_as_long_work(desk: MadeDesk) -> None:
    verbs_of(desk).structure_replace("exiting_root:L4:left", "/files/mask.nii.gz")
    assert desk.jobs.titles == ["replacing a mask"]


@pytest.mark.parametrize(
    ("key", "file", "code"),
    [
        ("Exiting Root", "m.nii", "AN-010"),
        ("", "m.nii", "AN-010"),
        ("exiting_root:L4:left", " ", "RQ-180"),
    ],
)
def test_a_mask_has_a_structure_and_a_file(desk: MadeDesk, key: str, file: str, code: str) -> None:
    assert refused(lambda: verbs_of(desk).structure_replace(key, file)).code == code
    assert desk.jobs.tasks == []


def test_a_root_is_not_drawn_from_a_file_that_is_not_there(desk: MadeDesk, tmp_path: Path) -> None:
    verbs = verbs_of(desk)
    missing = str(tmp_path / "curve.mrk.json")
    assert refused(lambda: verbs.root_draw("exiting_root:L4:left", missing)).next_step
    assert refused(lambda: verbs.root_draw("exiting_root:L4:left", "")).code == "RQ-180"
    assert desk.jobs.tasks == []


@pytest.mark.parametrize(("size", "there"), [("1", False), (" 3 ", True)])
def test_a_fragment_is_placed_at_the_confirmed_place_once(
    desk: MadeDesk, monkeypatch: pytest.MonkeyPatch, size: str, there: bool
) -> None:
    asked: list[tuple[Any, bool]] = []

    def fragment_task(_session: Session, wish: Any, *, replacing: bool) -> str:
        asked.append((wish, replacing))
        return "task"

    monkeypatch.setattr(case_verbs, "fragment_task", fragment_task)
    if there:
        _add_fragment(desk.session)
    verbs_of(desk).fragment_place("paracentral", size)
    ((wish, replacing),) = asked
    assert (str(wish.level), wish.side, wish.zone) == ("L4-L5", Side.LEFT, "paracentral")
    assert wish.size == int(size)
    assert replacing is there
    assert desk.jobs.tasks == ["task"]


def _add_fragment(session: Session) -> None:
    assert session.anatomy is not None
    key = StructureKey.parse("fragment")
    disc = session.anatomy.require("disc:L4-L5")
    structures = {**session.anatomy.structures, key: replace(disc, key=key)}
    session.anatomy = replace(session.anatomy, structures=structures)


@pytest.mark.parametrize(
    ("zone", "size", "code"),
    [
        ("paracentral", "", "RQ-180"),
        ("paracentral", "large", "RQ-180"),
        ("paracentral", "1.5", "RQ-180"),
        ("paracentral", "2,9", "RQ-180"),
        ("paracentral", "4", "RQ-082"),
        ("paracentral", "0", "RQ-082"),
        ("nowhere", "2", "RQ-082"),
        ("", "2", "RQ-082"),
    ],
)
def test_what_is_no_fragment_is_not_placed(desk: MadeDesk, zone: str, size: str, code: str) -> None:
    assert refused(lambda: verbs_of(desk).fragment_place(zone, size)).code == code
    assert desk.jobs.tasks == []


def test_a_fragment_needs_a_confirmed_place(unplaced: MadeDesk) -> None:
    error = refused(lambda: verbs_of(unplaced).fragment_place("paracentral", "2"))
    assert (error.code, error.why) == ("RQ-181", NO_PLACE)


@pytest.mark.parametrize(
    "act",
    [
        lambda verbs: verbs.structure_replace("disc:L4-L5", "m.nii"),
        lambda verbs: verbs.case_open(""),
        lambda verbs: verbs.fragment_place("central", "1"),
    ],
)
def test_without_a_case_the_anatomy_is_not_changed(
    empty: MadeDesk, act: Callable[[CaseVerbs], None]
) -> None:
    assert refused(lambda: act(verbs_of(empty))).code in {"RQ-180", "RQ-181"}
    assert empty.jobs.tasks == []


# what is begun unasked


def test_a_confirmed_place_has_its_anatomy_completed_once(desk: MadeDesk) -> None:
    desk.session.anatomy = None
    verbs = verbs_of(desk)
    verbs.begin_waited_for()
    verbs.begin_waited_for()
    assert desk.jobs.titles == ["completing the anatomy"]


def test_a_plan_that_was_opened_has_its_ground_prepared_once(desk: MadeDesk) -> None:
    deliver_plan(desk.session)
    desk.session.ground = None
    verbs = verbs_of(desk)
    verbs.begin_waited_for()
    verbs.begin_waited_for()
    assert desk.jobs.titles == ["preparing the level"]


def test_nothing_is_begun_while_something_runs(desk: MadeDesk) -> None:
    desk.session.anatomy = None
    desk.jobs.is_running = True
    verbs = verbs_of(desk)
    verbs.begin_waited_for()
    assert desk.jobs.tasks == []
    desk.jobs.is_running = False
    verbs.begin_waited_for()
    assert desk.jobs.titles == ["completing the anatomy"]


def test_nothing_is_begun_before_a_person_confirmed_the_place(
    unplaced: MadeDesk, empty: MadeDesk
) -> None:
    unplaced.session.anatomy = None
    for desk in (unplaced, empty):
        verbs_of(desk).begin_waited_for()
        assert desk.jobs.tasks == []


def test_nothing_is_begun_while_the_case_asks_a_person(desk: MadeDesk) -> None:
    asking = Finding("IN-022", Severity.CONFIRM, "Some names", "labels", "why", "next")
    assert desk.session.checked is not None
    desk.session.checked = replace(desk.session.checked, findings=(asking,))
    desk.session.anatomy = None
    assert answering.find_questions(desk.session.checked) == (asking,)
    verbs_of(desk).begin_waited_for()
    assert desk.jobs.tasks == []


def test_all_that_is_there_already_is_not_begun(desk: MadeDesk) -> None:
    verbs_of(desk).begin_waited_for()
    assert desk.jobs.tasks == []
