"""The names of all that is shown: each once, each a whole value of plain data."""

import json
from dataclasses import FrozenInstanceError, asdict, fields, is_dataclass

import pytest

from kambin.app.state import (
    EVERYTHING,
    EYE,
    PANES,
    PARTS,
    STILLS,
    Header,
    Layout,
    Shown,
    pane_name,
)
from kambin.app.ui.forms import FORMS

ALL_PANES = (*PANES, *STILLS)


def test_no_two_values_share_a_name() -> None:
    names = [kind.NAME for kind in EVERYTHING] + [EYE]
    for prefix in PARTS:
        names += [pane_name(pane).replace("pane_", prefix) for pane in ALL_PANES]
    assert len(names) == len(set(names))
    # what the browser writes is apart from what it is shown
    assert not set(names) & set(FORMS)


@pytest.mark.parametrize("pane", ALL_PANES)
def test_the_name_of_a_pane_is_one_of_a_script(pane: str) -> None:
    assert pane_name(pane).isidentifier()
    assert pane_name(pane).startswith("pane_")
    assert pane_name(pane).count("pane_") == 1


def test_a_dash_is_no_other_pane() -> None:
    assert pane_name("probe-eye") == "pane_probe_eye"
    assert len({pane_name(pane) for pane in ALL_PANES}) == len(ALL_PANES)


@pytest.mark.parametrize("kind", EVERYTHING)
def test_every_value_can_be_made_of_nothing_and_sent(kind: type[Shown]) -> None:
    assert is_dataclass(kind)
    empty = asdict(kind())
    assert set(empty) == {field.name for field in fields(kind)}
    assert json.loads(json.dumps(empty)).keys() == empty.keys()


@pytest.mark.parametrize("kind", EVERYTHING)
def test_no_value_is_changed_in_place(kind: type[Shown]) -> None:
    shown = kind()
    name = fields(kind)[0].name
    with pytest.raises(FrozenInstanceError):
        setattr(shown, name, "other")


def test_before_a_person_confirmed_them_there_is_neither_level_nor_side() -> None:
    header = Header()
    assert (header.level, header.side, header.confirmed) == ("", "", "")


def test_no_place_fills_the_screen_at_first() -> None:
    assert Layout().full == 0
    assert Layout().third in PANES
