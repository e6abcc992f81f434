"""The six sections: upright, radiological, through the tools, and mirrored with the patient."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kambin.planning import Plan
from kambin.report.scenery import plan_scenery
from kambin.report.view_planes import ViewPlane, orthogonal_planes, tool_axes, tool_planes

TARGET = np.array([8.0, 1.0, 0.0])
ENTRY = np.array([80.0, 60.0, 25.0])
DOCKING = TARGET + 0.1 * (ENTRY - TARGET)
MIRROR = np.array([-1.0, 1.0, 1.0])


def all_planes(entry: np.ndarray, target: np.ndarray, docking: np.ndarray) -> dict[str, ViewPlane]:
    views = (
        *tool_planes(entry, target, docking),
        *orthogonal_planes(target, width_mm=190.0, towards_lps_mm=entry),
    )
    return {view.name: view for view in views}


def letters(view: ViewPlane) -> tuple[str, str, str, str]:
    edges = view.letters
    return edges.left, edges.right, edges.top, edges.bottom


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("axial", ("R", "L", "A", "P")),
        ("sagittal", ("A", "P", "S", "I")),
        ("coronal", ("R", "L", "S", "I")),
    ],
)
def test_orthogonal_sections_are_radiological_for_both_sides(
    name: str, expected: tuple[str, str, str, str]
) -> None:
    left = all_planes(ENTRY, TARGET, DOCKING)
    right = all_planes(ENTRY * MIRROR, TARGET * MIRROR, DOCKING * MIRROR)
    assert letters(left[name]) == letters(right[name]) == expected


@pytest.mark.parametrize("name", ["along-flat", "along-upright"])
@pytest.mark.parametrize("mirror", [np.ones(3), MIRROR])
def test_sections_along_the_tools_hold_their_whole_axis(name: str, mirror: np.ndarray) -> None:
    view = all_planes(ENTRY * mirror, TARGET * mirror, DOCKING * mirror)[name]
    pixels = view.plane.pixels(np.stack([ENTRY * mirror, TARGET * mirror]))
    assert pixels[:, 2] == pytest.approx([0.0, 0.0], abs=1e-9)
    rows, columns = view.plane.shape
    assert (pixels[:, :2] > 0).all()
    assert (pixels[:, :2] < [rows, columns]).all()


def test_the_flat_section_lies_like_an_axial_one() -> None:
    left, right, top, bottom = letters(all_planes(ENTRY, TARGET, DOCKING)["along-flat"])
    assert (left[0], right[0], top[0], bottom[0]) == ("R", "L", "A", "P")


@pytest.mark.parametrize("mirror", [np.ones(3), MIRROR])
def test_the_upright_section_has_the_head_up_and_the_back_on_the_right(mirror: np.ndarray) -> None:
    view = all_planes(ENTRY * mirror, TARGET * mirror, DOCKING * mirror)["along-upright"]
    assert view.plane.down_lps == pytest.approx([0.0, 0.0, -1.0])
    assert view.plane.right_lps[1] > 0
    assert "P" in view.letters.right


def test_the_probes_eye_looks_inwards_along_the_tool() -> None:
    view = all_planes(ENTRY, TARGET, DOCKING)["probe-eye"]
    inwards = (TARGET - ENTRY) / np.linalg.norm(TARGET - ENTRY)
    assert view.plane.normal_lps == pytest.approx(inwards)
    assert view.plane.centre_lps_mm == pytest.approx(DOCKING)
    assert view.letters.top == "S"


def test_the_probes_eye_from_the_left_has_anterior_on_the_left_and_mirrors() -> None:
    left = all_planes(ENTRY, TARGET, DOCKING)["probe-eye"]
    right = all_planes(ENTRY * MIRROR, TARGET * MIRROR, DOCKING * MIRROR)["probe-eye"]
    assert "A" in left.letters.left
    assert "A" in right.letters.right


def test_mirroring_the_patient_mirrors_every_section() -> None:
    left = all_planes(ENTRY, TARGET, DOCKING)
    right = all_planes(ENTRY * MIRROR, TARGET * MIRROR, DOCKING * MIRROR)
    for name, view in left.items():
        other = right[name].plane
        assert other.centre_lps_mm == pytest.approx(view.plane.centre_lps_mm * MIRROR)
        axes = np.stack([view.plane.right_lps, view.plane.down_lps]) * MIRROR
        spans = np.abs(axes @ np.stack([other.right_lps, other.down_lps]).T)
        assert spans == pytest.approx(np.eye(2), abs=1e-9)


def test_picture_millimetres_count_from_the_middle() -> None:
    view = all_planes(ENTRY, TARGET, DOCKING)["coronal"]
    pixels = view.plane.pixels(TARGET)
    assert view.picture_mm(pixels[None, :2])[0] == pytest.approx([0.0, 0.0], abs=1e-9)
    beside = view.plane.pixels(TARGET + np.array([10.0, 0.0, 0.0]))
    assert view.picture_mm(beside[None, :2])[0] == pytest.approx([10.0, 0.0], abs=1e-9)


def test_the_extent_is_the_size_with_down_positive() -> None:
    view = all_planes(ENTRY, TARGET, DOCKING)["axial"]
    left, right, bottom, top = view.extent_mm
    width, height = view.size_mm
    assert (right - left, bottom - top) == pytest.approx((width, height))
    assert (width, height) == pytest.approx((190.0, 152.0), abs=0.5)


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_plan_looks_at_its_target_and_docks_where_the_cannula_ends(
    side: str, a_plan: Callable[[str], Plan]
) -> None:
    plan = a_plan(side)
    scenery = plan_scenery(plan)
    assert scenery.focus_lps_mm == pytest.approx(plan.trajectory.target_lps_mm)
    probe = next(view for view in scenery.planes if view.name == "probe-eye")
    cannula = next(stage for stage in plan.stages if stage.tool == "cannula")
    assert probe.plane.centre_lps_mm == pytest.approx(cannula.tip_lps_mm)
    assert scenery.caption == f"L4-L5 {side.upper()} side"


def turn_deg(one: ViewPlane, other: ViewPlane) -> float:
    """By how much one picture is turned against another, whatever the axis."""
    axes = [
        np.stack([view.plane.right_lps, view.plane.down_lps, view.plane.normal_lps])
        for view in (one, other)
    ]
    cosine = (np.trace(axes[0] @ axes[1].T) - 1.0) / 2.0
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def outward(azimuth_deg: float, steep_deg: float) -> np.ndarray:
    """From the target outwards: 0 is straight back, 90 to the patient's left."""
    a, e = np.radians([azimuth_deg, steep_deg])
    return np.array([np.sin(a) * np.cos(e), np.cos(a) * np.cos(e), np.sin(e)])


