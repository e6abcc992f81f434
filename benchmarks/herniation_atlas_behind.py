"""What the ways from behind expose of the fragments of the atlas, as ``kambin compare`` does it."""

from collections.abc import Iterator
from typing import Any

from kambin.anatomy import Anatomy, Case
from kambin.approaches import Ground, expose_approach
from kambin.knowledge.approaches import approaches
from kambin.planning import PlanRequest

Row = dict[str, Any]

PLACES = 6
"""Decimals of what is kept, mm and shares, as of a plan's document."""

BEHIND = tuple(name for name, row in approaches().items() if row.corridor != "foramen")
"""The ways that come from behind; what they expose is asked, not planned."""


def expose(
    case: Case, anatomy: Anatomy, request: PlanRequest, names: tuple[str, ...] = BEHIND
) -> Iterator[Row]:
    """Yield what each way from behind grasps and sees of the fragment.

    Parameters
    ----------
    case, anatomy : with the fragment
    request : PlanRequest for it
    names : the ways that are asked for
    """
    ground = Ground.of(case, anatomy, request)
    for name in names:
        found = expose_approach(ground, name)
        yield {
            "technique": name,
            "reachable": round(found.reachable_fraction, PLACES),
            "visible": round(found.visible_fraction, PLACES),
            "retraction_mm": _round(found.root_retraction_mm),
            "limited_by": [*found.limited_by],
        }


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, PLACES)
