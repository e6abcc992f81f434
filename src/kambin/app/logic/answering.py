"""A person's answers to what the case and the plan ask, each by name."""

from collections.abc import Sequence
from dataclasses import replace

from kambin.anatomy import Confirmation, Level
from kambin.app.logic.closed import step_closed
from kambin.app.logic.opening import refresh_case
from kambin.app.logic.session import Session
from kambin.core import RequestError
from kambin.desk.answers import (
    draw_counted,
    draw_marked,
    make_answers,
    require_asked,
    with_answers,
)
from kambin.desk.gate import CheckedCase, find_questions
from kambin.desk.workbench import check_once
from kambin.exchange import (
    find_import_findings,
    read_confirmations,
    record_confirmation,
    record_plan_confirmation,
)
from kambin.planning import Plan


def accept_findings(session: Session, codes: Sequence[str], by: str) -> None:
    """Record that a person accepts findings of the case.

    Parameters
    ----------
    session : Session with an open case
    codes : of findings that ask a person
    by : str, who accepts

    Raises
    ------
    RequestError  (RQ-181) without a case; (RQ-006) without a name, or for what is not asked
    StoreError  (ST-001) if it cannot be written
    """
    checked = _require_case(session)
    more = () if session.anatomy is None else session.anatomy.findings
    asked = {finding.code for finding in find_questions(checked, more)}
    _require_asked(codes, asked)
    _record(session, make_answers(by, None, list(codes), session.clock))


def confirm_scheme(session: Session, by: str) -> None:
    """Record that a person confirms the number of lumbar vertebrae as the labels show it.

    The count that was looked at is drawn into the case folder, beside the answer.

    Parameters
    ----------
    session : Session with an open case
    by : str, who confirms

    Raises
    ------
    RequestError, StoreError  as ``accept_findings``
    """
    checked = _require_case(session)
    answers = make_answers(by, checked.check.scheme.name, [], session.clock)
    draw_counted(checked.folder)
    _record(session, answers)


def mark_level(session: Session, level: str, by: str) -> None:
    """Record the one level that a person marked, where none can be counted.

    Parameters
    ----------
    session : Session with an open case
    level : str, such as ``L4-L5``
    by : str, who marks it

    Raises
    ------
    RequestError  (RQ-062) where levels are counted; (RQ-002) for what is no level; and as
        ``accept_findings``
    """
    checked, marked = _require_case(session), Level.parse(level)
    answers = make_answers(by, None, [], session.clock, index=marked)
    draw_marked(checked.folder, marked)
    _record(session, answers)


def accept_of_plan(session: Session, codes: Sequence[str], by: str) -> None:
    """Record that a person accepts what this very plan asks; a plan made anew asks again.

    Parameters
    ----------
    session : Session with a plan
    codes : of findings that the plan asks
    by : str, who accepts

    Raises
    ------
    RequestError  (RQ-181) without a plan; (RQ-006) without a name, or for what is not asked
    PlanError, StoreError  as ``record_plan_confirmation``
    """
    plan, file = session.answer, session.answer_file
    if not isinstance(plan, Plan) or file is None:
        raise step_closed(mend="plan", why="There is no plan that asks anything.")
    answers = make_answers(by, None, list(codes), session.clock)
    require_asked(plan.findings, answers)
    for answer in answers:
        record_plan_confirmation(file, answer)
    session.publish("answer")


def find_accepted(session: Session) -> frozenset[str]:
    """Return the codes that were accepted, on the case and on the plan as it lies there.

    Parameters
    ----------
    session : Session

    Raises
    ------
    PlanError, StoreError  as ``with_answers``
    """
    if session.checked is None:
        return frozenset()
    case, plan, file = session.checked.case, session.answer, session.answer_file
    if not isinstance(plan, Plan) or file is None:
        return case.accepted_codes
    return with_answers(case, plan, file).accepted_codes


def _record(session: Session, answers: Sequence[Confirmation]) -> None:
    """Write answers into the case, and ask its checks again with them."""
    checked = _require_case(session)
    for answer in answers:
        record_confirmation(checked.folder, answer)
    case = replace(checked.case, confirmations=read_confirmations(checked.folder))
    check = check_once(case)
    findings = (*find_import_findings(case), *check.findings)
    # another count may be another anatomy; an accepted finding is none
    if check.scheme != checked.check.scheme:
        session.anatomy = None
        session.publish("anatomy")
    refresh_case(session, CheckedCase(checked.folder, case, check, findings))


def _require_case(session: Session) -> CheckedCase:
    if session.checked is None:
        raise step_closed(mend="case", why="No case is open.")
    return session.checked


def _require_asked(codes: Sequence[str], asked: set[str]) -> None:
    strange = [code for code in codes if code not in asked]
    # a yes to what was never asked would look like a check that a person has made
    if strange:
        raise RequestError(
            code="RQ-006",
            what="The case does not ask this",
            where=strange[0][:20],
            why=f"It asks {', '.join(sorted(asked)) or 'nothing'}.",
            next_step="Accept what the case asks.",
        )
