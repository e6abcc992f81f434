"""Every plane of the rules that part a vertebra: what lies on either side of it."""

from dataclasses import fields, replace

import numpy as np
import pytest

from kambin.anatomy.part_rules import (
    RULED_PARTS,
    PartPoints,
    PartRules,
    measure_canal_depth,
    shipped_rules,
)
from kambin.anatomy.partition import PARTS, classify_points
from kambin.knowledge import constant, value, values

PEDICLE_X, WIDTH, HEIGHT = 15.0, 9.0, 14.0
RADII = (22.0, 16.0)
EDGE = 0.01
"""Just before and just beyond a plane, mm."""


def at(x: float, behind: float, above: float, **more: float) -> PartPoints:
    """One point of a vertebra whose canal is of mean depth."""
    usual = {
        "under_plate_mm": 12.0,
        "posterior_mm": 16.0 + behind,
        "pedicle_x_mm": PEDICLE_X,
        "width_mm": WIDTH,
        "height_mm": HEIGHT,
    } | more
    arrays = {name: np.array([number]) for name, number in usual.items()}
    return PartPoints(
        x_mm=np.array([x]), behind_mm=np.array([behind]), above_mm=np.array([above]), **arrays
    )


def inside(
    rule: str, x: float, behind: float, above: float, rules: PartRules | None = None
) -> bool:
    return bool(getattr(rules or shipped_rules(), f"in_{rule}")(at(x, behind, above))[0])


@pytest.mark.parametrize("part", RULED_PARTS)
def test_a_shipped_rule_is_the_row_of_its_part(part: str) -> None:
    assert getattr(shipped_rules(), part) == values(f"completion_bone.{part}_rule")


def test_the_rules_are_listed_in_the_order_they_are_built_in() -> None:
    assert tuple(RULED_PARTS) == tuple(field.name for field in fields(PartRules))


@pytest.mark.parametrize("x", [0.0, 8.0, 12.0, 18.0, 40.0])
def test_the_back_of_the_body_slants_backwards_at_its_sides(x: float) -> None:
    """Lateral of the pedicle's middle the limit is a + b clip(|x| - c, 0, d)."""
    behind, slope, near, far = shipped_rules().body
    lip, medial, _ = values("completion_bone.pedicle_rule")
    limit = behind + slope * min(max(x - near, 0.0), far)
    if x <= medial * PEDICLE_X:
        limit = max(limit, lip)
    assert inside("body", x, limit - EDGE, 0)
    assert not inside("body", x, limit + EDGE, 0)


def test_the_lip_of_the_plate_ends_where_the_pedicle_begins() -> None:
    _, medial, _ = values("completion_bone.pedicle_rule")
    between = (shipped_rules().body[0] + values("completion_bone.pedicle_rule")[0]) / 2
    assert inside("body", medial * PEDICLE_X - EDGE, between, 0)
    assert not inside("body", medial * PEDICLE_X + EDGE, between, 0)


def sap_floor(behind: float, depth: float = 18.0) -> float:
    """Height of the base of the superior process: from the notch to the back of the isthmus."""
    notch, thickness, isthmus, _ = shipped_rules().sap
    notch_at, back_at = notch * depth / 18.0, depth + thickness
    share = (behind - notch_at) / (back_at - notch_at)
    return HEIGHT / 2 - share * (HEIGHT + isthmus)


@pytest.mark.parametrize("behind", [9.0, 14.0, 20.0])
@pytest.mark.parametrize("x", [9.0, PEDICLE_X, 23.0])
def test_the_base_of_the_superior_process_falls_away_backwards(behind: float, x: float) -> None:
    floor = sap_floor(behind)
    assert inside("sap", x, behind, floor + EDGE)
    assert not inside("sap", x, behind, floor - EDGE)


@pytest.mark.parametrize("depth", [15.0, 18.0, 24.0])
def test_the_base_runs_from_the_notch_to_the_back_of_the_isthmus(depth: float) -> None:
    """At the notch it is as high as the pedicle, behind the lamina as low as the isthmus."""
    notch, thickness, isthmus, _ = shipped_rules().sap
    for behind, height in (
        (notch * depth / 18.0, HEIGHT / 2),
        (depth + thickness, -HEIGHT / 2 - isthmus),
    ):
        above, below = (
            replace(at(PEDICLE_X, behind, height + d), canal_depth_mm=depth) for d in (EDGE, -EDGE)
        )
        assert shipped_rules().in_sap(above)[0]
        assert not shipped_rules().in_sap(below)[0]


def test_the_superior_process_stands_beside_the_canal() -> None:
    medial = shipped_rules().sap[-1]
    assert inside("sap", medial * PEDICLE_X + EDGE, 15, 60)
    assert not inside("sap", medial * PEDICLE_X - EDGE, 15, 60)


