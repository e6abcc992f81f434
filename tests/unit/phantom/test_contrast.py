"""CT and MR of one patient: same voxels, other contrast, other labels."""

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.frames import Side
from kambin.knowledge import value, value_at
from kambin.phantom import PhantomParameters
from kambin.phantom.build import build_truth
from kambin.phantom.ct import CtContrast
from kambin.phantom.given import GIVEN_KINDS, given_key, name_given
from kambin.phantom.mr import MrContrast
from kambin.phantom.organs import LPS
from kambin.phantom.parameters import MODALITIES
from kambin.phantom.scanning import BONES, Contrast, tissue_kind
from kambin.phantom.shapes import Shape, place
from kambin.phantom.solids import RoundedBox

key = StructureKey.parse
L45 = Level("L4", "L5")


def block(name: str, part: str = "") -> Shape:
    """A cube of 20 mm of one tissue."""
    piece = place(key(part or name), RoundedBox((10.0,) * 3, 0.01), LPS)
    return Shape(key(name), (piece,))


def seen(contrast: Contrast, shape: Shape) -> tuple[float, float]:
    """Signal in the middle of a cube and 0.5 mm below its surface."""
    axis = np.arange(-12.25, 12.5, 0.5)
    sample = shape.sample((axis, axis, axis), margin_mm=0.5)
    values = np.broadcast_to(contrast.tissue(shape, sample, 0.5), sample.distance_mm.shape)
    depth = -sample.distance_mm
    rim = values[(depth > 0.2) & (depth < 0.8)]
    return float(values[depth > 9].mean()), float(rim.mean())


def test_fluid_and_fat_are_bright_on_mr_and_cortex_is_dark() -> None:
    mr = MrContrast("L4-L5")
    sac, fat, nerve, muscle = (
        seen(mr, block(name))[0]
        for name in ("dural_sac", "skin", "exiting_root:L4:left", "psoas:left")
    )
    marrow, cortex = seen(mr, block("vertebra:L4"))
    assert sac > fat > marrow > nerve > muscle > 2 * cortex
    assert cortex == pytest.approx(value("phantom_mr.cortical_signal"), abs=5)


def test_bone_is_dark_where_ct_shows_it_bright() -> None:
    bone = block("vertebra:L4")
    ct, mr = seen(CtContrast(), bone), seen(MrContrast("L4-L5"), bone)
    assert ct[1] > ct[0] + 300
    assert mr[1] < mr[0] - 300


def test_the_disc_of_the_herniation_has_lost_its_water() -> None:
    mr = MrContrast("L4-L5")
    healthy, annulus = seen(mr, block("disc:L3-L4"))
    sick, _ = seen(mr, block("disc:L4-L5"))
    assert healthy > 2 * sick > 2 * annulus


@pytest.mark.parametrize(("contrast", "brighter"), [(CtContrast(), 1), (MrContrast(""), -1)])
def test_a_calcified_core_does_not_look_like_its_fragment(
    contrast: Contrast, brighter: int
) -> None:
    soft, hard = (
        seen(contrast, block("fragment", part))[0] for part in ("fragment", "calcification")
    )
    assert brighter * (hard - soft) > 100


def test_noise_of_a_magnitude_image_is_never_negative_and_the_coil_shades() -> None:
    axes = (np.arange(-20.0, 20), np.arange(-100.0, 100), np.arange(-20.0, 20))
    empty = np.zeros((40, 200, 40), dtype=np.float32)
    noise = MrContrast("").acquire(empty, axes, np.random.default_rng(1))
    assert noise.min() >= 0
    # The mean of Rician noise without signal is sigma times the root of pi over two.
    assert noise.mean() == pytest.approx(value("phantom_mr.noise") * np.sqrt(np.pi / 2), rel=0.01)
    fat = MrContrast("").acquire(empty + 640, axes, np.random.default_rng(1))
    assert fat[:, -20:].mean() > 1.1 * fat[:, :20].mean()
    again = MrContrast("").acquire(empty + 640, axes, np.random.default_rng(1))
    np.testing.assert_array_equal(fat, again)


def test_every_tissue_has_its_number_in_both_contrasts() -> None:
    truth = build_truth(PhantomParameters(L45, Side.LEFT, morphology="calcified", size=1))
    kinds = {tissue_kind(shape) for shape in truth.shapes}
    assert "calcification" in kinds
    assert all(value_at("phantom_mr.signal", kind) > 0 for kind in kinds)
    # A CT takes bone from two rows of its own: shell and inside.
    assert all(np.isfinite(value_at("phantom_ct.tissue_hu", kind)) for kind in kinds - BONES)


def asked(**wishes: object) -> PhantomParameters:
    return PhantomParameters(**{"level": L45, "side": Side.LEFT, **wishes})


def test_an_mr_tool_labels_discs_canal_and_sac_and_no_ribs() -> None:
    shapes = [block(n) for n in ("disc:L4-L5", "canal", "dural_sac", "rib:12:left", "vertebra:L4")]
    ct, mr = ({str(n) for n in name_given(shapes, asked(modality=m)).values()} for m in MODALITIES)
    assert ct == {"rib:12:left", "vertebra:L4"}
    assert mr == {"disc:L4-L5", "canal", "dural_sac", "vertebra:L4"}
    root = key("traversing_root:L5:left")
    assert given_key(root, asked(modality="mr")) == key("canal")
    assert given_key(root, asked()) is None


def test_muscles_are_one_mass_unless_asked_for_apart() -> None:
    multifidus, quadratus = key("multifidus:left"), key("quadratus:left")
    assert given_key(multifidus, asked()) == key("erector_spinae:left")
    assert given_key(quadratus, asked()) is None
    assert given_key(multifidus, asked(muscles_apart=True)) == multifidus
    assert given_key(quadratus, asked(muscles_apart=True)) == quadratus
    assert "multifidus" not in GIVEN_KINDS


def test_a_vertebra_that_is_one_with_the_sacrum_is_called_sacrum() -> None:
    l5 = key("vertebra:L5")
    assert given_key(l5, asked(variants=("sacralised-l5",))) == key("sacrum")
    both = ("sacralised-l5-left", "sacralised-l5-right")
    assert given_key(l5, asked(variants=both)) == key("sacrum")
    assert given_key(l5, asked(variants=both[:1])) == l5
    assert given_key(key("vertebra:L4"), asked(variants=both)) == key("vertebra:L4")
