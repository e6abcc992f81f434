"""The planner's fields against the second checker's surfaces, on random trajectories."""

import numpy as np
from tests.unit.planning.simple_spine import LEVEL, build_case, build_simple_spine

from kambin.core import NoStore, SilentProgress
from kambin.frames import Side, direction_from_angles
from kambin.imaging import extract_surface, segment_surface_clearance
from kambin.planning import Path, PlanRequest, evaluate, find_toolset
from kambin.planning.bundle import Bundle
from kambin.planning.fields import build_hazards
from kambin.planning.policy import find_hazards
from kambin.planning.tubes import measure_tube_clearance

TRAJECTORIES = 200
BOX_EDGE_MM = 0.6


def test_fields_and_surfaces_agree_on_random_trajectories(rng: np.random.Generator) -> None:
    anatomy = build_simple_spine()
    case, tools = build_case(anatomy), find_toolset(PlanRequest(LEVEL, Side.LEFT))
    targets = np.array([11, 18, 0]) + rng.uniform(-4, 4, (TRAJECTORIES, 3))
    rays = np.array(
        [
            direction_from_angles(theta, phi)
            for theta, phi in rng.uniform((30, -15), (75, 30), (TRAJECTORIES, 2))
        ]
    )
    entries = targets + 120 * rays
    hazards = build_hazards(
        anatomy,
        find_hazards(anatomy.structures, level=LEVEL, side=Side.LEFT),
        Bundle.around(anatomy, entries, targets),
        progress=SilentProgress(),
        store=NoStore(),
    )
    names = ("exiting_root:L4:left", "dural_sac", "body:L4", "iap:L4:left", "pedicle:L4:left")
    surfaces = {
        n: extract_surface(anatomy.require(n).region)
        for n in names
        if anatomy.require(n).tube is None
    }
    worst = dict.fromkeys(names, 0.0)
    for entry, target in zip(entries, targets, strict=True):
        stages = evaluate(
            case,
            anatomy,
            Path(entry, target, 4.0),
            tools,
            level=LEVEL,
            side=Side.LEFT,
            hazards=hazards,
        )
        rows = {r.structure: r.clearance_mm + stages[0].radius_mm for r in stages[0].clearances}
        for name in names:
            tube = anatomy.require(name).tube
            other = (
                segment_surface_clearance(entry, target, surfaces[name])[0]
                if tube is None
                else measure_tube_clearance(entry, target, tube)[0]
            )
            if -1 < other < 8:
                worst[name] = max(worst[name], abs(rows[name] - other))
    assert worst["exiting_root:L4:left"] < 0.1
    assert worst["dural_sac"] < 0.1
    # Boxes have edges that no bone has: the two ways of smoothing round them differently.
    assert max(worst.values()) <= BOX_EDGE_MM, worst
