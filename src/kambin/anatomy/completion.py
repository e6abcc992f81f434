"""Completion: from the given labels to everything planning needs, each with its origin."""

from collections.abc import Iterable, Mapping
from itertools import pairwise

from kambin.anatomy.bone_findings import find_bone_findings
from kambin.anatomy.carried import add_registration_errors
from kambin.anatomy.case import Case
from kambin.anatomy.completion_types import BonyAnatomy, WorkingBone
from kambin.anatomy.discs import fill_disc, find_columns, make_disc_frame
from kambin.anatomy.drawn_roots import check_drawn_levels, place_drawn
from kambin.anatomy.facet_joints import complete_facet_joints
from kambin.anatomy.fragment import tag_fragment, yield_to_fragment
from kambin.anatomy.given_parts import absorbed_keys, settle_parts
from kambin.anatomy.given_roots import check_given_roots, lay_given_lines
from kambin.anatomy.keys import DISC_LEVELS, Level, StructureKey
from kambin.anatomy.laterality import fit_midsagittal_plane
from kambin.anatomy.levels import find_scheme, stack_vertebrae
from kambin.anatomy.muscles import complete_muscles
from kambin.anatomy.nerves import complete_nerves
from kambin.anatomy.organs import collect_given
from kambin.anatomy.partition import part_vertebra
from kambin.anatomy.partition_s1 import part_sacrum
from kambin.anatomy.sampling import Sampler
from kambin.anatomy.segmental_arteries import complete_segmental_arteries
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.anatomy.structures import Anatomy, DiscFrame, Origin, Structure, VertebraFrame
from kambin.anatomy.survey import Survey, survey_labels
from kambin.anatomy.vertebra_frames import find_vertebra_frames
from kambin.anatomy.working import find_vertebra_regions, make_working_bone
from kambin.core import AnatomyError, Finding, Progress, SilentProgress, breathe
from kambin.imaging import LabelMap

_STEPS = ("vertebrae", "frames", "discs", "organs")

_SOFT_PARTS = {
    "joints": complete_facet_joints,
    "arteries": complete_segmental_arteries,
    "muscles": complete_muscles,
}
"""What is modelled from finished bones beside the nerves, in the order it is told of."""


def complete(
    case: Case, *, survey: Survey | None = None, progress: Progress | None = None
) -> Anatomy:
    """Model what the labels of a case do not give, and tag everything with its origin.

    Parameters
    ----------
    case : Case in canonical array order, labels named
    survey : Survey of the case, if its checks have made it already
    progress : Progress, told of each step

    Returns
    -------
    Anatomy: a given mask always wins; what is missing and could not be modelled is absent,
    which means *not assessed*, never *clear*

    Raises
    ------
    AnatomyError  (AN-200) if the labels hold fewer than two vertebrae, (AN-203) if no end
        plate of any vertebra can be found

    Notes
    -----
    Method, sigma and validity of each step: docs/concepts/completion-bone.md,
    completion-nerve.md and completion-soft.md.
    """
    survey = survey or survey_labels(case)
    bony = complete_bones(case, survey=survey, progress=progress)
    soft, soft_findings = complete_soft_parts(bony, progress=progress)
    nerves = complete_nerves(bony, progress=progress)
    # Nerves last: below the conus the cord label is sac, and only what lies above it stays cord.
    given = {key: one for key, one in bony.structures.items() if key not in nerves.taken_up}
    structures, gave_way = yield_to_fragment(
        tag_fragment({**given, **soft, **nerves.structures}, case.source)
    )
    return Anatomy(
        structures,
        bony.vertebra_frames,
        bony.disc_frames,
        find_scheme(stack_vertebrae(survey), case.confirmations),
        bony.working_grid,
        bony.label_spacing_mm,
        (
            *find_bone_findings(bony),
            *check_drawn_levels(case.drawn, bony.vertebra_frames),
            *check_given_roots(structures, survey, bony.vertebra_frames),
            *nerves.findings,
            *soft_findings,
            *gave_way,
        ),
    )


