"""The rules that part a vertebra, point by point, and the helpers around sac and flavum."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.anatomy.box_bones import frame_of

from kambin.anatomy import Level
from kambin.anatomy.canal import CanalCurve, CanalSpace
from kambin.anatomy.flavum import _roof
from kambin.anatomy.part_rules import PartPoints, measure_canal_depth, shipped_rules
from kambin.anatomy.partition import (
    MIDLINE_PARTS,
    PARTS,
    SIDED_PARTS,
    classify_points,
    measure_points,
)
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import VertebraFrame
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid
from kambin.knowledge import value, value_at, values

PEDICLE_X, WIDTH, HEIGHT = 15.0, 9.0, 14.0
RADII = (22.0, 16.0)
WALL = 16.0


def points_at(x: float, behind: float, above: float, under: float = 12.0) -> PartPoints:
    """One point by its measures: beside the midline, behind the wall, above the pedicle."""
    numbers = (x, behind, above, under, WALL + behind, PEDICLE_X, WIDTH, HEIGHT)
    return PartPoints(*(np.array([float(n)]) for n in numbers))


def part_at(x: float, behind: float, above: float, under: float = 12.0) -> str:
    return PARTS[int(classify_points(points_at(x, behind, above, under), RADII)[0])]


@pytest.mark.parametrize(
    ("place", "part"),
    [
        ((0, -10, 0), "body"),
        ((15, -5, 0), "body"),
        ((0, -1, 8, 0.5), "body_rim"),
        ((15, 4, 0), "pedicle"),
        ((15, 4, HEIGHT / 2 - 0.1), "pedicle_rim"),
        ((1, 40, -8), "sp"),
        ((16, 16, 14), "sap"),
        ((8, 18, -26), "iap"),
        ((32, 9, 0), "tp"),
    ],
)
def test_a_point_in_the_middle_of_a_part_belongs_to_it(place, part):
    assert part_at(*place) == part


def test_the_body_ends_at_the_wall_and_the_canal_is_no_part_of_it():
    behind, *_ = values("completion_bone.body_rule")
    lip, *_ = values("completion_bone.pedicle_rule")
    limit = max(behind, lip)
    assert part_at(0, limit - 0.1, 0) == "body"
    assert part_at(0, limit + 0.1, 0) != "body"


@pytest.mark.parametrize("under", [0.0, 30.0])
def test_only_the_back_of_the_upper_plate_is_rim(under):
    depth = values("completion_bone.body_rim_rule")[0]
    part = part_at(0, -0.5, 6, under)
    assert part == ("body_rim" if under < depth else "body")


def test_the_front_of_the_plate_is_no_rim():
    assert part_at(0, -2 * WALL + 1, 6, 0.1) == "body"


def test_below_the_border_of_the_pedicle_bone_beside_the_body_is_no_pedicle():
    _, _, low = values("completion_bone.pedicle_rule")
    assert part_at(PEDICLE_X, 5, -low * HEIGHT + 0.1) in ("pedicle", "pedicle_rim")
    assert part_at(PEDICLE_X, 5, -low * HEIGHT - 0.1) not in ("pedicle", "pedicle_rim")


@given(
    st.floats(0, 50, width=32),
    st.floats(-40, 50, width=32),
    st.floats(-40, 40, width=32),
    st.floats(-5, 40, width=32),
)
def test_every_point_has_one_part_and_the_same_one_alone_or_among_others(x, behind, above, under):
    alone = classify_points(points_at(x, behind, above, under), RADII)
    twice = PartPoints(
        *(
            np.repeat(getattr(points_at(x, behind, above, under), name), 2)
            for name in PartPoints.__dataclass_fields__
            if name != "canal_depth_mm"
        )
    )
    assert alone[0] < len(PARTS)
    assert classify_points(twice, RADII).tolist() == alone.tolist() * 2


def test_other_rules_part_a_vertebra_otherwise():
    place = points_at(16, 16, 14)
    no_sap = replace(shipped_rules(), sap=(9.0, 3.0, 2.0, 1.2))
    assert PARTS[classify_points(place, RADII)[0]] == "sap"
    assert PARTS[classify_points(place, RADII, no_sap)[0]] != "sap"


def test_a_deep_canal_moves_the_processes_back():
    """What lies 16 mm behind the wall of a canal of 18 mm lies further behind a deeper one."""
    place = points_at(16, 22, -6)
    shallow, deep = (replace(place, canal_depth_mm=depth) for depth in (15.0, 24.0))
    assert PARTS[classify_points(shallow, RADII)[0]] == "sap"
    assert PARTS[classify_points(deep, RADII)[0]] != "sap"


def test_the_canal_is_as_deep_as_the_first_bone_behind_it():
    behind = np.concatenate([np.linspace(-30, 1, 200), np.linspace(17, 50, 200)])
    assert measure_canal_depth(np.zeros(400), behind) == pytest.approx(18.0, abs=0.1)
    assert measure_canal_depth(np.full(400, 20.0), behind) is None


def test_the_parts_are_named_once_and_are_sided_or_not():
    assert len(set(PARTS)) == len(PARTS)
    assert set(MIDLINE_PARTS).isdisjoint(SIDED_PARTS)


@pytest.fixture
def an_even_frame() -> VertebraFrame:
    """A vertebra whose pedicles are mirror images of each other."""
    frame = frame_of("L4")
    pedicle = frame.pedicles[Side.LEFT]
    return replace(frame, pedicles=dict.fromkeys(Side, pedicle))


POINTS = st.tuples(*[st.floats(-50, 50, width=32)] * 3).filter(lambda p: abs(p[0]) > 0.01)


@given(st.lists(POINTS, min_size=1, max_size=8))
def test_mirrored_points_are_measured_alike_on_the_other_side(places):
    frame = frame_of("L4")
    even = replace(frame, pedicles=dict.fromkeys(Side, frame.pedicles[Side.LEFT]))
    here = np.array(places, dtype=float) + even.lps_from_vertebra.origin_mm
    left, points = measure_points(here, even)
    twin_left, twins = measure_points(here * [-1, 1, 1], even)
    assert (left != twin_left).all()
    for name in PartPoints.__dataclass_fields__:
        assert getattr(points, name) == pytest.approx(getattr(twins, name), abs=1e-9)


def test_each_side_is_measured_from_its_own_pedicle():
    frame = frame_of("L4")
    places = np.array([[10.0, 0.0, 37.0], [-10.0, 0.0, 37.0]])
    _, points = measure_points(places, frame)
    assert points.pedicle_x_mm.tolist() == [frame.pedicles[s][0] for s in (Side.LEFT, Side.RIGHT)]


def test_points_are_measured_in_the_frame_of_a_turned_vertebra(an_even_frame):
    angle = np.radians(30)
    turn = np.array(
        [[np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]]
    )
    motion = RigidTransform.from_axes("lps", "lps", turn, [3.0, -4.0, 5.0])
    turned = replace(
        an_even_frame,
        lps_from_vertebra=motion @ an_even_frame.lps_from_vertebra,
        upper_plate=motion @ an_even_frame.upper_plate,
    )
    places = np.array([[10.0, 20.0, 40.0], [-3.0, 5.0, 30.0]])
    left, points = measure_points(places, an_even_frame)
    moved_left, moved = measure_points(motion.points(places), turned)
    assert (left == moved_left).all()
    for name in PartPoints.__dataclass_fields__:
        assert getattr(points, name) == pytest.approx(getattr(moved, name), abs=1e-9)


@pytest.mark.parametrize("kind", ["body", "sap", "disc"])
def test_sigma_grows_with_the_spacing_and_stays_beyond_the_table(kind):
    spacings = (0.5, 1.0, 2.0, 3.0, 5.0)
    sigmas = [surface_sigma_mm(kind, mm) for mm in spacings]
    assert sigmas == sorted(sigmas)
    assert sigmas[0] == sigmas[1]
    assert sigmas[-1] == sigmas[-2]
    assert sigmas[2] == pytest.approx((sigmas[1] + sigmas[3]) / 2)


@pytest.mark.parametrize(("kind", "group"), [("ilium", "body"), ("vertebra", "posterior")])
def test_a_kind_has_the_sigma_of_its_group(kind, group):
    assert surface_sigma_mm(kind, 1.0) == values(f"completion_bone.sigma_{group}_mm")[0]


def a_straight_canal(half_width: float = 10.0, half_depth: float = 8.0) -> CanalSpace:
    """A canal along z with a node every millimetre around it."""
    heights = np.arange(30.0, -1.0, -1.0)
    count = len(heights)
    curve = CanalCurve(
        np.column_stack([0 * heights, 0 * heights, heights]),
        np.tile([1.0, 0.0, 0.0], (count, 1)),
        np.tile([0.0, 1.0, 0.0], (count, 1)),
        np.full(count, half_width),
        np.full(count, half_depth),
    )
    grid = Grid(np.array([-15.0, -15.0, 0.0]), 1.0, (31, 31, 31), "canal")
    nodes = np.indices(grid.shape).reshape(3, -1).T
    points = grid.origin_lps_mm + nodes
    nearest = (30 - nodes[:, 2]).astype(np.int64)
    blocked = np.zeros(len(nodes), dtype=bool)
    return CanalSpace(grid, curve, nodes, nearest, points[:, 0], points[:, 1], blocked)


def test_a_node_is_inside_the_ellipse_of_its_own_section():
    space = a_straight_canal()
    inside = space.inside(space.curve.half_width_mm, space.curve.half_depth_mm)
    expected = (space.left_mm / 10) ** 2 + (space.posterior_mm / 8) ** 2 <= 1
    assert (inside == expected).all()


def test_each_section_may_have_an_ellipse_of_its_own():
    space = a_straight_canal()
    width = np.where(np.arange(31) < 15, 10.0, 4.0)
    mask = space.to_mask(space.inside(width, space.curve.half_depth_mm))
    assert mask[:, 15, 29].sum() == 21
    assert mask[:, 15, 2].sum() == 9


def test_chosen_nodes_and_no_others_are_in_the_mask():
    space = a_straight_canal()
    chosen = np.zeros(len(space.nodes_ijk), dtype=bool)
    chosen[[5, 700]] = True
    mask = space.to_mask(chosen)
    assert {tuple(ijk) for ijk in np.argwhere(mask)} == {
        tuple(ijk) for ijk in space.nodes_ijk[chosen]
    }


@pytest.mark.parametrize("height", [0.0, 12.4, 30.0, 99.0, -99.0])
def test_a_plane_meets_the_curve_at_the_nearest_point(height):
    curve = a_straight_canal().curve
    up = np.array([0.0, 0.0, 1.0])
    at = curve.at_plane(np.array([50.0, -50.0, height]), up)
    assert curve.centres_lps_mm[at, 2] == round(np.clip(height, 0, 30))
    assert curve.at_plane(np.array([0.0, 0.0, height]), -up) == at


@pytest.mark.parametrize("level", ["L2-L3", "L4-L5"])
def test_the_flavum_is_a_shell_of_the_levels_thickness_behind_the_canal(level):
    space = a_straight_canal()
    mask = space.to_mask(_roof(space, (5, 20), Level.parse(level)))
    thickness = value_at("completion_nerve.flavum_thickness_mm", level)
    behind = np.flatnonzero(mask[15, :, 15]) - 15
    assert behind.min() == 9
    assert behind.max() == int(8 + thickness)


def test_the_flavum_ends_at_its_sections_and_at_its_angle():
    space = a_straight_canal()
    chosen = _roof(space, (5, 20), Level.parse("L3-L4"))
    assert set(np.unique(space.nearest[chosen])) == set(range(5, 21))
    angle = np.degrees(np.arctan2(np.abs(space.left_mm[chosen]), space.posterior_mm[chosen]))
    assert angle.max() <= value("completion_nerve.flavum_half_angle_deg")


def test_the_flavum_of_an_even_canal_is_even():
    space = a_straight_canal()
    mask = space.to_mask(_roof(space, (5, 20), Level.parse("L3-L4")))
    assert (mask == mask[::-1]).all()
