"""Whether drawn roots lie at the level of their name, before anything is completed."""

from kambin.anatomy.case import Case
from kambin.anatomy.drawn_roots import check_drawn_levels
from kambin.anatomy.survey import Survey, survey_labels
from kambin.anatomy.vertebra_frames import find_vertebra_frames
from kambin.anatomy.working import find_vertebra_regions, make_working_bone
from kambin.core import AnatomyError, Finding


def check_drawn_roots(case: Case, survey: Survey | None = None) -> tuple[Finding, ...]:
    """Compare the level in the name of every drawn root with the pedicles it passes.

    Parameters
    ----------
    case : Case in canonical array order
    survey : Survey of its labels, if it was made already

    Returns
    -------
    AN-401 as the completion finds it; none without a drawn root, or without two vertebrae,
    which the checks of the case say themselves

    Notes
    -----
    The frames of the vertebrae take a second or two, so that only cases with a drawn root pay.
    """
    if not case.drawn:
        return ()
    try:
        regions = find_vertebra_regions(survey or survey_labels(case))
    except AnatomyError:
        return ()
    bone = make_working_bone(case.labels, regions)
    frames, _ = find_vertebra_frames(bone, float(case.labels.spacing_mm.max()))
    return check_drawn_levels(case.drawn, frames)
