"""The bone of one level, prepared once: whose side, how thick, which facet, how many grains."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.test_bone_curves import _slab

from kambin.anatomy import Anatomy, Structure
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap, region_from_mask
from kambin.knowledge import value
from kambin.planning.geometry import find_level_geometry
from kambin.planning.grains import (
    Grains,
    Voxels,
    count_grains,
    cut_into_grains,
    measure_volume_mm3,
    voxel_mm3,
)
from kambin.planning.level_bone import LevelBone

PARS = "pars:L4:left"


def bone_of(*structures: Structure, side: Side = level.SIDE) -> LevelBone:
    anatomy = level.make_anatomy({str(s.key): s for s in structures})
    return LevelBone(anatomy, find_level_geometry(anatomy, level=level.LEVEL, side=side))


def block(name: str, *halves_mm: int, spacing_mm: float = 1.0) -> Structure:
    """A block about (15, 16, 0), so many millimetres to each side of the middle voxel."""
    grid = Grid.around(
        (0, 0, -14), (30, 32, 14), spacing_mm=spacing_mm, anchor_lps_mm=(15, 16, 0), frame_id="p"
    )
    x, y, z = np.meshgrid(*grid.axes_mm(), indexing="ij")
    inside = np.ones(grid.shape, dtype=bool)
    for middle, axis, half in zip((15, 16, 0), (x, y, z), halves_mm, strict=True):
        inside &= np.abs(axis - middle) <= half + 1e-6
    return level.make_structure(name, region_from_mask(inside, grid))


# Grains and voxels


@pytest.mark.parametrize("spacing_mm", [0.2, 0.25, 0.5, 0.6, 1.0])
def test_grains_are_no_wider_than_wished_and_together_the_volume(spacing_mm: float) -> None:
    bone = block(level.SAP, 1, 1, 1, spacing_mm=spacing_mm)
    points, width_mm = cut_into_grains(bone)
    count = count_grains(bone)
    assert width_mm == pytest.approx(spacing_mm / count)
    assert width_mm <= value("planning.bone_grain_mm") + 1e-9
    assert count == 1 or spacing_mm / (count - 1) > value("planning.bone_grain_mm")
    grains = Grains.of(bone)
    assert grains.volumes_mm3.sum() == pytest.approx(measure_volume_mm3(bone))
    assert grains.points_lps_mm.mean(axis=0) == pytest.approx([15.0, 16.0, 0.0])
    assert len(np.unique(points.round(6), axis=0)) == len(points)


def test_a_voxel_is_as_large_as_its_edges_and_lies_where_they_say() -> None:
    affine = np.diag([0.5, 2.0, 3.0, 1.0])
    affine[:3, 3] = (1.0, 2.0, 3.0)
    flat = LabelMap(np.ones((2, 1, 1), np.uint8), affine, "p")
    bone = level.make_structure(level.SAP, flat)
    assert voxel_mm3(bone) == pytest.approx(3.0)
    assert measure_volume_mm3(bone) == pytest.approx(6.0)
    assert Voxels.of(bone).centres_lps_mm.tolist() == [[1.0, 2.0, 3.0], [1.5, 2.0, 3.0]]
    assert Voxels.of(bone, np.array([[1, 0, 0]])).centres_lps_mm.tolist() == [[1.5, 2.0, 3.0]]
    # the longest edge decides into how many grains all three are cut
    assert count_grains(bone) == int(np.ceil(3.0 / value("planning.bone_grain_mm")))


def test_a_tool_takes_its_cylinder_out_of_voxels_and_two_take_no_voxel_twice() -> None:
    voxels = Voxels.of(block(level.SAP, 5, 5, 5))
    through = np.array([[15.0, -20, 0, 15, 60, 0, 3.0]])
    assert voxels.measure_taken_mm3(through) == pytest.approx(np.pi * 9 * 11, rel=0.01)
    assert voxels.measure_taken_mm3(np.repeat(through, 3, axis=0)) == pytest.approx(
        voxels.measure_taken_mm3(through)
    )
    assert voxels.measure_taken_mm3(np.array([[15.0, -20, 0, 15, 60, 0, 30.0]])) == 11**3
    for radius_mm in (0.0, -2.0):
        thin = np.array([[15.0, -20, 0, 15, 60, 0, radius_mm]])
        assert voxels.measure_taken_mm3(thin) == 0.0


def test_distances_are_to_the_axis_and_beyond_its_ends_to_them() -> None:
    points = np.array([[5.0, 3, 4], [-3, 0, 4], [13, 4, 0], [10, 0, 0]])
    found = Grains(points, np.ones(4)).distances_mm(np.array([0.0, 0, 0, 10, 0, 0, 99]))
    assert found.tolist() == [5.0, 5.0, 5.0, 0.0]


def test_kept_and_joined_grains_keep_their_volumes() -> None:
    points = np.arange(12.0).reshape(4, 3)
    four = Grains(points, np.array([1.0, 2, 4, 8]))
    rows = np.array([3, 0])
    for chosen, weights in ((rows, [8, 1]), (slice(1, 3), [2, 4]), (points[:, 0] > 5, [4, 8])):
        assert four.keep(chosen).volumes_mm3.tolist() == weights
    both = Grains.joined([four.keep(rows), four])
    assert both.points_lps_mm.tolist() == [*points[rows].tolist(), *points.tolist()]
    none = Grains.joined([])
    assert none.points_lps_mm.shape == (0, 3)
    assert none.volume_mm3(np.zeros(0, dtype=bool)) == 0.0


# The parts of a level


def test_a_level_without_a_part_says_none() -> None:
    found = bone_of(_slab(level.PEDICLE, 13, 20))
    assert found.process is None
    assert found.iap is None
    assert found.rims == ()
    assert found.pars == ()
    for frees_rim in (False, True):
        assert len(found.find_removable(frees_rim=frees_rim).volumes_mm3) == 0


@pytest.mark.parametrize("side", list(Side))
def test_only_the_side_that_is_asked_for_is_prepared(side: Side) -> None:
    names = ("sap:L5", "iap:L4", "pars:L4", "pars:L5")
    both = [_slab(f"{name}:{s.value}", 13, 20) for name in names for s in Side]
    found = bone_of(*both, side=side)
    assert found.process is not None
    assert found.iap is not None
    parts = [found.process.sap, found.iap.structure, *(p.voxels.structure for p in found.pars)]
    assert [str(part.key) for part in parts] == [f"{name}:{side.value}" for name in names]


def test_a_process_without_its_vertebras_frame_is_not_assessed() -> None:
    whole = bone_of(_slab(level.SAP, 13, 20))
    assert whole.process is not None
    frames = {"L4": whole.anatomy.vertebra_frames["L4"]}
    anatomy: Anatomy = replace(whole.anatomy, vertebra_frames=frames)
    assert LevelBone(anatomy, whole.geometry).process is None


def test_the_process_is_told_in_the_frame_of_its_vertebra() -> None:
    process = bone_of(block(level.SAP, 2, 3, 4)).process
    assert process is not None
    # the frame of L5 stands upright 19 mm below the origin
    assert process.behind_mm == pytest.approx(process.points_lps_mm[:, 1])
    assert process.height_mm == pytest.approx(process.points_lps_mm[:, 2] + 19.0)
    assert np.ptp(process.behind_mm) == pytest.approx(7 - process.grain_mm)
    assert process.facet is None


def test_the_facet_is_the_surface_of_the_process_that_faces_the_joint() -> None:
    reach = value("planning.facet_reach_mm")
    process = bone_of(_slab(level.SAP, 10, 20), _slab(level.IAP, 23, 30)).process
    assert process is not None
    assert process.facet is not None
    behind = process.facet.centres_lps_mm[:, 1]
    # the back at 20 lies 3 mm off the joint, and a rim of its sides is as near as the reach
    assert behind.max() == 20
    assert behind.min() == 23 - reach
    on_back = behind == 20
    assert on_back.sum() == 21 * 23
    sides = process.facet.centres_lps_mm[~on_back]
    assert (((sides[:, 0] == 5) | (sides[:, 0] == 25)) | (np.abs(sides[:, 2]) == 11)).all()
    away = bone_of(_slab(level.SAP, 2, 6), _slab(level.IAP, 23, 30)).process
    assert away is not None
    assert away.facet is not None
    assert len(away.facet.ijk) == 0


# The pars


@pytest.mark.parametrize("halves", [(1, 5, 5), (5, 2, 5), (5, 5, 3)])
def test_a_plate_of_pars_is_as_thick_as_it_is(halves: tuple[int, int, int]) -> None:
    (pars,) = bone_of(block(PARS, *halves)).pars
    assert pars.thickness_mm == 2 * min(halves) + 1


def test_what_is_left_of_a_pars_is_as_thick_as_the_rest() -> None:
    (pars,) = bone_of(block(PARS, 5, 5, 3)).pars
    height = pars.voxels.centres_lps_mm[:, 2]
    assert pars.measure_left_mm(np.zeros(len(height), dtype=bool)) == 7.0
    assert pars.measure_left_mm(height > 0) == pytest.approx(3.0, abs=1.0)
    assert pars.measure_left_mm(height > -3) == 1.0
    assert pars.measure_left_mm(np.ones(len(height), dtype=bool)) == 0.0
    # the structure itself is left alone: it is whole again
    assert pars.measure_left_mm(height > 99) == pars.thickness_mm


def test_taking_more_of_a_pars_never_leaves_more(rng: np.random.Generator) -> None:
    (pars,) = bone_of(block(PARS, 4, 4, 4)).pars
    order = rng.permutation(len(pars.voxels.ijk))
    left = []
    for count in (0, 1, 20, 100, 300, 600):
        gone = np.zeros(len(order), dtype=bool)
        gone[order[:count]] = True
        left.append(pars.measure_left_mm(gone))
    assert left == sorted(left, reverse=True)
    assert left[-1] < left[0]


def test_the_rim_joins_what_may_go_only_when_it_is_freed() -> None:
    found = bone_of(_slab(level.SAP, 13, 16), _slab(level.RIM, 17, 20))
    kept, freed = (found.find_removable(frees_rim=frees) for frees in (False, True))
    assert freed.volumes_mm3.sum() == pytest.approx(2 * kept.volumes_mm3.sum())
    assert [str(rim.structure.key) for rim in found.rims] == [level.RIM]
    assert found.find_removable(frees_rim=True) is freed
