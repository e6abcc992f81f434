"""What the nerve half of completion adds, leaves alone, and admits it cannot say."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import (
    CANAL_DEPTH,
    CENTRES,
    GRID,
    PEDICLE_Z,
    WALL,
    all_nodes,
    box_bones,
    completed_boxes,
    only_level,
    with_bone,
    with_given,
    without_pedicles,
)

from kambin.anatomy import BonyAnatomy, Level, Origin, StructureKey
from kambin.anatomy.canal import find_canal, find_canal_space, region_on_grid
from kambin.anatomy.flavum import model_flavum
from kambin.anatomy.nerves import NerveCompletion, complete_nerves
from kambin.anatomy.root_shapes import rasterise_tube
from kambin.anatomy.skin import complete_skin, find_body_mask
from kambin.anatomy.structures import Tube
from kambin.core import Severity
from kambin.frames import Side
from kambin.imaging import LabelMap

LEVELS = ("L2-L3", "L3-L4", "L4-L5", "L5-S1")


class Steps:
    """A progress display that remembers what it was told."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int, int]] = []

    def step(self, title: str, done: int, total: int) -> None:
        self.seen.append((title, done, total))


@pytest.fixture(scope="module")
def a_spine_of_boxes() -> BonyAnatomy:
    return box_bones()


@pytest.fixture(scope="module")
def its_nerves() -> NerveCompletion:
    return completed_boxes()


@pytest.fixture(scope="module")
def its_l4_l5(a_spine_of_boxes) -> BonyAnatomy:
    return only_level(a_spine_of_boxes, "L4-L5")


def test_every_level_gets_its_nerves_on_both_sides(its_nerves):
    keys = {str(key) for key in its_nerves.structures}

    expected = {"canal", "dural_sac"}
    for level in LEVELS:
        upper, lower = level.split("-")
        expected.add(f"flavum:{level}")
        for side in Side:
            expected |= {
                f"exiting_root:{upper}:{side}",
                f"drg:{upper}:{side}",
                f"traversing_root:{lower}:{side}",
            }
    # The S1 ganglion lies on the root that crosses the last disc.
    expected |= {f"drg:S1:{side}" for side in Side}
    assert keys == expected
    assert its_nerves.findings == ()


def test_everything_modelled_says_so_and_carries_its_sigma(its_nerves):
    for key, structure in its_nerves.structures.items():
        assert structure.key == key
        assert structure.origin is Origin.MODELLED
        assert structure.method
        assert structure.region.values.any()
        if key.kind in ("exiting_root", "traversing_root", "drg"):
            assert structure.sigma_mm == 2.5
            assert structure.tube is not None
            assert structure.quality["moved_mm"] <= 5.0
            assert structure.quality["overlap_mm"] <= 0.1


def test_roots_describe_themselves_as_papers_do(its_nerves):
    for vertebra in ("L2", "L3", "L4"):
        for side in Side:
            quality = its_nerves.structures[StructureKey("exiting_root", vertebra, side)].quality
            assert 40 <= quality["angle_to_plate_deg"] <= 73
            assert 6.6 <= quality["take_off_height_mm"] <= 26.1
            assert 8 <= quality["sac_to_root_mm"] <= 24


def test_no_root_or_ganglion_lies_in_bone_or_disc(a_spine_of_boxes, its_nerves):
    for key, structure in its_nerves.structures.items():
        if structure.tube is None:
            continue
        ijk = np.rint(GRID.ijk(structure.tube.points_lps_mm)).astype(int)
        inside = ((ijk >= 0) & (ijk < GRID.shape)).all(axis=1)
        assert not a_spine_of_boxes.bone.labels[tuple(ijk[inside].T)].any(), key


def test_a_ganglion_lies_on_its_root(its_nerves):
    root = its_nerves.structures[StructureKey("exiting_root", "L4", Side.LEFT)].tube
    ganglion = its_nerves.structures[StructureKey("drg", "L4", Side.LEFT)].tube

    assert root is not None
    assert ganglion is not None
    for point in ganglion.points_lps_mm:
        assert np.linalg.norm(root.points_lps_mm - point, axis=1).min() < 1e-9
    assert ganglion.radii_mm.max() > root.radii_mm.max()


@pytest.mark.parametrize("level", LEVELS)
def test_the_flavum_roofs_the_canal_between_the_laminae(a_spine_of_boxes, its_nerves, level):
    flavum = region_on_grid(its_nerves.structures[StructureKey("flavum", level)], GRID)
    upper, lower = level.split("-")

    i, j, k = np.nonzero(flavum)
    x, y, z = GRID.axes_mm()
    assert not (flavum & (a_spine_of_boxes.bone.labels > 0)).any()
    assert z[k].max() < CENTRES[upper]
    assert z[k].min() > CENTRES[lower] + PEDICLE_Z - 3
    middle = np.abs(x[i]) < 1
    assert y[j[middle]].min() > WALL + CANAL_DEPTH - 3, "behind the sac"


def test_the_flavum_has_the_thickness_of_its_level(its_nerves):
    flavum = region_on_grid(its_nerves.structures[StructureKey("flavum", "L4-L5")], GRID)

    middle = np.rint(GRID.ijk([0, 0, 18.5])).astype(int)
    assert flavum[middle[0], :, middle[2]].sum() == pytest.approx(3.77, abs=1.0)


