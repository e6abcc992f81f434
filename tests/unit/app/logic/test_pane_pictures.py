"""What a pane shows: letters, modelled lines, tools of true width, and a mirror that mirrors."""

import json
import re
from base64 import b64decode
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.app.logic.made_panes import (
    ALL,
    MIRROR,
    made_axis,
    made_noise,
    made_pane_ground,
    made_panes,
)
from tests.unit.app.logic.made_session import made_anatomy
from tests.unit.planning.simple_spine import LEVEL, build_case

from kambin.anatomy import Case
from kambin.app.logic import pane_pictures
from kambin.app.logic.pane_pictures import Overlay, PaneGround, PanePainter, prepare_panes
from kambin.frames import Side
from kambin.imaging import reslice
from kambin.report.slices import read_slice
from kambin.report.tool_outlines import DrawnTool

KEYS = ["src", "width", "height", "mm_per_px", "title", "slice_words", "letters"]
KEYS += ["outlines", "tools", "handles", "cursor", "labels"]
FLIPPED = tuple(name for name in ALL if name not in ("sagittal", "along-upright"))


def the_overlay(side: Side = Side.LEFT, **parts: object) -> Overlay:
    axis = made_axis(side)
    outward = axis.entry_lps_mm - axis.target_lps_mm
    outside = axis.entry_lps_mm + 25.0 * outward / np.linalg.norm(outward)
    tools = (
        DrawnTool("cannula", 3.75, axis.docking_lps_mm, outside),
        DrawnTool("needle", 0.65, axis.target_lps_mm, outside),
    )
    handles = {"entry": axis.entry_lps_mm, "target": axis.target_lps_mm}
    return Overlay(axis.target_lps_mm, **{"tools": tools, "handles": handles} | parts)


def points(path: str) -> NDArray[np.float64]:
    return np.array(re.findall(r"-?\d+\.\d+", path), float).reshape(-1, 2)


def show(name: str, side: Side = Side.LEFT, **parts: object) -> dict:
    painter = PanePainter(made_pane_ground(side))
    return painter.show(made_panes(side).view(name), the_overlay(side, **parts))


@pytest.mark.parametrize("name", ALL)
def test_a_pane_is_a_document_with_letters_and_millimetres(name: str) -> None:
    shown = show(name)
    assert list(shown) == KEYS
    assert json.loads(json.dumps(shown)) == shown
    assert all(shown["letters"][side] for side in ("left", "right", "top", "bottom"))
    assert (shown["width"], shown["height"]) == (256, 192)
    jpeg = b64decode(shown["src"].removeprefix("data:image/jpeg;base64,"))
    assert read_slice(jpeg).shape == (192, 256)


def test_cursor_and_handles_lie_where_their_points_are() -> None:
    view, shown = made_panes().view("axial"), show("axial")
    axis = made_axis()
    target = view.xy(axis.target_lps_mm)
    assert (shown["cursor"]["x"], shown["cursor"]["y"]) == pytest.approx(target[:2], abs=0.01)
    handles = {one["name"]: one for one in shown["handles"]}
    x, y, behind_mm = view.xy(axis.entry_lps_mm)
    entry = handles["entry"]
    assert (entry["x"], entry["y"], entry["behind_mm"]) == pytest.approx(
        (x, y, behind_mm), abs=0.01
    )
    assert handles["target"]["behind_mm"] == pytest.approx(0.0, abs=0.01)
    assert behind_mm == pytest.approx(axis.entry_lps_mm[2] - axis.target_lps_mm[2], abs=0.01)


@pytest.mark.parametrize(("tool", "diameter_mm"), [("cannula", 7.5), ("needle", 1.3)])
def test_a_tool_is_as_wide_as_it_is(tool: str, diameter_mm: float) -> None:
    panes = made_panes()
    view, shown = panes.view("along-flat"), show("along-flat")
    (one,) = [one for one in shown["tools"] if one["name"] == tool]
    line = points(one["d"])
    axis = made_axis()
    way = (view.xy(axis.entry_lps_mm) - view.xy(axis.target_lps_mm))[:2]
    across = np.array([-way[1], way[0]]) / np.linalg.norm(way)
    wide_mm = np.ptp(line @ across) * view.mm_per_px
    assert wide_mm == pytest.approx(diameter_mm, abs=0.1)


