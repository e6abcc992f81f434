"""What a placed fragment is asked to be."""

from dataclasses import dataclass

from kambin.anatomy.keys import Level
from kambin.core import RequestError
from kambin.frames import Side

FRAGMENT_ZONES = ("central", "paracentral", "subarticular", "foraminal", "extraforaminal")
"""Axial zones from the midline outwards."""

CANAL_ZONES = frozenset({"central", "paracentral", "subarticular"})
"""Zones inside the canal, where the facet line says how large a herniation is."""

FRAGMENT_MIGRATIONS = ("none", "far-up", "near-up", "near-down", "far-down")
"""Where a fragment went, after Lee 2007."""

MORPHOLOGIES = ("protrusion", "extrusion", "sequestration")
"""Shapes that can be placed."""

MSU_SIZES = (1, 2, 3)
"""Sizes after the MSU classification."""


@dataclass(frozen=True, slots=True)
class FragmentWish:
    """A fragment by its parameters.

    Parameters
    ----------
    level : Level, no default
    side : Side of the patient, no default
    zone : str, one of ``FRAGMENT_ZONES``
    migration : str, one of ``FRAGMENT_MIGRATIONS``
    size : int, one of ``MSU_SIZES``
    morphology : str, one of ``MORPHOLOGIES``

    Raises
    ------
    RequestError  (RQ-082) if a word is not known, or two of them contradict each other

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022 (zones, morphology)
    Lee S 2007, Eur Spine J 16:431 (migration)
    Mysliwiec 2010, doi 10.1007/s00586-009-1274-4 (size)
    """

    level: Level
    side: Side
    zone: str
    migration: str = "none"
    size: int = 2
    morphology: str = "extrusion"

    def __post_init__(self) -> None:
        """Refuse what cannot be placed."""
        _require("zone", self.zone, FRAGMENT_ZONES)
        _require("migration", self.migration, FRAGMENT_MIGRATIONS)
        _require("size", str(self.size), tuple(map(str, MSU_SIZES)))
        _require("morphology", self.morphology, MORPHOLOGIES)
        # A protrusion is what has not left the level of its disc.
        if self.morphology == "protrusion" and self.migration != "none":
            where = f"--morphology protrusion --migration {self.migration}"
            raise _refuse(
                where,
                "A protrusion does not migrate: its depth is less than its base.",
                "Use --morphology extrusion or sequestration, or leave --migration out.",
            )

    def as_words(self) -> dict[str, str]:
        """Return the wish as the words a case keeps."""
        return {
            "level": str(self.level),
            "side": str(self.side),
            "zone": self.zone,
            "migration": self.migration,
            "size": str(self.size),
            "morphology": self.morphology,
        }


def _require(option: str, word: str, known: tuple[str, ...]) -> None:
    if word not in known:
        where = f"--{option} {word[:20]!r}"
        raise _refuse(
            where,
            f"It is not a {option} that can be placed.",
            f"Use one of {', '.join(known)}.",
        )


def _refuse(where: str, why: str, next_step: str) -> RequestError:
    return RequestError(
        code="RQ-082",
        what="The fragment that was asked for is not understood",
        where=where,
        why=why,
        next_step=next_step,
    )
