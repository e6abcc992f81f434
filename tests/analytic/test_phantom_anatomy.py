"""The made patient measured as a surgeon would: joint, foramen, canal, roots against pedicles."""

from functools import cache

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.frames import Side
from kambin.knowledge import value_at
from kambin.phantom import PhantomParameters, PhantomTruth, build_truth

SEEDS = (0, 1)
LEVELS = ("L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-S1")
ROOTS = ("L1", "L2", "L3", "L4", "L5")
STEP_MM = 0.1
key = StructureKey.parse


@cache
def patient(seed: int) -> PhantomTruth:
    return build_truth(PhantomParameters(Level("L3", "L4"), Side.RIGHT, seed=seed))


def bone(truth: PhantomTruth, name: str, points: np.ndarray) -> np.ndarray:
    return truth.distance(key("sacrum" if name == "S1" else f"vertebra:{name}"), points)


def first_hit_mm(distances: np.ndarray) -> float:
    hits = np.flatnonzero(distances < 0)
    return float(hits[0]) * STEP_MM if len(hits) else np.inf


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", LEVELS)
def test_the_foramen_is_15_to_21_mm_high(seed: int, side: Side, name: str) -> None:
    truth, level = patient(seed), Level.parse(name)
    upper = truth.vertebra_frames[level.upper]
    x, _, z, _, height = upper.pedicles[side]
    start = upper.lps_from_vertebra.points(
        [side.lateral_sign_lps * x, upper.posterior_wall_y_mm + 2.5, z - height / 2 - 4]
    )
    axis = truth.disc_frames[level].lps_from_disc.rotation[:, 2]
    run = np.arange(400)[:, None] * STEP_MM
    up = first_hit_mm(bone(truth, level.upper, start + run * axis))
    down = first_hit_mm(
        np.minimum(
            bone(truth, level.upper, start - run * axis),
            bone(truth, level.lower, start - run * axis),
        )
    )
    assert 14 < up + down < 21.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", LEVELS[:-1])
def test_the_process_lies_a_foramens_width_behind_the_disc(
    seed: int, side: Side, name: str
) -> None:
    truth, level = patient(seed), Level.parse(name)
    disc = truth.disc_frames[level]
    across = side.lateral_sign_lps * truth.vertebra_frames[level.upper].pedicles[side][0]
    y = np.arange(-250, 400) * STEP_MM
    line = disc.lps_from_disc.points(np.column_stack([np.full_like(y, across), y, 0 * y]))
    margin = y[truth.distance(key(f"disc:{name}"), line) < 0].max()
    behind = y > margin + 1
    front = y[behind & (bone(truth, level.lower, line) < 0)].min()
    assert 5.5 < front - margin < 11.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", ROOTS)
def test_the_bony_canal_is_12_to_17_mm_deep(seed: int, name: str) -> None:
    truth = patient(seed)
    frame = truth.vertebra_frames[name]
    y = frame.posterior_wall_y_mm - 3 + np.arange(300) * STEP_MM
    line = np.column_stack([0 * y, y, np.full_like(y, -4.0)])
    free = bone(truth, name, frame.lps_from_vertebra.points(line)) > 0
    start = int(np.argmax(free))
    depth = int(np.argmin(free[start:])) * STEP_MM
    assert 11.8 < depth < 18


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", ["L3", "L4", "L5"])
def test_a_superior_process_has_2_to_2_3_cubic_centimetres(
    seed: int, side: Side, name: str
) -> None:
    region = patient(seed).region(StructureKey("sap", name, side), 1.0)
    assert 1900 < float(region.values.sum()) < 2400


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", ["L3-L4", "L4-L5", "L5-S1"])
def test_the_joint_has_a_gap_of_at_most_1_mm_that_closes_at_3_mm(
    seed: int, side: Side, name: str
) -> None:
    truth, level = patient(seed), Level.parse(name)
    process = truth.surface(StructureKey("sap", level.lower, side), 0.5).vertices_lps_mm
    away = bone(truth, level.upper, process)
    assert away.min() > 0.3
    facing = process[away < 1.6]
    assert len(facing) > 300
    assert np.percentile(away[away < 1.6], 20) < 1.05
    # At 3 mm, voxels of both vertebrae touch: no joint space is left in the labels.
    coarse = truth.labels(3.0)
    numbers = {str(k): n for n, k in truth.names.items()}
    sap = np.argwhere(coarse.values == numbers[f"sap:{level.lower}:{side}"])
    iap = np.argwhere(coarse.values == numbers[f"iap:{level.upper}:{side}"])
    apart = np.abs(sap[:, None] - iap[None]).sum(axis=2).min()
    assert apart == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_neighbours_never_overlap(seed: int) -> None:
    truth = patient(seed)
    for name in LEVELS:
        level = Level.parse(name)
        region = truth.region(key(f"vertebra:{level.upper}"), 1.5)
        inside = region.lps_mm(np.argwhere(region.values))
        assert bone(truth, level.lower, inside).min() > 0


@pytest.mark.parametrize("seed", SEEDS)
def test_no_root_and_no_ganglion_touches_bone_or_disc(seed: int) -> None:
    truth = patient(seed)
    solid = [s for s in truth.shapes if s.key.kind in ("vertebra", "sacrum", "disc", "ilium")]
    for name, tube in truth.centre_lines.items():
        for shape in solid:
            clear = shape.distance(tube.points_lps_mm) - tube.radii_mm
            assert clear.min() > 0.1, (name, shape.key)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", ROOTS)
