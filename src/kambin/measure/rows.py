"""Readings and rows: what one measurement returns and how it is printed."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.core import Finding
from kambin.frames import Side
from kambin.knowledge import Literature
from kambin.measure.herniation_types import Herniation

SCHEMA_VERSION = 1
"""Version of the measure document."""

Curve = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value before it is named.

    Parameters
    ----------
    value : float or none, in the unit of its quantity; none if the data cannot say
    uncertainty : float or none, one standard deviation, same unit
    bias : pair of float or none, same unit, how much too large the value reads at this spacing
    point_lps_mm : float array, shape (3,), mm, LPS, or none: where the value was taken
    curve : pairs or none, for a quantity that is a curve: argument and value
    findings : what has to be said about it
    angles_deg : pair of float or none, axial inclination and cranio-caudal angle, degrees,
        disc frame, ``kambin-1``: the trajectory along which the value was taken
    """

    value: float | None
    uncertainty: float | None = None
    bias: tuple[float, float] | None = None
    point_lps_mm: NDArray[np.float64] | None = None
    curve: Curve | None = None
    findings: tuple[Finding, ...] = ()
    angles_deg: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Quantity:
    """One row of the measure document: a number with its place, unit, error and source.

    Parameters
    ----------
    level : str, disc level or vertebra
    side : Side, or none for a midline quantity
    quantity : str, name in the registry
    unit : str, ``mm``, ``mm2``, ``mm3``, ``deg`` or ``1``
    method, source : str
    reading : Reading
    literature : Literature, or none
    """

    level: str
    side: Side | None
    quantity: str
    unit: str
    method: str
    source: str
    reading: Reading
    literature: Literature | None

    @property
    def value(self) -> float | None:
        """Return the value in ``unit``, or none if the data cannot say."""
        return self.reading.value

    @property
    def uncertainty(self) -> float | None:
        """Return one standard deviation in ``unit``, or none."""
        return self.reading.uncertainty

    def as_document(self) -> dict[str, Any]:
        """Return the row as the plain mapping that the measure document carries."""
        reading, paper = self.reading, self.literature
        point = reading.point_lps_mm
        return {
            "level": self.level,
            "side": None if self.side is None else str(self.side),
            "quantity": self.quantity,
            # None and never NaN where the data cannot say: JSON knows no NaN.
            "value": reading.value,
            "unit": self.unit,
            "uncertainty": reading.uncertainty,
            "bias": None if reading.bias is None else list(reading.bias),
            # From any number one can walk to the voxels: the place belongs to the value.
            "point_lps_mm": None if point is None else [float(c) for c in point],
            "curve": None if reading.curve is None else [list(pair) for pair in reading.curve],
            "angles_deg": None if reading.angles_deg is None else list(reading.angles_deg),
            "method": self.method,
            "source": self.source,
            "literature": None if paper is None else _paper(paper),
        }


@dataclass(frozen=True, slots=True)
class Basis:
    """A structure at a measured place: where its shape comes from, and how well it is known.

    Parameters
    ----------
    structure : str, its key
    origin : str, ``segmented``, ``drawn`` or ``modelled``
    sigma_mm : float, mm, standard deviation of its surface
    method : str, one sentence: how the shape was made
    """

    structure: str
    origin: str
    sigma_mm: float
    method: str


@dataclass(frozen=True, slots=True)
class Measurements:
    """All rows of one case, and what has to be said about them.

    Parameters
    ----------
    rows : tuple of Quantity; iterating over the measurements iterates over them
    findings : tuple of Finding
    case_sha256 : str, the case that was measured
    herniation : Herniation, or none if the case has no fragment
    bases : Basis of every structure at the measured levels and sides, in the order of its key
    """

    rows: tuple[Quantity, ...]
    findings: tuple[Finding, ...]
    case_sha256: str = ""
    herniation: Herniation | None = None
    bases: tuple[Basis, ...] = ()

    def __iter__(self) -> Iterator[Quantity]:
        """Iterate over the rows."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.rows)

    def find(self, quantity: str, level: str, side: Side | None = None) -> Quantity | None:
        """Return the row of that quantity, level and side, or none if it was not asked for."""
        for row in self.rows:
            # The side must match, too: nobody who forgets it gets the value of one side.
            if (row.quantity, row.level, row.side) == (quantity, level, side):
                return row
        return None

    def as_document(self) -> dict[str, Any]:
        """Return the measure document as plain mappings and lists."""
        return {
            "schema_version": SCHEMA_VERSION,
            # A number without the case it was taken from goes stale unseen.
            "case_sha256": self.case_sha256,
            "rows": [row.as_document() for row in self.rows],
            "herniation": None if self.herniation is None else self.herniation.as_document(),
            # A number from a modelled nerve and one from a nerve that was seen look alike.
            "structures": [asdict(basis) for basis in self.bases],
            "findings": [finding.as_document() for finding in self.findings],
        }


def _paper(paper: Literature) -> dict[str, Any]:
    return {
        "mean": paper.mean,
        "sd": paper.sd,
        "n": paper.n,
        "place": paper.place,
        # With its tag, or a mean from memory would read like one seen in the paper.
        "tag": paper.tag,
        "source": paper.source,
        "note": paper.note,
    }