@given(
    st.floats(-130.0, 130.0),
    st.floats(-90.0, 90.0),
    st.floats(60.0, 180.0),
    st.tuples(st.floats(-1.0, 1.0), st.floats(-1.0, 1.0), st.floats(-1.0, 1.0)),
)
def test_half_a_millimetre_turns_no_picture_by_two_degrees(
    azimuth_deg: float, steep_deg: float, length_mm: float, way: tuple[float, float, float]
) -> None:
    entry = TARGET + length_mm * outward(azimuth_deg, steep_deg)
    step = np.array(way)
    assume(np.linalg.norm(step) > 1e-3)
    moved = entry + 0.5 * step / np.linalg.norm(step)
    pairs = zip(tool_planes(entry, TARGET, TARGET), tool_planes(moved, TARGET, TARGET), strict=True)
    for one, other in pairs:
        assert turn_deg(one, other) < 2.0, one.name


@pytest.mark.parametrize("azimuth_deg", [-120.0, -90.0, -60.0, 0.0, 45.0, 90.0, 120.0])
@pytest.mark.parametrize("pole", [-90.0, 90.0])
def test_no_picture_jumps_when_the_axis_passes_the_upright(azimuth_deg: float, pole: float) -> None:
    """From the back over the body's own axis to the front, in steps of 0.25 mm."""
    steps = np.sign(pole) * np.linspace(80.0, 100.0, 150)
    views = [
        tool_planes(TARGET + 100.0 * outward(azimuth_deg, step), TARGET, TARGET) for step in steps
    ]
    if abs(azimuth_deg) < 90.0 and azimuth_deg != 0.0:
        # Beyond the pole the front begins: there only the midline is followed through.
        views = views[: len(views) // 2]
    for before, after in itertools.pairwise(views):
        assert max(turn_deg(a, b) for a, b in zip(before, after, strict=True)) < 2.0


def test_no_picture_jumps_when_the_axis_passes_the_flank() -> None:
    """An entry as far to the side as the target, and a little further in front of it."""
    for sign in (-1.0, 1.0):
        views = [
            tool_planes(TARGET + 100.0 * outward(sign * azimuth, 20.0), TARGET, TARGET)
            for azimuth in np.linspace(80.0, 100.0, 100)
        ]
        for before, after in itertools.pairwise(views):
            assert max(turn_deg(a, b) for a, b in zip(before, after, strict=True)) < 1.0


@pytest.mark.parametrize("azimuth_deg", [-85.0, -50.0, 0.0, 30.0, 70.0])
@pytest.mark.parametrize("steep_deg", [-45.0, 0.0, 20.0, 50.0])
def test_within_any_corridor_the_head_is_exactly_up(azimuth_deg: float, steep_deg: float) -> None:
    entry = TARGET + 120.0 * outward(azimuth_deg, steep_deg)
    flat, upright, probe = tool_planes(entry, TARGET, TARGET)
    assert upright.plane.down_lps == pytest.approx([0.0, 0.0, -1.0], abs=1e-9)
    assert (probe.plane.right_lps)[2] == pytest.approx(0.0, abs=1e-9)
    assert probe.plane.down_lps[2] < 0
    assert flat.plane.right_lps[0] > 0


def test_axes_seen_from_the_tip_are_a_right_handed_picture_everywhere() -> None:
    for azimuth, steep in itertools.product(range(-170, 171, 20), range(-90, 91, 15)):
        way = outward(azimuth, steep)
        right, up = tool_axes(way)
        assert np.cross(right, -up) == pytest.approx(-way, abs=1e-9)
        mirrored_right, mirrored_up = tool_axes(way * MIRROR)
        assert mirrored_up == pytest.approx(up * MIRROR, abs=1e-9)
        assert mirrored_right == pytest.approx(-right * MIRROR, abs=1e-9)
