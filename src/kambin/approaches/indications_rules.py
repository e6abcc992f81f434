"""The rules R1 to R16 on one patient: met, not met, or not assessed with the reason."""

from collections.abc import Mapping

from kambin.anatomy import Level
from kambin.approaches.indications_facts import Fact
from kambin.approaches.indications_models import FigureRecord, RuleVerdict
from kambin.knowledge import cite, find_keys, published
from kambin.knowledge.suitability import Condition, SuitabilityRule, facts, suitability_rules

SACRUM = "S1"


def judge_rules(known: Mapping[str, Fact], level: Level) -> tuple[RuleVerdict, ...]:
    """Return every row of the rules with its answer, in table order.

    Parameters
    ----------
    known : mapping of name to Fact
    level : Level that is asked about
    """
    return tuple(judge_rule(row, known, level) for row in suitability_rules().values())


def judge_rule(row: SuitabilityRule, known: Mapping[str, Fact], level: Level) -> RuleVerdict:
    """Return one rule with its answer.

    Parameters
    ----------
    row : SuitabilityRule
    known : mapping of name to Fact
    level : Level that is asked about

    Notes
    -----
    A condition that is not known leaves the rule open, unless another one does not hold.
    """
    applies, is_borderline, because = _answer(row, known, level)
    return RuleVerdict(
        name=row.name,
        rule=row.rule,
        title=row.title,
        applies=applies,
        is_borderline=is_borderline,
        colour=row.colour,
        because=because,
        says=row.says,
        against=row.against,
        speaks_for=row.speaks_for,
        figures=tuple(FigureRecord.of(published()[name]) for name in row.figures),
        others=tuple(FigureRecord.of(published()[name]) for name in row.others),
        tag=row.tag,
        unverified=row.tag in ("M", "D"),
        source=row.source,
        citations={key: cite(key) for key in find_keys(row.source)},
    )


def _answer(
    row: SuitabilityRule, known: Mapping[str, Fact], level: Level
) -> tuple[bool | None, bool, str]:
    """Return whether a rule applies, whether that is borderline, and why."""
    if row.levels and str(level) not in row.levels:
        where = ", ".join(row.levels)
        # a spine of four or six lumbar vertebrae has a last level that no paper speaks of
        if level.lower == SACRUM:
            return None, False, f"not assessed: published for {where}, this is {level}"
        return False, False, f"asked at {where} alone"
    answers = [_holds(one, known[one.fact]) for one in row.conditions]
    # two conditions may lack the same fragment: that is said once
    told = "; ".join(dict.fromkeys(_tell(one, known[one.fact]) for one in row.conditions))
    if False in answers:
        failing = [c for c, a in zip(row.conditions, answers, strict=True) if a is False]
        # what does not hold must be near its border itself for the answer to be in doubt
        doubt = all(_is_near(one, known[one.fact]) for one in failing) and None not in answers
        return False, doubt, told
    if None in answers:
        return None, False, told
    return True, any(_is_near(one, known[one.fact]) for one in row.conditions), told


def _holds(condition: Condition, fact: Fact) -> bool | None:
    if fact.value is None:
        return None
    if isinstance(fact.value, str):
        return (fact.value in condition.words) is (condition.comparison == "one of")
    border = condition.threshold or 0.0
    # at the border itself neither holds: the rules say over, under and beyond
    return fact.value > border if condition.comparison == "above" else fact.value < border


def _is_near(condition: Condition, fact: Fact) -> bool:
    """Return whether one standard deviation, or the neighbouring class, would change the answer."""
    if isinstance(fact.value, str):
        if fact.neighbour is None:
            return False
        return (fact.value in condition.words) is not (fact.neighbour in condition.words)
    if fact.value is None or fact.sigma is None:
        return False
    return abs(fact.value - (condition.threshold or 0.0)) <= fact.sigma


def _tell(condition: Condition, fact: Fact) -> str:
    if fact.value is None:
        return fact.because
    row = facts()[fact.name]
    return f"{row.title}: {tell_value(fact)}"


def tell_value(fact: Fact) -> str:
    """Return the value of a fact with unit and error, as a person reads it.

    Parameters
    ----------
    fact : Fact that is known
    """
    if isinstance(fact.value, str) or fact.value is None:
        near = f" (or {fact.neighbour})" if fact.neighbour else ""
        return f"{fact.value}{near}"
    unit = facts()[fact.name].unit
    if unit == "1":
        error = "" if fact.sigma is None else f" +- {fact.sigma:.0%}"
        return f"{fact.value:.0%}{error}"
    if fact.origin == "asked":
        # as a person gave it, with no digit more
        return f"{fact.value:g} {unit}"
    error = "" if fact.sigma is None else f" +- {fact.sigma:.1f}"
    return f"{fact.value:.1f}{error} {unit}"
