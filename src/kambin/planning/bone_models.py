"""The documents of the bone a plan takes: what goes, pass by pass, and what other choices cost."""

from typing import Literal

from kambin.planning.documents import Document, Point


class ReamerPass(Document):
    """One reamer in one direction.

    Notes
    -----
    ``tilt_deg`` is the angle to the axis of the cannula, 0 along it; ``pivot`` says about which
    point it is turned. ``stop_mm`` counts from the target as for the other tools: the reamer ends
    where no bone that it should take lies ahead of it, never beyond the cannula.
    ``taken_mm3`` is what this pass takes after the passes before it.
    """

    instrument: str
    radius_mm: float
    tilt_deg: float
    pivot: Literal["axis", "docking", "skin"]
    tip_lps_mm: Point
    outer_lps_mm: Point
    stop_mm: float
    taken_mm3: float


class DiameterVolume(Document):
    """Bone in the way of a cannula of one diameter on the same axis."""

    diameter_mm: float
    volume_mm3: float


class StopVolume(Document):
    """Bone in the way of the same cannula that docks at one distance from the target."""

    stop_mm: float
    volume_mm3: float


class Resection(Document):
    """Bone the reamer takes away; null and the reason where the labels cannot say.

    Notes
    -----
    ``needed_mm3`` is the bone within the cannula's radius and ``margin_mm`` of its axis: no
    resection that lets the cannula pass is smaller. ``volume_mm3`` is what the reamers of
    ``passes`` take together, ``collateral_mm3`` the difference, and ``single_pass_mm3`` what the
    one axial reamer that is wide enough would take, null if there is none or it may not pass.
    ``uncovered_mm3`` of the needed bone stays: it is 0 unless no reamer may go there.
    Rim bone counts in the volumes only where the plan takes it away (``rim_is_removed``).
    """

    volume_mm3: float | None
    sap_fraction: float | None
    ventrodorsal_fraction: float | None
    full_thickness_fraction: float | None
    facet_kept_fraction: float | None
    stability_class: Literal["intact", "minor", "moderate", "at_risk", "not_assessed"]
    rim_volume_mm3: float | None
    rim_is_removed: bool
    pars_left_mm: float | None
    iap_volume_mm3: float | None
    pars_volume_mm3: float | None
    margin_mm: float | None = None
    needed_mm3: float | None = None
    collateral_mm3: float | None = None
    uncovered_mm3: float | None = None
    single_pass_mm3: float | None = None
    stability_source: str | None = None
    passes: tuple[ReamerPass, ...] = ()
    volume_against_diameter: tuple[DiameterVolume, ...] = ()
    volume_against_stop: tuple[StopVolume, ...] = ()
    not_assessed_reason: str | None
