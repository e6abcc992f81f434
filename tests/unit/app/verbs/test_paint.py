"""Calls of the brush: where the hand was in a slice, in millimetres of the patient."""

from pathlib import Path

import numpy as np
import pytest
from tests.unit.app.logic.made_session import written_session
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk, refused

from kambin.anatomy.fragment_brush import Stroke
from kambin.app.logic.panes import ORTHOGONAL
from kambin.app.logic.session import Session
from kambin.app.shown.frame import show_header
from kambin.app.shown.painting import show_painting
from kambin.app.state import STILLS
from kambin.app.verbs.paint import PaintVerbs
from kambin.app.verbs.path import PathVerbs


@pytest.fixture
def desk(tmp_path: Path) -> MadeDesk:
    """A desk at the step of the anatomy."""
    desk = made_desk(written_session(tmp_path / "case"))
    desk.session.step = "anatomy"
    return desk


@pytest.fixture
def verbs(desk: MadeDesk) -> PaintVerbs:
    verbs = PaintVerbs(desk.bench)
    verbs.paint_begin()
    return verbs


def strokes(desk: MadeDesk) -> tuple[Stroke, ...]:
    assert desk.session.painting is not None
    return desk.session.painting.strokes


@pytest.mark.parametrize("pane", ORTHOGONAL)
def test_a_hand_paints_where_it_is_in_any_slice(
    desk: MadeDesk, verbs: PaintVerbs, pane: str
) -> None:
    view = desk.views.find_view(pane)
    assert view is not None
    verbs.paint_move(pane, ["100 120.5", "130 120.5"], 2.5, False, False)
    verbs.paint_move(pane, ["130 150"], 2.5, False, True)
    (stroke,) = strokes(desk)
    wanted = [view.point_lps_mm(x, y) for x, y in ((100, 120.5), (130, 120.5), (130, 150))]
    assert np.array(stroke.points_lps_mm) == pytest.approx(np.array(wanted), abs=1e-3)
    assert stroke.radius_mm == 2.5
    assert desk.views.first == pane


@pytest.mark.parametrize("pane", ["", "Axial", "along-flat", *STILLS])
def test_only_a_slice_that_is_there_is_painted_in(
    desk: MadeDesk, verbs: PaintVerbs, pane: str
) -> None:
    error = refused(lambda: verbs.paint_move(pane, ["1 1"], 3.0, False, True))
    assert (error.code, error.where) == ("RQ-180", "view")
    assert strokes(desk) == ()


@pytest.mark.parametrize("place", ["", "1", "1 2 3", "one two", "nan 1", "1 inf", "1,2"])
def test_what_is_no_place_is_refused(desk: MadeDesk, verbs: PaintVerbs, place: str) -> None:
    error = refused(lambda: verbs.paint_move("axial", ["5 5", place], 3.0, False, True))
    assert error.code == "RQ-180"
    assert strokes(desk) == ()


def test_keeping_and_taking_out_are_long_work(desk: MadeDesk, verbs: PaintVerbs) -> None:
    verbs.paint_move("axial", ["100 100"], 3.0, False, True)
    verbs.paint_keep()
    verbs.fragment_remove()
    assert desk.jobs.titles == ["keeping what was painted", "taking the fragment out"]


def test_undo_is_of_strokes_while_the_hand_paints_and_of_paths_otherwise(
    desk: MadeDesk, verbs: PaintVerbs
) -> None:
    path, history = PathVerbs(desk.bench), desk.session.history
    verbs.paint_move("axial", ["100 100"], 3.0, False, True)
    assert show_header(desk.session).can_undo
    path.undo()
    assert strokes(desk) == ()
    assert show_header(desk.session).can_redo
    path.redo()
    assert len(strokes(desk)) == 1
    assert desk.session.history is history
    desk.session.step = "examine"
    path.undo()
    assert len(strokes(desk)) == 1
    assert not show_header(desk.session).can_undo


def test_without_a_place_there_is_no_brush() -> None:
    verbs = PaintVerbs(made_desk(Session()).bench)
    assert refused(verbs.paint_begin).code == "RQ-181"
    assert refused(verbs.paint_keep).code == "RQ-181"
    assert refused(verbs.fragment_remove).code == "RQ-181"


def test_the_panel_says_what_it_will_be_taken_for(desk: MadeDesk) -> None:
    assert not show_painting(desk.session).is_active
    verbs = PaintVerbs(desk.bench)
    verbs.paint_begin()
    verbs.paint_move("axial", ["100 100"], 3.0, False, True)
    shown = show_painting(desk.session)
    assert shown.is_active
    assert shown.words == "1 stroke, begun on nothing."
    assert shown.origin == "Origin: drawn by hand. Sigma at least 1.0 mm."
    assert (shown.is_kept, shown.can_undo, shown.can_redo) == (False, True, False)
    assert 0 < shown.least_mm < 3 < shown.most_mm
    verbs.paint_end()
    assert not show_painting(desk.session).is_active
    assert show_painting(Session()).is_kept


def test_the_paint_is_over_the_slices_and_no_disc_is_in_the_way(
    desk: MadeDesk, verbs: PaintVerbs
) -> None:
    verbs.paint_move("axial", ["256 256"], 4.0, False, True)
    overlay = desk.views._overlay()
    assert overlay.painted is not None
    assert overlay.handles == {}
    assert overlay.tools == ()
    assert "fragment" in overlay.hidden
    desk.session.step = "plan"
    assert desk.views._overlay().painted is None
