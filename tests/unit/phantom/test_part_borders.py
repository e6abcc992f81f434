"""Parts of a made vertebra: every point in one part, and each part where its definition puts it."""

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.anatomy import Level, StructureKey
from kambin.frames import RigidTransform, Side
from kambin.phantom import PhantomParameters, PhantomTruth
from kambin.phantom.build import build_spine, build_truth
from kambin.phantom.chain import joint_axes, pedicle_centre_mm
from kambin.phantom.organs import Spine
from kambin.phantom.part_borders import isthmus_mm
from kambin.phantom.parting import Border, HalfSpace, Parting
from kambin.phantom.shapes import Sample, Shape

PATIENT = PhantomParameters(Level("L3", "L4"), Side.LEFT, seed=3)
SPACING_MM = 1.5


@pytest.fixture(scope="module")
def its_spine() -> Spine:
    return build_spine(PATIENT)


@pytest.fixture(scope="module")
def made() -> PhantomTruth:
    return build_truth(PATIENT)


def shape_of(made: PhantomTruth, name: str) -> Shape:
    key = StructureKey("sacrum") if name == "S1" else StructureKey("vertebra", name)
    return next(shape for shape in made.shapes if shape.key == key)


def part_at(shape: Shape, frame: RigidTransform, place_mm: NDArray[np.float64]) -> StructureKey:
    """The part of one point, given in the frame of its vertebra."""
    x, y, z = frame.points(place_mm)
    axes = tuple(np.array([centre - 1, centre, centre + 1]) for centre in (x, y, z))
    sample = shape.sample(axes, margin_mm=0)
    middle = tuple(1 - s.start for s in sample.box)
    return shape.parts[sample.part[middle]]


def nodes(shape: Shape, made: PhantomTruth, frame: RigidTransform) -> tuple[Sample, np.ndarray]:
    """A shape on a grid, and its grid in the frame of the vertebra, shape (..., 3), mm."""
    axes = made.axes(SPACING_MM)
    sample = shape.sample(axes, margin_mm=0)
    grid = np.stack(
        np.meshgrid(*(a[s] for a, s in zip(axes, sample.box, strict=True)), indexing="ij"), axis=-1
    )
    return sample, frame.inverse().points(grid.reshape(-1, 3)).reshape(grid.shape)


@pytest.mark.parametrize("name", ["L1", "L3", "L5"])
@pytest.mark.parametrize("side", Side)
def test_landmarks_lie_in_the_parts_they_are_landmarks_of(
    made: PhantomTruth, its_spine: Spine, name: str, side: Side
) -> None:
    size, frame = its_spine.sizes.vertebrae[name], its_spine.frames.vertebrae[name]
    mirror = np.array([side.lateral_sign_lps, 1, 1])
    one = size.sides[side]
    pedicle, isthmus = pedicle_centre_mm(size, side), isthmus_mm(size, side)
    joint, axes = joint_axes(size, side)
    shape = shape_of(made, name)

    def found(place_mm: NDArray[np.float64]) -> str:
        key = part_at(shape, frame, place_mm * mirror)
        assert key.side in (None, side)
        return key.kind

    assert found(pedicle) == "pedicle"
    # Three millimetres into the process from its joint surface, and its base further down.
    assert found(joint - 3 * axes[:, 1]) == "sap"
    assert found(isthmus + np.array([0, -2, 1.5])) == "pars"
    assert found(isthmus - [0, 0, 1.5]) == "iap"
    assert found(np.array([one.transverse_reach_mm - 8, size.wall_mm + 9, pedicle[2] + 2])) == "tp"
    # The root of the transverse process, under the superior one and beside the pedicle.
    root = pedicle + np.array([0.45 * one.pedicle_width_mm, 8, -0.2 * one.pedicle_height_mm])
    assert found(root) == "tp"


