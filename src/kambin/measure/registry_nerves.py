"""The quantities of roots and windows, in the order in which they are printed."""

from functools import partial

from kambin.measure.kinds import Place, QuantityKind
from kambin.measure.pedicle_gaps import measure_pedicle_gaps
from kambin.measure.roots import (
    BESIDE,
    measure_facet_root,
    measure_root_course,
    measure_root_neighbours,
    measure_root_size,
)
from kambin.measure.window import MEASURES
from kambin.measure.window_rows import KINDS, OBLIQUE, measure_windows, window_views

_LINE = "The root as balls along its line"
_GAP = "Least distance between surfaces"
_HEIGHT = "Straight up along the axis of the vertebra, not the way to the nearest point"
_WINDOW = (
    "Silhouette on the plane across the view and tangent to the disc; straight limits along "
    "plate, root and dura or process"
)
_SIZES = "The line of the root and its radius at each point"

_WORDS = {
    "base": "Base of the window, along the caudal plate",
    "height": "Height of the window over the caudal plate",
    "hypotenuse": "Length of the window along the exiting root",
    "area": "Area of the window",
    "diameter": "Diameter of the largest circle in the window",
}


def _windows() -> tuple[QuantityKind, ...]:
    found = []
    for view in window_views():
        # One measurer for all numbers of a view: they come from one polygon.
        measurer = partial(measure_windows, view=view)
        way = f"at axial inclination {view} degrees, cranio-caudal 0"
        if view == OBLIQUE:
            way = "drawn in a coronal-oblique section"
        for kind in KINDS:
            found += [
                QuantityKind(
                    f"{kind}_window_{what}_{view}",
                    "mm2" if what == "area" else "mm",
                    Place.LEVEL_SIDE,
                    f"{_WORDS[what]}, {kind}, {way}",
                    "plane across the view; angles to the disc, kambin-1",
                    _WINDOW,
                    "trials of this project",
                    measurer,
                )
                for what in MEASURES
            ]
    return tuple(found)


_KINDS = (
    QuantityKind("root_takeoff_height", "mm", Place.LEVEL_SIDE,
                 "Height over the caudal plate at which the exiting root leaves the sac (a)",
                 "caudal end plate", _LINE, "A6, A7", measure_root_course),
    QuantityKind("root_plate_distance", "mm", Place.LEVEL_SIDE,
                 "Distance of sac and exiting root along the caudal plate (b)",
                 "caudal end plate, lateral", _LINE, "A6, A7",
                 measure_root_course),
    QuantityKind("root_plate_angle", "deg", Place.LEVEL_SIDE,
                 "Angle of the exiting root to the caudal plate where it passes it (alpha)",
                 "caudal end plate, coronal", _LINE, "A6, A7",
                 measure_root_course),
    QuantityKind("root_takeoff_angle", "deg", Place.LEVEL_SIDE,
                 "Angle at which the exiting root leaves the sac, off the caudal direction",
                 "caudal end plate, coronal", _LINE, "A40",
                 measure_root_course),
    QuantityKind("root_diameter", "mm", Place.LEVEL_SIDE, "Diameter of the exiting root",
                 "none", _SIZES, "A18", measure_root_size),
    QuantityKind("drg_width", "mm", Place.LEVEL_SIDE, "Width of the ganglion", "none", _SIZES,
                 "A14", measure_root_size),
    QuantityKind("drg_length", "mm", Place.LEVEL_SIDE, "Length of the ganglion", "none", _SIZES,
                 "A14", measure_root_size),
    QuantityKind("drg_volume", "mm3", Place.LEVEL_SIDE, "Volume of the ganglion", "none", _SIZES,
                 "A16", measure_root_size),
    QuantityKind("drg_place", "1", Place.LEVEL_SIDE,
                 "Place of the ganglion: 0 intraspinal, 1 foraminal, 2 extraforaminal",
                 "upper vertebra, left to right", "Its thickest point against the pedicle",
                 "A17", measure_root_size),
    *(
        QuantityKind(f"root_disc_{word}", "mm", Place.LEVEL_SIDE,
                     f"Gap between exiting root and disc, {word} in the foramen",
                     "upper vertebra, left to right", _GAP, "A10",
                     measure_root_neighbours)
        for word in BESIDE
    ),
    QuantityKind("facet_root_upper", "mm", Place.LEVEL_SIDE,
                 "Gap between exiting root and superior process, upper border of the disc",
                 "disc, along its axis", _GAP, "A1", measure_facet_root),
    QuantityKind("facet_root_lower", "mm", Place.LEVEL_SIDE,
                 "Gap between exiting root and superior process, lower border of the disc "
                 "(distance C)",
                 "disc, along its axis", _GAP, "A1, C14", measure_facet_root),
    QuantityKind("facet_root_gate", "1", Place.LEVEL_SIDE,
                 "Distance C: 0 under 4.4 mm, 1 up to 6.4, 2 above; none for a modelled root",
                 "disc, along its axis", _GAP, "C14", measure_facet_root),
    QuantityKind("root_below_pedicle", "mm", Place.LEVEL_SIDE,
                 "Free height between the upper pedicle and the exiting root or ganglion under its "
                 "middle two thirds", "upper vertebra, along its axis", _HEIGHT,
                 "A36, A37, A38", measure_pedicle_gaps),
    QuantityKind("dura_medial_of_pedicle", "mm", Place.LEVEL_SIDE,
                 "Gap between the upper pedicle and the dural sac", "none", _GAP,
                 "A36, A37, A38", measure_pedicle_gaps),
    QuantityKind("root_above_pedicle", "mm", Place.LEVEL_SIDE,
                 "Height of the exiting root over the middle of the lower pedicle",
                 "lower vertebra, along its axis", _HEIGHT, "A36, A37, A38",
                 measure_pedicle_gaps),
)  # fmt: skip

NERVE_KINDS: tuple[QuantityKind, ...] = (*_windows(), *_KINDS)
"""Every quantity of windows, roots and ganglia."""
