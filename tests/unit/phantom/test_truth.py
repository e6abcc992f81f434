"""Truth at any spacing: labels, fractions that fit them, surfaces, and what is not there."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.core import AnatomyError
from kambin.phantom import PhantomTruth

key = StructureKey.parse


def test_every_part_has_a_name_of_its_own(its_truth: PhantomTruth) -> None:
    names = {str(name) for name in its_truth.names.values()}
    for side in ("left", "right"):
        parts = {f"{kind}:L4:{side}" for kind in ("pedicle", "sap", "iap", "pars", "tp")}
        nerves = {f"{kind}:L4:{side}" for kind in ("exiting_root", "traversing_root", "drg")}
        assert parts | nerves | {f"sap:S1:{side}", f"traversing_root:S1:{side}"} <= names
    assert {"body:L4", "body:S1", "lamina:L4", "sp:L4", "disc:L4-L5", "flavum:L4-L5"} <= names
    assert {"dural_sac", "canal", "fragment", "sacrum", "skin"} <= names
    assert len(set(its_truth.names.values())) == len(its_truth.names) < 256


def test_labels_at_two_spacings_show_the_same_patient(its_truth: PhantomTruth) -> None:
    body = next(number for number, name in its_truth.names.items() if str(name) == "body:L3")
    volumes, centres = [], []
    for spacing in (5.0, 2.5):
        labels = its_truth.labels(spacing)
        voxels = np.argwhere(labels.values == body)
        volumes.append(len(voxels) * spacing**3)
        centres.append(labels.lps_mm(voxels).mean(axis=0))
        np.testing.assert_allclose(labels.spacing_mm, spacing)
    assert volumes[0] == pytest.approx(volumes[1], rel=0.12)
    np.testing.assert_allclose(centres[0], centres[1], atol=0.8)


def test_a_fraction_is_the_share_of_finer_voxels(its_truth: PhantomTruth) -> None:
    share = its_truth.occupancy(key("body:L3"), 3.0)
    assert share.values.dtype == np.float32
    assert share.values.min() == 0
    assert share.values.max() == 1
    partial = share.values[(share.values > 0) & (share.values < 1)]
    assert len(partial) > 300
    fine = its_truth.region(key("body:L3"), 0.75)
    assert share.values.sum() * 27 == pytest.approx(fine.values.sum() * 0.75**3, rel=0.01)


def test_a_voxel_more_than_half_full_carries_the_label(its_truth: PhantomTruth) -> None:
    share = its_truth.occupancy(key("vertebra:L2"), 2.0)
    shape = next(s for s in its_truth.shapes if s.key == key("vertebra:L2"))
    grid = np.stack(np.indices(share.shape), axis=-1).reshape(-1, 3)
    inside = (shape.distance(share.lps_mm(grid)) < 0).reshape(share.shape)
    agree = inside == (share.values > 0.5)
    assert agree.mean() > 0.99
    assert inside[share.values == 1].all()
    assert not inside[share.values == 0].any()


def test_the_parts_of_a_vertebra_make_up_the_whole(its_truth: PhantomTruth) -> None:
    whole = its_truth.region(key("vertebra:L4"), 2.0)
    shape = next(s for s in its_truth.shapes if s.key == key("vertebra:L4"))
    parts = sum(its_truth.region(part, 2.0).values.sum() for part in shape.parts)
    assert whole.values.sum() == parts > 4000


def test_a_surface_is_closed_and_lies_on_the_shape(its_truth: PhantomTruth) -> None:
    surface = its_truth.surface(key("vertebra:L3"), 1.5)
    edges = np.sort(surface.faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    _, counts = np.unique(edges, axis=0, return_counts=True)
    assert (counts == 2).all()
    away = its_truth.distance(key("vertebra:L3"), surface.vertices_lps_mm)
    assert np.abs(away).mean() < 0.5


def test_distance_speaks_of_the_whole_structure(its_truth: PhantomTruth) -> None:
    frame = its_truth.vertebra_frames["L4"].lps_from_vertebra
    assert its_truth.distance(key("vertebra:L4"), frame.origin_mm[None])[0] < -8


def test_frames_name_what_they_are(its_truth: PhantomTruth) -> None:
    frame = its_truth.vertebra_frames["L4"]
    assert frame.vertebra == "L4"
    up = frame.upper_plate.origin_mm - frame.lower_plate.origin_mm
    assert up @ frame.lps_from_vertebra.rotation[:, 2] == pytest.approx(26.5, abs=3)
    assert set(its_truth.vertebra_frames) >= {"T12", "L5", "S1"}
    disc = its_truth.disc_frames[Level("L4", "L5")]
    assert 7 < disc.height_mm < 12
    assert disc.half_width_mm == pytest.approx(24, abs=3)
    inside = its_truth.distance(key("disc:L4-L5"), disc.lps_from_disc.origin_mm[None])
    assert inside[0] < -2


@pytest.mark.parametrize("method", ["occupancy", "region", "surface"])
def test_what_was_not_built_is_refused(its_truth: PhantomTruth, method: str) -> None:
    with pytest.raises(AnatomyError) as caught:
        getattr(its_truth, method)(key("vertebra:L6"), 3.0)
    assert caught.value.code == "AN-180"


def test_a_distance_to_what_was_not_built_is_refused(its_truth: PhantomTruth) -> None:
    with pytest.raises(AnatomyError, match="AN-180"):
        its_truth.distance(key("gall_bladder"), np.zeros((1, 3)))


def test_the_distance_to_the_skin_is_that_to_the_outside(its_truth) -> None:
    height_mm = its_truth.vertebra_frames["L3"].lps_from_vertebra.origin_mm[2]
    vertices = its_truth.surface(key("skin"), 4.0).vertices_lps_mm
    vertices = vertices[np.abs(vertices[:, 2] - height_mm) < 10.0]
    outermost = vertices[np.argmax(vertices[:, 1])]
    assert its_truth.distance(key("skin"), outermost[None])[0] == pytest.approx(0.0, abs=1.5)
    assert its_truth.distance(key("skin"), outermost[None] - [0.0, 8.0, 0.0])[0] < -4


def test_labels_taken_with_the_image_are_the_labels_of_the_truth(its_truth: PhantomTruth) -> None:
    at_hand = its_truth.labels(3.0)
    assert at_hand is its_truth.painted
    again = replace(its_truth, painted=None).labels(3.0)
    np.testing.assert_array_equal(at_hand.values, again.values)
    np.testing.assert_array_equal(at_hand.lps_from_ijk, again.lps_from_ijk)
