"""What has to be said of drugs and layers: mixtures, cuts, and what nobody told."""

import math
from collections.abc import Iterable, Sequence
from typing import Literal

from kambin.approaches.anaesthesia_models import Mixture
from kambin.approaches.doses import Drug
from kambin.approaches.infiltration import TITLES, may_go
from kambin.approaches.layers import Layer
from kambin.core import require_code
from kambin.knowledge import value
from kambin.planning.documents import FindingRecord

REDUCE_FOR = ("elderly", "debilitated", "cardiac", "hepatic", "none")
"""For whom the label of lidocaine asks to reduce, without a factor (C25); or that none holds."""

FIT_STEP = 0.01
"""Shares of a concentration are told to a hundredth."""

Severity = Literal["BLOCK", "CONFIRM", "NOTE"]


def find_remarks(
    drugs: Sequence[Drug],
    chosen: Mixture | None,
    layers: Iterable[Layer],
    reduce_for: Sequence[str],
    at_most: float,
) -> tuple[FindingRecord, ...]:
    """Return the findings of one document, what stops first.

    Parameters
    ----------
    drugs : as they were named
    chosen : Mixture of them, or none
    layers : of the plan
    reduce_for : what a person said of the patient, see ``REDUCE_FOR``
    at_most : float, the share of the ceiling that may be used
    """
    found = [*_say_of_layers(layers), *_say_of_patient(reduce_for, at_most)]
    if chosen is None:
        found.append(
            _remark("PL-146", "NOTE", "--drug", "Each alternative is told by itself; none is it.")
        )
    else:
        found += [*_say_of_sum(chosen, at_most), *_say_of_mixture(drugs)]
        found += [finding for drug in drugs for finding in _say_of_drug(drug, chosen)]
    order = ("BLOCK", "CONFIRM", "NOTE")
    return tuple(sorted(found, key=lambda f: order.index(f.severity)))


def _remark(code: str, severity: Severity, where: str, why: str) -> FindingRecord:
    row = require_code(code)
    return FindingRecord(
        code=code,
        severity=severity,
        what=row.title,
        where=where,
        why=why,
        next_step=row.next_step,
    )


def _say_of_sum(chosen: Mixture, at_most: float) -> list[FindingRecord]:
    """Say where the volumes do not fit under the ceiling, or were cut to fit."""
    empty = [part.title for part in chosen.infiltration if part.drug is None]
    found = [
        _remark(
            "PL-145",
            "CONFIRM",
            ", ".join(empty),
            f"Near the root no more than {value('layers.near_root_percent'):g} % is given [M], "
            "and every part needs a drug that is meant for it.",
        )
    ] * bool(empty)
    names = ", ".join(f"{d.title} {d.percent:g} %" for d in chosen.drugs)
    least, most = chosen.least_fraction, chosen.most_fraction
    if not chosen.fits and len(empty) < len(chosen.infiltration):
        # cut down and never up: at the share that is told they must fit
        fitting = math.floor(at_most / least / FIT_STEP) * FIT_STEP
        why = (
            f"The least volumes come to {least:.2f} of the ceiling and {at_most:g} may be used. "
            f"They would fit at {fitting:.2f} of the concentration."
        )
        found.append(_remark("PL-141", "BLOCK", names, why))
    elif chosen.fits and most > at_most:
        why = (
            f"The most that is wished comes to {most:.2f} of the ceiling; what is given to "
            f"{chosen.fraction_of_ceiling or 0.0:.3f}, and {at_most:g} may be used."
        )
        found.append(_remark("PL-142", "NOTE", names, why))
    return found


def _say_of_mixture(drugs: Sequence[Drug]) -> list[FindingRecord]:
    titles = list(dict.fromkeys(drug.preparation.title for drug in drugs))
    if len(titles) < 2:
        return []
    agents = list(dict.fromkeys(drug.preparation.agent for drug in drugs))
    why = "Fractions of their ceilings are added, which is an assumption."
    if len(agents) < 2:
        # one drug with and without epinephrine: no label speaks of the sum
        return [_remark("PL-140", "CONFIRM", " and ".join(titles), why)]
    labels = dict.fromkeys(d.preparation.mixing for d in drugs if d.preparation.mixing)
    return [_remark("PL-140", "CONFIRM", " and ".join(agents), " ".join([why, *labels]))]


def _say_of_drug(drug: Drug, chosen: Mixture) -> list[FindingRecord]:
    found = []
    row = drug.preparation
    named = [strength.percent for strength in row.concentrations]
    if not named:
        why = f"No source at hand names one for {row.agent}; {drug.percent:g} % is as it was asked."
        found.append(_remark("PL-144", "CONFIRM", drug.words, why))
    elif drug.percent not in named:
        known = " and ".join(f"{percent:g} %" for percent in named)
        sources = ", ".join(dict.fromkeys(s.source for s in row.concentrations))
        why = f"For infiltration the label names {known} ({sources})."
        found.append(_remark("PL-144", "CONFIRM", drug.words, why))
    if row.epinephrine:
        why = "No ceiling of epinephrine itself stands in the tables, only that of the mixture."
        found.append(_remark("PL-147", "NOTE", drug.words, why))
    used = {(part.drug, part.percent) for part in chosen.infiltration}
    if (row.name, drug.percent) not in used:
        parts = [TITLES[group] for group in drug.groups if not may_go(drug, group)]
        why = (
            f"It may not be given to: {', '.join(parts)}."
            if parts
            else "Another drug that was named before it is given wherever it could be."
        )
        found.append(_remark("PL-149", "NOTE", drug.words, why))
    return found


def _say_of_patient(reduce_for: Sequence[str], at_most: float) -> list[FindingRecord]:
    """Ask for what the label reduces for; it names no factor, and none is made up."""
    if tuple(reduce_for) == ("none",):
        return []
    if not reduce_for:
        why = "Nobody said whether the patient is elderly, debilitated, cardiac or hepatic (C25)."
    elif at_most < 1:
        return []
    else:
        why = f"The label of lidocaine asks it for: {', '.join(reduce_for)} (C25)."
    return [_remark("PL-143", "CONFIRM", "the patient", f"{why} It names no factor.")]


def _say_of_layers(layers: Iterable[Layer]) -> list[FindingRecord]:
    # fat between two labelled muscles has no label either, and is told layer by layer
    length = sum(one.length_mm for one in layers if one.name == "unlabelled")
    if length <= 0:
        return []
    why = f"Along {length:.0f} mm of the way no label says what is passed."
    return [_remark("PL-148", "NOTE", "the way of the needle", why)]
