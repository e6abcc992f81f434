"""Kambin's window on the spine of boxes: limits, angles, nesting, and why there may be none."""

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Anatomy, Level, Tube
from kambin.core import Finding
from kambin.frames import Side
from kambin.measure import Site, Window, measure_window, polygon_area_mm2
from kambin.measure.window import MEASURES
from kambin.measure.window_rows import find_oblique_deg

LEVEL = Level("L4", "L5")
VIEWS = [(theta, phi) for theta in (20, 30, 45, 60, 75) for phi in (-10, 0, 15)]


@pytest.fixture(scope="module")
def site(a_spine_of_boxes: Anatomy) -> Site:
    return Site(a_spine_of_boxes, level=LEVEL, side=Side.LEFT)


def window(site: Site, theta: float, phi: float, kind="neural") -> Window | Finding:
    return measure_window(site, axial_inclination_deg=theta, craniocaudal_deg=phi, kind=kind)


def test_seen_from_behind_the_window_lies_between_sac_pedicle_and_root(site: Site) -> None:
    """Sac to x = 8, pedicle to z = -7 from y = 17 on, root from (7, 17) past (18, 3)."""
    found = window(site, 0.0, 0.0)
    assert found.medial_limit == "dura"
    assert found.lateral_limit == "root on the plate"
    corners = found.sight.view.local_mm(found.outline_lps_mm())
    assert corners[:, 0].min() == pytest.approx(8.0, abs=0.3)
    # The base rises a little towards the rim of the body at -5.
    assert -7.3 < corners[:, 2].min() < -5.7
    # The picture lies on the plane that touches the disc behind.
    assert corners[:, 1] == pytest.approx(np.full(len(corners), 17.0), abs=0.3)


def test_no_part_of_the_root_lies_in_the_window(site: Site) -> None:
    root = site.structure("exiting_root", "L4", sided=True).tube
    for theta, phi in VIEWS:
        found = window(site, theta, phi)
        if isinstance(found, Finding) or found.is_shut:
            continue
        seen = found.sight.picture_mm(root.points_lps_mm)
        along = np.linspace(0, 1, 50)[:, None]
        line = np.concatenate([a + along * (b - a) for a, b in itertools.pairwise(seen)])
        line = line[(line[:, 2] > 0) & (line[:, 2] < 36)]
        centre, radius = found.centre_mm, found.values["diameter"] / 2
        gap = np.linalg.norm(line[:, :2] - centre, axis=1).min() - radius
        assert gap >= root.radii_mm[0] - 0.3


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
def test_a_bony_window_is_never_larger_than_the_neural_one(site: Site, theta, phi) -> None:
    neural, bony = window(site, theta, phi), window(site, theta, phi, "bony")
    assert isinstance(neural, Finding) == isinstance(bony, Finding)
    if isinstance(neural, Window):
        for name in MEASURES:
            assert bony.values[name] <= neural.values[name] + 1e-6


@pytest.mark.parametrize(("theta", "phi"), VIEWS)
def test_a_window_has_three_or_four_corners_and_their_area(site: Site, theta, phi) -> None:
    found = window(site, theta, phi)
    if isinstance(found, Window) and not found.is_shut:
        assert len(found.vertices_mm) in (3, 4)
        assert polygon_area_mm2(found.vertices_mm) == pytest.approx(found.values["area"])
        assert all(found.sigmas[name] > 0 for name in MEASURES)


def test_the_boxes_show_windows_that_the_joint_narrows_and_shuts(site: Site) -> None:
    kinds = {
        (found.is_shut, found.medial_limit)
        for view in VIEWS
        for found in [window(site, *view, "bony")]
        if isinstance(found, Window)
    }
    assert {word for _, word in kinds} >= {"superior articular process"}


def test_without_a_sac_the_pedicle_line_limits_the_window(build_spine) -> None:
    anatomy = build_spine(without=("dural_sac",))
    found = window(Site(anatomy, level=LEVEL, side=Side.LEFT), 30.0, 0.0)
    assert found.medial_limit == "pedicle line"


@pytest.mark.parametrize("missing", ["exiting_root:L4:left", "disc:L4-L5"])
def test_without_root_or_disc_there_is_no_window_and_a_finding(build_spine, missing) -> None:
    anatomy = build_spine(without=(missing,))
    found = window(Site(anatomy, level=LEVEL, side=Side.LEFT), 45.0, 0.0)
    assert isinstance(found, Finding)
    assert found.code == "AN-306"


