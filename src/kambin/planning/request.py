"""What the surgeon asks of a plan."""

from dataclasses import dataclass

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side

ZONES = ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")
"""Axial zones of a herniation, from the midline outwards."""


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """One question: this level, from this side, to this target, with this technique.

    Parameters
    ----------
    level : Level
    side : Side of the patient from which the tools come
    zone : one of ``ZONES``, or none if a target or the case's fragment says where
    target_lps_mm : point, mm, LPS, or none
    technique : str, name of a technique preset, or none for the default
    cannula_mm : float, mm, outer diameter of the working cannula, or none for the technique's

    Raises
    ------
    RequestError  (PL-030) if the zone is unknown; (PL-031) if the cannula's diameter is not
        positive
    """

    level: Level
    side: Side
    zone: str | None = None
    target_lps_mm: tuple[float, float, float] | None = None
    technique: str | None = None
    cannula_mm: float | None = None

    def __post_init__(self) -> None:
        """Refuse a request that names no real zone or tool."""
        if self.zone is not None and self.zone not in ZONES:
            raise RequestError(
                code="PL-030",
                what="The zone is not an axial zone of the disc",
                where=f"zone {self.zone[:20]!r}",
                why="A herniation lies in one of five zones from the midline outwards.",
                next_step=f"Use one of {', '.join(ZONES)}.",
            )
        if self.cannula_mm is not None and not self.cannula_mm > 0:
            raise RequestError(
                code="PL-031",
                what="The cannula has no diameter",
                where="cannula",
                why=f"{self.cannula_mm} mm was asked for; a diameter is positive.",
                next_step="Give the outer diameter of the cannula in millimetres.",
            )
