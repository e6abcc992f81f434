"""What nobody expected is told by a number, and noted by kind and place alone (W-15)."""

import logging

import pytest

from kambin.app.guard.failures import CaughtFailure
from kambin.app.guard.refusals import STATUS, as_document, make_refusal, status_of
from kambin.app.guard.uploads import over_limit
from kambin.core import SessionError, read_codes


def _fail() -> None:
    msg = "MEIER^HANS in /home/x/case"
    raise LookupError(msg)


def test_a_failure_is_caught_and_its_words_are_kept_from_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with CaughtFailure() as caught:
        _fail()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    told = record.getMessage()
    assert caught.number in told
    assert "LookupError at test_failures.py:" in told
    assert "MEIER" not in told
    assert record.exc_info is None


def test_two_failures_have_two_numbers() -> None:
    assert CaughtFailure().number != CaughtFailure().number


def test_where_nothing_fails_nothing_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    with CaughtFailure():
        pass
    assert caplog.records == []


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_a_stop_is_no_failure(stop: type[BaseException]) -> None:
    with pytest.raises(stop), CaughtFailure():
        raise stop


def test_a_failure_without_a_place_is_noted(caplog: pytest.LogCaptureFixture) -> None:
    assert CaughtFailure().__exit__(ValueError, ValueError("x"), None)
    assert "an unknown place" in caplog.text


@pytest.mark.parametrize("code", sorted(code for code in STATUS if code.startswith("SE-")))
def test_every_refusal_says_what_its_code_says_and_quotes_nothing(code: str) -> None:
    error = make_refusal(code)
    row = read_codes()[code]
    assert isinstance(error, SessionError)
    assert (error.what, error.why, error.next_step) == (row.title, row.cause, row.next_step)
    document = as_document(error)
    assert document["schema_version"] == 1
    assert 400 <= status_of(code) <= 500


def test_what_has_no_status_of_its_own_is_a_bad_request() -> None:
    assert status_of("IN-067") == 400
    assert status_of(over_limit(why="x").code) == 413
