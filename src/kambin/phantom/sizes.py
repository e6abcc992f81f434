"""Draws the sizes of one made patient from the published means and spreads."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.knowledge import value, value_at
from kambin.phantom.parameters import PhantomParameters

SIDES = (Side.LEFT, Side.RIGHT)
"""The order in which paired things are drawn."""


@dataclass(frozen=True, slots=True)
class SideSize:
    """Sizes of one side of a vertebra, mm and degrees."""

    pedicle_width_mm: float
    pedicle_height_mm: float
    pedicle_axial_deg: float
    transverse_reach_mm: float
    facet_deg: float
    process_scale: float


@dataclass(frozen=True, slots=True)
class VertebraSize:
    """Sizes of one vertebra, mm and degrees; heights are from rim to rim."""

    name: str
    width_mm: float
    depth_mm: float
    anterior_height_mm: float
    posterior_height_mm: float
    canal_width_mm: float
    canal_depth_mm: float
    roll_deg: float
    yaw_deg: float
    shift_mm: float
    sides: Mapping[Side, SideSize]

    @property
    def wall_mm(self) -> float:
        """Return y of the posterior wall in the vertebra's frame, mm."""
        return self.depth_mm / 2

    @property
    def wedge_deg(self) -> float:
        """Return the angle between the plates, positive when taller in front."""
        rise = (self.anterior_height_mm - self.posterior_height_mm) / self.depth_mm
        return float(np.degrees(np.arctan(rise)))


@dataclass(frozen=True, slots=True)
class SpineSize:
    """Sizes of the whole spine.

    Parameters
    ----------
    vertebrae : mapping of name, T12 to S1, to VertebraSize
    disc_heights_mm : mapping of Level to the height in the middle of the disc, mm
    lordosis_deg : mapping of Level to the angle between the upper plates, degrees
    sacral_tilt_deg : float, tilt of the upper plate of S1
    """

    vertebrae: Mapping[str, VertebraSize]
    disc_heights_mm: Mapping[Level, float]
    lordosis_deg: Mapping[Level, float]
    sacral_tilt_deg: float


