"""The page as it is sent: whole, escaped, spoken, and of names that exist."""

import re
from dataclasses import fields, is_dataclass
from importlib import resources
from types import UnionType
from typing import Any, get_args, get_type_hints

import pytest

from kambin.app.state import EVERYTHING, PANES, PARTS, STILLS
from kambin.app.ui.files import client_module, read_page
from kambin.app.ui.forms import FORMS
from kambin.app.verbs import GROUPS

PAGE = read_page(space="<i></i>")
ASSETS = resources.files("kambin.app").joinpath("assets")
OURS = ("line", "fields", "kambin", "views", "uploads")
SCRIPT = "".join(ASSETS.joinpath(f"{name}.js").read_text("utf-8") for name in OURS)
VIEWS = ASSETS.joinpath("views.js").read_text("utf-8")
BY_NAME = {kind.NAME: kind for kind in EVERYTHING}
OF_THE_GUARD = {"alive", "lease_take"}


def calls() -> set[str]:
    """Return the names of all triggers that page and script pull."""
    of_page = re.findall(r"trigger\('([a-z_]+)'", PAGE)
    of_script = re.findall(r"(?:trigger|call)\(\"([a-z_]+)\"", SCRIPT)
    of_fields = re.findall(r" call=\"([a-z_]+)\"", PAGE)
    assert of_fields
    return set(of_page) | set(of_script) | set(of_fields)


def test_every_fragment_is_filled_in() -> None:
    assert "@@" not in PAGE


def test_nothing_is_written_into_the_page_unescaped() -> None:
    assert "v-html" not in PAGE
    assert "innerHTML" not in SCRIPT
    assert "<script" not in PAGE


def test_nothing_is_loaded_from_elsewhere() -> None:
    for text in (PAGE, SCRIPT):
        assert not re.search(r"https?://|src=\"//", text)


def test_every_call_of_the_page_is_a_verb() -> None:
    verbs = {name for group in GROUPS for name in vars(group) if not name.startswith("_")}
    assert calls() - OF_THE_GUARD <= verbs


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_the_page_reads_only_fields_that_exist(name: str) -> None:
    read = set(re.findall(rf"\b{name}\.([a-z_0-9]+)", PAGE))
    assert read <= {field.name for field in fields(BY_NAME[name])}


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_rows_are_read_by_fields_that_exist(name: str) -> None:
    for variable, field in re.findall(rf"v-for=\"\(?(\w+)[^\"]* in {name}\.([a-z_]+)", PAGE):
        row = row_type(BY_NAME[name], field)
        if not is_dataclass(row):
            continue
        known = {one.name for one in fields(row)}
        element = re.findall(
            rf"<\w+[^>]*v-for=\"\(?{variable}\b[^\"]* in {name}\.{field}[^>]*>", PAGE
        )
        read = {name for part in element for name in re.findall(rf"\b{variable}\.([a-z_]+)", part)}
        assert read <= known


def row_type(kind: type, field: str) -> Any:
    """Return the type of the rows of a field that holds many."""
    hint = get_type_hints(kind)[field]
    if isinstance(hint, UnionType):
        hint = get_args(hint)[0]
    arguments = get_args(hint)
    return arguments[0] if arguments else hint


def test_every_form_field_is_known_to_the_browser_alone() -> None:
    used = set(re.findall(r"\bui_[a-z_]+", PAGE))
    assert used <= set(FORMS)


def test_every_view_of_the_page_is_one_that_is_published() -> None:
    named = set(re.findall(r"<kambin-view[^>]* pane=\"([a-z-]+)\"", PAGE))
    assert {"axial", "sagittal", *STILLS} <= named <= {*PANES, *STILLS}


def test_a_view_listens_to_every_part_that_is_published_of_it() -> None:
    assert set(re.findall(r"\"([a-z]+_)\"", VIEWS)) == set(PARTS)


def test_the_page_is_not_drawn_anew_for_a_part_of_a_view() -> None:
    # but for whether there is a picture at all, of those that are made late
    read = re.findall(r"\b(?:pane|lines|tools|over)_[a-z_]+", PAGE)
    assert set(read) <= {"pane_skin", "pane_film_ap"}


def test_no_side_and_no_level_is_chosen_beforehand() -> None:
    assert FORMS["ui_level"] == ""
    assert FORMS["ui_side"] == ""


@pytest.mark.parametrize("element", re.findall(r"<button.*?</button>", PAGE, re.DOTALL))
def test_every_button_has_words(element: str) -> None:
    inside = re.sub(r"<span class=\"mdi[^>]*></span>", "", element)
    text = re.sub(r"<[^>]*>", "", inside).strip()
    assert text or "aria-label=" in element


@pytest.mark.parametrize("element", re.findall(r"<(?:input|select)\b[^>]*>", PAGE))
def test_every_field_has_a_name_for_readers(element: str) -> None:
    place = PAGE.index(element)
    before = PAGE[max(0, place - 600) : place]
    in_label = before.rfind("<label") > before.rfind("</label>")
    assert in_label or " :id=" in element or "aria-label" in element


@pytest.mark.parametrize("element", re.findall(r"<kambin-field\b[^>]*>", PAGE))
def test_every_field_that_the_server_fills_has_a_name_and_calls_one_verb(element: str) -> None:
    before = PAGE[: PAGE.index(element)]
    assert before.rfind("<label") > before.rfind("</label>")
    assert re.search(r" :?name=", element)
    assert re.search(r" call=\"[a-z_]+\"", element)


def test_the_browser_gets_our_files_under_a_name_of_their_own() -> None:
    module = client_module()
    (prefix,) = module["serve"]  # type: ignore[misc]
    assert module["scripts"] == [f"{prefix}/{name}.js" for name in OURS]
    assert module["styles"] == [f"{prefix}/kambin.css"]
