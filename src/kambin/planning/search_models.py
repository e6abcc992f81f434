"""What the search tells beside its best path: the other corridors that lead to the target."""

from kambin.planning.documents import Document, Point


class CorridorBranch(Document):
    """One way through the structures that stays apart from the others as more room is asked.

    Notes
    -----
    ``persistence_mm`` is how much clearance the best path of the corridor loses before it meets a
    corridor with a better one, or before it no longer passes. ``pairs`` counts the pairs of entry
    and target of a thinned list that belong to it; lateral distances from the midline and angles
    in the patient's frame, convention ``kambin-1``, are the ranges of these. Entry, target and
    docking distance are those of its own best plan; ``slack_mm`` is the clearance of that above
    the hard margins.
    """

    persistence_mm: float
    pairs: int
    entry_lps_mm: Point
    target_lps_mm: Point
    stop_mm: float
    objective_mm: float
    slack_mm: float
    lateral_mm: tuple[float, float]
    axial_inclination_deg: tuple[float, float]
    craniocaudal_deg: tuple[float, float]
