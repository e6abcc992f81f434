"""``kambin app``: what it hands on, what it prints, what it refuses."""

from pathlib import Path
from typing import Any

import pytest
from tests.e2e.command_line import run_kambin

from kambin.app import binding, server
from kambin.app.guard.addresses import Listening
from kambin.cli import workstation

ADDRESS = "http://127.0.0.1:8765/open?token=T"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the workstation was opened with, without opening it."""
    calls: list[dict[str, Any]] = []

    def open_workstation(
        folder: Path | None, listening: Listening, *, tell: Any, **rest: Any
    ) -> None:
        calls.append({"folder": folder, "listening": listening} | rest)
        tell(ADDRESS)

    monkeypatch.setattr(server, "open_workstation", open_workstation)
    return calls


def test_it_opens_a_case_on_a_free_port_of_this_machine(opened: list[dict[str, Any]]) -> None:
    outcome = run_kambin("app", "case")
    assert outcome.code == 0
    (call,) = opened
    assert call["folder"] == Path("case")
    assert call["listening"] == Listening("127.0.0.1", 0)
    assert call["browser"] is True
    assert call["screens"] is binding.build_screens
    assert ADDRESS in outcome.text
    assert "Not a medical device" in outcome.text


def test_every_option_is_handed_on(opened: list[dict[str, Any]]) -> None:
    words = "--host spine.example --port 8443 --no-browser --expose --certificate c.pem --key k.pem"
    assert run_kambin("app", *words.split()).code == 0
    (call,) = opened
    expected = Listening("spine.example", 8443, True, Path("c.pem"), Path("k.pem"))
    assert (call["listening"], call["browser"], call["folder"]) == (expected, False, None)


def test_programs_get_the_address_as_a_document(opened: list[dict[str, Any]]) -> None:
    outcome = run_kambin("app", "--no-browser", "--json")
    assert outcome.document == {"schema_version": 1, "address": ADDRESS}
    assert len(opened) == 1


@pytest.mark.parametrize(
    "words", ["--host 0.0.0.0", "--host 192.168.1.5 --expose", "--certificate c.pem"]
)
def test_an_address_that_others_reach_is_refused(words: str) -> None:
    outcome = run_kambin("app", "--no-browser", "--json", *words.split())
    assert outcome.code == 2
    assert outcome.document["error"]["code"] == "RQ-195"
    assert "token" not in outcome.text


@pytest.mark.parametrize("port", ["-1", "65536", "many"])
def test_a_port_is_a_number_of_a_port(port: str) -> None:
    assert run_kambin("app", "--port", port).code == 2


def test_without_its_libraries_it_says_what_to_install(
    opened: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workstation, "find_spec", lambda name: None if name == "trame" else 1)
    outcome = run_kambin("app", "--json")
    assert outcome.code == 2
    error = outcome.document["error"]
    assert error["code"] == "RQ-196"
    assert "trame." in error["why"]
    assert "kambin[app]" in error["next_step"]
    assert opened == []
