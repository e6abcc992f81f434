import pytest

from kambin.core import Code, read_codes, require_code


def test_every_code_has_a_title_a_cause_and_a_next_step() -> None:
    for name, code in read_codes().items():
        assert isinstance(code, Code)
        assert code.code == name
        assert code.title
        assert code.cause.endswith(".")
        assert code.next_step.endswith(".")


def test_every_code_is_two_letters_and_three_digits() -> None:
    branches = {"IN", "AN", "PL", "ST", "RQ", "RP", "SE"}
    for name in read_codes():
        branch, _, number = name.partition("-")
        assert branch in branches
        assert len(number) == 3
        assert number.isdigit()


def test_a_registered_code_is_found() -> None:
    assert require_code("IN-014").rows == ("G02", "G14", "G20")


def test_an_unregistered_code_is_a_bug_of_ours() -> None:
    with pytest.raises(LookupError, match="XX-999"):
        require_code("XX-999")