def test_across_the_path_the_tool_is_a_circle() -> None:
    panes = made_panes().at_cursor(made_axis().entry_lps_mm)
    view = panes.view("probe-eye")
    shown = PanePainter(made_pane_ground()).show(view, the_overlay())
    (one,) = [one for one in shown["tools"] if one["name"] == "cannula"]
    radii_mm = np.linalg.norm(points(one["d"]) - np.array(view.size_px) / 2, axis=1)
    assert radii_mm * view.mm_per_px == pytest.approx(3.75, abs=0.05)


def is_leader(key: str) -> bool:
    return key.startswith("leader-")


def structures(shown: dict) -> set[str]:
    return {one["key"] for one in shown["outlines"] if not is_leader(one["key"])}


def test_what_is_modelled_is_dashed_and_its_name_says_so() -> None:
    ground = made_pane_ground()
    modelled = {str(region.key) for region in ground.regions if region.modelled}
    assert modelled
    seen = set()
    for name in ALL:
        shown = show(name)
        for one in shown["outlines"]:
            if not is_leader(one["key"]):
                assert one["modelled"] is (one["key"] in modelled)
                assert one["dash"] or not one["modelled"]
                seen |= {one["key"]} & modelled
    assert seen


def test_names_of_modelled_structures_end_in_m() -> None:
    texts = {one["text"]: one for name in ALL for one in show(name)["labels"]}
    roots = [text for text in texts if "root" in text]
    assert roots
    modelled = {str(one.key) for one in made_pane_ground().regions if one.modelled}
    assert all(text.endswith(" m") is any("root" in key for key in modelled) for text in roots)


@pytest.mark.parametrize("name", ALL)
def test_what_a_body_has_twice_is_named_with_its_side_and_only_once(name: str) -> None:
    shown = show(name)
    texts = [one["text"] for one in shown["labels"]]
    assert len(set(texts)) == len(texts)
    for text in texts:
        if "root" in text or "SAP" in text or "IAP" in text:
            assert ("left" in text) != ("right" in text), text


def test_each_name_is_tied_in_its_own_colour() -> None:
    shown = show("coronal")
    labels = {one["colour"] for one in shown["labels"]}
    tied = [one for one in shown["outlines"] if is_leader(one["key"])]
    assert tied
    assert {one["colour"] for one in tied} <= labels


def test_a_hidden_structure_is_neither_outlined_nor_named() -> None:
    keys = structures(show("axial"))
    key = next(key for key in sorted(keys) if key.startswith(("disc", "vertebra", "sac", "dural")))
    hidden = show("axial", hidden=frozenset({key}))
    assert structures(hidden) == keys - {key}


def test_the_slice_can_come_before_its_lines() -> None:
    painter = PanePainter(made_pane_ground())
    view = made_panes().view("axial")
    quick = painter.show(view, the_overlay(), lines=False)
    whole = painter.show(view, the_overlay())
    assert (quick["outlines"], quick["labels"]) == ([], [])
    assert quick["src"] == whole["src"]
    assert quick["tools"] == whole["tools"]
    assert len(whole["outlines"]) > 2


def test_what_did_not_change_is_not_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    slice_jpeg, find_cuts = pane_pictures.slice_jpeg, pane_pictures.find_cuts
    monkeypatch.setattr(
        pane_pictures, "slice_jpeg", lambda *a: (calls.append("slice"), slice_jpeg(*a))[1]
    )
    monkeypatch.setattr(
        pane_pictures, "find_cuts", lambda *a: (calls.append("cuts"), find_cuts(*a))[1]
    )
    painter, panes = PanePainter(made_pane_ground()), made_panes()

    def draw(panes, overlay: Overlay) -> None:
        for name in ("axial", "sagittal", "coronal"):
            painter.show(panes.view(name), overlay)

    draw(panes, the_overlay())
    assert sorted(calls) == ["cuts"] * 3 + ["slice"] * 3
    calls.clear()
    draw(panes, the_overlay(handles={}))
    assert calls == []
    draw(panes.scrolled("axial", 2), the_overlay())
    assert sorted(calls) == ["cuts", "slice"]
    calls.clear()
    draw(panes.scrolled("axial", 2).windowed("bone"), the_overlay())
    assert calls == ["slice"] * 3
    calls.clear()
    draw(panes.scrolled("axial", 2).windowed("bone"), the_overlay(hidden=frozenset({"skin"})))
    assert calls == ["cuts"] * 3


