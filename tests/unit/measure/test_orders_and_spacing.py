"""The order of a file's axes and the size of its voxels change no measurement beyond its error."""

import itertools
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.measure.conftest import SpineBuilder
from tests.unit.measure.sites import at_disc, at_vertebra

from kambin.anatomy import Anatomy, StructureKey
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.measure import Reading, Site, measure_window
from kambin.measure.approach import (
    measure_operable,
    measure_organ_angle,
    measure_organ_contact,
    measure_skin_depth,
)
from kambin.measure.bodies import (
    measure_body_shape,
    measure_plate,
    measure_posterior_height,
    measure_transverse_span,
)
from kambin.measure.crest import measure_crest_height
from kambin.measure.discs import measure_alignment, measure_disc_heights
from kambin.measure.facet import measure_facet
from kambin.measure.foramen import find_lattice, find_site_waist
from kambin.measure.joints import measure_joint
from kambin.measure.lordosis import measure_disc_shape
from kambin.measure.pedicle_gaps import measure_pedicle_gaps
from kambin.measure.roots import (
    measure_facet_root,
    measure_root_course,
    measure_root_neighbours,
    measure_root_size,
)
from kambin.measure.sections import measure_canal_sections, measure_flavum
from kambin.measure.vertebrae import measure_canal, measure_pedicle

AT_DISC = (
    measure_disc_heights, measure_alignment, measure_disc_shape, measure_canal_sections,
    measure_flavum, measure_joint, measure_facet, measure_crest_height, measure_root_course,
    measure_root_size, measure_root_neighbours, measure_facet_root, measure_pedicle_gaps,
    measure_skin_depth, measure_organ_angle, measure_organ_contact,
)  # fmt: skip
AT_VERTEBRA = (
    measure_plate, measure_body_shape, measure_posterior_height, measure_transverse_span,
    measure_canal,
)  # fmt: skip
ORDERS = [
    (order, flips)
    for order in itertools.permutations(range(3))
    for flips in itertools.product((False, True), repeat=3)
]


def reordered(region: LabelMap, order: tuple[int, ...], flips: tuple[bool, ...]) -> LabelMap:
    """The same voxels in the same places, written in another order of axes."""
    values, affine = np.transpose(region.values, order), region.lps_from_ijk.copy()
    affine[:3, :3] = affine[:3, list(order)]
    for axis, flip in enumerate(flips):
        if flip:
            affine[:3, 3] += affine[:3, axis] * (values.shape[axis] - 1)
            affine[:3, axis] *= -1
            values = np.flip(values, axis)
    return LabelMap(np.ascontiguousarray(values), affine, region.frame_id)


def in_order(anatomy: Anatomy, order: tuple[int, ...], flips: tuple[bool, ...]) -> Anatomy:
    """The anatomy with every structure written in that order."""
    structures = {
        key: replace(one, region=reordered(one.region, order, flips))
        for key, one in anatomy.structures.items()
    }
    return replace(anatomy, structures=structures)


def readings(anatomy: Anatomy) -> dict[str, Reading]:
    """What the cheap measurers read on the left and at L4."""
    found: dict[str, Reading] = {}
    site, bone = at_disc(anatomy), at_vertebra(anatomy)
    for measure in AT_DISC:
        found |= _named(measure(site))
    for measure in AT_VERTEBRA:
        found |= _named(measure(bone))
    found |= _named(measure_pedicle(replace(bone, side=Side.LEFT)))
    return found | _named(measure_operable(site))


def _named(found: Mapping[str, Reading]) -> dict[str, Reading]:
    return dict(found)


@pytest.fixture(scope="module")
def as_painted(a_spine_of_boxes: Anatomy) -> dict[str, Reading]:
    return readings(a_spine_of_boxes)


LOOKED_AT = {
    StructureKey.parse(name)
    for name in ("sap:L5:left", "iap:L4:left", "vertebra:L4", "canal", "dural_sac",
                 "exiting_root:L4:left")
}  # fmt: skip


@pytest.fixture(scope="module")
def a_left_joint(a_spine_of_boxes: Anatomy) -> Anatomy:
    """What the left joint, the canal and the left root are measured on."""
    kept = {key: one for key, one in a_spine_of_boxes.structures.items() if key in LOOKED_AT}
    return replace(a_spine_of_boxes, structures=kept)


