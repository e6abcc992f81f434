"""Whether a made herniation is what was asked for; what is not is refused, with the reason."""

import numpy as np
from numpy.typing import NDArray

from kambin.core import AnatomyError
from kambin.phantom.hernia_made import (
    MADE_STEP_MM,
    count_msu_size,
    depth_and_way_mm,
    find_migration,
    find_tip,
)
from kambin.phantom.hernia_marks import HerniaMarks, Wall, median_mm
from kambin.phantom.parameters import CANAL_ZONES, STAYING, ZONES, PhantomParameters


def require_as_asked(
    parameters: PhantomParameters,
    inside_mm: NDArray[np.float64],
    marks: HerniaMarks,
    wall: Wall,
) -> None:
    """Refuse a herniation that came to lie in another zone, at another height, in another size.

    Parameters
    ----------
    parameters : PhantomParameters, what was asked for
    inside_mm : float array, shape (N, 3), mm, points of it ``MADE_STEP_MM`` apart, disc
        frame, x to the asked side
    marks : HerniaMarks
    wall : Wall

    Raises
    ------
    AnatomyError  (AN-440) with what it would be instead
    """
    middle = median_mm(inside_mm, MADE_STEP_MM)
    zone = ZONES[int(np.searchsorted(marks.zone_borders_mm, middle[0]))]
    if zone != parameters.zone:
        low, high = _zone_mm(parameters.zone, marks)
        raise no_room(
            parameters,
            f"It would lie {zone}, {middle[0]:.1f} mm beside the midline: the zone asked for "
            f"goes from {low:.1f} to {high:.1f} mm here.",
        )
    if not _is_at_height(parameters, inside_mm, float(middle[2]), marks):
        where = find_migration(float(middle[2]), marks)
        raise no_room(parameters, f"It would lie {where}, {middle[2]:+.1f} mm from the disc.")
    _require_size(parameters, inside_mm, marks, wall)


def is_far_enough(parameters: PhantomParameters, middle_mm: float, marks: HerniaMarks) -> bool:
    """Return whether a very-high fragment may stay at a height: the zones end below it.

    Parameters
    ----------
    parameters : PhantomParameters
    middle_mm : float, mm, z of its middle in the disc's frame
    marks : HerniaMarks
    """
    asked = parameters.migration
    return asked.startswith("very-high") and find_migration(middle_mm, marks) == _lee_zone(asked)


def no_room(parameters: PhantomParameters, why: str) -> AnatomyError:
    """Return the refusal of a herniation that cannot be made where it was asked for.

    Parameters
    ----------
    parameters : PhantomParameters
    why : str, one sentence or more
    """
    return AnatomyError(
        code="AN-440",
        what="The made herniation finds no room where it was asked for",
        where=f"{parameters.level} {parameters.side}, {parameters.zone}, {parameters.migration}",
        why=why,
        next_step="Ask for another zone, migration or size.",
    )


def _lee_zone(migration: str) -> str:
    """Return the zone of migration; very high is a grade in the farthest of them."""
    return migration.replace("very-high", "far")


def _is_at_height(
    parameters: PhantomParameters,
    inside_mm: NDArray[np.float64],
    middle_mm: float,
    marks: HerniaMarks,
) -> bool:
    asked = parameters.migration
    found = find_migration(middle_mm, marks)
    if found != _lee_zone(asked):
        return False
    return not asked.startswith("very-high") or find_tip(inside_mm, found, marks)[1] == "very-high"


def _require_size(
    parameters: PhantomParameters,
    inside_mm: NDArray[np.float64],
    marks: HerniaMarks,
    wall: Wall,
) -> None:
    """Refuse another MSU size than asked for; beside the canal there is none."""
    h, d = depth_and_way_mm(inside_mm, MADE_STEP_MM, marks, wall)
    size = count_msu_size(h, d)
    if parameters.zone not in CANAL_ZONES or size == parameters.size:
        return
    why = f"It would be {h:.1f} mm deep where the facet line lies {d:.1f} mm behind: size {size}."
    if parameters.morphology in STAYING:
        high = wall.margin_height_mm(float(np.median(inside_mm[:, 0])))
        why += f" Deeper than its base, the disc's margin of {high:.1f} mm, it is an extrusion."
    raise no_room(parameters, why)


def _zone_mm(zone: str, marks: HerniaMarks) -> tuple[float, float]:
    borders = (0.0, *marks.zone_borders_mm, float("inf"))
    at = ZONES.index(zone)
    return borders[at], borders[at + 1]
