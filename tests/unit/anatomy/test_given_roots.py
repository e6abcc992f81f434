"""Roots given as masks get their line, and keep their mask."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial import cKDTree
from tests.unit.anatomy.box_bones import GRID, box_bones, completed_boxes

from kambin.anatomy import BonyAnatomy, Case, Origin, Structure, StructureKey, Tube
from kambin.anatomy.drawn_roots import place_drawn
from kambin.anatomy.given_roots import lay_given_lines, trace_masks
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.nerves import complete_nerves
from kambin.anatomy.organs import collect_given
from kambin.anatomy.survey import Survey, survey_labels
from kambin.frames import Side
from kambin.imaging import LabelMap

PLANE = MidsagittalPlane(np.zeros(3), np.array([1.0, 0.0, 0.0]))
ROOT, GANGLION = StructureKey.parse("exiting_root:L4:left"), StructureKey.parse("drg:L4:left")
THROUGH = StructureKey.parse("traversing_root:L5:right")


def modelled(key: StructureKey) -> Tube:
    tube = completed_boxes().structures[key].tube
    assert tube is not None
    return tube


def surveyed(
    *keys: StructureKey, change: Mapping[StructureKey, np.ndarray] | None = None
) -> Survey:
    """Masks of the box spine's roots on the grid of the boxes, later ones over earlier ones."""
    values = np.zeros(GRID.shape, np.uint8)
    for number, key in enumerate(keys, start=1):
        region = completed_boxes().structures[key].region
        voxels = region.lps_mm(np.argwhere(region.values))
        kept = voxels if change is None or key not in change else change[key]
        values[tuple(np.rint(GRID.ijk(kept)).astype(int).T)] = number
    labels = LabelMap(values, GRID.lps_from_ijk, "boxes")
    return survey_labels(Case(None, labels, dict(enumerate(keys, start=1)), "made"))


def laid(survey: Survey) -> dict[StructureKey, Structure]:
    return lay_given_lines(collect_given(survey, PLANE, 1.0), survey, PLANE)


@pytest.mark.parametrize("key", [ROOT, THROUGH])
def test_a_mask_gets_the_line_it_was_painted_from(key: StructureKey) -> None:
    root = laid(surveyed(key))[key]
    assert root.origin is Origin.SEGMENTED
    # distances are measured to what was given
    assert root.tube is None
    assert root.line is not None
    assert root.centre_line is root.line
    assert root.quality["line_sigma_mm"] == pytest.approx(1 / np.sqrt(12))
    true = modelled(key)
    # finely, as the roots have few points where they are straight
    at = np.linspace(0, len(true.points_lps_mm) - 1, 2000)
    fine = np.stack(
        [np.interp(at, np.arange(len(true.points_lps_mm)), c) for c in true.points_lps_mm.T], 1
    )
    away_mm, _ = cKDTree(fine).query(root.line.points_lps_mm[1:-1])
    assert away_mm.mean() < root.quality["line_sigma_mm"]
    assert np.median(root.line.radii_mm) == pytest.approx(np.median(true.radii_mm), abs=0.3)


@pytest.mark.parametrize("side", list(Side))
def test_the_line_begins_at_the_sac_whatever_the_side(side: Side) -> None:
    key = StructureKey("exiting_root", "L4", side)
    line = laid(surveyed(key))[key].line
    assert line is not None
    beside = np.abs(line.points_lps_mm[:, 0])
    assert beside[0] < beside[-1]
    start = modelled(key).points_lps_mm[0]
    assert np.linalg.norm(line.points_lps_mm[0] - start) < 2.5


def test_a_root_runs_on_through_its_given_ganglion() -> None:
    survey = surveyed(ROOT, GANGLION)
    line = laid(survey)[ROOT].line
    assert line is not None
    whole = laid(surveyed(ROOT))[ROOT].line
    assert whole is not None
    assert cKDTree(whole.points_lps_mm).query(line.points_lps_mm)[0].max() < 2.0
    assert set(trace_masks(survey, ("exiting_root",))) == {ROOT}


def test_a_drawn_line_is_not_replaced_by_that_of_a_mask() -> None:
    survey = surveyed(ROOT)
    drawn = place_drawn({ROOT: modelled(ROOT)}, PLANE, GRID)
    found = lay_given_lines({**collect_given(survey, PLANE, 1.0), **drawn}, survey, PLANE)
    assert found[ROOT] is drawn[ROOT]


def test_a_line_of_something_that_is_not_given_is_left_out() -> None:
    assert lay_given_lines({}, surveyed(ROOT), PLANE) == {}


def with_roots(given: Mapping[StructureKey, Structure]) -> BonyAnatomy:
    bony = box_bones()
    return replace(bony, structures={**bony.structures, **given}, given=frozenset(given))


def test_the_ganglion_is_modelled_on_the_line_of_the_mask() -> None:
    given = laid(surveyed(ROOT))
    nerves = complete_nerves(with_roots(given))
    assert ROOT not in nerves.structures
    ganglion = nerves.structures[GANGLION]
    assert ganglion.origin is Origin.MODELLED
    assert "segmented root" in ganglion.method
    assert ganglion.tube is not None
    middle = ganglion.tube.points_lps_mm.mean(axis=0)
    assert np.linalg.norm(middle - modelled(GANGLION).points_lps_mm.mean(axis=0)) < 1.5


def test_without_a_line_no_ganglion_is_invented() -> None:
    given = {key: replace(root, line=None) for key, root in laid(surveyed(ROOT)).items()}
    assert GANGLION not in complete_nerves(with_roots(given)).structures
