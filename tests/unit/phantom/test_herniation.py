"""A fragment lies in its zone, on its side, at its height, outside disc, sac and roots."""

from dataclasses import dataclass

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.phantom import MIGRATIONS, SIZES, ZONES, PhantomParameters, build_spine
from kambin.phantom.canal import build_canal, build_fragment, build_sac, zone_borders_mm
from kambin.phantom.discs import build_disc
from kambin.phantom.organs import Spine
from kambin.phantom.shapes import Shape

L45 = Level("L4", "L5")


@dataclass(frozen=True)
class Hernia:
    """A fragment with what it came from."""

    parameters: PhantomParameters
    spine: Spine
    disc: Shape
    fragment: Shape

    def points(self) -> np.ndarray:
        """Points inside the fragment in the disc's frame, x towards the asked side."""
        low, high = self.fragment.bounds_lps_mm()
        axes = [np.arange(a, b, 0.4) for a, b in zip(low, high, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        inside = grid[self.fragment.distance(grid) < 0]
        local = self.spine.frames.discs[self.parameters.level].inverse().points(inside)
        return local * [self.parameters.side.lateral_sign_lps, 1, 1]


def herniate(**wishes: object) -> Hernia:
    parameters = PhantomParameters(**{"level": L45, "side": Side.LEFT, **wishes})
    spine = build_spine(parameters)
    disc = build_disc(parameters.level, spine.sizes, spine.frames)
    return Hernia(parameters, spine, disc, build_fragment(parameters, spine, disc))


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("level", [Level("L1", "L2"), L45, Level("L5", "S1")])
def test_the_fragment_lies_in_its_zone_on_the_asked_side(
    zone: str, side: Side, level: Level
) -> None:
    hernia = herniate(zone=zone, side=side, level=level)
    facet, medial, lateral = zone_borders_mm(level, hernia.spine, hernia.parameters)
    low, high = {
        "central": (-1.5, 1.5),
        "paracentral": (0.5, facet),
        "subarticular": (facet - 0.6, medial + 0.6),
        "foraminal": (medial, lateral),
        "extraforaminal": (lateral, lateral + 14),
    }[zone]
    points = hernia.points()
    assert len(points) > 100
    assert low < points[:, 0].mean() < high


@pytest.mark.parametrize("seed", range(5))
def test_zones_follow_each_other_from_the_midline_outwards(seed: int) -> None:
    across = [herniate(zone=zone, seed=seed).points()[:, 0].mean() for zone in ZONES]
    assert across == sorted(across)


@pytest.mark.parametrize("zone", ["central", "paracentral", "subarticular", "foraminal"])
def test_the_fragment_lies_behind_its_disc_and_touches_it(zone: str) -> None:
    hernia = herniate(zone=zone)
    rim = hernia.spine.sizes.vertebrae["L4"].wall_mm
    points = hernia.points()
    assert points[:, 1].mean() > rim - 6
    lps = hernia.spine.frames.discs[L45].points(points * [1, 1, 1])
    away = hernia.disc.distance(lps)
    assert away.min() > -0.05
    assert away.min() < 0.6


@pytest.mark.parametrize("zone", ZONES)
def test_a_larger_size_is_a_larger_fragment(zone: str) -> None:
    volumes = [len(herniate(zone=zone, size=size).points()) for size in SIZES]
    assert volumes[0] < volumes[1] < volumes[2]


def test_migration_moves_the_fragment_up_or_down() -> None:
    heights = {
        migration: herniate(migration=migration).points()[:, 2].mean() for migration in MIGRATIONS
    }
    assert heights["far-up"] > heights["near-up"] > heights["none"] + 3
    assert heights["none"] - 3 > heights["near-down"] > heights["far-down"]


def test_the_right_side_is_not_the_left_side() -> None:
    left, right = herniate(), herniate(side=Side.RIGHT)
    assert left.fragment.bounds_lps_mm()[0][0] > -2
    assert right.fragment.bounds_lps_mm()[1][0] < 2


def test_the_sac_gives_way_to_the_fragment() -> None:
    hernia = herniate(size=3)
    sac = build_sac(hernia.spine, hernia.fragment)
    sign = [hernia.parameters.side.lateral_sign_lps, 1, 1]
    lps = hernia.spine.frames.discs[L45].points(hernia.points() * sign)
    assert sac.shape.distance(lps).min() > 0.2


@pytest.mark.parametrize("name", ["L1", "L2", "L3", "L4", "L5"])
def test_the_sac_lies_in_the_canal(name: str) -> None:
    hernia = herniate()
    size, frame = hernia.spine.sizes.vertebrae[name], hernia.spine.frames.vertebrae[name]
    sac = build_sac(hernia.spine, hernia.fragment)
    canal = build_canal(hernia.spine)
    middle = frame.points([[0, size.wall_mm + size.canal_depth_mm / 2, 3.0]])
    assert sac.shape.distance(middle)[0] < -2
    assert canal.distance(middle)[0] < sac.shape.distance(middle)[0]
    edge = sac.edge_lps_mm(float(middle[0, 2]), 1.0)
    assert 6.5 < edge[0] - middle[0, 0] < size.canal_width_mm / 2
