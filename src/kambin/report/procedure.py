"""The procedure sheet of a plan: every step with the plan's own numbers, and what follows it."""

from collections.abc import Iterable, Mapping

from kambin.anatomy import Anatomy, Level
from kambin.approaches.anaesthesia_models import Anaesthesia
from kambin.approaches.checkpoints import find_checkpoints, find_stop_rules
from kambin.approaches.layers import find_layers
from kambin.core import require_code
from kambin.knowledge import cite, find_keys, value
from kambin.knowledge.procedure import StepLine, procedure_steps, recovery_rows
from kambin.knowledge.sources import NO_PAPER
from kambin.planning import FindingRecord, Plan
from kambin.report.procedure_facts import find_facts, level_words
from kambin.report.procedure_models import Line, Marks, Procedure, Recovery, Step
from kambin.report.procedure_tools import find_short_tools, pass_rows, tool_rows
from kambin.report.procedure_views import find_views

NOTICE = (
    "Numbers are those of one plan on one set of images. Where they differ from what the C-arm, "
    "the endoscope or the patient says, the plan is wrong. Rows tagged M and D have no paper "
    "behind them. What papers report is no forecast for this patient."
)
"""Stands on every sheet."""


def make_procedure(
    anatomy: Anatomy,
    plan: Plan,
    *,
    accepted: frozenset[str] = frozenset(),
    anaesthesia: Anaesthesia | None = None,
    asked_of_set: tuple[FindingRecord, ...] = (),
) -> Procedure:
    """Return the procedure sheet of a plan.

    Parameters
    ----------
    anatomy : Anatomy of the plan's case
    plan : Plan
    accepted : codes of findings that a person has accepted
    anaesthesia : of the same plan and a weight, or none: the sheet then has no doses
    asked_of_set : what the set of plans to which this one belongs asks and nobody has answered

    Raises
    ------
    AnatomyError  (AN-011) if the level of the plan is not assessed
    """
    tools, passes = tool_rows(plan), pass_rows(plan)
    views = find_views(anatomy, Level.parse(plan.level))
    chosen = anaesthesia is not None and anaesthesia.chosen is not None
    facts = find_facts(plan, tools, passes, views, doses="yes" if chosen else None)
    document = Procedure(
        case_sha256=plan.case_sha256,
        plan_content_sha256=plan.content_sha256,
        plan_status=plan.status,
        open_codes=tuple(
            sorted({*find_open_codes(plan, accepted), *(one.code for one in asked_of_set)})
        ),
        level=plan.level,
        side=plan.side,
        level_words=level_words(plan.level),
        technique=plan.technique,
        marks=_marks(plan),
        c_arm=views,
        tools=tools,
        passes=passes,
        layers=find_layers(anatomy, plan) if anaesthesia is None else anaesthesia.layers,
        anaesthesia=anaesthesia,
        steps=tuple(fill_steps(facts)),
        checkpoints=find_checkpoints(plan),
        stop_rules=find_stop_rules(),
        recovery=tuple(Recovery(**row.model_dump()) for row in recovery_rows().values()),
        findings=(*asked_of_set, *find_short_tools(tools), *_doses_missing(anaesthesia)),
        sources={},
        notice=NOTICE,
    )
    return document.model_copy(update={"sources": _citations(document)})


def find_open_codes(plan: Plan, accepted: frozenset[str]) -> list[str]:
    """Return the questions of a plan that nobody has answered, sorted.

    Parameters
    ----------
    plan : Plan
    accepted : codes that a person has accepted
    """
    asked = {finding.code for finding in plan.findings if finding.severity == "CONFIRM"}
    return sorted(asked - accepted)


def fill_steps(facts: Mapping[str, str]) -> Iterable[Step]:
    """Return the steps with the facts of a plan filled in, numbered in their order.

    Parameters
    ----------
    facts : names of ``find_facts`` and their words
    """
    for number, (name, row) in enumerate(procedure_steps().items(), start=1):
        lines = tuple(line for one in row.lines for line in _fill(one, facts))
        yield Step(number=number, name=name, title=row.title, lines=lines)


def _fill(row: StepLine, facts: Mapping[str, str]) -> tuple[Line, ...]:
    """Return one sentence, what stands in its place, or nothing."""
    if row.levels and facts["level"] not in row.levels:
        return ()
    if any(name in facts for name in row.unless):
        return ()
    is_known = all(name in facts for name in row.needs)
    text = row.text if is_known else row.otherwise
    if not text:
        return ()
    words = text.format_map(_Known(facts))
    # what stands in the place of a published sentence is not in its paper
    return (
        Line(text=words, tag=row.tag, source=row.source)
        if is_known
        else Line(text=words, tag="D", source="the plan"),
    )


class _Known(dict[str, str]):
    """What is not known is said so, in the middle of a sentence as well."""

    def __missing__(self, key: str) -> str:
        return "not assessed"


def _marks(plan: Plan) -> Marks:
    entry = plan.entry
    return Marks(
        side=plan.side,
        lateral_of_midline_mm=entry.lateral_of_midline_mm,
        along_skin_lateral_mm=entry.along_skin_lateral_mm,
        cranial_of_disc_line_mm=entry.cranial_of_disc_line_mm,
        cranial_of_spinous_tip_mm=entry.cranial_of_spinous_tip_mm,
        spinous_tip=entry.spinous_tip,
        depth_mm=entry.depth_mm,
        incision_mm=value("report.skin_incision_mm"),
    )


def _doses_missing(anaesthesia: Anaesthesia | None) -> tuple[FindingRecord, ...]:
    """Say that the sheet has no doses, or hand on what there is to say of them."""
    if anaesthesia is not None:
        return anaesthesia.findings
    row = require_code("PL-161")
    return (
        FindingRecord(
            code=row.code,
            severity="NOTE",
            what=row.title,
            where="infiltration",
            why="Nobody told the weight.",
            next_step=row.next_step,
        ),
    )


def _citations(document: Procedure) -> dict[str, str]:
    texts = [line.source for step in document.steps for line in step.lines]
    texts += [row.source + row.against + row.says for row in document.recovery]
    texts += [row.source for row in document.checkpoints]
    texts += [one.source for row in document.checkpoints for one in row.reports]
    texts += [row.source for row in document.stop_rules]
    keys = {key for text in texts for key in find_keys(text)}
    known = {} if document.anaesthesia is None else document.anaesthesia.sources
    named = (keys | set(known)) - set(NO_PAPER)
    return {key: cite(key) for key in sorted(named, key=_in_order)}


def _in_order(key: str) -> tuple[str, int, str]:
    """Return letters, number and rest of a key, so that C2 comes before C10."""
    letters = key.rstrip("0123456789b")
    digits = key.removeprefix(letters).rstrip("b")
    return letters, int(digits or 0), key
