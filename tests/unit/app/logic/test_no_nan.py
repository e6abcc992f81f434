"""P05: whatever two points and docking a hand sets, there is a verdict, and never a NaN."""

import math
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import BaseModel
from tests.unit.app.logic.made_session import made_ground, made_path, moved_session

from kambin.app.logic import moving
from kambin.app.logic.draft import Draft, HandPath
from kambin.app.logic.judging import judge_path
from kambin.core import RequestError
from kambin.exchange import to_json

FAR = st.one_of(st.floats(-250, 250), st.sampled_from([0.0, -0.0, 1e-9, -1e-9, 1e6, -1e300]))
POINT = st.tuples(FAR, FAR, FAR)
NEAR = st.tuples(*(st.floats(-3, 3) for _ in range(3)))
STOP = st.one_of(st.floats(0, 30), st.sampled_from([0.0, 1e-9, 1e6]))
WORD = st.one_of(st.floats(allow_nan=True, allow_infinity=True), st.just(math.nan))


def _numbers(part: Any) -> Iterator[float]:
    """Yield every number of what is shown."""
    if isinstance(part, BaseModel):
        part = part.model_dump()
    if isinstance(part, dict):
        for inner in part.values():
            yield from _numbers(inner)
    elif isinstance(part, list | tuple):
        for inner in part:
            yield from _numbers(inner)
    elif isinstance(part, float):
        yield part


def _shown(draft: Draft) -> list[float]:
    """Return every number that a screen can show of a draft."""
    found: list[Any] = [draft.path.entry_lps_mm, draft.path.target_lps_mm, draft.path.stop_mm]
    found += [rule.model_dump() for rule in draft.rules]
    evaluation = draft.evaluation
    if evaluation is not None:
        found += [evaluation.stages, evaluation.entry, evaluation.angles, evaluation.slack_mm]
        found += [evaluation.resection, evaluation.reach]
    return list(_numbers(found))


def _is_whole(draft: Draft) -> bool:
    words = " ".join((draft.verdict.words, *draft.verdict.reasons)).lower().split()
    return (
        bool(draft.verdict.words)
        and draft.verdict.tone in ("good", "care", "stop")
        and all(math.isfinite(number) for number in _shown(draft))
        and not {"nan", "inf", "-inf"} & set(words)
    )


@example((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)
@example((1e-9, 0.0, 0.0), (0.0, 0.0, 0.0), 0.0)
@example((80.0, 60.0, 0.0), (80.0, 60.0, 0.0), 1e6)
@given(POINT, POINT, STOP)
def test_any_two_points_have_a_verdict_and_no_nan(
    entry: tuple[float, float, float], target: tuple[float, float, float], stop_mm: float
) -> None:
    draft = judge_path(made_ground(), HandPath.of(entry, target, stop_mm))
    assert _is_whole(draft)
    # without an evaluation the words must say why
    assert draft.evaluation is not None or draft.verdict.tone != "good"


@given(st.sampled_from(["entry", "target"]), NEAR)
def test_near_the_corridor_every_number_is_one_and_the_rules_are_asked(
    end: moving.End, by: tuple[float, float, float]
) -> None:
    session, path = moved_session(), made_path()
    start = path.entry_lps_mm if end == "entry" else path.target_lps_mm
    moving.drag(session, end, tuple(a + b for a, b in zip(start, by, strict=True)), done=True)
    draft = session.draft
    assert draft is not None
    assert _is_whole(draft)
    assert draft.evaluation is None or draft.rules


@given(st.tuples(WORD, WORD, WORD))
def test_what_is_typed_is_a_path_or_refused_and_can_always_be_written(
    point: tuple[float, float, float],
) -> None:
    session, before = moved_session(), moved_session().history
    with suppress(RequestError):
        moving.type_point(session, "target", point)
    if not all(math.isfinite(number) for number in point):
        assert session.history == before
        assert session.draft is None
    else:
        assert session.draft is not None
        assert _is_whole(session.draft)
    assert session.history is not None
    assert "null" not in to_json(session.history.present)
