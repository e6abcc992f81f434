"""The phantom's pieces on their own: body, processes, sacrum, organs, sac, roots, CT."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.anatomy import Level, StructureKey, Tube
from kambin.core import SilentProgress
from kambin.frames import RigidTransform, Side
from kambin.knowledge import value, value_at, values
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.bodies import Column, IliacWing, VertebralBody
from kambin.phantom.canal import build_canal, build_sac
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.ct import CtContrast
from kambin.phantom.discs import build_disc, disc_frame, vertebra_frame
from kambin.phantom.fragment import build_fragment
from kambin.phantom.given import paint_given
from kambin.phantom.organs import LPS, Spine, build_organs, build_skin
from kambin.phantom.roots import _arc_mm, _level_with_lps_mm, _smooth_line, _split, _thinned
from kambin.phantom.sacrum import build_sacrum
from kambin.phantom.scanning import filled_share, scan
from kambin.phantom.shapes import Shape, place, turned
from kambin.phantom.sizes import Draw
from kambin.phantom.solids import RoundedBox, Superellipsoid
from kambin.phantom.vertebra import build_body, build_sap
from kambin.phantom.vessels import build_vessels

LEVEL = Level("L4", "L5")
PATIENT = PhantomParameters(LEVEL, Side.LEFT)
MIRROR = np.array([-1.0, 1.0, 1.0])
NAMES = ("T12", "L1", "L2", "L3", "L4", "L5", "S1")
key = StructureKey.parse


@cache
def the_spine() -> Spine:
    return build_spine(PATIENT)


def local(name: str, x: float, y: float, z: float) -> np.ndarray:
    return the_spine().frames.vertebrae[name].points(np.array([[x, y, z]]))


@pytest.fixture
def a_plain_body() -> VertebralBody:
    return VertebralBody(50.0, 34.0, 28.0, 28.0, 0.0, 0.0, 0.0, (2.0, 2.0), 0.0, 0.5)


def at(solid, x: float, y: float, z: float) -> float:
    return float(solid.distance(*(np.array([v], dtype=np.float32) for v in (x, y, z)))[0])


@pytest.mark.parametrize(
    ("point", "distance"),
    [((26, 0, 0), 1.0), ((0, 18, 0), 1.0), ((0, -18, 0), 1.0), ((0, 0, 15), 1.0), ((0, 0, -16), 2)],
)
def test_a_plain_body_is_as_wide_deep_and_high_as_asked(a_plain_body, point, distance):
    assert at(a_plain_body, *point) == pytest.approx(distance, abs=0.15)


@given(st.floats(-40, 40), st.floats(-30, 30), st.floats(-25, 25))
def test_a_body_is_its_own_mirror_image(x, y, z):
    body = VertebralBody(50.0, 34.0, 29.0, 26.0, 0.1, 1.5, 2.0, (2.2, 3.0), 2.0, 2.0)
    assert at(body, x, y, z) == at(body, -x, y, z)


def test_a_bulging_disc_is_boxed_with_its_bulge():
    disc = VertebralBody(50.0, 34.0, 10.0, 8.0, -0.1, -2.0, -2.0, (2.0, 2.0), 0.0, 0.5)
    low, high = disc.bounds()
    np.testing.assert_allclose(high, [27.5, 18.7, 7.0])
    np.testing.assert_allclose(low, -high)


@pytest.mark.parametrize(("z", "half"), [(0.0, 4.0), (5.0, 6.0), (10.0, 8.0)])
def test_a_column_widens_between_its_knots(z, half):
    column = Column(np.array([[0.0, 0, 0, 4, 4], [10.0, 0, 0, 8, 8]]))
    assert at(column, half, 0, z) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize("z", [-3.0, 13.0])
def test_a_column_ends_flat(z):
    column = Column(np.array([[0.0, 0, 0, 4, 4], [10.0, 0, 0, 8, 8]]))
    assert at(column, 0, 0, z) == pytest.approx(3)


def test_a_wing_is_nowhere_inside_beyond_its_box():
    wing = IliacWing(100.0, (50.0, 40.0, 0.01), (40.0, 8.0, 0.004), (3, 6, 8), -40.0, 0.3, 6.0)
    low, high = wing.bounds()
    for corner in (low - 2, high + 2):
        assert at(wing, *corner) > 0


@pytest.mark.parametrize("name", NAMES)
def test_the_centre_of_a_body_is_bone(name):
    spine = the_spine()
    body = build_body(spine.sizes.vertebrae[name], spine.frames.vertebrae[name])
    shape = Shape(body.part, (body,))
    assert shape.distance(local(name, 0, 0, 0))[0] < -5
    wall = spine.sizes.vertebrae[name].wall_mm
    assert shape.distance(local(name, 0, wall + 2, 0))[0] > 0


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", NAMES)
def test_a_superior_process_stands_on_its_side_behind_the_wall(name, side):
    spine = the_spine()
    size, frame = spine.sizes.vertebrae[name], spine.frames.vertebrae[name]
    piece = build_sap(size, frame, side, 1.0)
    low, high = piece.bounds_lps_mm()
    centre = frame.inverse().points((low + high) / 2)
    assert piece.part == StructureKey("sap", name, side)
    assert centre[0] * side.lateral_sign_lps > 5
    assert centre[1] > size.wall_mm


def test_a_larger_process_grows_towards_the_foramen_and_leaves_its_joint():
    spine = the_spine()
    size, frame = spine.sizes.vertebrae["L5"], spine.frames.vertebrae["L5"]
    usual, large = (build_sap(size, frame, Side.LEFT, share) for share in (1.0, 1.3))
    joint, axes = joint_axes(size, Side.LEFT)
    gap = [
        Shape(p.part, (p,)).distance(frame.points(joint + 2 * axes[:, 1])[None])[0]
        for p in (usual, large)
    ]
    assert gap[0] == pytest.approx(gap[1], abs=0.1)
    front = [
        Shape(p.part, (p,)).distance(frame.points(joint - 9 * axes[:, 1])[None])[0]
        for p in (usual, large)
    ]
    assert front[1] < front[0]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_pedicle_lies_beside_the_canal_under_the_plate(name, side):
    size = the_spine().sizes.vertebrae[name]
    x, y, z = pedicle_centre_mm(size, side)
    one = size.sides[side]
    assert x - one.pedicle_width_mm / 2 == pytest.approx(size.canal_width_mm / 2)
    assert y > size.wall_mm
    assert z + one.pedicle_height_mm / 2 < size.posterior_height_mm / 2


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("name", NAMES)
def test_the_axes_of_a_joint_are_a_frame_that_looks_medially(name, side):
    _, axes = joint_axes(the_spine().sizes.vertebrae[name], side)
    np.testing.assert_allclose(axes.T @ axes, np.eye(3), atol=1e-12)
    # The normal of a superior process looks towards the midline and backwards.
    assert axes[0, 1] < 0 < axes[1, 1]


@pytest.mark.parametrize("name", NAMES)
def test_the_true_frame_of_a_vertebra_has_plates_half_its_height_away(name):
    spine = the_spine()
    frame = vertebra_frame(name, spine.sizes, spine.frames)
    size = spine.sizes.vertebrae[name]
    mean = (size.anterior_height_mm + size.posterior_height_mm) / 2
    apart = np.linalg.norm(frame.upper_plate.origin_mm - frame.lower_plate.origin_mm)
    assert apart == pytest.approx(mean)
    angle = np.degrees(
        np.arccos(frame.upper_plate.rotation[:, 2] @ frame.lower_plate.rotation[:, 2])
    )
    assert angle == pytest.approx(abs(size.wedge_deg), abs=1e-6)
    assert set(frame.pedicles) == (set() if name == "S1" else set(Side))


@pytest.mark.parametrize("level", PATIENT.levels, ids=str)
def test_a_disc_fills_its_middle_and_keeps_its_frame(level):
    spine = the_spine()
    disc = build_disc(level, spine.sizes, spine.frames)
    frame = disc_frame(level, spine.sizes, spine.frames)
    centre = frame.lps_from_disc.origin_mm
    assert disc.distance(centre[None])[0] < -2
    assert disc.distance((centre + np.array([0, 60, 0]))[None])[0] > 0
    assert frame.height_mm == spine.sizes.disc_heights_mm[level]


def test_the_sacrum_carries_both_processes_and_lets_the_s1_roots_through():
    spine = the_spine()
    size, frame = spine.sizes.vertebrae["S1"], spine.frames.vertebrae["S1"]
    sacrum = build_sacrum(size, frame, sap_share=1.0)
    parts = {str(part) for part in sacrum.parts}
    assert {"sacrum", "body:S1", "sap:S1:left", "sap:S1:right"} <= parts
    path = np.array(values("phantom_nerves.s1_root_mm")).reshape(-1, 3)
    path += np.array([0, size.wall_mm, 0])
    for mirror in (1.0, MIRROR):
        assert (sacrum.distance(frame.points(path * mirror)) > 2).all()


@pytest.mark.parametrize("name", NAMES)
def test_the_sac_lies_in_the_middle_of_the_canal(name):
    spine = the_spine()
    level = LEVEL
    disc = build_disc(level, spine.sizes, spine.frames)
    fragment = build_fragment(PATIENT, spine, disc)
    sac, canal = build_sac(spine, fragment), build_canal(spine)
    size = spine.sizes.vertebrae[name]
    middle = local(name, 0, size.wall_mm + size.canal_depth_mm / 2, 4.0)
    assert canal.distance(middle)[0] < -3
    assert sac.shape.distance(middle)[0] < -1


@pytest.mark.parametrize("height", [-60.0, -20.0, 0.0, 30.0])
def test_the_edges_of_the_sac_lie_opposite_each_other(height):
    spine = the_spine()
    disc = build_disc(LEVEL, spine.sizes, spine.frames)
    sac = build_sac(spine, build_fragment(PATIENT, spine, disc))
    left, right = (sac.edge_lps_mm(height, sign) for sign in (1.0, -1.0))
    np.testing.assert_allclose(left[1:], right[1:])
    assert left[2] == height
    # Widest beside the pedicles of L5, which stand 30 mm apart: 0 to 3 mm are left (V20).
    assert 8 < left[0] - right[0] < 26
    forward = [sac.edge_lps_mm(height, sign, 0.5) for sign in (1.0, -1.0)]
    assert all(point[1] < left[1] for point in forward)
    assert forward[0][0] - forward[1][0] == pytest.approx((left[0] - right[0]) * 0.75**0.5)


@pytest.mark.parametrize("level", PATIENT.levels, ids=str)
def test_a_height_over_a_tilted_disc_is_taken_at_the_depth_of_the_canal(level):
    spine = the_spine()
    base, higher = (_level_with_lps_mm(spine, level, level.upper, mm) for mm in (0.0, 10.0))
    frame = spine.frames.discs[level]
    assert higher - base == pytest.approx(10 * frame.rotation[2, 2])
    size = spine.sizes.vertebrae[level.upper]
    depth = size.wall_mm + size.canal_depth_mm / 2
    assert base - frame.origin_mm[2] == pytest.approx(depth * frame.rotation[2, 1])


def test_a_smooth_line_passes_its_control_points_at_even_steps():
    control = np.array([[0.0, 0, 0], [5, 0, -10], [12, 3, -18], [30, -2, -40]])
    line = _smooth_line(control)
    steps = np.linalg.norm(np.diff(line, axis=0), axis=1)
    assert steps.max() - steps.min() < 0.05
    for point in control:
        assert np.linalg.norm(line - point, axis=1).min() < 0.6
    np.testing.assert_allclose(line[[0, -1]], control[[0, -1]])


@given(st.lists(st.tuples(*[st.integers(-50, 50)] * 3), min_size=3, max_size=6, unique=True))
def test_a_smooth_line_commutes_with_the_mirror(control):
    line = _smooth_line(np.array(control, dtype=float))
    twin = _smooth_line(np.array(control, dtype=float) * MIRROR)
    np.testing.assert_allclose(line * MIRROR, twin, atol=1e-9)


def test_the_length_of_a_line_grows_from_zero():
    assert _arc_mm(np.array([[0.0, 0, 0], [3, 4, 0], [3, 4, 12]])).tolist() == [0, 5, 17]


def test_a_swollen_line_parts_into_an_even_root_and_its_ganglion():
    points = np.column_stack([np.zeros(20), np.zeros(20), -np.arange(20.0)])
    radii = np.full(20, 2.0)
    radii[8:12] = 3.0
    root, ganglion = _split(Tube(points, radii))
    assert (root.radii_mm == 2.0).all()
    assert len(root.points_lps_mm) == 20
    np.testing.assert_allclose(ganglion.points_lps_mm, points[7:13])
    assert ganglion.radii_mm.tolist() == [2, 3, 3, 3, 3, 2]


@pytest.mark.parametrize(("count", "kept"), [(5, 5), (16, 16), (17, 7), (40, 14)])
def test_long_lines_are_thinned_and_keep_their_ends(count, kept):
    points = np.column_stack([np.zeros(count), np.zeros(count), np.arange(count)])
    solid = _thinned(Tube(points, np.ones(count)))
    assert len(solid.points_mm) == kept
    np.testing.assert_allclose(solid.points_mm[[0, -1]], points[[0, -1]])


def test_the_spine_names_its_last_lumbar_body():
    assert the_spine().last == "L5"
    six = build_spine(PhantomParameters(LEVEL, Side.LEFT, variants=("l6",)))
    assert six.last == "L6"


def test_the_aorta_runs_left_and_the_vena_cava_right():
    shapes = {str(s.key): s for s in build_vessels(the_spine())}
    middle = {
        name: np.mean(shapes[name].bounds_lps_mm(), axis=0) for name in ("aorta", "vena_cava")
    }
    assert middle["aorta"][0] > 0 > middle["vena_cava"][0]
    assert all(m[1] < 0 for m in middle.values())


@pytest.mark.parametrize("kind", ["iliac_artery", "iliac_vein"])
def test_the_iliac_vessels_leave_one_fork(kind):
    shapes = {str(s.key): s for s in build_vessels(the_spine())}
    left, right = (shapes[f"{kind}:{side}"].pieces[0].solid.points_mm[0] for side in Side)
    np.testing.assert_allclose(left, right)


def test_liver_and_spleen_lie_right_and_left():
    organs = {str(s.key): s for s in build_organs(Draw(np.random.default_rng(1)))}
    x = {name: float(np.mean(s.bounds_lps_mm(), axis=0)[0]) for name, s in organs.items()}
    assert x["liver"] < -20 < 20 < x["spleen"]
    assert x["kidney:right"] < 0 < x["kidney:left"]


def test_each_organ_keeps_out_of_those_after_it():
    organs = build_organs(Draw(np.random.default_rng(1)))
    assert [len(s.cuts) > 0 for s in organs[:-2]] == [True] * (len(organs) - 2)
    bowel = organs[0]
    for other in organs[2:]:
        centre = np.mean(other.pieces[0].bounds_lps_mm(), axis=0)[None]
        assert other.distance(centre)[0] < 0 < bowel.distance(centre)[0]


def test_fat_is_added_outside_and_nothing_moves_inside():
    usual, obese = (
        build_skin(the_spine(), share=share, back_fat_mm=fat)
        for share, fat in ((1.0, 0.0), (1.2, 15.0))
    )
    assert obese[0].bounds_lps_mm()[1][1] > usual[0].bounds_lps_mm()[1][1] + 10
    for a, b in zip(usual[1:], obese[1:], strict=True):
        np.testing.assert_allclose(a.bounds_lps_mm(), b.bounds_lps_mm())


def boxes() -> tuple[Shape, ...]:
    """A psoas of 20 mm with a vertebra of 8 mm painted into its middle."""
    made = ((key("psoas:left"), 10.0), (key("vertebra:L4"), 4.0))
    return tuple(
        Shape(name, (place(name, RoundedBox((half,) * 3, 0.01), LPS),)) for name, half in made
    )


PART_NAMES = {1: key("psoas:left"), 2: key("vertebra:L4")}


def small_scan(seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    axis = np.arange(-14.0, 15.0)
    part_of = {name: number for number, name in PART_NAMES.items()}
    rng = np.random.default_rng(seed)
    return scan(boxes(), (axis, axis, axis), part_of, CtContrast(), rng, SilentProgress())


def test_what_is_painted_last_lies_on_top_and_only_named_kinds_are_labelled():
    _, parts = small_scan()
    asked = PhantomParameters(Level("L4", "L5"), Side.LEFT)
    labels = paint_given(parts, boxes(), PART_NAMES, asked)
    assert labels[14, 14, 14] == 2
    assert labels[14, 14, 22] == 1
    assert labels[0, 0, 0] == 0
    assert (parts[14, 14, 14], parts[14, 14, 22], parts[0, 0, 0]) == (2, 1, 0)


def test_each_tissue_has_its_number_and_noise():
    image, parts = small_scan()
    noise = value("phantom_ct.noise_hu")
    muscle = image[10:19, 10:19, 20:23]
    assert (parts[10:19, 10:19, 20:23] == 1).all()
    expected = value_at("phantom_ct.tissue_hu", "psoas")
    assert muscle.mean() == pytest.approx(expected, abs=4 * noise / np.sqrt(muscle.size))
    assert muscle.std() == pytest.approx(noise, rel=0.2)
    assert image.min() >= value("phantom_ct.lowest_hu")


def test_a_scan_repeats_with_its_generator():
    np.testing.assert_array_equal(small_scan(3)[0], small_scan(3)[0])
    assert (small_scan(3)[0] != small_scan(4)[0]).any()


@pytest.mark.parametrize(
    ("distance", "share"), [(-2.0, 1), (-0.5, 1), (0, 0.5), (0.25, 0.25), (0.5, 0), (3, 0)]
)
def test_a_voxel_is_filled_along_a_ramp(distance, share):
    assert filled_share(np.float32([distance]), 1.0)[0] == pytest.approx(share)


@pytest.mark.parametrize("side", Side)
def test_a_placed_piece_is_where_the_side_says(side):
    ball = Superellipsoid((2.0, 2.0, 2.0))
    frame = RigidTransform.from_axes("lps", "there", turned(10, 20, 30), [5.0, 6.0, 7.0])
    piece = place(key("liver"), ball, frame, centre_mm=(10, 0, 0), side=side)
    centre = frame.points([[10.0 * side.lateral_sign_lps, 0.0, 0.0]])
    assert Shape(piece.part, (piece,)).distance(centre)[0] < -1.5
