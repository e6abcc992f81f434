from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, WALL_MM, angle_deg, frame_at, lumbar_bones

from kambin.anatomy import BonyAnatomy, Level, Origin, StructureKey
from kambin.anatomy.disc_rims import in_body
from kambin.anatomy.discs import fill_disc, find_columns, make_disc_frame
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.vertebra_frames import smooth_occupancy

LEVEL = Level("L4", "L5")


@pytest.fixture(scope="module")
def bony() -> BonyAnatomy:
    return lumbar_bones()


@pytest.fixture(scope="module")
def bones(bony: BonyAnatomy) -> tuple[Sampler, Sampler]:
    return smooth_occupancy(bony.bone, "L4"), smooth_occupancy(bony.bone, "L5")


@pytest.fixture(scope="module")
def whole(bony: BonyAnatomy) -> Sampler:
    return Sampler(bony.bone.occupancy, bony.bone.grid.origin_lps_mm, bony.bone.grid.spacing_mm)


def disc_points(bony: BonyAnatomy, level: Level) -> np.ndarray:
    region = bony.structures[StructureKey("disc", str(level))].region
    places = region.lps_mm(np.argwhere(region.values))
    return bony.disc_frames[level].lps_from_disc.inverse().points(places)


def test_every_level_has_a_frame_and_a_disc(bony: BonyAnatomy) -> None:
    assert [str(level) for level in bony.levels] == ["L4-L5", "L5-S1"]
    for level in bony.levels:
        disc = bony.structures[StructureKey("disc", str(level))]
        assert disc.origin is Origin.MODELLED
        assert disc.sigma_mm == 0.7


def test_the_disc_frame_lies_midway_between_the_plates(bony: BonyAnatomy) -> None:
    frame = bony.disc_frames[LEVEL].lps_from_disc
    upper, lower = LUMBAR["L4"], LUMBAR["L5"]
    middle = (upper.points([0, 0, -13.0]) + lower.points([0, 0, 13.0])) / 2
    assert frame.origin_mm == pytest.approx(middle, abs=0.7)
    mean = upper.rotation[:, 2] + lower.rotation[:, 2]
    assert angle_deg(frame.rotation[:, 2], mean / np.linalg.norm(mean)) < 1.0


def test_the_measures_of_a_disc_are_those_of_the_bodies(bony: BonyAnatomy) -> None:
    disc = bony.disc_frames[LEVEL]
    gap = np.linalg.norm(LUMBAR["L4"].points([0, 0, -13.0]) - LUMBAR["L5"].points([0, 0, 13.0]))
    assert disc.height_mm == pytest.approx(gap, abs=1.0)
    assert disc.half_width_mm == pytest.approx(21.5, abs=1.0)
    assert disc.posterior_rim_y_mm == pytest.approx(WALL_MM, abs=1.5)


def test_the_disc_touches_no_bone_and_fills_the_gap(bony: BonyAnatomy) -> None:
    region = bony.structures[StructureKey("disc", "L4-L5")].region
    nodes = np.round(bony.working_grid.ijk(region.lps_mm(np.argwhere(region.values)))).astype(int)
    assert (bony.bone.labels[tuple(nodes.T)] == 0).all()
    made = np.pi * 22 * 17.5 * 13.5
    assert region.values.sum() == pytest.approx(made, rel=0.15)


def test_the_disc_never_reaches_behind_its_rim_into_the_foramen(bony: BonyAnatomy) -> None:
    for level in bony.levels:
        disc = bony.disc_frames[level]
        assert disc_points(bony, level)[:, 1].max() < disc.posterior_rim_y_mm + 2.0


def test_columns_from_pedicle_to_pedicle_are_not_disc(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    """Without the rims they would fill the foramen (recipes 3)."""
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, bones, frames, whole)
    assert columns is not None
    gap = columns.top_mm - columns.bottom_mm
    centre = np.nanmedian(gap[columns.accepted])
    assert gap[columns.accepted].max() <= centre + 5.0


