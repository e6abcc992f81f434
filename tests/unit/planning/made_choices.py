"""One of each part of a plan that says what was chosen, with plain numbers."""

from kambin.planning.choice_models import (
    Alternative,
    Docking,
    Objectives,
    Preference,
    Rule,
    TargetChoice,
)

DOCKING = Docking(
    stop_mm=6.0,
    limit_mm=7.0,
    bounded_by="waist",
    waist_distance_mm=5.0,
    mouth_distance_mm=15.0,
    waist_area_mm2=120.0,
    stop_max_mm=14.0,
)
TARGET_CHOICE = TargetChoice(
    rule="paracentral",
    title="a",
    zone="paracentral",
    migration="none",
    goal_lps_mm=(10.0, 18.0, 0.0),
    off_goal_mm=1.0,
    usual_techniques=("outside-in",),
    is_usual_technique=True,
    is_verified=False,
    source="b [M]",
)
PREFERENCE = Preference(
    name="axial_inclination_deg",
    value=50.0,
    low=47.0,
    high=61.0,
    unit="deg",
    is_left=False,
    is_weighed=True,
    source="c [M]",
)
OBJECTIVES = Objectives(
    nerve_clearance_mm=1.2,
    vessel_clearance_mm=None,
    organ_clearance_mm=20.0,
    bone_clearance_mm=0.4,
    bone_mm3=300.0,
    docking_mm=6.0,
    length_mm=120.0,
    muscle_path_mm={"psoas": 10.0},
    muscle_mm3=440.0,
    angles_left_deg=0.0,
    lateral_left_mm=2.0,
    off_target_mm=1.0,
    room_mm=0.2,
    tolerance_entry_mm=0.2,
    reachable_fraction=None,
    score_mm=0.1,
)
ALTERNATIVE = Alternative(
    name="most room",
    why="d",
    entry_lps_mm=(90.0, 78.0, 0.0),
    target_lps_mm=(10.0, 18.0, 0.0),
    stop_mm=6.0,
    weights={"clearance": 1.0},
    objective_mm=0.3,
    objectives=OBJECTIVES,
)
RULE = Rule(
    id="nerve-needle",
    what="e",
    value=1.2,
    threshold=1.0,
    comparison="at least",
    unit="mm",
    source="f [D]",
    stage="needle",
    structure="exiting_root:L4:left",
    severity="BLOCK",
    passed=True,
    not_assessed_reason=None,
)