def test_a_case_is_seen_before_it_is_completed_if_it_has_an_image() -> None:
    case = build_case(made_anatomy())
    bare = Case(None, case.labels, case.names, case.dialect, (), case.sha256)
    assert prepare_panes(bare, None, None, np.zeros(3)) is None
    seen = Case(made_noise(), case.labels, case.names, case.dialect, (), case.sha256)
    found = prepare_panes(seen, None, None, np.zeros(3))
    assert found is not None
    assert found.volume is made_noise()
    assert found.regions == ()
    painted = prepare_panes(bare, made_anatomy(), None, np.zeros(3))
    assert painted is not None
    assert painted.regions == ()
    assert prepare_panes(bare, made_anatomy(), LEVEL, np.zeros(3)).regions


@pytest.mark.parametrize("name", ALL)
def test_the_mirrored_patient_is_the_mirrored_picture(name: str) -> None:
    """Pixel by pixel before compression, and to its rounding after it."""
    pictures, greys = [], []
    for side in Side:
        view = made_panes(side).view(name)
        greys.append(reslice(made_noise(side), view.plane, 0.0))
        painter = PanePainter(PaneGround(made_noise(side)))
        jpeg = b64decode(painter.address(view).removeprefix("data:image/jpeg;base64,"))
        pictures.append(read_slice(jpeg).astype(int))
    step = -1 if name in FLIPPED else 1
    assert greys[1][:, ::step] == pytest.approx(greys[0], abs=0.01)
    assert np.abs(pictures[1][:, ::step] - pictures[0]).max() <= 4
    if name in FLIPPED:
        # And the picture is no likeness of its own mirror, or the test would say nothing.
        assert np.abs(pictures[1] - pictures[0]).mean() > 10


@pytest.mark.parametrize("name", ALL)
def test_the_mirrored_patient_has_mirrored_letters_lines_and_cursor_and_the_same_words(
    name: str,
) -> None:
    left, right = show(name, Side.LEFT), show(name, Side.RIGHT)
    wide = left["width"] if name in FLIPPED else 0
    swap = str.maketrans("LR", "RL")
    ends = ("right", "left") if name in FLIPPED else ("left", "right")
    for here, there in zip(("left", "right"), ends, strict=True):
        assert right["letters"][there] == left["letters"][here].translate(swap)
    for kind in ("cursor",):
        assert abs(wide - right[kind]["x"]) == pytest.approx(left[kind]["x"], abs=0.02)
        assert right[kind]["y"] == pytest.approx(left[kind]["y"], abs=0.02)
    assert right["title"] == left["title"]
    boxes = []
    for shown in (left, right):
        lines = {one["key"]: points(one["d"]) for one in shown["outlines"]}
        boxes.append({k: (v.min(0), v.max(0)) for k, v in lines.items() if not is_leader(k)})
    sides = {"left": "right", "right": "left"}
    assert len(boxes[0]) == len(boxes[1]) > 0
    for key, (low, high) in boxes[0].items():
        stem, _, side = key.rpartition(":")
        other_low, other_high = boxes[1][f"{stem}:{sides[side]}" if side in sides else key]
        x = (wide - high[0], wide - low[0]) if name in FLIPPED else (low[0], high[0])
        assert (other_low[0], other_high[0]) == pytest.approx(x, abs=1.0), key
        assert (other_low[1], other_high[1]) == pytest.approx((low[1], high[1]), abs=1.0), key


