"""The documents of planning: plan, refusal and verification, with the contract's names."""

from typing import Literal

from pydantic import Field

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
from kambin.planning.documents import Document, FindingRecord, Point
from kambin.planning.reach_models import Reach
from kambin.planning.search_models import CorridorBranch

SCHEMA_VERSION = 2
"""Version of the plan, refusal and verification documents; ``migration`` opens all older ones."""


class Trajectory(Document):
    """The straight axis of all tools: skin entry and target, mm, LPS."""

    entry_lps_mm: Point
    target_lps_mm: Point
    length_mm: float


class Entry(Document):
    """The skin entry in the surgeon's terms.

    Notes
    -----
    ``lateral_of_midline_mm`` is never negative and counts from the fitted mid-sagittal plane;
    ``cranial_of_disc_line_mm`` counts along the patient's axis from where the mid-disc plane
    meets the midline skin of the back; ``cranial_of_spinous_tip_mm`` from the nearest tip,
    null when no spinous process is known; ``along_skin_lateral_mm`` is what a tape measures.
    """

    lateral_of_midline_mm: float
    cranial_of_disc_line_mm: float
    cranial_of_spinous_tip_mm: float | None
    spinous_tip: str | None
    along_skin_lateral_mm: float
    depth_mm: float


class Angles(Document):
    """The two angles in the disc's and in the patient's frame, degrees, ``kambin-1``."""

    axial_inclination_to_disc_deg: float
    craniocaudal_to_disc_deg: float
    axial_inclination_to_patient_deg: float
    craniocaudal_to_patient_deg: float
    convention: str


class Clearance(Document):
    """The gap between one tool and one structure, and where it is least.

    Notes
    -----
    ``clearance_mm`` is the distance of the tool's centre line to the structure minus the tool's
    radius; neither margin nor sigma is subtracted; negative is overlap. ``point_lps_mm`` lies on
    the centre line. ``hard_margin_mm`` is what was demanded, null where nothing is (a structure
    that is removed). ``surface_uncertainty_mm`` is two sigma of the surface,
    ``uncertainty_mm`` that and the displayed uncertainty of a position in the patient together
    (root of the summed squares); ``inside_uncertainty`` says that the clearance is smaller.
    """

    structure: str
    group: str
    clearance_mm: float
    point_lps_mm: Point
    sigma_mm: float
    origin: str
    hard_margin_mm: float | None
    uncertainty_mm: float
    inside_uncertainty: bool
    surface_uncertainty_mm: float | None = None


class Stage(Document):
    """One tool of the sequence: a capsule of true outer radius with its own end point.

    Notes
    -----
    ``stop_mm`` is negative for forceps that go past the target into the fragment. ``landmark``
    is what the C-arm shows of the tip, ``bevel`` how a cannula's opening is turned.
    """

    tool: str
    instrument: str
    radius_mm: float
    tip_lps_mm: Point
    stop_mm: float
    clearances: tuple[Clearance, ...]
    landmark: Landmark | None = None
    bevel: Bevel | None = None


class Certificate(Document):
    """What the search proves: no listed candidate is better than the plan.

    Notes
    -----
    Objectives are compared in steps of 0.01 mm, smaller differences are ties; objective and upper
    bound are given in these steps, and a gap of 0 says that trying every candidate would find no
    more. ``continuum_gap_mm`` bounds what paths between the listed ones, on the skin, in the box of
    targets and between docking distances, could reach beyond the objective; null of a refusal.
    ``nodes`` counts the pairs of balls that were looked at. Of a refusal the objective is the least
    slack of the candidate nearest to passing, negative; null if the corridor holds no candidate.
    """

    objective_mm: float | None
    upper_bound_mm: float | None
    gap_mm: float
    continuum_gap_mm: float | None
    candidates: int
    nodes: int
    method: str


class SideWitness(Document):
    """The side said twice more, independently of the word.

    Notes
    -----
    ``signed_offset_lps_mm`` is the entry's offset from the mid-sagittal plane along the patient's
    left: positive is left. ``guarded_root`` names the root the path passes.
    """

    signed_offset_lps_mm: float
    guarded_root: str


class Software(Document):
    """Versions of what computed the document."""

    kambin: str
    numpy: str
    numba: str
    simpleitk: str


class MigratedFrom(Document):
    """What an opened document was written as: its schema and the hash of its content there."""

    schema_version: int
    content_sha256: str


class Plan(Document):
    """One verified trajectory with everything a surgeon asks of it."""

    schema_version: int = SCHEMA_VERSION
    status: Literal["ready", "needs_confirmation"]
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    side_witness: SideWitness
    technique: str
    zone: str | None
    cannula_mm: float
    trajectory: Trajectory
    entry: Entry
    angles: Angles
    stages: tuple[Stage, ...]
    not_assessed: tuple[str, ...]
    resection: Resection
    reach: Reach
    certainty: Certainty
    certificate: Certificate
    findings: tuple[FindingRecord, ...]
    evidence: tuple[str, ...]
    software: Software
    margins: Literal["fluoroscopy", "plan-only"] = "fluoroscopy"
    weights: dict[str, float] = Field(default_factory=dict)
    docking: Docking | None = None
    target_choice: TargetChoice | None = None
    preferences: tuple[Preference, ...] = ()
    objectives: Objectives | None = None
    alternatives: tuple[Alternative, ...] = ()
    explanation: tuple[str, ...] = ()
    rules: tuple[Rule, ...] = ()
    corridors: tuple[CorridorBranch, ...] = ()
    migrated_from: MigratedFrom | None = None
    content_sha256: str = ""


class Binding(Document):
    """What stands in the way of the best candidate, at which stage, and by how much.

    Notes
    -----
    The deficit is null only where the image shows no skin that the rays could meet.
    """

    structure: str
    deficit_mm: float | None
    stage: str


class Refusal(Document):
    """No plan: what binds, and whether these labels can decide it at all (exit 5)."""

    schema_version: int = SCHEMA_VERSION
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    technique: str
    zone: str | None
    cannula_mm: float
    infeasible: Literal[True] = True
    decidable: bool
    binding: Binding
    certificate: Certificate
    not_assessed: tuple[str, ...]
    findings: tuple[FindingRecord, ...]
    evidence: tuple[str, ...]
    software: Software
    margins: Literal["fluoroscopy", "plan-only"] = "fluoroscopy"
    weights: dict[str, float] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()


class Verification(Document):
    """The answer of the second checker; not valid means exit 5.

    Notes
    -----
    ``max_difference_mm`` and ``agreement_mm`` speak of nerves, sac, organs, vessels and whole
    bones; ``max_part_difference_mm`` and ``part_agreement_mm`` of the two vertebrae that are cut
    into parts, each part and all of them together: their sharp edges are rounded differently.
    """

    schema_version: int = SCHEMA_VERSION
    valid: bool
    max_difference_mm: float | None
    agreement_mm: float
    max_part_difference_mm: float | None = None
    part_agreement_mm: float | None = None
    findings: tuple[FindingRecord, ...]