@pytest.mark.parametrize(("x", "behind"), [(6.0, 14.0), (9.0, 18.0), (12.0, 24.0)])
def test_the_inferior_process_hangs_below_a_slanting_ceiling(x: float, behind: float) -> None:
    below, rise_deg, *_ = shipped_rules().iap
    medial_border = PEDICLE_X - WIDTH / 2
    ceiling = -HEIGHT / 2 - below + np.tan(np.radians(rise_deg)) * (x - medial_border)
    assert inside("iap", x, behind, ceiling - EDGE)
    assert not inside("iap", x, behind, ceiling + EDGE)


@pytest.mark.parametrize("wider", [4.0, 9.0])
def test_a_wide_pedicle_beside_the_same_canal_leaves_the_inferior_process_as_it_is(
    wider: float,
) -> None:
    """At L5 the axis of the pedicle lies further out; the isthmus stays beside the canal."""
    rng = np.random.default_rng(7)
    points = at(0, 0, 0)
    places = (rng.uniform(5, 18, 300), rng.uniform(12, 30, 300), rng.uniform(-30, 0, 300))
    usual = replace(points, x_mm=places[0], behind_mm=places[1], above_mm=places[2])
    wide = replace(
        usual, pedicle_x_mm=points.pedicle_x_mm + wider / 2, width_mm=points.width_mm + wider
    )
    found = shipped_rules().in_iap(usual)
    assert 0 < found.sum() < 300
    np.testing.assert_array_equal(shipped_rules().in_iap(wide), found)


def test_the_inferior_process_leaves_the_midline_to_the_lamina() -> None:
    *_, behind, near, far = shipped_rules().iap
    assert inside("iap", near + EDGE, 18, -60)
    assert not inside("iap", near - EDGE, 18, -60)
    assert inside("iap", far * PEDICLE_X - EDGE, 18, -60)
    assert not inside("iap", far * PEDICLE_X + EDGE, 18, -60)
    assert inside("iap", 8, behind + EDGE, -60)
    assert not inside("iap", 8, behind - EDGE, -60)


@pytest.mark.parametrize(("above", "higher"), [(-3.0, 0.0), (0.0, 0.0), (5.0, 5.0)])
def test_the_root_of_the_transverse_process_lies_further_out_above(
    above: float, higher: float
) -> None:
    share, lean_deg, *_ = shipped_rules().tp
    root = PEDICLE_X + share * WIDTH + np.tan(np.radians(lean_deg)) * higher
    assert inside("tp", root + EDGE, 12, above)
    assert not inside("tp", root - EDGE, 12, above)


def test_the_transverse_process_has_a_floor_a_ceiling_and_a_front() -> None:
    *_, low, high = shipped_rules().tp
    notch = shipped_rules().sap[0]
    assert inside("tp", 40, 12, -low * HEIGHT + EDGE)
    assert not inside("tp", 40, 12, -low * HEIGHT - EDGE)
    assert inside("tp", 40, 12, high * HEIGHT - EDGE)
    assert not inside("tp", 40, 12, high * HEIGHT + EDGE)
    assert inside("tp", 40, notch + EDGE, 0)
    assert not inside("tp", 40, notch - EDGE, 0)


@pytest.mark.parametrize("behind", [30.0, 36.0, 44.0])
def test_the_spinous_process_widens_backwards(behind: float) -> None:
    half, slope, pivot, _ = shipped_rules().sp
    limit = half + slope * (behind - pivot)
    assert inside("sp", limit - EDGE, behind, -5)
    assert not inside("sp", limit + EDGE, behind, -5)


def test_the_spinous_process_begins_behind_the_lamina() -> None:
    *_, behind = shipped_rules().sp
    assert inside("sp", 0, behind + EDGE, -5)
    assert not inside("sp", 0, behind - EDGE, -5)


@pytest.mark.parametrize("part", ["iap", "tp"])
def test_heights_scale_with_the_pedicle_and_depths_with_the_canal(part: str) -> None:
    """A deeper canal whose bone stands as much further back: the same part."""
    rng = np.random.default_rng(5)
    x, above = rng.uniform(0, 40, 400), rng.uniform(-30, 30, 400)
    behind = rng.uniform(0, 45, 400)
    mean = values("completion_bone.arch_scale")[0]
    ones = np.ones(400)
    sizes = {"pedicle_x_mm": PEDICLE_X * ones, "width_mm": WIDTH * ones, "height_mm": HEIGHT * ones}
    usual = PartPoints(x, behind, above, 12 * ones, behind, **sizes)
    deeper = replace(usual, behind_mm=behind * 20 / mean, canal_depth_mm=20.0)
    rule = getattr(shipped_rules(), f"in_{part}")
    assert 0 < rule(usual).sum() < 400
    np.testing.assert_array_equal(rule(usual), rule(deeper))
    assert usual.arch_mm == pytest.approx(deeper.arch_mm)


