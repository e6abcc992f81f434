"""The herniation of a case, classified by code, with the geometry of every class."""

import numpy as np

from kambin.anatomy import Anatomy, Case, Level, Origin
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.fragment import find_note
from kambin.anatomy.fragment_lattice import sample_region
from kambin.anatomy.fragment_model import REPORTED_KINDS
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.anatomy.fragment_wish import CANAL_ZONES
from kambin.core import AnatomyError, Finding, Severity
from kambin.measure.herniation_canal import grade_calcified, grade_canal
from kambin.measure.herniation_place import grade_migration, grade_msu, grade_zone
from kambin.measure.herniation_roots import grade_roots
from kambin.measure.herniation_rules import find_published_rates
from kambin.measure.herniation_scene import HerniaScene, find_nearest_levels, find_scene
from kambin.measure.herniation_shape import grade_morphology, grade_size
from kambin.measure.herniation_types import Herniation


def measure_herniation(
    anatomy: Anatomy, case: Case
) -> tuple[Herniation | None, tuple[Finding, ...]]:
    """Classify the fragment of a case.

    Parameters
    ----------
    anatomy : Anatomy, completed
    case : Case it was completed from

    Returns
    -------
    Herniation, or none without a fragment or where a landmark of its level is missing; and
    what has to be said about it

    References
    ----------
    Fardon 2014, doi 10.1016/j.spinee.2014.04.022; Mysliwiec 2010,
    doi 10.1007/s00586-009-1274-4; Lee S 2007, Eur Spine J 16:431; Pfirrmann 2004,
    Radiology 230:583
    """
    fragment = anatomy.find(FRAGMENT_KEY)
    if fragment is None or not fragment.region.values.any() or not anatomy.disc_frames:
        return None, ()
    asked = _asked_level(anatomy, case)
    try:
        scene = find_scene(anatomy, asked)
        found = classify(scene, case)
    except AnatomyError as error:
        # One missing facet must not stop the measurement of all that is there.
        note = finding_of("AN-350", Severity.NOTE, where=error.where, why=error.why)
        return None, (note,)
    findings = (
        *_check_level(scene, asked),
        *_check_overlaps(scene),
        *_check_wish(found, case),
        *_check_far(found),
    )
    return found, findings


def classify(scene: HerniaScene, case: Case) -> Herniation:
    """Return all grades of a scene.

    Parameters
    ----------
    scene : HerniaScene
    case : Case, whose image may show calcium
    """
    zone = grade_zone(scene)
    size, location = grade_msu(scene)
    migration, height = grade_migration(scene)
    morphology, version_1 = grade_morphology(scene)
    volume, dimensions = grade_size(scene)
    middle = zone.measured["middle_lateral_mm"]
    in_midline = zone.value == "central" and middle <= (zone.uncertainty or 0.0)
    grades = {
        "morphology": morphology,
        "morphology_version_1": version_1,
        "zone": zone,
        "msu_size": size,
        "msu_location": location,
        "migration": migration,
        "migration_grade": height,
        "canal_compromise": grade_canal(scene),
        "calcified": grade_calcified(scene, case),
        "volume": volume,
        "dimensions": dimensions,
    }
    return Herniation(
        level=scene.site.level,
        side=None if in_midline else scene.side,
        origin=str(scene.fragment.origin),
        sigma_mm=scene.fragment.sigma_mm,
        grades=grades,
        roots=grade_roots(scene),
        rates=find_published_rates(grades),
    )


def _asked_level(anatomy: Anatomy, case: Case) -> Level | None:
    """Return the level a fragment was placed at, if the anatomy has it."""
    note = find_note(case.source)
    if note is None or note.origin is not Origin.MODELLED or "level" not in note.wishes:
        return None
    level = Level.parse(note.wishes["level"])
    return level if level in anatomy.disc_frames else None


def _check_level(scene: HerniaScene, asked: Level | None) -> tuple[Finding, ...]:
    if asked is not None:
        return ()
    region = scene.fragment.region
    nearest = find_nearest_levels(scene.anatomy, region.lps_mm(np.argwhere(region.values > 0)))
    sigma = scene.fragment.sigma_mm
    # Half way down a body a free fragment may come from either disc, however well it is seen.
    doubt = max(sigma, nearest[0][1] / 2)
    if len(nearest) < 2 or nearest[1][1] - nearest[0][1] > doubt:
        return ()
    (one, near), (other, far) = nearest[:2]
    why = f"{near:.1f} mm to {one}, {far:.1f} mm to {other}; known to {sigma:.1f} mm."
    return (finding_of("AN-354", Severity.NOTE, where=f"{one} or {other}", why=why),)


def _check_wish(found: Herniation, case: Case) -> tuple[Finding, ...]:
    """Return a NOTE if a placed fragment is read as another one than was asked for."""
    note = find_note(case.source)
    if note is None or note.origin is not Origin.MODELLED:
        return ()
    words = dict(note.wishes)
    if words.get("zone") not in CANAL_ZONES:
        # Lateral of the canal there is no facet line to compare a depth with.
        words.pop("size", None)
    grades = {"zone": "zone", "migration": "migration", "morphology": "morphology",
              "size": "msu_size"}  # fmt: skip
    differs = [
        f"{name} {words[name]} was asked for, {found[grade].words} is read"
        for name, grade in grades.items()
        if name in words and words[name] != str(found[grade].value)
    ]
    if not differs:
        return ()
    why = "; ".join(differs) + "."
    return (finding_of("AN-355", Severity.NOTE, where=str(FRAGMENT_KEY), why=why),)


def _check_far(found: Herniation) -> tuple[Finding, ...]:
    """Return a NOTE if a fragment went down so far that the usual way passes it by."""
    zone, height = found["migration"], found["migration_grade"]
    is_far = zone.value == "far-down"
    if not is_far and not (zone.value == "near-down" and height.value == "very-high"):
        return ()
    beyond = zone.measured["beyond_plate_mm"]
    why = f"{zone.value}, {height.value} grade: its tip lies {beyond:.1f} mm below the end plate."
    return (finding_of("AN-356", Severity.NOTE, where=f"{FRAGMENT_KEY} {found.level}", why=why),)


def _check_overlaps(scene: HerniaScene) -> tuple[Finding, ...]:
    """Return a NOTE for each nerve, and the sac, that shares volume with the fragment."""
    region = scene.fragment.region
    places = region.lps_mm(np.argwhere(region.values > 0))
    voxel_mm3 = float(np.prod(region.spacing_mm))
    found = []
    for key, structure in sorted(scene.anatomy.structures.items(), key=lambda i: str(i[0])):
        if key.kind not in REPORTED_KINDS:
            continue
        mm3 = float((sample_region(structure.region, places) >= 0.5).sum()) * voxel_mm3
        if mm3 > 0:
            kind = "modelled" if structure.is_modelled else str(structure.origin)
            why = f"{mm3:.0f} mm3 are shared with the {kind} {key}: displaced or compressed."
            found.append(finding_of("AN-353", Severity.NOTE, where=str(key), why=why))
    return tuple(found)
