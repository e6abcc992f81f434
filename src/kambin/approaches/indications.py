"""``kambin indications``: what speaks for and against each way to operate on this patient."""

from collections.abc import Iterable, Mapping

from kambin.anatomy import Anatomy, Case, Level
from kambin.anatomy.check_wording import finding_of
from kambin.approaches.indications_answers import Answers
from kambin.approaches.indications_facts import Fact, Place, find_facts, find_mismatch
from kambin.approaches.indications_models import (
    ApproachVerdict,
    Colour,
    FactRecord,
    FigureRecord,
    Indications,
    RuleVerdict,
)
from kambin.approaches.indications_rules import judge_rules
from kambin.approaches.indications_terms import list_risks, read_learning_curve, weigh_difficulty
from kambin.core import Finding, PlanError, RequestError, Severity, require_code
from kambin.frames import Side
from kambin.knowledge import APPROACHES, published_of
from kambin.knowledge.suitability import facts, suitability_rules
from kambin.measure.herniation import measure_herniation
from kambin.planning import Plan, PlanRequest
from kambin.planning.documents import FindingRecord

NOTICE = (
    "Rules on measured anatomy and on answers, to discuss and not to obey. Figures are of groups "
    "of patients and no forecast for this one. No rule was validated in this program."
)

SHOWN_METRICS = ("success", "failure", "reoperation", "recurrence", "complications")
"""What is listed of each way to operate, beside the figures that stand at the rules."""

WORDS: dict[Colour, str] = {
    "red": "a rule speaks against it",
    "amber": "possible with what the rules ask for",
    "as_far_as_assessed": "no rule that was assessed speaks against it",
    "open": "open: nothing is known of the herniation",
    "green": "all rules assessed, none speaks against it",
    "not_graded": "not graded: no rule of this set grades it here",
}
"""What each verdict means."""


def judge_indications(
    case: Case,
    anatomy: Anatomy,
    level: Level,
    side: Side,
    *,
    zone: str | None = None,
    answers: Answers | None = None,
    plan: Plan | None = None,
) -> Indications:
    """Return what the rules R1 to R16 say of each way to operate, with reasons and figures.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from the case
    level : Level
    side : Side from which the surgeon comes
    zone : str or none, axial zone of the herniation where the case has no fragment
    answers : Answers or none, what only a person knows
    plan : Plan or none; with one, reach and resection count in the difficulty

    Raises
    ------
    RequestError  (PL-030) if the zone is unknown; (RQ-163) if the plan is of another level or side
    PlanError  (PL-020) if the plan was made on another case
    AnatomyError  (AN-304) if the level has no frame
    """
    # refuses a zone that no plan could be asked for either
    PlanRequest(level, side, zone=zone)
    if plan is not None:
        _check_plan(case, plan, level, side)
    answered = answers or Answers()
    place = Place(anatomy, level, side)
    herniation, remarks = measure_herniation(anatomy, case)
    known, findings = find_facts(place, herniation, zone=zone, answers=answered, plan=plan)
    rules = judge_rules(known, level)
    is_here = herniation is not None and not find_mismatch(place, herniation)
    source = "fragment" if is_here else ("none" if zone is None else "zone")
    told = known["zone"].value
    return Indications(
        case_sha256=case.sha256,
        level=str(level),
        side=side.value,
        herniation_from=source,
        herniation_origin=herniation.origin if herniation is not None and is_here else None,
        zone=None if told is None else str(told),
        approaches={name: judge_approach(name, rules, known) for name in APPROACHES},
        rules=rules,
        facts=tuple(_record(one) for one in known.values()),
        not_asked=tuple(f.because for f in known.values() if f.origin == "not_asked"),
        not_assessed=tuple(
            f"{facts()[f.name].title}: {f.because}"
            for f in known.values()
            if f.origin == "not_assessed"
        ),
        difficulty=weigh_difficulty(known),
        learning_curve=read_learning_curve(answered.surgeon_cases),
        risks=list_risks(answered, known),
        findings=_records((*remarks, *findings, *_note_open(rules, place))),
        notice=NOTICE,
    )


