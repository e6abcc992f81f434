"""What a plan says of how wrong image, patient and hand may be."""

from typing import Literal

from pydantic import Field

from kambin.planning.documents import Document, Point

Setting = Literal["compensated", "uncompensated"]
"""Whether breathing is gated or the level registered by itself, or neither."""

DEFAULT_SETTING: Setting = "uncompensated"
"""What is assumed of the theatre: nothing is done against breathing that nobody named."""


class ErrorSource(Document):
    """One named source of error, as it is quoted and as it is sampled.

    Notes
    -----
    ``value`` is the mean length of the error as the source prints it, ``sigma_per_axis`` the
    standard deviation along each of the ``axes`` that follows from it; both have the unit. The
    surface of each structure has no single value: its sigma stands beside each clearance.
    """

    name: str
    value: float | None
    sigma_per_axis: float | None
    axes: int
    unit: Literal["mm", "deg"]
    tag: str
    source: str
    note: str


class ToleranceSample(Document):
    """One point of the joint border of tolerance: offset at the skin and angle together."""

    entry_mm: float
    angle_deg: float


class Tolerance(Document):
    """How tolerance was found, and what the second checker said of it.

    Notes
    -----
    The pivot is the skin entry: the hand marks it off by ``entry_mm`` across the axis, then
    holds the tool off by ``angle_deg`` about that point and goes as deep as planned. Offset and
    angle may point anywhere, independently. ``ellipse`` runs from the offset at angle 0 to the
    angle at offset 0 of the joint border, whose half axes are ``ellipse_entry_mm`` and
    ``ellipse_angle_deg``. All poses inside were granted by the distance fields; of the
    ``poses`` drawn, ``decided_by_displacement`` stay clear because they move less than the
    surfaces leave, and ``measured_on_surfaces`` were measured on triangles one by one.
    ``kept_share`` is how much of what the fields granted the second checker left.
    """

    pivot: Literal["entry"] = "entry"
    pivot_lps_mm: Point
    ellipse_entry_mm: float
    ellipse_angle_deg: float
    ellipse: tuple[ToleranceSample, ...]
    limited_by: str
    is_capped: bool
    poses: int
    decided_by_displacement: int
    measured_on_surfaces: int
    kept_share: float


class Certainty(Document):
    """How likely the tools touch each structure, and how far the hand may err.

    Notes
    -----
    ``contact_probability`` is the largest over the stages after the declared resection, for an
    error of the surface and of the pose (``error_sources``); ``contact_interval`` its 95 %
    interval from independent scrambles, ``contact_worst_stage`` the stage. Of structures in
    ``contact_at_most`` the number is an upper bound: they lie beyond the fields. Contact in
    ``contact_meant`` is part of the technique and not counted. ``tolerance_entry_mm`` is the
    largest offset of the entry at angle 0, ``tolerance_angle_deg`` the largest angle at offset 0,
    that break no hard margin at any stage; null where there is none, with the reason.
    """

    contact_probability: dict[str, float]
    contact_interval: dict[str, tuple[float, float]] = Field(default_factory=dict)
    contact_worst_stage: dict[str, str] = Field(default_factory=dict)
    contact_at_most: tuple[str, ...] = ()
    contact_meant: tuple[str, ...] = ()
    error_sources: tuple[ErrorSource, ...] = ()
    setting: Setting | None = None
    poses: int | None = None
    seed: int | None = None
    displayed_uncertainty_mm: float | None = None
    tolerance_entry_mm: float | None
    tolerance_angle_deg: float | None
    tolerance: Tolerance | None = None
    not_assessed_reason: str | None
