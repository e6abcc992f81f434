"""From the planner's problem to the numbers that the certified search works on."""

from dataclasses import replace

import numpy as np

from kambin.knowledge import Preferred, value
from kambin.planning.corridor import find_stops_mm
from kambin.planning.corridor_kernels import CorridorNumbers
from kambin.planning.cost_kernels import Costs
from kambin.planning.gate_kernels import Gate
from kambin.planning.margin_field import MarginField
from kambin.planning.problem import Problem
from kambin.planning.root_side import pack_root
from kambin.planning.staged_search import StagedProblem

MM3_PER_CM3 = 10.0**3
"""Cubic millimetres in a cubic centimetre."""


def find_staged_problem(
    problem: Problem, fields: tuple[MarginField, MarginField, MarginField, MarginField]
) -> StagedProblem:
    """Return the numbers of a problem with some margin fields.

    Parameters
    ----------
    problem : Problem
    fields : four MarginField on the grid: full length, docking, all bone and removable bone
    """
    tools, grid = problem.tools, problem.hazards.grid
    weights, stops = tools.technique.weights, find_stops_mm(tools.technique)
    full, docking, bone, removable = fields
    return StagedProblem(
        fields=(full.values, docking.values, bone.values, removable.values),
        slacks=(full.slack, docking.slack, bone.slack, removable.slack),
        near_slopes=(full.near_slopes, docking.near_slopes),
        origin_mm=grid.origin_lps_mm,
        spacing_mm=grid.spacing_mm,
        stop_costs_mm=weights.docking_per_mm * stops,
        stop_step_mm=value("planning.stop_step_mm"),
        step_mm=value("planning.evaluation_step_mm"),
        bone_step_mm=value("planning.path_step_mm"),
        bone_reach_mm=value("planning.removable_reach_mm"),
        radius_mm=tools.removal_radius_mm,
        wished_mm=tools.wished_mm,
        bone_limit_mm=value("margins.needle_bone_length_mm"),
        gain=weights.clearance,
        bone_cost_per_mm3=weights.bone_per_cm3 / MM3_PER_CM3,
        costs=find_costs(problem),
        gate=find_gate(problem),
        corridor=CorridorNumbers.of(
            problem.entries, problem.targets, problem.geometry, problem.tools
        ),
    )


def for_deficit(problem: StagedProblem) -> StagedProblem:
    """Return the problem whose value is the slack itself, not counting more than 0."""
    costs = replace(
        problem.costs,
        entries_mm=np.zeros(len(problem.costs.entries_mm)),
        targets_mm=np.zeros(len(problem.costs.targets_mm)),
        per_mm=0.0,
        per_deg=0.0,
    )
    return replace(
        problem,
        costs=costs,
        stop_costs_mm=np.zeros(len(problem.stop_costs_mm)),
        wished_mm=(0.0, 0.0),
        gain=1.0,
        bone_cost_per_mm3=0.0,
    )


def find_costs(problem: Problem) -> Costs:
    """Return what the technique's weights make entries, targets, length and angles cost."""
    technique, geometry = problem.tools.technique, problem.geometry
    weights = technique.weights
    entries = np.zeros(len(problem.entries.points_lps_mm))
    targets = weights.target_per_mm * problem.targets.offsets_mm
    preferred: Preferred | None = technique.preferred.get(str(geometry.level))
    if preferred is None:
        return Costs(
            entries, targets, per_mm=weights.length_per_mm, target_slope=weights.target_per_mm
        )
    lateral = geometry.surgical_mm(problem.entries.points_lps_mm)[:, 0]
    low, high = preferred.lateral_mm
    beyond = np.maximum(low - lateral, 0) + np.maximum(lateral - high, 0)
    return Costs(
        weights.lateral_per_mm * beyond,
        targets,
        per_mm=weights.length_per_mm,
        per_deg=weights.angle_per_deg,
        theta_deg=preferred.axial_inclination_deg,
        phi_deg=preferred.craniocaudal_deg,
        lateral_sign=geometry.side.lateral_sign_lps,
        entry_slope=weights.lateral_per_mm,
        target_slope=weights.target_per_mm,
    )


def find_gate(problem: Problem) -> Gate:
    """Return the necessary conditions of the corridor; ``find_allowed`` has all of them."""
    geometry, tools = problem.geometry, problem.tools
    corridor, stops = tools.technique.corridor, find_stops_mm(tools.technique)
    origin = geometry.surgical_mm(np.zeros(3))
    axes = geometry.surgical_mm(np.eye(3)) - origin
    waist = np.zeros(4)
    if geometry.waist is not None and not tools.docks_at_mouth:
        normal = geometry.waist.normal
        waist = np.array([*normal, float(normal @ geometry.waist.centre_mm)])
    return Gate(
        longest_mm=corridor.length_max_mm,
        shortest_mm=float(stops[-1]),
        theta_deg=(corridor.axial_inclination_min_deg, corridor.axial_inclination_max_deg),
        phi_deg=(corridor.craniocaudal_min_deg, corridor.craniocaudal_max_deg),
        lateral_sign=geometry.side.lateral_sign_lps,
        surgical_from_lps=np.column_stack([axes.T, origin]),
        line_mm=geometry.pedicle_centre_mm,
        top_mm=geometry.foramen_top_mm,
        floor_mm=geometry.foramen_floor_mm,
        behind_mm=geometry.wall_mm + value("planning.foramen_depth_mm"),
        waist=waist,
        mouth_mm=geometry.pedicle_centre_mm + 0.5 * geometry.pedicle_width_mm,
        allowance_mm=value("planning.waist_allowance_mm"),
        root=pack_root(geometry),
    )
