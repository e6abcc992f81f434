"""What was worked on at a place that is not the present one."""

from dataclasses import dataclass

from kambin.app.logic.draft import HandPath
from kambin.app.logic.undo import Undo
from kambin.app.logic.wish import PlanWish


@dataclass(frozen=True, slots=True)
class KeptPlace:
    """The paths of a place, and what was wished for there.

    Parameters
    ----------
    history : the paths under the hand, or none
    is_locked : bool
    wish : PlanWish
    """

    history: Undo[HandPath] | None
    is_locked: bool
    wish: PlanWish