@pytest.mark.parametrize("depth", [None, 15.0, 18.0, 24.0])
def test_what_lies_before_the_wall_is_not_scaled(depth: float | None) -> None:
    point = replace(at(5, -7.0, 0), canal_depth_mm=depth)
    assert point.arch_mm.tolist() == [-7.0]
    behind = replace(at(5, 9.0, 0), canal_depth_mm=depth)
    assert behind.arch_mm[0] == pytest.approx(9.0 * 18.0 / (depth or 18.0))


@pytest.mark.parametrize(
    ("first", "expected"), [(10.0, 15.0), (15.5, 15.5), (20.0, 20.0), (23.5, 23.5), (33.0, 24.0)]
)
def test_the_depth_of_a_canal_is_kept_within_the_published_limits(
    first: float, expected: float
) -> None:
    behind = np.full(300, first)
    assert measure_canal_depth(np.zeros(300), behind) == pytest.approx(expected)


def test_the_least_and_the_most_depth_are_those_of_the_row() -> None:
    row = constant("completion_bone.arch_scale").value
    assert isinstance(row, tuple)
    assert row[4:] == (15.0, 24.0)
    assert row[4] <= row[0] <= row[5]


@pytest.mark.parametrize(("count", "known"), [(17, False), (18, True)])
def test_a_few_stray_voxels_are_no_lamina(count: int, known: bool) -> None:
    depth = measure_canal_depth(np.zeros(count), np.full(count, 19.0))
    assert (depth is not None) is known


def test_only_bone_in_the_midline_and_behind_the_lip_counts_as_lamina() -> None:
    _, beside, lip, *_ = values("completion_bone.arch_scale")
    many = np.full(200, 19.0)
    assert measure_canal_depth(np.full(200, beside + EDGE), many) is None
    assert measure_canal_depth(np.full(200, beside - EDGE), many) == pytest.approx(19.0)
    assert measure_canal_depth(np.zeros(200), np.full(200, lip)) is None


def test_one_spur_does_not_bring_the_lamina_forward() -> None:
    lamina = np.full(400, 20.0)
    spur = np.full(4, 9.0)
    both = np.concatenate([spur, lamina])
    assert measure_canal_depth(np.zeros(404), both) == pytest.approx(20.0)


def no_processes() -> PartRules:
    """The shipped rules with neither superior nor inferior processes."""
    return replace(shipped_rules(), sap=(9.0, 3, 2, 99), iap=(9.0, 0, 99, 0, 0))


@pytest.mark.parametrize(
    ("x", "above", "part"),
    [(2.0, 0.0, "lamina"), (11.0, -2.0, "arch_base"), (11.0, -9.0, "pars")],
)
def test_the_rest_of_the_arch_is_lamina_base_or_isthmus(x: float, above: float, part: str) -> None:
    """Before any process begins, 9.5 mm behind the wall."""
    point = at(x, 9.5, above)
    assert PARTS[classify_points(point, RADII, no_processes())[0]] == part


def test_the_lamina_reaches_as_far_as_its_share_of_the_pedicle() -> None:
    limit = value("completion_bone.lamina_share") * PEDICLE_X
    points = [at(x, 24, 0) for x in (limit - 0.1, limit + 0.1)]
    parts = [PARTS[classify_points(point, RADII, no_processes())[0]] for point in points]
    assert parts == ["lamina", "arch_base"]


def test_the_rim_of_the_pedicle_is_as_high_as_its_row() -> None:
    border = HEIGHT / 2 - value("completion_bone.pedicle_rim_mm")
    parts = [PARTS[classify_points(at(15, 4, border + d), RADII)[0]] for d in (-EDGE, EDGE)]
    assert parts == ["pedicle", "pedicle_rim"]


@pytest.mark.parametrize("x", [17.0, 19.0])
def test_the_rim_of_the_body_follows_its_outline(x: float) -> None:
    """Inside an ellipse smaller by the rim's breadth it is the body's own plate."""
    _, breadth, _ = values("completion_bone.body_rim_rule")
    half_width, half_depth = (radius - breadth for radius in RADII)
    inner = (x / half_width) ** 2
    y = 0.0 if inner > 1 else half_depth * np.sqrt(1 - inner)
    point = at(x, -16.0 + y + 0.1, 0, under_plate_mm=1.0, posterior_mm=y + 0.1)
    assert PARTS[classify_points(point, RADII)[0]] == "body_rim"


def test_classes_come_back_one_for_each_point_as_bytes() -> None:
    found = classify_points(at(0, -10, 0), RADII)
    assert found.dtype == np.uint8
    assert found.shape == (1,)
    empty = PartPoints(*(np.empty(0) for _ in range(8)))
    assert classify_points(empty, RADII).shape == (0,)
