"""What the surgeon asks of a plan."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import get_args

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import Margins, Weights, technique
from kambin.planning.certainty_models import DEFAULT_SETTING, Setting

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
    margins : str, what guides the tools: ``fluoroscopy``, or ``plan-only`` with 3 mm to root,
        ganglion and sac for all that goes in unseen
    weights : mapping of a weight of the objective to the surgeon's own, mm of clearance per
        unit; what is not named keeps the technique's
    errors : str, what is done against errors of place, a named setting of the table
        ``uncertainty``: ``compensated`` where breathing is gated or the level registered by
        itself, else ``uncompensated``

    Raises
    ------
    RequestError  (PL-030) if the zone is unknown; (PL-031) if the cannula's diameter is not
        positive and finite; (RQ-042, PL-082) if the technique is unknown or not planned; (PL-083)
        if a weight is unknown or no number of at least 0; (PL-084) if the margins are none of the
        two; (PL-088) if the errors are no named setting
    """

    level: Level
    side: Side
    zone: str | None = None
    target_lps_mm: tuple[float, float, float] | None = None
    technique: str | None = None
    cannula_mm: float | None = None
    margins: Margins = "fluoroscopy"
    weights: Mapping[str, float] = field(default_factory=dict, hash=False)
    errors: Setting = DEFAULT_SETTING

    def __post_init__(self) -> None:
        """Refuse a request that names no real zone or tool."""
        if self.zone is not None:
            _require_known(
                "PL-030",
                ("zone", self.zone, ZONES),
                what="The zone is not an axial zone of the disc",
                why="A herniation lies in one of five zones from the midline outwards.",
            )
        # what reads "at least 0" would let an infinite one pass
        if self.cannula_mm is not None and not 0 < self.cannula_mm < math.inf:
            raise RequestError(
                code="PL-031",
                what="The cannula has no diameter",
                where="cannula",
                why=f"{self.cannula_mm} mm was asked for; a diameter is positive and finite.",
                next_step="Give the outer diameter of the cannula in millimetres.",
            )
        _require_known(
            "PL-084",
            ("margins", self.margins, get_args(Margins)),
            what="The margins are not known",
            why="Margins say what guides the tools.",
        )
        if self.technique is not None:
            technique(self.technique)
        self._check_weights()
        _require_known(
            "PL-088",
            ("errors", self.errors, get_args(Setting)),
            what="The setting of the errors is not known",
            why="A setting says what is done against breathing and a shifted patient.",
        )

    def _check_weights(self) -> None:
        for name, weight in self.weights.items():
            if name in Weights.model_fields and math.isfinite(weight) and weight >= 0:
                continue
            raise RequestError(
                code="PL-083",
                what="A weight of the objective is not accepted",
                where=f"weight {name[:20]!r}",
                why=f"{weight:g} was asked for; a weight is a number of at least 0 and has one "
                "of the known names.",
                next_step=f"Use {', '.join(Weights.model_fields)}, each 0 or more.",
            )


def _require_known(
    code: str, word: tuple[str, str, tuple[str, ...]], *, what: str, why: str
) -> None:
    """Refuse a word that is none of the known ones; ``word`` is what it names, it, and those."""
    name, given, known = word
    if given in known:
        return
    raise RequestError(
        code=code,
        what=what,
        where=f"{name} {given[:20]!r}",
        why=why,
        next_step=f"Use one of {', '.join(known)}.",
    )
