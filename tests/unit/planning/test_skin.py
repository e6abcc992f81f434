"""Where rays leave the body: boxes exactly, round bodies to a part of a voxel."""

import numpy as np
import pytest
from tests.unit.planning.small_problems import MIRROR, a_body, mirrored

from kambin.frames import direction_from_angles
from kambin.planning.skin import RAYS_BATCH, Skin

BACKWARDS = np.array([[0.0, 1.0, 0.0]])
CENTRE = np.zeros(3)


def a_box(half_x: float = 40, half_y: float = 30, half_z: float = 50, **more) -> Skin:
    return a_body(
        lambda x, y, z: (abs(x) <= half_x) & (abs(y) <= half_y) & (abs(z) <= half_z), **more
    )


def a_cylinder(radius_mm: float = 40.0, **more) -> Skin:
    return a_body(lambda x, y, z: x**2 + y**2 <= radius_mm**2 + 0 * z, **more)


def rays_at(*angles_deg: tuple[float, float]) -> np.ndarray:
    return np.array([direction_from_angles(theta, phi) for theta, phi in angles_deg])


@pytest.mark.parametrize("spacing_mm", [1.0, 2.0, 4.0])
def test_a_face_lies_half_a_voxel_beyond_its_last_voxel(spacing_mm: float) -> None:
    skin = a_box(40, 20, 40, spacing_mm=spacing_mm)
    assert skin.find_exits(CENTRE, BACKWARDS, 100.0)[0] == pytest.approx(
        [0, 20 + spacing_mm / 2, 0], abs=1e-9
    )


@pytest.mark.parametrize("angle_deg", [-50.0, -20.0, 10.0, 30.0])
def test_an_oblique_ray_meets_the_same_face(angle_deg: float) -> None:
    point = a_box().find_exits(CENTRE, rays_at((angle_deg, 0.0)), 100.0)[0]
    assert point == pytest.approx([31 * np.tan(np.radians(angle_deg)), 31, 0], abs=1e-9)


def test_the_exit_lies_on_its_ray() -> None:
    rays = rays_at((30, 10), (60, -15), (75, 40), (-40, 0))
    origin = np.array([3.0, -4.0, 5.0])
    exits = a_cylinder().find_exits(origin, rays, 100.0)
    away = exits - origin
    assert away / np.linalg.norm(away, axis=1, keepdims=True) == pytest.approx(rays, abs=1e-9)


def test_many_rays_leave_where_each_leaves_alone() -> None:
    steps = range(2 * RAYS_BATCH + 3)
    rays = rays_at(*[(70.0 * n / len(steps), 20.0 * np.sin(n)) for n in steps])
    skin, origin = a_cylinder(25.0), np.array([2.0, -3.0, 1.0])
    # Too long a reach for a few of them: these are NaN in both.
    together = skin.find_exits(origin, rays, 26.0)
    alone = np.concatenate([skin.find_exits(origin, ray[None], 26.0) for ray in rays])
    assert 0 < np.isnan(together[:, 0]).sum() < len(rays)
    assert together == pytest.approx(alone, abs=1e-9, nan_ok=True)


def test_no_ray_has_no_exit() -> None:
    assert a_box().find_exits(CENTRE, np.zeros((0, 3)), 100.0).shape == (0, 3)


@pytest.mark.parametrize("radius_mm", [25.0, 40.0])
def test_a_cylinder_is_left_at_its_radius(radius_mm: float) -> None:
    rays = rays_at(*[(float(theta), 0.0) for theta in range(0, 360, 7)])
    exits = a_cylinder(radius_mm).find_exits(CENTRE, rays, 100.0)
    assert np.linalg.norm(exits, axis=1) == pytest.approx(radius_mm, abs=1.0)
    assert np.linalg.norm(exits, axis=1).mean() == pytest.approx(radius_mm, abs=0.2)


def test_a_cylinder_is_left_later_the_steeper_the_ray() -> None:
    phi = np.arange(-50, 51, 10)
    exits = a_cylinder(30.0).find_exits(CENTRE, rays_at(*[(40.0, p) for p in phi]), 100.0)
    assert np.hypot(exits[:, 0], exits[:, 1]) == pytest.approx(30.0, abs=1.0)
    assert exits[:, 2] == pytest.approx(30 * np.tan(np.radians(phi)), abs=1.2)


def test_finer_voxels_come_nearer_to_the_round_body() -> None:
    rays = rays_at(*[(float(theta), 0.0) for theta in range(0, 90, 3)])
    worst = []
    for spacing in (4.0, 1.0):
        exits = a_cylinder(40.0, half_mm=(50, 50, 8), spacing_mm=spacing).find_exits(
            CENTRE, rays, 100.0
        )
        worst.append(np.abs(np.linalg.norm(exits, axis=1) - 40.0).max())
    assert worst[1] < worst[0] / 2
    assert worst[1] <= 0.75


