"""What one plan shows of the promises: bone, muscle, stability, reach, and the cut in the skin."""

from collections.abc import Callable, Mapping

from kambin.approaches.claims_models import PatientPart, PlanNumber, SkinCut
from kambin.approaches.skin_cut import find_skin_slant_deg, find_stretch_for, measure_skin_cut
from kambin.imaging import LabelMap
from kambin.knowledge import constant, published
from kambin.knowledge.promises import Promise
from kambin.planning import Plan

NO_PLAN = "No plan was given."

PRINTED_CUTS = ("incision_tezuka", "incision_seven")
"""Published cuts that the computed one is set against."""

_DIGITS = {"mm": "{:.1f} mm", "mm3": "{:.0f} mm3", "deg": "{:.0f} deg", "1": "{:.0%}"}
_NARROW = ("needle", "guidewire")


def show_patient(promise: Promise, plan: Plan | None, body: LabelMap | None) -> PatientPart:
    """Return what a plan shows of one promise.

    Parameters
    ----------
    promise : Promise
    plan : Plan or none
    body : LabelMap, above 0 inside the body, or none if neither image nor mask shows the skin
    """
    if promise.shows is None:
        return PatientPart(assessed=False, says=promise.unseen)
    if plan is None:
        return PatientPart(assessed=False, says=NO_PLAN)
    if promise.shows == "skin":
        return _skin(plan, body)
    parts: Mapping[str, Callable[[Plan], PatientPart]] = {
        "bone": _bone,
        "muscle": _muscle,
        "stability": _stability,
        "reach": _reach,
    }
    return parts[promise.shows](plan)


def _bone(plan: Plan) -> PatientPart:
    bone = plan.resection
    why = bone.not_assessed_reason
    rim = bone.rim_volume_mm3 if bone.rim_is_removed else 0.0
    gaps = [
        gap.clearance_mm
        for stage in plan.stages
        if stage.tool not in _NARROW
        for gap in stage.clearances
        if gap.structure.startswith("lamina:")
    ]
    near = min(gaps, default=None)
    numbers = (
        _number("lamina_gap_mm", "tools wider than a needle to the lamina, least gap", near, "mm",
                "no gap to a lamina is known"),
        _number("volume_mm3", "bone taken of the process, and of the rim where the plan says so",
                bone.volume_mm3, "mm3", why),
        _number("sap_fraction", "share of the superior articular process", bone.sap_fraction, "1",
                why),
        _number("rim_volume_mm3", "bone of the rim below", rim, "mm3", why),
        _number("iap_volume_mm3", "bone of the inferior articular process", bone.iap_volume_mm3,
                "mm3", why),
        _number("pars_volume_mm3", "bone of the pars", bone.pars_volume_mm3, "mm3", why),
    )  # fmt: skip
    says = "The plan takes no bone of the lamina; what it takes elsewhere stands here."
    # a plan lists its gap to every bone it knows of: none to a lamina means that none is known
    if near is None:
        says = "Whether the plan takes bone of the lamina was not assessed: no gap to one is known."
    elif near < 0:
        says = "Tools of the plan overlap the lamina."
    if bone.volume_mm3 is None:
        says = f"Bone was not assessed: {(why or 'the plan does not say why').rstrip('.')}."
    is_known = near is not None and bone.volume_mm3 is not None
    return PatientPart(assessed=is_known, says=says, numbers=numbers)


def _muscle(plan: Plan) -> PatientPart:
    found = plan.objectives
    if found is None:
        return PatientPart(assessed=False, says="The plan is of a version without muscles.")
    ways = found.muscle_path_mm
    if not ways:
        says = "No muscle is segmented on the way: what is pushed aside was not assessed."
        return PatientPart(assessed=False, says=says, numbers=(_flavum(),))
    numbers = (
        _number("muscle_mm3", "muscle pushed aside by the cannula", found.muscle_mm3, "mm3", None),
        *(
            _number(f"path_{name}_mm", f"way through {name.replace('_', ' ')}", way, "mm", None)
            for name, way in ways.items()
        ),
        _flavum(),
    )
    says = "Muscle is pushed aside and not cut; how it recovers cannot be measured beforehand."
    return PatientPart(assessed=True, says=says, numbers=numbers)


