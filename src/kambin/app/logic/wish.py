"""What a person wishes of a plan besides its place: technique, tools, margins and weights."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kambin.app.logic.place import Place
from kambin.knowledge import Margins
from kambin.planning import PlanRequest
from kambin.planning.certainty_models import DEFAULT_SETTING, Setting


@dataclass(frozen=True, slots=True)
class PlanWish:
    """Technique and tools, as ``kambin plan`` takes them; none is the technique's own choice.

    Parameters
    ----------
    technique : str, name of a preset, or none for the default
    cannula_mm : float, mm, outer diameter, or none for the technique's
    margins : str, ``fluoroscopy`` or ``plan-only``
    weights : mapping of a weight's name to the surgeon's own
    errors : str, setting of the errors of place
    """

    technique: str | None = None
    cannula_mm: float | None = None
    margins: Margins = "fluoroscopy"
    weights: Mapping[str, float] = field(default_factory=dict, hash=False)
    errors: Setting = DEFAULT_SETTING

    def request_at(self, place: Place) -> PlanRequest:
        """Return the question of this wish at a place.

        Parameters
        ----------
        place : Place, confirmed by a person

        Raises
        ------
        RequestError  (PL-030, PL-031, PL-083, PL-084, PL-088) as ``PlanRequest``
        """
        return PlanRequest(
            level=place.level,
            side=place.side,
            zone=place.zone,
            target_lps_mm=place.target_lps_mm,
            technique=self.technique,
            cannula_mm=self.cannula_mm,
            margins=self.margins,
            weights=self.weights,
            errors=self.errors,
        )
