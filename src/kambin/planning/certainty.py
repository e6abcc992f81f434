"""How likely a tool touches what it must not, and how far the hand may err."""

import math
from collections.abc import Iterable

import numpy as np
from scipy.special import ndtr

from kambin.planning.models import Certainty, Clearance, Stage

NOTHING_SPARE = "The path has no room above its hard margins."
"""Why a tolerance is null."""


def assess_certainty(stages: Iterable[Stage], *, slack_mm: float, length_mm: float) -> Certainty:
    """Return contact probabilities and the hand error the plan certainly bears.

    Parameters
    ----------
    stages : the stages with their clearances
    slack_mm : float, mm, least clearance above the hard margins over all stages
    length_mm : float, mm, from skin to target

    Returns
    -------
    Certainty; a probability per structure that is not meant to be touched

    Notes
    -----
    Probability: the surface lies at the clearance with a normal error of sigma, so it is
    Phi(-clearance / sigma), largest over the stages. Tolerance: no distance field rises or
    falls faster than one mm per mm, so a shift of the whole axis by less than the slack, or a
    turn about the entry whose tip moves less than that, breaks no margin. Both are lower
    bounds; more may be borne.
    """
    probability: dict[str, float] = {}
    for stage in stages:
        for row in stage.clearances:
            if row.hard_margin_mm is not None and row.hard_margin_mm >= 0:
                chance = find_contact_probability(row)
                probability[row.structure] = max(chance, probability.get(row.structure, 0.0))
    is_tight = slack_mm <= 0
    angle_deg = math.degrees(math.asin(min(1.0, max(slack_mm, 0.0) / length_mm)))
    return Certainty(
        contact_probability=dict(sorted(probability.items())),
        tolerance_entry_mm=None if is_tight else slack_mm,
        tolerance_angle_deg=None if is_tight else angle_deg,
        not_assessed_reason=NOTHING_SPARE if is_tight else None,
    )


def find_contact_probability(row: Clearance) -> float:
    """Return the probability that the surface reaches the tool, 0 to 1.

    Parameters
    ----------
    row : Clearance with its sigma
    """
    if row.sigma_mm <= 0:
        return float(row.clearance_mm <= 0)
    return float(ndtr(-row.clearance_mm / row.sigma_mm))


def find_slack_mm(stages: Iterable[Stage]) -> float:
    """Return the least clearance above the hard margins over all stages, mm.

    Parameters
    ----------
    stages : the stages with their clearances
    """
    return min(
        (
            row.clearance_mm - row.hard_margin_mm
            for stage in stages
            for row in stage.clearances
            if row.hard_margin_mm is not None
        ),
        default=np.inf,
    )
