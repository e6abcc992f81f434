"""The documents of what of the fragment can be grasped and seen, and what stays behind."""

from kambin.planning.documents import Document, Point


class Residual(Document):
    """What of the fragment no forceps reaches.

    Notes
    -----
    ``largest_mm3`` is its largest connected piece, ``centroid_lps_mm`` that piece's middle.
    ``distances_mm`` gives the least gap between that piece and exiting root, traversing root and
    sac, negative inside; null where a structure is not assessed.
    """

    volume_mm3: float
    pieces: int
    largest_mm3: float
    centroid_lps_mm: Point
    distances_mm: dict[str, float | None]


class Reach(Document):
    """What of the fragment can be grasped and seen; null without a fragment.

    Notes
    -----
    Shares of the fragment's volume. ``reachable_fraction`` counts rigid and articulated forceps,
    ``rigid_fraction`` the rigid ones alone. ``residual_mm3`` is what is not reachable.
    ``visible_best_rotation_fraction`` is what one rotation of the scope shows, and
    ``best_rotation_deg`` that rotation: from cranial, clockwise as the surgeon looks along the
    scope. Where modelled nerves or a modelled sac block (``blockers_modelled``),
    ``without_modelled_fraction`` is what would be reachable if they did not: the truth lies
    between the two. ``without_removable_fraction`` is what would be reachable if bone that may be
    reamed and is left ahead of the cannula went too, under sight. ``swivel_deg`` is the largest
    tilt that was possible, ``swivel_free_fraction`` the share of the tilts that were.
    """

    reachable_fraction: float | None
    visible_fraction: float | None
    residual_mm3: float | None
    both_fraction: float | None = None
    neither_fraction: float | None = None
    rigid_fraction: float | None = None
    without_modelled_fraction: float | None = None
    without_removable_fraction: float | None = None
    visible_best_rotation_fraction: float | None = None
    best_rotation_deg: float | None = None
    fragment_mm3: float | None = None
    swivel_deg: float | None = None
    swivel_free_fraction: float | None = None
    residual: Residual | None = None
    blockers_modelled: tuple[str, ...] = ()
    not_assessed_reason: str | None
