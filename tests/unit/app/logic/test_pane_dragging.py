"""A dragged disc stays in its plane, and an entry on the skin."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.app.logic.made_panes import ALL, MIRROR, made_axis, made_panes
from tests.unit.app.logic.made_session import made_ground

from kambin.app.logic.pane_dragging import drag_entry, drag_in_plane
from kambin.app.logic.panes import Axis, Panes
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning.skin import Skin

moves = st.tuples(st.floats(-25.0, 25.0), st.floats(-25.0, 25.0))


def the_skin(side: Side = Side.LEFT) -> Skin:
    return made_ground(side).question.skin


def off_skin_mm(point: np.ndarray, side: Side = Side.LEFT) -> float:
    """How far a point is from where the mask turns from body to air."""
    region = the_skin(side).region
    around = np.stack(np.meshgrid(*[np.arange(-3.0, 3.01, 0.5)] * 3), -1).reshape(-1, 3)
    ijk = np.rint(region.ijk(point + around)).astype(int)
    ijk = np.clip(ijk, 0, np.array(region.shape) - 1)
    inside = region.values[tuple(ijk.T)] > 0
    far = np.linalg.norm(around, axis=1)
    return max(far[inside].min(initial=9.0), far[~inside].min(initial=9.0))


@pytest.mark.parametrize("name", ALL)
@given(moves)
def test_a_dragged_point_moves_within_the_plane_only(name: str, move: tuple[float, float]) -> None:
    view = made_panes().view(name)
    for point in (made_axis().target_lps_mm, made_axis().entry_lps_mm):
        x, y, behind_mm = view.xy(point)
        moved = drag_in_plane(view, point, x + move[0], y + move[1])
        assert view.xy(moved) == pytest.approx([x + move[0], y + move[1], behind_mm], abs=1e-9)


@pytest.mark.parametrize("name", ALL)
def test_a_hand_that_does_not_move_moves_no_entry(name: str) -> None:
    axis, view = made_axis(), made_panes().view(name)
    at = tuple(view.xy(axis.entry_lps_mm)[:2].tolist())
    found = drag_entry(view, the_skin(), axis.entry_lps_mm, axis.target_lps_mm, at)
    assert found is not None
    assert np.linalg.norm(found - axis.entry_lps_mm) < 1.5


@pytest.mark.parametrize("name", ALL)
@given(moves)
def test_a_dragged_entry_stays_on_the_skin(name: str, move: tuple[float, float]) -> None:
    axis, view = made_axis(), made_panes().view(name)
    x, y, _ = view.xy(axis.entry_lps_mm)
    at = (x + move[0], y + move[1])
    found = drag_entry(view, the_skin(), axis.entry_lps_mm, axis.target_lps_mm, at)
    if found is not None:
        assert off_skin_mm(found) < 2.0


@pytest.mark.parametrize("name", [name for name in ALL if name != "probe-eye"])
@given(moves)
def test_where_the_path_lies_lengthwise_the_entry_keeps_its_depth(
    name: str, move: tuple[float, float]
) -> None:
    axis, view = made_axis(), made_panes().view(name)
    x, y, behind_mm = view.xy(axis.entry_lps_mm)
    at = (x + move[0], y + move[1])
    found = drag_entry(view, the_skin(), axis.entry_lps_mm, axis.target_lps_mm, at)
    assert found is not None
    assert view.xy(found)[2] == pytest.approx(behind_mm, abs=1e-6)


def test_looking_along_the_path_the_entry_is_under_the_hand() -> None:
    axis, view = made_axis(), made_panes().view("probe-eye")
    x, y, _ = view.xy(axis.entry_lps_mm)
    at = (x + 20.0, y - 14.0)
    found = drag_entry(view, the_skin(), axis.entry_lps_mm, axis.target_lps_mm, at)
    assert found is not None
    assert view.xy(found)[:2] == pytest.approx(at, abs=1e-6)
    assert off_skin_mm(found) < 2.0


def test_where_there_is_no_skin_the_entry_stays() -> None:
    axis, view = made_axis(), made_panes().view("axial")
    region = the_skin().region
    nothing = LabelMap(np.zeros_like(region.values), region.lps_from_ijk, region.frame_id)
    at = tuple(view.xy(axis.entry_lps_mm)[:2].tolist())
    assert drag_entry(view, Skin(nothing), axis.entry_lps_mm, axis.target_lps_mm, at) is None


def test_a_hand_on_the_target_itself_breaks_nothing() -> None:
    axis = made_axis()
    level = Axis.of(
        axis.entry_lps_mm * [1, 1, 0] + axis.target_lps_mm * [0, 0, 1], axis.target_lps_mm
    )
    view = Panes.about(axis.target_lps_mm).view("axial")
    at = tuple(view.xy(axis.target_lps_mm)[:2].tolist())
    found = drag_entry(view, the_skin(), level.entry_lps_mm, axis.target_lps_mm, at)
    assert found is None or np.isfinite(found).all()


@pytest.mark.parametrize("name", ALL)
def test_the_mirrored_hand_takes_the_mirrored_entry(name: str) -> None:
    found = []
    for side in Side:
        axis, view = made_axis(side), made_panes(side).view(name)
        x, y, _ = view.xy(axis.entry_lps_mm)
        flips = side is Side.RIGHT and name not in ("sagittal", "along-upright")
        at = (x + (-9.0 if flips else 9.0), y + 6.0)
        found.append(drag_entry(view, the_skin(side), axis.entry_lps_mm, axis.target_lps_mm, at))
    left, right = found
    assert left is not None
    assert right == pytest.approx(left * MIRROR, abs=1e-3)
