"""All numbers of one given trajectory: what every tool comes close to, and where."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import FieldStore, NoStore, PlanError, Progress, SilentProgress
from kambin.frames import Side
from kambin.knowledge import value, value_at
from kambin.planning.bundle import Bundle
from kambin.planning.certainty_models import DEFAULT_SETTING, Setting
from kambin.planning.documents import Point
from kambin.planning.fields import Hazard, HazardSet, build_hazards
from kambin.planning.gap_meter import GapMeter, find_gap_meter
from kambin.planning.models import Clearance, Stage
from kambin.planning.policy import BONE, NEURAL, Group, find_hazards
from kambin.planning.tools import Tool, Toolset

LENGTH_EPSILON_MM = 10.0**-3
"""A path shorter than this has no direction."""


@dataclass(frozen=True, slots=True)
class Path:
    """One straight axis with the docking distance of the wide tools.

    Parameters
    ----------
    entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
    stop_mm : float, mm, how far short of the target the wide tools end
    own_stops_mm : mapping of an instrument or a stage to where it ends instead, mm short of the
        target; never deeper than the cannula for a tool that docks, negative past the target

    Raises
    ------
    PlanError  (PL-026) if the points coincide or a number is not finite
    """

    entry_lps_mm: NDArray[np.float64]
    target_lps_mm: NDArray[np.float64]
    stop_mm: float
    own_stops_mm: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        """Refuse a path without direction."""
        length = self.length_mm
        if not (np.isfinite(length) and np.isfinite(self.stop_mm)) or (
            length - self.stop_mm < LENGTH_EPSILON_MM or self.stop_mm < 0
        ):
            raise PlanError(
                code="PL-026",
                what="The path is degenerate",
                where="entry, target and docking distance",
                why=f"Its length is {length:.3g} mm and it docks {self.stop_mm:.3g} mm short.",
                next_step="Give two distinct points and a docking distance between them.",
            )

    @property
    def length_mm(self) -> float:
        """Return the way from skin to target, mm."""
        return float(np.linalg.norm(np.subtract(self.entry_lps_mm, self.target_lps_mm)))

    @property
    def way(self) -> NDArray[np.float64]:
        """Return the unit vector from the target to the entry, shape (3,), LPS."""
        way: NDArray[np.float64] = np.subtract(self.entry_lps_mm, self.target_lps_mm)
        return way / self.length_mm

    def stop_of(self, tool: Tool) -> float:
        """Return how far short of the target a tool ends, mm; negative past it.

        Parameters
        ----------
        tool : Tool
        """
        usual = 0.0 if tool.is_full_length else self.stop_mm
        own = self.own_stops_mm.get(tool.instrument, self.own_stops_mm.get(tool.stage, usual))
        return own if tool.is_full_length else max(own, self.stop_mm)

    def tip_lps_mm(self, stop_mm: float) -> NDArray[np.float64]:
        """Return the point of the axis that lies ``stop_mm`` short of the target, mm, LPS."""
        tip: NDArray[np.float64] = self.target_lps_mm + stop_mm * self.way
        return tip

    def along_mm(self) -> NDArray[np.float64]:
        """Return where the axis is sampled, shape (N,), mm from the target, ascending.

        Notes
        -----
        Samples count from the target, all points where a tool ends are among them; what lies
        past the target has a negative distance.
        """
        step = value("planning.evaluation_step_mm")
        ends = [self.stop_mm, *self.own_stops_mm.values()]
        past, count = int(min(0.0, *ends) / step), int(self.length_mm / step)
        steps = step * np.arange(past, count + 1, dtype=np.float64)
        return np.unique(np.concatenate([steps, ends, [self.length_mm]]))

    def samples(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return points of the axis, shape (N, 3), mm, LPS, and their ``along_mm``, shape (N,)."""
        along = self.along_mm()
        return self.target_lps_mm + along[:, None] * self.way, along


