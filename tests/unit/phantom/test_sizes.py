"""Sizes are drawn by seed, stay inside the published ranges, and stack to a lordotic spine."""

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.knowledge import constant
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.sizes import SIDES, Draw, draw_spine

L45 = Level("L4", "L5")
SEEDS = range(20)


def patient(seed: int = 0, *variants: str) -> PhantomParameters:
    return PhantomParameters(L45, Side.LEFT, seed=seed, variants=variants)


def test_the_same_seed_draws_the_same_spine_and_another_seed_another() -> None:
    assert draw_spine(patient(4)) == draw_spine(patient(4))
    assert draw_spine(patient(4)) != draw_spine(patient(5))


def test_draws_stop_at_the_limit() -> None:
    draw = Draw(np.random.default_rng(0))
    scores = [draw.score() for _ in range(3000)]
    assert max(scores) == -min(scores) == 1.5
    assert np.mean(scores) == pytest.approx(0, abs=0.05)


def test_a_variant_changes_what_it_names_and_nothing_else() -> None:
    usual, collapsed = draw_spine(patient()), draw_spine(patient(0, "collapsed-disc"))
    assert usual.vertebrae == collapsed.vertebrae
    for level, height in usual.disc_heights_mm.items():
        share = 0.42 if level == L45 else 1.0
        assert collapsed.disc_heights_mm[level] == pytest.approx(share * height)


@pytest.mark.parametrize("seed", SEEDS)
def test_canals_stay_between_12_and_17_mm(seed: int) -> None:
    row = constant("phantom_spine.canal_depth_mm")
    depths = [v.canal_depth_mm for v in draw_spine(patient(seed)).vertebrae.values()]
    assert row.low <= min(depths) <= max(depths) <= 17.5


def test_both_sides_are_drawn_on_their_own() -> None:
    for vertebra in draw_spine(patient()).vertebrae.values():
        left, right = (vertebra.sides[side] for side in SIDES)
        assert left != right
        assert abs(left.facet_deg - right.facet_deg) < 6


def test_upper_plate_to_upper_plate_is_the_drawn_lordosis() -> None:
    spine = build_spine(patient())
    for level, angle in spine.sizes.lordosis_deg.items():
        tilts = []
        for name in (level.upper, level.lower):
            size = spine.sizes.vertebrae[name]
            up = spine.frames.vertebrae[name].rotation[:, 2]
            middle = np.degrees(np.arctan2(-up[1], up[2]))
            tilts.append(middle - size.wedge_deg / 2)
        assert tilts[1] - tilts[0] == pytest.approx(angle, abs=0.05)


@pytest.mark.parametrize("variants", [(), ("collapsed-disc",), ("l6",)])
def test_plates_never_cross(variants: tuple[str, ...]) -> None:
    for seed in SEEDS:
        spine = build_spine(patient(seed, *variants))
        for level, gap in spine.frames.rim_gaps_mm.items():
            depth = spine.sizes.vertebrae[level.upper].depth_mm
            wedge = np.tan(np.radians(spine.frames.disc_wedges_deg[level]))
            assert gap - abs(wedge) * depth / 2 > 0.5


def test_the_spine_stands_on_the_sacrum_and_l3_lies_at_the_origin() -> None:
    frames = build_spine(patient()).frames.vertebrae
    heights = [frames[name].origin_mm[2] for name in (*patient().vertebrae, "S1")]
    assert heights == sorted(heights, reverse=True)
    np.testing.assert_allclose(frames["L3"].origin_mm, 0, atol=1e-9)


def test_pedicles_flank_the_canal_and_joints_lie_behind_it() -> None:
    size = draw_spine(patient()).vertebrae["L4"]
    for side in SIDES:
        pedicle = pedicle_centre_mm(size, side)
        joint, axes = joint_axes(size, side)
        assert pedicle[0] - size.sides[side].pedicle_width_mm / 2 == pytest.approx(
            size.canal_width_mm / 2
        )
        assert joint[1] > pedicle[1]
        np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
        # The normal points to the inferior process: medially and backwards.
        assert axes[0, 1] < 0 < axes[1, 1]
