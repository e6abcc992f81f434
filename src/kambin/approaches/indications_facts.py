"""What is known of a patient for the rules of suitability, and why something is not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kambin.anatomy import Anatomy, Level
from kambin.approaches.indications_answers import Answers
from kambin.core import AnatomyError, Finding
from kambin.frames import Side
from kambin.knowledge.suitability import contraindications, facts
from kambin.measure import QUANTITIES, Reading, Site
from kambin.measure.herniation_types import Grade, Herniation
from kambin.measure.site import require_side
from kambin.planning import Plan

CREST_LINES: Mapping[str, tuple[str, float]] = {
    "crest_above_l5_mm": ("L5", 0.0),
    "crest_above_l4_mm": ("L4", -0.5),
}
"""Vertebra and place on its pedicle, as a share of its height from the middle, per fact."""

NO_FRAGMENT = "the case has no fragment, and no zone was named"
ZONE_ONLY = "a zone was named, the case has no fragment"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing a rule asks for.

    Parameters
    ----------
    name : str
    value : float, str, or none where it is not known
    sigma : float or none, one standard deviation, in the unit of the fact
    neighbour : str or none, the class next to a word if the border lies within its error
    origin : str, ``measured``, ``zone``, ``asked``, ``plan``, ``not_assessed`` or ``not_asked``
    because : str, how it is known, or why not
    """

    name: str
    value: float | str | None
    sigma: float | None = None
    neighbour: str | None = None
    origin: str = "measured"
    because: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where and for whom the rules are asked.

    Parameters
    ----------
    anatomy : Anatomy, completed
    level : Level
    side : Side from which the surgeon comes
    """

    anatomy: Anatomy
    level: Level
    side: Side


@dataclass(slots=True)
class _Found:
    """Facts and findings, as they are gathered."""

    facts: dict[str, Fact] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def add(self, fact: Fact) -> None:
        """Keep a fact under its name, in place of an earlier one."""
        self.facts[fact.name] = fact

    def miss(self, name: str, because: str) -> None:
        """Keep that a fact is not known, and why."""
        self.add(Fact(name, None, origin="not_assessed", because=because))


def find_facts(
    place: Place,
    herniation: Herniation | None,
    *,
    zone: str | None = None,
    answers: Answers | None = None,
    plan: Plan | None = None,
) -> tuple[Mapping[str, Fact], tuple[Finding, ...]]:
    """Return every fact the rules may ask for, known or not, and what measuring had to say.

    Parameters
    ----------
    place : Place
    herniation : Herniation, or none if the case has no fragment
    zone : str or none, the axial zone a person names where there is no fragment
    answers : Answers or none
    plan : Plan of the same case, level and side, or none
    """
    found = _Found()
    _herniation_facts(found, place, herniation, zone)
    _anatomy_facts(found, place)
    _plan_facts(found, plan)
    _asked_facts(found, answers or Answers())
    # in the order of the table, and each of it: a rule never asks for what is not there
    return {name: found.facts[name] for name in facts()}, tuple(dict.fromkeys(found.findings))


def find_mismatch(place: Place, herniation: Herniation) -> str:
    """Return why a fragment is not the one that is asked about, or an empty text.

    Parameters
    ----------
    place : Place
    herniation : Herniation
    """
    if herniation.level != place.level:
        return f"the fragment of the case lies at {herniation.level}"
    if herniation.side not in (None, place.side):
        return f"the fragment of the case lies on the {herniation.side}"
    return ""


def _herniation_facts(
    found: _Found, place: Place, herniation: Herniation | None, zone: str | None
) -> None:
    names = [name for name, row in facts().items() if row.kind == "herniation"]
    lack = NO_FRAGMENT if zone is None else ZONE_ONLY
    if herniation is not None:
        lack = find_mismatch(place, herniation)
    if herniation is None or lack:
        for name in names:
            found.miss(name, f"not assessed: {lack}")
        if zone is not None:
            found.add(Fact("zone", zone, origin="zone", because="as asked for with --zone"))
        return
    found.add(_word("zone", herniation["zone"]))
    found.add(_word("morphology", herniation["morphology"]))
    found.add(_word("migration_grade", herniation["migration_grade"]))
    found.add(_calcified(herniation["calcified"]))
    found.add(_canal(herniation["canal_compromise"]))
    for fact in _migration(herniation["migration"], herniation["migration_grade"]):
        found.add(fact)


def _word(name: str, grade: Grade) -> Fact:
    if grade.value is None:
        return _lost(name, grade, "the fragment does not say")
    return Fact(name, str(grade.value), neighbour=grade.neighbour, because=_how(grade))


def _calcified(grade: Grade) -> Fact:
    if grade.value is None:
        return _lost("calcified", grade, "no image to see calcium on")
    return Fact("calcified", "yes" if grade.value else "no", because=_how(grade))


def _canal(grade: Grade) -> Fact:
    if grade.value is None:
        return _lost("canal_share", grade, "the canal")
    return Fact("canal_share", grade.measured["fraction"], grade.uncertainty, because=_how(grade))


def _lost(name: str, grade: Grade, lack: str) -> Fact:
    """Return that a grade is not known, in its own words where it has some."""
    told = grade.statement.removeprefix("Not assessed: ").rstrip(".") or lack
    return Fact(name, None, origin="not_assessed", because=f"not assessed: {told}")


def _how(grade: Grade) -> str:
    """Return how a grade was found, with what has to be said of it, such as a modelled canal."""
    return f"{grade.method}. {grade.statement}" if grade.statement else grade.method


def _migration(zone: Grade, grade: Grade) -> tuple[Fact, Fact]:
    height = grade.measured["disc_height_mm"]
    beyond = max(grade.measured["beyond_plate_mm"], 0.0) if zone.value != "none" else 0.0
    share = Fact(
        "migration_over_height",
        beyond / height,
        (grade.uncertainty or 0.0) / height,
        because=f"tip {beyond:.1f} mm beyond the end plate, disc margin {height:.1f} mm high",
    )
    is_down = str(zone.value).endswith("down")
    is_far = zone.value == "far-down" or (is_down and grade.value == "very-high")
    near_far = "far-down" in (zone.neighbour,) or (is_down and grade.neighbour == "very-high")
    word = Fact(
        "far_down",
        "yes" if is_far else "no",
        neighbour=None if is_far is near_far else ("no" if is_far else "yes"),
        because=f"{zone.value}, {grade.value} grade",
    )
    return share, word


def _anatomy_facts(found: _Found, place: Place) -> None:
    site = Site(place.anatomy, level=place.level, side=place.side)
    found.add(Fact("level", str(place.level), because="as asked for"))
    angle = _measure(found, site, "ilium_axial_angle")
    _add_reading(
        found,
        "ilium_angle_deg",
        angle,
        "line without width in the axial plane; for other angles see the curve of kambin measure",
    )
    _crest_facts(found, site, _measure(found, site, "crest_height"))
    _facet_fact(found, site)
    depth_mm = 2 * site.disc().posterior_rim_y_mm
    slip = _measure(found, Site(place.anatomy, level=place.level), "body_slip")
    if slip.value is None:
        found.miss("slip_share", "not assessed: " + _reason(slip))
    else:
        why = f"{slip.value:.1f} mm on images of a lying patient, plate {depth_mm:.0f} mm deep"
        sigma = None if slip.uncertainty is None else slip.uncertainty / depth_mm
        found.add(Fact("slip_share", slip.value / depth_mm, sigma, because=why))


def _measure(found: _Found, site: Site, name: str) -> Reading:
    try:
        reading = QUANTITIES[name].measurer(site)[name]
    except AnatomyError as error:
        # one missing vertebra must not stop the rules that do without it
        reading = site.not_assessed(error.why.rstrip("."))
    found.findings.extend(reading.findings)
    return reading


def _reason(reading: Reading) -> str:
    if not reading.findings:
        return "the data cannot say"
    # the finding says the word that the fact begins with
    return reading.findings[0].why.rstrip(".").removeprefix("Not assessed: ")


def _add_reading(found: _Found, name: str, reading: Reading, because: str) -> None:
    if reading.value is None:
        found.miss(name, "not assessed: " + _reason(reading))
    else:
        found.add(Fact(name, reading.value, reading.uncertainty, because=because))


def _crest_facts(found: _Found, site: Site, crest: Reading) -> None:
    """Add how far the crest stands above lines of the pedicles, seen from the side."""
    side = require_side(site)
    for name, (vertebra, share) in CREST_LINES.items():
        frame = site.anatomy.vertebra_frames.get(vertebra)
        if crest.point_lps_mm is None or frame is None or side not in frame.pedicles:
            lack = _reason(crest) if crest.point_lps_mm is None else f"the pedicle of {vertebra}"
            found.miss(name, f"not assessed: {lack}")
            continue
        lateral, backward, up, _, height = frame.pedicles[side]
        place = [side.lateral_sign_lps * lateral, backward, up + share * height]
        line = frame.lps_from_vertebra.points(place)
        above = float(crest.point_lps_mm[2] - line[2])
        found.add(Fact(name, above, crest.uncertainty, because="along the patient's axis"))


def _facet_fact(found: _Found, site: Site) -> None:
    """Add distance C where the root was seen; a modelled root says nothing of the patient."""
    name = "facet_root_mm"
    reading = _measure(found, site, "facet_root_lower")
    root = site.structure("exiting_root", site.level.upper if site.level else "", sided=True)
    if root is not None and root.is_modelled and reading.value is not None:
        found.miss(name, f"not assessed: the {root.key} is modelled, not seen")
        return
    _add_reading(found, name, reading, "least gap between surfaces at the lower border of the disc")


def _plan_facts(found: _Found, plan: Plan | None) -> None:
    for name in ("unreached_share", "sap_share"):
        found.miss(name, "not assessed: no plan was given")
    if plan is None:
        return
    reached, taken = plan.reach.reachable_fraction, plan.resection.sap_fraction
    if reached is None:
        why = plan.reach.not_assessed_reason or "no fragment"
        found.miss("unreached_share", f"not assessed: {why}")
    else:
        found.add(Fact("unreached_share", 1.0 - reached, origin="plan", because="by the plan"))
    if taken is None:
        why = plan.resection.not_assessed_reason or "no process"
        found.miss("sap_share", f"not assessed: {why}")
    else:
        found.add(Fact("sap_share", taken, origin="plan", because="by the plan"))


def _asked_facts(found: _Found, answers: Answers) -> None:
    numbers = {
        "translation_mm": answers.translation_mm,
        "angulation_deg": answers.angulation_deg,
        "age_years": answers.age_years,
        "surgeon_cases": answers.surgeon_cases,
    }
    named = answers.contraindications
    for name in contraindications():
        value = None if named is None else ("yes" if name in named else "no")
        found.add(_answer(name, value))
    for name, number in numbers.items():
        found.add(_answer(name, None if number is None else float(number)))


def _answer(name: str, value: float | str | None) -> Fact:
    row = facts()[name]
    if value is None:
        because = f"not asked: {row.title} ({row.option})"
        return Fact(name, None, origin="not_asked", because=because)
    return Fact(name, value, origin="asked", because=f"as answered with {row.option}")