def test_behind_the_wall_the_body_ends_and_beside_the_canal_sooner() -> None:
    points = np.array([[0, 16.0, 0], [0, 18.0, 0], [20.0, 14.0, 0], [-20.0, 12.0, 0]])
    assert in_body(points, 15.0).tolist() == [True, False, False, True]


def test_bodies_that_do_not_face_each_other_have_no_disc(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    far = Sampler(bones[1].values, bones[1].origin_lps_mm - [0.0, 0.0, 300.0], 1.0)
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    assert find_columns(LEVEL, (bones[0], far), frames, whole) is None


def test_specks_of_columns_are_no_disc(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    values = bones[1].values.copy()
    nodes = frame_at((0, 0, 0)).inverse().points(bones[1].nodes_lps_mm())
    values[np.abs(nodes[..., 0]) > 1.0] = 0.0
    thin = Sampler(values, bones[1].origin_lps_mm, 1.0)
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, (bones[0], thin), frames, whole)
    assert columns is None or np.ptp(columns.u_mm[columns.accepted.any(axis=1)]) < 4.0


def test_a_disc_outside_the_grid_is_not_written(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, bones, frames, whole)
    assert columns is not None
    full = np.ones_like(bony.bone.labels)
    no_room = type(bony.bone)(bony.bone.grid, bony.bone.names, full, bony.bone.occupancy)
    assert fill_disc(columns, no_room, 1.0) is None


def test_a_disc_without_a_midline_is_measured_where_it_is(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, bones, frames, whole)
    assert columns is not None
    aside = np.where((np.abs(columns.u_mm) > 5.0)[:, None], columns.margin_mm, -1.0)
    frame = make_disc_frame(replace(columns, margin_mm=aside))
    assert frame.half_width_mm == pytest.approx(21.5, abs=1.0)
    assert frame.posterior_rim_y_mm > 8.0


def test_the_disc_frame_lies_between_the_rims_where_one_plate_is_hollow(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, bones, frames, whole)
    assert columns is not None
    hollow = columns.top_mm + 3.0 * (columns.margin_mm > 7.0)
    flat, hollowed = make_disc_frame(columns), make_disc_frame(replace(columns, top_mm=hollow))
    assert hollowed.height_mm > flat.height_mm + 1.0
    assert hollowed.lps_from_disc.origin_mm == pytest.approx(flat.lps_from_disc.origin_mm)


def test_a_hole_in_a_plate_leaves_disc_and_frame_as_they_were(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    """A column that meets no bone at one end is filled in, and has no height of its own."""
    frames = (bony.vertebra_frames["L4"], bony.vertebra_frames["L5"])
    columns = find_columns(LEVEL, bones, frames, whole)
    top = columns.top_mm.copy()
    rows = np.argwhere(columns.accepted)
    top[tuple(rows[:: len(rows) // 20].T)] = np.nan
    with_holes = replace(columns, top_mm=top)
    sound, holed = make_disc_frame(columns), make_disc_frame(with_holes)
    assert holed.lps_from_disc.origin_mm == pytest.approx(sound.lps_from_disc.origin_mm, abs=0.2)
    assert holed.height_mm == pytest.approx(sound.height_mm, abs=0.2)
    discs = [fill_disc(one, bony.bone, 1.0) for one in (columns, with_holes)]
    assert None not in discs
    volumes = [int(disc.region.values.sum()) for disc in discs if disc is not None]
    assert volumes[1] == pytest.approx(volumes[0], rel=0.02)


def test_no_disc_is_carried_far_from_columns_that_end_at_both_plates(
    bony: BonyAnatomy, bones: tuple[Sampler, Sampler], whole: Sampler
) -> None:
    frames = tuple(bony.vertebra_frames[v] for v in ("L4", "L5"))
    columns = find_columns(LEVEL, bones, frames, whole)
    assert columns is not None
    half = replace(columns, accepted=columns.accepted & (columns.u_mm < 0.0)[:, None])
    disc = fill_disc(half, bony.bone, 1.0)
    assert disc is not None
    places = disc.region.lps_mm(np.argwhere(disc.region.values))
    assert columns.lps_from_disc.inverse().points(places)[:, 0].max() < 3.0
