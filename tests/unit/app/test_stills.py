"""Skin map and projections of an answer: what a C-arm would be turned to."""

from types import SimpleNamespace
from typing import Any

import numpy as np
from tests.unit.planning.made_level import make_clearance, make_plan, make_stage

from kambin.app.stills import find_centre
from kambin.report.projections import SIDE_MM

NOBODY: Any = SimpleNamespace()


def test_entry_and_target_of_a_plan_are_within_its_projections() -> None:
    plan = make_plan((make_stage("needle", make_clearance()), make_stage("cannula", stop_mm=5.0)))
    far = np.array(plan.trajectory.target_lps_mm) + np.array([115.0, 70.0, 35.0])
    trajectory = plan.trajectory.model_copy(update={"entry_lps_mm": tuple(far.tolist())})
    plan = plan.model_copy(update={"trajectory": trajectory})
    centre = find_centre(NOBODY, NOBODY, plan)
    for point in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm):
        assert np.abs(np.array(point) - centre).max() < SIDE_MM / 2


def test_without_a_plan_the_middle_is_that_of_the_level() -> None:
    frame = SimpleNamespace(lps_from_disc=SimpleNamespace(origin_mm=np.array([1.0, 2.0, 3.0])))
    anatomy: Any = SimpleNamespace(disc_frames={"L4-L5": frame})
    refusal: Any = SimpleNamespace(level="L4-L5")
    np.testing.assert_array_equal(find_centre(NOBODY, anatomy, refusal), [1.0, 2.0, 3.0])
