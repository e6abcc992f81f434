"""A path under the hand judged as the planner judges one: numbers, rules and words."""

import math

import numpy as np

from kambin.app.logic.draft import Draft, HandPath, Verdict
from kambin.app.logic.ground import Ground
from kambin.app.logic.turns import in_turn
from kambin.planning.choice_models import Rule
from kambin.planning.choices import assess_evaluation
from kambin.planning.evaluate import LENGTH_EPSILON_MM, Path
from kambin.planning.evaluator import Evaluation
from kambin.planning.rules import find_skin_allowed_mm, measure_skin_gap_mm
from kambin.planning.stage_ends import with_ends
from kambin.report.words import plain_words, structure_words

STOP, CARE, GOOD = "stop", "care", "good"


@in_turn
def judge_path(ground: Ground, path: HandPath, *, quick: bool = True) -> Draft:
    """Return the numbers and the verdict of a path; what cannot be measured is said in words.

    Parameters
    ----------
    ground : Ground
    path : HandPath
    quick : bool, the live numbers: no tolerance, coarser reach
    """
    blocked = _find_blocked(ground, path)
    if blocked is not None:
        return Draft(path, blocked, is_quick=quick)
    problem = ground.question.problem
    usual = path.as_path()
    if quick and not ground.evaluator.covers(usual):
        words = "Not measured yet: the path leaves what was prepared for this level."
        why = "Its distances are computed when it is measured thoroughly."
        return Draft(path, Verdict(CARE, words, (why,)), is_strayed=True)
    ended = with_ends(ground.question.anatomy, problem.hazards, usual, problem.tools)
    evaluation = ground.evaluator.evaluate(ended, certainty=not quick, quick=quick)
    rules = assess_evaluation(ground.question, evaluation)
    return Draft(path, tell_verdict(rules, evaluation), evaluation, rules, is_quick=quick)


def tell_verdict(rules: tuple[Rule, ...], evaluation: Evaluation) -> Verdict:
    """Say whether a path breaks a hard rule, which one, and by how much.

    Parameters
    ----------
    rules : of ``assess_rules``
    evaluation : Evaluation of the path
    """
    broken = [rule for rule in rules if not rule.passed and rule.severity == "BLOCK"]
    asked = [rule for rule in rules if not rule.passed and rule.severity != "BLOCK"]
    reasons = tuple(tell_rule(rule, evaluation) for rule in (*broken, *asked))
    if broken:
        count = "a hard rule" if len(broken) == 1 else f"{len(broken)} hard rules"
        return Verdict(STOP, f"NOT A PLAN: breaks {count}. {reasons[0]}", reasons)
    if asked:
        return Verdict(CARE, f"Keeps the hard rules; a person must answer: {reasons[0]}", reasons)
    room = f"{evaluation.slack_mm:.1f} mm of room above the margins"
    return Verdict(GOOD, f"Keeps every hard rule, with {room}.")


def tell_rule(rule: Rule, evaluation: Evaluation | None = None) -> str:
    """Say in one sentence what a rule demands and by how much it is missed.

    Parameters
    ----------
    rule : Rule that was not passed
    evaluation : Evaluation of the path, to tell the depth, or none
    """
    place = " ".join(
        word
        for word in (
            structure_words(rule.structure) if rule.structure else "",
            f"at the {rule.stage}" if rule.stage else "",
        )
        if word
    )
    what = plain_words(rule.what)
    if rule.value is None:
        return f"{what}: not assessed."
    unit = "" if rule.unit == "1" else f" {rule.unit}"
    lack = abs(rule.value - rule.threshold)
    depth = _tell_depth(rule, evaluation)
    said = (
        f"{rule.value:.1f}{unit}, {rule.comparison} {rule.threshold:.1f}{unit} demanded; "
        f"misses by {lack:.1f}{unit}"
    )
    return f"{what}{f' ({place})' if place else ''}: {said}{depth}."


def _tell_depth(rule: Rule, evaluation: Evaluation | None) -> str:
    """Return at which depth below the skin a structure is nearest, in words."""
    if evaluation is None or rule.structure is None or rule.stage is None:
        return ""
    entry = np.asarray(evaluation.path.entry_lps_mm)
    for stage in evaluation.stages:
        for row in stage.clearances:
            if stage.tool == rule.stage and row.structure == rule.structure:
                depth = math.dist(entry, row.point_lps_mm)
                return f", {depth:.0f} mm below the skin"
    return ""


def _find_blocked(ground: Ground, path: HandPath) -> Verdict | None:
    """Return why no number can be given for a path, or none."""
    if not path.length_mm > max(LENGTH_EPSILON_MM, path.stop_mm):
        return Verdict(
            STOP,
            "NOT A PATH: entry and target coincide, or the cannula docks beyond the skin.",
            (f"The way is {path.length_mm:.1f} mm, docked {path.stop_mm:.1f} mm short.",),
        )
    # before anything is sampled along the path: it would be as long as what was typed
    if (outside := _find_outside(ground, path)) is not None:
        return outside
    geometry = ground.question.problem.geometry
    lateral = float(geometry.surgical_mm(path.entry_lps_mm)[0])
    side = geometry.side
    if lateral <= 0:
        return Verdict(
            STOP,
            f"WRONG SIDE: the entry lies on the {side.opposite.value.upper()}, "
            f"the plan is for the {side.value.upper()}.",
            (f"It is {-lateral:.1f} mm beyond the midline.",),
        )
    return _find_off_skin(ground, path.as_path())


def _find_outside(ground: Ground, path: HandPath) -> Verdict | None:
    """Return why a path cannot be sampled: one of its ends lies outside the image."""
    region = ground.question.skin.region
    ends = {"target": path.target_lps_mm, "entry": path.entry_lps_mm}
    for name, point in ends.items():
        nodes = region.ijk(point)
        if not ((nodes >= -1) & (nodes <= np.array(region.shape))).all():
            words = "ENTRY NOT ON THE SKIN" if name == "entry" else "NOT A PATH"
            return Verdict(STOP, f"{words}: the {name} lies outside the image.")
    return None


def _find_off_skin(ground: Ground, path: Path) -> Verdict | None:
    """Return why an entry is not where its line leaves the skin, or none."""
    skin = ground.question.skin
    gap = measure_skin_gap_mm(skin, path)
    if gap is not None and gap <= find_skin_allowed_mm(skin):
        return None
    why = "Its line meets no skin in this image." if gap is None else f"It lies {gap:.1f} mm off."
    return Verdict(STOP, "ENTRY NOT ON THE SKIN: no path begins there.", (why,))