def test_the_mirror_of_a_cursor_is_the_mirrored_cursor() -> None:
    point = np.array([22.0, 3.0, -6.0])
    left = made_panes(Side.LEFT).at_cursor(point).view("coronal")
    right = made_panes(Side.RIGHT).at_cursor(point * MIRROR).view("coronal")
    assert right.xy(point * MIRROR)[0] == pytest.approx(256 - left.xy(point)[0])


@pytest.mark.parametrize("zoom", [0.7, 1.0, 2.5])
@pytest.mark.parametrize("name", ALL)
def test_no_name_stands_on_a_structure_a_tool_a_letter_a_handle_or_the_caption(
    name: str, zoom: float
) -> None:
    view = made_panes(size_px=(430, 300)).zoomed(name, zoom).view(name)
    shown = PanePainter(made_pane_ground()).show(view, the_overlay())
    letter, half = 12.0, 215.0
    held = [(one["x"], one["y"]) for one in shown["handles"]]
    held += [(half, 30.0), (half, 290.0), (letter, 150.0), (430 - letter, 150.0), (20.0, 290.0)]
    if name not in ("axial", "sagittal"):
        # the buttons of the third place, and the letter that stands above them
        held += [(half, 255.0), *((x, y) for x in range(190, 430, 4) for y in (270.0, 290.0))]
    anatomy = structures(shown) - {"skin"}
    lines = [one["d"] for one in shown["outlines"] if one["key"] in anatomy]
    lines += [one["d"] for one in shown["tools"]]
    for label in shown["labels"]:
        wide = 0.55 * 12 * len(label["text"])
        low = np.array([label["x"], label["y"] - 9.0])
        high = np.array([label["x"] + wide, label["y"] + 2.0])
        assert low[1] >= 20.0, label
        assert (low >= 0).all(), label
        assert (high <= [430.0, 300.0]).all(), label
        for x, y in held:
            assert not ((low < [x, y]) & (high > [x, y])).all(), label
        for d in lines:
            on = points(d)
            assert not ((on > low) & (on < high)).all(axis=1).any(), label


def test_the_longest_names_of_a_level_find_room() -> None:
    """Nerves come first, so that they have a name wherever anything has one."""
    for name in ("axial", "coronal", "probe-eye"):
        shown = PanePainter(made_pane_ground()).show(
            made_panes(size_px=(430, 300)).view(name), the_overlay()
        )
        roots = [one["key"] for one in shown["outlines"] if "root" in one["key"]]
        named = [one["text"] for one in shown["labels"] if "root" in one["text"]]
        assert bool(named) is bool(roots), name


def test_a_moved_cursor_finds_no_tool_and_no_name_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    painter, view = PanePainter(made_pane_ground()), made_panes().view("axial")
    before = painter.show(view, the_overlay())

    def found(*_: object) -> None:
        pytest.fail("found again")

    for name in ("find_cuts", "find_tool_lines", "name_cuts", "slice_jpeg"):
        monkeypatch.setattr(pane_pictures, name, found)
    usual = the_overlay()
    moved = replace(usual, cursor_lps_mm=usual.cursor_lps_mm + np.array([7.0, -5.0, 0.0]))
    after = painter.show(view, moved)
    assert after["cursor"] != before["cursor"]
    assert {**after, "cursor": None} == {**before, "cursor": None}


def test_what_is_kept_is_what_a_new_painter_draws() -> None:
    panes, usual = made_panes(), the_overlay()
    needle = usual.tools[1]
    thick = DrawnTool(needle.name, 4.0, needle.tip_lps_mm, needle.outside_lps_mm)
    shifted = {"entry": usual.handles["entry"] + (9.0, 0.0, 0.0), "target": usual.handles["target"]}
    overlays = [
        usual,
        the_overlay(tools=(thick,)),
        the_overlay(tools=()),
        the_overlay(handles=shifted),
        the_overlay(hidden=frozenset({"vertebra:L4"})),
        usual,
    ]
    painter = PanePainter(made_pane_ground())
    for steps in (0, 3, 0):
        view = panes.scrolled("axial", steps).view("axial")
        for overlay in overlays:
            fresh = PanePainter(made_pane_ground())
            assert painter.show(view, overlay) == fresh.show(view, overlay)
