import pytest

from kambin.core import (
    AnatomyError,
    Finding,
    InputError,
    KambinError,
    PlanError,
    RequestError,
    SessionError,
    Severity,
    StoreError,
)


def make_error(kind: type[KambinError], **more: object) -> KambinError:
    return kind(
        code="IN-001",
        what="It broke",
        where="a file",
        why="It is empty.",
        next_step="Retry.",
        **more,
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("kind", "exit_code"),
    [
        (RequestError, 2),
        (InputError, 3),
        (AnatomyError, 4),
        (PlanError, 5),
        (StoreError, 6),
        (SessionError, 7),
    ],
)
def test_each_branch_has_its_exit_code(kind: type[KambinError], exit_code: int) -> None:
    assert make_error(kind).exit_code == exit_code
    assert isinstance(make_error(kind), KambinError)


def test_the_message_says_what_where_why_and_what_next() -> None:
    assert str(make_error(InputError)) == "IN-001: It broke (a file). It is empty. Next: Retry."


def test_the_document_carries_the_findings() -> None:
    finding = Finding("IN-001", Severity.NOTE, "what", "where", "why", "next")
    document = make_error(InputError, findings=(finding,)).as_document()
    assert document["code"] == "IN-001"
    assert document["findings"] == [finding.as_document()]


def test_an_error_with_an_unregistered_code_cannot_be_made() -> None:
    with pytest.raises(LookupError, match="IN-999"):
        InputError(code="IN-999", what="", where="", why="", next_step="")
