"""The size of a ganglion from its mask, against the ellipsoid it was painted from."""

import math

import numpy as np
import pytest

from kambin.anatomy import Origin, Structure, StructureKey, Tube
from kambin.imaging import LabelMap
from kambin.measure.ganglia import find_ganglion_size

KEY = StructureKey.parse("drg:L4:left")
LENGTH_MM, WIDTH_MM = 11.0, 6.0


def an_ellipsoid(spacing_mm: float, shift: float, turn_deg: float) -> Structure:
    """A ganglion of the usual size, oblique to its voxels."""
    n = int(16 / spacing_mm)
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -8 + shift * spacing_mm
    labels = LabelMap(np.zeros((n, n, n), np.uint8), affine, "patient")
    places = labels.lps_mm(np.indices((n, n, n)).reshape(3, -1).T)
    turn = math.radians(turn_deg)
    along = places @ np.array([math.sin(turn), 0.3, -math.cos(turn)]) / math.hypot(1.0, 0.3)
    across2 = (places**2).sum(axis=1) - along**2
    inside = (2 * along / LENGTH_MM) ** 2 + 4 * across2 / WIDTH_MM**2 <= 1
    mask = inside.reshape((n, n, n)).astype(np.uint8)
    return Structure(KEY, LabelMap(mask, affine, "patient"), Origin.SEGMENTED, 1.0)


@pytest.mark.parametrize("spacing_mm", [0.8, 1.0, 1.5])
def test_a_mask_has_the_size_of_its_ellipsoid(spacing_mm: float) -> None:
    for shift, turn_deg in ((0.0, 35.0), (0.4, -35.0), (0.7, 60.0)):
        size = find_ganglion_size(an_ellipsoid(spacing_mm, shift, turn_deg))
        assert size.length_mm == pytest.approx(LENGTH_MM, abs=spacing_mm)
        assert size.width_mm == pytest.approx(WIDTH_MM, abs=spacing_mm / 2)
        true_mm3 = math.pi / 6 * LENGTH_MM * WIDTH_MM**2
        assert size.volume_mm3 == pytest.approx(true_mm3, rel=0.05)
        np.testing.assert_allclose(size.middle_lps_mm, 0.0, atol=0.2 * spacing_mm)


def test_a_tube_has_the_size_of_its_line() -> None:
    points = np.array([[0.0, 0, 0], [3, 0, -4], [6, 0, -8]])
    tube = Tube(points, np.array([2.0, 3.0, 2.0]))
    mask = an_ellipsoid(1.0, 0.0, 0.0)
    size = find_ganglion_size(Structure(KEY, mask.region, Origin.DRAWN, 1.0, tube))
    assert size.length_mm == pytest.approx(10.0)
    assert size.width_mm == pytest.approx(6.0)
    assert size.volume_mm3 == pytest.approx(math.pi * (4 + 9) / 2 * 10)
    np.testing.assert_array_equal(size.middle_lps_mm, points[1])
