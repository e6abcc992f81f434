"""The steepest slope near a place: known by hand, the same in every orientation, made once."""

import itertools

import numpy as np
import pytest

from kambin.planning import margin_field
from kambin.planning.margin_field import MarginField
from kambin.planning.near_slopes import EDGE, find_near_slope, find_near_slopes
from kambin.planning.slack import Slack

TURNS = tuple(itertools.permutations(range(3)))
AXES = np.eye(3, dtype=int)


def slopes_plainly(field: np.ndarray) -> np.ndarray:
    """The gradient at the corners of a block's cells, then the largest of the 27 blocks around."""
    blocks = [-(-size // EDGE) for size in field.shape]
    steepest, joined = np.zeros(blocks), np.zeros(blocks)
    for cell in np.ndindex(*(size - 1 for size in field.shape)):
        for corner in itertools.product((0, 1), repeat=3):
            here = np.add(cell, corner)
            # the gradient at a corner is that along the cell's three edges which meet there
            over = [here + (1 - 2 * c) * unit for c, unit in zip(corner, AXES, strict=True)]
            rises = [float(field[tuple(o)]) - float(field[tuple(here)]) for o in over]
            block = tuple(np.array(cell) // EDGE)
            steepest[block] = max(steepest[block], np.linalg.norm(rises))
    for block in np.ndindex(*blocks):
        joined[block] = steepest[tuple(slice(max(b - 1, 0), b + 2) for b in block)].max()
    return joined


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2), (3, 2, 1), (7, 8, 9), (6, 5, 4)])
def test_every_block_is_as_steep_as_plain_numpy_says(
    shape: tuple[int, int, int], rng: np.random.Generator
) -> None:
    field = rng.normal(size=shape).astype(np.float32)
    found = find_near_slopes(field)
    assert found.dtype == np.float32
    assert found.shape == tuple(-(-size // EDGE) for size in shape)
    assert found == pytest.approx(slopes_plainly(field), abs=1e-6)


def test_a_level_field_has_no_slope_and_a_ramp_its_own() -> None:
    assert not find_near_slopes(np.full((6, 6, 6), 4.0, np.float32)).any()
    x, y, z = np.meshgrid(*[np.arange(8.0)] * 3, indexing="ij")
    ramp = (2 * x - 3 * y + 6 * z).astype(np.float32)
    assert find_near_slopes(ramp) == pytest.approx(7.0)


@pytest.mark.parametrize(("node", "held"), [(8, (3, 4, 5)), (9, (3, 4, 5))])
def test_a_spike_is_known_in_the_blocks_around_it_and_in_no_other(
    node: int, held: tuple[int, ...]
) -> None:
    field = np.zeros((18, 2, 2), np.float32)
    field[node] = 5.0
    found = find_near_slopes(field)[:, 0, 0]
    # an even node ends an edge of the block before as well
    blocks = {*held, held[0] - 1} if node % EDGE == 0 else set(held)
    assert set(np.flatnonzero(found)) == blocks
    assert found[node // EDGE] == 5.0


@pytest.mark.parametrize("turn", TURNS)
def test_a_turned_field_has_turned_slopes(
    turn: tuple[int, int, int], rng: np.random.Generator
) -> None:
    field = rng.normal(size=(9, 6, 7)).astype(np.float32)
    # turned memory is not in order any more
    turned = find_near_slopes(field.transpose(turn))
    assert turned == pytest.approx(find_near_slopes(field).transpose(turn), abs=1e-6)


@pytest.mark.parametrize("axis", range(3))
def test_a_mirrored_field_has_mirrored_slopes(axis: int, rng: np.random.Generator) -> None:
    # of nine nodes the mirror's blocks hold the same cells; the last node is a block without any
    field = rng.normal(size=(9, 9, 9)).astype(np.float32)
    here, there = (
        find_near_slopes(one).take(range(4), axis) for one in (field, np.flip(field, axis))
    )
    assert there == pytest.approx(np.flip(here, axis), abs=1e-6)


@pytest.mark.parametrize("factor", [-1.0, 0.5, 4.0])
def test_slopes_scale_with_the_field_and_forget_its_height(
    factor: float, rng: np.random.Generator
) -> None:
    field = rng.integers(-8, 8, (6, 7, 8)).astype(np.float32)
    found = find_near_slopes(field)
    assert find_near_slopes(np.float32(factor) * field + 16) == pytest.approx(abs(factor) * found)


def test_a_place_is_looked_up_in_its_own_block(rng: np.random.Generator) -> None:
    slopes = rng.normal(size=(4, 5, 6)).astype(np.float32)
    for x, y, z in rng.uniform(0, 8, (20, 3)).tolist():
        assert find_near_slope(slopes, x, y, z) == slopes[int(x // 2), int(y // 2), int(z // 2)]
    assert find_near_slope(slopes, 1.999, 2.0, 3.999) == slopes[0, 1, 1]


def test_a_margin_field_measures_what_it_is_asked_for_and_only_once(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def count(values: np.ndarray) -> np.ndarray:
        asked.append("slopes")
        return find_near_slopes(values)

    monkeypatch.setattr(margin_field, "find_near_slopes", count)
    values = rng.normal(size=(6, 6, 6)).astype(np.float32)
    field = MarginField(values)
    assert field.slack == Slack.measured(values)
    assert field.slack is field.slack
    assert asked == []
    assert field.near_slopes is field.near_slopes
    assert asked == ["slopes"]
    assert (field.near_slopes == find_near_slopes(values)).all()
    # near a place it is never steeper than the steepest of all
    assert field.near_slopes.max() <= field.slack.steep_mm + 1e-6
