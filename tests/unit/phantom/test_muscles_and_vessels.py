"""Muscles, vessels and ureters by their shapes: sides, order, ends, and what they follow."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.knowledge import values
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.bodies import Column
from kambin.phantom.muscles import build_muscles
from kambin.phantom.organs import Spine, table_mm
from kambin.phantom.shapes import Shape
from kambin.phantom.solids import TubeSolid
from kambin.phantom.vessels import build_segmental_arteries, build_ureters, build_vessels

L45 = Level("L4", "L5")
SPINES = [(), ("l6",), ("scoliosis",)]
MUSCLES = ("quadratus", "erector_spinae", "multifidus", "psoas")


@cache
def spine(*variants: str) -> Spine:
    return build_spine(PhantomParameters(L45, Side.LEFT, variants=variants))


@cache
def muscles(*variants: str) -> dict[str, Shape]:
    return {str(shape.key): shape for shape in build_muscles(spine(*variants))}


@cache
def vessels(*variants: str) -> dict[str, Shape]:
    return {str(shape.key): shape for shape in build_vessels(spine(*variants))}


@cache
def arteries(*variants: str) -> dict[str, Shape]:
    return {str(shape.key): shape for shape in build_segmental_arteries(spine(*variants))}


def knots(shape: Shape) -> np.ndarray:
    solid = shape.pieces[0].solid
    assert isinstance(solid, Column)
    return solid.knots_mm


def line(shape: Shape) -> np.ndarray:
    """The centre line of a tube that was placed segment by segment, mm, LPS."""
    ends = []
    for piece in shape.pieces:
        assert isinstance(piece.solid, TubeSolid)
        ends.append(piece.solid.points_mm)
    return np.vstack([ends[0][:1], *(end[1:] for end in ends)])


@pytest.mark.parametrize("variants", SPINES)
def test_every_muscle_is_there_on_both_sides_the_multifidus_over_the_erector(
    variants: tuple[str, ...],
) -> None:
    names = list(muscles(*variants))
    for side in Side:
        own = [name for name in names if name.endswith(f":{side}")]
        assert own == [f"{kind}:{side}" for kind in MUSCLES]


@pytest.mark.parametrize("kind", MUSCLES)
def test_a_muscle_lies_on_its_own_side(kind: str) -> None:
    left_low, left_high = muscles()[f"{kind}:left"].bounds_lps_mm()
    right_low, right_high = muscles()[f"{kind}:right"].bounds_lps_mm()
    assert left_high[0] > 20
    assert right_low[0] < -20
    assert (left_low + left_high)[0] / 2 > 5 > -5 > (right_low + right_high)[0] / 2


@pytest.mark.parametrize("kind", MUSCLES)
@pytest.mark.parametrize("variants", SPINES)
def test_the_knots_of_a_muscle_rise_and_have_a_section(
    kind: str, variants: tuple[str, ...]
) -> None:
    for side in Side:
        rows = knots(muscles(*variants)[f"{kind}:{side}"])
        assert (np.diff(rows[:, 0]) > 0).all()
        assert (rows[:, 3:] > 0).all()
        assert rows.shape[1] == 5


@pytest.mark.parametrize("kind", ["erector_spinae"])
def test_a_back_muscle_leaves_the_image_at_both_ends(kind: str) -> None:
    _, low, high = values("phantom_body.field_of_view_mm")
    rows = knots(muscles()[f"{kind}:left"])
    assert (rows[0, 0], rows[-1, 0]) == (low, high)
    np.testing.assert_array_equal(rows[0, 1:], rows[1, 1:])
    np.testing.assert_array_equal(rows[-1, 1:], rows[-2, 1:])


def test_the_psoas_leaves_the_image_below_and_ends_in_it_above() -> None:
    _, low, high = values("phantom_body.field_of_view_mm")
    rows = knots(muscles()["psoas:right"])
    assert rows[0, 0] == low
    assert rows[-1, 0] < high - 20
    assert rows[-1, 0] == pytest.approx(spine().frames.vertebrae["L1"].origin_mm[2])


def test_the_multifidus_lies_between_the_midline_and_the_erector() -> None:
    medial, _ = values("phantom_body.multifidus_place_mm")
    for side in Side:
        inner, outer = (
            knots(muscles()[f"{kind}:{side}"]) for kind in ("multifidus", "erector_spinae")
        )
        heights = inner[:, 0]
        middle = np.interp(heights, outer[:, 0], outer[:, 1])
        assert (inner[:, 1] < middle).all()
        assert (inner[:, 1] - inner[:, 3]).min() > medial - 6


def test_the_multifidus_grows_on_its_way_down() -> None:
    rows = knots(muscles()["multifidus:left"])
    named = spine().names[1:-1]
    heights = [spine().frames.vertebrae[name].origin_mm[2] for name in named]
    area = np.interp(heights, rows[:, 0], rows[:, 3] * rows[:, 4])
    assert (np.diff(area) > 0).all()


@pytest.mark.parametrize("kind", ["multifidus", "erector_spinae", "quadratus"])
def test_back_muscles_follow_a_curved_spine(kind: str) -> None:
    """Where the spine goes to the left, the left muscle goes out and the right one in."""
    apex = spine("scoliosis").frames.vertebrae["L2"].origin_mm
    shift = apex[0] - spine().frames.vertebrae["L2"].origin_mm[0]
    assert shift > 5
    for side in Side:
        name = f"{kind}:{side}"
        moved, still = (knots(built[name]) for built in (muscles("scoliosis"), muscles()))
        outwards = np.interp(apex[2], moved[:, 0], moved[:, 1])
        outwards -= np.interp(apex[2], still[:, 0], still[:, 1])
        assert outwards == pytest.approx(side.lateral_sign_lps * shift, abs=1.5)


@pytest.mark.parametrize("variants", SPINES)
def test_the_aorta_runs_left_of_the_cava_down_to_where_it_forks(variants: tuple[str, ...]) -> None:
    aorta, cava = (line(vessels(*variants)[name]) for name in ("aorta", "vena_cava"))
    assert (np.diff(aorta[:, 2]) > 0).all()
    heights = np.linspace(aorta[1, 2], aorta[-1, 2], 20)
    beside = np.interp(heights, aorta[:, 2], aorta[:, 0])
    assert (beside - np.interp(heights, cava[:, 2], cava[:, 0]) > 15).all()
    top = values("phantom_body.field_of_view_mm")[2]
    assert aorta[-1, 2] == cava[-1, 2] == top


@pytest.mark.parametrize("variants", SPINES)
@pytest.mark.parametrize(("whole", "branch"), [("aorta", "artery"), ("vena_cava", "vein")])
def test_both_iliac_vessels_begin_where_the_great_one_ends(
    variants: tuple[str, ...], whole: str, branch: str
) -> None:
    built = vessels(*variants)
    left, right = (line(built[f"iliac_{branch}:{side}"]) for side in ("left", "right"))
    np.testing.assert_allclose(left[0], right[0])
    np.testing.assert_allclose(left[0], line(built[whole])[0])
    assert left[-1, 0] > left[0, 0] > right[-1, 0]


def test_the_fork_moves_down_with_a_sixth_vertebra() -> None:
    for variants in SPINES:
        one = spine(*variants)
        fork = line(vessels(*variants)["aorta"])[0]
        row = table_mm("iliac_artery_mm", 4)[0, :3]
        np.testing.assert_allclose(fork, one.frames.vertebrae[one.last].origin_mm + row)


def test_great_vessels_keep_before_the_bodies() -> None:
    for name in ("aorta", "vena_cava"):
        left, front, _ = values(f"phantom_body.{name}_mm")
        for vertebra in ("L1", "L2", "L3"):
            size, frame = spine().sizes.vertebrae[vertebra], spine().frames.vertebrae[vertebra]
            points = line(vessels()[name])
            here = np.array(
                [np.interp(frame.origin_mm[2], points[:, 2], points[:, a]) for a in range(3)]
            )
            forward = frame.origin_mm[1] - here[1]
            assert forward == pytest.approx(size.depth_mm / 2 + front, abs=0.01)
            assert here[0] - frame.origin_mm[0] == pytest.approx(left, abs=0.01)


@pytest.mark.parametrize(
    ("variants", "named"),
    [((), {"L1", "L2", "L3", "L4"}), (("l6",), {"L1", "L2", "L3", "L4", "L5"})],
)
def test_every_body_above_the_last_has_a_pair_of_arteries(
    variants: tuple[str, ...], named: set[str]
) -> None:
    keys = [shape.key for shape in arteries(*variants).values()]
    assert {key.place for key in keys} == named
    assert len(keys) == 2 * len(named)
    assert {key.kind for key in keys} == {"segmental_artery"}


@pytest.mark.parametrize("name", ["L1", "L2", "L3", "L4"])
@pytest.mark.parametrize("side", Side)
def test_a_segmental_artery_ends_lateral_of_its_pedicle_behind_the_body(
    name: str, side: Side
) -> None:
    one = spine()
    size = one.sizes.vertebrae[name]
    end = (
        one.frames.vertebrae[name]
        .inverse()
        .points(line(arteries()[f"segmental_artery:{name}:{side}"])[-1])
    )
    beside = side.lateral_sign_lps * end[0]
    assert beside > size.canal_width_mm / 2 + size.sides[side].pedicle_width_mm
    assert end[1] == pytest.approx(size.wall_mm)
    assert end[2] == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize("name", ["L1", "L4"])
def test_both_arteries_of_a_body_leave_the_aorta_at_one_place(name: str) -> None:
    left, right = (
        line(arteries()[f"segmental_artery:{name}:{side}"]) for side in ("left", "right")
    )
    np.testing.assert_allclose(left[0], right[0])
    # The right one has the longer way, round the front of the body.
    lengths = [np.linalg.norm(np.diff(run, axis=0), axis=1).sum() for run in (left, right)]
    assert lengths[1] > lengths[0] + 5


def test_ureters_mirror_each_other_about_the_body_of_l3() -> None:
    left, right = build_ureters(spine())
    anchor = spine().frames.vertebrae["L3"].origin_mm
    np.testing.assert_allclose(line(left) - anchor, (line(right) - anchor) * [-1, 1, 1])
    assert [str(shape.key) for shape in (left, right)] == ["ureter:left", "ureter:right"]
    assert (np.diff(line(left)[:, 2]) < 0).all()


def test_radii_are_those_of_the_table() -> None:
    rows = table_mm("ureter_mm", 4)
    left, _ = build_ureters(spine())
    for piece, (before, after) in zip(left.pieces, pairwise(rows), strict=True):
        assert isinstance(piece.solid, TubeSolid)
        np.testing.assert_allclose(piece.solid.radii_mm, [before[3], after[3]])
