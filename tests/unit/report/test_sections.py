"""Sections outline structures where they are, name them, and say who binds."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.imaging import LabelMap, Volume
from kambin.planning import Plan
from kambin.report import sections
from kambin.report.scenery import plan_scenery
from kambin.report.sections import draw_section
from kambin.report.slice_outlines import region_outlines_mm
from kambin.report.source import SoftRegion, crop_near, outlined_structures, shown_volume, soften
from kambin.report.view_planes import ViewPlane, orthogonal_planes

ORIGIN = np.zeros(3)
LEVEL = Level.parse("L4-L5")
DISC = StructureKey.parse("disc:L4-L5")


@pytest.fixture(scope="module")
def the_regions(a_small_anatomy: Anatomy) -> dict[str, SoftRegion]:
    regions = outlined_structures(a_small_anatomy, LEVEL, ORIGIN)
    return {str(region.key): region for region in regions}


@pytest.fixture(scope="module")
def the_views() -> dict[str, ViewPlane]:
    return {view.name: view for view in orthogonal_planes(ORIGIN, width_mm=190.0)}


def picture_of(png: bytes) -> NDArray[np.float32]:
    return imread(BytesIO(png))[..., :3]


def test_a_disc_is_outlined_where_it_is(
    the_regions: dict[str, SoftRegion], the_views: dict[str, ViewPlane]
) -> None:
    (line,) = region_outlines_mm(the_regions["disc:L4-L5"], the_views["axial"])
    low, high = line.min(axis=0), line.max(axis=0)
    assert low == pytest.approx([-23.0, -33.0], abs=0.6)
    assert high == pytest.approx([23.0, 1.0], abs=0.6)


def test_what_a_plane_does_not_meet_is_not_outlined(
    the_regions: dict[str, SoftRegion], the_views: dict[str, ViewPlane]
) -> None:
    assert region_outlines_mm(the_regions["colon"], the_views["sagittal"]) == []


def test_what_lies_beside_the_picture_is_not_outlined(the_regions: dict[str, SoftRegion]) -> None:
    beside = orthogonal_planes(np.array([-60.0, -30.0, 0.0]), width_mm=60.0)[0]
    assert region_outlines_mm(the_regions["colon"], beside) == []


def test_the_left_root_is_drawn_on_the_right_of_a_coronal_picture(
    the_regions: dict[str, SoftRegion], the_views: dict[str, ViewPlane]
) -> None:
    high = orthogonal_planes(np.array([0.0, 4.0, 0.0]), width_mm=190.0)[2]
    (line,) = region_outlines_mm(the_regions["exiting_root:L4:left"], high)
    assert line[:, 0].min() > 0


def test_parts_of_a_vertebra_other_than_the_joint_are_not_outlined(
    the_regions: dict[str, SoftRegion],
) -> None:
    assert {"vertebra:L4", "sap:L5:left", "skin", "aorta"} <= set(the_regions)
    assert not any(name.startswith(("body:", "lamina:", "canal")) for name in the_regions)


def test_whether_a_structure_is_modelled_is_kept(the_regions: dict[str, SoftRegion]) -> None:
    assert the_regions["exiting_root:L4:left"].modelled
    assert not the_regions["disc:L4-L5"].modelled


def test_a_thin_sheet_does_not_vanish_when_softened() -> None:
    values = np.zeros((9, 9, 9), np.uint8)
    values[:, 4, 4] = 1
    region = soften(DISC, LabelMap(values, np.eye(4), "patient"), modelled=False)
    assert region.share.max() > 0.5


def test_cropping_keeps_what_is_near_and_its_place(a_small_anatomy: Anatomy) -> None:
    region = a_small_anatomy.require("dural_sac").region
    near = crop_near(region, ORIGIN, 30.0)
    assert near is not None
    inside = near.lps_mm(np.argwhere(near.values > 0))
    whole = region.lps_mm(np.argwhere(region.values > 0))
    expected = whole[(np.abs(whole) <= 31.0).all(axis=1)]
    assert inside.min(axis=0) == pytest.approx(expected.min(axis=0))
    assert len(inside) == len(expected)


def test_cropping_far_away_finds_nothing(a_small_anatomy: Anatomy) -> None:
    region = a_small_anatomy.require("colon").region
    assert crop_near(region, np.array([-70.0, 0.0, 0.0]), 20.0) is None


def test_a_case_with_an_image_shows_the_image(a_small_case: Case, a_small_anatomy: Anatomy) -> None:
    assert shown_volume(a_small_case, a_small_anatomy, ORIGIN) is a_small_case.image


def test_a_label_only_case_is_painted_bone_bright_air_dark(
    a_label_only_case: Case, a_small_anatomy: Anatomy
) -> None:
    painted = shown_volume(a_label_only_case, a_small_anatomy, ORIGIN)

    def at(*point: float) -> float:
        return float(painted.values[tuple(np.rint(painted.ijk(point)).astype(int))])

    assert at(0, -20, 20) > 300  # body of L4
    assert -200 < at(0, 60, 0) < 0  # fat under the skin
    assert at(90, 70, 0) == -1000  # beside the patient


def test_without_skin_everything_unlabelled_is_body(
    a_label_only_case: Case, a_small_anatomy: Anatomy
) -> None:
    structures = {k: s for k, s in a_small_anatomy.structures.items() if k.kind != "skin"}
    bare = Anatomy(
        structures,
        {},
        a_small_anatomy.disc_frames,
        a_small_anatomy.scheme,
        a_small_anatomy.working_grid,
        a_small_anatomy.label_spacing_mm,
    )
    assert shown_volume(a_label_only_case, bare, ORIGIN).values.min() > -1000


@pytest.mark.parametrize(
    ("x", "y", "is_named"),
    [(-0.3, -0.4, False), (-0.35, 0.42, False), (0.0, 0.0, True), (0.3, -0.4, True)],
    ids=["caption", "scale bar", "middle", "upper right"],
)
def test_no_name_is_written_under_the_caption_or_the_scale_bar(
    the_views: dict[str, ViewPlane],
    monkeypatch: pytest.MonkeyPatch,
    x: float,
    y: float,
    is_named: bool,
) -> None:
    view, named = the_views["axial"], []
    monkeypatch.setattr(sections, "write_label", lambda *given, **_: named.append(given[3]))
    wide, high = view.size_mm
    corner = np.array([x * wide, y * high])
    line = corner + 5.0 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1], [-1, -1]])
    monkeypatch.setattr(sections, "region_outlines_mm", lambda *_: [line])
    volume = Volume(np.zeros((4, 4, 4), np.float32), np.eye(4), "patient")
    region = SoftRegion(DISC, np.zeros((2, 2, 2), np.float32), np.eye(4), modelled=False)
    draw_section(volume, view, (region,), (), caption="L4-L5 LEFT side")
    assert bool([text for text in named if "disc" in text]) is is_named


def test_the_binding_structure_is_hatched(
    a_small_case: Case, the_regions: dict[str, SoftRegion], the_views: dict[str, ViewPlane]
) -> None:
    assert a_small_case.image is not None
    regions, view = tuple(the_regions.values()), the_views["axial"]
    plain, hatched = (
        picture_of(
            draw_section(a_small_case.image, view, regions, (), caption="x", binding=binding)
        )
        for binding in (None, DISC)
    )
    changed = (np.abs(plain - hatched) > 0.2).any(axis=2)
    columns = np.nonzero(changed)[1]
    pixel_mm = view.size_mm[0] / plain.shape[1]
    assert changed.sum() > 500
    assert np.ptp(columns) * pixel_mm == pytest.approx(46.0, abs=3.0)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_tool_lies_on_the_asked_side_of_the_axial_picture(
    side: str, a_small_case: Case, a_plan: Callable[[str], Plan]
) -> None:
    scenery = plan_scenery(a_plan(side))
    view = next(view for view in scenery.planes if view.name == "along-flat")
    assert a_small_case.image is not None
    with_tools = picture_of(draw_section(a_small_case.image, view, (), scenery.tools, caption="x"))
    cyan = (with_tools[..., 2] - with_tools[..., 0] > 0.35) & (with_tools[..., 1] > 0.5)
    midline = view.plane.pixels(ORIGIN)[1] / view.plane.shape[1] * with_tools.shape[1]
    columns = np.nonzero(cyan)[1]
    on_the_right = float((columns > midline).mean())
    assert on_the_right > 0.9 if side == "left" else on_the_right < 0.1


def test_the_same_section_gives_the_same_bytes(
    a_small_case: Case, the_regions: dict[str, SoftRegion], the_views: dict[str, ViewPlane]
) -> None:
    assert a_small_case.image is not None
    regions = tuple(the_regions.values())
    first, second = (
        draw_section(a_small_case.image, the_views["coronal"], regions, (), caption="x")
        for _ in range(2)
    )
    assert first == second


def test_a_dollar_in_a_caption_is_a_dollar(
    a_small_case: Case, the_views: dict[str, ViewPlane]
) -> None:
    assert a_small_case.image is not None
    png = draw_section(a_small_case.image, the_views["axial"], (), (), caption="$x^2$ $")
    assert png.startswith(b"\x89PNG")
