"""``kambin indications``: which way to operate the rules speak for and against."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from kambin.approaches.indications import judge_indications
from kambin.approaches.indications_answers import NONE, askable_risks, read_answers
from kambin.approaches.indications_models import (
    Difficulty,
    DifficultyTerm,
    FigureRecord,
    Indications,
    RuleVerdict,
)
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import require_level, require_side
from kambin.cli.figure_words import plain, tell_origin, tell_way
from kambin.cli.opening import opened_case
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_words import print_records
from kambin.exchange import find_answer_file, read_plan
from kambin.knowledge.suitability import contraindications

_CONTRAINDICATIONS = ", ".join(name.replace("_", "-") for name in contraindications())
_RISKS = ", ".join(askable_risks())


@app.command(
    epilog=examples(
        "kambin indications case --level L4-L5 --side left",
        "kambin indications case --level L5-S1 --side right --zone central --json",
        "kambin indications case --level L4-L5 --side left --contraindication none "
        "--translation-mm 1 --angulation-deg 4 --surgeon-cases 60 --age 48 --risk smoking",
        "kambin indications case --level L4-L5 --side left --plan plan",
    )
)
def indications(  # noqa: PLR0913, PLR0917 - one option of the question each
    case: options.Case,
    level: options.Level = None,
    side: options.Side = None,
    zone: Annotated[
        str | None,
        typer.Option("--zone", help="Axial zone of the herniation if the case has no fragment."),
    ] = None,
    plan: Annotated[
        Path | None, typer.Option("--plan", metavar="PLAN", help="Plan whose reach and bone count.")
    ] = None,
    contraindication: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"{NONE}, or each that applies: {_CONTRAINDICATIONS}."),
    ] = None,
    translation_mm: Annotated[
        float | None, typer.Option(metavar="MM", help="Translation in flexion and extension.")
    ] = None,
    angulation_deg: Annotated[
        float | None, typer.Option(metavar="DEG", help="Angulation in flexion and extension.")
    ] = None,
    surgeon_cases: Annotated[
        int | None, typer.Option(metavar="N", help="Cases of this kind the surgeon has done.")
    ] = None,
    age: Annotated[
        float | None, typer.Option("--age", metavar="YEARS", help="Age of the patient.")
    ] = None,
    risk: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help=f"{NONE}, or each of: {_RISKS}.")
    ] = None,
    json: options.Json = False,
) -> None:
    """Weigh the ways to operate by rules on the measured anatomy, with reasons and figures.

    What was not asked is named, and no verdict is green before it is answered. Figures are of
    groups of patients; difficulty is shown with its terms.
    """
    # before the case is read, so that a mistyped word costs no waiting
    asked_level, asked_side = require_level(level), require_side(side)
    answers = read_answers(
        contraindication=contraindication or (),
        translation_mm=translation_mm,
        angulation_deg=angulation_deg,
        surgeon_cases=surgeon_cases,
        age_years=age,
        risk=risk or (),
    )
    given = None if plan is None else read_plan(find_answer_file(plan))
    with opened_case(case, asked_level, plans=False) as work:
        here = work.level or asked_level
        found = judge_indications(
            work.case, work.anatomy, here, asked_side, zone=zone, answers=answers, plan=given
        )
    if json:
        print_document(found)
    else:
        print_indications(found)


def print_indications(found: Indications) -> None:
    """Print verdicts, rules, figures, difficulty, learning curve and flags.

    Parameters
    ----------
    found : Indications
    """
    told = {
        "fragment": f"fragment of the case ({found.herniation_origin}): {found.zone}",
        "zone": f"no fragment, zone as asked for: {found.zone}",
        "none": "no fragment and no zone",
    }
    print_lines(f"{found.level} {found.side.upper()}  -  {told[found.herniation_from]}")
    print_table(
        "Ways to operate",
        ("way", "verdict", "against", "for", "what it means"),
        (
            (plain(name), plain(one.verdict), _list(one.reasons), _list(one.speaks_for),
             one.words)
            for name, one in found.approaches.items()
        ),
    )  # fmt: skip
    _print_met(r for r in found.rules if r.applies)
    _print_rules("Rules that do not apply", [r for r in found.rules if r.applies is False])
    _print_open([r for r in found.rules if r.applies is None])
    _print_figures(found)
    _print_difficulty(found.difficulty)
    print_lines(f"Learning curve: {found.learning_curve.words}")
    print_table(
        "Flags of recurrence, shown and no gate",
        ("flag", "present", "published", "source"),
        (
            (
                flag.title,
                _yes(flag.present, flag.because),
                flag.figure.figure,
                tell_origin(flag.figure),
            )
            for flag in found.risks
        ),
    )
    print_records(found.findings)
    print_lines(found.notice)


def _print_met(rules: Iterable[RuleVerdict]) -> None:
    for rule in rules:
        edge = ", near its border" if rule.is_borderline else ""
        print_lines(f"{rule.name}  {rule.colour.upper()}{edge}: {rule.title} [{rule.tag}]")
        print_lines(f"    {rule.because}", f"    {rule.says}")
        for heading, figures in (("published", rule.figures), ("otherwise", rule.others)):
            print_lines(*(f"    {heading}: {line}" for line in _figure_lines(figures)))


def _figure_lines(figures: Iterable[FigureRecord]) -> Iterator[str]:
    for one in figures:
        yield f"{one.figure}  {one.definition}; {tell_origin(one)}"


def _print_rules(title: str, rules: list[RuleVerdict]) -> None:
    if rules:
        print_table(
            title,
            ("rule", "asks", "because"),
            ((r.name, r.title, r.because + (" (near its border)" * r.is_borderline))
             for r in rules),
        )  # fmt: skip


def _print_open(rules: list[RuleVerdict]) -> None:
    """Print the rules that could not be assessed, once for each reason."""
    reasons: dict[str, list[str]] = {}
    for rule in rules:
        reasons.setdefault(rule.because, []).append(rule.name)
    if reasons:
        rows = ((_list(names), why) for why, names in reasons.items())
        print_table("Rules that are open", ("rules", "because"), rows)


def _print_figures(found: Indications) -> None:
    """Print each published figure once, with the ways it speaks of."""
    rows = {f.name: f for one in found.approaches.values() for f in one.figures}
    print_table(
        "Published success and failure, groups of patients",
        ("way", "what", "figure", "definition", "source"),
        (
            (tell_way(f), plain(f.metric), f.figure, f.definition, tell_origin(f))
            for f in rows.values()
        ),
    )  # fmt: skip


def _print_difficulty(found: Difficulty) -> None:
    print_table(
        "Difficulty by its terms",
        ("term", "value", "counts from", "fully at", "weight", "adds"),
        (
            (
                term.title,
                _term_value(term),
                f"{term.easy:g}",
                f"{term.hard:g}",
                f"{term.weight:g}",
                "" if term.contribution is None else f"{term.contribution:.2f}",
            )
            for term in found.terms
        ),
    )
    total = "nothing assessed" if found.total is None else f"{found.total:.2f}"
    print_lines(
        f"Sum of terms {total} of {found.of_weight:g} that were assessed, "
        f"of {found.all_weight:g} in all [D]: {found.words}"
    )


def _term_value(term: DifficultyTerm) -> str:
    if term.value is None:
        return "not assessed"
    return f"{term.value:.2f}" + ("" if term.unit == "1" else f" {term.unit}")


def _yes(present: bool | None, because: str) -> str:
    return because if present is None else ("yes" if present else "no")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
