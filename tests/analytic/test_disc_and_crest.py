"""Disc wedges and iliac plates whose numbers follow from geometry."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from kambin.anatomy import (
    Anatomy,
    DiscFrame,
    Level,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    VertebraFrame,
)
from kambin.frames import RigidTransform, Side
from kambin.imaging import Grid, LabelMap
from kambin.measure import Site
from kambin.measure.crest import measure_crest_height, measure_ilium_angle
from kambin.measure.discs import measure_alignment, measure_disc_heights

LEVEL = Level("L4", "L5")
BONE_MM, ILIUM_MM = 0.5, 1.0
RIM_MM = 17.0

Inside = Callable[[NDArray[np.float64]], NDArray[np.bool_]]


def _region(
    low: tuple[float, ...], high: tuple[float, ...], inside: Inside, step_mm: float = BONE_MM
) -> LabelMap:
    counts = np.round((np.array(high) - np.array(low)) / step_mm).astype(int)
    nodes = np.array(low) + step_mm * (np.moveaxis(np.indices(counts), 0, -1) + 0.5)
    affine = np.diag([step_mm] * 3 + [1.0])
    affine[:3, 3] = nodes[0, 0, 0]
    return LabelMap(inside(nodes).astype(np.uint8), affine, "patient")


def _plate(tilt_deg: float, z_mm: float) -> RigidTransform:
    """A plate that rises to posterior by ``tilt_deg``."""
    c, s = math.cos(math.radians(tilt_deg)), math.sin(math.radians(tilt_deg))
    axes = np.array([[1, 0, 0], [0, c, -s], [0, s, c]], dtype=np.float64)
    return RigidTransform.from_axes("patient", "plate", axes, [0, 0, z_mm])


def _spine(wedge_deg: float, ilium: Inside | None = None) -> Anatomy:
    """Two blocks with a disc of 10 mm that opens to anterior by ``wedge_deg``."""
    half = math.tan(math.radians(wedge_deg / 2))
    regions = {
        "vertebra:L4": _region(
            (-20, -20, 0), (20, 20, 30), lambda p: _block(p) & (p[..., 2] > 5 - half * p[..., 1])
        ),
        "vertebra:L5": _region(
            (-20, -20, -30), (20, 20, 0), lambda p: _block(p) & (p[..., 2] < -5 + half * p[..., 1])
        ),
    }
    if ilium is not None:
        for side in Side:
            sign = side.lateral_sign_lps
            low, high = sorted((20.0 * sign, 110.0 * sign))
            regions[f"ilium:{side}"] = _region(
                (low, -20, -40), (high, 110, 30), lambda p, s=sign: ilium(p * [s, 1, 1]), ILIUM_MM
            )
    structures = {
        key: Structure(key, region, Origin.SEGMENTED, 0.3)
        for key, region in ((StructureKey.parse(name), one) for name, one in regions.items())
    }
    frames = {"L4": _frame("L4", 15.0, (0.0, -wedge_deg / 2)), "L5": _frame("L5", -15.0, None)}
    frames["L5"] = _frame("L5", -15.0, (wedge_deg / 2, 0.0))
    disc = RigidTransform("patient", "disc", np.eye(4))
    return Anatomy(
        structures,
        frames,
        {LEVEL: DiscFrame(LEVEL, disc, RIM_MM, 20.0, 10.0)},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        Grid(np.zeros(3), 0.75, (2, 2, 2), "patient"),
        BONE_MM,
    )


def _block(places: NDArray[np.float64]) -> NDArray[np.bool_]:
    return (np.abs(places[..., 0]) < 18) & (np.abs(places[..., 1]) < RIM_MM)


def _frame(name: str, z_mm: float, tilts_deg: tuple[float, float] | None) -> VertebraFrame:
    upper, lower = tilts_deg or (0.0, 0.0)
    centre = RigidTransform.from_axes("patient", "vertebra", np.eye(3), [0, 0, z_mm])
    pedicles = {side: (12.0, 20.0, 2.0, 8.0, 12.0) for side in Side}
    return VertebraFrame(
        name, centre, _plate(upper, z_mm + 10), _plate(lower, z_mm - 10), RIM_MM, pedicles, 1.0
    )


@pytest.mark.parametrize("wedge_deg", [0.0, 6.0, 12.0])
def test_a_wedged_disc_is_higher_in_front_by_the_tangent(wedge_deg: float) -> None:
    readings = measure_disc_heights(Site(_spine(wedge_deg), level=LEVEL))
    slope = 2 * math.tan(math.radians(wedge_deg / 2))
    for band, place in (("anterior", -0.85), ("middle", 0.0), ("posterior", 0.8)):
        expected = 10.0 - slope * place * RIM_MM
        # Three degrees make terraces 10 mm long: each plate may be off by half a voxel.
        assert readings[f"disc_height_{band}"].value == pytest.approx(expected, abs=BONE_MM)


def test_the_mean_height_of_a_wedge_is_that_of_its_middle() -> None:
    readings = measure_disc_heights(Site(_spine(8.0), level=LEVEL))
    front, middle, back = (
        readings[f"disc_height_{band}"].value for band in ("anterior", "middle", "posterior")
    )
    share = 0.85 / (0.85 + 0.8)
    assert front + (back - front) * share == pytest.approx(middle, abs=0.3)


@pytest.mark.parametrize("wedge_deg", [0.0, 6.0, 12.0])
def test_the_lordosis_of_a_wedge_between_square_bodies_is_half_of_it(wedge_deg: float) -> None:
    readings = measure_alignment(Site(_spine(wedge_deg), level=LEVEL))
    assert readings["segmental_lordosis"].value == pytest.approx(wedge_deg / 2, abs=1e-9)


def test_bodies_in_line_have_no_slip() -> None:
    readings = measure_alignment(Site(_spine(0.0), level=LEVEL))
    assert readings["body_slip"].value == pytest.approx(0.0, abs=0.05)


@pytest.mark.parametrize("edge_mm", [50.0, 70.0])
def test_a_plate_that_faces_the_patient_blocks_beyond_its_medial_edge(edge_mm: float) -> None:
    """A coronal plate 60 to 66 mm behind the target, from a medial edge outward."""
    spine = _spine(0.0, lambda p: (np.abs(p[..., 1] - 80) < 3) & (p[..., 0] > edge_mm))
    for side in Side:
        reading = measure_ilium_angle(Site(spine, level=LEVEL, side=side))["ilium_axial_angle"]
        # The far face of the plate is met first, coming from the midline.
        expected = math.degrees(math.atan2(edge_mm - 8.0, 83.0 - RIM_MM))
        assert reading.value == pytest.approx(expected, abs=0.8)
        assert reading.point_lps_mm[0] * side.lateral_sign_lps == pytest.approx(edge_mm, abs=1.5)


def test_a_lower_crest_lets_a_path_from_cranial_pass() -> None:
    spine = _spine(0.0, lambda p: (np.abs(p[..., 1] - 60) < 4) & (p[..., 0] > 50) & (p[..., 2] < 5))
    reading = measure_ilium_angle(Site(spine, level=LEVEL, side=Side.LEFT))["ilium_axial_angle"]
    curve = dict(reading.curve)
    assert curve[0.0] < 60
    # At 59 mm distance and 10 degrees the path is 10 mm up, above the crest at 5 mm.
    assert curve[10.0] == curve[20.0] == 90.0
    assert curve[-10.0] <= curve[0.0] + 1.0


@pytest.mark.parametrize("crest_mm", [-12.0, 0.0, 14.0])
def test_the_crest_is_as_high_as_its_highest_voxel(crest_mm: float) -> None:
    spine = _spine(0.0, lambda p: (p[..., 0] > 50) & (p[..., 2] < crest_mm))
    for side in Side:
        reading = measure_crest_height(Site(spine, level=LEVEL, side=side))["crest_height"]
        assert reading.value == pytest.approx(crest_mm, abs=ILIUM_MM)


@pytest.mark.parametrize(
    ("crest_mm", "crest_class"), [(-25.0, 0), (-13.0, 1), (-3.0, 2), (6.0, 3), (18.0, 4)]
)
def test_the_class_counts_the_lines_the_crest_passes(crest_mm: float, crest_class: int) -> None:
    """Lower pedicle from -19 to -7, disc at 0, lower line of the upper pedicle at 11."""
    spine = _spine(0.0, lambda p: (p[..., 0] > 50) & (p[..., 2] < crest_mm))
    reading = measure_crest_height(Site(spine, level=LEVEL, side=Side.LEFT))["crest_class"]
    assert reading.value == crest_class
