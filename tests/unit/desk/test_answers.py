"""What a person answers: with a name, of one moment, and only to what is asked."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.app.logic.made_session import BY, NOON, NoonClock, made_anatomy, made_checked
from tests.unit.exchange.made_plans import ASKED, a_plan, a_refusal
from tests.unit.planning.simple_spine import LEVEL, build_case

import kambin.report
from kambin.anatomy import Case, Confirmation, Level, LevelScheme
from kambin.anatomy.levels import INDEX_CODE, SCHEME_CODE
from kambin.core import Finding, KambinError, RequestError, Severity
from kambin.desk import answers
from kambin.desk.answers import (
    COUNT_PICTURE,
    INDEX_PICTURE,
    draw_counted,
    draw_marked,
    make_answers,
    require_asked,
    with_answers,
)
from kambin.desk.gate import CheckedCase
from kambin.exchange import record_plan_confirmation, write_plan

CODE, OTHER = "AN-112", "PL-090"
CLOCK = NoonClock()


def _answer(code: str) -> Confirmation:
    return Confirmation(BY, NOON, code, "accepted")


def test_one_call_is_one_moment_and_one_name() -> None:
    given = make_answers(f"  {BY} ", " 5 lumbar ", [CODE, OTHER], CLOCK, index=LEVEL)
    assert {(one.by, one.at) for one in given} == {(BY, NOON)}
    assert [(one.code, one.value) for one in given] == [
        (SCHEME_CODE, "5 lumbar"),
        (INDEX_CODE, "L4-L5"),
        (CODE, "accepted"),
        (OTHER, "accepted"),
    ]


@pytest.mark.parametrize(
    ("scheme", "accept", "index", "code"),
    [
        ("5 lumbar", [], None, SCHEME_CODE),
        (None, [CODE], None, CODE),
        (None, [], LEVEL, INDEX_CODE),
    ],
)
def test_one_answer_of_any_kind_is_enough(
    scheme: str | None, accept: list[str], index: Level | None, code: str
) -> None:
    (one,) = make_answers(BY, scheme, accept, CLOCK, index=index)
    assert one.code == code


@pytest.mark.parametrize("nobody", ["", "   ", "\t\n"])
def test_a_yes_of_nobody_does_not_count(nobody: str) -> None:
    with pytest.raises(RequestError, match="Nobody is named") as refused:
        make_answers(nobody, "5 lumbar", [CODE], CLOCK)
    assert refused.value.code == "RQ-006"
    assert refused.value.where == "kambin confirm"


@pytest.mark.parametrize("scheme", [None, "", "   "])
def test_a_name_without_an_answer_is_none(scheme: str | None) -> None:
    with pytest.raises(RequestError, match="No answer is given") as refused:
        make_answers(BY, scheme, [], CLOCK)
    assert refused.value.code == "RQ-006"


def test_a_code_that_does_not_exist_is_named_and_takes_the_others_with_it() -> None:
    with pytest.raises(RequestError, match="There is no such code") as refused:
        make_answers(BY, "5 lumbar", [CODE, "XX-" + "9" * 60], CLOCK)
    assert refused.value.where == "--accept XX-" + "9" * 17
    assert "9" * 18 not in str(refused.value)


def test_answers_to_a_plan_join_those_to_its_case(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    plan = write_plan(a_plan(), file)
    own = Confirmation("B. Reader", NOON, CODE, "accepted")
    case = replace(build_case(made_anatomy()), confirmations=(own,))
    assert with_answers(case, plan, file) == case
    record_plan_confirmation(file, _answer(OTHER))
    both = with_answers(case, plan, file)
    assert both.confirmations == (own, _answer(OTHER))
    assert both.accepted_codes == {CODE, OTHER}
    # the case itself was asked nothing new
    assert case.confirmations == (own,)
    assert both.sha256 == case.sha256


def test_answers_to_a_plan_are_gone_with_its_content(tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    write_plan(a_plan(), file)
    record_plan_confirmation(file, _answer(OTHER))
    other = write_plan(a_plan(cannula_mm=6.5), file)
    case = build_case(made_anatomy())
    assert with_answers(case, other, file).accepted_codes == frozenset()


def test_a_refusal_asks_nobody_anything(tmp_path: Path) -> None:
    case = build_case(made_anatomy())
    # not even its file is looked at
    assert with_answers(case, a_refusal(), tmp_path / "nothing.json") is case
    with pytest.raises(KambinError):
        with_answers(case, a_plan(), tmp_path / "nothing.json")


def test_what_a_plan_asks_may_be_answered() -> None:
    require_asked((ASKED,), (_answer(ASKED.code), _answer(ASKED.code)))
    require_asked((ASKED,), ())
    require_asked((), ())


@pytest.mark.parametrize("severity", ["NOTE", "BLOCK"])
def test_what_stops_or_tells_is_not_answered(severity: str) -> None:
    told = ASKED.model_copy(update={"severity": severity})
    with pytest.raises(RequestError, match="It asks nothing") as refused:
        require_asked((told,), (_answer(ASKED.code),))
    assert refused.value.code == "RQ-006"


def test_the_first_strange_answer_is_named_with_all_that_is_asked() -> None:
    more = ASKED.model_copy(update={"code": "PL-004"})
    given = (_answer(OTHER), _answer(SCHEME_CODE), _answer(INDEX_CODE))
    with pytest.raises(RequestError) as refused:
        require_asked((ASKED, more), given)
    assert refused.value.where == f"--accept {SCHEME_CODE}"
    assert "PL-004, PL-090" in refused.value.why


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Have pictures drawn at once, and return what was marked on each."""
    marks: list[object] = []

    def draw(_case: Case, _check: object, *, mark: Level | None = None) -> bytes:
        marks.append(mark)
        return f"picture of {mark}".encode()

    monkeypatch.setattr(kambin.report, "draw_level_picture", draw)
    return marks


