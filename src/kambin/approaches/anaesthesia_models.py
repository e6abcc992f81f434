"""The document of local anaesthesia: layers, ceilings, volumes, what is asked and when to stop."""

from typing import Literal

from kambin.approaches.doses import Group
from kambin.approaches.layers import Layer
from kambin.knowledge import Jurisdiction
from kambin.planning.documents import Document, FindingRecord

ANAESTHESIA_VERSION = 1
"""Version of the document of ``kambin anaesthesia``."""


class CeilingTerm(Document):
    """One published ceiling of one preparation for this weight.

    Notes
    -----
    ``limit_ml`` is the same in volume of the concentration of the row, null where the row has
    none. ``rules`` says whether it is the term that decides under the chosen tables.
    """

    table: str
    term: Literal["mg_per_kg", "cap_mg"]
    value: float
    limit_mg: float
    limit_ml: float | None
    rules: bool
    tag: str
    source: str
    note: str


class Infiltration(Document):
    """What one part of the way is given.

    Notes
    -----
    ``volume_ml`` is null where no drug was chosen, none may be given there, or not even the
    least volumes fit under the ceiling. ``from_mm`` and ``to_mm`` are depths from the skin, null
    where the axis does not meet the part: ``note`` then says how near it comes.
    """

    group: Group
    title: str
    from_mm: float | None
    to_mm: float | None
    wished_ml: tuple[float, float]
    most_percent: float | None
    drug: str | None
    percent: float | None
    volume_ml: float | None
    dose_mg: float | None
    note: str
    tag: str
    source: str


class DrugDose(Document):
    """One preparation: its ceiling for this weight, and how much of it is used.

    Notes
    -----
    ``fraction`` is dose by ceiling; fractions of all drugs are added. Dose and fraction are null
    where no volumes are given.
    """

    drug: str
    agent: str
    title: str
    percent: float | None
    mg_per_ml: float | None
    epinephrine: bool
    limit_mg: float
    limit_ml: float | None
    ceilings: tuple[CeilingTerm, ...]
    dose_mg: float | None
    volume_ml: float | None
    fraction: float | None


class Mixture(Document):
    """Drugs together: volumes part by part, and the sum of their fractions.

    Notes
    -----
    ``least_fraction`` and ``most_fraction`` are the sums of the least and of the most that is
    wished, 1 being the ceiling. ``fits`` is false where the least passes what may be used; then
    nothing is given and ``fraction_of_ceiling`` is null.
    """

    drugs: tuple[DrugDose, ...]
    infiltration: tuple[Infiltration, ...]
    total_ml: float | None
    fraction_of_ceiling: float | None
    least_fraction: float
    most_fraction: float
    fits: bool


class PatientReport(Document):
    """Something the patient may say, what it may mean at this level, and what is done."""

    says: str
    means: str
    action: str
    stops: bool
    tag: str
    source: str


class Checkpoint(Document):
    """One stage: what is asked of the patient, and what is listened for.

    Notes
    -----
    ``from_mm`` and ``to_mm`` say how deep the tip is at that stage, from the skin; null where the
    plan has no such stage.
    """

    stage: str
    title: str
    from_mm: float | None
    to_mm: float | None
    ask: str
    reports: tuple[PatientReport, ...]
    tag: str
    source: str


class Root(Document):
    """A root of the level and where it is felt."""

    role: Literal["exiting", "traversing"]
    root: str
    area: str
    key_point: str
    tag: str
    source: str


class Sentence(Document):
    """One sentence with its tag and source."""

    what: str
    says: str
    tag: str
    source: str


class Anaesthesia(Document):
    """Local anaesthesia for one plan and one weight.

    Notes
    -----
    ``chosen`` is null where no drug was named: ``alternatives`` then says what each preparation
    and concentration of the tables would mean by itself, and none of them is chosen. ``sources``
    says what the keys of all sources stand for.
    """

    schema_version: int = ANAESTHESIA_VERSION
    case_sha256: str
    plan_content_sha256: str
    plan_status: Literal["ready", "needs_confirmation"]
    level: str
    side: Literal["left", "right"]
    weight_kg: float
    ceiling: Jurisdiction
    at_most: float
    reduce_for: tuple[str, ...]
    path_length_mm: float
    layers: tuple[Layer, ...]
    chosen: Mixture | None
    alternatives: tuple[Mixture, ...]
    roots: tuple[Root, ...]
    timing: tuple[Sentence, ...]
    checkpoints: tuple[Checkpoint, ...]
    stop_rules: tuple[Sentence, ...]
    findings: tuple[FindingRecord, ...]
    sources: dict[str, str]
    notice: str
