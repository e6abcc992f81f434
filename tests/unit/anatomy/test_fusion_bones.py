"""One vertebra of two images brought together: common bones, starts, hold-out, neighbours."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kambin.anatomy import Case, StructureKey
from kambin.anatomy.fusion_bones import (
    cut_out,
    find_common_bones,
    fit_vertebra,
    is_cut,
    keep_common,
    predict_from_neighbours,
    sample_surface,
    start_from_shapes,
)
from kambin.anatomy.fusion_checks import check_fusion, count_side_witnesses, require_common
from kambin.anatomy.fusion_types import LandmarkFit, LevelFit, VertebraFit
from kambin.anatomy.fusion_warp import lay_warp
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.survey import Survey, survey_labels
from kambin.core import AnatomyError, Severity
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap
from kambin.knowledge import value

SPACING = 2.0
LEFT = np.array([1.0, 0.0, 0.0])
PLANE = MidsagittalPlane(np.zeros(3), LEFT)


def a_survey(boxes: dict[str, tuple[slice, ...]], shape: tuple[int, int, int]) -> Survey:
    values = np.zeros(shape, np.uint8)
    names = {}
    for number, (name, box) in enumerate(boxes.items(), start=1):
        values[box] = number
        names[number] = StructureKey.parse(name)
    affine = np.diag([SPACING] * 3 + [1.0])
    affine[0, 3] = -SPACING * (shape[0] - 1) / 2
    return survey_labels(Case(None, LabelMap(values, affine, "patient"), names, "made"))


def box(low: tuple[int, int, int], high: tuple[int, int, int]) -> tuple[slice, ...]:
    return tuple(slice(a, b) for a, b in zip(low, high, strict=True))


L4, L5 = box((6, 6, 26), (22, 18, 36)), box((6, 6, 8), (22, 18, 18))
SHAPE = (28, 24, 44)


def a_bone() -> LabelMap:
    """A body with a spinous process and one transverse process longer than the other."""
    values = np.zeros((34, 30, 20), np.uint8)
    values[9:25, 4:16, 5:15] = 1
    values[15:18, 16:26, 7:12] = 1
    values[25:31, 12:16, 8:12] = 1
    values[5:9, 12:16, 8:12] = 1
    affine = np.diag([SPACING] * 3 + [1.0])
    return LabelMap(values, affine, "patient")


def motion(turn_deg: float = 0.0, shift: tuple[float, float, float] = (0, 0, 0)) -> RigidTransform:
    turn = Rotation.from_rotvec(np.radians(turn_deg) * np.array([0.6, 0.0, 0.8])).as_matrix()
    return RigidTransform.from_axes("ct", "mr", turn, np.array(shift, dtype=float))


def test_bones_that_both_show_are_paired_from_above() -> None:
    ct = a_survey({"vertebra:L5": L5, "vertebra:L4": L4}, SHAPE)
    mr = a_survey({"vertebra:L4": L4, "vertebra:L5": L5}, SHAPE)
    assert list(find_common_bones(ct, mr)) == ["L4", "L5"]
    assert list(find_common_bones(ct, a_survey({"vertebra:L4": L4}, SHAPE))) == ["L4"]
    assert find_common_bones(ct, a_survey({"vertebra:L3": L4}, SHAPE)) == {}


def test_a_bone_that_a_border_cuts_counts_only_if_no_other_is_left() -> None:
    cut = box((6, 6, 0), (22, 18, 18))
    ct = a_survey({"vertebra:L4": L4, "vertebra:L5": cut}, SHAPE)
    assert list(find_common_bones(ct, ct)) == ["L4"]
    alone = a_survey({"vertebra:L5": cut}, SHAPE)
    assert list(find_common_bones(alone, alone)) == ["L5"]


def test_s1_of_one_tool_is_the_top_of_the_sacrum_of_another() -> None:
    top, rest = box((6, 6, 12), (22, 18, 18)), box((6, 6, 6), (22, 18, 12))
    split = a_survey({"vertebra:S1": top, "sacrum": rest}, SHAPE)
    whole = a_survey({"sacrum": box((6, 6, 6), (22, 18, 18))}, SHAPE)
    one, other = find_common_bones(split, whole)["S1"]
    assert one.values.sum() == other.values.sum() == 16 * 12 * 12
    np.testing.assert_allclose(one.bounds_lps_mm(), other.bounds_lps_mm())


@pytest.mark.parametrize(("height", "kept"), [(14, False), (15, True)])
def test_a_cut_sacrum_counts_if_enough_of_it_is_shown(height: int, kept: bool) -> None:
    # in voxels of 2 mm
    shape = (28, 24, 60)
    s1 = box((6, 6, 0), (22, 18, height))
    above = box((6, 6, height + 4), (22, 18, height + 16))
    survey = a_survey({"vertebra:L5": above, "sacrum": s1}, shape)
    found = find_common_bones(survey, survey)
    assert list(found) == (["L5", "S1"] if kept else ["L5"])
    assert not is_cut(found["L5"][0])
    assert not kept or is_cut(found["S1"][0])


def test_only_the_surface_that_both_images_show_is_compared() -> None:
    labels = a_survey({"vertebra:L4": L4}, SHAPE).labels
    low, high = labels.bounds_lps_mm()
    inside = (low + high) / 2
    border = np.array([inside[0], inside[1], low[2] + 3.0])
    beyond = np.array([inside[0], inside[1], low[2] - 5.0])
    points = np.stack([inside, border, beyond])
    still = motion(0.0, (0, 0, 0))
    for part in keep_common((points, points), (labels, labels), still):
        np.testing.assert_array_equal(part, inside[None])
    # moved beyond the other image's border, the middle is not compared either
    for part in keep_common((points, points), (labels, labels), motion(0.0, (0, 0, -80.0))):
        assert len(part) == 0


def test_a_cut_out_keeps_its_place_with_a_margin() -> None:
    survey = a_survey({"vertebra:L4": L4, "vertebra:L5": L5}, SHAPE)
    region = cut_out(survey.labels, [survey.found[StructureKey.parse("vertebra:L5")]])
    assert set(np.unique(region.values)) == {0, 1}
    assert region.values.sum() == 16 * 12 * 10
    whole = survey.labels.lps_mm(np.argwhere(survey.labels.values == 2))
    np.testing.assert_allclose(region.lps_mm(np.argwhere(region.values)), whole)


def test_surface_points_are_few_and_the_same_at_every_run() -> None:
    points = sample_surface(a_bone())
    np.testing.assert_array_equal(points, sample_surface(a_bone()))
    assert 400 < len(points) < 2 * value("fusion.surface_points")


def test_the_start_brings_centres_together_and_turns_the_whole_spine() -> None:
    turn = Rotation.from_euler("xyz", [20, -15, 30], degrees=True).as_matrix()
    truth = RigidTransform.from_axes("ct", "mr", turn, [30.0, -20.0, 10.0])
    rng = np.random.default_rng(2)
    heights = {"L3": 70.0, "L4": 35.0, "L5": 0.0}
    ct = {n: rng.normal((0, 0, z), 8, (50, 3)) for n, z in heights.items()}
    bones = {name: (points, truth.inverse().points(points)) for name, points in ct.items()}
    left_mr = MidsagittalPlane(np.zeros(3), turn.T @ LEFT)
    for start in start_from_shapes(bones, PLANE, left_mr).values():
        np.testing.assert_allclose(start.matrix, truth.matrix, atol=1e-9)


def test_one_bone_starts_upright_from_its_centre_alone() -> None:
    points = np.random.default_rng(2).normal(0, 8, (50, 3))
    start = start_from_shapes({"L4": (points + 5.0, points)}, PLANE, PLANE)["L4"]
    np.testing.assert_allclose(start.matrix, motion(shift=(5, 5, 5)).matrix, atol=1e-9)


@pytest.fixture(scope="module")
def fit() -> VertebraFit:
    """The bone, turned by five degrees in the second image."""
    region, points = a_bone(), sample_surface(a_bone())
    truth = motion(5.0, (3, -2, 1))
    pair = (points, truth.inverse().points(points))
    return fit_vertebra("L4", (region, region), pair, motion(0.0, (2, -2, 2)), LEFT)


def test_a_vertebra_comes_home_with_its_errors(fit: VertebraFit) -> None:
    points = sample_surface(a_bone())
    back = motion(5.0, (3, -2, 1)).inverse().points(points)
    assert np.linalg.norm(fit.ct_from_mr.points(back) - points, axis=1).max() < 0.4
    assert fit.residual_mean_mm <= fit.residual_p95_mm < 1.0
    assert fit.residual_mean_mm <= fit.holdout_mean_mm + 0.05
    assert fit.holdout_mean_mm <= fit.holdout_p95_mm
    # never surer than the share of a voxel that both halves have in common
    assert fit.place_error_mm >= value("fusion.label_error_share") * SPACING * 2**0.5
    assert fit.size_ratio == pytest.approx(1.0)
    assert fit.conditioning > value("fusion.conditioning_least")
    # one transverse process is longer: the mirrored bone fits worse
    assert fit.mirrored_ratio > 1.5
    assert fit.predicted_mm is None


def test_neighbours_foretell_a_vertebra_that_lies_between_them(fit: VertebraFit) -> None:
    base = np.random.default_rng(4).normal(0, 10, (40, 3))
    heights = {"L3": 70.0, "L4": 35.0, "L5": 0.0}
    points = {n: base + np.array([0, 0, z]) for n, z in heights.items()}
    moves = (motion(), motion(shift=(2, 0, 0)), motion(shift=(4, 0, 0)))
    fits = [replace(fit, vertebra=n, ct_from_mr=m) for n, m in zip(points, moves, strict=True)]
    assert predict_from_neighbours(fits, points) == {"L4": pytest.approx(0.0, abs=1e-9)}
    fits[1] = replace(fits[1], ct_from_mr=motion(shift=(2, 3, 0)))
    assert predict_from_neighbours(fits, points) == {"L4": pytest.approx(3.0)}
    assert predict_from_neighbours(fits[:2], points) == {}


@pytest.mark.parametrize(
    ("bones", "shown", "told"),
    [([], ["dural_sac"], "same name"), (["L4"], [], "no sac"), (["L4"], ["dural_sac"], "")],
)
def test_something_in_common_and_something_to_carry(
    bones: list[str], shown: list[str], told: str
) -> None:
    keys = [StructureKey.parse(name) for name in shown]
    if not told:
        require_common(bones, keys)
        return
    with pytest.raises(AnatomyError, match=told) as caught:
        require_common(bones, keys)
    assert caught.value.code == "AN-410"


@pytest.mark.parametrize(
    ("organ", "other", "wanted"),
    [
        (box((24, 2, 10), (28, 6, 14)), box((24, 2, 12), (28, 6, 16)), (1, 0)),
        (box((24, 2, 10), (28, 6, 14)), box((0, 2, 10), (4, 6, 14)), (0, 1)),
        (box((18, 2, 10), (22, 6, 14)), box((18, 2, 10), (22, 6, 14)), (0, 0)),
    ],
    ids=["keeps", "changes", "near the midline"],
)
def test_organs_bear_witness_off_the_midline(
    organ: tuple[slice, ...], other: tuple[slice, ...], wanted: tuple[int, int]
) -> None:
    surveys = [a_survey({"vertebra:L4": L4, "kidney:left": b}, SHAPE) for b in (organ, other)]
    warp = lay_warp([motion()], np.array([[0.0, 20.0, 60.0]]))
    assert count_side_witnesses(surveys, [PLANE, PLANE], warp) == wanted


def judged(fit: VertebraFit, **about: object) -> set[str]:
    fits, level = [replace(fit, mirrored_ratio=9.0, **about)], LevelFit("L4", "L5", 3.0, 1.0, 0.8)
    return {f.code for f in check_fusion(fits, [level], None, {}, (0, 0), 1.0)}


@pytest.mark.parametrize("side", [-1, 1])
def test_size_and_distance_at_both_sides_of_their_limits(fit: VertebraFit, side: int) -> None:
    tolerance = value("fusion.size_tolerance_share")
    assert judged(fit, size_ratio=1 + side * (tolerance - 0.001)) == {"AN-414"}
    with pytest.raises(AnatomyError) as caught:
        judged(fit, size_ratio=1 + side * (tolerance + 0.001))
    assert caught.value.code == "AN-411"
    most_mm = value("fusion.residual_mean_most_mm")
    if side < 0:
        assert judged(fit, residual_mean_mm=most_mm - 0.01) == {"AN-414"}
        return
    with pytest.raises(AnatomyError, match="mm apart") as caught:
        judged(fit, residual_mean_mm=most_mm + 0.01)
    assert caught.value.code == "AN-411"


@pytest.mark.parametrize(
    ("turn_deg", "shift_mm", "volume", "is_asked"),
    [
        (11.9, 3.9, 0.6, False),
        (12.1, 0.0, 1.0, True),
        (0.0, 4.1, 1.0, True),
        (0.0, 0.0, 0.51, False),
        (0.0, 0.0, 0.5, True),
        (0.0, 0.0, -0.1, True),
    ],
)
def test_a_posture_that_differs_by_more_is_asked_about(
    turn_deg: float, shift_mm: float, volume: float, is_asked: bool, fit: VertebraFit
) -> None:
    level = LevelFit("L4", "L5", turn_deg, shift_mm, 0.8)
    fits = [replace(fit, mirrored_ratio=9.0)]
    found = {f.code: f for f in check_fusion(fits, [level], None, {}, (0, 0), volume)}
    assert ("AN-413" in found) is is_asked
    assert all(f.severity is Severity.CONFIRM for f in found.values())


@pytest.mark.parametrize(
    ("swapped", "count", "codes", "told"),
    [
        (3.1, 5, {"AN-414"}, "held out 1.40 mm"),
        (2.9, 5, {"AN-414", "AN-412"}, "held out 1.40 mm"),
        (0.0, 3, {"AN-414", "AN-412"}, "held out not possible"),
    ],
)
def test_landmarks_speak_for_the_side_where_they_can(
    swapped: float, count: int, codes: set[str], told: str, fit: VertebraFit
) -> None:
    placed = LandmarkFit(count, 0.9, 1.4, 20.0, swapped)
    fits = [replace(fit, mirrored_ratio=1.1)]
    found = {f.code: f for f in check_fusion(fits, [], placed, {}, (0, 0), 1.0)}
    assert set(found) == codes
    assert told in found["AN-414"].why


def test_landmarks_that_fit_better_exchanged_are_refused(fit: VertebraFit) -> None:
    placed = LandmarkFit(5, 0.9, 1.4, 20.0, 0.3)
    with pytest.raises(AnatomyError, match=r"exchanged landmarks 0\.3 times") as caught:
        check_fusion([replace(fit, mirrored_ratio=1.1)], [], placed, {}, (0, 0), 1.0)
    assert caught.value.code == "AN-412"
