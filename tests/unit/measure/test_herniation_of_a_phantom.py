"""Every class of a made herniation is read back as what it was made, or its neighbour is named.

Made: by the shapes' own functions and the sizes the bones were made with. Read: by the classifier
on voxels of 1 mm. The two share the published definitions and nothing else.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pytest

from kambin.anatomy import Anatomy, Case, Level, LevelScheme, Origin, Structure, StructureKey
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap, crop_region
from kambin.measure.herniation import classify
from kambin.measure.herniation_scene import find_scene
from kambin.measure.herniation_types import Herniation
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.discs import build_disc
from kambin.phantom.fragment import build_fragment
from kambin.phantom.hernia_made import MadeHerniation, describe_made
from kambin.phantom.organs import Spine
from kambin.phantom.region import paint_spine_case
from kambin.phantom.shapes import Shape

LEVEL = Level("L4", "L5")
KINDS = {"body", "disc", "sap", "iap", "canal", "dural_sac"}
HIDING = {"body", "pedicle", "lamina", "pars", "sap", "iap", "sp", "tp"}
BONES = {StructureKey("vertebra", "L4"), StructureKey("vertebra", "L5")}


@dataclass(frozen=True)
class MadeSpine:
    """A made patient at L4-L5: its parts as labels, and the shapes they were painted from."""

    anatomy: Anatomy
    labels: LabelMap
    hiding_values: tuple[int, ...]
    bones: tuple[Shape, ...]

    @cached_property
    def spine(self) -> Spine:
        return build_spine(PhantomParameters(LEVEL, Side.LEFT, seed=1))

    @cached_property
    def disc(self) -> Shape:
        return build_disc(LEVEL, self.spine.sizes, self.spine.frames)

    def make(self, **wishes: object) -> tuple[MadeHerniation, Herniation]:
        """Make a herniation, and return it as it was made and as it is read."""
        parameters = PhantomParameters(LEVEL, Side.LEFT, seed=1, **wishes)
        fragment = build_fragment(parameters, self.spine, self.disc, self.bones)
        made = describe_made(parameters, self.spine, self.disc, fragment, self.bones)
        structure = Structure(FRAGMENT_KEY, self._painted(fragment), Origin.PHANTOM, 0.3)
        structures = {**self.anatomy.structures, FRAGMENT_KEY: structure}
        nothing = LabelMap(np.zeros((1, 1, 1), np.uint8), np.eye(4), "kambin")
        scene = find_scene(replace(self.anatomy, structures=structures), LEVEL)
        return made, classify(scene, Case(None, nothing, {}, "kambin"))

    def _painted(self, fragment: Shape) -> LabelMap:
        low, high = (self.labels.ijk(corner) for corner in fragment.bounds_lps_mm())
        ranges = (np.arange(int(a), int(b) + 2) for a, b in zip(low, high, strict=True))
        ijk = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        ijk = ijk[fragment.distance(self.labels.lps_mm(ijk)) < 0]
        # Bone is painted over what of a fragment lies inside it.
        free = ~np.isin(self.labels.values[tuple(ijk.T)], self.hiding_values)
        painted = np.zeros(self.labels.shape, np.uint8)
        painted[tuple(ijk[free].T)] = 1
        return crop_region(replace(self.labels, values=painted), 1)


@pytest.fixture(scope="module")
def a_made_spine() -> MadeSpine:
    """The phantom's own parts and frames at L4-L5, at 1 mm."""
    truth = paint_spine_case(PhantomParameters(LEVEL, Side.LEFT, seed=1)).truth
    labels = truth.labels(1.0)
    structures = {
        key: Structure(key, crop_region(labels, number), Origin.PHANTOM, 0.3)
        for number, key in truth.names.items()
        if key.kind in KINDS and (labels.values == number).any()
    }
    for name in (LEVEL.upper, LEVEL.lower):
        whole = StructureKey("vertebra", name)
        structures[whole] = replace(structures[StructureKey("body", name)], key=whole)
    anatomy = Anatomy(
        structures,
        truth.vertebra_frames,
        truth.disc_frames,
        LevelScheme("5 lumbar", (LEVEL.upper, LEVEL.lower), True, False),
        Grid(np.zeros(3), 0.75, (2, 2, 2), "phantom"),
        1.0,
    )
    hiding = tuple(number for number, key in truth.names.items() if key.kind in HIDING)
    bones = tuple(shape for shape in truth.shapes if shape.key in BONES)
    return MadeSpine(anatomy, labels, hiding, bones)


def _require_read_as_made(made: MadeHerniation, read: Herniation) -> None:
    for name in (
        *("morphology", "zone", "msu_size", "msu_location"),
        *("migration", "migration_grade"),
    ):
        said = {str(read[name].value), str(read[name].neighbour)}
        assert str(getattr(made, name)) in said, name


@pytest.mark.parametrize(
    ("zone", "migration", "size", "morphology"),
    [
        ("central", "none", 3, "sequestration"),
        ("paracentral", "none", 1, "protrusion"),
        ("paracentral", "near-up", 2, "extrusion"),
        ("subarticular", "far-up", 1, "sequestration"),
        ("foraminal", "none", 2, "protrusion"),
        ("extraforaminal", "none", 2, "extrusion"),
        ("paracentral", "far-down", 2, "extrusion"),
        ("central", "very-high-down", 2, "sequestration"),
    ],
)
def test_what_was_made_is_read_back(
    a_made_spine: MadeSpine, zone: str, migration: str, size: int, morphology: str
) -> None:
    made, read = a_made_spine.make(zone=zone, migration=migration, size=size, morphology=morphology)
    _require_read_as_made(made, read)
    # And it was made as it was asked for.
    assert made.zone == zone
    assert made.morphology == morphology
    assert made.migration == migration.replace("very-high", "far")
    if zone in ("central", "paracentral"):
        assert made.msu_size == size
    assert (made.migration_grade == "very-high") >= migration.startswith("very-high")
    assert read["volume"].value == pytest.approx(made.volume_mm3, rel=0.12, abs=10)


def test_size_3_reaches_behind_the_facet_line_and_reads_3(a_made_spine: MadeSpine) -> None:
    made, read = a_made_spine.make(zone="paracentral", size=3)
    assert made.h_mm > made.d_mm
    assert read["msu_size"].value == made.msu_size == 3
    # The joint's edge is known to a landmark's sigma, the tip to a voxel.
    assert read["msu_size"].measured["d_mm"] == pytest.approx(made.d_mm, abs=1.8)
    assert read["msu_size"].measured["h_mm"] == pytest.approx(made.h_mm, abs=1.0)


def test_a_protrusion_is_never_deeper_than_its_disc_lets_it_be(a_made_spine: MadeSpine) -> None:
    made, read = a_made_spine.make(zone="paracentral", size=3, morphology="protrusion")
    # The margin of this disc is 6 mm high: two thirds of that is less than half of d.
    assert (made.morphology, made.msu_size) == ("protrusion", 1)
    _require_read_as_made(made, read)


def test_so_far_out_there_is_no_margin_for_a_protrusion(a_made_spine: MadeSpine) -> None:
    with pytest.raises(AnatomyError, match="AN-440"):
        a_made_spine.make(zone="extraforaminal", morphology="protrusion")
