import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, PEDICLE, WALL_MM, bone_of, frame_at

from kambin.anatomy.pedicles import find_pedicles, find_sacral_pedicles
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.vertebra_frames import smooth_occupancy
from kambin.frames import RigidTransform, Side

TRUTH = frame_at((1.0, -3.0, 2.0), tilt_deg=-7.0, yaw_deg=4.0)


@pytest.fixture(scope="module")
def a_vertebra() -> Sampler:
    return smooth_occupancy(bone_of({"L4": TRUTH}), "L4")


@pytest.mark.parametrize("side", list(Side))
def test_a_pedicle_is_found_with_its_size(a_vertebra: Sampler, side: Side) -> None:
    x, y, z, width, height = find_pedicles(a_vertebra, TRUTH, WALL_MM)[side]
    assert (x, z) == pytest.approx(PEDICLE[:2], abs=0.5)
    assert (width, height) == pytest.approx(PEDICLE[2:], abs=1.0)
    assert WALL_MM - 1.0 <= y <= WALL_MM + 7.5


def test_the_search_never_leaves_its_bounds(a_vertebra: Sampler) -> None:
    """Recipe trap: unbounded, the smallest section of L5 lies in the arch (row A08)."""
    for wall in (WALL_MM, WALL_MM + 3.0):
        for _, y, _, _, _ in find_pedicles(a_vertebra, TRUTH, wall).values():
            assert wall - 1.0 <= y <= wall + 7.5


@pytest.mark.parametrize("angle_deg", [0.0, 15.0, 30.0])
def test_a_width_is_taken_across_the_axis_of_the_pedicle(angle_deg: float) -> None:
    """A rod 12 by 16 mm between two walls: in a coronal section 13.9 mm wide at 30 degrees."""
    axis = np.arange(-50.0, 51.0)
    x, y, z = np.meshgrid(axis, axis, axis, indexing="ij")
    angle_rad = np.radians(angle_deg)
    across = (np.abs(x) - 18.0) * np.cos(angle_rad) - (y - 20.0) * np.sin(angle_rad)
    rod = np.maximum.reduce([np.abs(across) - 6.0, np.abs(z - 5.3) - 8.0, 10.0 - y, y - 32.0])
    front = np.maximum.reduce([y - 15.0, np.abs(x) - 26.0, np.abs(z) - 15.0])
    behind = np.maximum.reduce([28.0 - y, np.abs(x) - 40.0, np.abs(z) - 15.0])
    # Voxels at a surface are half full, as in an image.
    shares = np.clip(0.5 - np.minimum.reduce([rod, front, behind]), 0.0, 1.0)
    rods = Sampler(shares.astype(np.float32), np.full(3, -50.0), 1.0)
    upright = RigidTransform("vertebra_L4", "lps", np.eye(4))
    for _, _, z_mm, width, height in find_pedicles(rods, upright, 15.0).values():
        assert width == pytest.approx(12.0, abs=0.6)
        assert height == pytest.approx(16.0, abs=0.6)
        assert z_mm == pytest.approx(5.3, abs=0.5)


def test_a_side_without_a_pedicle_is_missing(a_vertebra: Sampler) -> None:
    local = TRUTH.inverse().points(a_vertebra.nodes_lps_mm())
    cut = a_vertebra.values.copy()
    cut[(local[..., 0] > 0) & (local[..., 1] > WALL_MM - 2)] = 0.0
    one_sided = Sampler(cut, a_vertebra.origin_lps_mm, a_vertebra.spacing_mm)
    assert set(find_pedicles(one_sided, TRUTH, WALL_MM)) == {Side.RIGHT}


def test_bone_beyond_the_limit_belongs_to_the_transverse_process(a_vertebra: Sampler) -> None:
    local = TRUTH.inverse().points(a_vertebra.nodes_lps_mm())
    wide = a_vertebra.values.copy()
    wing = (np.abs(local[..., 0]) > 15) & (np.abs(local[..., 0]) < 44)
    wing &= (np.abs(local[..., 1] - 20) < 7) & (np.abs(local[..., 2] - 5) < 6)
    wide[wing] = 1.0
    found = find_pedicles(
        Sampler(wide, a_vertebra.origin_lps_mm, a_vertebra.spacing_mm), TRUTH, WALL_MM
    )
    for x, _, _, width, _ in found.values():
        assert width <= 22.5
        assert x + width / 2 < 36.0


def test_the_side_of_the_sacral_canal_is_where_bone_begins() -> None:
    truth = LUMBAR["S1"]
    sacrum = smooth_occupancy(bone_of({"S1": truth}), "S1")
    found = find_sacral_pedicles(sacrum, truth, WALL_MM, -8.0)
    assert set(found) == set(Side)
    for x, _, z, width, _ in found.values():
        assert x - width / 2 == pytest.approx(15.0, abs=0.6)
        assert z == -8.0


def test_rays_into_the_void_find_no_sacral_pedicle() -> None:
    nothing = Sampler(np.zeros((5, 5, 5), np.float32), np.zeros(3), 1.0)
    assert find_sacral_pedicles(nothing, LUMBAR["S1"], WALL_MM, -8.0) == {}
    assert find_pedicles(nothing, TRUTH, WALL_MM) == {}
