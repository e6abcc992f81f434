"""What papers print of the ways to operate: blood, stay, pain, failures and the like."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from kambin.knowledge.sources import cite, find_keys

APPROACHES = (
    "transforaminal",
    "interlaminar",
    "microdiscectomy_tubular",
    "microdiscectomy_retractor",
    "open_fenestration",
    "open_laminectomy",
)
"""The ways to operate that are compared on one patient."""

GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "microdiscectomy": ("microdiscectomy_tubular", "microdiscectomy_retractor"),
        "open": ("open_fenestration", "open_laminectomy"),
        "endoscopic": ("transforaminal", "interlaminar"),
        "minimally_invasive": ("transforaminal", "interlaminar", "microdiscectomy_tubular"),
        "any": APPROACHES,
    }
)
"""What a figure may speak of whose paper does not tell the ways apart."""

SPREADS = ("none", "sd", "se", "range", "ci95", "unstated")
"""Kinds of spread; unstated where what was read does not name the kind."""


@dataclass(frozen=True, slots=True)
class Published:
    """One figure as one paper prints it.

    Parameters
    ----------
    name : str
    metric : str, such as ``blood_visible``; rows of one metric may contradict each other
    approach : str, one of ``APPROACHES`` or of ``GROUPS``
    value : float or none, in ``unit``; none where the paper prints a range or words only
    spread : float or none, in ``unit``, standard deviation or standard error
    spread_kind : str, one of ``SPREADS``
    low, high : float or none, in ``unit``, of a range, an interval or a bracket
    unit : str
    n : int or none, persons or cases; none where it is not stated
    design, definition : str; the definition says what was counted
    tag : str, V, V2, M or D
    source : str, keys of the bibliography; two keys mean that it stands in one of the two
    note : str
    comparator : str, what a ratio, a difference or a statement is against, or empty
    says : str, what the paper says in words where it prints no number, or empty
    """

    name: str
    metric: str
    approach: str
    value: float | None
    spread: float | None
    spread_kind: str
    low: float | None
    high: float | None
    unit: str
    n: int | None
    design: str
    definition: str
    tag: str
    source: str
    note: str
    comparator: str
    says: str

    @property
    def is_unverified(self) -> bool:
        """Return whether no source was read for it."""
        return self.tag in ("M", "D")

    @property
    def figure(self) -> str:
        """Return the figure as a person reads it, with unit and kind of spread."""
        number = self._number()
        if self.says:
            return f"{self.says} ({number})" if number else self.says
        return number

    @property
    def origin(self) -> str:
        """Return design, number of cases, source and tag, as they stand beside the figure."""
        size = "" if self.n is None else f", n = {self.n}"
        paper = "no source read" if self.source == "general" else self.source
        return f"{self.design}{size} ({paper}) [{self.tag}]"

    def speaks_of(self, approach: str) -> bool:
        """Return whether the figure is of an approach, alone or among others.

        Parameters
        ----------
        approach : str, one of ``APPROACHES``
        """
        return approach == self.approach or approach in GROUPS.get(self.approach, ())

    def as_document(self) -> dict[str, Any]:
        """Return the row as plain values, with the citation of each of its keys."""
        citations = {key: cite(key) for key in find_keys(self.source)}
        return asdict(self) | {"unverified": self.is_unverified, "citations": citations}

    def _number(self) -> str:
        bounds = _bounds(self.low, self.high)
        if self.value is None:
            return f"{bounds} {self.unit}" if bounds and not self.says else ""
        kind = self.spread_kind.upper()
        middle = f"{self.value:g}"
        if self.spread is not None:
            middle = f"{middle} +- {self.spread:g} {self.unit} ({kind})"
        elif bounds:
            what = {"ci95": "95 % CI ", "unstated": "bracket "}.get(self.spread_kind, "")
            middle = f"{middle} {self.unit} ({what}{bounds})"
        else:
            middle = f"{middle} {self.unit}"
        return middle


@cache
def published() -> Mapping[str, Published]:
    """Return every published figure by its name, in table order."""
    table = resources.files("kambin.knowledge").joinpath("tables", "published.toml")
    rows = tomllib.loads(table.read_text("utf-8"))
    return MappingProxyType({name: _published(name, row) for name, row in rows.items()})


def published_of(metric: str, approach: str | None = None) -> tuple[Published, ...]:
    """Return all figures of a metric, of one approach or of all, never averaged.

    Parameters
    ----------
    metric : str
    approach : str, one of ``APPROACHES``, or none for every figure; a figure of a group that the
        approach belongs to is among them

    Raises
    ------
    LookupError  if no figure has such a metric
    """
    rows = tuple(row for row in published().values() if row.metric == metric)
    if not rows:
        msg = f"no published figure has the metric {metric}"
        raise LookupError(msg)
    return tuple(row for row in rows if approach is None or row.speaks_of(approach))


def _bounds(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        # one end alone is said in words by the row itself
        return ""
    return f"{low:g} to {high:g}"


def _published(name: str, row: Mapping[str, Any]) -> Published:
    return Published(
        name,
        row["metric"],
        row["approach"],
        _number(row, "value"),
        _number(row, "spread"),
        row.get("spread_kind", "none"),
        _number(row, "low"),
        _number(row, "high"),
        row["unit"],
        row.get("n"),
        row["design"],
        row["definition"],
        row["tag"],
        row["source"],
        row.get("note", ""),
        row.get("comparator", ""),
        row.get("says", ""),
    )


def _number(row: Mapping[str, Any], field: str) -> float | None:
    return float(row[field]) if field in row else None
