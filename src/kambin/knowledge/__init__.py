"""Typed tables of clinical numbers, instruments and techniques, with unit, tag and source."""

from kambin.knowledge.checkpoints import Checkpoints, Dermatome, Report, checkpoints
from kambin.knowledge.constants import (
    TAGS,
    Constant,
    constant,
    constant_tables,
    read_constants,
    value,
    value_at,
    values,
)
from kambin.knowledge.describe import describe
from kambin.knowledge.drugs import (
    JURISDICTIONS,
    Ceiling,
    Jurisdiction,
    Preparation,
    find_preparation,
    preparations,
)
from kambin.knowledge.instruments import (
    KINDS,
    Instrument,
    Kind,
    find_instrument,
    instruments,
    user_instrument,
)
from kambin.knowledge.landmarks import LandmarkRow, landmarks
from kambin.knowledge.literature import (
    Literature,
    literature,
    literature_rows,
)
from kambin.knowledge.published import APPROACHES, Published, published, published_of
from kambin.knowledge.rules import RuleRow, rules
from kambin.knowledge.sources import cite, find_keys, sources
from kambin.knowledge.stages import MarginRule, Margins, StageRules, stages
from kambin.knowledge.target_rules import TargetRule, find_target_rule, target_rules
from kambin.knowledge.techniques import (
    Corridor,
    Preferred,
    Technique,
    Tool,
    UnplannedTechnique,
    Weights,
    technique,
    techniques,
    unplanned_techniques,
)
from kambin.knowledge.trade_offs import TradeOff, trade_offs

__all__ = [
    "APPROACHES",
    "JURISDICTIONS",
    "KINDS",
    "TAGS",
    "Ceiling",
    "Checkpoints",
    "Constant",
    "Corridor",
    "Dermatome",
    "Instrument",
    "Jurisdiction",
    "Kind",
    "LandmarkRow",
    "Literature",
    "MarginRule",
    "Margins",
    "Preferred",
    "Preparation",
    "Published",
    "Report",
    "RuleRow",
    "StageRules",
    "TargetRule",
    "Technique",
    "Tool",
    "TradeOff",
    "UnplannedTechnique",
    "Weights",
    "checkpoints",
    "cite",
    "constant",
    "constant_tables",
    "describe",
    "find_instrument",
    "find_keys",
    "find_preparation",
    "find_target_rule",
    "instruments",
    "landmarks",
    "literature",
    "literature_rows",
    "preparations",
    "published",
    "published_of",
    "read_constants",
    "rules",
    "sources",
    "stages",
    "target_rules",
    "technique",
    "techniques",
    "trade_offs",
    "unplanned_techniques",
    "user_instrument",
    "value",
    "value_at",
    "values",
]
