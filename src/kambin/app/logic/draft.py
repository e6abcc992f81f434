"""The path under the hand: two points and a docking distance, with what was found of it."""

import math
from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.core import RequestError
from kambin.planning import Path, Plan
from kambin.planning.choice_models import Rule
from kambin.planning.documents import Point
from kambin.planning.evaluate import to_point
from kambin.planning.evaluator import Evaluation
from kambin.planning.sealing import JSON_DECIMALS


@dataclass(frozen=True, slots=True)
class HandPath:
    """A path as the hand sets it: what undo keeps and what is saved.

    Parameters
    ----------
    entry_lps_mm, target_lps_mm : point, mm, LPS
    stop_mm : float, mm, how far short of the target the cannula docks

    Notes
    -----
    Numbers have the digits of documents, a nanometre: what is saved, sealed or undone is the same
    path again.
    """

    entry_lps_mm: Point
    target_lps_mm: Point
    stop_mm: float

    def __post_init__(self) -> None:
        """Round to the digits of documents."""
        for name in ("entry_lps_mm", "target_lps_mm"):
            x, y, z = getattr(self, name)
            object.__setattr__(self, name, (_rounded(x), _rounded(y), _rounded(z)))
        object.__setattr__(self, "stop_mm", _rounded(self.stop_mm))

    @classmethod
    def of(cls, entry_lps_mm: ArrayLike, target_lps_mm: ArrayLike, stop_mm: float) -> Self:
        """Return the path through two points.

        Parameters
        ----------
        entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
        stop_mm : float, mm

        Raises
        ------
        RequestError  (RQ-180) if they are no points of three finite numbers
        """
        points = [require_point(point) for point in (entry_lps_mm, target_lps_mm)]
        require_finite(stop_mm, "docking distance")
        return cls(points[0], points[1], float(stop_mm))

    @classmethod
    def of_plan(cls, plan: Plan) -> Self:
        """Return the path of a plan, docked where the plan docks."""
        stops = [stage.stop_mm for stage in plan.stages if stage.tool in ("cannula", "needle")]
        axis = plan.trajectory
        return cls(axis.entry_lps_mm, axis.target_lps_mm, max(stops, default=0.0))

    @property
    def length_mm(self) -> float:
        """Return the way from skin to target, mm."""
        return math.dist(self.entry_lps_mm, self.target_lps_mm)

    @property
    def way(self) -> NDArray[np.float64]:
        """Return target to entry, shape (3,), mm, LPS; of length zero for a degenerate path."""
        return np.subtract(self.entry_lps_mm, self.target_lps_mm)

    def as_path(self) -> Path:
        """Return the path for the planner.

        Raises
        ------
        PlanError  (PL-026) if the points coincide
        """
        return Path(np.array(self.entry_lps_mm), np.array(self.target_lps_mm), self.stop_mm)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a path is, in words that need no colour.

    Parameters
    ----------
    tone : str, ``good``, ``care`` or ``stop``
    words : str, one sentence
    reasons : one sentence for each rule that is broken or that asks a person
    """

    tone: str
    words: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Draft:
    """The path under the hand with its numbers.

    Parameters
    ----------
    path : HandPath
    verdict : Verdict
    evaluation : Evaluation of it, or none where no number can be given; the verdict says why
    rules : every hard rule asked of it, empty without an evaluation
    is_quick : bool, the numbers are the live ones: no tolerance, coarser reach
    is_strayed : bool, it left what is prepared; its numbers take a job
    """

    path: HandPath
    verdict: Verdict
    # its arrays say nothing that path and rules do not
    evaluation: Evaluation | None = field(default=None, compare=False)
    rules: tuple[Rule, ...] = ()
    is_quick: bool = True
    is_strayed: bool = False

    @property
    def entry_lps_mm(self) -> NDArray[np.float64]:
        """Return the entry, shape (3,), mm, LPS."""
        return np.array(self.path.entry_lps_mm)

    @property
    def target_lps_mm(self) -> NDArray[np.float64]:
        """Return the target, shape (3,), mm, LPS."""
        return np.array(self.path.target_lps_mm)


def require_point(point: ArrayLike) -> Point:
    """Return a point, mm, LPS.

    Raises
    ------
    RequestError  (RQ-180) if it is not three finite numbers
    """
    array = np.asarray(point, dtype=np.float64)
    # before it becomes a path: no number that is none may reach a screen (fault P05)
    if array.shape != (len("LPS"),) or not np.isfinite(array).all():
        raise not_understood(where="point", why="A point is three finite numbers, mm, LPS.")
    return to_point(array)


def require_finite(number: float, name: str) -> float:
    """Return a number.

    Raises
    ------
    RequestError  (RQ-180) if it is not finite
    """
    if not math.isfinite(number):
        raise not_understood(where=name, why="It is not a finite number.")
    return number


def _rounded(number: float) -> float:
    """Return a number with the digits of documents; adding zero turns -0.0 into 0.0."""
    return round(number, JSON_DECIMALS) + 0.0


def not_understood(*, where: str, why: str) -> RequestError:
    """Return the error of a typed value that is none; the path stays as it is."""
    return RequestError(
        code="RQ-180",
        what="What was typed is not understood",
        where=where,
        why=why,
        next_step="Type a number in millimetres or degrees; the path was not changed.",
    )
