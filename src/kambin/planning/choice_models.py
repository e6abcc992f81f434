"""The parts of a plan that say what was chosen: landmarks, bevel, objectives, rules."""

from typing import Literal

from pydantic import Field

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


class TargetChoice(Document):
    """Which rule says where a herniation of this kind is aimed at, and how far the target is off.

    Notes
    -----
    The goal is the rule's point for a fragment, or the middle of the zone that was asked for;
    ``is_verified`` is false for rules without a source. Rule and what belongs to it are null for
    a point that was named, and where the fragment's kind is not known.
    """

    rule: str | None
    title: str | None
    zone: str | None
    migration: str | None
    goal_lps_mm: Point
    off_goal_mm: float
    usual_techniques: tuple[str, ...]
    is_usual_technique: bool | None
    is_verified: bool | None
    source: str | None


class Preference(Document):
    """What surgeons usually do, and whether the plan leaves it.

    Notes
    -----
    Nothing is demanded of it. ``is_weighed`` says whether leaving it costs in the objective.
    """

    name: str
    value: float
    low: float
    high: float
    unit: str
    is_left: bool
    is_weighed: bool
    source: str


class Objectives(Document):
    """What a path is judged by, each in its own unit.

    Notes
    -----
    Clearances are the least over the stages that demand one, of root, ganglion and sac
    (``nerve``), of vessels, of organs, and of bone that is never cut to the wide tools;
    null where no such structure is known. ``bone_mm3`` is the search's own estimate of the bone in
    the cannula's way, and not what the reamers take (``resection``); null where labels do not
    resolve it. ``muscle_path_mm`` is how far the axis runs in each
    muscle, ``muscle_mm3`` what the cannula displaces there. ``angles_left_deg`` and
    ``lateral_left_mm`` are how far angles and entry lie outside the technique's ranges.
    ``room_mm`` is the least clearance above the hard margins, a hand error that is certainly
    borne; ``tolerance_entry_mm`` how far the hand may be off at the skin before the second check,
    which only the plan has: what that leaves is its ``certainty``. ``reachable_fraction`` is after
    the reaming of the plan, for an alternative after one axial pass as wide as its cannula.
    ``not_measured`` says of each objective that is null why.
    ``score_mm`` is the objective of the search under the weights it was found with.
    """

    nerve_clearance_mm: float | None
    vessel_clearance_mm: float | None
    organ_clearance_mm: float | None
    bone_clearance_mm: float | None
    bone_mm3: float | None
    docking_mm: float
    length_mm: float
    muscle_path_mm: dict[str, float]
    muscle_mm3: float
    angles_left_deg: float
    lateral_left_mm: float
    off_target_mm: float
    room_mm: float
    tolerance_entry_mm: float | None
    reachable_fraction: float | None
    score_mm: float
    not_measured: dict[str, str] = Field(default_factory=dict)


class Alternative(Document):
    """Another way that no other one betters in everything.

    Notes
    -----
    ``name`` says what it is best in; ``why`` compares it with the plan; ``weights`` are those
    under which the search finds it as the best of all listed candidates, with what it
    is worth under them. The way of most reach has the weights of the plan: it is the one of
    most reach among the paths that were asked for it.
    """

    name: str
    why: str
    entry_lps_mm: Point
    target_lps_mm: Point
    stop_mm: float
    weights: dict[str, float]
    objective_mm: float
    objectives: Objectives


class Rule(Document):
    """One hard rule: what is demanded, what the plan has, and whether it holds.

    Notes
    -----
    ``value`` is compared with ``threshold`` by ``comparison``; null where nothing of the kind
    is near or assessed, which passes and says so in ``not_assessed_reason``. ``severity`` is what
    breaking it means: BLOCK, or CONFIRM where a person decides.
    """

    id: str
    what: str
    value: float | None
    threshold: float
    comparison: Literal["at least", "at most"]
    unit: str
    source: str
    stage: str | None
    structure: str | None
    severity: Literal["BLOCK", "CONFIRM"]
    passed: bool
    not_assessed_reason: str | None
