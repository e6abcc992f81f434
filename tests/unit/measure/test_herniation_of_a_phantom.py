"""The herniation of a made patient is found again as what it was made."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Anatomy, Case, Level, LevelScheme, Origin, Structure, StructureKey
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap, crop_region
from kambin.measure.herniation import classify
from kambin.measure.herniation_scene import find_scene
from kambin.measure.herniation_types import Herniation
from kambin.phantom import PhantomParameters
from kambin.phantom.build import build_truth
from kambin.phantom.region import paint_spine_case

LEVEL = Level("L4", "L5")
KINDS = {"body", "disc", "sap", "iap", "canal", "dural_sac"}


@pytest.fixture(scope="module")
def a_true_spine() -> Anatomy:
    """The phantom's own parts and frames at L4-L5, at 1 mm."""
    truth = paint_spine_case(PhantomParameters(LEVEL, Side.LEFT, seed=1)).truth
    labels = truth.labels(1.0)
    structures = {
        key: Structure(key, crop_region(labels, number), Origin.PHANTOM, 0.3)
        for number, key in truth.names.items()
        if key.kind in KINDS and (labels.values == number).any()
    }
    for name in (LEVEL.upper, LEVEL.lower):
        body = structures[StructureKey("body", name)]
        whole = StructureKey("vertebra", name)
        structures[whole] = replace(body, key=whole)
    return Anatomy(
        structures,
        truth.vertebra_frames,
        truth.disc_frames,
        LevelScheme("5 lumbar", (LEVEL.upper, LEVEL.lower), True, False),
        Grid(np.zeros(3), 0.75, (2, 2, 2), "phantom"),
        1.0,
    )


def _classify(spine: Anatomy, zone: str, migration: str, size: int) -> Herniation:
    made = build_truth(PhantomParameters(LEVEL, Side.LEFT, zone, migration, size, seed=1))
    region = made.region(FRAGMENT_KEY, 1.0)
    fragment = Structure(FRAGMENT_KEY, region, Origin.PHANTOM, 0.3)
    anatomy = replace(spine, structures={**spine.structures, FRAGMENT_KEY: fragment})
    labels = LabelMap(np.zeros((1, 1, 1), np.uint8), np.eye(4), "phantom")
    return classify(find_scene(anatomy), Case(None, labels, {}, "kambin"))


@pytest.mark.parametrize(
    ("zone", "migration", "size"),
    [
        ("central", "none", 2),
        ("paracentral", "none", 1),
        ("foraminal", "none", 2),
        ("paracentral", "near-down", 2),
    ],
)
def test_level_side_zone_and_migration_are_what_the_patient_was_made_with(
    a_true_spine: Anatomy, zone: str, migration: str, size: int
) -> None:
    found = _classify(a_true_spine, zone, migration, size)
    assert found.level == LEVEL
    assert found.side is (None if zone == "central" else Side.LEFT)
    said = {found["zone"].value, found["zone"].neighbour}
    assert zone in said
    assert migration in {found["migration"].value, found["migration"].neighbour}
    if size < 3 and zone in ("central", "paracentral", "subarticular"):
        assert str(size) in {str(found["msu_size"].value), found["msu_size"].neighbour}


def test_depth_volume_and_compromise_grow_with_the_size_it_was_made_with(
    a_true_spine: Anatomy,
) -> None:
    found = [_classify(a_true_spine, "paracentral", "none", size) for size in (1, 3)]
    for grade, name in (
        ("msu_size", "h_to_d"),
        ("volume", "volume_mm3"),
        ("canal_compromise", "fraction"),
    ):
        numbers = [one[grade].measured[name] for one in found]
        assert numbers == sorted(numbers)
        assert numbers[1] > 1.5 * numbers[0]
