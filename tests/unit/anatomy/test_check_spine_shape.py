"""Curve, rotation, step, arch and size on a column of boxes, at both sides of each limit."""

import re
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.tiny_column import NUMBER_OF, PLANE, tiny_case

from kambin.anatomy.check_spine_shape import check_spine_shape
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import Survey, survey_labels
from kambin.core import Finding, Severity
from kambin.imaging import LabelMap
from kambin.knowledge import value, values

SPACING_MM = 2.0
SHAPE = (60, 60, 60)
BOTTOM = {"L3": 44, "L4": 24, "L5": 4}
NAMES = {n: f"vertebra:{v}" for v, n in NUMBER_OF.items()}


def column(
    aside: dict[str, int] | None = None,
    back: dict[str, int] | None = None,
    tail: dict[str, int] | None = None,
    width: int = 24,
) -> np.ndarray:
    """Three vertebrae, moved by voxels aside and back, their tails moved aside."""
    aside, back, tail = aside or {}, back or {}, tail or {}
    array = np.zeros(SHAPE, dtype=np.uint8)
    for name, k in BOTTOM.items():
        x, y, number = 30 + aside.get(name, 0), 14 + back.get(name, 0), NUMBER_OF[name]
        array[x - width // 2 : x + width // 2, y : y + 16, k : k + 12] = number
        for step in range(14):
            shift = round(tail.get(name, 0) * (step + 8) / 22)
            array[x - 2 + shift : x + 2 + shift, y + 16 + step, k + 2 : k + 8] = number
    return array


def survey_of(array: np.ndarray, body: LabelMap | None = None) -> Survey:
    survey = survey_labels(tiny_case(array, NAMES, spacing_mm=SPACING_MM))
    return replace(survey, body=body)


def found(array: np.ndarray, body: LabelMap | None = None) -> tuple[Finding, ...]:
    survey = survey_of(array, body)
    plane = replace(PLANE, point_lps_mm=np.array([59.0, 0.0, 0.0]))
    return check_spine_shape(survey, stack_vertebrae(survey), plane)


def of(findings: tuple[Finding, ...], code: str) -> list[Severity]:
    return [f.severity for f in findings if f.code == code]


def a_body(back_j: int, spacing_mm: float = SPACING_MM) -> LabelMap:
    """A patient whose skin lies at a voxel plane behind."""
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[2:-2, 1 : back_j + 1, 1:-1] = 1
    return LabelMap(inside, np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0]), "tiny")


def test_a_straight_column_is_asked_nothing() -> None:
    assert found(column()) == ()


def bent_deg(voxels: int) -> float:
    """The angle between both steps of a column whose middle is moved aside, degrees."""
    return float(2 * np.degrees(np.arctan2(voxels, 20)))


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("voxels", "severity"),
    [(2, None), (4, Severity.CONFIRM), (9, Severity.CONFIRM), (10, Severity.BLOCK)],
)
def test_an145_a_curve_is_asked_about_and_then_refused(
    voxels: int, severity: Severity | None, sign: int
) -> None:
    least, most = values("checks.spine_curve_deg")
    angle = bent_deg(voxels)
    expected = None if angle <= least else Severity.CONFIRM if angle <= most else Severity.BLOCK
    assert severity is expected
    findings = found(column(aside={"L4": sign * voxels}))
    assert of(findings, "AN-145") == ([] if severity is None else [severity])
    if severity is not None:
        (finding,) = findings
        assert f"{angle:.0f} degrees" in finding.why
        assert finding.where == "L3, L4, L5"


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("voxels", "severity"),
    [(3, None), (4, Severity.CONFIRM), (7, Severity.CONFIRM), (8, Severity.BLOCK)],
)
def test_an145_a_step_is_asked_about_and_then_refused(
    voxels: int, severity: Severity | None, sign: int
) -> None:
    """The middle one moved by n voxels of 2 mm lies 4 n mm off the line of its neighbours."""
    findings = found(column(back={"L4": sign * voxels}))
    assert of(findings, "AN-145") == ([] if severity is None else [severity])
    if severity is not None:
        assert f"step in the sagittal plane {4 * voxels} mm" in findings[0].why


@pytest.mark.parametrize("sign", [-1, 1])
@pytest.mark.parametrize(
    ("voxels", "severity"), [(2, None), (22, Severity.CONFIRM), (26, Severity.BLOCK)]
)
def test_an145_a_turned_arch_is_asked_about_and_then_refused_whichever_way_it_turns(
    voxels: int, severity: Severity | None, sign: int
) -> None:
    findings = found(column(tail={"L4": sign * voxels}))
    assert of(findings, "AN-145") == ([] if severity is None else [severity])
    if severity is not None:
        limit = values("checks.spine_rotation_deg")[1]
        assert re.search(rf"rotation .* \d+ degrees, .* up to {limit:g} degrees", findings[0].why)


