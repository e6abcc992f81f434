"""Looks, regions and films: what the pictures are made from, on a few voxels."""

from pathlib import Path

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.core import StoreError
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume, project
from kambin.report.palette import BONE_KINDS, find_look
from kambin.report.projections import _as_film, _pixel_mm, make_film
from kambin.report.raster import FAR_MM, empty_buffers, vertex_normals
from kambin.report.scenery import NOT_A_PLAN, Scenery
from kambin.report.source import SoftRegion, _is_outlined, _paint_value, _window, crop_near, soften
from kambin.report.tool_outlines import DrawnTool
from kambin.report.write import write_file

LEVEL = Level("L4", "L5")
SKIN = StructureKey("skin")


def a_region(*voxels: tuple[int, int, int], spacing_mm: float = 2.0) -> LabelMap:
    """A label map of 9 x 9 x 9 voxels with the origin at the middle voxel."""
    values = np.zeros((9, 9, 9), np.uint8)
    for voxel in voxels:
        values[voxel] = 1
    affine = np.diag([spacing_mm] * 3 + [1.0])
    affine[:3, 3] = -4.0 * spacing_mm
    return LabelMap(values, affine, "patient")


@pytest.mark.parametrize("kind", sorted(BONE_KINDS))
def test_every_bone_is_ivory(kind: str) -> None:
    assert find_look(StructureKey(kind)).colour == find_look(StructureKey("vertebra")).colour


@pytest.mark.parametrize(
    "kind", ["disc", "facet_joint", "skin", "aorta", "exiting_root", "fragment", "liver"]
)
def test_what_is_no_bone_is_not_drawn_as_one(kind: str) -> None:
    assert kind not in BONE_KINDS
    assert find_look(StructureKey(kind)).colour != find_look(StructureKey("vertebra")).colour


def test_the_look_depends_on_the_kind_and_never_on_the_side() -> None:
    left, right = (find_look(StructureKey("kidney", "", side)) for side in Side)
    assert left is right is find_look(StructureKey("what nobody named"))


def test_every_colour_is_a_colour_and_every_line_has_a_width() -> None:
    for kind in (*BONE_KINDS, "disc", "skin", "aorta", "vena_cava", "psoas", "fragment", "colon"):
        look = find_look(StructureKey(kind))
        assert all(0.0 <= part <= 1.0 for part in look.colour)
        assert look.width_pt > 0.0


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("vertebra:L2", True),
        ("sacrum", True),
        ("pedicle:L4:left", False),
        ("lamina:L5", False),
        ("sap:L5:left", True),
        ("sap:L4:left", False),
        ("iap:L4:right", True),
        ("iap:L5:right", False),
        ("exiting_root:L4:left", True),
        ("exiting_root:L3:left", False),
        ("drg:L5:right", True),
        ("traversing_root:L5:left", True),
        ("traversing_root:L4:left", False),
        ("disc:L4-L5", True),
        ("dural_sac", True),
        ("canal", False),
        ("flavum:L4-L5", False),
        ("psoas:left", False),
        ("multifidus:left", False),
        ("facet_joint:L4-L5:left", True),
        ("facet_joint:L3-L4:left", False),
        ("facet_capsule:L4-L5:left", False),
        ("segmental_artery:L4:left", True),
        ("segmental_artery:L2:left", False),
        ("colon", True),
        ("skin", True),
    ],
)
def test_sections_outline_what_matters_at_the_level(key: str, shown: bool) -> None:
    assert _is_outlined(StructureKey.parse(key), LEVEL) is shown


def test_painted_tissues_keep_the_order_of_a_ct() -> None:
    keys = ["skin", "colon", "kidney:left", "disc:L4-L5", "vertebra:L4"]
    painted = [_paint_value(StructureKey.parse(key)) for key in keys]
    assert painted == sorted(painted)
    assert len(set(painted)) == len(painted)


def test_the_corners_of_a_region_are_the_centres_of_its_outer_voxels() -> None:
    region = a_region((4, 4, 4))
    soft = SoftRegion(SKIN, region.values.astype(np.float32), region.lps_from_ijk, False)
    corners = soft.cut_shape.corners_lps_mm
    assert corners.shape == (8, 3)
    assert len(np.unique(corners, axis=0)) == 8
    assert set(np.unique(corners)) == {-8.0, 8.0}
    assert np.allclose(soft.cut_shape.ijk_from_lps @ soft.lps_from_ijk, np.eye(4))
    assert soft.cut_shape is soft.cut_shape


def test_softening_keeps_the_half_on_the_surface_of_a_block() -> None:
    values = np.zeros((9, 9, 9), np.uint8)
    values[:5] = 1
    block = a_region()
    soft = soften(SKIN, LabelMap(values, block.lps_from_ijk, "patient"), modelled=True)
    between = (soft.share[4, 4, 4] + soft.share[5, 4, 4]) / 2
    assert between == pytest.approx(0.5, abs=1e-6)
    assert soft.modelled


