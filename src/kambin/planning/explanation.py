"""Why a path was picked, what binds it, and what another one would cost, in words."""

from collections.abc import Iterable, Sequence

from kambin.knowledge import value
from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.models import Stage
from kambin.planning.objective_rows import ROWS, ObjectiveRow
from kambin.planning.search import SearchResult
from kambin.planning.tools import Toolset


def compare_words(plan: Objectives, other: Objectives) -> str:
    """Say what another way gains and costs against the plan, one sentence each.

    Parameters
    ----------
    plan, other : Objectives
    """
    steps = [(row, row.find_steps(plan, other)) for row in ROWS]
    gains = [_change(row, plan, other) for row, step in steps if step >= 1]
    costs = [_change(row, plan, other) for row, step in steps if step <= -1]
    said = []
    if gains:
        said.append(f"Better: {'; '.join(gains)}.")
    if costs:
        said.append(f"It costs: {'; '.join(costs)}.")
    return " ".join(said) or "Alike in everything that is compared."


def _change(row: ObjectiveRow, plan: Objectives, other: Objectives) -> str:
    here, there = getattr(plan, row.name), getattr(other, row.name)
    return f"{there:.{row.digits}f} instead of {here:.{row.digits}f} {row.words}"


def explain_pick(
    tools: Toolset,
    results: tuple[SearchResult, SearchResult],
    stages: Sequence[Stage],
    alternatives: Iterable[Alternative],
    own_weights: Iterable[str],
) -> tuple[str, ...]:
    """Say why the plan is as it is, what binds it, and what others would cost.

    Parameters
    ----------
    tools : Toolset
    results : the SearchResult that the plan was taken from, and the one whose best is the best
        by the weights alone
    stages : sequence of Stage
    alternatives : iterable of Alternative
    own_weights : names of the weights that the surgeon gave
    """
    said = [_tell_worth(tools, *results, sorted(own_weights))]
    binding = find_closest(stages)
    if binding is not None:
        said.append(binding)
    if tools.docks_at_mouth:
        said.append("Nothing passes with the cannula's end at the waist of the foramen.")
    if tools.frees_rim:
        said.append("Nothing passes unless the reamer takes rim bone.")
    said += [f"{other.name}: {other.why}" for other in alternatives]
    return tuple(said)


def _tell_worth(
    tools: Toolset, taken: SearchResult, proved: SearchResult, named: Sequence[str]
) -> str:
    """Say what the plan is worth among the candidates, and to whom."""
    whose = f" with your own {', '.join(named)}" if named else ""
    under = f"under the weights of {tools.technique.name}{whose}"
    if taken.best is not None and proved.best is not None:
        lacks_mm = proved.best.objective_mm - taken.best.objective_mm
        if lacks_mm > value("planning.objective_quantum_mm"):
            return (
                f"Of {proved.candidates} listed candidates the best {under} is worth "
                f"{lacks_mm:.2f} mm more; this one reaches more of the fragment."
            )
    return f"It is worth the most of {proved.candidates} listed candidates {under}."


def find_closest(stages: Iterable[Stage]) -> str | None:
    """Say which structure leaves the least room above what is demanded, and to which tool.

    Parameters
    ----------
    stages : iterable of Stage
    """
    rows = [
        (row.clearance_mm - row.hard_margin_mm, number, stage, row)
        for number, stage in enumerate(stages)
        for row in stage.clearances
        if row.hard_margin_mm is not None
    ]
    if not rows:
        return None
    room, _, stage, row = min(rows, key=lambda one: (one[0], one[1], one[3].structure))
    return (
        f"{row.structure} binds: {row.clearance_mm:.1f} mm to the {stage.tool}, "
        f"{row.hard_margin_mm:.1f} mm demanded, {room:.1f} mm to spare."
    )
