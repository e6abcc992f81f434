"""How likely a tool touches what it must not, when surface and pose are not where they should."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit
from scipy.stats import qmc

from kambin.knowledge import value
from kambin.planning.error_model import SPACE_AXES, STATES, ErrorModel, PathFrame
from kambin.planning.geometry import LevelGeometry
from kambin.planning.models import Clearance, Stage
from kambin.planning.policy import BONE, Group
from kambin.planning.poses import Poses, Surroundings

SEED = 0
"""Of the first scramble; the same poses for every plan."""

SCRAMBLES_SAMPLES = 8
"""Independent scrambles of the sequence: their spread is the interval."""

LOG2_POSES_SAMPLES = 9
"""512 poses a scramble; 4,096 leave less than 0.002 on planes and spheres."""

LOG2_QUICK_SAMPLES = 6
"""64 poses a scramble while a path is dragged."""

SOBOL_EPSILON = 10.0**-12
"""Keeps the normal quantile of a first or last point finite."""

BOUND_TOLERANCE = 10.0**-3
"""What poses beyond the fields may add before a probability is called a bound: half of what the
sampling itself leaves."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Contact of the tools with one structure, at the stage where it is likeliest.

    Parameters
    ----------
    probability : float, 0 to 1
    low, high : float, ends of the 95 % interval
    stage : str
    is_bound : bool, whether the number is an upper bound
    """

    probability: float
    low: float
    high: float
    stage: str
    is_bound: bool


@cache
def draw_normal(scrambles: int, log2_poses: int) -> NDArray[np.float64]:
    """Return standard normal numbers of low discrepancy, shape (scrambles, poses, 5).

    Parameters
    ----------
    scrambles : int, how many independent sets
    log2_poses : int, logarithm of the poses in each

    References
    ----------
    Owen 1998, Journal of Complexity 14:466, doi 10.1006/jcom.1998.0487 (scrambled nets)
    """
    draws = [
        qmc.Sobol(STATES, scramble=True, rng=np.random.default_rng(SEED + n)).random_base2(
            log2_poses
        )
        for n in range(scrambles)
    ]
    normal: NDArray[np.float64] = ndtri(
        np.clip(np.stack(draws), SOBOL_EPSILON, 1.0 - SOBOL_EPSILON)
    )
    normal.setflags(write=False)
    return normal


def draw_poses(
    around: Surroundings, model: ErrorModel, geometry: LevelGeometry, *, quick: bool = False
) -> Poses:
    """Return poses with the errors of a model, in the order of the scrambles.

    Parameters
    ----------
    around : Surroundings of the path
    model : ErrorModel
    geometry : LevelGeometry
    quick : bool, whether an eighth of the poses will do
    """
    spread = np.linalg.cholesky(model.covariance(around.path, geometry))
    log2_poses = LOG2_QUICK_SAMPLES if quick else LOG2_POSES_SAMPLES
    normal = draw_normal(SCRAMBLES_SAMPLES, log2_poses).reshape(-1, STATES)
    states = normal @ spread.T
    frame = PathFrame.of(around.path, geometry.side)
    return Poses.of(around.path, frame, states[:, :SPACE_AXES], states[:, SPACE_AXES:])


def assess_contact(
    around: Surroundings, stages: Sequence[Stage], model: ErrorModel, poses: Poses
) -> dict[str, Contact]:
    """Return the contact with every structure that no tool should touch, by name.

    Parameters
    ----------
    around : Surroundings of the path
    stages : the stages of the path, whose margins say which contact is meant
    model : ErrorModel, of which the surfaces' part is integrated here
    poses : Poses, drawn with the errors of the model, scramble after scramble

    Notes
    -----
    Poses are sampled; for each pose the surface lies off by a normal error of sigma along its
    normal, which is integrated: Phi(-clearance / sigma). That resolves chances that counting
    poses cannot. Largest over the stages after the declared resection: what is removed on
    purpose is not counted, and what stays is where it was.
    """
    moves = around.moves_mm(poses)
    rows: dict[str, list[tuple[Stage, Clearance]]] = {}
    for stage in stages:
        for row in stage.clearances:
            rows.setdefault(row.structure, []).append((stage, row))
    found: dict[str, Contact] = {}
    for index, hazard in enumerate(around.hazards):
        tools = _find_counted(around, rows.get(str(hazard.key), []))
        if tools:
            sigma = float(np.hypot(hazard.structure.sigma_mm, model.organ_sigma_mm(hazard.group)))
            gaps, exact = around.measure(index, poses, moves)
            found[str(hazard.key)] = max(
                (
                    rate_contact(gaps[:, s] - radius, exact[:, s], sigma, stage)
                    for s, (stage, radius) in tools.items()
                ),
                key=lambda contact: contact.probability,
            )
    return dict(sorted(found.items()))


def is_counted(row: Clearance, stage: str) -> bool:
    """Return whether contact of a stage with a structure is not meant.

    Parameters
    ----------
    row : Clearance
    stage : str

    Notes
    -----
    A margin of none is bone that is removed or work under sight; a negative one is bone that
    tools slide on. What is only watched is not meant to be touched before sight begins.
    """
    if row.group == Group.WATCHED:
        return stage != "forceps"
    return row.hard_margin_mm is not None and row.hard_margin_mm >= 0


def find_meant(stages: Sequence[Stage]) -> tuple[str, ...]:
    """Return the bone that every tool may touch, by name.

    Parameters
    ----------
    stages : sequence of Stage
    """
    counted, bone = set(), set()
    for stage in stages:
        for row in stage.clearances:
            bone |= {row.structure} if Group(row.group) in BONE else set()
            counted |= {row.structure} if is_counted(row, stage.tool) else set()
    return tuple(sorted(bone - counted))


def _find_counted(
    around: Surroundings, rows: Sequence[tuple[Stage, Clearance]]
) -> dict[int, tuple[str, float]]:
    """Return the widest tool, with its radius, mm, of those that end at each stop."""
    widest: dict[int, tuple[str, float]] = {}
    for stage, row in rows:
        s = around.stops_mm.index(stage.stop_mm)
        if is_counted(row, stage.tool) and (s not in widest or stage.radius_mm > widest[s][1]):
            widest[s] = (stage.tool, stage.radius_mm)
    return widest


def rate_contact(
    clearances_mm: NDArray[np.float64], exact: NDArray[np.bool_], sigma_mm: float, stage: str
) -> Contact:
    """Return the contact of one tool from its clearance at every pose.

    Parameters
    ----------
    clearances_mm : float array, shape (P,), mm, scramble after scramble
    exact : bool array, shape (P,); elsewhere the clearance is known from below alone
    sigma_mm : float, mm, of the surface along its normal; 0 counts poses
    stage : str, of the tool
    """
    if sigma_mm > 0:
        chances = ndtr(-clearances_mm / sigma_mm)
    else:
        chances = (clearances_mm <= 0).astype(np.float64)
    means = chances.reshape(SCRAMBLES_SAMPLES, -1).mean(axis=1)
    # A gap that is known from below alone may as well be far.
    least = float(np.where(exact, chances, 0.0).mean())
    mean = float(means.mean())
    error = float(means.std(ddof=1)) / SCRAMBLES_SAMPLES**0.5
    half = float(stdtrit(SCRAMBLES_SAMPLES - 1, value("uncertainty.interval_quantile"))) * error
    return Contact(
        probability=mean,
        low=max(0.0, least - half),
        high=min(1.0, mean + half),
        stage=stage,
        is_bound=not exact.any() or mean - least > BOUND_TOLERANCE,
    )
