"""How the C-arm stands for the true pictures of a level, from the patient's own end plates."""

import math

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy, Level
from kambin.core import AnatomyError
from kambin.measure.site import lps_from_plate
from kambin.report.procedure_models import CArmView

_SAME_DEG = 0.5


def find_views(anatomy: Anatomy, level: Level) -> tuple[CArmView, ...]:
    """Return the true AP of the disc, of the two end plates beside it, and the true lateral.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level

    Returns
    -------
    views in the order in which they are looked for; at the sacrum AP is called Ferguson

    Raises
    ------
    AnatomyError  (AN-011) if the level has no disc
    """
    disc = anatomy.disc_frames.get(level)
    if disc is None:
        raise AnatomyError(
            code="AN-011",
            what="The level of the sheet has no disc",
            where=str(level),
            why="The C-arm is turned along its end plates.",
            next_step="Use the case of the plan.",
        )
    axes = disc.lps_from_disc.rotation
    name = "true AP (Ferguson)" if level.lower == "S1" else "true AP"
    views = [_along_back(name, f"disc {level}", axes[:, 1])]
    for vertebra, which in ((level.upper, "lower"), (level.lower, "upper")):
        frame = anatomy.vertebra_frames.get(vertebra)
        # the sacrum has no lower plate, and here none is asked of it
        if frame is not None:
            plate = frame.lower_plate if which == "lower" else frame.upper_plate
            normal = lps_from_plate(frame, plate).rotation[:, 2]
            # in the plane of the plate, and in the sagittal plane of the level
            beam = np.cross(normal, axes[:, 0])
            of = f"{which} end plate of {vertebra}"
            views.append(_along_back("AP", of, beam / np.linalg.norm(beam)))
    return (*views, _along_left(f"disc {level}", axes[:, 0]))


def _along_back(name: str, of: str, beam: NDArray[np.float64]) -> CArmView:
    """Return a view whose beam runs from front to back."""
    tilt, turn = _degrees(beam[2]), math.degrees(math.atan2(beam[0], beam[1]))
    words = f"upper end {tilt_words(tilt)}, {turn_words(turn)}"
    return CArmView(
        name=name, of=of, beam_lps=_point(beam), tilt_deg=tilt, turn_deg=turn, words=words
    )


def _along_left(of: str, beam: NDArray[np.float64]) -> CArmView:
    """Return the lateral view, whose beam runs towards the patient's left."""
    tilt, turn = _degrees(beam[2]), math.degrees(math.atan2(beam[1], beam[0]))
    aside = "not turned" if abs(turn) < _SAME_DEG else f"{_amount(turn)} {_behind(turn)}"
    return CArmView(
        name="true lateral",
        of=of,
        beam_lps=_point(beam),
        tilt_deg=tilt,
        turn_deg=turn,
        words=f"left end {tilt_words(tilt)}, {aside}",
    )


def tilt_words(tilt_deg: float) -> str:
    """Return how far the upper end of the C-arm leans, in words.

    Parameters
    ----------
    tilt_deg : float, degrees, positive towards the head
    """
    if abs(tilt_deg) < _SAME_DEG:
        return "not tilted"
    return f"{_amount(tilt_deg)} {_towards(tilt_deg)}"


def turn_words(turn_deg: float) -> str:
    """Return how far the C-arm is turned about the patient's long axis, in words.

    Parameters
    ----------
    turn_deg : float, degrees, positive towards the patient's left
    """
    if abs(turn_deg) < _SAME_DEG:
        return "not turned to a side"
    return f"{_amount(turn_deg)} to the patient's {'left' if turn_deg > 0 else 'right'}"


def _amount(angle_deg: float) -> str:
    number = f"{abs(angle_deg):.0f}"
    return f"{number} degree{'' if number == '1' else 's'}"


def _towards(tilt_deg: float) -> str:
    return f"towards the {'head' if tilt_deg > 0 else 'feet'}"


def _behind(turn_deg: float) -> str:
    return f"towards the {'back' if turn_deg > 0 else 'front'}"


def _degrees(rise: float) -> float:
    return math.degrees(math.asin(min(1.0, max(-1.0, float(rise)))))


def _point(beam: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = (float(v) for v in beam)
    return x, y, z
