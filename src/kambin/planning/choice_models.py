"""The parts of a plan that say what was chosen: landmarks, bevel, objectives, rules."""

from typing import Literal

from kambin.planning.documents import Document, Point


class Landmark(Document):
    """Where the true pictures of the C-arm show a tip, and what is done about it.

    Notes
    -----
    ``ap_zone`` names the lines of the true AP picture (SL, MPL, midPL, LPL) between which the tip
    lies, ``ap_lateral_mm`` counts from the spinous line towards the asked side;
    ``lateral_mm_of_pvl`` is positive behind the posterior vertebral line. State and what follows
    are null where no row of the policy holds; ``is_verified`` is false for rows without a source.
    """

    ap_zone: str
    ap_lateral_mm: float
    lateral_mm_of_pvl: float
    state: str | None
    title: str | None
    action: str | None
    policy: Literal["allow", "note", "confirm", "exclude"] | None
    is_verified: bool | None
    source: str | None


class Bevel(Document):
    """How the bevelled end of the cannula is turned, first going in, then at work.

    Notes
    -----
    Turns are those of the opening, the side to which the cut looks: 0 degrees is cranial,
    counted clockwise as seen from the skin along the axis, so that the clock of ``*_clock``
    reads 12 at 0 and 3 at 90. Going in, the opening looks away from the exiting root; at work it
    looks at the target. The longer lip lies opposite to the opening; its tip is the end point
    of the cannula. Null with a reason where the root is not assessed or what is aimed at lies
    on the axis.
    """

    bevel_deg: float
    lip_mm: float
    heel_lps_mm: Point | None
    insertion_deg: float | None
    insertion_clock: int | None
    working_deg: float | None
    working_clock: int | None
    turn_deg: float | None
    away_from: str | None
    towards: str | None
    convention: str
    not_assessed_reason: str | None


class Docking(Document):
    """How far short of the target the cannula ends, and what bounds it (architecture 8.4).

    Notes
    -----
    The limit is the least of the way to the foramen's waist and 2 mm, and of the technique's
    own; ``bounded_by`` is ``mouth`` where the waist is not measured, or where nothing passes
    within it and a person has to confirm. ``waist_distance_mm`` is null without a waist.
    """

    stop_mm: float
    limit_mm: float
    bounded_by: Literal["waist", "mouth"]
    waist_distance_mm: float | None
    mouth_distance_mm: float
    waist_area_mm2: float | None
    stop_max_mm: float