def test_a_single_voxel_is_not_softened_away() -> None:
    soft = soften(SKIN, a_region((4, 4, 4)), modelled=False)
    assert soft.share.max() == 1.0
    assert soft.share.sum() == 1.0


@pytest.mark.parametrize("voxel", [(4, 4, 4), (0, 0, 0), (8, 4, 0)])
def test_cropping_keeps_a_voxel_where_it_is(voxel: tuple[int, int, int]) -> None:
    region = a_region(voxel)
    cropped = crop_near(region, np.zeros(3), 100.0)
    assert cropped is not None
    place = cropped.lps_mm(np.argwhere(cropped.values))
    assert np.array_equal(place, region.lps_mm(np.array([voxel])))
    assert max(cropped.shape) <= 7


@pytest.mark.parametrize(("half_mm", "found"), [(7.9, True), (4.0, False)])
def test_only_what_lies_in_the_box_is_kept(half_mm: float, found: bool) -> None:
    assert (crop_near(a_region((8, 4, 4)), np.zeros(3), half_mm) is not None) is found


@pytest.mark.parametrize("centre_mm", [-500.0, 0.0, 500.0])
def test_a_window_is_never_empty(centre_mm: float) -> None:
    window = _window(a_region(), np.full(3, centre_mm), 1.0)
    assert min(window.shape) >= 1


def a_shadow(axis: int) -> np.ndarray:
    """Where one dense voxel of an anisotropic image falls, mm from its centre."""
    values = np.full((7, 9, 11), -1000.0, np.float32)
    values[2, 5, 7] = 1000.0
    affine = np.diag([2.0, 3.0, 4.0, 1.0])
    volume = Volume(values, affine, "patient")
    film = make_film(volume, ("ap", "lateral")[axis])
    shadow = film.shadow
    row, column = np.unravel_index(int(shadow.values.argmax()), shadow.values.shape)
    width, height = _pixel_mm(shadow)
    expected = np.array([column * width, row * height])
    return film.picture_mm(volume.lps_mm(np.array([2, 5, 7]))) - expected


@pytest.mark.parametrize("axis", [0, 1])
def test_a_point_falls_on_its_own_shadow(axis: int) -> None:
    assert np.abs(a_shadow(axis)).max() <= 1e-9


def test_a_film_is_grey_from_black_to_white() -> None:
    values = np.full((30, 30, 30), -1000.0, np.float32)
    values[5:25, 5:25, 5:25] = 40.0
    values[12:18, 12:18, 12:18] = 900.0
    film = _as_film(project(Volume(values, np.diag([4.0, 4.0, 4.0, 1.0]), "patient"), "ap"))
    assert film.dtype == np.float32
    assert film.min() == 0.0
    assert film.max() == 1.0


def test_an_empty_picture_sees_nothing_anywhere() -> None:
    depth, facing, owner = empty_buffers((4, 3))
    assert depth.shape == owner.shape == (3, 4)
    assert facing.shape == (3, 4, 3)
    assert (depth == np.float32(FAR_MM)).all()
    assert (owner == -1).all()
    assert not facing.any()


def test_normals_have_unit_length_and_a_lonely_vertex_has_none() -> None:
    vertices = np.array([[0.0, 0, 0], [2, 0, 0], [0, 3, 0], [9, 9, 9]])
    normals = vertex_normals(vertices, np.array([[0, 1, 2]]))
    assert np.array_equal(normals[:3], np.tile([0.0, 0.0, 1.0], (3, 1)))
    assert not normals[3].any()
    assert np.array_equal(vertex_normals(vertices, np.array([[0, 2, 1]])), -normals)


def a_scenery(*tools: DrawnTool, is_plan: bool = True) -> Scenery:
    focus, outward = np.array([10.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0])
    return Scenery(LEVEL, Side.LEFT, focus, outward, tools, (), None, is_plan)


def test_every_picture_of_a_refusal_says_that_it_is_no_plan() -> None:
    assert a_scenery().caption == "L4-L5 LEFT side"
    assert a_scenery(is_plan=False).caption == f"L4-L5 LEFT side\n{NOT_A_PLAN}"


def test_pictures_look_at_the_target_or_a_third_of_the_way_out() -> None:
    assert np.array_equal(a_scenery().middle_lps_mm, (10.0, 0.0, 0.0))
    needle = DrawnTool("needle", 0.65, np.zeros(3), np.array([110.0, 0.0, 0.0]))
    assert np.allclose(a_scenery(needle).middle_lps_mm, (40.0, 0.0, 0.0))


def test_a_report_file_is_replaced_whole(tmp_path: Path) -> None:
    file = tmp_path / "pictures" / "axial.png"
    assert write_file(file, b"old") == file
    write_file(file, b"new")
    assert file.read_bytes() == b"new"
    assert [f.name for f in file.parent.iterdir()] == ["axial.png"]


def test_a_report_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "report").write_bytes(b"in the way")
    with pytest.raises(StoreError, match=r"RP-002.*report.html") as caught:
        write_file(tmp_path / "report" / "report.html", b"x")
    assert caught.value.exit_code == 6
    assert (tmp_path / "report").read_bytes() == b"in the way"
