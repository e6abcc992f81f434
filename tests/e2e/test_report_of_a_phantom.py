"""The report of a patient made by code: what the planner says is what is drawn and printed."""

import re
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from tests.shelf import COARSE_MM, Shelf

from kambin.anatomy import Anatomy, Case, Level
from kambin.exchange import read_case, read_plan
from kambin.frames import Side
from kambin.knowledge import value
from kambin.planning import Plan, PlanRequest, plan_skin_map
from kambin.report import ReportPaths, write_report

REQUEST = PlanRequest(Level("L4", "L5"), Side.LEFT, zone="paracentral")


class MemoryStore:
    """Keeps the distance fields of one skin map for the next."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def find(self, key: str) -> np.ndarray | None:
        return self.kept.get(key)

    def keep(self, key: str, values: np.ndarray) -> None:
        self.kept[key] = values


@pytest.fixture(scope="module")
def the_case(shelf: Shelf) -> Case:
    return read_case(shelf.made_patient(COARSE_MM))


@pytest.fixture(scope="module")
def the_anatomy(the_case: Case, shelf: Shelf) -> Anatomy:
    return shelf.complete(the_case)


@pytest.fixture(scope="module")
def the_store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture(scope="module")
def the_plan(shelf: Shelf) -> Plan:
    return read_plan(shelf.made_plan(COARSE_MM) / "plan.json")


@pytest.fixture(scope="module")
def the_report(
    the_case: Case,
    the_anatomy: Anatomy,
    the_plan: Plan,
    the_store: MemoryStore,
    tmp_path_factory: pytest.TempPathFactory,
) -> ReportPaths:
    folder = tmp_path_factory.mktemp("report")
    return write_report(the_case, the_anatomy, the_plan, folder, store=the_store)


def test_the_skin_map_holds_the_plan(
    the_case: Case, the_anatomy: Anatomy, the_plan: Plan, the_store: MemoryStore
) -> None:
    skin = plan_skin_map(the_case, the_anatomy, REQUEST, store=the_store)
    assert (skin.lateral_mm > 0).all()
    away = np.linalg.norm(skin.entries_lps_mm - np.array(the_plan.trajectory.entry_lps_mm), axis=1)
    here = int(np.argmin(away))
    # The plan's entry is refined between the rays of the map, one lattice step apart.
    step_mm = np.radians(value("planning.lattice_step_deg")) * the_plan.trajectory.length_mm
    assert away[here] < step_mm
    assert skin.room_mm[here] > -step_mm
    assert skin.lateral_mm[here] == pytest.approx(the_plan.entry.lateral_of_midline_mm, abs=step_mm)
    assert skin.cranial_mm[here] == pytest.approx(
        the_plan.entry.cranial_of_disc_line_mm, abs=step_mm
    )


def test_the_report_says_what_the_planner_said(the_report: ReportPaths, the_plan: Plan) -> None:
    document = pypdfium2.PdfDocument(the_report.pdf.read_bytes())
    try:
        card = re.sub(r"\s+", " ", document[0].get_textpage().get_text_range())
    finally:
        document.close()
    assert "L4-L5, LEFT side" in card
    assert "Not a medical device" in card
    assert "skin-map" in {path.stem for path in the_report.pictures}
    html = the_report.html.read_text("utf-8")
    assert the_plan.case_sha256 in html
    assert f"{the_plan.entry.lateral_of_midline_mm:.0f} mm LEFT" in card
    assert f"{the_plan.entry.depth_mm:.0f} mm" in card


def test_the_report_is_written_where_it_was_asked(the_report: ReportPaths) -> None:
    folder: Path = the_report.html.parent
    assert {path.name for path in folder.iterdir()} == {"report.html", "report.pdf", "pictures"}