def _lay(
    monkeypatch: pytest.MonkeyPatch, folder: Path, *codes: str, index: str = ""
) -> CheckedCase:
    """Have a case with findings lie in a folder."""
    made = made_checked(folder)
    scheme = LevelScheme("5 lumbar", ("L3", "L4", "L5"), True, False, index_level=index)
    findings = tuple(Finding(c, Severity.CONFIRM, "what", "where", "why", "next") for c in codes)
    checked = replace(made, check=replace(made.check, scheme=scheme), findings=findings)
    monkeypatch.setattr(answers, "read_checked_case", lambda _folder: checked)
    return checked


def test_the_picture_of_the_count_stays_beside_the_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[object]
) -> None:
    _lay(monkeypatch, tmp_path)
    draw_counted(tmp_path)
    assert drawn == [None]
    assert [file.name for file in tmp_path.iterdir()] == [COUNT_PICTURE]


@pytest.mark.parametrize("code", ["AN-115", "AN-151"])
def test_a_marked_level_is_drawn_where_none_can_be_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[object], code: str
) -> None:
    _lay(monkeypatch, tmp_path, code)
    draw_marked(tmp_path, LEVEL)
    assert drawn == [LEVEL]
    assert (tmp_path / INDEX_PICTURE).read_bytes() == b"picture of L4-L5"
    assert not (tmp_path / COUNT_PICTURE).exists()


def test_a_level_that_was_marked_may_be_marked_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[object]
) -> None:
    _lay(monkeypatch, tmp_path, "AN-115", index="L3-L4")
    draw_marked(tmp_path, LEVEL)
    assert drawn == [LEVEL]


def test_where_levels_are_counted_none_is_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[object]
) -> None:
    _lay(monkeypatch, tmp_path, "AN-112")
    with pytest.raises(RequestError, match=r"Counted are .*L4-L5") as refused:
        draw_marked(tmp_path, LEVEL)
    assert refused.value.code == "RQ-062"
    assert refused.value.where == "--index L4-L5"
    assert drawn == []
    assert not list(tmp_path.iterdir())


def test_a_level_that_is_not_labelled_is_not_marked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drawn: list[object]
) -> None:
    _lay(monkeypatch, tmp_path, "AN-115")
    with pytest.raises(RequestError, match=r"Labelled are L3-L4, L4-L5\.") as refused:
        draw_marked(tmp_path, Level("L1", "L2"))
    assert refused.value.code == "RQ-062"
    assert drawn == []
