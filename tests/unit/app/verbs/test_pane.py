"""Calls from within a pane: the cursor, the wheel, the greys and the path under the hand."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.unit.app.logic.made_session import made_path, moved_session
from tests.unit.app.verbs.made_bench import MadeDesk, made_desk, measured, refused

from kambin.app.logic.draft import HandPath
from kambin.app.logic.moving import NUDGE_MM
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.panes import ORTHOGONAL, Axis
from kambin.app.logic.session import Session
from kambin.app.state import STILLS
from kambin.app.verbs.pane import LEAST_PX, MOST_PX, PaneVerbs

NO_VIEW = "There is no such view now."


@pytest.fixture
def desk() -> MadeDesk:
    desk = made_desk(measured(moved_session()))
    path = made_path()
    axis = Axis.of(path.entry_lps_mm, path.target_lps_mm, path.stop_mm)
    desk.views.panes = desk.views.panes.on_path(axis)
    desk.session.set_cursor(np.array(path.target_lps_mm))
    desk.heard.clear()
    return desk


@pytest.fixture
def verbs(desk: MadeDesk) -> PaneVerbs:
    return PaneVerbs(desk.bench)


def present(desk: MadeDesk) -> HandPath:
    assert desk.session.history is not None
    return desk.session.history.present


def view_of(desk: MadeDesk, pane: str) -> PaneView:
    found = desk.views.find_view(pane)
    assert found is not None
    return found


# where the panes pass through


@pytest.mark.parametrize("pane", [*ORTHOGONAL, "along-flat", "along-upright", "probe-eye"])
def test_a_click_brings_all_panes_to_the_point_that_was_clicked(
    desk: MadeDesk, verbs: PaneVerbs, pane: str
) -> None:
    wanted = view_of(desk, pane).point_lps_mm(100.0, 140.0)
    assert desk.heard_of(lambda: verbs.cursor_set(pane, 100.0, 140.0)) == {"cursor"}
    assert desk.session.cursor_lps_mm == pytest.approx(wanted)
    assert desk.views.first == pane
    assert present(desk) == made_path()


@pytest.mark.parametrize(
    ("pane", "axis", "sign"), [("axial", 2, 1), ("sagittal", 0, 1), ("coronal", 1, 1)]
)
def test_the_wheel_moves_across_the_pane_and_back(
    desk: MadeDesk, verbs: PaneVerbs, pane: str, axis: int, sign: int
) -> None:
    before = desk.session.cursor_lps_mm
    desk.views.panes = desk.views.panes.at_cursor(before)
    verbs.pane_scroll(pane, 3)
    moved = desk.session.cursor_lps_mm - before
    assert abs(moved[axis]) == pytest.approx(3.0 * sign)
    assert np.delete(moved, axis) == pytest.approx([0, 0])
    desk.views.panes = desk.views.panes.at_cursor(desk.session.cursor_lps_mm)
    verbs.pane_scroll(pane, -3)
    assert desk.session.cursor_lps_mm == pytest.approx(before)


def test_no_step_of_the_wheel_moves_nothing(desk: MadeDesk, verbs: PaneVerbs) -> None:
    before = desk.session.cursor_lps_mm
    desk.views.panes = desk.views.panes.at_cursor(before)
    verbs.pane_scroll("axial", 0)
    assert desk.session.cursor_lps_mm == pytest.approx(before)


@pytest.mark.parametrize("name", ["", "Axial", "eye", "front", "pane_axial"])
@pytest.mark.parametrize(
    "act",
    [
        lambda verbs, name: verbs.cursor_set(name, 1.0, 1.0),
        lambda verbs, name: verbs.pane_scroll(name, 1),
        lambda verbs, name: verbs.pane_zoom(name, 1.5),
        lambda verbs, name: verbs.pane_pan(name, 1.0, 1.0),
        lambda verbs, name: verbs.path_drag("target", name, 1.0, 1.0, True),
        lambda verbs, name: verbs.path_nudge("target", name, 1, 0, False),
    ],
)
def test_a_view_that_is_not_there_is_refused(
    desk: MadeDesk, verbs: PaneVerbs, act: Callable[[PaneVerbs, str], None], name: str
) -> None:
    cursor = desk.session.cursor_lps_mm
    error = refused(lambda: act(verbs, name))
    assert (error.code, error.where, error.why) == ("RQ-180", "view", NO_VIEW)
    assert desk.session.cursor_lps_mm is cursor
    assert present(desk) == made_path()


def test_without_a_path_there_is_no_view_along_it() -> None:
    verbs = PaneVerbs(made_desk(Session()).bench)
    assert refused(lambda: verbs.cursor_set("along-flat", 1.0, 1.0)).why == NO_VIEW
    verbs.cursor_set("axial", 1.0, 1.0)


@pytest.mark.parametrize("still", STILLS)
def test_a_projection_is_not_scrolled_zoomed_panned_or_sized(
    desk: MadeDesk, verbs: PaneVerbs, still: str
) -> None:
    panes, cursor = desk.views.panes, desk.session.cursor_lps_mm

    def act() -> None:
        verbs.pane_scroll(still, 2)
        verbs.pane_zoom(still, 2.0)
        verbs.pane_pan(still, 4.0, 4.0)
        verbs.pane_size(still, 300, 300)

    assert desk.heard_of(act) == set()
    assert desk.views.panes is panes
    assert desk.session.cursor_lps_mm is cursor


@pytest.mark.parametrize("still", STILLS)
def test_a_projection_that_is_not_made_yet_is_clicked_in_vain(
    desk: MadeDesk, verbs: PaneVerbs, still: str
) -> None:
    assert desk.heard_of(lambda: verbs.cursor_set(still, 10.0, 10.0)) == set()


# how a pane looks


def test_one_pane_comes_nearer_and_the_others_stay(desk: MadeDesk, verbs: PaneVerbs) -> None:
    before = {name: view_of(desk, name).mm_per_px for name in ORTHOGONAL}
    assert desk.heard_of(lambda: verbs.pane_zoom("axial", 2.0)) == {"cursor"}
    assert view_of(desk, "axial").mm_per_px == pytest.approx(before["axial"] / 2)
    for name in ("sagittal", "coronal"):
        assert view_of(desk, name).mm_per_px == before[name]


@pytest.mark.parametrize("factor", [0.0, -1.0, -0.001])
def test_what_is_no_factor_zooms_nothing(desk: MadeDesk, verbs: PaneVerbs, factor: float) -> None:
    panes = desk.views.panes
    verbs.pane_zoom("axial", factor)
    assert desk.views.panes is panes


@pytest.mark.parametrize("factor", [1e-9, 1e9])
def test_the_zoom_has_ends(desk: MadeDesk, verbs: PaneVerbs, factor: float) -> None:
    whole = view_of(desk, "axial").mm_per_px
    verbs.pane_zoom("axial", factor)
    assert whole / 25 < view_of(desk, "axial").mm_per_px < whole * 3


def test_the_picture_goes_with_the_hand(desk: MadeDesk, verbs: PaneVerbs) -> None:
    target = np.array(made_path().target_lps_mm)
    before = view_of(desk, "axial").xy(target)[:2]
    verbs.pane_pan("axial", 30.0, -12.0)
    assert view_of(desk, "axial").xy(target)[:2] - before == pytest.approx([30.0, -12.0])
    assert desk.session.cursor_lps_mm == pytest.approx(target)


@pytest.mark.parametrize(
    ("asked", "painted"),
    [
        ((640, 480), (640, 480)),
        ((1, 9000), (LEAST_PX, MOST_PX)),
        ((0, -5), (LEAST_PX, LEAST_PX)),
        ((10**9, 10**9), (MOST_PX, MOST_PX)),
    ],
)
def test_a_pane_is_painted_as_large_as_it_is_within_ends(
    desk: MadeDesk, verbs: PaneVerbs, asked: tuple[int, int], painted: tuple[int, int]
) -> None:
    assert desk.heard_of(lambda: verbs.pane_size("sagittal", *asked)) == {"cursor"}
    assert desk.views.panes.gaze("sagittal").size_px == painted
    assert desk.views.panes.gaze("axial").size_px == (512, 512)


def test_greys_are_picked_by_name_and_an_unknown_name_keeps_them(
    desk: MadeDesk, verbs: PaneVerbs
) -> None:
    verbs.window_pick("bone")
    assert desk.views.panes.window == "bone"
    verbs.window_pick("no such window")
    assert desk.views.panes.window == "bone"
    verbs.window_pick("wide")
    assert desk.views.panes.window == "wide"


# the path under the hand


@pytest.mark.parametrize("pane", [*ORTHOGONAL, "along-flat"])
def test_a_target_goes_to_where_the_hand_lets_go(
    desk: MadeDesk, verbs: PaneVerbs, pane: str
) -> None:
    view = view_of(desk, pane)
    x, y, _ = view.xy(np.array(made_path().target_lps_mm))
    verbs.path_drag("target", pane, x + 6.0, y - 4.0, True)
    landed = view.xy(np.array(present(desk).target_lps_mm))
    assert landed == pytest.approx([x + 6.0, y - 4.0, 0.0], abs=1e-4)
    assert present(desk).entry_lps_mm == made_path().entry_lps_mm


@pytest.mark.parametrize("pane", ["", "Axial", "eye"])
def test_a_pane_that_is_not_there_is_neither_sized_nor_held(
    desk: MadeDesk, verbs: PaneVerbs, pane: str
) -> None:
    before = desk.views.panes
    assert refused(lambda: verbs.pane_size(pane, 300, 300)).code == "RQ-180"
    assert desk.views.panes is before
    assert refused(lambda: verbs.path_drag("target", pane, 1.0, 1.0, False)).code == "RQ-180"
    assert desk.views.held == ""


def test_a_drag_is_one_step_however_long_it_took(desk: MadeDesk, verbs: PaneVerbs) -> None:
    x, y, _ = view_of(desk, "axial").xy(np.array(made_path().target_lps_mm))
    for n in range(3):
        verbs.path_drag("target", "axial", x + n + 1, y, False)
        assert desk.views.held == "axial"
        assert desk.session.hovering is not None
        assert present(desk) == made_path()
    verbs.path_drag("target", "axial", x + 5, y, True)
    assert desk.views.held == ""
    assert desk.session.hovering is None
    assert desk.session.history is not None
    assert desk.session.history.past == (made_path(),)


def test_tools_in_space_follow_a_hand_that_drags_once_it_rests(
    desk: MadeDesk, verbs: PaneVerbs
) -> None:
    x, y, _ = view_of(desk, "axial").xy(np.array(made_path().target_lps_mm))
    for n in range(3):
        verbs.path_drag("target", "axial", x + n + 1, y, False)
    assert desk.scene.followed == 0
    verbs.path_rest()
    assert desk.scene.followed == 1


def test_a_dragged_entry_stays_on_the_skin(desk: MadeDesk, verbs: PaneVerbs) -> None:
    x, y, _ = view_of(desk, "axial").xy(np.array(made_path().entry_lps_mm))
    verbs.path_drag("entry", "axial", x - 12.0, y + 3.0, True)
    assert present(desk).entry_lps_mm != made_path().entry_lps_mm
    assert present(desk).target_lps_mm == made_path().target_lps_mm
    assert desk.session.draft is not None
    assert "ENTRY NOT ON THE SKIN" not in desk.session.draft.verdict.words


@pytest.mark.parametrize(
    ("pane", "right", "down", "axis", "moved"),
    [
        # radiological: the patient's left is on the right of the picture, his back below
        ("axial", 1, 0, 0, NUDGE_MM),
        ("axial", -1, 0, 0, -NUDGE_MM),
        ("axial", 0, 1, 1, NUDGE_MM),
        ("coronal", 1, 0, 0, NUDGE_MM),
        ("coronal", 0, -1, 2, NUDGE_MM),
        ("sagittal", 0, -1, 2, NUDGE_MM),
        ("sagittal", 0, 1, 2, -NUDGE_MM),
    ],
)
def test_an_arrow_moves_the_target_half_a_millimetre_as_it_points(
    desk: MadeDesk, verbs: PaneVerbs, pane: str, right: int, down: int, axis: int, moved: float
) -> None:
    before = np.array(made_path().target_lps_mm)
    verbs.path_nudge("target", pane, right, down, False)
    wanted = before.copy()
    wanted[axis] += moved
    assert np.array(present(desk).target_lps_mm) == pytest.approx(wanted)


@pytest.mark.parametrize(("right", "down"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_an_arrow_with_turning_leaves_the_target_and_turns_half_a_degree(
    desk: MadeDesk, verbs: PaneVerbs, right: int, down: int
) -> None:
    before = made_path()
    verbs.path_nudge("entry", "axial", right, down, True)
    after = present(desk)
    assert after.target_lps_mm == before.target_lps_mm
    cosine = before.way @ after.way / (before.length_mm * after.length_mm)
    assert 0.1 < np.degrees(np.arccos(cosine)) < 0.6
    if down:
        # the arrow up brings the entry towards the head
        assert np.sign(after.way[2] / after.length_mm - before.way[2] / before.length_mm) == -down
    else:
        # on the left an arrow to the right of the picture goes away from the midline
        flat = [np.arctan2(one.way[0], one.way[1]) for one in (before, after)]
        assert np.sign(flat[1] - flat[0]) == right


@pytest.mark.parametrize("name", ["", "tip", "ENTRY"])
def test_only_the_two_ends_are_dragged_or_nudged(
    desk: MadeDesk, verbs: PaneVerbs, name: str
) -> None:
    for error in (
        refused(lambda: verbs.path_drag(name, "axial", 1.0, 1.0, True)),
        refused(lambda: verbs.path_nudge(name, "axial", 1, 0, False)),
    ):
        assert error.why == "A path has an entry and a target."
    assert present(desk) == made_path()


def test_a_locked_path_is_not_dragged_or_nudged(desk: MadeDesk, verbs: PaneVerbs) -> None:
    desk.session.is_locked = True
    for error in (
        refused(lambda: verbs.path_drag("target", "axial", 90.0, 90.0, True)),
        refused(lambda: verbs.path_drag("entry", "axial", 90.0, 90.0, False)),
        refused(lambda: verbs.path_nudge("target", "axial", 1, 0, False)),
        refused(lambda: verbs.path_nudge("entry", "axial", 1, 0, True)),
    ):
        assert (error.code, error.why[:18]) == ("RQ-183", "Somebody locked it")
    assert present(desk) == made_path()
    assert desk.session.hovering is None


def test_without_a_path_nothing_is_dragged_or_nudged() -> None:
    verbs = PaneVerbs(made_desk(Session()).bench)
    error = refused(lambda: verbs.path_drag("target", "axial", 1.0, 1.0, True))
    assert (error.code, error.why) == ("RQ-180", "There is no path yet.")
    error = refused(lambda: verbs.path_nudge("target", "axial", 1, 0, False))
    assert (error.code, error.why) == ("RQ-181", "There is no path yet.")
