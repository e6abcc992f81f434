"""The objectives in words: which way is better, and what difference counts."""

from dataclasses import dataclass

from kambin.knowledge import value_at
from kambin.planning.choice_models import Objectives


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """One objective as it is compared and said.

    Parameters
    ----------
    name : str, a field of ``Objectives``
    words : str, what it is, as it follows a number
    is_more_better : bool
    digits : int, decimals that are printed
    is_share : bool, whether it is printed as a percentage
    """

    name: str
    words: str
    is_more_better: bool
    digits: int = 1
    is_share: bool = False

    def tell(self, number: float) -> str:
        """Return a number of this objective as it is said.

        Parameters
        ----------
        number : float
        """
        return f"{number:.{self.digits}%}" if self.is_share else f"{number:.{self.digits}f}"

    def find_steps(self, one: Objectives, other: Objectives) -> float:
        """Return by how many noticeable differences another is better; negative is worse.

        Parameters
        ----------
        one, other : Objectives; what either does not know is alike
        """
        a, b = getattr(one, self.name), getattr(other, self.name)
        if a is None or b is None:
            return 0.0
        step = value_at("planning.noticed", self.name)
        return float((b - a) / step if self.is_more_better else (a - b) / step)


ROWS = (
    ObjectiveRow("room_mm", "mm of room above the hard margins", is_more_better=True),
    ObjectiveRow("nerve_clearance_mm", "mm to root, ganglion and sac", is_more_better=True),
    ObjectiveRow(
        "tolerance_entry_mm", "mm that the hand may be off at the skin", is_more_better=True
    ),
    ObjectiveRow(
        "reachable_fraction",
        "of the fragment in reach",
        is_more_better=True,
        digits=0,
        is_share=True,
    ),
    ObjectiveRow("bone_mm3", "mm3 of bone in the way", is_more_better=False, digits=0),
    ObjectiveRow("docking_mm", "mm short of the target", is_more_better=False),
    ObjectiveRow("muscle_mm3", "mm3 of muscle displaced", is_more_better=False, digits=0),
    ObjectiveRow(
        "angles_left_deg", "degrees outside the usual angles", is_more_better=False, digits=0
    ),
    ObjectiveRow("lateral_left_mm", "mm outside the usual entry", is_more_better=False, digits=0),
    ObjectiveRow("off_target_mm", "mm from the goal", is_more_better=False),
)
"""What a Pareto set is taken over, in the order in which it is said."""
