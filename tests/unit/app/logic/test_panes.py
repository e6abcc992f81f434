"""Six panes and one cursor: places, scrolling, zoom, and the very bytes of the report."""

from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.app.logic.made_panes import (
    ALL,
    MIRROR,
    made_axis,
    made_noise,
    made_panes,
)

from kambin.app.logic.pane_pictures import PaneGround, PanePainter, find_slice_words
from kambin.app.logic.panes import ORTHOGONAL, SCROLL_STEP_MM, TRAJECTORY, Axis, Panes
from kambin.frames import Side
from kambin.imaging import Plane, Volume
from kambin.report import sections
from kambin.report.sections import draw_section
from kambin.report.slices import ViewRequest, slice_jpeg
from kambin.report.view_planes import orthogonal_planes, tool_planes

places = st.tuples(st.floats(0.0, 256.0), st.floats(0.0, 192.0))


@pytest.mark.parametrize("name", ALL)
@given(places, st.floats(-40.0, 40.0))
def test_a_picked_point_lies_where_it_was_picked(
    name: str, xy: tuple[float, float], behind_mm: float
) -> None:
    view = made_panes().view(name)
    point = view.point_lps_mm(*xy, behind_mm=behind_mm)
    assert view.xy(point) == pytest.approx([*xy, behind_mm], abs=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_the_picked_point_is_what_the_pixel_shows(name: str) -> None:
    """The middle of a pixel, and not its corner: half a pixel off would be half a pixel wrong."""
    view = made_panes().view(name)
    points = view.plane.points_lps_mm()
    assert view.point_lps_mm(10.5, 20.5) == pytest.approx(points[20, 10])
    assert view.xy(points[3, 7])[:2] == pytest.approx([7.5, 3.5])


@pytest.mark.parametrize("name", ALL)
def test_every_pane_passes_through_the_cursor(name: str) -> None:
    cursor = np.array([13.0, -7.5, 21.0])
    view = made_panes().at_cursor(cursor).view(name)
    assert view.xy(cursor)[2] == pytest.approx(0.0, abs=1e-6)


def test_panes_in_the_patients_axes_are_radiological_for_both_sides() -> None:
    for side in Side:
        sides = [made_panes(side).view(name).letters for name in ORTHOGONAL]
        found = [(one.left, one.right, one.top, one.bottom) for one in sides]
        assert found == [("R", "L", "A", "P"), ("A", "P", "S", "I"), ("R", "L", "S", "I")]


@pytest.mark.parametrize("name", ALL)
def test_scrolling_moves_the_cursor_away_and_shifts_nothing(name: str) -> None:
    panes = made_panes()
    before, after = panes.view(name), panes.scrolled(name, 3).view(name)
    moved = panes.scrolled(name, 3).cursor_lps_mm - panes.cursor_lps_mm
    assert moved == pytest.approx(3 * SCROLL_STEP_MM * before.plane.normal_lps)
    assert after.plane.right_lps == pytest.approx(before.plane.right_lps)
    assert after.xy(panes.cursor_lps_mm)[:2] == pytest.approx(
        before.xy(panes.cursor_lps_mm)[:2], abs=1e-6
    )
    assert panes.scrolled(name, 3).scrolled(name, -3).cursor_lps_mm == pytest.approx(
        panes.cursor_lps_mm
    )


@pytest.mark.parametrize("name", ALL)
@given(st.floats(0.5, 3.0), st.tuples(*[st.floats(-30.0, 30.0)] * 3))
def test_zooming_keeps_the_cursor_where_it_is_on_the_screen(
    name: str, factor: float, off_mm: tuple[float, float, float]
) -> None:
    panes = made_panes()
    panes = panes.at_cursor(panes.cursor_lps_mm + np.array(off_mm))
    before, after = panes.view(name), panes.zoomed(name, factor).view(name)
    cursor = panes.cursor_lps_mm
    assert after.xy(cursor) == pytest.approx(before.xy(cursor), abs=1e-6)
    assert after.mm_per_px == pytest.approx(before.mm_per_px / factor)
    assert after.size_px == before.size_px


def test_zoom_has_ends() -> None:
    panes = made_panes()
    near = panes.zoomed("axial", 1e9).view("axial")
    far = panes.zoomed("axial", 1e-9).view("axial")
    usual = panes.view("axial").mm_per_px
    assert usual / 30 < near.mm_per_px < usual / 10
    assert usual < far.mm_per_px < 4 * usual


@pytest.mark.parametrize("name", ALL)
def test_panning_takes_the_picture_along_with_the_hand(name: str) -> None:
    panes = made_panes().zoomed(name, 2.0)
    point = panes.view(name).point_lps_mm(100.0, 80.0)
    assert panes.panned(name, 12.0, -5.0).view(name).xy(point)[:2] == pytest.approx([112.0, 75.0])


@pytest.mark.parametrize("size_px", [(480, 384), (300, 420), (640, 200)])
@pytest.mark.parametrize("name", ALL)
def test_a_pane_of_any_shape_shows_at_least_what_the_report_shows(
    name: str, size_px: tuple[int, int]
) -> None:
    view = made_panes(size_px=size_px).view(name)
    report = report_plane(made_panes(), name)
    assert view.size_px == size_px
    assert view.plane.width_mm >= report.width_mm - 1e-9
    assert view.plane.height_mm >= report.height_mm - 1e-9


def report_plane(panes: Panes, name: str) -> Plane:
    axis = made_axis()
    if name in ORTHOGONAL:
        views = orthogonal_planes(
            panes.home_lps_mm, width_mm=190.0, towards_lps_mm=axis.entry_lps_mm
        )
        return views[ORTHOGONAL.index(name)].plane
    views = tool_planes(axis.entry_lps_mm, axis.target_lps_mm, axis.docking_lps_mm)
    return views[TRAJECTORY.index(name)].plane


@pytest.mark.parametrize("name", ALL)
def test_the_same_view_gives_the_same_bytes_in_pane_and_report(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the pane's own address and from what the report's section asks of the slices."""
    rows, columns = report_plane(made_panes(), name).shape
    panes = made_panes(size_px=(columns, rows))
    if name == "probe-eye":
        panes = panes.at_cursor(made_axis().docking_lps_mm)
    axis, drawn = made_axis(), []

    def slice_of(volume: Volume, request: ViewRequest) -> bytes:
        drawn.append(slice_jpeg(volume, request))
        return drawn[-1]

    monkeypatch.setattr(sections, "slice_jpeg", slice_of)
    views = (
        *orthogonal_planes(axis.target_lps_mm, width_mm=190.0, towards_lps_mm=axis.entry_lps_mm),
        *tool_planes(axis.entry_lps_mm, axis.target_lps_mm, axis.docking_lps_mm),
    )
    draw_section(made_noise(), views[ALL.index(name)], (), (), caption="L4-L5 LEFT side")
    address = PanePainter(PaneGround(made_noise())).address(panes.view(name))
    assert b64decode(address.removeprefix("data:image/jpeg;base64,")) == drawn[0]


def test_a_moved_path_turns_all_trajectory_panes_but_the_one_under_the_hand() -> None:
    panes = made_panes()
    axis = made_axis()
    moved = Axis.of(axis.entry_lps_mm + np.array([4.0, -3.0, 9.0]), axis.target_lps_mm, 8.0)
    turned = panes.turned(moved, held="along-flat")
    same = {
        name: (turned.view(name).plane.normal_lps == panes.view(name).plane.normal_lps).all()
        for name in ALL
    }
    assert same == dict.fromkeys(ALL, True) | {"along-upright": False, "probe-eye": False}
    assert turned.turned(moved).axes["along-flat"] is moved


def test_a_path_without_direction_turns_nothing_and_shows_no_number_that_is_none() -> None:
    panes, target = made_panes(), made_axis().target_lps_mm
    same = panes.turned(Axis.of(target, target, 8.0))
    assert same is panes
    bare = Panes.about(target).turned(Axis.of(target, target))
    assert not any(bare.has(name) for name in TRAJECTORY)
    assert np.isfinite(Axis.of(target, target, 8.0).docking_lps_mm).all()


def test_without_a_path_there_are_three_panes() -> None:
    panes = Panes.about(np.zeros(3))
    assert [panes.has(name) for name in ALL] == [True] * 3 + [False] * 3
    assert not panes.has("nothing")
    with pytest.raises(KeyError):
        panes.view("along-flat")


def test_a_new_path_takes_zoom_and_shift_back_but_no_size() -> None:
    panes = made_panes().zoomed("axial", 3.0).panned("axial", 40.0, 20.0)
    again = panes.on_path(made_axis())
    assert again.gaze("axial") == made_panes().gaze("axial")
    assert again.cursor_lps_mm == pytest.approx(made_axis().target_lps_mm)


@pytest.mark.parametrize(("name", "known"), [("bone", True), ("soft", True), ("fog", False)])
def test_a_window_is_one_of_those_that_have_a_name(name: str, known: bool) -> None:
    panes = made_panes().windowed(name)
    assert panes.window == (name if known else "wide")
    assert (
        panes.view("axial").request.window_hu == ViewRequest(panes.view("axial").plane).window_hu
        or known
    )


@pytest.mark.parametrize("name", TRAJECTORY)
def test_a_scrolled_trajectory_pane_says_how_far_it_is_off(name: str) -> None:
    panes = made_panes()
    start = panes.off_axis_mm(name)
    assert panes.scrolled(name, 4).off_axis_mm(name) == pytest.approx(start + 4 * SCROLL_STEP_MM)
    expected = 8.0 if name == "probe-eye" else 0.0
    assert start == pytest.approx(expected, abs=1e-6)


def test_words_say_through_what_or_how_far_off_on_which_side() -> None:
    panes = made_panes()
    axial, sagittal = panes.view("axial"), panes.view("sagittal")
    assert find_slice_words(axial, 0.01, "the target") == "through the target"
    assert find_slice_words(axial, 4.0, "the target") == "4.0 mm S of the target"
    assert find_slice_words(axial, -4.25, "the path") == "4.2 mm I of the path"
    assert find_slice_words(sagittal, 3.0, "the target") == "3.0 mm R of the target"


@pytest.mark.parametrize("name", ALL)
def test_half_a_millimetre_of_the_entry_turns_no_pane_by_two_degrees(name: str) -> None:
    axis = made_axis()
    for step in np.concatenate([np.eye(3), -np.eye(3)]):
        moved = Axis.of(axis.entry_lps_mm + 0.5 * step, axis.target_lps_mm, 8.0)
        one, other = made_panes().view(name).plane, made_panes().turned(moved).view(name).plane
        for axes in ("right_lps", "down_lps"):
            cosine = float(getattr(one, axes) @ getattr(other, axes))
            assert np.degrees(np.arccos(min(cosine, 1.0))) < 2.0


@pytest.mark.parametrize("name", ALL)
def test_a_mirrored_patient_is_seen_at_the_mirrored_place(name: str) -> None:
    left = made_panes(Side.LEFT).at_cursor(np.array([20.0, 5.0, 7.0])).view(name)
    right = made_panes(Side.RIGHT).at_cursor(np.array([20.0, 5.0, 7.0]) * MIRROR).view(name)
    point = np.array([31.0, 12.0, -4.0])
    here, there = left.xy(point), right.xy(point * MIRROR)
    flips = name not in ("sagittal", "along-upright")
    assert there[0] == pytest.approx(left.size_px[0] - here[0] if flips else here[0])
    assert there[1] == pytest.approx(here[1])
    assert abs(there[2]) == pytest.approx(abs(here[2]))
    swap = str.maketrans("LR", "RL")
    edges = (
        (right.letters.left, right.letters.right)
        if not flips
        else (
            right.letters.right,
            right.letters.left,
        )
    )
    assert edges == (left.letters.left.translate(swap), left.letters.right.translate(swap))


def test_values_never_change_in_place() -> None:
    panes = made_panes()
    before = replace(panes)
    panes.zoomed("axial", 2).panned("axial", 3, 3).scrolled("coronal", 5).windowed("bone")
    assert panes == before
