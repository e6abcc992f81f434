"""What two fused images are asked before their structures are believed."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.fusion_types import LandmarkFit, LevelFit, VertebraFit
from kambin.anatomy.fusion_warp import SpineWarp
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.survey import Survey
from kambin.core import AnatomyError, Finding, Severity, require_code
from kambin.imaging import LabelMap
from kambin.knowledge import value

_SPINE = frozenset({"vertebra", "sacrum", "skin", "rib"})
_FUSED = "both images"


def require_common(bones: Collection[str], shown: Collection[StructureKey]) -> None:
    """Refuse images that share no vertebra, or a second one that shows nothing new.

    Raises
    ------
    AnatomyError  (AN-410)
    """
    if not bones:
        raise _refuse(code="AN-410", why="No vertebra carries the same name in both.")
    if not shown:
        raise _refuse(code="AN-410", why="The second shows no sac, canal, disc, root or fragment.")


def count_side_witnesses(
    surveys: Sequence[Survey], planes: Sequence[MidsagittalPlane], warp: SpineWarp
) -> tuple[int, int]:
    """Count the structures of both images, off the midline, that keep and that change sides.

    Parameters
    ----------
    surveys : Survey of the first and the second image
    planes : MidsagittalPlane of both
    warp : SpineWarp

    Returns
    -------
    how many lie on one side in both images, and how many do not
    """
    agree = against = 0
    least_mm = value("fusion.witness_lateral_least_mm")
    for key, found in surveys[0].found.items():
        other = surveys[1].found.get(key)
        if other is None or key.kind in _SPINE:
            continue
        own_mm = float(planes[0].left_mm(found.centroid_lps_mm))
        carried = warp.to_ct(other.centroid_lps_mm[None])[0]
        other_mm = float(planes[0].left_mm(carried))
        if min(abs(own_mm), abs(other_mm)) >= least_mm:
            agree += own_mm * other_mm > 0
            against += own_mm * other_mm < 0
    return agree, against


def check_fusion(
    fits: Sequence[VertebraFit],
    levels: Sequence[LevelFit],
    landmarks: LandmarkFit | None,
    in_bone: Mapping[StructureKey, float],
    witnesses: tuple[int, int],
    least_volume_share: float,
) -> tuple[Finding, ...]:
    """Judge a registration, and say what a person must look at.

    Parameters
    ----------
    fits : VertebraFit from cranial to caudal
    levels : LevelFit from cranial to caudal
    landmarks : LandmarkFit, or none
    in_bone : mapping of StructureKey to the share of it that fell on bone
    witnesses : how many structures keep their side, and how many change it
    least_volume_share : float, least local change of volume

    Returns
    -------
    findings: AN-414 always, with error and hold-out; AN-412 to AN-416 where they apply

    Raises
    ------
    AnatomyError  (AN-411) if the vertebrae are not those of one patient, (AN-412) if left and
        right are exchanged between the images
    """
    _require_one_patient(fits)
    findings = [_say_fused(fits, levels, landmarks)]
    findings += _check_side(fits, landmarks, witnesses)
    findings += _check_posture(levels, least_volume_share)
    loose = [f for f in fits if f.conditioning < value("fusion.conditioning_least")]
    if loose:
        why = "; ".join(
            f"{f.vertebra}: smallest singular value {f.conditioning:.2f}" for f in loose
        )
        findings.append(_ask("AN-415", ", ".join(f.vertebra for f in loose), f"{why}."))
    most = value("fusion.in_bone_most_share")
    buried = {str(key): share for key, share in in_bone.items() if share > most}
    if buried:
        why = "; ".join(f"{key}: {share:.0%}" for key, share in buried.items())
        findings.append(_ask("AN-416", ", ".join(buried), f"{why} of its volume fell on bone."))
    return tuple(findings)


def say_resolution(
    labels: LabelMap, mr: LabelMap, traced: Collection[StructureKey], masks: Collection[str]
) -> tuple[Finding, ...]:
    """Return a NOTE if the second image shows more than the voxels of the first can keep.

    Parameters
    ----------
    labels : LabelMap of the fused case
    mr : LabelMap of the second image
    traced : roots that were carried as lines, and lost nothing
    masks : kinds that were carried as voxels

    Notes
    -----
    The voxels are not made finer: every sigma, and what counts as resolved, follows from the
    spacing of the labels, and copied voxels would make coarse bone look like fine bone.
    """
    own_mm, kept_mm = float(mr.spacing_mm.max()), float(labels.spacing_mm.max())
    if own_mm >= kept_mm or not masks:
        return ()
    why = (
        f"{', '.join(sorted(masks))} lie on voxels of {kept_mm:g} mm, where the second image "
        f"has {own_mm:g} mm; {len(traced) or 'no'} roots and ganglia were carried as lines."
    )
    return (finding_of("AN-417", Severity.NOTE, where=_FUSED, why=why),)


def _require_one_patient(fits: Sequence[VertebraFit]) -> None:
    ratio = float(np.median([fit.size_ratio for fit in fits]))
    tolerance = value("fusion.size_tolerance_share")
    if abs(ratio - 1.0) > tolerance:
        raise _refuse(
            code="AN-411",
            why=f"The second image's vertebrae have {ratio:.0%} of the size; "
            f"{tolerance:.0%} of difference are tolerated.",
        )
    mean_mm = float(np.median([fit.residual_mean_mm for fit in fits]))
    most_mm = value("fusion.residual_mean_most_mm")
    if mean_mm > most_mm:
        why = f"Their surfaces lie {mean_mm:.1f} mm apart; {most_mm:g} mm are tolerated."
        raise _refuse(code="AN-411", why=why)


def _say_fused(
    fits: Sequence[VertebraFit], levels: Sequence[LevelFit], landmarks: LandmarkFit | None
) -> Finding:
    parts = [
        f"{f.vertebra}: surfaces {f.residual_mean_mm:.2f} mm apart, held-out half "
        f"{f.holdout_mean_mm:.2f}"
        + ("" if f.predicted_mm is None else f", neighbours alone {f.predicted_mm:.1f} mm")
        for f in fits
    ]
    parts += [f"{v.name}: stated error {v.error_mm:.2f} mm" for v in levels]
    if landmarks is not None:
        parts.append(
            f"{landmarks.count} landmarks: {landmarks.residual_mm:.2f} mm, held out "
            + (f"{landmarks.holdout_mm:.2f} mm" if landmarks.count > 3 else "not possible")
        )
    return _ask("AN-414", _FUSED, "; ".join(parts) + ".")


def _check_side(
    fits: Sequence[VertebraFit], landmarks: LandmarkFit | None, witnesses: tuple[int, int]
) -> list[Finding]:
    """Ask bones, landmarks and organs whether left is left in both images."""
    agree, against = witnesses
    least = value("fusion.mirrored_ratio_least")
    bones = float(np.median([fit.mirrored_ratio for fit in fits]))
    points = 0.0 if landmarks is None else landmarks.swapped_ratio
    said = f"Mirrored bones fit {bones:.1f} times worse"
    said += f", exchanged landmarks {points:.1f} times" if points > 0 else ""
    said += f"; {agree} structures keep their side, {against} do not."
    if against > agree or bones < 1 / least or 0 < points < 1 / least:
        raise _refuse(code="AN-412", why=said)
    # Bones are nearly their own mirror image: mostly organs or landmarks must speak.
    if against == 0 and (bones >= least or points >= least or agree >= 2):
        return []
    return [_ask("AN-412", _FUSED, said)]


def _check_posture(levels: Sequence[LevelFit], least_volume_share: float) -> list[Finding]:
    turn_deg, shift_mm = (
        value("fusion.posture_turn_most_deg"),
        value("fusion.posture_shift_most_mm"),
    )
    far = [v for v in levels if v.turn_deg > turn_deg or v.shift_mm > shift_mm]
    # Half of its volume left or less: the blend is about to fold.
    if not far and least_volume_share > 0.5:
        return []
    why = "; ".join(
        f"{v.name}: turned by {v.turn_deg:.1f} degrees, moved by {v.shift_mm:.1f} mm" for v in far
    )
    why += f"; least volume {least_volume_share:.0%}."
    where = ", ".join(v.name for v in far) or _FUSED
    return [_ask("AN-413", where, why.lstrip("; "))]


def _ask(code: str, where: str, why: str) -> Finding:
    return finding_of(code, Severity.CONFIRM, where=where, why=why)


def _refuse(*, code: str, why: str) -> AnatomyError:
    known = require_code(code)
    return AnatomyError(
        code=code, what=known.title, where=_FUSED, why=why, next_step=known.next_step
    )
