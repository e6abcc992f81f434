"""One level of a made patient in which herniations are made, told exactly, and read from voxels.

Asked: the parameters. Made: what the phantom's own shapes say (``phantom.hernia_made``). Read:
what the classifier says of the voxels, in an anatomy whose parts are the true ones, or in one that
was completed from whole vertebrae as a patient's is.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from kambin.anatomy import (
    Anatomy,
    Case,
    Level,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    complete,
)
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.frames import Side
from kambin.imaging import Grid, LabelMap, crop_region
from kambin.measure.herniation import classify
from kambin.measure.herniation_scene import find_scene
from kambin.measure.herniation_types import Herniation
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.build import build_bones
from kambin.phantom.discs import build_disc
from kambin.phantom.fragment import build_fragment
from kambin.phantom.hernia_made import MadeHerniation, describe_made
from kambin.phantom.organs import Spine
from kambin.phantom.region import paint_spine_case
from kambin.phantom.shapes import Shape
from kambin.phantom.sizes import Draw

SPACING_MM = 1.0
KINDS = {"body", "disc", "sap", "iap", "canal", "dural_sac"}
HIDING = {"body", "pedicle", "lamina", "pars", "sap", "iap", "sp", "tp", "sacrum", "sacral_arch"}

_NOTHING = LabelMap(np.zeros((1, 1, 1), np.uint8), np.eye(4), "kambin")


@dataclass(frozen=True)
class MadeLevel:
    """A level of a made patient without its herniation: parts as labels, and exact shapes.

    Parameters
    ----------
    base : PhantomParameters, level, side and seed
    anatomy : Anatomy, true parts or completed ones
    labels : LabelMap of the parts
    hiding_values : values in it of the bone that is painted over a herniation
    """

    base: PhantomParameters
    anatomy: Anatomy
    labels: LabelMap
    hiding_values: tuple[int, ...]

    @cached_property
    def spine(self) -> Spine:
        """Return the sizes and frames the patient was made with."""
        return build_spine(self.base)

    @cached_property
    def disc(self) -> Shape:
        """Return the exact disc."""
        return build_disc(self.base.level, self.spine.sizes, self.spine.frames)

    @cached_property
    def bones(self) -> tuple[Shape, ...]:
        """Return the exact bones that a herniation of this level can meet."""
        names = list(self.spine.names)
        at = names.index(self.base.level.upper)
        near = {StructureKey("vertebra", name) for name in names[max(at - 1, 0) : at + 3]}
        near.add(StructureKey("sacrum"))
        bones = build_bones(self.base, self.spine, Draw(np.random.default_rng([self.base.seed, 2])))
        return tuple(bone for bone in bones if bone.key in near)

    def make(self, **wishes: object) -> tuple[MadeHerniation, Herniation]:
        """Make a herniation, and return it as it was made and as it is read.

        Raises
        ------
        RequestError  (RQ-053), AnatomyError  (AN-440) if it cannot be made
        """
        parameters = replace(self.base, **wishes)
        fragment = build_fragment(parameters, self.spine, self.disc, self.bones)
        bones = [bone for bone in self.bones if _meet(bone, fragment)]
        made = describe_made(parameters, self.spine, self.disc, fragment, bones)
        return made, self.read(fragment)

    def read(self, fragment: Shape) -> Herniation:
        """Paint a fragment, and return how the classifier reads its voxels."""
        structure = Structure(FRAGMENT_KEY, self._painted(fragment), Origin.PHANTOM, 0.3)
        structures = {**self.anatomy.structures, FRAGMENT_KEY: structure}
        scene = find_scene(replace(self.anatomy, structures=structures), self.base.level)
        return classify(scene, Case(None, _NOTHING, {}, "kambin"))

    def _painted(self, fragment: Shape) -> LabelMap:
        low, high = (self.labels.ijk(corner) for corner in fragment.bounds_lps_mm())
        ranges = (np.arange(int(a), int(b) + 2) for a, b in zip(low, high, strict=True))
        ijk = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
        ijk = ijk[((ijk >= 0) & (ijk < self.labels.shape)).all(axis=1)]
        ijk = ijk[fragment.distance(self.labels.lps_mm(ijk)) < 0]
        # Bone is painted over what of a fragment lies inside it.
        free = ~np.isin(self.labels.values[tuple(ijk.T)], self.hiding_values)
        painted = np.zeros(self.labels.shape, np.uint8)
        painted[tuple(ijk[free].T)] = 1
        return crop_region(replace(self.labels, values=painted), 1)


def make_level(level: Level, side: Side, seed: int, *, completed: bool = False) -> MadeLevel:
    """Paint one level of a made patient at 1 mm.

    Parameters
    ----------
    level : Level
    side : Side of the herniations
    seed : int
    completed : bool, read in an anatomy that is completed from whole vertebrae
    """
    base = PhantomParameters(level, side, seed=seed, spacing_mm=SPACING_MM)
    painted = paint_spine_case(base)
    truth = painted.truth
    labels = truth.labels(SPACING_MM)
    hiding = tuple(number for number, key in truth.names.items() if key.kind in HIDING)
    if completed:
        return MadeLevel(base, complete(painted.case), labels, hiding)
    structures = {
        key: Structure(key, crop_region(labels, number), Origin.PHANTOM, 0.3)
        for number, key in truth.names.items()
        if key.kind in KINDS and (labels.values == number).any()
    }
    for name in (level.upper, level.lower):
        whole, body = StructureKey("vertebra", name), StructureKey("body", name)
        if body in structures:
            structures[whole] = replace(structures[body], key=whole)
    anatomy = Anatomy(
        structures,
        truth.vertebra_frames,
        truth.disc_frames,
        LevelScheme("5 lumbar", (level.upper, level.lower), True, False),
        Grid(np.zeros(3), 0.75, (2, 2, 2), "phantom"),
        SPACING_MM,
    )
    return MadeLevel(base, anatomy, labels, hiding)


def _meet(bone: Shape, fragment: Shape) -> bool:
    (low, high), (other_low, other_high) = bone.bounds_lps_mm(), fragment.bounds_lps_mm()
    return bool((low <= other_high).all() and (high >= other_low).all())
