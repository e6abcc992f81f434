"""A fragment lies in its zone, on its side, at its height, outside disc, sac and roots."""

from dataclasses import dataclass

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.phantom import MIGRATIONS, SIZES, ZONES, PhantomParameters, build_spine
from kambin.phantom.canal import build_canal, build_sac
from kambin.phantom.chain import pedicle_centre_mm
from kambin.phantom.discs import build_disc
from kambin.phantom.fragment import build_calcification, build_fragment
from kambin.phantom.hernia_marks import find_marks
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
    _, facet, medial, lateral = find_marks(hernia.parameters, hernia.spine).zone_borders_mm
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
    assert heights["very-high-up"] > heights["far-up"] > heights["near-up"] > heights["none"] + 3
    assert heights["none"] - 3 > heights["near-down"] > heights["far-down"]
    assert heights["far-down"] > heights["very-high-down"]


def base_and_depth_mm(hernia: Hernia, axis: int) -> tuple[float, float]:
    """Width of the contact with the disc along an axis, and depth behind the disc's margin."""
    points = hernia.points()
    other = 2 - axis
    middle = 0.0 if axis == 0 else float(np.median(points[:, 0]))
    # In the section through the disc's middle: above and below it bone hides the fragment.
    points = points[np.abs(points[:, other] - middle) < 1]
    back = points * [hernia.parameters.side.lateral_sign_lps, 1, 1]
    lps = hernia.spine.frames.discs[hernia.parameters.level].points(back)
    # From the disc and not from a plane: far out its margin runs obliquely.
    away = hernia.disc.distance(lps)
    touching = points[away < 0.6]
    base = float(np.ptp(touching[:, axis])) if len(touching) else 0.0
    return base, float(away.max())


@pytest.mark.parametrize(
    ("size", "zone"), [(1, "paracentral"), *((size, "foraminal") for size in SIZES)]
)
def test_a_protrusion_is_less_deep_than_its_base_is_wide(size: int, zone: str) -> None:
    base, depth = base_and_depth_mm(herniate(morphology="protrusion", size=size, zone=zone), 0)
    assert depth < base


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("migration", ["none", "near-up", "far-down"])
def test_an_extrusion_is_deeper_than_its_base_in_some_plane(size: int, migration: str) -> None:
    hernia = herniate(morphology="extrusion", size=size, migration=migration)
    bases = [base_and_depth_mm(hernia, axis) for axis in (0, 2)]
    assert min(base for base, _ in bases) > 0
    assert any(depth > base for base, depth in bases)


@pytest.mark.parametrize("migration", MIGRATIONS)
def test_a_sequestration_is_free_of_its_disc(migration: str) -> None:
    hernia = herniate(morphology="sequestration", migration=migration)
    back = hernia.points() * [hernia.parameters.side.lateral_sign_lps, 1, 1]
    lps = hernia.spine.frames.discs[L45].points(back)
    assert len(lps) > 500
    assert hernia.disc.distance(lps).min() > 1.2


def test_a_calcified_protrusion_has_a_core_inside_it() -> None:
    hernia = herniate(morphology="calcified", size=1)
    (core,) = build_calcification(hernia.parameters, hernia.fragment)
    low, high = core.bounds_lps_mm()
    axes = [np.arange(a, b, 0.5) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = grid[core.distance(grid) < 0]
    assert len(inside) > 100
    assert hernia.fragment.distance(inside).max() < 0
    assert core.key == hernia.fragment.key
    assert build_calcification(herniate().parameters, hernia.fragment) == []


@pytest.mark.parametrize(
    "wishes",
    [
        {"morphology": "protrusion", "migration": "far-up"},
        {"morphology": "calcified", "migration": "near-down"},
        {"migration": "very-high-up", "zone": "foraminal"},
        {"variants": ("l6", "sacralised-l5-left")},
    ],
)
def test_wishes_that_exclude_each_other_are_refused(wishes: dict[str, object]) -> None:
    with pytest.raises(RequestError, match="RQ-053"):
        herniate(**wishes)


def test_a_very_high_fragment_passes_the_lower_margin_of_the_pedicle() -> None:
    hernia = herniate(migration="very-high-up", morphology="sequestration")
    points = hernia.points() * [hernia.parameters.side.lateral_sign_lps, 1, 1]
    lps = hernia.spine.frames.discs[L45].points(points)
    local = hernia.spine.frames.vertebrae["L4"].inverse().points(lps)
    size = hernia.spine.sizes.vertebrae["L4"]
    floor = pedicle_centre_mm(size, Side.LEFT)[2] - size.sides[Side.LEFT].pedicle_height_mm / 2
    assert local[:, 2].mean() > floor


def test_a_very_high_fragment_below_lies_under_the_pedicle() -> None:
    hernia = herniate(migration="very-high-down", morphology="sequestration")
    points = hernia.points() * [hernia.parameters.side.lateral_sign_lps, 1, 1]
    lps = hernia.spine.frames.discs[L45].points(points)
    local = hernia.spine.frames.vertebrae["L5"].inverse().points(lps)
    size = hernia.spine.sizes.vertebrae["L5"]
    floor = pedicle_centre_mm(size, Side.LEFT)[2] - size.sides[Side.LEFT].pedicle_height_mm / 2
    assert local[:, 2].mean() < floor


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