class Draw:
    """Draws numbers round a table row's mean, cut at the spread limit.

    Parameters
    ----------
    rng : numpy Generator
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._limit = value("phantom_spine.spread_limit")

    def score(self) -> float:
        """Return a standard normal number, cut at the limit."""
        # Cut, not drawn again: a second draw would shift every size that follows.
        return float(np.clip(self._rng.standard_normal(), -self._limit, self._limit))

    def around(self, mean: float, spread: float) -> float:
        """Return a number round a mean; mean and spread in one unit: mm, degrees or a share."""
        return mean + spread * self.score()

    def at(self, row: str, spread_row: str, place: str) -> float:
        """Return a number round the mean of a table row at a vertebra or level."""
        return self.around(value_at(row, place), value(spread_row))


def draw_spine(parameters: PhantomParameters) -> SpineSize:
    """Draw the sizes of a spine from its seed.

    Parameters
    ----------
    parameters : PhantomParameters

    Returns
    -------
    SpineSize, mm and degrees, within the spread limit of the published means

    References
    ----------
    Bonczar 2024, Surg Radiol Anat 47:22 (end plates, body heights)
    Griffith 2016, Quant Imaging Med Surg 6:671 (canal width)
    Zindrick 1987, Spine 12:160 (pedicles)
    Sci Rep 2022, doi 10.1038/s41598-022-21840-x (lordosis per segment)
    """
    # Streams of one seed: 0 sizes, 1 canal and roots, 2 organs and crests, 3 noise. A draw more in
    # one of them leaves the others as they were.
    draw = Draw(np.random.default_rng([parameters.seed, 0]))
    # One factor for the patient: tall vertebrae have wide plates and thick pedicles, too.
    growth = 1 + draw.around(0, value("phantom_spine.size_factor_sd"))
    # Every name is drawn whether or not this patient has it, so that a variant changes
    # what it names and nothing else.
    names = ("T12", "L1", "L2", "L3", "L4", "L5", "L6", "S1")
    drawn = {name: _draw_vertebra(draw, name, growth) for name in names}
    levels = {str(level): level for level in parameters.levels}
    heights, angles = {}, {}
    for name in ("T12-L1", "L1-L2", "L2-L3", "L3-L4", "L4-L5", "L5-L6", "L5-S1", "L6-S1"):
        height = growth * draw.at(
            "phantom_spine.disc_height_mm", "phantom_spine.disc_height_sd_mm", name
        )
        angle = draw.at("phantom_spine.lordosis_deg", "phantom_spine.lordosis_sd_deg", name)
        if name in levels:
            heights[levels[name]], angles[levels[name]] = height, angle
    if parameters.has("collapsed-disc"):
        # Scaled after drawing: without the variant the same seed is the same patient.
        heights[parameters.level] *= value("phantom_variants.collapsed_disc_share")
        angles[parameters.level] *= value("phantom_variants.collapsed_lordosis_share")
    _narrow(parameters, drawn, heights)
    for _ in parameters.sacralised_sides:
        heights[parameters.levels[-1]] *= value("phantom_variants.sacralised_disc_share")
    tilt = draw.around(
        value("phantom_spine.sacral_tilt_deg"), value("phantom_spine.sacral_tilt_sd_deg")
    )
    kept = {name: drawn[name] for name in (*parameters.vertebrae, "S1")}
    return SpineSize(kept, heights, angles, tilt)


def _narrow(
    parameters: PhantomParameters, drawn: dict[str, VertebraSize], heights: dict[Level, float]
) -> None:
    """Make the foramina of the asked level lower: tall pedicles above a low disc."""
    if not parameters.has("narrow-foramen"):
        return
    level = parameters.level
    heights[level] *= value("phantom_variants.narrow_disc_share")
    upper = drawn[level.upper]
    taller = value("phantom_variants.narrow_pedicle_mm")
    sides = {
        side: replace(one, pedicle_height_mm=one.pedicle_height_mm + taller)
        for side, one in upper.sides.items()
    }
    drawn[level.upper] = replace(upper, sides=sides)


def _draw_vertebra(draw: Draw, name: str, growth: float) -> VertebraSize:
    """Draw one vertebra; the number of draws does not depend on the name."""
    # One number for both heights, so that chance adds no wedge to a body.
    taller = draw.around(0, value("phantom_spine.body_height_sd_mm"))

    def grown(row: str, spread: float = 0.0) -> float:
        """Return one size of the table, mm, drawn with its spread and grown with the patient."""
        return growth * draw.around(value_at(f"phantom_spine.{row}", name), spread)

    return VertebraSize(
        name=name,
        width_mm=grown("end_plate_width_mm", value("phantom_spine.end_plate_width_sd_mm")),
        depth_mm=grown("end_plate_depth_mm"),
        anterior_height_mm=grown("anterior_height_mm") + taller,
        posterior_height_mm=grown("posterior_height_mm") + taller,
        canal_width_mm=grown("canal_width_mm", value("phantom_spine.canal_width_sd_mm")),
        canal_depth_mm=draw.at(
            "phantom_spine.canal_depth_mm", "phantom_spine.canal_depth_sd_mm", name
        ),
        roll_deg=draw.around(0, value("phantom_spine.asymmetry_deg")),
        yaw_deg=draw.around(0, value("phantom_spine.asymmetry_deg")),
        shift_mm=draw.around(0, value("phantom_spine.asymmetry_mm")),
        sides={side: _draw_side(draw, name, growth) for side in SIDES},
    )


def _draw_side(draw: Draw, name: str, growth: float) -> SideSize:
    # S1 has no pedicle or transverse process of its own; the numbers of L5 keep the draws even.
    place = "L5" if name == "S1" else name
    return SideSize(
        pedicle_width_mm=growth
        * draw.at("phantom_spine.pedicle_width_mm", "phantom_spine.pedicle_width_sd_mm", place),
        pedicle_height_mm=growth
        * draw.at("phantom_spine.pedicle_height_mm", "phantom_spine.pedicle_height_sd_mm", place),
        pedicle_axial_deg=value_at("phantom_spine.pedicle_axial_deg", place),
        transverse_reach_mm=growth
        * draw.at("phantom_spine.transverse_span_mm", "phantom_spine.transverse_span_sd_mm", place)
        / 2,
        # By its own name: the joint of L5-S1 is borne by S1.
        facet_deg=draw.at("phantom_spine.facet_deg", "phantom_spine.facet_sd_deg", name),
        process_scale=draw.around(1, value("phantom_spine.asymmetry_share")),
    )
