"""What holds for any frame, any grid and any point, not only for the patients at hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kambin.anatomy.part_rules import PartPoints
from kambin.anatomy.partition import PARTS, classify_points
from kambin.anatomy.partition_s1 import S1_PARTS, classify_sacrum
from kambin.anatomy.plate_chain import VertebraTilt, plate_tilt_sigma_deg, tie_plates
from kambin.anatomy.plates import axes_towards
from kambin.anatomy.sampling import Sampler, find_exit_mm
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.working import make_working_grid, region_of_nodes, sub_grid
from kambin.imaging import Grid, LabelMap

millimetres = st.floats(-60.0, 60.0)
spacings = st.sampled_from([0.5, 0.75, 0.9, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 5.0])
places = st.tuples(millimetres, millimetres, millimetres)
pedicles = st.tuples(st.floats(11.0, 30.0), st.floats(6.0, 22.0), st.floats(10.0, 24.0))


def points_at(x: float, y: float, z: float, pedicle: tuple[float, float, float]) -> PartPoints:
    """One point of a vertebra whose body is 17 mm deep behind its origin and 26 mm high."""

    def one(amount: float) -> np.ndarray:
        return np.array([amount])

    across, width, height = pedicle
    return PartPoints(
        x_mm=one(abs(x)),
        behind_mm=one(y - 17.0),
        above_mm=one(z - 4.0),
        under_plate_mm=one(13.0 - z),
        posterior_mm=one(y),
        pedicle_x_mm=one(across),
        width_mm=one(width),
        height_mm=one(height),
    )


@given(places, pedicles)
def test_every_point_of_a_vertebra_is_in_one_part(
    place: tuple[float, float, float], pedicle: tuple[float, float, float]
) -> None:
    found = classify_points(points_at(*place, pedicle), (22.0, 17.0))
    assert found.shape == (1,)
    assert 0 <= found[0] < len(PARTS)


@given(places, pedicles)
def test_a_point_and_its_mirror_image_are_in_the_same_part(
    place: tuple[float, float, float], pedicle: tuple[float, float, float]
) -> None:
    x, y, z = place
    for radii in ((22.0, 17.0), (30.0, 19.0)):
        here = classify_points(points_at(x, y, z, pedicle), radii)
        there = classify_points(points_at(-x, y, z, pedicle), radii)
        assert here[0] == there[0]


@given(st.floats(-22.0, 22.0), st.floats(-17.0, 16.0), st.floats(-13.0, 13.0), pedicles)
def test_in_front_of_the_wall_all_is_body(
    x: float, y: float, z: float, pedicle: tuple[float, float, float]
) -> None:
    part = PARTS[classify_points(points_at(x, y, z, pedicle), (22.0, 17.0))[0]]
    assert part in ("body", "body_rim")


@given(places, pedicles)
def test_every_point_of_the_sacrum_is_in_one_part(
    place: tuple[float, float, float], pedicle: tuple[float, float, float]
) -> None:
    found = classify_sacrum(points_at(*place, pedicle), 17.0)
    assert 0 <= found[0] < len(S1_PARTS)


@given(st.floats(0.3, 8.0), st.floats(0.3, 8.0), st.sampled_from(["body", "sap", "disc", "colon"]))
def test_coarser_labels_are_never_surer(one: float, other: float, kind: str) -> None:
    low, high = sorted((one, other))
    assert surface_sigma_mm(kind, low) <= surface_sigma_mm(kind, high)
    assert plate_tilt_sigma_deg(low) <= plate_tilt_sigma_deg(high)


@given(
    st.tuples(*[st.integers(20, 90)] * 3),
    spacings,
    st.tuples(*[st.floats(-200.0, 200.0)] * 3),
    st.tuples(*[st.floats(0.0, 0.4)] * 2),
)
def test_the_nodes_of_a_mirrored_array_are_the_mirrored_nodes(
    shape: tuple[int, int, int],
    spacing: float,
    origin: tuple[float, float, float],
    cut: tuple[float, float],
) -> None:
    affine = np.diag([spacing] * 3 + [1.0])
    affine[:3, 3] = origin
    labels = LabelMap(np.zeros(shape, np.uint8), affine, "made")
    low, high = labels.bounds_lps_mm()
    extent = high - low
    left, right = np.array([cut[0], 0, 0]) * extent, np.array([cut[1], 0, 0]) * extent
    grid = make_working_grid(labels, low + left, high - right)
    twin = make_working_grid(labels, low + right, high - left)
    assert grid.shape == twin.shape
    middle = low[0] + high[0]
    assert middle - grid.high_lps_mm[0] == pytest.approx(twin.origin_lps_mm[0], abs=1e-6)
    assert (grid.origin_lps_mm >= low - 1e-3).all()
    assert (grid.high_lps_mm <= high + 1e-3).all()


@given(st.lists(st.tuples(*[st.integers(0, 14)] * 3), min_size=1, max_size=20))
def test_a_region_gives_its_nodes_back(nodes: list[tuple[int, int, int]]) -> None:
    grid = Grid(np.array([-3.5, 8.0, 1.25]), 0.75, (15, 15, 15), "made")
    region = region_of_nodes(grid, np.array(nodes))
    back = np.round(grid.ijk(region.lps_mm(np.argwhere(region.values)))).astype(int)
    assert {tuple(row) for row in back.tolist()} == set(nodes)
    part, box = sub_grid(grid, region)
    assert part.shape == region.shape == tuple(s.stop - s.start for s in box)


@given(st.tuples(*[st.floats(-1.0, 1.0)] * 3), st.floats(-60.0, 60.0), st.floats(-60.0, 60.0))
def test_axes_are_a_rotation_for_any_lean(
    posterior: tuple[float, float, float], lean_deg: float, turn_deg: float
) -> None:
    tangents = np.tan(np.deg2rad([turn_deg, lean_deg])) / 2
    cranial = np.array([*tangents, 1.0]) / np.linalg.norm([*tangents, 1.0])
    behind = np.array(posterior) + np.array([0.0, 2.5, 0.0])
    axes = axes_towards(behind, cranial)
    assert axes.T @ axes == pytest.approx(np.eye(3), abs=1e-9)
    assert np.linalg.det(axes) == pytest.approx(1.0)
    assert axes[:, 1] @ behind > 0


@given(st.lists(st.tuples(*[st.floats(-25.0, 25.0)] * 4), min_size=1, max_size=5), spacings)
def test_tied_plates_mirror_with_the_patient(
    tilts_deg: list[tuple[float, float, float, float]], spacing: float
) -> None:
    def normal(sagittal: float, coronal: float) -> np.ndarray:
        tangents = np.tan(np.deg2rad([coronal, sagittal]))
        return np.array([*tangents, 1.0]) / np.linalg.norm([*tangents, 1.0])

    def chain(sign: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        rows = zip(("L1", "L2", "L3", "L4", "L5"), tilts_deg, strict=False)
        return tie_plates(
            [VertebraTilt(n, normal(a, sign * b), normal(c, sign * d), None)
             for n, (a, b, c, d) in rows],
            spacing,
        )  # fmt: skip

    flip = np.array([-1.0, 1.0, 1.0])
    one, other = chain(1.0), chain(-1.0)
    for name, (upper, lower) in one.items():
        assert other[name][0] == pytest.approx(flip * upper, abs=1e-9)
        assert other[name][1] == pytest.approx(flip * lower, abs=1e-9)
        assert np.linalg.norm(upper) == pytest.approx(1.0)


@given(st.floats(3.2, 26.8), st.floats(0.3, 2.0), st.floats(0.0, 2.5))
def test_a_ray_finds_a_flat_face_wherever_it_is(
    face_mm: float, spacing: float, start_mm: float
) -> None:
    x = np.arange(0.0, 31.0, spacing)
    ramp = np.clip(0.5 - (x - face_mm) / (2 * spacing), 0.0, 1.0).astype(np.float32)
    values = np.broadcast_to(ramp[:, None, None], (len(x), 4, 4)).copy()
    bone = Sampler(values, np.zeros(3), spacing)
    reach = find_exit_mm(bone, [[start_mm, spacing, spacing]], [1.0, 0.0, 0.0], reach_mm=30.0)
    assert start_mm + reach[0] == pytest.approx(face_mm, abs=0.1)
