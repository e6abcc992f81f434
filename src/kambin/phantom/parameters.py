"""What a phantom is asked to be: seed, herniation, variants and spacing."""

import itertools
from dataclasses import dataclass

from kambin.anatomy import VERTEBRAE, Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.knowledge import constant, value

ZONES = ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")
"""Axial zones of a herniation, from the midline outwards."""

MIGRATIONS = (
    "none",
    "very-high-up",
    "far-up",
    "near-up",
    "near-down",
    "far-down",
    "very-high-down",
)
"""Where the fragment went: Lee 2007, and beyond the lower margin of a pedicle (very high)."""

MORPHOLOGIES = ("plain", "protrusion", "extrusion", "sequestration", "calcified")
"""Shape of the fragment after the Combined Task Force; plain is an ellipsoid on the disc."""

MODALITIES = ("ct", "mr")
"""What the image shows: Hounsfield units, or a T2-like contrast."""

VARIANTS = (
    "high-crest",
    "large-sap",
    "collapsed-disc",
    "l6",
    "obese",
    "narrow-foramen",
    "scoliosis",
    "sacralised-l5",
    "sacralised-l5-left",
    "sacralised-l5-right",
    "retrorenal-colon",
    "thin",
)
"""Named departures from the usual patient."""

CANAL_ZONES = ("central", "paracentral", "subarticular")
"""Zones inside the canal, where the facet line says how large a herniation is."""

STAYING = ("protrusion", "calcified")
"""Morphologies that stay at the height of their disc, less deep than their base is wide."""

_LUMBAR = tuple(name for name in VERTEBRAE if name.startswith("L"))

SIZES = (1, 2, 3)
"""Size of the herniation after the MSU classification."""


@dataclass(frozen=True, slots=True)
class PhantomParameters:
    """A made patient, fully described: the same parameters give the same bytes.

    Parameters
    ----------
    level : Level of the herniation, no default
    side : Side of the herniation, no default
    zone : str, one of ``ZONES``
    migration : str, one of ``MIGRATIONS``
    size : int, one of ``SIZES``
    seed : int >= 0, draws the patient's sizes, roots and noise
    variants : names out of ``VARIANTS``
    spacing_mm : float, mm, of image and labels
    morphology : str, one of ``MORPHOLOGIES``
    modality : str, one of ``MODALITIES``; also decides which structures get a label
    muscles_apart : bool, label multifidus and quadratus on their own
    cobb_deg : float, degrees, of the variant scoliosis; the table's angle if none

    Raises
    ------
    RequestError  (RQ-050) if a name is not known, (RQ-051) if a number is out of range,
        (RQ-052) if this patient has no such level, (RQ-053) if two wishes exclude each other

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022 (axial zones, morphology)
    Lee S 2007, Eur Spine J 16:431 (migration)
    Mysliwiec 2010, doi 10.1007/s00586-009-1274-4 (size)
    """

    # No default here either: a forgotten side must be asked for, not guessed (faults 4, item 10).
    level: Level
    side: Side
    zone: str = "paracentral"
    migration: str = "none"
    size: int = 2
    seed: int = 0
    variants: tuple[str, ...] = ()
    spacing_mm: float = 1.0
    morphology: str = "plain"
    modality: str = "ct"
    muscles_apart: bool = False
    cobb_deg: float | None = None

    def __post_init__(self) -> None:
        """Refuse what the phantom cannot be."""
        _require_name("zone", self.zone, ZONES)
        _require_name("migration", self.migration, MIGRATIONS)
        _require_name("morphology", self.morphology, MORPHOLOGIES)
        _require_name("modality", self.modality, MODALITIES)
        for name in self.variants:
            _require_name("variant", name, VARIANTS)
        # numpy would refuse a negative seed as well, without a word about the option.
        if self.size not in SIZES or self.seed < 0:
            _refuse_number("--size or --seed", f"size {self.size}, seed {self.seed}", "1, 2 or 3")
        row = constant("phantom_ct.spacing_mm")
        if not row.low <= self.spacing_mm <= row.high:
            _refuse_number("spacing", f"{self.spacing_mm} mm", f"{row.low} to {row.high} mm")
        cobb = constant("phantom_variants.cobb_deg")
        if not cobb.low <= self.cobb <= cobb.high:
            _refuse_number("--cobb", f"{self.cobb} degrees", f"{cobb.low} to {cobb.high} degrees")
        self._require_wishes_that_agree()
        # After the variants: whether L5-L6 exists is up to one of them.
        if self.level not in self.levels:
            raise RequestError(
                code="RQ-052",
                what="The phantom has no such level",
                where=f"--level {self.level}",
                why=f"This phantom has {len(self.vertebrae) - 1} lumbar bodies.",
                next_step=f"Ask for one of {', '.join(str(level) for level in self.levels)}.",
            )

    def _require_wishes_that_agree(self) -> None:
        """Refuse shapes that contradict their own definition."""
        if self.morphology in STAYING and self.migration != "none":
            _refuse_wishes(
                f"--morphology {self.morphology} --migration {self.migration}",
                "What leaves the height of its disc is an extrusion or a sequestration.",
            )
        if self.migration.startswith("very-high") and self.zone not in CANAL_ZONES:
            _refuse_wishes(
                f"--migration {self.migration} --herniation {self.zone}",
                "Beyond the pedicle's margin there is no foramen: a pedicle stands there.",
            )
        if self.migration.endswith("down") and self.zone == "foraminal":
            _refuse_wishes(
                f"--migration {self.migration} --herniation foraminal",
                "Below its disc there is no foramen: a pedicle stands there.",
            )
        if self.has("l6") and self.sacralised_sides:
            _refuse_wishes(
                "--variant l6 --variant sacralised-l5",
                "L5 is not the last lumbar vertebra of this patient.",
            )

    @property
    def cobb(self) -> float:
        """Return the Cobb angle a scoliosis gets, degrees."""
        return value("phantom_variants.cobb_deg") if self.cobb_deg is None else self.cobb_deg

    @property
    def sacralised_sides(self) -> tuple[Side, ...]:
        """Return the sides on which the transverse process of L5 is one with the ala."""
        both = self.has("sacralised-l5")
        return tuple(side for side in Side if both or self.has(f"sacralised-l5-{side}"))

    @property
    def vertebrae(self) -> tuple[str, ...]:
        """Return the mobile vertebrae from cranial to caudal."""
        # T12 comes along for its ribs, from which levels are counted downwards.
        return ("T12", *(_LUMBAR if self.has("l6") else _LUMBAR[:-1]))

    @property
    def levels(self) -> tuple[Level, ...]:
        """Return the disc levels from cranial to caudal."""
        names = (*self.vertebrae, "S1")
        return tuple(Level(*pair) for pair in itertools.pairwise(names))

    def has(self, variant: str) -> bool:
        """Return whether a variant was asked for."""
        return variant in self.variants


def _require_name(kind: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise RequestError(
            code="RQ-050",
            what=f"The phantom does not know this {kind}",
            where=f"--{kind} {name[:20]!r}",
            why="Only named shapes can be made.",
            next_step=f"Use one of {', '.join(known)}.",
        )


def _refuse_wishes(where: str, why: str) -> None:
    raise RequestError(
        code="RQ-053",
        what="Two wishes for the phantom exclude each other",
        where=where,
        why=why,
        next_step="Change one of the two.",
    )


def _refuse_number(where: str, found: str, allowed: str) -> None:
    raise RequestError(
        code="RQ-051",
        what="A number of the phantom is out of range",
        where=where,
        why=f"Found {found}; allowed {allowed}.",
        next_step="Give a number inside the range.",
    )
