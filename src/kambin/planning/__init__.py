"""Planning: fields, candidates, search, clearances, resection, and the second checker."""

from kambin.planning.bone_models import Resection
from kambin.planning.certainty_models import Certainty
from kambin.planning.choice_models import (
    Alternative,
    Bevel,
    Docking,
    Landmark,
    Objectives,
    Preference,
    Rule,
    TargetChoice,
)
from kambin.planning.comparison import compare_plans
from kambin.planning.comparison_models import PlanComparison
from kambin.planning.documents import FindingRecord
from kambin.planning.evaluate import Path, evaluate
from kambin.planning.evaluator import Evaluation, Evaluator
from kambin.planning.iliac import IliacBlock, IliacLimit, measure_iliac_block
from kambin.planning.migration import FIRST_VERSION, migrate_document
from kambin.planning.models import (
    SCHEMA_VERSION,
    Angles,
    Binding,
    Certificate,
    Clearance,
    Entry,
    MigratedFrom,
    Plan,
    Refusal,
    SideWitness,
    Software,
    Stage,
    Trajectory,
    Verification,
)
from kambin.planning.plan import plan_trajectory
from kambin.planning.plan_set import Member, make_plan_set
from kambin.planning.plan_set_models import PLAN_SET_VERSION, PlanSet
from kambin.planning.policy import Group, find_group
from kambin.planning.reach_models import Reach
from kambin.planning.request import ZONES, PlanRequest
from kambin.planning.sealing import hash_content, hash_document, round_document, seal_plan
from kambin.planning.signing import Signature, require_signable
from kambin.planning.skin_map import SkinMap, plan_skin_map
from kambin.planning.skin_map_models import SkinMapDocument
from kambin.planning.skin_squares import make_skin_map
from kambin.planning.tools import Tool, Toolset, find_toolset
from kambin.planning.verify import verify_plan
from kambin.planning.what_if import Assumption, what_if
from kambin.planning.what_if_models import WhatIf

__all__ = [
    "FIRST_VERSION",
    "PLAN_SET_VERSION",
    "SCHEMA_VERSION",
    "ZONES",
    "Alternative",
    "Angles",
    "Assumption",
    "Bevel",
    "Binding",
    "Certainty",
    "Certificate",
    "Clearance",
    "Docking",
    "Entry",
    "Evaluation",
    "Evaluator",
    "FindingRecord",
    "Group",
    "IliacBlock",
    "IliacLimit",
    "Landmark",
    "Member",
    "MigratedFrom",
    "Objectives",
    "Path",
    "Plan",
    "PlanComparison",
    "PlanRequest",
    "PlanSet",
    "Preference",
    "Reach",
    "Refusal",
    "Resection",
    "Rule",
    "SideWitness",
    "Signature",
    "SkinMap",
    "SkinMapDocument",
    "Software",
    "Stage",
    "TargetChoice",
    "Tool",
    "Toolset",
    "Trajectory",
    "Verification",
    "WhatIf",
    "compare_plans",
    "evaluate",
    "find_group",
    "find_toolset",
    "hash_content",
    "hash_document",
    "make_plan_set",
    "make_skin_map",
    "measure_iliac_block",
    "migrate_document",
    "plan_skin_map",
    "plan_trajectory",
    "require_signable",
    "round_document",
    "seal_plan",
    "verify_plan",
    "what_if",
]