def judge_approach(
    approach: str, rules: Iterable[RuleVerdict], known: Mapping[str, Fact] | None = None
) -> ApproachVerdict:
    """Return what the rules say of one way to operate.

    Parameters
    ----------
    approach : str, one of ``APPROACHES``
    rules : RuleVerdict of every row
    known : mapping of name to Fact, from which it is told what was not asked, or none

    Notes
    -----
    Only the transforaminal way is graded by rules for all that matters; of another one a rule may
    speak, but that none speaks against it says nothing.
    """
    about = [one for one in rules if approach in one.against and one.colour != "info"]
    met = [one for one in about if one.applies]
    open_rules = [one for one in about if one.applies is None]
    colour = _colour(approach, met, open_rules)
    # what is right of bones alone is no answer for a herniation that nobody described
    if colour == "as_far_as_assessed" and known is not None and known["zone"].value is None:
        colour = "open"
    asked = {c.fact for r in open_rules for c in suitability_rules()[r.name].conditions}
    missing = [] if known is None else [known[n] for n in facts() if n in asked]
    speaking = [r.name for r in rules if r.applies and approach in r.speaks_for]
    words = WORDS[colour]
    if speaking and colour == "not_graded":
        words = "not graded, but a rule speaks for it"
    if open_rules:
        words += f"; not assessed: {', '.join(one.name for one in open_rules)}"
    return ApproachVerdict(
        verdict=colour,
        words=words,
        reasons=tuple(r.name for r in met),
        speaks_for=tuple(speaking),
        not_assessed=tuple(r.name for r in open_rules),
        not_asked=tuple(f.because for f in missing if f.origin == "not_asked"),
        figures=_general_figures(approach),
    )


def _colour(approach: str, met: list[RuleVerdict], open_rules: list[RuleVerdict]) -> Colour:
    if any(one.colour == "red" for one in met):
        return "red"
    if met:
        return "amber"
    if approach != APPROACHES[0]:
        return "not_graded"
    return "as_far_as_assessed" if open_rules else "green"


def _general_figures(approach: str) -> tuple[FigureRecord, ...]:
    """Return figures of whole series; those of a kind of herniation stand at its rule."""
    at_rules = {name for r in suitability_rules().values() for name in (*r.figures, *r.others)}
    rows = [row for metric in SHOWN_METRICS for row in published_of(metric, approach)]
    return tuple(FigureRecord.of(row) for row in rows if row.name not in at_rules)


def _check_plan(case: Case, plan: Plan, level: Level, side: Side) -> None:
    if plan.case_sha256 != case.sha256:
        raise PlanError(
            code="PL-020",
            what="The case changed after planning, or is another one",
            where="case_sha256",
            why=f"The plan was made on {plan.case_sha256[:12]}, this case is {case.sha256[:12]}.",
            next_step=require_code("PL-020").next_step,
        )
    if (plan.level, plan.side) != (str(level), side.value):
        raise RequestError(
            code="RQ-163",
            what="The plan answers another question",
            where=f"{plan.level} {plan.side}",
            why=f"Asked is {level} {side}.",
            next_step=require_code("RQ-163").next_step,
        )


def _note_open(rules: Iterable[RuleVerdict], place: Place) -> tuple[Finding, ...]:
    """Return one NOTE for each reason why rules could not be assessed."""
    reasons: dict[str, list[str]] = {}
    for one in rules:
        if one.applies is None and "not asked" not in one.because:
            reasons.setdefault(one.because, []).append(one.name)
    where = f"{place.level} {place.side}"
    return tuple(
        finding_of("AN-460", Severity.NOTE, where=where, why=f"{', '.join(names)}: {why}.")
        for why, names in reasons.items()
    )


def _record(fact: Fact) -> FactRecord:
    row = facts()[fact.name]
    return FactRecord(
        name=fact.name,
        title=row.title,
        value=fact.value,
        unit=row.unit,
        sigma=fact.sigma,
        neighbour=fact.neighbour,
        origin=fact.origin,
        because=fact.because,
    )


def _records(findings: Iterable[Finding]) -> tuple[FindingRecord, ...]:
    return tuple(FindingRecord(**f.as_document()) for f in dict.fromkeys(findings))