def test_v20_the_root_passes_closely_below_its_pedicle(seed: int, side: Side, name: str) -> None:
    truth = patient(seed)
    frame = truth.vertebra_frames[name]
    x, _, z, width, height = frame.pedicles[side]
    tube = truth.centre_lines[StructureKey("exiting_root", name, side)]
    local = frame.lps_from_vertebra.inverse().points(tube.points_lps_mm)
    local[:, 0] *= side.lateral_sign_lps
    crossing = local[np.argmin(np.abs(local[:, 0] - x))]
    below = (z - height / 2) - (crossing[2] + tube.radii_mm[0])
    assert 0.3 < below < 6.5
    assert 0 < crossing[1] - frame.posterior_wall_y_mm < 10
    ganglion = truth.centre_lines[StructureKey("drg", name, side)]
    centre = frame.lps_from_vertebra.inverse().points(ganglion.points_lps_mm.mean(axis=0))
    across = (centre[0] * side.lateral_sign_lps - (x - width / 2)) / width
    assert 0 < across < 1.1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_root_runs_from_the_sac_downwards_and_outwards(seed: int) -> None:
    truth = patient(seed)
    for name in ROOTS:
        for side in Side:
            points = truth.centre_lines[StructureKey("exiting_root", name, side)].points_lps_mm
            assert truth.distance(key("dural_sac"), points[:1])[0] < 3
            assert points[-1, 2] < points[0, 2] - 15
            assert abs(points[-1, 0]) > abs(points[0, 0]) + 8


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", ROOTS)
def test_the_root_takes_off_beside_its_pedicle_and_never_climbs(
    seed: int, side: Side, name: str
) -> None:
    truth = patient(seed)
    points = truth.centre_lines[StructureKey("exiting_root", name, side)].points_lps_mm
    frame = truth.vertebra_frames[name]
    _, _, z, _, height = frame.pedicles[side]
    start = frame.lps_from_vertebra.inverse().points(points[0])
    assert -1 < start[2] - (z - height / 2) < height + 1
    # Relaxation bends a line by tenths of a millimetre on its way.
    assert points[:, 2].max() - points[0, 2] < 0.5
    assert (points[:, 2] - np.minimum.accumulate(points[:, 2])).max() < 0.5


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize(
    ("disc", "name"), [("T12-L1", "L1"), *zip(LEVELS, (*ROOTS[1:], "S1"), strict=True)]
)
def test_the_sleeve_leaves_the_sac_at_its_height_over_the_tilted_disc(
    seed: int, side: Side, disc: str, name: str
) -> None:
    truth = patient(seed)
    tube = truth.centre_lines[StructureKey("traversing_root", name, side)]
    frame = truth.disc_frames[Level.parse(disc)].lps_from_disc
    local = frame.inverse().points(tube.points_lps_mm)
    # Behind the tilted disc of L5-S1 a height in LPS is 15 mm off the height over the disc.
    assert local[0, 2] == pytest.approx(
        value_at("phantom_nerves.traversing_start_mm", name), abs=2.5
    )
    assert np.diff(tube.points_lps_mm[:, 2]).max() < 0.05
    assert truth.distance(key("dural_sac"), tube.points_lps_mm[:1])[0] < 1.5


@pytest.mark.parametrize(("name", "expected_mm3"), [("L4", 211), ("L5", 291)])
def test_v5_ganglia_have_the_published_volume(name: str, expected_mm3: float) -> None:
    volumes = []
    for seed in SEEDS:
        for side in Side:
            tube = patient(seed).centre_lines[StructureKey("drg", name, side)]
            steps = np.linalg.norm(np.diff(tube.points_lps_mm, axis=0), axis=1)
            area = np.pi * (tube.radii_mm[1:] ** 2 + tube.radii_mm[:-1] ** 2) / 2
            volumes.append(float((steps * area).sum()))
    assert np.mean(volumes) == pytest.approx(expected_mm3, rel=0.3)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("side", Side)
def test_the_inferior_process_lies_behind_the_superior_one(seed: int, side: Side) -> None:
    truth = patient(seed)
    frame = truth.vertebra_frames["L5"].lps_from_vertebra.inverse()
    centres = {}
    for text in (f"sap:L5:{side}", f"iap:L4:{side}"):
        region = truth.region(key(text), 1.5)
        centres[text[:3]] = frame.points(region.lps_mm(np.argwhere(region.values))).mean(axis=0)
    wall = truth.vertebra_frames["L5"].posterior_wall_y_mm
    assert wall < centres["sap"][1] < centres["iap"][1]
    assert abs(centres["iap"][0]) < abs(centres["sap"][0])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sac_has_a_published_cross_section(seed: int) -> None:
    truth = patient(seed)
    region = truth.region(key("dural_sac"), 1.0)
    for name in ("L2", "L3", "L4"):
        height = truth.vertebra_frames[name].lps_from_vertebra.origin_mm[2]
        plane = round(float(region.ijk([0, 0, height])[2]))
        assert 70 < region.values[:, :, plane].sum() < 210