def test_a_closed_foramen_has_no_window(build_spine) -> None:
    block = ((10, 24, 17, 33, -12, 20), (-22, 22, -17, 17, -33, -5))
    anatomy = build_spine(vertebra__L5=block)
    found = window(Site(anatomy, level=LEVEL, side=Side.LEFT), 45.0, 0.0)
    assert isinstance(found, Finding)
    assert "open foramen" in found.why


def test_a_less_certain_root_makes_a_less_certain_window(a_spine_of_boxes: Anatomy) -> None:
    vague = {
        key: replace(one, sigma_mm=2.5) if key.kind == "exiting_root" else one
        for key, one in a_spine_of_boxes.structures.items()
    }
    sites = [
        Site(replace(a_spine_of_boxes, structures=found), level=LEVEL, side=Side.LEFT)
        for found in (a_spine_of_boxes.structures, vague)
    ]
    sure, unsure = (window(site, 30.0, 0.0) for site in sites)
    assert unsure.values == sure.values
    assert unsure.sigmas["diameter"] > 2 * sure.sigmas["diameter"]


@pytest.mark.parametrize(
    ("forward_deg", "expected_deg"), [(15.0, 40.0), (43.0, 43.0), (70.0, 45.0)]
)
def test_the_coronal_oblique_plane_lies_half_way_and_yields_to_the_root(
    a_spine_of_boxes: Anatomy, forward_deg: float, expected_deg: float
) -> None:
    root = a_spine_of_boxes.require("exiting_root:L4:left")
    out = np.linspace(0, 12, 13)
    run = np.column_stack([7 + out, 17 - out * math.tan(math.radians(forward_deg)), 14 - out])
    turned = replace(root, tube=Tube(run, np.full(13, root.tube.radii_mm[0])))
    structures = {**a_spine_of_boxes.structures, root.key: turned}
    at = Site(replace(a_spine_of_boxes, structures=structures), level=LEVEL, side=Side.LEFT)
    assert find_oblique_deg(at) == pytest.approx(expected_deg, abs=0.1)


def section(site: Site, kind="neural", theta=45.0, depth_mm=12.0) -> Window:
    return measure_window(
        site, axial_inclination_deg=theta, craniocaudal_deg=0.0, kind=kind, depth_mm=depth_mm
    )


def test_a_section_is_drawn_along_the_root_and_its_ganglion_reaches_in(
    a_spine_of_boxes: Anatomy,
) -> None:
    """Papers draw the root; what the instrument must miss is the ganglion as well."""
    ganglion = a_spine_of_boxes.require("drg:L4:left")
    tube = ganglion.tube
    swollen = replace(ganglion, tube=replace(tube, radii_mm=tube.radii_mm + 2))
    structures = {**a_spine_of_boxes.structures, ganglion.key: swollen}
    sites = [
        Site(one, level=LEVEL, side=Side.LEFT)
        for one in (a_spine_of_boxes, replace(a_spine_of_boxes, structures=structures))
    ]
    drawn = [section(site, theta=30.0).values["area"] for site in sites]
    free = [window(site, 30.0, 0.0).values["area"] for site in sites]
    assert drawn[1] == drawn[0] > free[0] > free[1] + 2


@pytest.mark.parametrize("theta", [20.0, 30.0, 45.0, 60.0])
@pytest.mark.parametrize("depth_mm", [3.0, 5.0, 12.0, 20.0])
def test_a_drawn_bony_window_is_never_larger_either(site: Site, theta, depth_mm) -> None:
    neural, bony = (section(site, kind, theta, depth_mm) for kind in ("neural", "bony"))
    for name in MEASURES:
        assert bony.values[name] <= neural.values[name] + 1e-6


def test_a_slab_is_less_sure_of_bone_that_it_just_misses(a_spine_of_boxes: Anatomy) -> None:
    found = {}
    for sigma in (0.0, 6.0):
        disc = replace(a_spine_of_boxes.require("disc:L4-L5"), sigma_mm=sigma)
        structures = {**a_spine_of_boxes.structures, disc.key: disc}
        at = Site(replace(a_spine_of_boxes, structures=structures), level=LEVEL, side=Side.LEFT)
        for kind in ("neural", "bony"):
            found[sigma, kind] = measure_window(
                at, axial_inclination_deg=30.0, craniocaudal_deg=0.0, kind=kind, depth_mm=6.0
            )
    for sigma in (0.0, 6.0):
        assert found[sigma, "bony"].values == found[0.0, "bony"].values
    # The process begins 10 mm behind the wall: a slab of 6 mm misses it, one of 12 does not.
    assert found[6.0, "bony"].sigmas["diameter"] > found[0.0, "bony"].sigmas["diameter"] + 0.5
    assert found[6.0, "neural"].sigmas == found[0.0, "neural"].sigmas
