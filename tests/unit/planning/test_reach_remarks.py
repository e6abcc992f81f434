"""What is said of bone that stays and of a fragment out of reach or sight: when, and how loud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.planning.made_level import make_resection

from kambin.core import Finding, require_code
from kambin.knowledge import value
from kambin.planning.reach import NO_FRAGMENT, no_reach
from kambin.planning.reach_models import Reach, Residual
from kambin.planning.reach_remarks import remark_reach
from kambin.planning.resection import no_resection

WHERE = "L4-L5 left"
RESIDUAL = Residual(
    volume_mm3=200.0,
    pieces=2,
    largest_mm3=150.0,
    centroid_lps_mm=(1.4, 2.6, -3.4),
    distances_mm={"exiting_root:L4:left": None, "dural_sac": 1.26},
)
ALL = Reach(
    reachable_fraction=1.0, visible_fraction=1.0, residual_mm3=0.0, not_assessed_reason=None
)


def _reach(share: float, **more: object) -> Reach:
    return ALL.model_copy(update={"reachable_fraction": share, "residual": RESIDUAL, **more})


def _remark(reach: Reach = ALL, **bone: object) -> list[Finding]:
    return remark_reach(make_resection(**bone), reach, WHERE)


def test_a_plan_that_leaves_nothing_is_not_remarked_upon() -> None:
    assert _remark() == []


def test_without_a_fragment_nothing_is_said_of_reach() -> None:
    assert _remark(no_reach(NO_FRAGMENT)) == []


def test_where_the_bone_is_not_assessed_nothing_is_said_of_it() -> None:
    unknown = no_resection("sap:L5:left is not assessed.", rim_is_removed=False)
    assert remark_reach(unknown, ALL, WHERE) == []


def test_all_three_are_said_in_one_plan_bone_first() -> None:
    found = _remark(_reach(0.5, visible_fraction=0.5), needed_mm3=100.0, uncovered_mm3=50.0)
    assert [f.code for f in found] == ["PL-051", "PL-050", "PL-053"]
    assert all(f.where.startswith(WHERE) for f in found)
    # what to do next is that of the register
    assert all(f.next_step == require_code(f.code).next_step for f in found)


# Bone that stays


@pytest.mark.parametrize(("beyond", "codes"), [(-0.01, []), (0.01, ["PL-051"])])
def test_a_trace_of_needed_bone_is_no_matter_and_more_is_confirmed(
    beyond: float, codes: list[str]
) -> None:
    left = value("planning.full_thickness_trace") * 300.0 + beyond
    found = _remark(needed_mm3=300.0, uncovered_mm3=left)
    assert [f.code for f in found] == codes
    assert all(f.severity.value == "CONFIRM" for f in found)


def test_how_much_bone_stays_of_how_much_is_said() -> None:
    (found,) = _remark(needed_mm3=300.4, uncovered_mm3=120.0)
    assert "120 mm3" in found.what
    assert "300 mm3" in found.why


# A fragment out of reach


@pytest.mark.parametrize(
    ("row", "below", "at"),
    [("reach.note_share", "NOTE", None), ("reach.confirm_share", "CONFIRM", "NOTE")],
)
def test_each_limit_is_that_of_the_table(row: str, below: str, at: str | None) -> None:
    loud = [f.severity.value for f in _remark(_reach(value(row) - 1e-6))]
    quiet = [f.severity.value for f in _remark(_reach(value(row)))]
    assert loud == [below]
    assert quiet == ([] if at is None else [at])


@given(share=st.floats(0, 1))
def test_less_reach_is_never_said_more_quietly(share: float) -> None:
    ranks = {"NOTE": 1, "CONFIRM": 2}

    def loudness(reachable: float) -> int:
        return max((ranks[f.severity.value] for f in _remark(_reach(reachable))), default=0)

    assert loudness(share) >= loudness(min(share + 0.1, 1.0))
    assert loudness(0.0) == 2


def test_where_the_rest_lies_and_what_is_near_it_is_said() -> None:
    (found,) = _remark(_reach(0.6))
    assert "60%" in found.what
    assert "200 mm3" in found.what
    assert "150 mm3 about (1, 3, -3) mm" in found.where
    assert "1.3 mm from dural_sac" in found.where
    # a root that is not assessed has no distance and is not named
    assert "exiting_root" not in found.where


def test_what_single_obstacles_take_away_is_said_if_it_was_asked() -> None:
    (quick,) = _remark(_reach(0.6))
    (full,) = _remark(_reach(0.6, without_modelled_fraction=0.7, without_removable_fraction=0.9))
    assert "no modelled nerve" not in quick.why
    assert "70% if no modelled nerve or sac blocked" in full.why
    assert "90% if the superior process" in full.why


# A fragment out of sight


@pytest.mark.parametrize(("less", "codes"), [(0.0, []), (1e-6, ["PL-053"])])
def test_what_the_scope_misses_is_a_note_below_the_limit(less: float, codes: list[str]) -> None:
    seen = value("reach.note_share") - less
    found = _remark(ALL.model_copy(update={"visible_fraction": seen}))
    assert [f.code for f in found] == codes
    assert all(f.severity.value == "NOTE" for f in found)


@pytest.mark.parametrize(("best", "words"), [(0.25, "25% from its best"), (None, "0% from its")])
def test_what_the_best_rotation_shows_is_said(best: float | None, words: str) -> None:
    seen = {"visible_fraction": 0.5, "visible_best_rotation_fraction": best}
    (found,) = _remark(ALL.model_copy(update=seen))
    assert "50%" in found.what
    assert words in found.why
