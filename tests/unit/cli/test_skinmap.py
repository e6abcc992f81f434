"""What ``kambin skinmap`` prints and writes."""

import json
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import run_kambin
from tests.unit.planning.simple_spine import build_case, build_simple_spine

from kambin.cli.skinmap import print_skin_map, write_skin_map
from kambin.planning import SkinMap, SkinMapDocument
from kambin.planning.skin_map_models import CannulaArea, SkinCell

CELL = SkinCell(
    lateral_from_mm=70.0,
    cranial_from_mm=-10.0,
    area_cm2=1.2,
    safe_area_cm2=0.9,
    best_room_mm=1.5,
    entry_lps_mm=(72.0, 60.0, -4.0),
    entry_lateral_mm=72.0,
    entry_cranial_mm=-4.0,
    target_lps_mm=(8.0, 12.0, 0.0),
    stop_mm=2.0,
    resection_mm3=80.0,
    facet_kept_fraction=0.9,
    reachable_fraction=None,
    visible_fraction=None,
)


def _map(room_mm: float = 1.5) -> SkinMapDocument:
    cell = CELL.model_copy(update={"best_room_mm": room_mm})
    passes = room_mm >= 0
    rows = tuple(
        CannulaArea(
            cannula_mm=mm,
            rim_is_removed=True,
            docks_at_mouth=True,
            safe_area_cm2=0.9 if passes else 0.0,
            best_room_mm=room_mm,
        )
        for mm in (7.5, 6.0)
    )
    return SkinMapDocument(
        case_sha256="c" * 64,
        level="L4-L5",
        side="left",
        zone="paracentral",
        technique="outside-in",
        cannula_mm=7.5,
        rim_is_removed=True,
        docks_at_mouth=True,
        cell_mm=10.0,
        area_cm2=12.0,
        safe_area_cm2=rows[0].safe_area_cm2,
        best=cell,
        cells=(cell,),
        by_cannula=rows,
        not_assessed_reason=None,
    )


@pytest.fixture(scope="module")
def a_skin() -> SkinMap:
    """Single entries of a map: a lattice on a flat back."""
    lateral, cranial = (g.ravel() for g in np.meshgrid(np.arange(60.0, 90), np.arange(-15.0, 15)))
    entries = np.column_stack([lateral, np.full_like(lateral, 80.0), cranial])
    return SkinMap(entries, lateral, cranial, (80 - lateral) / 5, None, ())


def test_a_person_reads_area_and_squares(capsys: pytest.CaptureFixture[str]) -> None:
    print_skin_map(_map(), [Path("skin.png")])
    text = capsys.readouterr().out
    assert "0.9 cm2 of the 12.0 cm2" in text
    assert "0.9 cm2 for a cannula of 6 mm" in text
    assert "mouth of the foramen and the rim of bone" in text
    assert "70 to 80" in text
    assert "skin.png" in text


def test_a_diameter_with_a_way_of_its_own_says_what_it_needs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    found = _map()
    alone = found.by_cannula[1].model_copy(
        update={"docks_at_mouth": False, "rim_is_removed": False, "safe_area_cm2": 0.4}
    )
    print_skin_map(found.model_copy(update={"by_cannula": (*found.by_cannula, alone)}), [])
    text = capsys.readouterr().out
    assert "0.9 cm2 for a cannula of 6 mm\n" in text
    assert "0.4 cm2 for a cannula of 6 mm, by itself with nothing to confirm" in text


def test_what_breaks_a_margin_is_in_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    print_skin_map(_map(-0.5), [])
    assert "70 to 80" not in capsys.readouterr().out


@pytest.mark.parametrize("is_known", [True, False])
def test_bone_and_reach_that_are_no_numbers_say_why(
    capsys: pytest.CaptureFixture[str], is_known: bool
) -> None:
    value = 0.5 if is_known else None
    lacking = {"resection_mm3": value, "reachable_fraction": value}
    cells = tuple(cell.model_copy(update=lacking) for cell in _map().cells)
    print_skin_map(_map().model_copy(update={"cells": cells}), [])
    text = capsys.readouterr().out
    assert ("Bone      not assessed: The facet" in text) is not is_known
    assert ("Reach     not assessed: The case has no fragment." in text) is not is_known


def test_the_ending_says_what_is_written(tmp_path: Path, a_skin: SkinMap) -> None:
    anatomy = build_simple_spine()
    case = build_case(anatomy)
    for name in ("map.json", "map.png", "map.pdf"):
        write_skin_map(tmp_path / name, _map(), a_skin, case, anatomy)
    assert json.loads((tmp_path / "map.json").read_text())["cells"][0]["resection_mm3"] == 80.0
    marked = (tmp_path / "map.png").read_bytes()
    assert marked.startswith(bytes([0x89]) + b"PNG")
    assert (tmp_path / "map.pdf").read_bytes().startswith(b"%PDF")
    # no entry is marked where no path passes
    write_skin_map(tmp_path / "none.png", _map(-0.5), a_skin, case, anatomy)
    assert (tmp_path / "none.png").read_bytes() != marked


def test_another_ending_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    outcome = run_kambin("skinmap", tmp_path, "-o", "map.txt", "--json")
    assert (outcome.code, outcome.document["error"]["code"]) == (2, "RQ-106")
