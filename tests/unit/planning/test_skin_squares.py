"""The skin map in squares: areas of the curved skin, and what each square can give."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_case

from kambin.anatomy import Anatomy
from kambin.frames import Side, direction_from_angles
from kambin.knowledge import value
from kambin.planning import PlanRequest, SkinMap, SkinMapDocument, make_skin_map
from kambin.planning.question import Question, prepare_question
from kambin.planning.skin_areas import find_patch_areas_mm2
from kambin.planning.skin_map import map_skin, relax_map
from kambin.planning.skin_squares import compare_cannula, find_cells

DIAMETERS = (5.0, 9.0)


def _cast(radius_mm: float, low: float, high: float, side: Side = Side.LEFT) -> np.ndarray:
    """Rays of a lattice of whole degrees, ended on a sphere about their origin."""
    steps = np.arange(low, high + 0.5)
    rays = np.array([direction_from_angles(a, b) for a in steps for b in steps - 45])
    rays[:, 0] *= side.lateral_sign_lps
    return radius_mm * rays


# Areas


@pytest.mark.parametrize("side", list(Side))
def test_patches_of_a_sphere_have_its_area(side: Side) -> None:
    radius = 120.0
    entries = _cast(radius, 30.0, 60.0, side)
    areas = find_patch_areas_mm2(entries, np.zeros(3), side)
    # between two meridians and two parallels
    low, high = np.radians([-15.0, 15.0])
    exact = radius**2 * np.radians(30.0) * (np.sin(high) - np.sin(low))
    assert areas.sum() == pytest.approx(exact, rel=2e-4)
    assert areas.min() > 0


def test_a_slanting_skin_is_larger_than_it_looks_from_within() -> None:
    rays = _cast(1.0, 30.0, 60.0)
    # a plane 80 mm behind the origin, as most of a back is
    plane = rays * (80.0 / rays[:, 1])[:, None]
    areas = find_patch_areas_mm2(plane, np.zeros(3), Side.LEFT)
    x, z = plane[:, 0].reshape(31, 31), plane[:, 2].reshape(31, 31)
    rim = np.concatenate(
        [
            np.column_stack(c)
            for c in (
                (x[0, :-1], z[0, :-1]),
                (x[:-1, -1], z[:-1, -1]),
                (x[-1, :0:-1], z[-1, :0:-1]),
                (x[:0:-1, 0], z[:0:-1, 0]),
            )
        ]
    )
    after = np.roll(rim, -1, axis=0)
    exact = 0.5 * abs(float(np.sum(rim[:, 0] * after[:, 1] - rim[:, 1] * after[:, 0])))
    assert areas.sum() == pytest.approx(exact, rel=1e-9)


def test_a_fold_of_the_skin_is_not_bridged() -> None:
    entries = _cast(100.0, 30.0, 60.0).reshape(31, 31, 3)
    whole = find_patch_areas_mm2(entries.reshape(-1, 3), np.zeros(3), Side.LEFT).sum()
    entries[16:] *= 1.6
    folded = find_patch_areas_mm2(entries.reshape(-1, 3), np.zeros(3), Side.LEFT).sum()
    parts = [
        find_patch_areas_mm2(half.reshape(-1, 3), np.zeros(3), Side.LEFT).sum()
        for half in (entries[:16], entries[16:])
    ]
    assert folded == pytest.approx(sum(parts))
    assert folded < 1.6**2 * whole


def test_single_entries_stand_for_no_area() -> None:
    few = _cast(100.0, 30.0, 31.0)[:2]
    assert find_patch_areas_mm2(few, np.zeros(3), Side.LEFT).sum() == 0
    assert len(find_patch_areas_mm2(np.empty((0, 3)), np.zeros(3), Side.LEFT)) == 0


# The map of a spine


@pytest.fixture(scope="module")
def a_map(a_simple_spine: Anatomy) -> tuple[SkinMapDocument, SkinMap]:
    """The map of a spine of boxes, for four diameters."""
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    case = build_case(a_simple_spine)
    return make_skin_map(case, a_simple_spine, request, cannulas_mm=DIAMETERS, with_bone=False)


def test_a_wider_cannula_never_has_more_skin(a_map: tuple[SkinMapDocument, SkinMap]) -> None:
    of_map = a_map[0].by_cannula[0]
    alike = [
        row
        for row in a_map[0].by_cannula
        if (row.docks_at_mouth, row.rim_is_removed)
        == (of_map.docks_at_mouth, of_map.rim_is_removed)
    ]
    rows = sorted(alike, key=lambda row: row.cannula_mm)
    assert [row.cannula_mm for row in rows] == [5.0, 7.5, 9.0]
    areas = [row.safe_area_cm2 for row in rows]
    rooms = [row.best_room_mm for row in rows]
    assert areas == sorted(areas, reverse=True)
    assert rooms == sorted(rooms, reverse=True)
    assert areas[0] > areas[-1] > 0


@pytest.fixture(scope="module")
def asked(a_simple_spine: Anatomy) -> Question:
    """What a map of the spine of boxes is asked."""
    request = PlanRequest(LEVEL, Side.LEFT, zone="paracentral")
    return prepare_question(build_case(a_simple_spine), a_simple_spine, request)


def test_a_diameter_with_a_way_of_its_own_is_told_twice(asked: Question) -> None:
    areas = np.ones(len(asked.problem.entries.points_lps_mm))
    tools = asked.problem.tools
    # the same without a relaxation: one row
    (only,) = compare_cannula(asked, tools, areas)
    assert not only.docks_at_mouth
    assert only.safe_area_cm2 > 0
    # a map that had to be relaxed, for a diameter that needs no such thing
    as_map, own = compare_cannula(asked, replace(tools, docks_at_mouth=True), areas)
    assert as_map.docks_at_mouth
    assert own == only
    assert as_map.safe_area_cm2 >= own.safe_area_cm2


def test_a_map_is_relaxed_only_where_nothing_passes(asked: Question) -> None:
    freed, found = relax_map(asked)
    assert freed.problem.tools == asked.problem.tools
    assert (found.room_mm >= 0).any()
    # what breaks a margin is told with its depth, so that it is drawn
    assert np.isfinite(found.room_mm).sum() > (found.room_mm >= 0).sum()
    passing = map_skin(asked, floor_mm=0.0)
    assert (np.isfinite(passing.room_mm) == (found.room_mm >= 0)).all()


def test_the_squares_are_the_whole_map(a_map: tuple[SkinMapDocument, SkinMap]) -> None:
    found, skin = a_map
    assert sum(c.area_cm2 for c in found.cells) == pytest.approx(found.area_cm2, abs=1e-4)
    assert sum(c.safe_area_cm2 for c in found.cells) == pytest.approx(found.safe_area_cm2, abs=1e-4)
    assert all(0 <= c.safe_area_cm2 <= c.area_cm2 + 1e-6 for c in found.cells)
    places = {(c.lateral_from_mm, c.cranial_from_mm) for c in found.cells}
    assert len(places) == len(found.cells)
    assert found.best is not None
    assert found.best.best_room_mm == pytest.approx(skin.room_mm.max(), abs=1e-5)


def test_the_best_path_of_a_square_begins_in_it(a_map: tuple[SkinMapDocument, SkinMap]) -> None:
    found, _ = a_map
    for cell in found.cells:
        if cell.entry_lateral_mm is None or cell.entry_cranial_mm is None:
            continue
        size = found.cell_mm
        # documents round to a nanometre, also across the border of a square
        assert -1e-6 <= cell.entry_lateral_mm - cell.lateral_from_mm <= size + 1e-6
        assert -1e-6 <= cell.entry_cranial_mm - cell.cranial_from_mm <= size + 1e-6


def test_the_nearest_path_is_the_one_with_the_most_room(
    a_map: tuple[SkinMapDocument, SkinMap],
) -> None:
    skin = a_map[1]
    assert skin.nearest is not None
    best = int((skin.entries_lps_mm == skin.nearest.entry_lps_mm).all(axis=1).argmax())
    assert skin.room_mm[best] >= skin.room_mm.max() - value("planning.objective_quantum_mm")
    assert skin.nearest.entry_lps_mm == pytest.approx(skin.entries_lps_mm[best])
    assert skin.nearest.target_lps_mm == pytest.approx(skin.targets_lps_mm[best])
    assert skin.nearest.stop_mm == skin.stops_mm[best]


def test_an_entry_stands_where_its_numbers_say(a_map: tuple[SkinMapDocument, SkinMap]) -> None:
    skin = a_map[1]
    # the disc of this spine stands straight in the origin: lateral is x, and heights share a line
    assert skin.lateral_mm == pytest.approx(skin.entries_lps_mm[:, 0])
    assert np.ptp(skin.entries_lps_mm[:, 2] - skin.cranial_mm) == pytest.approx(0, abs=1e-9)
    assert len(skin.targets_lps_mm) == len(skin.stops_mm) == len(skin.entries_lps_mm)


def test_bone_is_told_where_a_path_passes_and_nowhere_else(asked: Question) -> None:
    skin = map_skin(asked)
    # a strip of the back across the rim of what is safe
    strip = (np.abs(skin.cranial_mm) < 5) & (skin.lateral_mm < 110)
    part = SkinMap(
        *(rows[strip] for rows in (skin.entries_lps_mm, skin.lateral_mm, skin.cranial_mm)),
        np.where(skin.lateral_mm < 80, skin.room_mm, -1.0)[strip],
        None,
        skin.tools,
        skin.targets_lps_mm[strip],
        skin.stops_mm[strip],
    )
    areas = np.ones(int(strip.sum()))
    cells = find_cells(asked, part, areas, with_bone=True)
    told = [c.lateral_from_mm for c in cells if c.resection_mm3 is not None]
    passes = [c.lateral_from_mm for c in cells if (c.best_room_mm or -1.0) >= 0]
    assert told == passes
    assert 0 < len(told) < len(cells)
    assert max(told) < 80
    without = find_cells(asked, part, areas, with_bone=False)
    assert {c.resection_mm3 for c in without} == {None}
