"""The side chain: names against geometry, organs against names, front against back."""

from collections import defaultdict

import numpy as np

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.laterality import (
    MidsagittalPlane,
    Situs,
    Witness,
    enough_weight,
    find_witnesses,
    fit_midsagittal_plane,
    weight_of,
)
from kambin.anatomy.survey import FoundStructure, Survey
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.knowledge import value

_ANTERIOR = ("aorta", "vena_cava", "liver", "colon", "small_bowel", "stomach", "pancreas")
_POSTERIOR = ("erector_spinae", "multifidus")


def check_sides(survey: Survey) -> tuple[Finding, ...]:
    """Prove which side is the patient's left, from evidence that does not share an origin.

    Parameters
    ----------
    survey : Survey with at least one vertebra

    Returns
    -------
    findings: AN-101 (names contradict the geometry), AN-102, AN-103, AN-104, AN-105 (what
    the organs say), AN-106 (front and back exchanged)

    Notes
    -----
    Two kinds of evidence, and only together they tell a mirrored file from a mirrored
    patient. Sided names against the position that the affine gives: a contradiction means
    that voxels or names, but not both, were exchanged, and blocks. Organs that lie on one
    side by nature: if they lie mirrored while the sided names fit, then either the patient
    has situs inversus or everything was exchanged consistently, which a person must decide.
    """
    plane = fit_midsagittal_plane(survey)
    wrong, agreeing, crossed = _compare_names(survey, plane)
    findings = list(_check_front_and_back(survey))
    if wrong:
        findings.append(
            finding_of(
                "AN-101",
                Severity.BLOCK,
                where=", ".join(wrong),
                why="By the image geometry these lie on the other side of the mid-sagittal "
                f"plane; {agreeing} other sided structures lie where their name says.",
            )
        )
    if crossed:
        findings.append(
            finding_of(
                "AN-104",
                Severity.CONFIRM,
                where=", ".join(crossed),
                why="Its centre lies across the midline although it keeps its order to its "
                "partner: ectopic, horseshoe or mislabelled.",
            )
        )
    findings.extend(_weigh(find_witnesses(survey, plane), names_agree=agreeing > 0))
    return tuple(findings)


def _compare_names(survey: Survey, plane: MidsagittalPlane) -> tuple[list[str], int, list[str]]:
    """Return sided names on the wrong side, the number on the right side, and crossed ones."""
    pairs: dict[tuple[str, str], dict[Side, FoundStructure]] = defaultdict(dict)
    for key, structure in survey.found.items():
        if key.side is not None:
            pairs[(key.kind, key.place)][key.side] = structure
    wrong: list[str] = []
    crossed: list[str] = []
    agreeing = 0
    for pair in pairs.values():
        own_mm = {
            side: float(plane.left_mm(f.centroid_lps_mm)) * side.lateral_sign_lps
            for side, f in pair.items()
        }
        names = sorted(str(f.key) for f in pair.values())
        # Two kidneys of one side exchange order only if their names or voxels were exchanged;
        # one that strays over the midline is a variant.
        if len(pair) == 2 and sum(own_mm.values()) < 0:
            wrong.extend(names)
        elif len(pair) == 2 and min(own_mm.values()) < -value("checks.side_tolerance_mm"):
            crossed.extend(str(pair[s].key) for s in own_mm if own_mm[s] < 0)
        elif min(own_mm.values()) < -value("checks.side_tolerance_mm"):
            wrong.extend(names)
        else:
            agreeing += len(pair)
    return sorted(wrong), agreeing, sorted(crossed)


def _weigh(witnesses: tuple[Witness, ...], *, names_agree: bool) -> list[Finding]:
    usual, mirrored = weight_of(witnesses, Situs.USUAL), weight_of(witnesses, Situs.MIRRORED)
    said = (
        "; ".join(f"{w.name}: {w.situs} ({w.lateral_mm:+.0f} mm)" for w in witnesses)
        or "no organ that lies on one side by nature is labelled"
    )
    enough = enough_weight()
    # Names that fit mean situs inversus or a file mirrored with its names: ask (A13).
    if mirrored >= enough and mirrored > usual:
        code, severity = ("AN-103", Severity.CONFIRM) if names_agree else ("AN-102", Severity.BLOCK)
        return [finding_of(code, severity, where="laterality witnesses", why=f"{said}.")]
    if usual < enough:
        why = f"{said}. Agreeing weight {usual:g}, needed {enough:g}."
        return [finding_of("AN-105", Severity.CONFIRM, where="laterality witnesses", why=why)]
    if mirrored > 0:
        severity = Severity.CONFIRM if mirrored >= 1 else Severity.NOTE
        return [finding_of("AN-104", severity, where="laterality witnesses", why=f"{said}.")]
    return []


def _check_front_and_back(survey: Survey) -> tuple[Finding, ...]:
    """Compare the organs in front of and behind the spine, and the spine's own shape."""
    votes: dict[str, float] = {}
    spine = np.array([f.centroid_lps_mm for f in survey.of_kind("vertebra")])
    for kinds, sign in ((_ANTERIOR, 1.0), (_POSTERIOR, -1.0)):
        for kind in kinds:
            for organ in survey.of_kind(kind):
                # At its own height: lordosis moves the spine by centimetres.
                nearest = int(np.argmin(np.abs(spine[:, 2] - organ.centroid_lps_mm[2])))
                votes[str(organ.key)] = sign * float(spine[nearest, 1] - organ.centroid_lps_mm[1])
    votes["shape of the vertebrae"] = _posterior_tail(survey)
    against = sorted(name for name, vote in votes.items() if vote < 0)
    # By majority: one displaced organ does not turn a patient round.
    if len(against) <= len(votes) / 2:
        return ()
    why = f"{len(against)} of {len(votes)} witnesses of front and back lie the wrong way round."
    return (finding_of("AN-106", Severity.BLOCK, where=", ".join(against), why=why),)


def _posterior_tail(survey: Survey) -> float:
    """Return the skewness of the vertebrae along y: their thin tail, the processes, is behind."""
    skewness = 0.0
    for vertebra in survey.of_kind("vertebra"):
        y = vertebra.points_lps_mm(survey.labels)[:, 1]
        centred = y - y.mean()
        spread = float(centred.std())
        if spread > 0:
            # Over its own spread, so that a large vertebra does not outvote the others.
            skewness += float((centred**3).mean()) / spread**3
    return skewness
