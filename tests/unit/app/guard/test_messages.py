"""What a page may say (W-16)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.app.guard.messages import (
    READING,
    TAKE_LEASE,
    WRITING,
    Permitted,
    find_message_refusal,
    read_message,
)

PERMITTED = Permitted(state_keys=frozenset({"typed"}), reading=frozenset({"alive"}))


def _said(method: str, *args: Any, number: str = "rpc:c1:1") -> dict[str, Any]:
    return {"wslink": "1.0", "id": number, "method": method, "args": list(args), "kwargs": {}}


def _refusal(method: str, *args: Any, writes: bool = True) -> str | None:
    message = read_message(_said(method, *args))
    assert message is not None
    return find_message_refusal(message, writes=writes, permitted=PERMITTED)


@pytest.mark.parametrize(
    "said",
    [
        None,
        3,
        [],
        {},
        {"id": 1, "method": "trame.state.get"},
        {"id": "rpc:c1:1", "method": 3},
        {"id": "rpc:c1:1", "method": ["trame.state.get"]},
        {"id": "rpc:c1:1", "method": "trame.state.get", "args": {}},
        {"id": "rpc:c1:1", "method": "trame.trigger", "args": [], "kwargs": {"x": 1}},
        _said("wslink.hello"),
        _said("trame.state.get", number="system:c0:0"),
        _said("application.exit"),
        _said("application.exit.later", 1),
        _said("viewport.image.push"),
        _said("__class__"),
    ],
)
def test_what_is_no_call_of_the_list_is_not_understood(said: object) -> None:
    assert read_message(said) is None


def test_the_greeting_is_read() -> None:
    message = read_message(_said("wslink.hello", {"secret": "x"}, number="system:c0:0"))
    assert message is not None
    assert message.is_hello


@given(
    st.recursive(
        st.none() | st.integers() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["id", "method", "args", "kwargs", "x"]), inner)
        ),
    )
)
def test_any_value_is_either_a_call_of_the_list_or_nothing(said: object) -> None:
    message = read_message(said)
    assert message is None or message.method in READING | WRITING


@pytest.mark.parametrize("method", sorted(WRITING))
def test_a_tab_that_reads_writes_nothing(method: str) -> None:
    arguments = ("count",) if method == "trame.trigger" else ([{"key": "typed", "value": 1}],)
    assert _refusal(method, *arguments, writes=False) == "SE-015"
    assert _refusal(method, *arguments, writes=True) is None


def test_a_tab_that_reads_may_take_over_and_ask_what_changes_nothing() -> None:
    for trigger in (TAKE_LEASE, "alive"):
        assert _refusal("trame.trigger", trigger, writes=False) is None


@pytest.mark.parametrize(
    "changes",
    [
        [{"key": "header", "value": "R"}],
        [{"key": "typed", "value": 1}, {"key": "lease", "value": {}}],
        [{"value": 1}],
        ["typed"],
        "typed",
    ],
)
def test_a_page_sets_nothing_that_the_screens_did_not_leave_to_it(changes: object) -> None:
    assert _refusal("trame.state.update", changes) == "SE-017"


def test_a_page_tells_of_its_own_life_and_of_nothing_else() -> None:
    assert _refusal("trame.lifecycle.update", "client_connected", writes=False) is None
    # the library would call the handler that ends the server
    assert _refusal("trame.lifecycle.update", "server_exited") == "SE-017"


def test_a_trigger_has_a_name() -> None:
    assert _refusal("trame.trigger") == "SE-017"
    assert _refusal("trame.state.update") == "SE-017"
