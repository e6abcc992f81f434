"""The skin map as a pane: the report's picture, seen from behind, on which an entry is picked."""

import json
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread
from tests.unit.app.logic.made_panes import MIRROR, made_axis
from tests.unit.app.logic.made_session import made_anatomy, made_ground
from tests.unit.app.logic.test_pane_pictures import KEYS, the_overlay

from kambin.app.logic.skin_pane import SkinView
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.planning.skin import Skin
from kambin.report.skin_map import SkinPicture, draw_skin_map


def made_picture(side: Side = Side.LEFT) -> SkinPicture:
    sign = side.lateral_sign_lps
    across, up = (
        one.ravel() for one in np.meshgrid(np.arange(40, 100, 6.0), np.arange(0, 50, 6.0))
    )
    room = 3.0 - np.hypot(across - 70, up - 25) / 12
    room[0] = -np.inf
    return SkinPicture(sign * across, up, room, (sign * 70.0, 25.0), 2.0 * sign, -5.0)


@pytest.fixture(scope="module")
def the_views() -> dict[Side, SkinView]:
    return {
        side: SkinView.of(made_picture(side), made_anatomy(side), caption=f"L4-L5 {side} side")
        for side in Side
    }


def test_it_is_the_picture_of_the_report(the_views: dict[Side, SkinView]) -> None:
    view = the_views[Side.LEFT]
    picture = draw_skin_map(made_picture(), made_anatomy(), caption="L4-L5 left side")
    assert view.png == picture
    assert view.size_px == (736, 640)


def test_seen_from_behind_the_left_is_on_the_left(the_views: dict[Side, SkinView]) -> None:
    view = the_views[Side.LEFT]
    shown = view.show(the_overlay(), words="room in mm")
    assert list(shown) == KEYS
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["letters"]["left"], shown["letters"]["right"]) == ("L", "R")
    left, right = view.xy([[40.0, 0.0, 0.0], [-10.0, 0.0, 0.0]])
    assert left[0] < right[0]
    assert [one["name"] for one in shown["handles"]] == ["entry"]
    assert view.show(the_overlay(handles={}))["handles"] == []
    above, below = view.xy([[0.0, 0.0, 30.0], [0.0, 0.0, -10.0]])
    assert above[1] < below[1]


def test_the_entry_of_the_picture_lies_under_its_cross(the_views: dict[Side, SkinView]) -> None:
    """The white cross that the report draws, found in the pixels."""
    view = the_views[Side.LEFT]
    picture = view.picture
    entry = np.array([70.0 + picture.midline_lps_mm, 0.0, 25.0 + picture.disc_line_lps_mm])
    x, y = np.rint(view.xy(entry)).astype(int)
    pixels = imread(BytesIO(view.png))[..., :3]
    assert pixels[y - 2 : y + 3, x - 2 : x + 3].min(axis=2).max() > 0.95
    assert view.show(the_overlay())["mm_per_px"] == pytest.approx(
        10.0 / np.ptp(view.xy([entry, entry + np.array([10.0, 0, 0])])[:, 0])
    )


@pytest.mark.parametrize("side", list(Side))
def test_a_picked_entry_lies_on_the_back_under_the_hand(
    side: Side, the_views: dict[Side, SkinView]
) -> None:
    view, axis = the_views[side], made_axis(side)
    x, y = view.xy(axis.entry_lps_mm)
    skin = made_ground(side).question.skin
    found = view.pick_entry(skin, float(x), float(y), axis.target_lps_mm)
    assert found is not None
    assert view.xy(found) == pytest.approx([x, y], abs=1e-6)
    assert found[1] > axis.target_lps_mm[1]
    other = the_views[Side.LEFT if side is Side.RIGHT else Side.RIGHT]
    mirrored = other.xy(found * MIRROR)
    box_middle = 736 * (0.115 + 0.74 / 2)
    assert mirrored[0] - box_middle == pytest.approx(box_middle - x, abs=1e-6)


def test_beside_the_map_or_without_skin_nothing_is_picked(the_views: dict[Side, SkinView]) -> None:
    view, axis = the_views[Side.LEFT], made_axis()
    skin = made_ground().question.skin
    assert view.pick_entry(skin, 3.0, 300.0, axis.target_lps_mm) is None
    assert view.pick_entry(skin, 300.0, 639.0, axis.target_lps_mm) is None
    region = skin.region
    nothing = Skin(LabelMap(np.zeros_like(region.values), region.lps_from_ijk, region.frame_id))
    x, y = view.xy(axis.entry_lps_mm).tolist()
    assert view.pick_entry(nothing, x, y, axis.target_lps_mm) is None
