"""The picture of a skin map that belongs to no plan."""

import numpy as np

from kambin.anatomy import Anatomy, Level
from kambin.frames import Side
from kambin.planning import SkinMap, SkinMapDocument
from kambin.report.skin_map import SkinPicture, draw_skin_map


def draw_skin_document(found: SkinMapDocument, skin: SkinMap, anatomy: Anatomy) -> bytes:
    """Return a skin map as PNG, seen from behind, with the entry that leaves the most room.

    Parameters
    ----------
    found : SkinMapDocument
    skin : SkinMap with the single entries it was made of
    anatomy : Anatomy, for the outlines of the bones beneath
    """
    picture = picture_document(found, skin, anatomy)
    return draw_skin_map(picture, anatomy, caption="\n".join(caption_lines(found)))


def picture_document(found: SkinMapDocument, skin: SkinMap, anatomy: Anatomy) -> SkinPicture:
    """Return a skin map as it is drawn, mm from midline and disc line.

    Parameters
    ----------
    found : SkinMapDocument
    skin : SkinMap with the single entries it was made of
    anatomy : Anatomy, whose disc gives the midline
    """
    # The planner counts towards the asked side, the drawing towards the patient's left.
    sign = Side(found.side).lateral_sign_lps
    entry = _find_entry(found, sign)
    origin = anatomy.disc_frames[Level.parse(found.level)].lps_from_disc.origin_mm
    # The map does not carry the disc line; it is what heights and distances leave.
    heights = skin.entries_lps_mm[:, 2] - skin.cranial_mm
    return SkinPicture(
        sign * skin.lateral_mm,
        skin.cranial_mm,
        skin.room_mm,
        entry,
        float(origin[0]),
        float(np.median(heights)) if len(heights) else float(origin[2]),
        # a plan also weighs bone and reach, and may enter elsewhere
        "most room",
    )


def _find_entry(found: SkinMapDocument, sign: float) -> tuple[float, float] | None:
    """Return where to mark the best entry, or none where no path passes.

    A ring on a map that is hatched all over would be read as an entry all the same.
    """
    best = found.best
    if best is None or best.best_room_mm is None or best.best_room_mm < 0:
        return None
    lateral, cranial = best.entry_lateral_mm, best.entry_cranial_mm
    return None if lateral is None or cranial is None else (sign * lateral, cranial)


def caption_lines(found: SkinMapDocument) -> list[str]:
    """Return level, side, cannula and what was relaxed, in short lines.

    Parameters
    ----------
    found : SkinMapDocument
    """
    # short lines: a long one would run over the letter at the top and the scale of colours
    lines = [
        f"{found.level} {found.side.upper()}, cannula {found.cannula_mm:g} mm",
        f"open: {found.safe_area_cm2:.0f} of {found.area_cm2:.0f} cm2",
    ]
    lines += ["docked at the mouth"] if found.docks_at_mouth else []
    lines += ["rim taken away"] if found.rim_is_removed else []
    return lines