def _flavum() -> PlanNumber:
    return _number("flavum_mm3", "ligamentum flavum taken", None, "mm3", "a plan measures none")


def _stability(plan: Plan) -> PatientPart:
    bone = plan.resection
    why = bone.not_assessed_reason
    word = bone.stability_class
    numbers = (
        PlanNumber(
            name="stability_class",
            title="class of stability",
            value=None if word == "not_assessed" else word,
            unit="",
            text=word.replace("_", " "),
            source=bone.stability_source or "plan, tag D",
        ),
        _number("sap_fraction", "share of the superior articular process taken",
                bone.sap_fraction, "1", why),
        _number("facet_kept_fraction", "facet surface kept", bone.facet_kept_fraction, "1", why),
        _number("pars_left_mm", "least bone left in the pars", bone.pars_left_mm, "mm", why),
    )  # fmt: skip
    says = "A class by the bone that goes, tag D; motion was not simulated."
    return PatientPart(assessed=word != "not_assessed", says=says, numbers=numbers)


def _reach(plan: Plan) -> PatientPart:
    reach = plan.reach
    why = reach.not_assessed_reason
    numbers = (
        _number("reachable_fraction", "fragment in reach of forceps", reach.reachable_fraction,
                "1", why),
        _number("visible_fraction", "fragment in sight", reach.visible_fraction, "1", why),
        _number("residual_mm3", "out of reach", reach.residual_mm3, "mm3", why),
        _number("without_modelled_fraction", "in reach if modelled nerves did not block",
                reach.without_modelled_fraction, "1", why or "no modelled nerve blocks"),
    )  # fmt: skip
    says = "Of this one herniation; which kinds the rules speak against: kambin indications."
    if reach.blockers_modelled:
        says += " Nerves that block here are modelled, not seen."
    return PatientPart(assessed=reach.reachable_fraction is not None, says=says, numbers=numbers)


def _skin(plan: Plan, body: LabelMap | None) -> PatientPart:
    way = plan.trajectory
    slant = None
    if body is not None:
        slant = find_skin_slant_deg(body, way.entry_lps_mm, way.target_lps_mm)
    cut = measure_skin_cut(plan.cannula_mm, slant)
    why = cut.not_assessed_reason
    numbers = (
        _number("cannula_mm", "outer diameter of the cannula", cut.cannula_mm, "mm", None),
        _number("slant_deg", "cannula against the normal of the skin", slant, "deg",
                "no skin about the entry, counted as upright"),
        _number("half_circumference_mm", "half of the rim that must pass",
                cut.half_circumference_mm, "mm", why),
        _number("cut_mm", f"cut at a stretch of {cut.stretch:.0%}", cut.cut_mm, "mm", why,
                source=_stretch_source()),
        *(_needed(name, cut) for name in PRINTED_CUTS),
    )  # fmt: skip
    says = "Computed from the cannula and the stretch of skin; excised skin tears at " + (
        f"{published()['skin_tears'].figure}."
    )
    return PatientPart(assessed=cut.cut_mm is not None, says=says, numbers=numbers)


def _needed(name: str, cut: SkinCut) -> PlanNumber:
    """Return how far the skin must stretch for a cut that a paper prints."""
    row = published()[name]
    half, printed = cut.half_circumference_mm, row.value or 0.0
    stretch = None if half is None else find_stretch_for(printed, half)
    title = f"stretch that a cut of {row.figure} asks of the skin"
    key = f"stretch_for_{row.name}"
    return _number(key, title, stretch, "1", cut.not_assessed_reason, source=row.source)


def _stretch_source() -> str:
    row = constant("skin_cut.stretch")
    return f"{row.source} [{row.tag}]"


def _number(
    name: str, title: str, number: float | None, unit: str, why: str | None, *, source: str = "plan"
) -> PlanNumber:
    lack = f"not assessed: {why}" if why else "not assessed"
    text = lack if number is None else _DIGITS[unit].format(number)
    return PlanNumber(name=name, title=title, value=number, unit=unit, text=text, source=source)