def test_an145_two_vertebrae_make_no_curve() -> None:
    array = column(aside={"L4": 10}, back={"L4": 8})
    array[array == NUMBER_OF["L3"]] = 0
    assert found(array) == ()


def test_an145_a_vertebra_that_the_image_cuts_makes_no_curve() -> None:
    array = np.roll(column(aside={"L4": 10}), -4, axis=2)
    array[:, :, -4:] = 0
    assert of(found(array), "AN-145") == []


def test_an145_plain_boxes_have_no_rotation() -> None:
    """Without processes nothing tells where a vertebra points."""
    array = column()
    array[:, 30:] = 0
    findings = found(array)
    assert of(findings, "AN-145") == []


@pytest.mark.parametrize("name", ["L3", "L4", "L5"])
def test_an146_a_missing_arch_is_asked_about(name: str) -> None:
    array = column()
    behind = array[:, 30:]
    behind[behind == NUMBER_OF[name]] = 0
    (finding,) = [f for f in found(array) if f.code == "AN-146"]
    assert (finding.severity, finding.where) == (Severity.CONFIRM, name)
    gone, usual = (float(text) for text in re.findall(r"(\d+\.\d)%", finding.why))
    assert gone < value("checks.arch_share_least") * usual


@pytest.mark.parametrize(("left", "fires"), [(7, False), (1, True)])
def test_an146_half_an_arch_is_an_arch(left: int, fires: bool) -> None:
    """Some rows of the process stay; the limit is a share of what its neighbours have."""
    array = column()
    tail = array[:, 30 + left :]
    tail[tail == NUMBER_OF["L4"]] = 0
    assert bool(of(found(array), "AN-146")) is fires


def test_an146_a_column_without_any_arches_has_lost_none() -> None:
    """All alike: then it is the labels that hold bodies only."""
    array = column()
    array[:, 30:] = 0
    assert of(found(array), "AN-146") == []


@pytest.mark.parametrize(("width", "fires"), [(16, True), (18, False), (32, False), (34, True)])
def test_an148_bodies_of_unusual_width_are_asked_about(width: int, fires: bool) -> None:
    least, most = values("checks.adult_body_width_mm")
    assert fires is not (least <= width * SPACING_MM <= most)
    findings = found(column(width=width))
    assert of(findings, "AN-148") == ([Severity.CONFIRM] if fires else [])
    if fires:
        assert f"{width * SPACING_MM:.0f} mm wide" in findings[0].why


def test_an148_only_lumbar_vertebrae_tell_the_size() -> None:
    names = {1: "vertebra:T10", 2: "vertebra:T11", 3: "vertebra:T12"}
    survey = survey_labels(tiny_case(column(width=10), names, spacing_mm=SPACING_MM))
    findings = check_spine_shape(survey, stack_vertebrae(survey), PLANE)
    assert of(findings, "AN-148") == []


@pytest.mark.parametrize(("behind", "fires"), [(-2, True), (2, False)])
def test_an148_a_skin_close_behind_the_spine_is_asked_about(behind: int, fires: bool) -> None:
    survey = survey_of(column())
    centre_mm = stack_vertebrae(survey).vertebrae[1].centroid_lps_mm[1]
    limit = values("checks.skin_depth_mm")[0]
    back_j = int(np.rint(centre_mm / SPACING_MM) + np.ceil(limit / SPACING_MM)) + behind
    findings = found(column(), a_body(back_j))
    assert bool(of(findings, "AN-148")) is fires
    if fires:
        assert "skin of the back" in findings[0].why


def test_an148_a_very_deep_spine_is_asked_about() -> None:
    """The same voxels on a body grid whose rows are 8 mm apart."""
    inside = np.zeros(SHAPE, dtype=np.uint8)
    inside[:, :-1] = 1
    body = LabelMap(inside, np.diag([2.0, 8.0, 2.0, 1.0]), "tiny")
    (finding,) = found(column(), body)
    assert finding.code == "AN-148"
    assert "behind the spine" in finding.why


@pytest.mark.parametrize("back_j", [SHAPE[1] - 1])
def test_an148_a_back_outside_the_image_is_no_depth(back_j: int) -> None:
    assert found(column(), a_body(back_j)) == ()


def test_an148_a_body_that_does_not_hold_the_spine_is_no_depth() -> None:
    far = a_body(40)
    affine = far.lps_from_ijk.copy()
    affine[0, 3] = 500.0
    assert found(column(), LabelMap(far.values, affine, "tiny")) == ()
    empty = LabelMap(np.zeros(SHAPE, dtype=np.uint8), a_body(40).lps_from_ijk, "tiny")
    assert found(column(), empty) == ()


def test_the_arch_strip_is_narrower_than_a_body() -> None:
    assert 2 * value("checks.arch_midline_mm") < values("checks.adult_body_width_mm")[0]