def complete_bones(
    case: Case, *, survey: Survey | None = None, progress: Progress | None = None
) -> BonyAnatomy:
    """Complete bones, discs and organs, before nerves and skin are modelled.

    Parameters
    ----------
    case : Case in canonical array order, labels named
    survey : Survey of its labels, if it was made already
    progress : Progress, told of each step

    Returns
    -------
    BonyAnatomy, mm, LPS

    Raises
    ------
    AnatomyError  (AN-200, AN-203) as ``complete``
    """
    show = progress or SilentProgress()
    survey = survey or survey_labels(case)
    # The coarsest axis: a facet is not resolved because two of three axes are fine.
    spacing = float(case.labels.spacing_mm.max())
    show.step("bones: vertebrae", 0, len(_STEPS))
    regions = find_vertebra_regions(survey)
    bone = make_working_bone(case.labels, regions)
    show.step("bones: frames", 1, len(_STEPS))
    frames, occupancy = find_vertebra_frames(bone, spacing)
    if not frames:
        raise AnatomyError(
            code="AN-203",
            what="No vertebral frame can be fitted",
            where=f"vertebrae {', '.join(bone.names)}",
            why="No vertebra shows both end plates and a posterior wall in the labels.",
            next_step="Check that the labels are whole vertebrae, and that their names are right.",
        )
    show.step("bones: discs", 2, len(_STEPS))
    discs, disc_frames = _complete_discs(bone, frames, occupancy, spacing)
    show.step("bones: organs", 3, len(_STEPS))
    plane = fit_midsagittal_plane(survey)
    given = collect_given(survey, plane, spacing) | place_drawn(case.drawn, plane, bone.grid)
    given = lay_given_lines(given, survey, plane)
    given = add_registration_errors(given, case.registration_sigma_mm)
    # From the regions, in which a split-off S1 has been joined to its sacrum.
    given |= _whole_vertebrae(regions, spacing)
    parts = _part_vertebrae(bone, frames, spacing)
    # A given body or arch lives on in its parts, or its pedicles would be hidden by it.
    settled = settle_parts(parts, given, bone, spacing)
    given = {k: s for k, s in given.items() if k not in absorbed_keys(given, settled)}
    show.step("bones: done", len(_STEPS), len(_STEPS))
    return BonyAnatomy(
        # Given last: what an image shows wins over what was modelled.
        structures={**discs, **parts, **given, **settled},
        given=frozenset(given),
        vertebra_frames=frames,
        disc_frames=disc_frames,
        bone=bone,
        label_spacing_mm=spacing,
        labels=case.labels,
        names=case.names,
        body=survey.body,
    )


def complete_soft_parts(
    bony: BonyAnatomy, *, progress: Progress | None = None
) -> tuple[dict[StructureKey, Structure], tuple[Finding, ...]]:
    """Complete facet joints, segmental arteries and muscles from finished bones.

    Parameters
    ----------
    bony : BonyAnatomy
    progress : Progress, told of each step

    Returns
    -------
    mapping of StructureKey to Structure, sigma in mm; nothing that a mask gives, but for the
    paraspinal mass without the multifidus that is parted from it
    what could not be modelled, and why
    """
    show = progress or SilentProgress()
    structures: dict[StructureKey, Structure] = {}
    findings: list[Finding] = []
    for done, (title, model) in enumerate(_SOFT_PARTS.items()):
        show.step(f"soft parts: {title}", done, len(_SOFT_PARTS))
        modelled, said = model(bony)
        structures |= modelled
        findings += said
    show.step("soft parts: done", len(_SOFT_PARTS), len(_SOFT_PARTS))
    return structures, tuple(findings)


def _whole_vertebrae(
    regions: Mapping[str, LabelMap], spacing_mm: float
) -> dict[StructureKey, Structure]:
    sigma = surface_sigma_mm("vertebra", spacing_mm)
    keys = {name: StructureKey("vertebra", name) for name in regions}
    return {
        keys[name]: Structure(keys[name], region, Origin.SEGMENTED, sigma, method="Segmented.")
        for name, region in regions.items()
    }


def _part_vertebrae(
    bone: WorkingBone, frames: Mapping[str, VertebraFrame], spacing_mm: float
) -> dict[StructureKey, Structure]:
    """Part every vertebra that has a frame."""
    parts: dict[StructureKey, Structure] = {}
    for name, frame in frames.items():
        breathe()
        # S1 has no free pedicle to measure from: it needs rules of its own (recipes 2).
        part = part_sacrum if name == "S1" else part_vertebra
        parts |= part(bone, frame, spacing_mm)
    return parts


def _complete_discs(
    bone: WorkingBone,
    frames: Mapping[str, VertebraFrame],
    occupancy: Mapping[str, Sampler],
    spacing_mm: float,
) -> tuple[dict[StructureKey, Structure], dict[Level, DiscFrame]]:
    """Model the disc of each level whose two vertebrae have a frame."""
    structures: dict[StructureKey, Structure] = {}
    disc_frames: dict[Level, DiscFrame] = {}
    whole = Sampler(bone.occupancy, bone.grid.origin_lps_mm, bone.grid.spacing_mm)
    for level in find_adjacent_levels(frames):
        breathe()
        upper, lower = level.upper, level.lower
        columns = find_columns(
            level, (occupancy[upper], occupancy[lower]), (frames[upper], frames[lower]), whole
        )
        # Bodies that do not face each other make no level, with or without a frame of their own.
        if columns is None:
            continue
        disc_frames[level] = make_disc_frame(columns)
        disc = fill_disc(columns, bone, spacing_mm)
        if disc is not None:
            structures[disc.key] = disc
    return structures, disc_frames


def find_adjacent_levels(vertebrae: Iterable[str]) -> tuple[Level, ...]:
    """Return the disc levels between neighbouring vertebrae, from cranial to caudal.

    Parameters
    ----------
    vertebrae : names from cranial to caudal; a gap in the row makes no level
    """
    pairs = (f"{upper}-{lower}" for upper, lower in pairwise(vertebrae))
    return tuple(Level.parse(pair) for pair in pairs if pair in DISC_LEVELS)
