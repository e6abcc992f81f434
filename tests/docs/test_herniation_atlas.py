"""The tables of the atlas of herniations add up, and its page has a place for each."""

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from benchmarks.herniation_atlas import Kept, write_table
from benchmarks.herniation_atlas_control import is_same, tell_control
from benchmarks.herniation_atlas_design import (
    HERNIATIONS,
    LEVELS,
    SIZES,
    TECHNIQUES,
    VARIANTS,
    Fragment,
    Row,
    choose,
    list_fragments,
    name_run,
)
from benchmarks.herniation_atlas_tables import (
    BEHIND_ONLY,
    LIMITS,
    LITTLE,
    NEITHER,
    NO_LINE,
    ORGAN,
    REACHED,
    THROUGH,
    class_shares,
    gather,
    make_tables,
    name_limit,
    way_shares,
    wilson,
)

from kambin.knowledge import value

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "concepts" / "herniation-atlas.md"
ENOUGH = value("reach.confirm_share")
PLACE = {"variant": "normal", "level": "L4-L5", "side": "left", "size": 2}


def _plan(share: float) -> Row:
    asked = {"at_mouth": True, "takes_rim": False}
    return {"planned": True, "reachable": share, "visible": 0.25, **asked}


def _refusal(structure: str, deficit_mm: float | None = 1.5, *, decidable: bool = True) -> Row:
    found = {"planned": False, "decidable": decidable, "structure": structure, "stage": "reamer"}
    return found if deficit_mm is None else {**found, "deficit_mm": deficit_mm}


def _runs(kind: str, *answers: Row) -> list[Row]:
    where = {**PLACE, "herniation": kind}
    named = zip(TECHNIQUES, answers, strict=False)
    return [{**where, "technique": name, **found} for name, found in named]


@pytest.fixture
def rows() -> list[Row]:
    """Six fragments: reached, barely in reach, refused twice, without a line, without room."""
    return [
        *_runs("foraminal", _refusal("drg:L4:left"), _plan(ENOUGH)),
        *_runs("paracentral", _plan(ENOUGH - 0.01), _refusal("dural_sac", 0.1)),
        *_runs("central", _refusal("ilium:left", 3.0), _refusal("sap:L5:left", 0.9)),
        *_runs("near up", _refusal("colon", 0.2, decidable=False), _refusal("", None)),
        *_runs("far up", _refusal("", None), _refusal("", None)),
        *_runs("far down", {"not_placed": "AN-352: no room"}, {"not_placed": "AN-352: no room"}),
    ]


