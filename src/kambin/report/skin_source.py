"""The skin map that belongs to a plan or a refusal, asked of the planner."""

import numpy as np

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import AnatomyError, FieldStore, Progress, RequestError
from kambin.frames import Side
from kambin.planning import Plan, Refusal, SkinMap, plan_skin_map
from kambin.planning.asked_again import repeat_request
from kambin.report.skin_map import SkinPicture


def find_skin_map(
    case: Case,
    anatomy: Anatomy,
    document: Plan | Refusal,
    *,
    progress: Progress,
    store: FieldStore | None,
) -> SkinMap | str:
    """Return the skin map of a plan or a refusal, or in a sentence why there is none.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    document : Plan or Refusal; its own request is asked again
    progress : Progress
    store : FieldStore, where the planner keeps its distance fields, or none
    """
    request = repeat_request(document)
    if request is None:
        return "The skin map is not drawn: the target of the refused request is not known."
    try:
        return plan_skin_map(case, anatomy, request, progress=progress, store=store)
    # The report is written all the same, and says among its limits what is missing.
    except (AnatomyError, RequestError) as error:
        return f"The skin map is not drawn: {error.what} ({error.where})."


def skin_picture(skin: SkinMap, anatomy: Anatomy, document: Plan | Refusal) -> SkinPicture:
    """Return the skin map as it is drawn, with the plan's entry.

    Parameters
    ----------
    skin : SkinMap
    anatomy : Anatomy
    document : Plan or Refusal

    Returns
    -------
    SkinPicture, mm from midline and disc line, towards the patient's left and head
    """
    # The planner counts towards the asked side, the drawing towards the patient's left.
    sign = Side(document.side).lateral_sign_lps
    entry = None
    if isinstance(document, Plan):
        numbers = document.entry
        entry = (sign * numbers.lateral_of_midline_mm, numbers.cranial_of_disc_line_mm)
    frame = anatomy.disc_frames[Level.parse(document.level)]
    # The map does not carry the disc line; it is what heights and distances leave.
    heights = skin.entries_lps_mm[:, 2] - skin.cranial_mm
    origin = frame.lps_from_disc.origin_mm
    return SkinPicture(
        sign * skin.lateral_mm,
        skin.cranial_mm,
        skin.room_mm,
        entry,
        float(origin[0]),
        float(np.median(heights)) if len(heights) else float(origin[2]),
    )