def test_an_ellipsoid_is_left_on_its_surface() -> None:
    skin = a_body(lambda x, y, z: (x / 50) ** 2 + (y / 35) ** 2 + (z / 45) ** 2 <= 1)
    rays = rays_at(*[(t, p) for t in (-70, -35, 0, 35, 70) for p in (-40, 0, 40)])
    origin = np.array([5.0, 6.0, -7.0])
    exits = skin.find_exits(origin, rays, 100.0)
    # The root of a quadratic in the length of the ray is the closed form.
    u, o = rays / (50, 35, 45), origin / (50, 35, 45)
    a, b, c = (u * u).sum(1), (u * o).sum(1), o @ o - 1
    exact = (-b + np.sqrt(b * b - a * c)) / a
    assert np.linalg.norm(exits - origin, axis=1) == pytest.approx(exact, abs=1.3)


def test_a_pocket_of_gas_is_not_the_skin() -> None:
    # 4 mm of gas at 10 mm, shorter than the 8 mm after which a ray has left the body.
    skin = a_body(lambda x, y, z: (abs(y) <= 30) & ((y < 10) | (y > 13)) & (abs(x) + abs(z) < 999))
    assert skin.find_exits(CENTRE, BACKWARDS, 100.0)[0, 1] == pytest.approx(31.0)


def test_a_wide_gap_is_the_skin() -> None:
    # An arm beside the trunk, 14 mm away, is not the way out.
    skin = a_body(lambda x, y, z: (y <= 10) & (y >= -40) | (y > 25) & (y < 40) & (x + z < 999))
    assert skin.find_exits(CENTRE, BACKWARDS, 100.0)[0, 1] == pytest.approx(11.0)


def test_from_outside_the_body_nothing_is_met() -> None:
    exits = a_box().find_exits((0.0, 45.0, 0.0), rays_at((0, 0), (180, 0)), 100.0)
    assert np.isnan(exits).all()


def test_a_ray_that_is_too_short_stays_inside() -> None:
    skin = a_box()
    assert np.isnan(skin.find_exits(CENTRE, BACKWARDS, 30.9)).all()
    assert skin.find_exits(CENTRE, BACKWARDS, 31.1)[0, 1] == pytest.approx(31.0)


def test_the_border_of_the_image_is_no_skin() -> None:
    # The body goes on to the last voxel: whether there is skin behind it nobody knows.
    skin = a_body(lambda x, y, z: abs(y) + 0 * x + 0 * z < 999, half_mm=(40, 20, 40))
    assert np.isnan(skin.find_exits(CENTRE, rays_at((0, 0), (90, 0), (45, 45)), 200.0)).all()


def test_only_the_cut_side_is_unknown() -> None:
    skin = a_body(lambda x, y, z: (x <= 30) & (abs(y) <= 30) & (abs(z) < 999))
    exits = skin.find_exits(CENTRE, rays_at((90, 0), (-90, 0)), 200.0)
    assert exits[0] == pytest.approx([31, 0, 0], abs=1e-9)
    assert np.isnan(exits[1]).all()


def test_an_origin_far_outside_the_image_meets_nothing() -> None:
    exits = a_box().find_exits((0.0, 900.0, 0.0), BACKWARDS, 100.0)
    assert exits.shape == (1, 3)
    assert np.isnan(exits).all()


def test_one_ray_alone_gives_what_it_gives_among_others() -> None:
    skin = a_cylinder()
    rays = rays_at(*[(float(t), float(p)) for t in (20, 50, 80) for p in (-20, 0, 30)])
    together = skin.find_exits((4.0, 2.0, -3.0), rays, 100.0)
    for ray, point in zip(rays, together, strict=True):
        assert skin.find_exits((4.0, 2.0, -3.0), ray[None], 100.0)[0] == pytest.approx(point)


def test_the_mirrored_body_has_the_mirrored_skin() -> None:
    lopsided = a_body(
        lambda x, y, z: (x / np.where(x > 0, 50, 35)) ** 2 + (y / 40) ** 2 + (z / 90) ** 2 <= 1
    )
    rays = rays_at(*[(float(t), float(p)) for t in range(-80, 90, 20) for p in (-30, 0, 25)])
    origin = np.array([6.0, -3.0, 4.0])
    here = lopsided.find_exits(origin, rays, 100.0)
    there = Skin(mirrored(lopsided.region)).find_exits(origin * MIRROR, rays * MIRROR, 100.0)
    assert np.isfinite(here).all()
    assert there * MIRROR == pytest.approx(here, abs=1e-9)


def test_how_the_voxels_are_stored_does_not_matter() -> None:
    skin = a_box(40, 30, 50)
    flipped = np.array(skin.region.lps_from_ijk)
    flipped[:, 3] += flipped[:, 1] * (skin.region.shape[1] - 1)
    flipped[:, 1] *= -1
    other = Skin(type(skin.region)(skin.region.values[:, ::-1], flipped, skin.region.frame_id))
    rays = rays_at((20, 10), (50, -10))
    assert other.find_exits(CENTRE, rays, 100.0) == pytest.approx(
        skin.find_exits(CENTRE, rays, 100.0), abs=1e-9
    )