@dataclass(frozen=True, slots=True)
class Doubt:
    """What is added to the doubt about every surface.

    Parameters
    ----------
    unresolved : bool, the labels do not show the facet
    displayed_mm : float, mm, least uncertainty of a position in the patient
    """

    unresolved: bool
    displayed_mm: float

    @classmethod
    def of(cls, case: Case, anatomy: Anatomy, setting: Setting = DEFAULT_SETTING) -> Self:
        """Return the doubt in a case and a setting of the theatre.

        Parameters
        ----------
        case : Case
        anatomy : Anatomy
        setting : ``compensated`` or ``uncompensated``
        """
        displayed_mm = value_at("uncertainty.displayed_mm", setting)
        return cls(not is_resolved(case, anatomy), displayed_mm)


def evaluate(  # noqa: PLR0913
    case: Case,
    anatomy: Anatomy,
    path: Path,
    tools: Toolset,
    *,
    level: Level,
    side: Side,
    hazards: HazardSet | None = None,
    progress: Progress | None = None,
    store: FieldStore | None = None,
) -> tuple[Stage, ...]:
    """Measure what every tool of a trajectory comes close to.

    Parameters
    ----------
    case : Case, whose image spacing says what can be resolved
    anatomy : Anatomy
    path : Path
    tools : Toolset
    level, side : what is planned
    hazards : HazardSet that was built before, or none to build one around this path
    progress : Progress or none
    store : FieldStore or none

    Returns
    -------
    tuple of Stage, in the order of the tools, each with its clearances, nearest first

    Notes
    -----
    Search, dragging, comparison and guidance all call this one function; with ``hazards``
    given it only samples fields.
    """
    if hazards is None:
        bundle = Bundle.around(anatomy, path.entry_lps_mm, path.target_lps_mm)
        groups = find_hazards(anatomy.structures, level=level, side=side)
        hazards = build_hazards(
            anatomy, groups, bundle, progress=progress or SilentProgress(), store=store or NoStore()
        )
    doubt, gaps = Doubt.of(case, anatomy), find_gap_meter(hazards)
    return measure_tools(path, tools, hazards.hazards, doubt, gaps)


@dataclass(frozen=True, slots=True)
class ToolMeter:
    """Measures every tool of one sequence against everything around it, path after path.

    Parameters
    ----------
    tools : Toolset
    hazards : sequence of Hazard
    gaps : GapMeter of the hazards
    margins_mm : per tool and hazard, mm, what is demanded at the least, or none
    rows : per hazard, what each of its rows says whatever the path
    """

    tools: Toolset
    hazards: Sequence[Hazard]
    gaps: GapMeter
    margins_mm: tuple[tuple[float | None, ...], ...]
    rows: tuple["_Row", ...]

    @classmethod
    def of(
        cls,
        tools: Toolset,
        hazards: Sequence[Hazard],
        doubt: Doubt,
        gaps: GapMeter | None = None,
    ) -> Self:
        """Return the meter of some tools among hazards whose fields are there.

        Parameters
        ----------
        tools : Toolset
        hazards : sequence of Hazard
        doubt : Doubt
        gaps : GapMeter of these hazards that was made before, or none
        """
        margins = tuple(
            tuple(tools.margin_mm(tool, h.group, h.structure) for h in hazards)
            for tool in tools.tools
        )
        rows = tuple(_Row.of(hazard, doubt) for hazard in hazards)
        return cls(tools, hazards, gaps or GapMeter.of(hazards), margins, rows)

    def measure_gaps(
        self, path: Path
    ) -> tuple[tuple[float, ...], NDArray[np.float64], NDArray[np.float64]]:
        """Return where tools end, and how near the axis comes to every hazard until there.

        Parameters
        ----------
        path : Path

        Returns
        -------
        stops : mm, ascending, short of the target
        gaps : float array, shape (H, S), mm, from the axis
        feet : float array, shape (H, S), mm, where on the axis, counted from the target

        Notes
        -----
        A clearance is a gap less the tool's radius: all that guidance asks of a moving tool.
        """
        stops = tuple(sorted({path.stop_of(tool) for tool in self.tools.tools}))
        along = path.along_mm()
        return stops, *self.gaps.measure(path.target_lps_mm, path.way, along, stops)

    def measure(self, path: Path) -> tuple[Stage, ...]:
        """Return the stages of a path, each with its clearances, nearest first.

        Parameters
        ----------
        path : Path
        """
        # Tools differ in radius alone once they end at the same point: a gap serves them all.
        stops, gaps, feet = self.measure_gaps(path)
        places = np.asarray(path.target_lps_mm) + feet[..., None] * path.way
        points = [[(x, y, z) for x, y, z in row] for row in places.tolist()]
        found = []
        for tool, margins in zip(self.tools.tools, self.margins_mm, strict=True):
            s = stops.index(path.stop_of(tool))
            near = (gaps[:, s] - tool.radius_mm).tolist()
            rows = [
                row.clearance(gap, here[s], margin)
                for row, gap, here, margin in zip(self.rows, near, points, margins, strict=True)
            ]
            rows.sort(key=lambda row: (round(row.clearance_mm, CLEARANCE_DECIMALS), row.structure))
            found.append(
                Stage(
                    tool=tool.stage,
                    instrument=tool.instrument,
                    radius_mm=tool.radius_mm,
                    tip_lps_mm=to_point(path.tip_lps_mm(stops[s])),
                    stop_mm=stops[s],
                    clearances=tuple(rows),
                )
            )
        return tuple(found)