def test_progress_is_told_from_start_to_end(a_spine_of_boxes):
    steps = Steps()

    complete_nerves(without_pedicles(a_spine_of_boxes, *CENTRES), progress=steps)

    assert steps.seen[0] == ("Nerves", 0, 4)


def test_a_given_root_canal_and_flavum_are_left_alone(its_l4_l5):
    x, y, z = all_nodes()
    lump = (np.abs(x - 20) < 3) & (np.abs(y - 20) < 3) & (np.abs(z - 20) < 3)
    bony = its_l4_l5
    for key in ("exiting_root:L4:left", "canal", "flavum:L4-L5"):
        bony = with_given(bony, key, lump)

    added = complete_nerves(bony).structures

    for key in ("exiting_root:L4:left", "canal", "flavum:L4-L5", "drg:L4:left"):
        assert StructureKey.parse(key) not in added
    assert StructureKey.parse("exiting_root:L4:right") in added


def test_a_root_that_bone_pushes_too_far_is_not_assessed(its_l4_l5):
    def wall_up_the_left_foramen_of_l4(labels: np.ndarray) -> None:
        labels[69:95, 70:100, 70:104] = 3

    completion = complete_nerves(with_bone(its_l4_l5, wall_up_the_left_foramen_of_l4))

    findings = [f for f in completion.findings if f.code == "AN-260"]
    assert [f.severity for f in findings] == [Severity.CONFIRM]
    assert findings[0].where == "exiting_root:L4:left"
    assert "mm" in findings[0].why
    assert StructureKey.parse("exiting_root:L4:left") not in completion.structures
    assert StructureKey.parse("drg:L4:left") not in completion.structures
    assert StructureKey.parse("exiting_root:L4:right") in completion.structures


def test_a_root_without_its_pedicle_is_not_assessed(its_l4_l5):
    completion = complete_nerves(without_pedicles(its_l4_l5, "L4", "L5", side=Side.RIGHT))

    finding = next(f for f in completion.findings if f.code == "AN-260")
    assert finding.severity is Severity.CONFIRM
    assert finding.where == "exiting_root:L4:right, traversing_root:L5:right"


def test_without_any_pedicle_nothing_but_skin_is_modelled(a_spine_of_boxes):
    completion = complete_nerves(without_pedicles(a_spine_of_boxes, *CENTRES))

    assert [f.code for f in completion.findings] == ["AN-261"]
    assert completion.findings[0].severity is Severity.CONFIRM
    assert completion.structures == {}


def test_levels_without_numbers_in_the_tables_get_no_root(a_spine_of_boxes):
    unknown = Level("T11", "T12")
    frames = {unknown: a_spine_of_boxes.disc_frames[Level("L2", "L3")]}

    completion = complete_nerves(replace(a_spine_of_boxes, disc_frames=frames))

    assert not [k for k in completion.structures if k.kind.endswith("root")]


def test_the_skin_of_a_body_mask_is_the_filled_body(a_spine_of_boxes):
    values = a_spine_of_boxes.labels.values.copy()
    x, y, z = all_nodes()
    body = np.broadcast_to((np.abs(x) < 55) & (np.abs(y) < 58) & (z > -1000), values.shape)
    values[(values == 0) & body] = 99
    names = {**a_spine_of_boxes.names, 99: StructureKey("skin")}
    labels = LabelMap(values, GRID.lps_from_ijk, "boxes")
    found = find_body_mask(None, labels, names)
    bony = replace(a_spine_of_boxes, labels=labels, names=names, body=found)

    skin = complete_skin(bony)

    assert skin is not None
    assert skin.origin is Origin.SEGMENTED
    assert skin.region.values.sum() == (body | (values > 0)).sum()


def test_a_flavum_needs_both_frames_and_room(a_spine_of_boxes):
    curve = find_canal(a_spine_of_boxes)
    assert curve is not None
    space = find_canal_space(a_spine_of_boxes, curve)
    level = Level("L4", "L5")
    frames = a_spine_of_boxes.vertebra_frames
    upside_down = replace(
        a_spine_of_boxes, vertebra_frames={"L4": frames["L5"], "L5": frames["L4"]}
    )
    full = replace(space, is_blocked=np.ones_like(space.is_blocked))

    assert model_flavum(a_spine_of_boxes, space, level) is not None
    assert model_flavum(without_pedicles(a_spine_of_boxes, "L4"), space, level) is None
    assert model_flavum(a_spine_of_boxes, full, level) is None
    assert model_flavum(upside_down, space, level) is None


def test_a_tube_is_rasterised_even_beyond_the_working_grid():
    line = np.array([[50.0, 0.0, 0.0], [90.0, 0.0, 0.0]])

    region = rasterise_tube(Tube(line, np.array([3.0, 3.0])), GRID)

    volume = region.values.sum() * GRID.spacing_mm**3
    assert volume == pytest.approx(np.pi * 9 * 40 + 4 / 3 * np.pi * 27, rel=0.05)
    assert region.lps_mm(np.array(region.shape) - 1)[0] > 93
