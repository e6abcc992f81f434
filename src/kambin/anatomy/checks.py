"""The checks of a case before anything is measured or planned on it."""

from dataclasses import dataclass

from kambin.anatomy.case import Case
from kambin.anatomy.check_densities import check_densities
from kambin.anatomy.check_image import check_image
from kambin.anatomy.check_masks import check_masks
from kambin.anatomy.check_presence import check_lumbar_spine, check_presence
from kambin.anatomy.check_sides import check_sides
from kambin.anatomy.check_spine_shape import check_spine_shape
from kambin.anatomy.check_variants import check_variants
from kambin.anatomy.drawn_roots import check_drawn_sides
from kambin.anatomy.laterality import fit_midsagittal_plane
from kambin.anatomy.levels import check_levels, find_levels, find_scheme, stack_vertebrae
from kambin.anatomy.structures import LevelScheme
from kambin.anatomy.survey import Survey, survey_labels
from kambin.core import Finding


@dataclass(frozen=True, slots=True)
class CaseCheck:
    """What the checks of a case found.

    Parameters
    ----------
    scheme : LevelScheme, how the vertebrae are counted
    levels_present : disc levels whose two vertebrae are labelled, cranial to caudal
    findings : what stops, what a person must answer, and what is shown
    survey : Survey of the case, which its completion can start from
    """

    scheme: LevelScheme
    levels_present: tuple[str, ...]
    findings: tuple[Finding, ...]
    survey: Survey | None = None


def check_case(case: Case) -> CaseCheck:
    """Check sides, levels, masks and image of a case against each other.

    Parameters
    ----------
    case : Case in canonical array order, labels named

    Returns
    -------
    CaseCheck; nothing is raised for bad anatomy, the findings say how much it stops

    Notes
    -----
    Run after every import, export and restore (faults 4, item 5). Every check
    has a test in which a single corruption of a clean case makes it fire.
    """
    survey = survey_labels(case)
    stack = stack_vertebrae(survey)
    scheme = find_scheme(stack, case.confirmations)
    missing = check_lumbar_spine(survey)
    # Every further check would only say the same again.
    if missing:
        return CaseCheck(scheme, (), missing, survey)
    plane = fit_midsagittal_plane(survey)
    findings = (
        *check_sides(survey),
        *check_drawn_sides(case.drawn, plane),
        *check_levels(survey, stack, scheme, case.confirmations),
        *check_masks(survey, stack, plane),
        *check_image(case, survey, stack, plane),
        *check_variants(survey, stack, plane),
        *check_spine_shape(survey, stack, plane),
        *check_densities(case.image, survey, stack),
        *check_presence(survey),
    )
    return CaseCheck(scheme, find_levels(scheme), findings, survey)