def _cells(lines: list[str], begin: str) -> list[str]:
    line = next(line for line in lines if line.startswith(f"| {begin} |"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_interval_of_wilson_is_the_published_one() -> None:
    # Newcombe 1998, Stat Med 17:857, table I, method 3.
    for hits, asked, low, high in ((81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605),
                                   (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)):  # fmt: skip
        assert wilson(hits, asked) == pytest.approx((low, high), abs=5e-5)
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


def test_a_fragment_is_limited_by_what_its_nearest_run_meets(rows: list[Row]) -> None:
    found = {patch.words["herniation"]: patch for patch in gather(rows)}
    assert found["foraminal"].limit == REACHED
    assert found["paracentral"].limit == LITTLE
    assert found["central"].limit == "facet or arch"
    assert found["near up"].limit == ORGAN
    assert found["far up"].limit == NO_LINE
    assert not found["far down"].is_placed


def test_every_kind_of_structure_has_a_group() -> None:
    kinds = {
        "exiting_root": "root or ganglion",
        "drg": "root or ganglion",
        "canal": "dural sac",
        "ilium": "ilium",
        "iap": "facet or arch",
        "tp": "other bone",
        "aorta": ORGAN,
    }
    assert {kind: name_limit(_refusal(f"{kind}:L5:left")) for kind in kinds} == kinds


def test_shares_are_those_of_placed_fragments(rows: list[Row]) -> None:
    lines = make_tables(rows)["shares"]
    assert _cells(lines, "all") == ["all", "", "6", "1", "2", "1", "20 %", "4 to 62 %", "40 %"]
    assert _cells(lines, "class | far down")[2:] == ["1", "1", "0", "0", "-", "-", "-"]
    assert _cells(make_tables(rows)["places"], "L4-L5")[1:] == ["1 of 5"]
    shares = class_shares(gather(rows), list(TECHNIQUES[:2]))
    assert shares["foraminal"] == {"any technique": 1.0, TECHNIQUES[0]: 0.0, TECHNIQUES[1]: 1.0}
    assert shares["far down"]["any technique"] is None


def test_limits_of_fragments_and_ends_of_runs_add_up(rows: list[Row]) -> None:
    tables = make_tables(rows)
    counts = [int(_cells(tables["limits"], limit)[1]) for limit in LIMITS]
    assert sum(counts) == 4
    assert _cells(tables["limits"], ORGAN)[-2:] == ["1", "1"]
    assert _cells(tables["limits"], "facet or arch")[-2:] == ["0", "1"]
    first, second = (_cells(tables["techniques"], name) for name in TECHNIQUES[:2])
    for cells in (first, second):
        assert int(cells[3]) + sum(map(int, cells[5 : 5 + len(LIMITS)])) == int(cells[1]) == 5
    assert first[2] == second[2] == "1"
    assert first[-3:] == ["1", "0", "25 %"]


def test_a_way_from_behind_counts_where_it_reaches_without_pulling_too_far(
    rows: list[Row],
) -> None:
    def behind(kind: str, share: float, *limits: str) -> Row:
        found = {"reachable": share, "visible": 1.0, "limited_by": [*limits]}
        return {**PLACE, "herniation": kind, "technique": "interlaminar", **found}

    mine = [behind("foraminal", 0.1), behind("central", 0.9, "retraction"), behind("far up", 0.9)]
    shares = way_shares(gather([*rows, *mine]), ["interlaminar"])
    assert list(shares) == ["central", "foraminal", "far up", "all"]
    assert [row["interlaminar"] for row in shares.values()] == [0.0, 0.0, 1.0, 1 / 3]
    assert shares["all"][THROUGH] == shares["all"][BEHIND_ONLY] == shares["all"][NEITHER] == 1 / 3
    whole = _cells(make_tables([*rows, *mine])["ways"], "all")
    assert whole[1:] == ["33 % (6 to 79 %)"] * 4
    # What comes from behind changes nothing of what is said of the foramen.
    plain, both = make_tables(rows), make_tables([*rows, *mine])
    assert {**both, "ways": []} == {**plain, "ways": []}


def test_the_atlas_asks_everything_once() -> None:
    fragments = list_fragments()
    assert len(fragments) == len(set(fragments)) == 4 * len(LEVELS) * 2 * 9 * 3
    assert all(one.wish.size == one.size for one in fragments)
    assert sum(len(names) for _, names in choose(None, 0)) == len(fragments) * len(TECHNIQUES)


@pytest.mark.parametrize("seed", range(3))
def test_a_subset_is_spread_over_all_strata_and_part_of_a_larger_one(seed: int) -> None:
    small, large = choose(200, seed), choose(400, seed)
    assert sum(len(names) for _, names in small) == 200
    asked = [dict(chosen) for chosen in (small, large)]
    assert all(set(names) <= set(asked[1][one]) for one, names in asked[0].items())
    for name, words in (("variant", VARIANTS), ("level", LEVELS), ("herniation", HERNIATIONS),
                        ("size", SIZES), ("side", ("left", "right"))):  # fmt: skip
        drawn = Counter(getattr(one, name) for one in asked[0])
        assert set(drawn) == set(words)
        assert max(drawn.values()) <= 2 * min(drawn.values()), name
    places = {(one.variant, one.level, one.side) for one in asked[0]}
    assert len(places) == 4 * len(LEVELS) * 2


def test_another_seed_draws_another_subset() -> None:
    assert choose(200, 0) == choose(200, 0) != choose(200, 1)


def test_a_line_that_was_cut_off_is_asked_again(tmp_path: Path, rows: list[Row]) -> None:
    kept = Kept(tmp_path)
    kept.add(rows[:3])
    whole = kept.plans.read_text("utf-8")
    kept.plans.write_text(whole[:-20], "utf-8")
    assert [*kept.read()] == [name_run(row) for row in rows[:2]]
    kept.add(rows[2:3])
    assert kept.plans.read_text("utf-8") == whole


def test_the_table_does_not_know_how_long_it_took(tmp_path: Path, rows: list[Row]) -> None:
    slow = [{**row, "seconds": 9.0} for row in rows]
    one, other = write_table(rows, tmp_path / "a"), write_table(slow, tmp_path / "b")
    assert one.read_bytes() == other.read_bytes()


def test_a_run_that_the_whole_planner_answers_otherwise_is_told() -> None:
    path = {"entry_lps_mm": [1.0, 2.0, 3.0], "target_lps_mm": [0.0, 0.0, 0.0], "stop_mm": 8.0}
    plan = {"planned": True, **path, "objective_mm": -2.0, "reachable": 0.9}
    bound = {"planned": False, "structure": "drg:L4:left", "stage": "reamer", "decidable": True,
             "deficit_mm": 1.0}  # fmt: skip
    others = [
        {**plan, "entry_lps_mm": [1.0, 2.0, 3.1]},
        {**plan, "stop_mm": 10.0},
        {**plan, "objective_mm": -2.1},
        {**plan, "reachable": 0.8},
        bound,
    ]
    assert is_same({"quick": plan, "whole": plan})
    assert is_same({"quick": bound, "whole": bound})
    assert not any(is_same({"quick": plan, "whole": other}) for other in others)
    assert not is_same({"quick": bound, "whole": {**bound, "structure": "sap:L5:left"}})
    told = [*tell_control([{"quick": plan, "whole": other} for other in (plan, others[1])])]
    assert told[0] == "whole planner: 2 runs, 2 plans and 0 refusals, 1 the same as here"
    assert len(told) == 2
    assert "not the same" in told[1]


def _page_tables() -> dict[str, list[str]]:
    text = PAGE.read_text("utf-8")
    found = re.findall(r"<!-- (\w+) -->\n\n(.*?)\n\n<!-- end of \1 -->", text, re.DOTALL)
    return {name: table.splitlines() for name, table in found}


def test_the_page_has_every_table_with_its_present_head(rows: list[Row]) -> None:
    tables = _page_tables()
    for name, lines in make_tables(rows).items():
        if name not in {"limits", "classes", "places", "ways"}:
            assert tables[name][0] == lines[0], f"run the atlas again with --docs: {name}"
    assert "docs/figures/herniation_atlas.py" in PAGE.read_text("utf-8")


def test_the_numbers_of_the_page_add_up() -> None:
    tables = _page_tables()
    whole = _cells(tables["shares"], "all")
    asked, homeless, planned, reached = map(int, whole[2:6])
    assert reached <= planned <= asked - homeless
    lost = sum(int(_cells(tables["limits"], limit)[1]) for limit in LIMITS)
    assert lost == asked - homeless - reached
    for factor in ("patient", "level", "side", "class", "MSU size"):
        mine = [line for line in tables["shares"] if line.startswith(f"| {factor} |")]
        parts = [[int(cell) for cell in line.strip("|").split("|")[2:6]] for line in mine]
        assert [sum(column) for column in zip(*parts, strict=True)] == [*map(int, whole[2:6])]


def test_fragments_have_words_that_make_them_again() -> None:
    one: Any = list_fragments()[100]
    assert Fragment(**one.words) == one
