"""The one place that is operated on: level and side, as a person confirmed them."""

from dataclasses import dataclass

from kambin.anatomy import Level
from kambin.frames import Side


@dataclass(frozen=True, slots=True)
class Place:
    """Level and side of this session, with what the tools are to reach there.

    Parameters
    ----------
    level : Level
    side : Side of the patient
    by : str, who confirmed both on the counted picture
    at : str, moment, ISO 8601
    zone : str, one of ``planning.request.ZONES``, or none
    target_lps_mm : point, shape (3,), mm, LPS, or none
    """

    level: Level
    side: Side
    by: str
    at: str
    zone: str | None = None
    target_lps_mm: tuple[float, float, float] | None = None

    @property
    def name(self) -> str:
        """Return level and side in words that stand on every screen, such as ``L4-L5 LEFT``."""
        return f"{self.level} {self.side.value.upper()}"

    @property
    def key(self) -> str:
        """Return the name of the place in files, such as ``L4-L5-left``."""
        return place_key(self.level, self.side)


def place_key(level: Level, side: Side) -> str:
    """Return the name of a place in files, such as ``L4-L5-left``.

    Parameters
    ----------
    level : Level
    side : Side
    """
    return f"{level}-{side}"


def is_same_place(one: Place, other: Place) -> bool:
    """Return whether two places ask for the same: level, side and what is to be reached.

    Parameters
    ----------
    one, other : Place, by whomever they were confirmed
    """
    return (one.key, one.zone, one.target_lps_mm) == (other.key, other.zone, other.target_lps_mm)
