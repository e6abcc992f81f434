"""The jitted marches against plain numpy."""

import numpy as np
import pytest

from kambin.planning.kernels import (
    march_clearance,
    march_clearance_plainly,
    march_inside,
    march_staged,
    sample_plainly,
)

SHAPE = (40, 36, 30)


@pytest.fixture
def a_field_of_noise(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=SHAPE).astype(np.float32).ravel()


def _ends(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    entries = (rng.random((9, 3)) * (6, 30, 25) + (30, 2, 2)).astype(np.float32)
    targets = (rng.random((5, 3)) * (6, 30, 25) + (2, 2, 2)).astype(np.float32)
    return entries, targets


def test_the_march_equals_numpy(a_field_of_noise: np.ndarray, rng: np.random.Generator) -> None:
    entries, targets = _ends(rng)
    for step in (0.25, 1.0):
        fast = march_clearance(
            a_field_of_noise, np.array(SHAPE), entries, targets, np.float32(step)
        )
        plain = march_clearance_plainly(a_field_of_noise, SHAPE, entries, targets, step)
        assert np.abs(fast - plain).max() < 1e-4


def test_the_staged_march_ends_where_the_plain_one_does(
    a_field_of_noise: np.ndarray, rng: np.random.Generator
) -> None:
    entries, targets = _ends(rng)
    far = np.full_like(a_field_of_noise, 99)
    least, taken = march_staged(
        a_field_of_noise,
        far,
        np.array(SHAPE),
        entries,
        targets,
        np.float32(1),
        2,
        4,
        60,
        np.float32(3),
    )
    whole = march_clearance(a_field_of_noise, np.array(SHAPE), entries, targets, np.float32(1))
    assert np.abs(least[..., 0] - whole).max() < 1e-5
    assert (np.diff(least, axis=2) >= 0).all()  # docking further out never comes nearer
    assert taken.max() == 0


def test_a_tool_inside_bone_takes_its_whole_section(rng: np.random.Generator) -> None:
    entries, targets = _ends(rng)
    solid = np.full(int(np.prod(SHAPE)), -50, dtype=np.float32)
    _, taken = march_staged(
        solid, solid, np.array(SHAPE), entries, targets, np.float32(1), 2, 1, 3, np.float32(2)
    )
    assert taken[..., 0] == pytest.approx(4 * np.pi * 4, rel=1e-5)  # four samples of pi r^2


def test_the_way_inside_is_measured_only_where_wanted(rng: np.random.Generator) -> None:
    entries, targets = _ends(rng)
    solid = np.full(int(np.prod(SHAPE)), -1, dtype=np.float32)
    wanted = np.zeros((9, 5), dtype=bool)
    wanted[3, 2] = True
    inside = march_inside(solid, np.array(SHAPE), entries, targets, np.float32(0.5), wanted)
    length = np.linalg.norm(entries[3] - targets[2])
    assert inside[3, 2] == pytest.approx(length, abs=0.6)
    assert inside.sum() == inside[3, 2]


def test_numpy_samples_nodes_exactly(a_field_of_noise: np.ndarray) -> None:
    nodes = np.array([[3, 4, 5], [10, 20, 7]])
    found = sample_plainly(a_field_of_noise, SHAPE, nodes)
    assert found == pytest.approx(a_field_of_noise.reshape(SHAPE)[tuple(nodes.T)])
