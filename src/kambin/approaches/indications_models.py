"""The document of ``kambin indications``: rules, verdicts, difficulty, figures."""

from functools import cache
from typing import Literal

from kambin.knowledge import Published
from kambin.planning.documents import Document, FindingRecord

SCHEMA_VERSION = 1
"""Version of the documents of indications."""

Colour = Literal["red", "amber", "as_far_as_assessed", "open", "green", "not_graded"]


class FigureRecord(Document):
    """One published figure with all that a reader needs to judge it.

    Notes
    -----
    ``figure`` is the text with unit and kind of spread; ``value`` is null where the paper prints a
    range or words only. ``citations`` says what the keys of ``source`` stand for.
    """

    name: str
    metric: str
    approach: str
    comparator: str
    figure: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    n: int | None
    design: str
    definition: str
    tag: str
    unverified: bool
    source: str
    citations: dict[str, str]
    note: str

    @classmethod
    @cache
    def of(cls, row: Published) -> "FigureRecord":
        """Return the record of a published figure.

        Parameters
        ----------
        row : Published
        """
        known = {n: v for n, v in row.as_document().items() if n in cls.model_fields}
        return cls(**known, figure=row.figure)


class FactRecord(Document):
    """What is known of one thing a rule asks for; value null and the reason where nothing is.

    Notes
    -----
    ``origin`` says from where: measured, zone (as asked for), asked (a person answered), plan, or
    not_assessed and not_asked. ``neighbour`` is the class next to a word within its error.
    """

    name: str
    title: str
    value: float | str | None
    unit: str
    sigma: float | None
    neighbour: str | None
    origin: str
    because: str


class RuleVerdict(Document):
    """One rule on this patient; applies is null where what it asks for is not known.

    Notes
    -----
    ``is_borderline`` says that the answer would change within one standard deviation.
    """

    name: str
    rule: str
    title: str
    applies: bool | None
    is_borderline: bool
    colour: Literal["red", "amber", "info"]
    because: str
    says: str
    against: tuple[str, ...]
    speaks_for: tuple[str, ...]
    figures: tuple[FigureRecord, ...]
    others: tuple[FigureRecord, ...]
    tag: str
    unverified: bool
    source: str
    citations: dict[str, str]


class ApproachVerdict(Document):
    """What the rules say of one way to operate.

    Notes
    -----
    ``green`` means that every rule about it was assessed and none speaks against it, no more;
    ``as_far_as_assessed`` that none of those assessed does; ``open`` the same of a patient of whose
    herniation nothing is known. ``reasons``, ``speaks_for`` and ``not_assessed`` name rows of the
    rules. ``figures`` are of all patients of a series.
    """

    verdict: Colour
    words: str
    reasons: tuple[str, ...]
    speaks_for: tuple[str, ...]
    not_assessed: tuple[str, ...]
    not_asked: tuple[str, ...]
    figures: tuple[FigureRecord, ...]


class DifficultyTerm(Document):
    """One term of the difficulty; share and contribution null where it is not assessed.

    Notes
    -----
    ``share`` runs from 0 (``easy``) to 1 (``hard``); ``contribution`` is share times weight.
    """

    name: str
    title: str
    value: float | None
    unit: str
    easy: float
    hard: float
    weight: float
    share: float | None
    contribution: float | None
    because: str
    source: str


class Difficulty(Document):
    """Reach and space as terms with weights; the sum stands beside what it could have been.

    Notes
    -----
    ``of_weight`` is the weight of the terms that were assessed. Not validated against anything.
    """

    terms: tuple[DifficultyTerm, ...]
    total: float | None
    of_weight: float
    all_weight: float
    tag: Literal["D"] = "D"
    validated: Literal[False] = False
    words: str


class LearningCurve(Document):
    """What one surgeon's fitted line says at this number of cases; null outside its cases."""

    cases: int | None
    minutes: float | None
    valid_to_cases: int
    words: str
    figures: tuple[FigureRecord, ...]


class RiskFlag(Document):
    """One flag of recurrence, shown and never a gate; present is null where nobody answered."""

    name: str
    title: str
    present: bool | None
    because: str
    figure: FigureRecord


class Indications(Document):
    """Which way to operate the rules speak for and against, on this patient's anatomy.

    Notes
    -----
    ``herniation_origin`` says where the fragment's shape comes from, such as segmented, drawn or
    modelled; null where no fragment was judged.
    """

    schema_version: int = SCHEMA_VERSION
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    herniation_from: Literal["fragment", "zone", "none"]
    herniation_origin: str | None
    zone: str | None
    approaches: dict[str, ApproachVerdict]
    rules: tuple[RuleVerdict, ...]
    facts: tuple[FactRecord, ...]
    not_asked: tuple[str, ...]
    not_assessed: tuple[str, ...]
    difficulty: Difficulty
    learning_curve: LearningCurve
    risks: tuple[RiskFlag, ...]
    findings: tuple[FindingRecord, ...]
    notice: str
