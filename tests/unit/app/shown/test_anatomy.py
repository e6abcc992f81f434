"""What is known of each structure: origin, uncertainty, side and nearness to the place."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import made_anatomy, made_place, moved_session
from tests.unit.exchange.made_plans import a_refusal

from kambin.anatomy import Level, Origin, StructureKey
from kambin.app.logic.session import Session
from kambin.app.shown.anatomy import hex_colour, show_anatomy
from kambin.core import Finding, Severity
from kambin.frames import Side


def session_with(side: Side = Side.LEFT, **added: Any) -> Session:
    """Return a session whose anatomy has more structures, each a copy of the disc."""
    session = Session()
    anatomy = made_anatomy(side)
    disc = anatomy.require("disc:L4-L5")
    more = {
        StructureKey.parse(key.replace("__", ":").replace("_at_", ":")): parts
        for key, parts in added.items()
    }
    structures = {
        **anatomy.structures,
        **{key: replace(disc, key=key, **parts) for key, parts in more.items()},
    }
    session.anatomy, session.place = replace(anatomy, structures=structures), made_place(side)
    return session


def keys(session: Session) -> list[str]:
    return [row.key for row in show_anatomy(session).rows]


@pytest.mark.parametrize("side", list(Side))
def test_the_other_side_is_not_listed_and_is_counted(side: Side) -> None:
    session = session_with(side)
    shown = show_anatomy(session)
    sided = [row.key for row in shown.rows if row.key.endswith((":left", ":right"))]
    assert sided
    assert all(key.endswith(f":{side.value}") for key in sided)
    assert session.anatomy is not None
    assert shown.others + len(shown.rows) == len(session.anatomy.structures)


def test_left_and_right_list_mirrored_rows_in_one_order() -> None:
    left, right = (show_anatomy(session_with(side)).rows for side in (Side.LEFT, Side.RIGHT))
    assert [row.words.replace("left", "right") for row in left] == [row.words for row in right]
    assert [row.sigma for row in left] == [row.sigma for row in right]


def test_while_no_place_is_confirmed_both_sides_are_listed() -> None:
    session = session_with()
    session.place = None
    assert {"sap:L5:left", "sap:L5:right"} <= set(keys(session))
    assert show_anatomy(session).others == 0


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("disc__L3-L4", False),
        ("disc__L5-S1", False),
        ("fragment", True),
        ("aorta", True),
        ("kidney__left", True),
        ("kidney__right", False),
        ("exiting_root__L3__left", False),
        ("drg__L4__left", True),
        ("drg__L4__right", False),
        ("body__L3", False),
    ],
)
def test_what_is_near_is_of_this_level_and_this_side(key: str, near: bool) -> None:
    session = session_with(**{key: {}})
    assert (key.replace("__", ":") in keys(session)) is near


def test_a_level_is_compared_by_its_vertebrae_and_not_by_its_letters() -> None:
    session = session_with(**{"body__L3": {}})
    session.place = replace(made_place(), level=Level("L3", "L4"))
    listed = keys(session)
    assert "body:L3" in listed
    assert "body:L4" in listed
    assert "body:L5" not in listed


@pytest.mark.parametrize(
    ("origin", "words", "modelled"),
    [
        (Origin.SEGMENTED, "labels", False),
        (Origin.DRAWN, "drawn", False),
        (Origin.MODELLED, "modelled", True),
        (Origin.PHANTOM, "phantom", False),
    ],
)
def test_each_row_says_where_its_shape_comes_from_and_how_sure_it_is(
    origin: Origin, words: str, modelled: bool
) -> None:
    session = session_with(fragment={"origin": origin, "sigma_mm": 1.25})
    row = next(row for row in show_anatomy(session).rows if row.key == "fragment")
    assert (row.origin, row.modelled, row.sigma) == (words, modelled, "1.2 mm")


def test_roots_of_the_made_spine_are_tagged_modelled_and_bone_is_not() -> None:
    tags = {row.key: row.modelled for row in show_anatomy(moved_session()).rows}
    assert tags["exiting_root:L4:left"]
    assert tags["traversing_root:L5:left"]
    assert not tags["sap:L5:left"]
    assert not tags["dural_sac"]


def test_what_a_surgeon_asks_about_first_stands_first() -> None:
    session = session_with(fragment={}, drg__L4__left={})
    kinds = [key.split(":")[0] for key in keys(session)]
    first = ["fragment", "exiting_root", "drg", "traversing_root", "dural_sac", "disc", "sap"]
    assert kinds[: len(first)] == first
    assert keys(session)[len(first) :] == sorted(keys(session)[len(first) :])


def test_a_hidden_structure_stays_in_its_row() -> None:
    session = session_with()
    before = keys(session)
    session.hidden = frozenset({"dural_sac", "no:such"})
    shown = show_anatomy(session)
    assert [row.key for row in shown.rows] == before
    assert [row.key for row in shown.rows if not row.shown] == ["dural_sac"]


def test_what_the_answer_did_not_assess_is_told_in_words(tmp_path: Path) -> None:
    session = session_with()
    assert show_anatomy(session).not_assessed == ()
    session.answer = a_refusal().model_copy(
        update={"not_assessed": ("vena_cava", "segmental_artery:L4:left")}
    )
    assert show_anatomy(session).not_assessed == ("vena cava", "segmental artery L4 left")


def test_what_completing_found_is_told_beside_the_rows() -> None:
    session = session_with()
    assert session.anatomy is not None
    finding = Finding(
        "AN-127", Severity.NOTE, "A root was modelled", "exiting_root:L4:left", "w", "n"
    )
    session.anatomy = replace(session.anatomy, findings=(finding,))
    (row,) = show_anatomy(session).findings
    assert (row.code, row.severity, row.where) == ("AN-127", "note", "exiting root L4 left")


def test_without_an_anatomy_nothing_is_known() -> None:
    shown = show_anatomy(Session())
    assert (shown.rows, shown.others, shown.not_assessed, shown.findings) == ((), 0, (), ())


@pytest.mark.parametrize(
    ("colour", "written"),
    [((0.0, 0.0, 0.0), "#000000"), ((1.0, 1.0, 1.0), "#ffffff"), ((0.2, 0.4, 0.04), "#33660a")],
)
def test_a_colour_is_written_as_pages_write_it(
    colour: tuple[float, float, float], written: str
) -> None:
    assert hex_colour(colour) == written
