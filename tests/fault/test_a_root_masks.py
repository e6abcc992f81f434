"""Rows A04, A06 and A08: masks of roots that are broken, cut off, short, or of another level."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import GRID, completed_boxes, frame_of

from kambin.anatomy import Case, StructureKey, Tube
from kambin.anatomy.drawn_roots import place_drawn
from kambin.anatomy.given_roots import check_given_roots, lay_given_lines
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.organs import collect_given
from kambin.anatomy.root_shapes import rasterise_tube
from kambin.anatomy.survey import survey_labels
from kambin.core import Finding, Severity
from kambin.imaging import LabelMap

PLANE = MidsagittalPlane(np.zeros(3), np.array([1.0, 0.0, 0.0]))
FRAMES = {name: frame_of(name) for name in ("L2", "L3", "L4", "L5", "S1")}
ROOT, SAC = "exiting_root:L4:left", StructureKey("dural_sac")


@pytest.fixture(scope="module")
def root() -> Tube:
    """The whole root, modelled: from the sac to beyond the foramen."""
    tube = completed_boxes().structures[StructureKey.parse(ROOT)].tube
    assert tube is not None
    return tube


def voxels_of(tube: Tube) -> np.ndarray:
    region = rasterise_tube(tube, GRID)
    return np.rint(GRID.ijk(region.lps_mm(np.argwhere(region.values)))).astype(int)


def found(ijk: np.ndarray, name: str = ROOT, *, crop: int = GRID.shape[0]) -> tuple[Finding, ...]:
    """What is said of a mask of these voxels, in labels that end after some columns."""
    values = np.zeros(GRID.shape, np.uint8)
    values[tuple(ijk.T)] = 1
    labels = LabelMap(values[:crop], GRID.lps_from_ijk, "boxes")
    survey = survey_labels(Case(None, labels, {1: StructureKey.parse(name)}, "made"))
    given = lay_given_lines(collect_given(survey, PLANE, 1.0), survey, PLANE)
    return check_given_roots({**given, SAC: completed_boxes().structures[SAC]}, survey, FRAMES)


def the_one(findings: tuple[Finding, ...], severity: Severity, code: str = "AN-403") -> str:
    assert [(f.code, f.severity, f.where) for f in findings] == [(code, severity, ROOT)]
    return findings[0].why


def test_nothing_is_said_of_a_whole_root(root: Tube) -> None:
    assert found(voxels_of(root)) == ()


def test_a06_two_pieces_are_asked_about(root: Tube) -> None:
    ijk = voxels_of(root)
    along = GRID.lps_from_ijk[0, 3] + ijk[:, 0]
    gap = ijk[(along < 14) | (along > 19)]
    why = the_one(found(gap), Severity.CONFIRM)
    assert "2 pieces" in why
    assert "not shown" in why


def test_a06_a_loose_voxel_is_no_second_piece(root: Tube) -> None:
    ijk = voxels_of(root)
    assert found(np.vstack([ijk, ijk.max(axis=0) + 6])) == ()


def test_a06_a_mask_that_runs_to_the_border_is_noted(root: Tube) -> None:
    ijk = voxels_of(root)
    crop = int(ijk[:, 0].max()) - 2
    why = the_one(found(ijk[ijk[:, 0] < crop], crop=crop), Severity.NOTE)
    assert "border of the image" in why


def test_a08_a_ganglion_alone_is_asked_about(root: Tube) -> None:
    # under the outer half of its pedicle, whose middle lies 13 mm from the midline
    under = np.abs(root.points_lps_mm[:, 0] - 14.5) < 1.5
    ganglion = Tube(root.points_lps_mm[under], np.full(under.sum(), 1.8))
    why = the_one(found(voxels_of(ganglion)), Severity.CONFIRM)
    assert "from the sac" in why
    assert "medial of the pedicle's lateral border" in why
    # of a single ball not even the direction is known
    ball = Tube(ganglion.points_lps_mm[:2], np.array([1.5, 1.5]))
    assert "direction" in the_one(found(voxels_of(ball)), Severity.CONFIRM)


@pytest.mark.parametrize(("kept", "words"), [(slice(0, 24), "ends"), (slice(24, None), "begins")])
def test_a08_half_a_root_is_asked_about(root: Tube, kept: slice, words: str) -> None:
    half = Tube(root.points_lps_mm[kept], root.radii_mm[kept])
    why = the_one(found(voxels_of(half)), Severity.CONFIRM)
    assert words in why
    assert ("begins" in why) != ("ends" in why)


def test_a04_a_mask_of_another_level_is_blocked(root: Tube) -> None:
    (finding,) = found(voxels_of(root), "exiting_root:L3:left")
    assert (finding.code, finding.severity) == ("AN-401", Severity.BLOCK)
    assert "the pedicle of L4" in finding.why


def test_a_drawn_root_is_left_to_its_own_checks(root: Tube) -> None:
    ijk = voxels_of(root)
    values = np.zeros(GRID.shape, np.uint8)
    values[tuple(ijk[: len(ijk) // 3].T)] = 1
    key = StructureKey.parse(ROOT)
    case = Case(None, LabelMap(values, GRID.lps_from_ijk, "boxes"), {1: key}, "made")
    survey = survey_labels(case)
    assert check_given_roots(place_drawn({key: root}, PLANE, GRID), survey, FRAMES) == ()
    # and a vertebra without pedicles has nothing to compare with
    given = lay_given_lines(collect_given(survey, PLANE, 1.0), survey, PLANE)
    bare = {name: replace(frame, pedicles={}) for name, frame in FRAMES.items()}
    assert check_given_roots(given, survey, bare) == ()