@pytest.mark.parametrize("name", ["L2", "L4"])
def test_processes_end_at_isthmus_and_pedicle(
    made: PhantomTruth, its_spine: Spine, name: str
) -> None:
    size, frame = its_spine.sizes.vertebrae[name], its_spine.frames.vertebrae[name]
    shape = shape_of(made, name)
    sample, local = nodes(shape, made, frame)
    inside = sample.distance_mm < 0
    assert set(np.unique(sample.part[inside])) == set(range(len(shape.parts)))
    for side in Side:
        pedicle, isthmus = pedicle_centre_mm(size, side), isthmus_mm(size, side)
        own = {
            kind: local[inside & (sample.part == shape.parts.index(StructureKey(kind, name, side)))]
            for kind in ("sap", "iap", "tp", "pars", "pedicle")
        }
        outward = {kind: p[:, 0] * side.lateral_sign_lps for kind, p in own.items()}
        assert min(reach.min() for reach in outward.values()) > 0
        # All of the inferior process under the pedicle, all of the superior above the isthmus.
        wide = np.abs(outward["iap"] - isthmus[0]).max()
        slope = np.tan(np.radians(25))
        assert own["iap"][:, 2].max() < isthmus[2] + slope * wide
        assert own["sap"][:, 2].min() > isthmus[2] - slope * np.ptp(outward["sap"])
        assert outward["tp"].min() > pedicle[0]
        assert outward["iap"].min() > 3
        # Nothing of a pedicle behind the joint, nothing of a process before the wall.
        assert min(own[kind][:, 1].min() for kind in ("sap", "iap", "tp")) > size.wall_mm
        volumes = {kind: len(points) * SPACING_MM**3 for kind, points in own.items()}
        assert 1500 < volumes["sap"] < 2500
        assert 1300 < volumes["iap"] < 2700


def test_the_process_of_s1_rises_from_its_pillar(made: PhantomTruth, its_spine: Spine) -> None:
    size, frame = its_spine.sizes.vertebrae["S1"], its_spine.frames.vertebrae["S1"]
    shape = shape_of(made, "S1")
    sample, local = nodes(shape, made, frame)
    for side in Side:
        number = shape.parts.index(StructureKey("sap", "S1", side))
        own = local[(sample.distance_mm < 0) & (sample.part == number)]
        assert (own[:, 0] * side.lateral_sign_lps).min() > size.canal_width_mm / 4
        assert own[:, 1].min() > size.wall_mm
        assert 1700 < len(own) * SPACING_MM**3 < 2600


def test_a_region_of_a_part_holds_all_that_is_painted_of_it(made: PhantomTruth) -> None:
    """The base of a process lies in blocks that are not its own: cropping to those cuts it off."""
    key = StructureKey("sap", "L4", Side.RIGHT)
    number = {k: n for n, k in made.names.items()}[key]
    assert (made.region(key, 3.0).values > 0).sum() == (made.labels(3.0).values == number).sum()


def test_a_later_border_overrides_and_what_nobody_claims_is_left_over() -> None:
    block, rest, upper, front = (
        StructureKey(k, "L4", Side.LEFT) for k in ("sap", "pars", "iap", "tp")
    )
    keep = StructureKey("body", "L4")
    above = HalfSpace(np.array([0.0, 0.0, 1.0]), 0.0)
    parting = Parting(
        (
            Border(upper, (above,)),
            Border(front, (above, HalfSpace(np.array([0.0, -1.0, 0.0]), 0.0))),
        ),
        frozenset({"sap"}),
        ((block, rest),),
    )
    parts = (block, rest, upper, front, keep)
    z, y = np.array([-1.0, 1.0], np.float32), np.array([-1.0, 1.0], np.float32)
    places = np.ix_(np.zeros(1, np.float32), y, z)
    found = parting.apply(np.zeros((1, 2, 2), np.uint8), parts, places)
    assert [[parts[n].kind for n in row] for row in found[0]] == [["pars", "tp"], ["pars", "iap"]]
    kept = parting.apply(np.full((1, 2, 2), 4, np.uint8), parts, places)
    assert (kept == 4).all()
    assert parting.blocks_of(upper) == parting.blocks_of(rest) == {"sap"}
    assert parting.blocks_of(keep) == frozenset()
    assert above.other_side.holds(*places).tolist() == (~above.holds(*places)).tolist()
