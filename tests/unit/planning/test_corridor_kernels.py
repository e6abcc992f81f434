"""The corridor asked path by path by the kernels, and by numpy for all candidates at once."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.laid_roots import a_random_line
from tests.unit.planning.small_problems import a_level, some_entries, the_tools

from kambin.frames import Side
from kambin.knowledge import techniques
from kambin.planning.corridor import find_allowed, find_stops_mm
from kambin.planning.corridor_kernels import CorridorNumbers, keep_promising
from kambin.planning.entries import Entries
from kambin.planning.geometry import LevelGeometry, WaistPlane
from kambin.planning.targets import Targets
from kambin.planning.tools import Toolset

ZONES = (None, "central", "paracentral", "foraminal", "extraforaminal")
WAIST = WaistPlane(np.array([14.0, 19.0, 2.0]), np.array([0.96, -0.28, 0.0]), 120.0)


def random_ends(rng: np.random.Generator, side: Side) -> tuple[Entries, Targets]:
    """Entries in all directions, beyond the corridor too; targets in and around the foramen."""
    sign = side.lateral_sign_lps
    points = rng.uniform((-2, 8, -14), (24, 24, 14), (30, 3)) * (sign, 1, 1)
    angles = rng.uniform((20, -30), (85, 55), (90, 2))
    # Some lie on the limits of the corridor, as rays of the lattice do, or just beside them.
    angles[:60] = np.round(angles[:60] / 5) * 5 + rng.choice([-1e-6, 0.0, 1e-6], (60, 2))
    lengths = rng.choice([12.0, 40.0, 120.0, 190.0, 192.0], 90)
    entries = np.concatenate(
        [
            some_entries(points[n % 30], [tuple(pair)], float(length), side).points_lps_mm
            for n, (pair, length) in enumerate(zip(angles, lengths, strict=True))
        ]
    )
    return Entries(entries, 90), Targets(points[0], points, np.zeros(30), None)


def unpack(bits: np.ndarray, stops: int) -> np.ndarray:
    return (bits[..., None] >> np.arange(stops, dtype=np.uint32)) & 1 > 0


def the_corridor_by_both(
    entries: Entries, targets: Targets, geometry: LevelGeometry, tools: Toolset
) -> tuple[np.ndarray, np.ndarray]:
    stops = len(find_stops_mm(tools.technique))
    assert stops < 32, "one bit each"
    bits = CorridorNumbers.of(entries, targets, geometry, tools).find_bits(every=True)
    return unpack(bits, stops), find_allowed(entries, targets, geometry, tools)


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", sorted(techniques()))
def test_kernel_and_numpy_agree_on_every_candidate(name: str, side: Side) -> None:
    rng = np.random.default_rng(sorted(techniques()).index(name))
    entries, targets = random_ends(rng, side)
    tools, seen = the_tools(name), []
    for zone in ZONES:
        for waist in (None, WAIST):
            for at_mouth in (False, True):
                ours, plain = the_corridor_by_both(
                    entries,
                    replace(targets, zone=zone),
                    replace(a_level(side), waist=waist),
                    replace(tools, docks_at_mouth=at_mouth),
                )
                assert np.array_equal(ours, plain)
                seen.append(plain.mean())
    # The problems are neither all closed nor all open, and the zone or the waist matters.
    assert 0 < min(seen) < max(seen) < 1


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("seed", range(6))
def test_kernel_and_numpy_agree_beside_a_root(seed: int, side: Side) -> None:
    rng = np.random.default_rng(seed)
    entries, targets = random_ends(rng, side)
    level = replace(a_level(side), root_mm=a_random_line(rng, (14.0, 18.0, 4.0)))
    ours, plain = the_corridor_by_both(entries, targets, level, the_tools())
    assert np.array_equal(ours, plain)
    without = find_allowed(entries, targets, a_level(side), the_tools())
    assert not (plain & ~without).any(), "a root only takes away"
    assert plain.any()


def test_some_of_these_roots_take_paths_away() -> None:
    lost = 0
    for seed in range(6):
        rng = np.random.default_rng(seed)
        entries, targets = random_ends(rng, Side.LEFT)
        level = replace(a_level(), root_mm=a_random_line(rng, (14.0, 18.0, 4.0)))
        kept = find_allowed(entries, targets, level, the_tools()).sum()
        lost += find_allowed(entries, targets, a_level(), the_tools()).sum() - kept
    assert lost > 0


def test_on_the_very_limits_kernel_and_numpy_decide_alike() -> None:
    target, tools = np.array([12.0, 17.0, 0.0]), the_tools()
    corridor = tools.technique.corridor
    ends = [
        some_entries(target, [(theta, phi)], length).points_lps_mm
        for theta in (corridor.axial_inclination_min_deg, corridor.axial_inclination_max_deg)
        for phi in np.linspace(corridor.craniocaudal_min_deg, corridor.craniocaudal_max_deg, 141)
        for length in (90.0, 120.0, corridor.length_max_mm)
    ]
    entries = Entries(np.concatenate(ends), len(ends))
    aims = Targets(target, target[None], np.zeros(1), None)
    ours, plain = the_corridor_by_both(entries, aims, a_level(), tools)
    assert np.array_equal(ours, plain)
    # Rounding puts some of them inside and some outside: the limit itself is tried.
    assert 0.1 < plain.any(axis=-1).mean() < 0.9


@pytest.mark.parametrize("name", sorted(techniques()))
def test_entries_are_kept_if_any_candidate_of_theirs_is_allowed(name: str) -> None:
    entries, targets = random_ends(np.random.default_rng(7), Side.LEFT)
    tools, level = the_tools(name), a_level()
    kept = keep_promising(entries, targets, level, tools)
    allowed = find_allowed(entries, targets, level, tools).any(axis=(1, 2))
    assert np.array_equal(kept.points_lps_mm, entries.points_lps_mm[allowed])
    assert kept.rays == entries.rays
    assert 0 < len(kept.points_lps_mm) < len(entries.points_lps_mm)


def test_no_entry_keeps_none() -> None:
    _, targets = random_ends(np.random.default_rng(1), Side.LEFT)
    nobody = Entries(np.empty((0, 3)), 0)
    assert not len(keep_promising(nobody, targets, a_level(), the_tools()).points_lps_mm)


def test_the_first_allowed_path_is_enough_to_keep_an_entry() -> None:
    entries, targets = random_ends(np.random.default_rng(3), Side.LEFT)
    numbers = CorridorNumbers.of(entries, targets, a_level(), the_tools())
    first, every = numbers.find_bits(every=False), numbers.find_bits(every=True)
    assert np.array_equal(first.any(axis=1), every.any(axis=1))
    assert ((first > 0).sum(axis=1) <= 1).all()
    assert (every > 0).sum() > (first > 0).sum()
