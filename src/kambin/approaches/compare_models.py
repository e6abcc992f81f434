"""The document of ``kambin compare``: one patient, six ways to operate."""

from typing import Literal

from kambin.approaches.indications_models import FigureRecord
from kambin.planning.documents import Document, FindingRecord, Point
from kambin.planning.models import Binding

COMPARE_VERSION = 1
"""Version of the document."""

StabilityName = Literal["intact", "minor", "moderate", "at_risk"]
"""What is left of the facet joint, architecture 8.10; null where the labels cannot say."""


class Sigma(Document):
    """One standard deviation of the measured fields of an approach, null as they are.

    Notes
    -----
    Of volumes: the sigma of each structure's surface times the area of it that lies inside what is
    cut or moved; surfaces of different structures err independently. How a surgeon lays the way
    on this patient is not in it.
    """

    muscle_dilated_mm3: float | None
    muscle_detached_mm3: float | None
    lamina_mm3: float | None
    facet_mm3: float | None
    facet_fraction: float | None
    flavum_mm3: float | None
    other_bone_mm3: float | None
    root_retraction_mm: float | None


class Way(Document):
    """Where an approach runs on this patient.

    Notes
    -----
    ``aim_lps_mm`` is the target, or the nearest point that an axis through the window meets. Tilts
    are those of the axis from the disc's posterior axis, positive where the skin end is
    lateral, or cranial; null for the way through the foramen, whose plan has its own angles.
    """

    aim_lps_mm: Point
    window_lps_mm: Point | None
    entry_lps_mm: Point | None
    depth_mm: float | None
    lateral_tilt_deg: float | None
    cranial_tilt_deg: float | None


class StructureCost(Document):
    """What one structure loses, counted in equal grains: removed and kept are the whole."""

    structure: str
    origin: str
    removed_mm3: float
    removed_grains: int
    kept_grains: int
    whole_grains: int


class ApproachCost(Document):
    """What one way to operate costs this patient, and what it reaches.

    Notes
    -----
    The first eleven fields are those other programs may rely on. ``not_assessed`` says why a field
    is null, ``incomplete`` which structures a number lacks, ``origins`` from which kind of surfaces
    it comes, of reach also those of root and sac, which block. ``stability_by_surface`` is the
    class by the share of the joint's face alone, without the rule that a touched inferior process
    or pars is ``at_risk``. ``limited_by`` is ``retraction`` beyond what the table allows, ``aim``
    where no tilt meets the target, ``bone`` where a tube would have to pass pars, pedicle or body:
    that is counted in ``other_bone_mm3`` and stays in the way of reach. ``refused`` is what binds
    where the planner finds no way; then nothing of it is measured.
    """

    skin_mm: float | None
    muscle_dilated_mm3: float | None
    muscle_detached_mm3: float | None
    lamina_mm3: float | None
    facet_mm3: float | None
    facet_fraction: float | None
    flavum_mm3: float | None
    root_retraction_mm: float | None
    reachable_fraction: float | None
    visible_fraction: float | None
    stability_class: StabilityName | None
    other_bone_mm3: float | None
    title: str
    stability_by_surface: StabilityName | None
    sigma: Sigma
    origins: dict[str, str]
    not_assessed: dict[str, str]
    incomplete: dict[str, str]
    limited_by: tuple[str, ...]
    retraction_structure: str
    skin_rule: Literal["half the tube's circumference", "table"] | None
    way: Way | None
    refused: Binding | None
    structures: tuple[StructureCost, ...]
    evidence: tuple[str, ...]


class Difference(Document):
    """How much more one way costs than another, with one standard deviation.

    Notes
    -----
    Both are cut out of the same surfaces, so that the deviation of the difference is less than
    that of two patients.
    """

    field: str
    unit: str
    first: str
    second: str
    difference: float
    sigma: float


class FieldNote(Document):
    """What a field means, and in which unit."""

    unit: str
    meaning: str


class Comparison(Document):
    """One patient, level, side and target, by six ways.

    Notes
    -----
    ``published`` is what papers print, one row a figure, as they print it: rows of one metric may
    contradict each other. None of it is of this patient.
    """

    schema_version: int = COMPARE_VERSION
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    zone: str | None
    technique: str
    target_lps_mm: Point
    fields: dict[str, FieldNote]
    approaches: dict[str, ApproachCost]
    differences: tuple[Difference, ...]
    published: tuple[FigureRecord, ...]
    findings: tuple[FindingRecord, ...]
