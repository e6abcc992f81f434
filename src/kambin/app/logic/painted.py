"""What was painted of a fragment, stroke by stroke."""

from dataclasses import dataclass

from kambin.anatomy.fragment_before import FragmentBefore
from kambin.anatomy.fragment_brush import Stroke


@dataclass(frozen=True, slots=True)
class Painting:
    """What was painted of the fragment of one case.

    Parameters
    ----------
    case_sha256 : str, of the case it belongs to; the one it was kept in, once it was
    before : FragmentBefore, the fragment when painting began, or none
    strokes : those that count, in their order
    undone : those that were undone, the next one first
    kept : the strokes that the case has, or none while it has none of them
    under_hand : the stroke that is being drawn, or none
    """

    case_sha256: str
    before: FragmentBefore | None
    strokes: tuple[Stroke, ...] = ()
    undone: tuple[Stroke, ...] = ()
    kept: tuple[Stroke, ...] = ()
    under_hand: Stroke | None = None

    @property
    def shown(self) -> tuple[Stroke, ...]:
        """Return all strokes with the one under the hand."""
        return self.strokes if self.under_hand is None else (*self.strokes, self.under_hand)

    @property
    def is_kept(self) -> bool:
        """Return whether the case has exactly these strokes."""
        return self.strokes == self.kept
