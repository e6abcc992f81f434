"""The choice of the rule by which the exiting roots of a level fit its bone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.root_drafts import DRAFT_SAMPLES, RootDraft, draft_exiting_root
from kambin.anatomy.root_places import RootRule, find_nominal_rule
from kambin.anatomy.sac import DuralSac
from kambin.anatomy.sampling import Sampler
from kambin.knowledge import value, values

ROUNDING_MM = 1e-6
"""A rule wins by more than this, so that equal ones do not change places between machines."""


def fit_exiting_roots(
    nominals: Sequence[RootDraft], sac: DuralSac, bony: BonyAnatomy, room: Sampler
) -> list[RootDraft]:
    """Choose the rule within the literature's spread that fits the bone of a level best.

    Parameters
    ----------
    nominals : the exiting roots of one level, one per side, laid by the nominal rule
    sac : DuralSac
    bony : BonyAnatomy
    room : Sampler, mm, free room on the working grid

    Returns
    -------
    one RootDraft per nominal draft, with the least lack of room beyond what relaxation mends
    with ease; every standard deviation away from the nominal rule must gain
    ``rule_reluctance_mm``

    Notes
    -----
    First the place of the ganglion under the pedicle, judged up to its end; then angle and
    drift of the distal root (alpha varies by 7 degrees between patients, evidence A6). Both
    sides of a level share one rule, so that noise in nearly symmetric bone does not make
    its roots differ.
    """
    rule = find_nominal_rule(nominals[0].level)
    lays = [partial(_lay_again, draft, bony, sac) for draft in nominals]
    # Place first, then direction: tried together the two lists would multiply.
    near = slice(0, max(_up_to_ganglion(draft) for draft in nominals))
    places = [
        replace(
            rule,
            behind_mm=rule.behind_mm + y,
            below_pedicle_mm=rule.below_pedicle_mm + z,
        )
        for y in values("completion_nerve.drg_behind_steps_mm")
        for z in values("completion_nerve.drg_below_steps_mm")
    ]
    rule = _best_rule(places, lays, room, near)
    ways = [
        replace(rule, angle_deg=rule.angle_deg + angle, drift=rule.drift + drift)
        for angle in values("completion_nerve.root_angle_steps_deg")
        for drift in values("completion_nerve.root_drift_steps")
    ]
    rule = _best_rule(ways, lays, room, slice(0, DRAFT_SAMPLES))
    return [lay(rule) for lay in lays]


def _lay_again(draft: RootDraft, bony: BonyAnatomy, sac: DuralSac, rule: RootRule) -> RootDraft:
    """Lay a drafted root by another rule, from the same take-off."""
    side, start = draft.key.side, draft.points_lps_mm[0]
    if side is None:
        return draft
    other = draft_exiting_root(bony, sac, draft.level, side, rule, start_lps_mm=start)
    return draft if other is None else other


def _best_rule(
    rules: list[RootRule],
    lays: Sequence[Callable[[RootRule], RootDraft]],
    room: Sampler,
    part: slice,
) -> RootRule:
    """Return the rule whose drafts lack the least room; the first one is the nominal."""
    tolerated_mm = value("completion_nerve.lack_tolerated_mm")
    best, least_mm = rules[0], np.inf
    for rule in rules:
        reluctance_mm = _reluctance_mm(rule, rules[0])
        if reluctance_mm >= least_mm - ROUNDING_MM:
            # Even with all the room it needs it would not win.
            continue
        lack_mm = 0.0
        for draft in (lay(rule) for lay in lays):
            free_mm = room.sample(draft.points_lps_mm[part])
            # The worst place decides: a root is as short of room as at its narrowest point.
            narrowest_mm = float((draft.needed_radii_mm[part] - free_mm).max())
            lack_mm += max(narrowest_mm - tolerated_mm, 0.0) / len(lays)
        score_mm = lack_mm + reluctance_mm
        if score_mm < least_mm - ROUNDING_MM:
            best, least_mm = rule, score_mm
    return best


def _reluctance_mm(rule: RootRule, nominal: RootRule) -> float:
    """Return how much room a departure from the nominal rule must gain, mm."""
    steps = (
        abs(rule.angle_deg - nominal.angle_deg) / value("completion_nerve.root_angle_sigma_deg"),
        abs(rule.drift - nominal.drift) / value("completion_nerve.root_drift_sigma"),
        abs(rule.behind_mm - nominal.behind_mm) / value("completion_nerve.drg_sigma_mm"),
        abs(rule.below_pedicle_mm - nominal.below_pedicle_mm)
        / value("completion_nerve.drg_sigma_mm"),
    )
    return value("completion_nerve.rule_reluctance_mm") * sum(steps)


def _up_to_ganglion(draft: RootDraft) -> int:
    """Return how many points there are from the sac to the end of the ganglion."""
    return int(np.flatnonzero(draft.ganglion_radii_mm > 0)[-1]) + 1
