"""The parts of the way that are infiltrated: which drug, between which depths, how much."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from kambin.anatomy import Anatomy, Level, StructureKey
from kambin.approaches.anaesthesia_models import CeilingTerm, DrugDose, Infiltration, Mixture
from kambin.approaches.doses import (
    GROUPS,
    Drug,
    Group,
    Volumes,
    Wish,
    find_limit,
    find_terms,
    fit_volumes,
)
from kambin.approaches.layers import Layer, find_foramen_depth_mm
from kambin.frames import Side
from kambin.knowledge import Jurisdiction, Preparation, constant, value, values
from kambin.planning import Plan

TITLES: dict[Group, str] = {
    "skin": "Skin",
    "track": "Subcutis, fascia and muscle along the track",
    "facet": "Facet capsule and superior articular process",
    "foramen": "Foramen and around the annulus",
}
"""The parts in words."""


NO_LAYER = "No layer of its own."
"""Said of a part of the way that no layer counts to."""


@dataclass(frozen=True, slots=True)
class Span:
    """Where on the axis a part lies.

    Parameters
    ----------
    from_mm, to_mm : float or none, mm from the skin
    note : str, why there is no depth, or empty
    """

    from_mm: float | None
    to_mm: float | None
    note: str = ""


def find_spans(anatomy: Anatomy, plan: Plan, layers: Sequence[Layer]) -> dict[Group, Span]:
    """Return between which depths every part of the way lies.

    Parameters
    ----------
    anatomy : Anatomy
    plan : Plan
    layers : of the same plan

    Raises
    ------
    AnatomyError  (AN-011) if the level of the plan is not assessed
    """
    spans = {}
    for group in GROUPS:
        own = [layer for layer in layers if layer.group == group]
        if own:
            spans[group] = Span(own[0].from_mm, own[-1].to_mm)
        elif group == "facet":
            spans[group] = _nearest_to_facet(anatomy, plan)
        elif group == "foramen":
            depth = find_foramen_depth_mm(anatomy, plan)
            spans[group] = Span(depth, plan.trajectory.length_mm, NO_LAYER)
        else:
            # the first label begins at the entry: nothing lies before it
            spans[group] = Span(0.0, 0.0 if group == "skin" else layers[0].to_mm, NO_LAYER)
    return spans


def mix(
    drugs: Sequence[Drug],
    spans: dict[Group, Span],
    weight_kg: float,
    jurisdiction: Jurisdiction,
    at_most: float,
) -> Mixture:
    """Return volumes part by part and the sum of all drugs.

    Parameters
    ----------
    drugs : in the order in which they were named
    spans : where the parts lie
    weight_kg : float, kg
    jurisdiction : which tables count
    at_most : float, the share of the ceiling that may be used

    Raises
    ------
    RequestError  (RQ-142) if the chosen table says nothing of a drug
    """
    limits = {
        d.preparation.name: find_limit(d.preparation, weight_kg, jurisdiction).mg for d in drugs
    }
    wishes = [_wish(group, drugs) for group in GROUPS]
    volumes = fit_volumes(
        wishes,
        limits,
        at_most=at_most,
        step_ml=value("layers.syringe_step_ml"),
    )
    doses = tuple(_dose(d, wishes, volumes, weight_kg, jurisdiction) for d in drugs)
    return Mixture(
        drugs=doses,
        infiltration=tuple(_part(wish, volumes, spans[wish.group]) for wish in wishes),
        total_ml=float(sum(volumes.volumes_ml.values())) if volumes.fits else None,
        fraction_of_ceiling=float(volumes.share) if volumes.fits else None,
        least_fraction=float(volumes.least_share),
        most_fraction=float(volumes.most_share),
        fits=volumes.fits,
    )


def find_ceilings(
    preparation: Preparation,
    percent: float | None,
    weight_kg: float,
    jurisdiction: Jurisdiction,
) -> DrugDose:
    """Return the ceilings of a preparation for a weight, without any volume.

    Parameters
    ----------
    preparation : Preparation
    percent : float, its concentration, or none where no source names one
    weight_kg : float, kg
    jurisdiction : which tables count

    Raises
    ------
    RequestError  (RQ-142) if the chosen table says nothing of the drug
    """
    limit = find_limit(preparation, weight_kg, jurisdiction)
    per_ml = None if percent is None else Drug(preparation, percent).mg_per_ml
    return DrugDose(
        drug=preparation.name,
        agent=preparation.agent,
        title=preparation.title,
        percent=percent,
        mg_per_ml=None if per_ml is None else float(per_ml),
        epinephrine=preparation.epinephrine,
        limit_mg=float(limit.mg),
        limit_ml=None if per_ml is None else float(limit.mg / per_ml),
        ceilings=tuple(
            CeilingTerm(
                table=term.ruling.table,
                term=term.term,
                value=float(getattr(term.ruling, term.term)),
                limit_mg=float(term.mg),
                limit_ml=None if per_ml is None else float(term.mg / per_ml),
                rules=(term.ruling, term.term) == (limit.ruling, limit.term),
                tag=term.ruling.tag,
                source=term.ruling.source,
                note=term.ruling.note,
            )
            for term in find_terms(preparation, weight_kg)
        ),
        dose_mg=None,
        volume_ml=None,
        fraction=None,
    )


def may_go(drug: Drug, group: Group) -> bool:
    """Return whether a drug may be given to a part: near the root only a low concentration.

    Parameters
    ----------
    drug : Drug
    group : Group
    """
    return group != "foramen" or drug.percent <= value("layers.near_root_percent")


def _wish(group: Group, drugs: Sequence[Drug]) -> Wish:
    """Return what a part is given of: what was meant for it, else the first that may go there."""
    meant = [d for d in drugs if group in d.groups] or [d for d in drugs if not d.groups]
    fitting = [d for d in meant if may_go(d, group)]
    least, most = values(f"layers.{group}_ml")
    return Wish(group, fitting[0] if fitting else None, least, most)


def _part(wish: Wish, volumes: Volumes, span: Span) -> Infiltration:
    row = constant(f"layers.{wish.group}_ml")
    volume = volumes.volumes_ml.get(wish.group)
    drug = wish.drug
    dose = None if volume is None or drug is None else drug.mg_per_ml * volume
    near = value("layers.near_root_percent") if wish.group == "foramen" else None
    return Infiltration(
        group=wish.group,
        title=TITLES[wish.group],
        from_mm=span.from_mm,
        to_mm=span.to_mm,
        wished_ml=(wish.least_ml, wish.most_ml),
        most_percent=near,
        drug=None if drug is None else drug.preparation.name,
        percent=None if drug is None else drug.percent,
        volume_ml=None if volume is None else float(volume),
        dose_mg=None if dose is None else float(dose),
        note=span.note,
        tag=row.tag,
        source=row.source,
    )


def _dose(
    drug: Drug,
    wishes: Sequence[Wish],
    volumes: Volumes,
    weight_kg: float,
    jurisdiction: Jurisdiction,
) -> DrugDose:
    """Return one drug with its ceilings and how much of it all parts together are given."""
    bare = find_ceilings(drug.preparation, drug.percent, weight_kg, jurisdiction)
    if not volumes.fits:
        return bare
    total = sum((volumes.volumes_ml[w.group] for w in wishes if w.drug is drug), Fraction(0))
    dose = drug.mg_per_ml * total
    limit = find_limit(drug.preparation, weight_kg, jurisdiction)
    given = {"dose_mg": dose, "volume_ml": total, "fraction": dose / limit.mg}
    return bare.model_copy(update={name: float(number) for name, number in given.items()})


def _nearest_to_facet(anatomy: Anatomy, plan: Plan) -> Span:
    """Return how deep the axis passes the superior process, where it does not meet the joint."""
    key = StructureKey("sap", Level.parse(plan.level).lower, Side(plan.side))
    process = anatomy.find(key)
    if process is None or not process.region.values.any():
        return Span(None, None, f"{key} is not assessed.")
    points = process.region.lps_mm(np.argwhere(process.region.values > 0))
    entry = np.array(plan.trajectory.entry_lps_mm)
    way = np.array(plan.trajectory.target_lps_mm) - entry
    way /= np.linalg.norm(way)
    along = np.clip((points - entry) @ way, 0.0, plan.trajectory.length_mm)
    gaps = np.linalg.norm(points - entry - along[:, None] * way, axis=1)
    nearest = int(gaps.argmin())
    depth = float(along[nearest])
    note = f"The axis passes the superior articular process at about {gaps[nearest]:.0f} mm."
    return Span(depth, depth, note)
