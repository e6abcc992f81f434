"""Difficulty with its terms exposed, the learning curve, and the flags of recurrence."""

from collections.abc import Mapping

from kambin.approaches.indications_answers import Answers
from kambin.approaches.indications_facts import Fact
from kambin.approaches.indications_models import (
    Difficulty,
    DifficultyTerm,
    FigureRecord,
    LearningCurve,
    RiskFlag,
)
from kambin.approaches.indications_rules import tell_value
from kambin.knowledge import published
from kambin.knowledge.suitability import DifficultyRow, difficulty_rows, facts, risk_rows

LEARNING_FIGURES = ("duration_first", "duration_per_case", "duration_early", "duration_late")
"""The line of one surgeon, and the means before and after its border of familiarity."""


def weigh_difficulty(known: Mapping[str, Fact]) -> Difficulty:
    """Return reach and space as weighted terms, and their sum beside what it could have been.

    Parameters
    ----------
    known : mapping of name to Fact

    Notes
    -----
    A term that is not assessed counts neither in the sum nor in its weight: what is missing must
    not read as easy. The weights are proposals and validated against nothing.
    """
    terms = tuple(_term(row, known[name]) for name, row in difficulty_rows().items())
    counted = [one for one in terms if one.contribution is not None]
    total = sum(one.contribution or 0.0 for one in counted) if counted else None
    lacking = [one.title for one in terms if one.contribution is None]
    words = f"{len(counted)} of {len(terms)} terms assessed, weights not validated"
    if lacking:
        words += f"; without: {', '.join(lacking)}"
    return Difficulty(
        terms=terms,
        total=total,
        of_weight=sum(one.weight for one in counted),
        all_weight=sum(one.weight for one in terms),
        words=words,
    )


def _term(row: DifficultyRow, fact: Fact) -> DifficultyTerm:
    share = None
    if isinstance(fact.value, float):
        share = min(max((fact.value - row.easy) / (row.hard - row.easy), 0.0), 1.0)
    return DifficultyTerm(
        name=row.name,
        title=facts()[row.name].title,
        value=fact.value if isinstance(fact.value, float) else None,
        unit=row.unit,
        easy=row.easy,
        hard=row.hard,
        weight=row.weight,
        share=share,
        contribution=None if share is None else share * row.weight,
        because=fact.because,
        source=row.source,
    )


def read_learning_curve(cases: int | None) -> LearningCurve:
    """Return what the fitted line of one surgeon says at a number of cases, where it was fitted.

    Parameters
    ----------
    cases : int or none, cases of this kind the surgeon has done
    """
    start, slope = published()["duration_first"], published()["duration_per_case"]
    last = start.n or 0
    minutes = None
    if cases is None:
        words = "not asked: how many cases of this kind the surgeon has done (--surgeon-cases)"
    elif cases > last:
        words = f"no statement: the line was fitted to the first {last} cases of one surgeon"
    else:
        minutes = (start.value or 0.0) + (slope.value or 0.0) * cases
        words = (
            f"the line of one surgeon, fitted to his first {last} cases, stands at "
            f"{minutes:.1f} min for case {cases}; no forecast for another surgeon or this patient"
        )
    figures = tuple(FigureRecord.of(published()[name]) for name in LEARNING_FIGURES)
    return LearningCurve(
        cases=cases, minutes=minutes, valid_to_cases=last, words=words, figures=figures
    )


def list_risks(answers: Answers, known: Mapping[str, Fact]) -> tuple[RiskFlag, ...]:
    """Return the flags of recurrence with what is known of each; none of them is a gate.

    Parameters
    ----------
    answers : Answers
    known : mapping of name to Fact
    """
    found = []
    for name, row in risk_rows().items():
        present, because = _flag(name, answers, known)
        figure = FigureRecord.of(published()[row.figure])
        found.append(
            RiskFlag(name=name, title=row.title, present=present, because=because, figure=figure)
        )
    return tuple(found)


def _flag(name: str, answers: Answers, known: Mapping[str, Fact]) -> tuple[bool | None, str]:
    if name == "age":
        # the papers name no age from which on it counts
        age = answers.age_years
        return None, "not asked: age (--age)" if age is None else f"{age:g} years, no border known"
    if name == "protrusion":
        form = known["morphology"]
        told = form.because if form.value is None else f"the fragment reads as {tell_value(form)}"
        # within its error it may be the one or the other
        is_open = form.value is None or form.neighbour is not None
        return (None if is_open else form.value == name), told
    if name == "inexperience":
        cases = known["surgeon_cases"]
        return None, cases.because if cases.value is None else f"{cases.value:g} cases; see R16"
    if answers.risks is None:
        return None, "not asked (--risk)"
    return name in answers.risks, "as answered with --risk"