def assert_the_same(found: Reading, expected: Reading, name: str) -> None:
    """Equal but for pixels that lie exactly on a border: a fifth of the stated error."""
    assert found.value is not None, name
    limit = max(0.2 * (expected.uncertainty or 0.0), 1e-4)
    assert found.value == pytest.approx(expected.value, abs=limit), name
    assert found.uncertainty == pytest.approx(expected.uncertainty, rel=0.02), name


def test_there_are_48_orders_of_axes_and_each_keeps_every_voxel_in_its_place(
    a_spine_of_boxes: Anatomy,
) -> None:
    region = a_spine_of_boxes.require("sap:L5:left").region
    places = {tuple(p) for p in region.lps_mm(np.argwhere(region.values != 0)).round(6).tolist()}
    seen = set()
    for order, flips in ORDERS:
        other = reordered(region, order, flips)
        found = other.lps_mm(np.argwhere(other.values != 0)).round(6).tolist()
        assert {tuple(p) for p in found} == places
        seen.add(tuple(other.lps_from_ijk[:3, :3].ravel().tolist()))
    assert len(seen) == len(ORDERS) == 48


@pytest.mark.parametrize(("order", "flips"), ORDERS, ids=str)
def test_no_order_of_axes_changes_joints_sections_and_roots(
    a_left_joint: Anatomy, as_painted: dict[str, Reading], order, flips
) -> None:
    site = at_disc(in_order(a_left_joint, order, flips))
    for measure in (measure_joint, measure_canal_sections, measure_facet_root):
        for name, reading in measure(site).items():
            assert_the_same(reading, as_painted[name], name)


@pytest.fixture(scope="module")
def a_left_foramen(a_spine_of_boxes: Anatomy) -> Site:
    """What the left foramen and its windows are measured on, and both found once."""
    kinds = ("vertebra", "disc", "body", "pedicle", "sap", "dural_sac", "exiting_root", "drg")
    kept = {
        key: one
        for key, one in a_spine_of_boxes.structures.items()
        if key.kind in kinds and key.side in (None, Side.LEFT)
    }
    site = at_disc(replace(a_spine_of_boxes, structures=kept))
    assert find_site_waist(site) is not None
    return site


@pytest.mark.parametrize(("order", "flips"), ORDERS, ids=str)
def test_no_order_of_axes_changes_the_foramen_or_its_windows(
    a_left_foramen: Site, order, flips
) -> None:
    site = at_disc(in_order(a_left_foramen.anatomy, order, flips))
    # The waist is a function of the lattice alone: the same lattice has the same waist.
    here, before = find_lattice(site), find_lattice(a_left_foramen)
    np.testing.assert_allclose(here.filled, before.filled, atol=1e-5)
    np.testing.assert_allclose(here.strip_mm, before.strip_mm)
    waist = find_site_waist(a_left_foramen)
    site.shapes.once(("waist", site.place, site.side), lambda: waist)
    for kind in ("neural", "bony"):
        views = [
            # A slab as far as the process, a quarter of the whole way.
            measure_window(
                one, axial_inclination_deg=45.0, craniocaudal_deg=0.0, kind=kind, depth_mm=9.0
            )
            for one in (site, a_left_foramen)
        ]
        assert views[0].values == pytest.approx(views[1].values, abs=0.02)
        assert views[0].sigmas == pytest.approx(views[1].sigmas, abs=0.05)


@pytest.mark.parametrize(
    ("order", "flips"),
    [((2, 0, 1), (True, False, False)), ((1, 0, 2), (False, True, True))],
    ids=str,
)
def test_an_odd_order_of_axes_changes_nothing_that_is_measured(
    a_spine_of_boxes: Anatomy, as_painted: dict[str, Reading], order, flips
) -> None:
    found = readings(in_order(a_spine_of_boxes, order, flips))
    assert found.keys() == as_painted.keys()
    for name, reading in found.items():
        assert_the_same(reading, as_painted[name], name)


# Sizes of voxels that do not divide the boxes, so that every face falls elsewhere.
@pytest.mark.parametrize("spacing_mm", [0.8, 1.25])
def test_another_voxel_size_changes_less_than_the_stated_error(
    build_spine: SpineBuilder, as_painted: dict[str, Reading], spacing_mm: float
) -> None:
    found = readings(build_spine(spacing_mm=spacing_mm))
    beyond = {
        name: (reading.value, as_painted[name].value, limit)
        for name, reading in found.items()
        # Two sigma of each; a class has none, and changes only at a border.
        for limit in [
            2 * float(np.hypot(reading.uncertainty or 0.0, as_painted[name].uncertainty or 0.0))
        ]
        if abs(reading.value - as_painted[name].value) > limit
    }
    assert beyond == {}
