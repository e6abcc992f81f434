"""What the classification of a herniation returns: graded values with their geometry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Level
from kambin.frames import Side

Points = Mapping[str, NDArray[np.float64]]
"""Named points or line ends, shape (N, 3), mm, LPS."""


@dataclass(frozen=True, slots=True)
class Grade:
    """One class or number of a herniation, with what it rests on.

    Parameters
    ----------
    value : str, int, float, bool or none; none if the data cannot say
    unit : str, ``1`` for a class
    method, source : str
    uncertainty : float or none, one standard deviation of ``measured[based_on]``
    based_on : str, the number in ``measured`` that is compared with the threshold
    neighbour : str or none, the class next to it if the threshold lies within one sigma
    measured : mapping of a name that ends in its unit to float
    points : Points, line ends from which pictures are drawn
    statement : str, what has to be said about the value
    """

    value: str | int | float | bool | None
    unit: str
    method: str
    source: str
    uncertainty: float | None = None
    based_on: str = ""
    neighbour: str | None = None
    measured: Mapping[str, float] = field(default_factory=dict)
    points: Points = field(default_factory=dict)
    statement: str = ""

    @property
    def words(self) -> str:
        """Return the class with its neighbour in words, or that it was not assessed."""
        if self.value is None:
            return "not assessed"
        return f"{self.value} (or {self.neighbour})" if self.neighbour else str(self.value)

    def as_document(self) -> dict[str, Any]:
        """Return the grade as plain mappings and lists."""
        return {
            "value": self.value,
            "unit": self.unit,
            "uncertainty": self.uncertainty,
            "based_on": self.based_on,
            "neighbour": self.neighbour,
            "measured": {name: float(number) for name, number in self.measured.items()},
            "statement": self.statement,
            "method": self.method,
            "source": self.source,
            "points_lps_mm": {name: line.tolist() for name, line in self.points.items()},
        }


@dataclass(frozen=True, slots=True)
class RootGrade:
    """How one root lies to the herniation.

    Parameters
    ----------
    key : str such as ``traversing_root:L5:left``
    origin : str, where its shape comes from
    grade : Grade, Pfirrmann 0 to 3, none for a modelled root
    relation : Grade, shoulder, ventral, axilla, dorsal or apart: where the fragment lies
    """

    key: str
    origin: str
    grade: Grade
    relation: Grade


@dataclass(frozen=True, slots=True)
class PublishedRate:
    """One rule, whether this herniation meets it, and what was published.

    Parameters
    ----------
    rule : str, R1, R2 or R3
    condition : str, what the rule asks
    applies : bool or none; none if what it asks of is not assessed
    failure_percent : float, percent, failures where the rule applies
    others_percent : mapping of a group to float, percent, failures where it does not
    because : str, what was measured
    is_borderline : bool, the answer would change within one standard deviation
    source : str
    """

    rule: str
    condition: str
    applies: bool | None
    failure_percent: float
    others_percent: Mapping[str, float] = field(default_factory=dict)
    because: str = ""
    is_borderline: bool = False
    source: str = ""

    def as_document(self) -> dict[str, Any]:
        """Return the rule as a plain mapping."""
        return {
            "rule": self.rule,
            "condition": self.condition,
            "applies": self.applies,
            "failure_percent": self.failure_percent,
            "others_percent": dict(self.others_percent),
            "because": self.because,
            "is_borderline": self.is_borderline,
            "source": self.source,
        }


@dataclass(frozen=True, slots=True)
class Herniation:
    """The fragment of a case, classified.

    Parameters
    ----------
    level : Level it comes from
    side : Side of the patient, none if its middle lies in the midline within its error
    origin : str, segmented, drawn, modelled or phantom
    sigma_mm : float, mm, standard deviation of its surface
    grades : mapping of name to Grade, in the order of the document
    roots : tuple of RootGrade, traversing before exiting
    rates : tuple of PublishedRate, the rules R1 to R3
    """

    level: Level
    side: Side | None
    origin: str
    sigma_mm: float
    grades: Mapping[str, Grade]
    roots: tuple[RootGrade, ...] = ()
    rates: tuple[PublishedRate, ...] = ()

    def __getitem__(self, name: str) -> Grade:
        """Return one grade."""
        return self.grades[name]

    def as_document(self) -> dict[str, Any]:
        """Return the classification as the ``herniation`` key of the measure document."""
        grades = self.grades
        size, migration = grades["msu_size"], grades["migration"]
        return {
            "level": str(self.level),
            "side": None if self.side is None else str(self.side),
            "origin": self.origin,
            "sigma_mm": self.sigma_mm,
            "morphology": grades["morphology"].value,
            "morphology_version_1": grades["morphology_version_1"].value,
            "zone": grades["zone"].value,
            "msu": {
                "size": size.value,
                "location": grades["msu_location"].value,
                "h_mm": size.measured.get("h_mm"),
                "d_mm": size.measured.get("d_mm"),
            },
            "migration": {
                "zone": migration.value,
                "grade": grades["migration_grade"].value,
                **{name: float(number) for name, number in migration.measured.items()},
            },
            "canal_compromise_fraction": grades["canal_compromise"].measured.get("fraction"),
            "canal_compromise": grades["canal_compromise"].value,
            "root": {
                "grade": _worst(self.roots),
                **{root.key: root.grade.as_document() for root in self.roots},
            },
            "relations": {root.key: root.relation.value for root in self.roots},
            "calcified": grades["calcified"].value,
            "volume_mm3": grades["volume"].value,
            "dimensions_mm": dict(grades["dimensions"].measured),
            "rules": [rate.as_document() for rate in self.rates],
            "grades": {
                **{name: grade.as_document() for name, grade in grades.items()},
                **{f"relation {r.key}": r.relation.as_document() for r in self.roots},
            },
            "geometry": {
                f"{name} {what}": line.tolist()
                for name, grade in grades.items()
                for what, line in grade.points.items()
            },
        }


def _worst(roots: tuple[RootGrade, ...]) -> int | None:
    known = [r.grade.value for r in roots if isinstance(r.grade.value, int)]
    return max(known, default=None)


def find_neighbour(
    number: float, sigma: float, borders: tuple[float, ...], classes: tuple[str, ...]
) -> str | None:
    """Return the class beyond the nearest border if it lies within one sigma.

    Parameters
    ----------
    number : float, what is compared
    sigma : float, its standard deviation, same unit
    borders : ascending
    classes : one more than the borders
    """
    gaps = [abs(number - border) for border in borders]
    if not gaps or min(gaps) > sigma:
        return None
    nearest = gaps.index(min(gaps))
    # The class on the other side of that border, wherever the number itself lies.
    return classes[nearest] if number > borders[nearest] else classes[nearest + 1]
