"""A subset of the atlas of herniations, spread over all of it, run and looked at as a whole.

Its answers are compared with the planner's own, it is stopped and taken up again, and what must
hold of any atlas is asked of it: sides alike, far migration not easier than near, refusals that say
what binds.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmarks import herniation_atlas_place
from benchmarks.herniation_atlas import Kept, Task, main, read_table, run
from benchmarks.herniation_atlas_behind import BEHIND
from benchmarks.herniation_atlas_control import compare_run, is_same, tell_control
from benchmarks.herniation_atlas_design import HERNIATIONS, LEVELS, Fragment, Row, name_run
from benchmarks.herniation_atlas_patients import find_place
from benchmarks.herniation_atlas_place import Place
from benchmarks.herniation_atlas_tables import NO_LINE, Patch, gather, is_reached, name_limit

from kambin.anatomy import Level
from kambin.anatomy.structures import Structure
from kambin.core import NoStore
from kambin.imaging import Field, Grid
from kambin.knowledge import value
from kambin.planning.fields import find_field, find_overlap, find_reach_mm
from kambin.planning.policy import Group

RUNS = 200


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a finished subset."""
    folder = tmp_path_factory.mktemp("atlas")
    assert main(["--subset", str(RUNS), "--seed", "0", "--jobs", "1", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def rows(out: Path) -> list[Row]:
    """Its rows."""
    return read_table(Kept(out).folder / "atlas.jsonl")


def test_every_run_of_the_subset_has_one_answer(rows: list[Row]) -> None:
    assert len(rows) == len({name_run(row) for row in rows}) == RUNS
    assert all("not_placed" in row or isinstance(row["planned"], bool) for row in rows)


def test_a_refusal_says_what_binds_where_and_by_how_much(rows: list[Row]) -> None:
    refused = [row for row in rows if not row.get("planned", True) and not row.get("broken")]
    assert refused
    for row in refused:
        if name_limit(row) == NO_LINE:
            assert "deficit_mm" not in row
        else:
            assert row["structure"]
            assert row["stage"]
            assert row["deficit_mm"] > 0


def test_a_plan_says_where_it_runs_and_what_it_reaches(rows: list[Row]) -> None:
    plans = [row for row in rows if row.get("planned")]
    assert plans
    for row in plans:
        sign = 1 if row["side"] == "left" else -1
        assert sign * row["entry_lps_mm"][0] > sign * row["target_lps_mm"][0]
        assert 0 <= row["reachable"] <= 1
        assert not row["broken"]


def _is_reached(patches: list[Patch]) -> list[bool]:
    return [patch.limit == "reached" for patch in patches]


def test_left_and_right_are_reached_alike(rows: list[Row]) -> None:
    placed = {tuple(p.words.values()): p for p in gather(rows) if p.is_placed}
    pairs = []
    for patch in placed.values():
        twin = placed.get(tuple({**patch.words, "side": "right"}.values()))
        if patch.words["side"] == "left" and twin and len(patch.rows) == len(twin.rows):
            pairs.append((patch, twin))
    left, right = (_is_reached(list(sides)) for sides in zip(*pairs, strict=True))
    # Spine, roots and pelvis are made alike on both sides; aorta, colon and liver are not.
    assert len(pairs) >= 10
    assert abs(sum(left) - sum(right)) <= 1


@pytest.mark.parametrize("way", ["up", "down"])
def test_what_went_far_is_not_reached_where_what_stayed_near_is_not(out: Path, way: str) -> None:
    # At one place: over a whole part, other levels and patients lie between the two.
    names = ("outside-in", "far-lateral")
    near, far = (
        run(
            Task(
                Fragment("normal", "L4-L5", "left", f"{word} {way}", 3),
                names,
                Kept(out).patients,
            )
        )
        for word in ("near", "far")
    )
    assert {row["herniation"] for row in near} < {*HERNIATIONS}
    assert [row["technique"] for row in far] == [*names]
    assert sum(map(is_reached, far)) <= sum(map(is_reached, near))


def test_the_disc_that_is_planned_at_has_collapsed_at_every_level(out: Path) -> None:
    assert out.is_dir()
    for level in LEVELS:
        normal, low = (
            find_place(Kept(out).patients, variant, level, "left").anatomy
            for variant in ("normal", "collapsed disc")
        )
        heights = [one.disc_frames[Level.parse(level)].height_mm for one in (normal, low)]
        assert heights[1] < 0.7 * heights[0], level


def test_fields_that_questions_share_are_those_that_each_would_make(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = find_place(Kept(out).patients, "normal", "L4-L5", "left")
    made: list[Structure] = []

    def count(structure: Structure, grid: Grid, reach_mm: float, store: NoStore) -> Field | None:
        made.append(structure)
        return find_field(structure, grid, reach_mm, store)

    monkeypatch.setattr(herniation_atlas_place, "find_field", count)
    keys = ("sap:L5:left", "disc:L4-L5", "exiting_root:L4:left", "dural_sac")
    structures = [place.anatomy.require(key) for key in keys]
    fresh, reach_mm = replace(place), find_reach_mm(Group.NERVE)
    # The first question's own fields, a part of them, more than they hold, and parts of that.
    for half_mm, wanted in ((24.0, 4), (20.0, 4), (32.0, 8), (30.0, 8), (99.0, 8)):
        grid = _grid_around(place, half_mm)
        for structure in structures:
            ours = fresh.find_field(structure, grid, reach_mm)
            own = find_field(structure, grid, reach_mm, NoStore())
            assert ours is not None
            assert own is not None
            parts = [one.values[find_overlap(grid, one.grid)[1]] for one in (ours, own)]
            near = parts[1] < reach_mm
            assert np.array_equal(parts[0][near], parts[1][near]), structure.key
            assert (parts[0][~near] >= reach_mm).all()
        assert len(made) == wanted, half_mm


def _grid_around(place: Place, half_mm: float) -> Grid:
    """Return the grid of a question about the middle of a disc."""
    middle, working = place.geometry.lps_mm(np.zeros(3)), place.anatomy.working_grid
    spacing_mm = max(working.spacing_mm, value("planning.field_spacing_mm"))
    return Grid.around(
        middle - half_mm,
        middle + half_mm,
        spacing_mm=spacing_mm,
        anchor_lps_mm=working.origin_lps_mm,
        frame_id=working.frame_id,
    )


def test_stopped_in_the_middle_and_started_again_it_ends_with_the_same_bytes(out: Path) -> None:
    kept = Kept(out)
    table = kept.folder / "atlas.jsonl"
    whole, runs = table.read_bytes(), kept.plans.read_text("utf-8")
    # As a killed process leaves it: answers in another order, the last line cut off.
    lines = runs.splitlines(keepends=True)
    kept.plans.write_text("".join([*lines[-3:], *lines[:-5]])[:-30], "utf-8")
    table.unlink()
    assert main(["--subset", str(RUNS), "--seed", "0", "--jobs", "1", "--out", str(out)]) == 0
    assert table.read_bytes() == whole


@pytest.mark.parametrize("kind", ["planned", "relaxed", "refused"])
def test_the_quick_answer_is_that_of_the_planner(rows: list[Row], out: Path, kind: str) -> None:
    row = next(row for row in rows if _is_kind(row, kind))
    compared = compare_run(row, Kept(out).patients)
    assert is_same(compared), compared
    assert next(tell_control([compared])).endswith("1 the same as here")


def _is_kind(row: Row, kind: str) -> bool:
    if "not_placed" in row:
        return False
    is_relaxed = row["planned"] and (row["at_mouth"] or row["takes_rim"])
    if kind == "relaxed":
        return is_relaxed
    return row["planned"] and not is_relaxed if kind == "planned" else bool(row.get("structure"))


def test_the_ways_from_behind_are_asked_of_the_same_fragments(rows: list[Row], out: Path) -> None:
    one = Fragment(*name_run(next(row for row in rows if "not_placed" not in row))[:-1])
    found = run(Task(one, BEHIND, Kept(out).patients))
    assert [row["technique"] for row in found] == [*BEHIND]
    assert len(BEHIND) == 5
    assert all(0 <= row["reachable"] <= 1 and 0 <= row["visible"] <= 1 for row in found)
    kept = Kept(out)
    kept.add(found)
    assert len(kept.behind.read_text("utf-8").splitlines()) == len(BEHIND)
    # A plan is not asked again for their sake, and they are not counted as plans.
    assert {name_run(row) for row in found} < set(kept.read())


def test_part_of_the_runs_is_told_as_part(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    few = ["--subset", str(RUNS + 14), "--stop-after", "0", "--jobs", "1", "--out", str(out)]
    assert main(few) == 1
    assert f"{RUNS} of {RUNS + 14} runs" in capsys.readouterr().out
    assert isinstance(gather(read_table(Kept(out).folder / "atlas.jsonl"))[0], Patch)
    assert Fragment.__slots__
