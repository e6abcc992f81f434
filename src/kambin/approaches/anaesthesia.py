"""Local anaesthesia along the way of a plan: layers, volumes under the ceiling, what is asked."""

from dataclasses import dataclass

from kambin.anatomy import Anatomy, Level
from kambin.approaches.anaesthesia_models import Anaesthesia, Mixture
from kambin.approaches.checkpoints import (
    find_checkpoints,
    find_roots,
    find_stop_rules,
    find_timing,
)
from kambin.approaches.dose_remarks import find_remarks
from kambin.approaches.doses import Drug, Group
from kambin.approaches.drug_words import require_share, require_weight
from kambin.approaches.infiltration import Span, find_ceilings, find_spans, mix
from kambin.approaches.layers import find_layers
from kambin.knowledge import Jurisdiction, Preparation, cite, find_keys, preparations
from kambin.knowledge.sources import NO_PAPER
from kambin.planning import Plan

NOTICE = (
    "Volumes and ceilings are figures of others, added up. Who gives the drug decides on it, and "
    "counts what anyone else gave in the same session. No dose here is advice."
)
"""Stands on every document."""


@dataclass(frozen=True, slots=True)
class DrugRequest:
    """What a person says of patient and drugs.

    Parameters
    ----------
    weight_kg : float or none, kg; none is refused
    drugs : in the order in which they were named, or empty: none is then chosen
    jurisdiction : which tables of ceilings count
    at_most : float, the share of the ceiling that may be used
    reduce_for : what a label asks to reduce for, as a person knows it of this patient, ``none``
        where a person says that nothing of it holds; empty where nobody said
    """

    weight_kg: float | None
    drugs: tuple[Drug, ...] = ()
    jurisdiction: Jurisdiction = "lowest"
    at_most: float = 1.0
    reduce_for: tuple[str, ...] = ()


def plan_anaesthesia(anatomy: Anatomy, plan: Plan, request: DrugRequest) -> Anaesthesia:
    """Return layers, volumes, ceilings, checkpoints and stop rules for a plan and a weight.

    Parameters
    ----------
    anatomy : Anatomy of the plan's case
    plan : Plan
    request : DrugRequest

    Raises
    ------
    RequestError  (RQ-141) without a weight; (RQ-142) if the chosen table says nothing of a drug;
        (RQ-144) if the share makes no sense
    AnatomyError  (AN-011) if the level of the plan is not assessed
    """
    weight, share = require_weight(request.weight_kg), require_share(request.at_most)
    layers = find_layers(anatomy, plan)
    spans = find_spans(anatomy, plan, layers)
    chosen = None
    alternatives: tuple[Mixture, ...] = ()
    if request.drugs:
        chosen = mix(request.drugs, spans, weight, request.jurisdiction, share)
    else:
        alternatives = find_alternatives(spans, weight, request.jurisdiction, share)
    document = Anaesthesia(
        case_sha256=plan.case_sha256,
        plan_content_sha256=plan.content_sha256,
        plan_status=plan.status,
        level=plan.level,
        side=plan.side,
        weight_kg=weight,
        ceiling=request.jurisdiction,
        at_most=share,
        reduce_for=request.reduce_for,
        path_length_mm=plan.trajectory.length_mm,
        layers=layers,
        chosen=chosen,
        alternatives=alternatives,
        roots=find_roots(Level.parse(plan.level)),
        timing=find_timing(),
        checkpoints=find_checkpoints(plan),
        stop_rules=find_stop_rules(),
        findings=find_remarks(request.drugs, chosen, layers, request.reduce_for, share),
        sources={},
        notice=NOTICE,
    )
    return document.model_copy(update={"sources": find_citations(document)})


def find_alternatives(
    spans: dict[Group, Span], weight_kg: float, jurisdiction: Jurisdiction, at_most: float
) -> tuple[Mixture, ...]:
    """Return what every preparation and concentration of the tables would mean by itself.

    Parameters
    ----------
    spans : where the parts of the way lie
    weight_kg : float, kg
    jurisdiction : which tables of ceilings count; what they say nothing of is left out
    at_most : float, the share of the ceiling that may be used

    Returns
    -------
    one Mixture a preparation and concentration, none of them chosen; those of which no source
    names a concentration for infiltration have ceilings and no volumes
    """
    found = []
    for row in preparations().values():
        tables = {ceiling.table for ceiling in row.ceilings}
        if jurisdiction != "lowest" and jurisdiction not in tables:
            continue
        drugs = [Drug(row, strength.percent) for strength in row.concentrations]
        found += [mix((drug,), spans, weight_kg, jurisdiction, at_most) for drug in drugs]
        if not drugs:
            found.append(_without_volumes(row, spans, weight_kg, jurisdiction))
    return tuple(found)


def _without_volumes(
    row: Preparation, spans: dict[Group, Span], weight_kg: float, jurisdiction: Jurisdiction
) -> Mixture:
    """Return the ceilings of a drug of which nobody named a concentration."""
    bare = mix((), spans, weight_kg, jurisdiction, 1.0)
    dose = find_ceilings(row, None, weight_kg, jurisdiction)
    return bare.model_copy(update={"drugs": (dose,), "infiltration": bare.infiltration[:0]})


def find_citations(document: Anaesthesia) -> dict[str, str]:
    """Return what the keys of all sources in the document stand for.

    Parameters
    ----------
    document : Anaesthesia
    """
    reports = [report for checkpoint in document.checkpoints for report in checkpoint.reports]
    sentences = (*document.timing, *document.stop_rules)
    mixtures = document.alternatives if document.chosen is None else (document.chosen,)
    terms = [term for one in mixtures for drug in one.drugs for term in drug.ceilings]
    strengths = [s for row in preparations().values() for s in row.concentrations]
    texts = [row.source for row in document.roots]
    texts += [row.source for row in document.checkpoints]
    texts += [row.source for row in reports]
    texts += [row.source for row in sentences]
    texts += [row.source for row in terms]
    texts += [row.source for row in strengths]
    texts += [finding.why for finding in document.findings]
    keys = {key for text in texts for key in find_keys(text)} - set(NO_PAPER)
    return {key: cite(key) for key in sorted(keys)}
