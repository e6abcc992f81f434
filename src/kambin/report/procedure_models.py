"""The document of the procedure sheet: marks, angles, tools, steps, and the way after it."""

from typing import Literal

from kambin.approaches.anaesthesia_models import Anaesthesia, Checkpoint, Sentence
from kambin.approaches.layers import Layer
from kambin.planning.documents import Document, FindingRecord, Point

PROCEDURE_VERSION = 1
"""Version of the document of ``kambin procedure``."""


class Marks(Document):
    """The entry on the skin, as the plan has it; see the plan's ``entry``."""

    side: Literal["left", "right"]
    lateral_of_midline_mm: float
    along_skin_lateral_mm: float
    cranial_of_disc_line_mm: float
    cranial_of_spinous_tip_mm: float | None
    spinous_tip: str | None
    depth_mm: float
    incision_mm: float


class CArmView(Document):
    """How the C-arm stands for one true picture, from the patient's own end plates.

    Notes
    -----
    ``beam_lps`` runs along the picture's line of sight: from front to back for AP, towards the
    patient's left for the lateral view. ``tilt_deg`` counts how far its far end, the back or the
    left one, lies towards the head; ``turn_deg`` how far it is turned about the patient's long
    axis, for AP towards the patient's left and for the lateral view towards the back. Degrees, in
    the images' own posture.
    """

    name: str
    of: str
    beam_lps: Point
    tilt_deg: float
    turn_deg: float
    words: str


class ToolRow(Document):
    """One tool: how deep its tip goes from the skin, and where that is on its shaft.

    Notes
    -----
    ``depth_mm`` from the tip is where the shaft is marked: the mark meets the skin when the tip is
    there. ``left_outside_mm`` is what stays outside, null for a size of one's own; negative where
    the tool is too short.
    """

    stage: str
    instrument: str
    title: str
    outer_diameter_mm: float
    depth_mm: float
    stop_mm: float
    left_outside_mm: float | None
    landmark: str
    landmark_source: str
    ap: str
    lateral: str
    tag: str
    source: str


class PassRow(Document):
    """One pass of a reamer, in order."""

    number: int
    instrument: str
    diameter_mm: float
    tilt_deg: float
    depth_mm: float
    taken_mm3: float


class Line(Document):
    """One sentence of a step, filled with the plan's numbers."""

    text: str
    tag: str
    source: str


class Step(Document):
    """One step of the operation."""

    number: int
    name: str
    title: str
    lines: tuple[Line, ...]


class Recovery(Document):
    """One row of the way after the operation; see ``knowledge.procedure.RecoveryRow``."""

    when: str
    what: str
    says: str
    against: str
    blank: bool
    flag: bool
    tag: str
    source: str


class Procedure(Document):
    """The sheet of one plan.

    Notes
    -----
    ``plan_status`` is the plan's own word; ``open_codes`` are the questions of it, and of the set
    that it belongs to, that nobody has answered. ``anaesthesia`` is null where no weight was told:
    the sheet then has no doses.
    """

    schema_version: int = PROCEDURE_VERSION
    case_sha256: str
    plan_content_sha256: str
    plan_status: Literal["ready", "needs_confirmation"]
    open_codes: tuple[str, ...]
    level: str
    side: Literal["left", "right"]
    level_words: str
    technique: str
    marks: Marks
    c_arm: tuple[CArmView, ...]
    tools: tuple[ToolRow, ...]
    passes: tuple[PassRow, ...]
    layers: tuple[Layer, ...]
    anaesthesia: Anaesthesia | None
    steps: tuple[Step, ...]
    checkpoints: tuple[Checkpoint, ...]
    stop_rules: tuple[Sentence, ...]
    recovery: tuple[Recovery, ...]
    findings: tuple[FindingRecord, ...]
    sources: dict[str, str]
    notice: str
