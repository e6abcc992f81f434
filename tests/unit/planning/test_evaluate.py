"""Clearances of a straight axis against slabs, tubes and a sphere, told on paper."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.made_level import GAPS_MM, Made, find_row, made_level

from kambin.anatomy import Case
from kambin.core import NoStore, PlanError, SilentProgress
from kambin.frames import Side
from kambin.imaging import Volume
from kambin.planning import Group, Path, PlanRequest, Stage, evaluate, find_toolset
from kambin.planning.bundle import Bundle
from kambin.planning.evaluate import find_uncertainty_mm, is_resolved, to_point
from kambin.planning.fields import build_hazards
from kambin.planning.policy import find_hazards

TOLERANCE_MM = 0.15
"""What a field of 1 mm may lose on a slab, a sphere or a tube."""

ORIGIN = np.zeros(3)
AWAY = np.array([0.0, 30.0, 40.0])


@pytest.fixture(scope="module")
def made() -> Made:
    return made_level()


@pytest.fixture(scope="module")
def stages(made: Made) -> tuple[Stage, ...]:
    return made.plan.stages


# The axis itself


@pytest.mark.parametrize(
    ("entry", "stop"),
    [
        (ORIGIN, 0.0),
        (np.array([0.0, 0.0, 1e-4]), 0.0),
        (AWAY, 50.0),
        (AWAY, 49.9995),
        (AWAY, -0.001),
        (AWAY, np.nan),
        (AWAY, np.inf),
        (np.array([np.nan, 0, 0]), 0.0),
        (np.array([np.inf, 0, 0]), 0.0),
    ],
)
def test_a_path_without_direction_is_refused(entry: np.ndarray, stop: float) -> None:
    with pytest.raises(PlanError, match="PL-026") as caught:
        Path(entry, ORIGIN, stop)
    assert caught.value.exit_code == 5


@pytest.mark.parametrize("stop", [0.0, 49.998])
def test_a_path_may_dock_anywhere_before_the_skin(stop: float) -> None:
    assert Path(AWAY, ORIGIN, stop).length_mm == 50


def test_the_tip_lies_on_the_axis_at_its_docking_distance() -> None:
    assert level.PATH.tip_lps_mm(10.0) == pytest.approx([16, 18, 0])
    assert level.PATH.tip_lps_mm(0.0) == pytest.approx(level.TARGET)
    assert level.PATH.tip_lps_mm(80.0) == pytest.approx(level.ENTRY)


def test_samples_run_from_the_target_to_the_skin() -> None:
    points, along = level.PATH.samples()
    assert (along[0], along[-1]) == (0, 80)
    assert points[0] == pytest.approx(level.TARGET)
    assert points[-1] == pytest.approx(level.ENTRY)
    assert np.linalg.norm(points - level.TARGET, axis=1) == pytest.approx(along)


def test_samples_are_a_quarter_of_a_millimetre_apart() -> None:
    _, along = level.PATH.samples()
    assert np.diff(along).max() <= 0.25
    assert np.diff(along).min() > 0


def test_an_odd_docking_point_is_a_sample_of_its_own() -> None:
    _, along = Path(level.ENTRY, level.TARGET, 5.1).samples()
    assert 5.1 in along


# Clearances in closed form


@pytest.mark.parametrize("structure", GAPS_MM)
@pytest.mark.parametrize("tool", ["needle", "dilator", "reamer", "cannula", "scope", "forceps"])
def test_each_clearance_is_the_gap_of_the_axis_less_the_radius(
    stages: tuple[Stage, ...], tool: str, structure: str
) -> None:
    radius = [s.radius_mm for s in stages if s.tool == tool][-1]
    # Far bone is told from the middles of its voxel faces, not from the edge at (18.5, 35.5).
    gap = 12.8 if structure == level.IAP else GAPS_MM[structure]
    row = find_row(stages, tool, structure)
    assert row.clearance_mm == pytest.approx(gap - radius, abs=TOLERANCE_MM)


def test_a_straight_root_is_measured_to_a_hundredth(stages: tuple[Stage, ...]) -> None:
    needle = find_row(stages, "needle", level.ROOT)
    assert needle.clearance_mm == pytest.approx(6.0 - 0.635, abs=0.01)


def test_the_nearest_point_is_where_the_root_crosses(stages: tuple[Stage, ...]) -> None:
    row = find_row(stages, "needle", level.ROOT)
    assert row.point_lps_mm == pytest.approx((24, 24, 0), abs=0.3)


def test_the_nearest_point_to_the_sphere_is_the_foot_of_its_centre(
    stages: tuple[Stage, ...],
) -> None:
    row = find_row(stages, "needle", level.KIDNEY)
    assert row.point_lps_mm == pytest.approx((40, 36, 0), abs=1.5)


def test_every_point_of_a_row_lies_on_the_axis(stages: tuple[Stage, ...]) -> None:
    for stage in stages:
        for row in stage.clearances:
            across = np.cross(np.subtract(row.point_lps_mm, level.TARGET), level.WAY)
            assert np.linalg.norm(across) == pytest.approx(0, abs=1e-5)


def test_a_tool_that_docks_does_not_see_what_lies_beyond(stages: tuple[Stage, ...]) -> None:
    needle = find_row(stages, "needle", level.SAC)
    cannula = find_row(stages, "cannula", level.SAC)
    assert needle.clearance_mm + 0.635 == pytest.approx(10.8, abs=0.3)
    assert cannula.clearance_mm + 3.75 == pytest.approx(np.hypot(12, 12) - 6, abs=0.3)
    assert cannula.point_lps_mm == pytest.approx((12, 15, 0))


def test_a_wider_tool_is_nearer_by_its_radius_to_the_micrometre(
    stages: tuple[Stage, ...],
) -> None:
    for structure in GAPS_MM:
        gaps = {
            round(find_row((s,), s.tool, structure).clearance_mm + s.radius_mm, 5) for s in stages
        }
        assert max(gaps) - min(gaps) <= 1e-5


def test_rows_come_nearest_first(stages: tuple[Stage, ...]) -> None:
    for stage in stages:
        gaps = [round(row.clearance_mm, 3) for row in stage.clearances]
        assert gaps == sorted(gaps)


def test_every_hazard_has_one_row_at_every_stage(made: Made, stages: tuple[Stage, ...]) -> None:
    names = {
        str(key)
        for key in find_hazards(made.anatomy.structures, level=level.LEVEL, side=level.SIDE)
    }
    assert "skin" not in names
    for stage in stages:
        assert sorted(row.structure for row in stage.clearances) == sorted(names)


def test_the_wide_tools_end_at_the_docking_point(stages: tuple[Stage, ...]) -> None:
    for stage in stages:
        stop = 0.0 if stage.tool in ("needle", "guidewire", "forceps") else 5.0
        assert stage.stop_mm == stop
        assert stage.tip_lps_mm == pytest.approx(level.TARGET + stop * level.WAY)


def test_a_tool_may_end_where_its_own_stop_says(made: Made) -> None:
    path = Path(level.ENTRY, level.TARGET, 5.0, {"reamer-6.5": 9.0, "forceps": -7.0})
    tools = find_toolset(PlanRequest(level.LEVEL, level.SIDE))
    found = evaluate(made.case, made.anatomy, path, tools, level=level.LEVEL, side=level.SIDE)
    stops = {stage.instrument: stage.stop_mm for stage in found}
    assert stops["reamer-6.5"] == 9.0
    assert stops["reamer-5.5"] == stops["cannula-7.5"] == 5.0
    assert stops["forceps-3.5"] == -7.0
    last = found[-1]
    assert last.tip_lps_mm == pytest.approx(level.TARGET - 7.0 * level.WAY)


def test_no_tool_that_docks_goes_deeper_than_the_cannula(made: Made) -> None:
    path = Path(level.ENTRY, level.TARGET, 5.0, {"reamer": 1.0})
    tools = find_toolset(PlanRequest(level.LEVEL, level.SIDE))
    assert {path.stop_of(tool) for tool in tools.tools if tool.stage == "reamer"} == {5.0}


def test_rows_carry_origin_sigma_group_and_margin(stages: tuple[Stage, ...]) -> None:
    root = find_row(stages, "needle", level.ROOT)
    assert (root.origin, root.sigma_mm, root.group, root.hard_margin_mm) == (
        "modelled",
        2.5,
        "nerve",
        1.0,
    )
    kidney = find_row(stages, "cannula", level.KIDNEY)
    assert (kidney.origin, kidney.group, kidney.hard_margin_mm) == ("segmented", "organ", 10.5)
    assert find_row(stages, "reamer", level.SAP).hard_margin_mm is None


def test_a_gap_below_surface_and_patient_together_is_inside_its_uncertainty(
    stages: tuple[Stage, ...],
) -> None:
    # The root's two sigma are 5 mm, a place in the patient is known to 2.9 mm: 5.8 together.
    for tool, gap_mm in (("needle", 5.4), ("cannula", 2.3)):
        row = find_row(stages, tool, level.ROOT)
        assert row.clearance_mm == pytest.approx(gap_mm, abs=0.1)
        assert row.surface_uncertainty_mm == pytest.approx(5.0)
        assert row.uncertainty_mm == pytest.approx(np.hypot(5.0, 2.9))
        assert row.inside_uncertainty


def test_no_gap_below_the_displayed_uncertainty_is_clear_of_it(stages: tuple[Stage, ...]) -> None:
    rows = [row for stage in stages for row in stage.clearances]
    assert any(not row.inside_uncertainty for row in rows)
    assert all(row.uncertainty_mm >= 2.9 for row in rows)
    assert all(row.inside_uncertainty for row in rows if abs(row.clearance_mm) < 2.9)


def test_an_overlap_within_two_sigma_is_uncertain_too() -> None:
    made = made_level(level.SAP)
    stages = evaluate(
        made.case,
        made.anatomy,
        level.PATH,
        level.find_tools(cannula_mm=6.0),
        level=level.LEVEL,
        side=level.SIDE,
    )
    row = find_row(stages, "cannula", level.SAP)
    assert -1.0 < row.clearance_mm < 0
    assert row.inside_uncertainty


def test_fields_made_before_give_the_same_answer() -> None:
    made = made_level(level.ROOT, level.SAP)
    anatomy = made.anatomy
    hazards = build_hazards(
        anatomy,
        find_hazards(anatomy.structures, level=level.LEVEL, side=level.SIDE),
        Bundle.around(anatomy, level.ENTRY, level.TARGET),
        progress=SilentProgress(),
        store=NoStore(),
    )
    tools = level.find_tools()
    where = {"level": level.LEVEL, "side": level.SIDE}
    fresh = evaluate(made.case, anatomy, level.PATH, tools, **where)
    assert evaluate(made.case, anatomy, level.PATH, tools, hazards=hazards, **where) == fresh


def test_what_is_not_there_has_no_row(made: Made) -> None:
    anatomy = level.make_anatomy({level.SAP: made.anatomy.require(level.SAP)})
    stages = evaluate(
        made.case, anatomy, level.PATH, level.find_tools(), level=level.LEVEL, side=level.SIDE
    )
    assert {row.structure for s in stages for row in s.clearances} == {level.SAP}


def test_from_the_other_side_the_same_process_is_never_touched(made: Made) -> None:
    anatomy = level.make_anatomy({level.SAP: made.anatomy.require(level.SAP)})
    stages = evaluate(
        made.case, anatomy, level.PATH, level.find_tools(), level=level.LEVEL, side=Side.RIGHT
    )
    row = find_row(stages, "cannula", level.SAP)
    assert (row.group, row.hard_margin_mm) == ("never", 0.0)


# What the images can tell


def _with_image(made: Made, spacing_mm: float) -> Case:
    affine = np.diag([1.0, 1.0, spacing_mm, 1.0])
    return replace(made.case, image=Volume(np.zeros((3, 3, 3), np.int16), affine, "patient"))


@pytest.mark.parametrize(
    ("image_mm", "labels_mm", "resolved"),
    [
        (1.0, 1.0, True),
        (1.5, 1.5, True),
        (1.501, 1.0, False),
        (1.0, 1.501, False),
        (5.0, 5.0, False),
    ],
)
def test_the_facet_is_resolved_up_to_one_and_a_half_millimetres(
    made: Made, image_mm: float, labels_mm: float, resolved: bool
) -> None:
    anatomy = replace(made.anatomy, label_spacing_mm=labels_mm)
    assert is_resolved(_with_image(made, image_mm), anatomy) is resolved


def test_without_image_the_labels_alone_decide(made: Made) -> None:
    assert is_resolved(made.case, made.anatomy)
    assert not is_resolved(made.case, replace(made.anatomy, label_spacing_mm=2.0))


@pytest.mark.parametrize("group", Group)
def test_uncertainty_is_two_sigma_where_the_facet_is_resolved(group: Group) -> None:
    assert find_uncertainty_mm(group, 0.7, unresolved=False) == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("group", "sigma", "expected"),
    [
        (Group.NERVE, 0.5, 2.5),
        (Group.SAC, 1.2, 2.5),
        (Group.NEVER, 0.5, 2.5),
        (Group.RIM, 0.5, 2.5),
        (Group.REMOVABLE, 0.5, 2.5),
        (Group.NERVE, 1.3, 2.6),
        (Group.ORGAN, 0.5, 1.0),
        (Group.VESSEL, 0.5, 1.0),
    ],
)
def test_coarse_labels_hide_bone_and_nerve_but_no_organ(
    group: Group, sigma: float, expected: float
) -> None:
    assert find_uncertainty_mm(group, sigma, unresolved=True) == pytest.approx(expected)


def test_a_point_is_three_plain_floats() -> None:
    point = to_point(np.array([1, 2, 3], dtype=np.int32))
    assert point == (1.0, 2.0, 3.0)
    assert {type(number) for number in point} == {float}


@pytest.mark.parametrize("numbers", [(1, 2), (1, 2, 3, 4)])
def test_a_point_of_another_length_is_refused(numbers: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="unpack"):
        to_point(numbers)
