"""Why a path was picked, what binds it, and what another one would cost, in words."""

from collections.abc import Iterable, Sequence

from kambin.planning.choice_models import Alternative, Objectives
from kambin.planning.models import Stage
from kambin.planning.objective_rows import ROWS, ObjectiveRow
from kambin.planning.reach_choice import ReachChoice
from kambin.planning.tools import Toolset

NO_OTHER = "No other way that was sought is noticeably better in what it was sought for."
"""What stands in place of the alternatives where there are none."""


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
    return f"{row.tell(there)} instead of {row.tell(here)} {row.words}"


def explain_pick(
    tools: Toolset,
    chosen: ReachChoice,
    stages: Sequence[Stage],
    alternatives: Iterable[Alternative],
    own_weights: Iterable[str],
) -> tuple[str, ...]:
    """Say why the plan is as it is, what binds it, and what others would cost.

    Parameters
    ----------
    tools : Toolset
    chosen : ReachChoice, the path that is taken, the best by the weights, and the reasons
    stages : sequence of Stage
    alternatives : iterable of Alternative
    own_weights : names of the weights that the surgeon gave
    """
    said = [_tell_worth(tools, chosen, sorted(own_weights))]
    binding = find_closest(stages)
    if binding is not None:
        said.append(binding)
    if tools.docks_at_mouth:
        said.append(
            "Nothing passes with the cannula's end at the waist of the foramen; it may dock as far "
            "out as the mouth."
        )
    if tools.frees_rim:
        said.append("Nothing passes unless the reamer takes rim bone.")
    others = [f"{other.name}: {other.why}" for other in alternatives]
    return (*said, *(others or [NO_OTHER]))


def _tell_worth(tools: Toolset, chosen: ReachChoice, named: Sequence[str]) -> str:
    """Say what the plan is worth among the candidates, and to whom."""
    whose = f" with your own {', '.join(named)}" if named else ""
    under = f"under the weights of {tools.technique.name}{whose}"
    taken, proved = chosen.result.best, chosen.proved.best
    count = chosen.proved.candidates
    if taken is not None and proved is not None and chosen.reasons:
        lacks_mm = proved.objective_mm - taken.objective_mm
        return (
            f"Of {count:,} listed candidates the best {under} is worth {lacks_mm:.2f} mm of "
            f"clearance more; this one {', and '.join(chosen.reasons)}."
        )
    return f"It is worth the most of {count:,} listed candidates {under}."


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
        f"{_tell_margin(row.hard_margin_mm or 0.0)}, {room:.1f} mm to spare."
    )


def _tell_margin(margin_mm: float) -> str:
    """Say what is demanded of a gap; less than nothing is contact that is allowed."""
    if margin_mm < 0:
        return f"contact allowed to {-margin_mm:.1f} mm"
    return f"{margin_mm:.1f} mm demanded" if margin_mm else "no contact allowed"
