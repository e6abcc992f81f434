"""The picture in space: what is shown, what is taken away, and from where one looks."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from kambin.anatomy import Anatomy, Level, StructureKey
from kambin.planning import Plan
from kambin.report.palette import REMOVED_ORANGE
from kambin.report.render import Mesh
from kambin.report.scene import draw_scene, scene_cameras, scene_meshes, see_through_tools
from kambin.report.scenery import plan_scenery

LEVEL = Level.parse("L4-L5")


@pytest.fixture(scope="module")
def the_scene(a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]) -> tuple[Mesh, ...]:
    scenery = plan_scenery(a_plan("left"))
    return scene_meshes(a_small_anatomy, LEVEL, scenery.focus_lps_mm, scenery.tools)


def names(meshes: tuple[Mesh, ...]) -> list[str]:
    return [mesh.name for mesh in meshes]


def test_bones_disc_nerves_and_tools_are_shown_and_skin_is_not(
    the_scene: tuple[Mesh, ...],
) -> None:
    shown = set(names(the_scene))
    assert {"vertebra:L4", "vertebra:L5", "disc:L4-L5", "dural_sac"} <= shown
    assert {"exiting_root:L4:left", "exiting_root:L4:right", "needle", "cannula"} <= shown
    assert not {"skin", "colon", "sap:L5:left"} & shown


def test_what_the_reamer_takes_is_orange_and_missing_from_the_bone(
    the_scene: tuple[Mesh, ...], a_small_anatomy: Anatomy
) -> None:
    taken = [mesh for mesh in the_scene if mesh.name == "removed"]
    assert len(taken) == 1
    assert taken[0].colour == REMOVED_ORANGE
    whole = scene_meshes(a_small_anatomy, LEVEL, np.zeros(3), ())
    intact = next(mesh for mesh in whole if mesh.name == "vertebra:L5")
    cut = next(mesh for mesh in the_scene if mesh.name == "vertebra:L5")
    assert len(cut.surface.faces) != len(intact.surface.faces)


def test_from_the_other_side_nothing_is_taken_of_this_joint(
    a_small_anatomy: Anatomy, a_plan: Callable[[str], Plan]
) -> None:
    scenery = plan_scenery(a_plan("right"))
    meshes = scene_meshes(a_small_anatomy, LEVEL, scenery.focus_lps_mm, scenery.tools)
    assert "removed" not in names(meshes)


def test_the_binding_structure_is_orange_even_if_it_is_not_shown_otherwise(
    a_small_anatomy: Anatomy,
) -> None:
    binding = StructureKey.parse("colon")
    meshes = scene_meshes(a_small_anatomy, LEVEL, np.zeros(3), (), binding)
    colon = next(mesh for mesh in meshes if mesh.name == "colon")
    assert colon.colour == REMOVED_ORANGE


def test_looking_down_the_tools_one_sees_through_the_cannula(the_scene: tuple[Mesh, ...]) -> None:
    seen = {mesh.name: mesh.opacity for mesh in see_through_tools(the_scene)}
    assert seen["cannula"] < 1.0
    assert seen["needle"] == seen["vertebra:L4"] == 1.0


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_cameras_stand_on_the_side_of_the_tools(sign: float) -> None:
    outward = np.array([sign, 1.0, 0.3]) / np.linalg.norm([1.0, 1.0, 0.3])
    cameras = {name: camera for name, _, camera in scene_cameras(np.zeros(3), outward)}
    assert cameras["space-side"].view_lps[0] * sign < 0
    assert cameras["space-along"].view_lps == pytest.approx(-outward)
    assert cameras["space-behind"].letters.top.startswith("S")
    behind = cameras["space-behind"].letters
    assert (behind.left, behind.right) == ("L", "R")


def test_mirrored_sides_give_mirrored_views() -> None:
    outward = np.array([0.7, 0.7, 0.2])
    left = scene_cameras(np.zeros(3), outward)
    right = scene_cameras(np.zeros(3), outward * [-1, 1, 1])
    for (_, _, one), (_, _, other) in zip(left, right, strict=True):
        assert other.view_lps == pytest.approx(one.view_lps * [-1, 1, 1])
        assert other.up_lps == pytest.approx(one.up_lps * [-1, 1, 1])


def test_the_picture_is_a_file_and_repeats_itself(the_scene: tuple[Mesh, ...]) -> None:
    _, title, camera = scene_cameras(np.zeros(3), np.array([0.7, 0.7, 0.2]))[1]
    first, second = (
        draw_scene(the_scene, camera, title=title, caption="L4-L5 LEFT side") for _ in range(2)
    )
    assert first == second
    assert imread(BytesIO(first)).shape[:2] == (640, 640)
