"""The numbers of a plan as the steps of the procedure sheet say them."""

from collections.abc import Sequence

from kambin.knowledge import value
from kambin.planning import Angles, Bevel, Plan, Preference
from kambin.report.procedure_models import CArmView, PassRow, ToolRow
from kambin.report.words import structure_words

_ORDINALS = {"L": "lumbar", "S": "sacral", "T": "thoracic"}
_NUMBERS = ("first", "second", "third", "fourth", "fifth", "sixth")
_THORACIC = ("tenth", "eleventh", "twelfth")
_SAME_PLACE_MM = 0.05


def find_facts(
    plan: Plan,
    tools: Sequence[ToolRow],
    passes: Sequence[PassRow],
    views: Sequence[CArmView],
    *,
    doses: str | None,
) -> dict[str, str]:
    """Return every number of the steps in words by its name; what is not known is left out.

    Parameters
    ----------
    plan : Plan
    tools, passes, views : of the same plan, mm and degrees
    doses : str, not empty where volumes were worked out, or none
    """
    found: dict[str, str | None] = {
        "level": plan.level,
        "level_words": level_words(plan.level),
        "side": plan.side,
        "incision_mm": f"{value('report.skin_incision_mm'):g}",
        "near_root_percent": f"{value('layers.near_root_percent'):g}",
        "needle_landmark": next((t.landmark for t in tools if t.stage == "needle"), None),
        "reach_words": _reach(plan),
        "doses": doses,
    }
    found |= _entry(plan) | _angles(plan.angles) | _views(views)
    found |= _tools(tools) | _bone(plan, passes) | _bevel(plan)
    return {name: text for name, text in found.items() if text}


def level_words(level: str) -> str:
    """Return a level in words: ``L4-L5`` is between the fourth and the fifth lumbar vertebra.

    Parameters
    ----------
    level : str, as the documents write it
    """
    return " and ".join(_vertebra(name) for name in level.split("-"))


def _vertebra(name: str) -> str:
    number = int(name[1:])
    # only the lowest three thoracic vertebrae are in the scheme
    word = _THORACIC[number - 10] if name[0] == "T" else _NUMBERS[number - 1]
    return f"{word} {_ORDINALS[name[0]]}"


def _entry(plan: Plan) -> dict[str, str | None]:
    entry = plan.entry
    tip = None
    if entry.cranial_of_spinous_tip_mm is not None and entry.spinous_tip:
        way = _along_patient(entry.cranial_of_spinous_tip_mm)
        tip = f"{way} of the spinous tip of {entry.spinous_tip}"
    return {
        "lateral_mm": f"{entry.lateral_of_midline_mm:.0f}",
        "skin_mm": f"{entry.along_skin_lateral_mm:.0f}",
        "disc_line_words": _along_patient(entry.cranial_of_disc_line_mm),
        "tip_words": tip,
        "usual_entry": _usual(plan.preferences),
    }


def _usual(preferences: Sequence[Preference]) -> str | None:
    row = next((p for p in preferences if p.name == "lateral_of_midline_mm"), None)
    return None if row is None else f"{row.low:.0f} to {row.high:.0f} mm from the midline"


def _angles(a: Angles) -> dict[str, str | None]:
    return {
        "axial_disc": f"{a.axial_inclination_to_disc_deg:.0f}",
        "axial_patient": f"{a.axial_inclination_to_patient_deg:.0f}",
        "craniocaudal_disc_words": _slope(a.craniocaudal_to_disc_deg),
        "craniocaudal_patient_words": _slope(a.craniocaudal_to_patient_deg),
    }


def _slope(angle_deg: float) -> str:
    """Return from where the tools come, along the patient."""
    return f"from {abs(angle_deg):.0f} degrees {'cranial' if angle_deg >= 0 else 'caudal'}"


def _along_patient(way_mm: float) -> str:
    return f"{abs(way_mm):.0f} mm {'cranial' if way_mm >= 0 else 'caudal'}"


def _views(views: Sequence[CArmView]) -> dict[str, str | None]:
    front = views[0].words.partition(", ")
    return {
        "ap_tilt_words": front[0].removeprefix("upper end "),
        "ap_turn_words": front[2],
        "lateral_words": views[-1].words,
    }


def _tools(tools: Sequence[ToolRow]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for stage in ("needle", "guidewire", "dilator", "cannula", "scope", "forceps"):
        own = [tool for tool in tools if tool.stage == stage]
        if own:
            depth = max(tool.depth_mm for tool in own)
            found[f"{stage}_words"] = ", ".join(tool.title for tool in own)
            found[f"{stage}_depth_mm"] = f"{depth:.0f}"
            found[f"{stage}_stop_words"] = _stop(min(tool.stop_mm for tool in own))
    return found


def _stop(stop_mm: float) -> str:
    if abs(stop_mm) < _SAME_PLACE_MM:
        return "at the target"
    return f"{abs(stop_mm):.0f} mm {'short of' if stop_mm > 0 else 'past'} the target"


def _bone(plan: Plan, passes: Sequence[PassRow]) -> dict[str, str | None]:
    bone = plan.resection
    words = None
    if bone.not_assessed_reason:
        # it becomes the end of a sentence
        words = bone.not_assessed_reason[:1].lower() + bone.not_assessed_reason[1:].rstrip(".")
    if bone.volume_mm3 is not None:
        share = (
            "" if bone.sap_fraction is None else f", {100 * bone.sap_fraction:.0f} % of the process"
        )
        left = bone.stability_class.replace("_", " ")
        words = f"{bone.volume_mm3:.0f} mm³{share}, stability {left}"
    sizes = [
        f"{one.diameter_mm:g} mm to {one.depth_mm:.0f} mm"
        + (f" tilted by {one.tilt_deg:.0f} degrees" if one.tilt_deg else "")
        for one in passes
    ]
    return {"resection_words": words, "reamer_words": ", ".join(sizes)}


def _bevel(plan: Plan) -> dict[str, str | None]:
    found: Bevel | None = next((s.bevel for s in plan.stages if s.bevel is not None), None)
    if found is None:
        return {"bevel_reason": "the plan has none."}
    return {
        "insertion_clock": _text(found.insertion_clock),
        "working_clock": _text(found.working_clock),
        "away_from": None if found.away_from is None else structure_words(found.away_from),
        "bevel_reason": found.not_assessed_reason or "the plan does not say.",
    }


def _text(number: int | None) -> str | None:
    return None if number is None else str(number)


def _reach(plan: Plan) -> str | None:
    share = plan.reach.reachable_fraction
    if share is None:
        return None
    seen = plan.reach.visible_fraction
    sight = "" if seen is None else f", {100 * seen:.0f} % in sight"
    modelled = "; nerves that block are modelled, not seen" if plan.reach.blockers_modelled else ""
    return f"{100 * share:.0f} % of the fragment{sight}{modelled}"
