"""The patient's side: a word, never a sign, a bool or a side of the screen."""

from enum import StrEnum


class Side(StrEnum):
    """The patient's own left or right."""

    LEFT = "left"
    RIGHT = "right"

    @property
    def opposite(self) -> "Side":
        """Return the other side."""
        return Side.RIGHT if self is Side.LEFT else Side.LEFT

    @property
    def lateral_sign_lps(self) -> float:
        """Return the sign of the LPS x axis towards this side: +1 left, -1 right."""
        # LPS x grows to the patient's left; asked for here, so no module keeps a sign of its own.
        return 1.0 if self is Side.LEFT else -1.0

    @property
    def letter(self) -> str:
        """Return the letter drawn into views: L or R."""
        return self.value[0].upper()
