"""The scan of shapes in a contrast: partial volume, part labels, order, slabs and noise."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.core import SilentProgress
from kambin.knowledge import value, value_at, values
from kambin.phantom.ct import CtContrast
from kambin.phantom.mr import MrContrast, _shading
from kambin.phantom.organs import LPS
from kambin.phantom.scanning import BONES, Contrast, Picture, filled_share, scan, tissue_kind
from kambin.phantom.shapes import Axes, Sample, Shape, place
from kambin.phantom.solids import RoundedBox
from kambin.phantom.truth import SLAB_CHUNK

key = StructureKey.parse
AXIS = np.arange(-11.5, 12, 1.0)
AXES = (AXIS, AXIS, AXIS)


@dataclass(frozen=True)
class Plain:
    """A contrast without noise: each kind of tissue has one value."""

    tissues: dict[str, float] = field(default_factory=dict)

    def background(self) -> float:
        return 0.0

    def tissue(self, shape: Shape, sample: Sample, spacing_mm: float) -> Picture:
        return np.array(self.tissues[shape.key.kind], dtype=np.float32)

    def acquire(self, picture: Picture, axes: Axes, rng: np.random.Generator) -> Picture:
        return picture


@dataclass
class Heard(SilentProgress):
    """Keeps what it was told."""

    steps: list[tuple[int, int]] = field(default_factory=list)

    def step(self, name: str, done: int, total: int) -> None:
        assert name == "phantom"
        self.steps.append((done, total))


def box(name: str, half_mm: tuple[float, float, float], centre_mm: object = (0, 0, 0)) -> Shape:
    piece = place(key(name), RoundedBox(half_mm, 0.01), LPS, centre_mm=centre_mm)
    return Shape(key(name), (piece,))


def take(
    shapes: tuple[Shape, ...], contrast: Contrast, axes: Axes = AXES
) -> tuple[Picture, np.ndarray]:
    part_of = {k: n for n, k in enumerate(dict.fromkeys(p for s in shapes for p in s.parts), 1)}
    rng = np.random.default_rng(0)
    return scan(shapes, axes, part_of, contrast, rng, SilentProgress())


@pytest.mark.parametrize(
    ("distance_mm", "share"),
    [(-9.0, 1.0), (-0.5, 1.0), (-0.25, 0.75), (0.0, 0.5), (0.25, 0.25), (0.5, 0.0), (9.0, 0.0)],
)
def test_a_voxel_is_filled_by_its_share_behind_the_surface(
    distance_mm: float, share: float
) -> None:
    for spacing_mm in (0.5, 1.0, 3.0):
        found = filled_share(np.array([distance_mm * spacing_mm], np.float32), spacing_mm)
        assert found[0] == pytest.approx(share)
        assert found.dtype == np.float32


def test_an_empty_scan_is_background() -> None:
    image, parts = take((), Plain())
    assert image.shape == parts.shape == (24, 24, 24)
    assert not image.any()
    assert not parts.any()
    assert (image.dtype, parts.dtype) == (np.float32, np.uint8)


def test_an_image_blends_at_a_border_and_a_label_does_not() -> None:
    """A face half way through a voxel gives half the value, and the label decides at once."""
    image, parts = take((box("liver", (5.5, 8.0, 8.0)),), Plain({"liver": 100.0}))
    row = image[:, 12, 12]
    np.testing.assert_allclose(row[12:], [100] * 5 + [50] + [0] * 6, atol=1.0)
    np.testing.assert_array_equal(parts[12:16, 12, 12], 1)
    assert set(np.unique(parts)) == {0, 1}


@pytest.mark.parametrize("half_mm", [4.0, 4.25, 4.5, 4.75])
def test_the_sum_of_the_picture_is_the_volume(half_mm: float) -> None:
    image, _ = take((box("liver", (half_mm,) * 3),), Plain({"liver": 1.0}))
    # Along edges the nearest face alone tells the share, which is a little too much.
    assert image.sum() == pytest.approx((2 * half_mm) ** 3, rel=0.04)


def test_what_is_painted_later_covers_what_was_there() -> None:
    shapes = (box("liver", (8.0,) * 3), box("spleen", (4.0,) * 3))
    image, parts = take(shapes, Plain({"liver": 10.0, "spleen": 70.0}))
    assert image[12, 12, 12] == 70
    assert image[12, 12, 18] == 10
    assert (parts[12, 12, 12], parts[12, 12, 18]) == (2, 1)
    other, _ = take(shapes[::-1], Plain({"liver": 10.0, "spleen": 70.0}))
    assert other[12, 12, 12] == 10


def test_a_shape_outside_the_image_changes_nothing() -> None:
    far = box("spleen", (4.0,) * 3, (200.0, 0, 0))
    one, _ = take((box("liver", (8.0,) * 3),), Plain({"liver": 10.0}))
    both, parts = take((box("liver", (8.0,) * 3), far), Plain({"liver": 10.0, "spleen": 7.0}))
    np.testing.assert_array_equal(one, both)
    assert set(np.unique(parts)) == {0, 1}


def test_parts_of_one_shape_get_labels_of_their_own() -> None:
    pieces = (
        place(key("body:L4"), RoundedBox((4.0, 4.0, 4.0), 0.01), LPS, centre_mm=(0, -4, 0)),
        place(key("lamina:L4"), RoundedBox((4.0, 4.0, 4.0), 0.01), LPS, centre_mm=(0, 4, 0)),
    )
    _, parts = take((Shape(key("vertebra:L4"), pieces),), Plain({"vertebra": 1.0}))
    assert (parts[12, 9, 12], parts[12, 15, 12]) == (1, 2)
    assert (parts == 1).sum() == pytest.approx((parts == 2).sum(), rel=0.15)


def test_slabs_meet_without_a_step() -> None:
    """A prism through several slabs is the same in every slice."""
    long = np.arange(-70.0, 70.0, 1.0)
    assert len(long) > 2 * SLAB_CHUNK
    image, parts = take(
        (box("liver", (5.3, 6.1, 200.0)),), Plain({"liver": 30.0}), (AXIS, AXIS, long)
    )
    np.testing.assert_allclose(image, np.repeat(image[:, :, :1], len(long), axis=2), atol=1e-3)
    assert (parts == parts[:, :, :1]).all()


def test_progress_goes_slab_by_slab_to_its_end() -> None:
    heard = Heard()
    long = np.arange(-70.0, 70.0, 1.0)
    scan((), (AXIS, AXIS, long), {}, Plain(), np.random.default_rng(0), heard)
    assert heard.steps == [(0, 140), (48, 140), (96, 140), (140, 140)]


def test_a_shape_of_several_parts_is_a_tissue_by_its_whole() -> None:
    piece = place(key("sap:L4:left"), RoundedBox((1.0,) * 3, 0.01), LPS)
    other = place(key("body:L4"), RoundedBox((1.0,) * 3, 0.01), LPS)
    assert tissue_kind(Shape(key("vertebra:L4"), (piece, other))) == "vertebra"
    core = place(key("calcification"), RoundedBox((1.0,) * 3, 0.01), LPS)
    assert tissue_kind(Shape(key("fragment"), (core,))) == "calcification"


@pytest.mark.parametrize("kind", sorted(BONES))
def test_bone_has_a_shell_as_thick_as_its_row(kind: str) -> None:
    place_of = {"vertebra": "vertebra:L4", "rib": "rib:12:left", "ilium": "ilium:left"}
    shape = box(place_of.get(kind, kind), (11.0,) * 3)
    fine = np.arange(0.05, 11.5, 0.1)
    middle = np.array([-0.05, 0.05])
    sample = shape.sample((fine, middle, middle), margin_mm=0.1)
    hu = np.broadcast_to(CtContrast().tissue(shape, sample, 0.1), sample.distance_mm.shape)[:, 0, 0]
    depth = -sample.distance_mm[:, 0, 0]
    halfway = (value("phantom_ct.cortical_hu") + value("phantom_ct.cancellous_hu")) / 2
    border = depth[np.argmin(np.abs(hu - halfway))]
    assert border == pytest.approx(value("phantom_ct.cortical_shell_mm"), abs=0.11)


def test_soft_tissue_is_one_number_in_both_contrasts() -> None:
    shape = box("liver", (5.0,) * 3)
    sample = shape.sample(AXES, margin_mm=1.0)
    hu, signal = (c.tissue(shape, sample, 1.0) for c in (CtContrast(), MrContrast("L4-L5")))
    assert hu.shape == signal.shape == ()
    assert float(hu) == pytest.approx(value_at("phantom_ct.tissue_hu", "liver"))
    assert float(signal) == pytest.approx(value_at("phantom_mr.signal", "liver"))


def test_outside_the_patient_a_ct_shows_air_and_an_mr_nothing() -> None:
    assert CtContrast().background() == value("phantom_ct.air_hu")
    assert MrContrast("L4-L5").background() == 0.0


def test_the_noise_of_a_ct_has_its_width_and_a_floor() -> None:
    rng = np.random.default_rng(4)
    water = CtContrast().acquire(np.zeros((40, 40, 40), np.float32), AXES, rng)
    assert water.std() == pytest.approx(value("phantom_ct.noise_hu"), rel=0.02)
    assert water.mean() == pytest.approx(0, abs=0.5)
    lowest = value("phantom_ct.lowest_hu")
    air = CtContrast().acquire(np.full((20, 20, 20), lowest, np.float32), AXES, rng)
    assert air.min() == lowest
    assert 0.4 < (air == lowest).mean() < 0.6


@pytest.mark.parametrize("signal", [300.0, 1000.0])
def test_far_above_the_noise_a_magnitude_is_nearly_the_signal(signal: float) -> None:
    """Rician: the mean square is that of the signal and twice the variance."""
    axes = (np.zeros(1), np.zeros(1), np.zeros(1))
    gain = _shading(axes).item()
    noise = value("phantom_mr.noise")
    picture = np.full((60, 60, 60), signal, np.float32)
    magnitude = MrContrast("").acquire(picture.copy(), axes, np.random.default_rng(2))
    expected = (signal * gain) ** 2 + 2 * noise**2
    assert (magnitude.astype(float) ** 2).mean() == pytest.approx(expected, rel=0.005)


def test_a_coil_under_the_back_sees_the_back_best() -> None:
    depth, beside, back, gain = values("phantom_mr.coil_mm")
    axes = (np.array([0.0]), np.array([back, back - depth]), np.array([0.0]))
    near, far = _shading(axes)[0, :, 0].tolist()
    assert near == pytest.approx(1 + gain)
    assert far == pytest.approx(1 + gain * (2 / np.e - 1))
    aside = _shading((np.array([-beside, 0.0, beside]), np.array([back]), np.array([0.0])))[:, 0, 0]
    assert aside[0] == pytest.approx(aside[2])
    assert aside[0] == pytest.approx(far)


def test_the_shading_of_slabs_is_that_of_the_whole() -> None:
    z = np.arange(-100.0, 100, 5)
    whole = _shading((AXIS, AXIS, z))
    slabs = [_shading((AXIS, AXIS, z[:20])), _shading((AXIS, AXIS, z[20:]))]
    np.testing.assert_array_equal(whole, np.concatenate(slabs, axis=2))
    assert whole.dtype == np.float32