@dataclass(frozen=True, slots=True)
class _Row:
    """What the rows of one hazard say whatever the path."""

    structure: str
    group: str
    sigma_mm: float
    origin: str
    surface_mm: float
    uncertainty_mm: float

    @classmethod
    def of(cls, hazard: Hazard, doubt: Doubt) -> Self:
        """Return the row of a hazard."""
        structure = hazard.structure
        surface = find_uncertainty_mm(hazard.group, structure.sigma_mm, unresolved=doubt.unresolved)
        return cls(
            structure=str(hazard.key),
            group=hazard.group.value,
            sigma_mm=structure.sigma_mm,
            origin=structure.origin.value,
            surface_mm=surface,
            # A gap in the picture is one in the patient only beyond what he and the tracking move.
            uncertainty_mm=math.hypot(surface, doubt.displayed_mm),
        )

    def clearance(self, clearance_mm: float, point: Point, margin_mm: float | None) -> Clearance:
        """Return the row of one tool."""
        return Clearance(
            structure=self.structure,
            group=self.group,
            clearance_mm=clearance_mm,
            point_lps_mm=point,
            sigma_mm=self.sigma_mm,
            origin=self.origin,
            hard_margin_mm=margin_mm,
            uncertainty_mm=self.uncertainty_mm,
            inside_uncertainty=abs(clearance_mm) < self.uncertainty_mm,
            surface_uncertainty_mm=self.surface_mm,
        )


def measure_tools(
    path: Path,
    tools: Toolset,
    hazards: Sequence[Hazard],
    doubt: Doubt,
    gaps: GapMeter | None = None,
) -> tuple[Stage, ...]:
    """Measure every tool of a path against hazards whose fields are there.

    Parameters
    ----------
    path : Path
    tools : Toolset
    hazards : sequence of Hazard
    doubt : Doubt
    gaps : GapMeter of these hazards that was made before, or none
    """
    return ToolMeter.of(tools, hazards, doubt, gaps).measure(path)


def is_resolved(case: Case, anatomy: Anatomy) -> bool:
    """Return whether labels and image are fine enough for the facet joint.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    """
    limit = value("margins.resolved_spacing_mm")
    image_mm = 0.0 if case.image is None else float(case.image.spacing_mm.max())
    return max(image_mm, anatomy.label_spacing_mm) <= limit


def find_uncertainty_mm(group: Group, sigma_mm: float, *, unresolved: bool) -> float:
    """Return the uncertainty of a structure's own surface, mm.

    Parameters
    ----------
    group : Group
    sigma_mm : float, mm, of the structure's surface
    unresolved : bool, the labels do not show the facet

    Returns
    -------
    two sigma; at coarse labels never less than what bone was measured to lose (recipes 7)
    """
    twice = value("margins.undecidable_sigma") * sigma_mm
    if unresolved and group in BONE | NEURAL:
        return max(twice, value("margins.unresolved_uncertainty_mm"))
    return twice


def to_point(values: ArrayLike) -> Point:
    """Return three numbers as the documents carry them."""
    x, y, z = np.asarray(values, dtype=np.float64).tolist()
    return x, y, z


CLEARANCE_DECIMALS = 3
"""Rows are sorted by clearance to a micrometre, so that noise does not change their order."""
