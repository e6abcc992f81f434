"""Relaxation takes roots out of bone, keeps them smooth, and says how far it moved them."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import box_bones

from kambin.anatomy import Level, StructureKey
from kambin.anatomy.root_drafts import DRAFT_SAMPLES, RootDraft
from kambin.anatomy.roots import Obstacles, RelaxedRoot, find_obstacles, relax_roots
from kambin.anatomy.sampling import Sampler
from kambin.frames import Side

LEVEL = Level("L4", "L5")
N = 41


def a_straight_root(*, offset: float = 0.0, radius: float = 2.0) -> RootDraft:
    """Return a root along x at a height above a wall that fills z < 0."""
    x = np.linspace(-30.0, 30.0, DRAFT_SAMPLES)
    points = np.stack([x, np.zeros_like(x), np.full_like(x, offset)], axis=1)
    key = StructureKey("exiting_root", "L4", Side.LEFT)
    return RootDraft(key, LEVEL, points, np.full(len(x), radius), np.zeros(len(x)))


def a_wall(bump_mm: float = 0.0, *, disc_at: float = -20.0) -> Obstacles:
    """Return distances to a wall z = 0 with a smooth bump in its middle, and to a lower disc."""
    axis = np.linspace(-40.0, 40.0, N)
    x, _, z = np.meshgrid(axis, axis, axis, indexing="ij")
    bone = (z - bump_mm * np.exp(-((x / 12.0) ** 2))).astype(np.float32)
    disc = (z - disc_at).astype(np.float32)
    origin, spacing = np.array([-40.0] * 3), 2.0
    room = np.minimum(bone - np.float32(0.6), disc - np.float32(0.8))
    return Obstacles(*(Sampler(v, origin, spacing) for v in (bone, disc, room)))


def test_a_root_with_room_stays_where_it_was_drafted():
    (root,) = relax_roots([a_straight_root(offset=8.0)], a_wall())

    assert root.moved_mm == pytest.approx(0.0, abs=1e-9)
    assert root.overlap_mm == 0.0
    assert root.is_credible
    np.testing.assert_allclose(root.points_lps_mm, root.draft.points_lps_mm)


def test_a_root_in_bone_is_pushed_out_to_its_gap():
    (root,) = relax_roots([a_straight_root(offset=1.5)], a_wall())

    inner = root.points_lps_mm[10:-1, 2]
    assert inner.min() > 2.0, "radius 2: no overlap is left"
    assert inner.max() < 3.0, "radius 2 and gap 0.6"
    assert root.moved_mm == pytest.approx(1.1, abs=0.2)


def test_the_point_on_the_sac_is_held():
    (root,) = relax_roots([a_straight_root(offset=1.5)], a_wall())

    np.testing.assert_array_equal(root.points_lps_mm[0], root.draft.points_lps_mm[0])


def test_a_root_stays_smooth_over_a_bump():
    (root,) = relax_roots([a_straight_root(offset=4.0)], a_wall(bump_mm=4.0))

    steps = np.diff(root.points_lps_mm, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    bends = np.degrees(np.arccos(np.clip((steps[1:] * steps[:-1]).sum(axis=1), -1, 1)))
    assert bends.max() < 8.0
    assert root.overlap_mm < 0.3


def test_a_root_far_from_its_draft_is_not_credible():
    (root,) = relax_roots([a_straight_root(offset=1.0)], a_wall(bump_mm=9.0))

    assert root.moved_mm > 5.0
    assert not root.is_credible


def test_the_disc_pushes_as_bone_does():
    (root,) = relax_roots([a_straight_root(offset=1.5)], a_wall(disc_at=2.0))

    assert root.points_lps_mm[20:60, 2].min() > 4.0


def test_a_root_between_two_bones_is_thinned_but_never_crushed():
    walls = a_wall()
    z = np.broadcast_to(np.linspace(-40.0, 40.0, N), (N, N, N))
    slit = (1.5 - np.abs(z - 0.0)).astype(np.float32)
    narrow = replace(
        walls,
        bone=replace(walls.bone, values=slit),
        room=replace(walls.room, values=slit - np.float32(0.6)),
    )

    (root,) = relax_roots([a_straight_root(offset=0.0)], narrow)

    assert root.radii_mm[20:60].max() < 1.6
    assert root.radii_mm.min() >= 0.6 * 2.0 - 1e-9


def test_an_overlap_that_is_left_is_reported():
    def judged(overlap_mm: float, moved_mm: float) -> RelaxedRoot:
        draft = a_straight_root()
        empty = np.zeros(DRAFT_SAMPLES)
        return RelaxedRoot(draft, draft.points_lps_mm, draft.radii_mm, empty, moved_mm, overlap_mm)

    assert judged(0.5, 5.0).is_credible
    assert not judged(0.6, 0.0).is_credible
    assert not judged(0.0, 5.1).is_credible


def test_roots_relax_independently_of_their_company():
    first, second = a_straight_root(offset=1.5), a_straight_root(offset=2.0, radius=3.0)

    together = relax_roots([first, second], a_wall(bump_mm=3.0))
    alone = [relax_roots([d], a_wall(bump_mm=3.0))[0] for d in (first, second)]

    for one, other in zip(together, alone, strict=True):
        np.testing.assert_array_equal(one.points_lps_mm, other.points_lps_mm)


def test_no_draft_gives_no_root():
    assert relax_roots([], a_wall()) == ()


def test_distances_are_measured_around_the_drafts_only():
    bony = box_bones()
    draft = replace(a_straight_root(), points_lps_mm=np.array([[20.0, 20, 30], [30, 10, 10]] * 2))

    obstacles = find_obstacles(bony, [draft])

    assert max(obstacles.bone.values.shape) < 60
    assert obstacles.bone.sample([[13.0, 20.0, 42.0]])[0] < 0, "inside the pedicle of L4"
    assert obstacles.free_mm(np.array([[30.0, 30.0, 20.0]]))[0] > 0


def test_without_discs_only_bone_counts():
    bony = replace(box_bones(), structures={})
    draft = replace(a_straight_root(), points_lps_mm=np.array([[20.0, 20, 30], [30, 10, 10]] * 2))

    obstacles = find_obstacles(bony, [draft])

    assert obstacles.disc.values.min() > 30
