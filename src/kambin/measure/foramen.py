"""The foramen: height, width and area of its waist, with their bias at this spacing."""

import math
from collections.abc import Mapping

from kambin.core import Finding, Severity
from kambin.knowledge import value, values
from kambin.measure.obstacles import Lattice, build_lattice
from kambin.measure.rows import Reading
from kambin.measure.site import Site, bone_sigma_mm, require_level
from kambin.measure.waist import Waist, find_waist, measure_slab_mm3

NAMES = ("foramen_height", "foramen_width", "foramen_area", "foramen_volume")
"""What this module measures."""


def measure_foramen(site: Site) -> Mapping[str, Reading]:
    """Measure the foramen where it is narrowest.

    Parameters
    ----------
    site : Site at a disc level and side

    Returns
    -------
    ``foramen_height``, ``foramen_width``, mm, ``foramen_area``, mm2, ``foramen_volume``,
    mm3, between the sections 1 mm to either side of the waist; all none with the finding
    AN-301 when no section is closed or the area is under 40 mm2

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask

    Notes
    -----
    At 3 mm the area reads 4 to 26 % and the width 0.8 to 3 mm too large; between 1.5 and
    3 mm the bias is taken to grow in proportion. It is stated, not subtracted. The walls
    are taken to err independently: with standard deviation s the area errs by half the
    perimeter times s, an extent by the root of two times s.
    The width runs from the disc to the process: on CT, where the disc is modelled, it errs
    with the margin of the model.

    References
    ----------
    Khalaf, Yedavalli and Massoud, lumbar foramen on MRI (A12): the pooled means printed
    beside the three sizes. CT of 1000 young adults reads wider (A43).
    """
    # No number from a closed or leaking section: it would pass for a stenosis (recipes 7 (3)).
    waist = find_site_waist(site)
    if waist is None or is_closed(waist):
        return dict.fromkeys(NAMES, Reading(None, findings=(_closed(site, waist),)))
    level = require_level(site)
    # Walls of both bones bound it; the less certain one decides.
    sigma = max(bone_sigma_mm(site, level.upper), bone_sigma_mm(site, level.lower))
    extent_sigma, place = math.sqrt(2) * sigma, waist.centre_lps_mm
    # In front the disc bounds the width, and where no image shows it it is a model.
    disc = site.structure("disc", str(level))
    front_sigma = sigma if disc is None else disc.sigma_mm
    if disc is not None and disc.is_modelled:
        front_sigma = max(front_sigma, value("measure.disc_margin_sigma_mm"))
    # Stated and not subtracted: it was measured on one anatomy.
    share = _coarseness(site)
    said = (_biased(site),) if share > 0 else ()
    area_bias = _scaled(values("measure.area_bias_share"), share * waist.area_mm2)
    return {
        "foramen_height": Reading(
            waist.height_mm,
            extent_sigma,
            _scaled(values("measure.height_bias_mm"), share),
            place,
        ),
        "foramen_width": Reading(
            waist.width_mm,
            math.hypot(front_sigma, sigma),
            _scaled(values("measure.width_bias_mm"), share),
            place,
            findings=said,
        ),
        "foramen_area": Reading(
            waist.area_mm2, waist.perimeter_mm * sigma / 2, area_bias, place, findings=said
        ),
        "foramen_volume": _volume(site, waist, sigma, area_bias),
    }


def _volume(
    site: Site, waist: Waist, sigma_mm: float, area_bias: tuple[float, float] | None
) -> Reading:
    """Return the volume of the lumen between the sections beside the waist."""
    half = value("measure.foramen_slab_half_mm")
    volume = measure_slab_mm3(find_lattice(site), waist, half)
    if volume is None:
        return site.not_assessed("a lumen that is closed beside its waist")
    bias = None if area_bias is None else (area_bias[0] * 2 * half, area_bias[1] * 2 * half)
    # Its length is given; the wall errs as that of the waist.
    spread = waist.perimeter_mm * sigma_mm / 2 * 2 * half
    return Reading(volume, spread, bias, waist.centre_lps_mm)


def find_site_waist(site: Site) -> Waist | None:
    """Return the waist of the foramen of a site, searched once.

    Parameters
    ----------
    site : Site at a disc level and side

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask
    """
    return site.shapes.once(
        ("waist", site.place, site.side), lambda: find_waist(find_lattice(site))
    )


def find_lattice(site: Site) -> Lattice:
    """Return the obstacles round the foramen of a site, built once.

    Parameters
    ----------
    site : Site at a disc level and side

    Raises
    ------
    AnatomyError  (AN-304) if a frame is missing, (AN-011) if a vertebra has no mask
    """
    return site.shapes.once(("lattice", site.place, site.side), lambda: build_lattice(site))


def is_closed(waist: Waist | None) -> bool:
    """Return whether a foramen has no waist, or one too small to be believed.

    Parameters
    ----------
    waist : Waist or none
    """
    return waist is None or waist.area_mm2 < value("measure.closed_below_mm2")


def _coarseness(site: Site) -> float:
    """Return how much of the bias measured at 3 mm applies at this spacing."""
    if not site.is_coarse:
        return 0.0
    # Linear in the spacing, as the standard deviations are between 1 and 3 mm.
    return site.anatomy.label_spacing_mm / value("measure.bias_spacing_mm")


def _scaled(pair: tuple[float, ...], factor: float) -> tuple[float, float] | None:
    return (pair[0] * factor, pair[1] * factor) if factor > 0 else None


def _closed(site: Site, waist: Waist | None) -> Finding:
    limit = value("measure.closed_below_mm2")
    if waist is None:
        why = "In no section through it is the lumen free and bounded all round."
    else:
        why = f"Its least section measures {waist.area_mm2:.0f} mm2, under {limit:g} mm2."
    return Finding(
        code="AN-301",
        severity=Severity.CONFIRM,
        what="The foramen is closed in these labels",
        where=site.where,
        why=why,
        next_step="Look at the section on the image: stenosis, or labels grown together.",
    )


def _biased(site: Site) -> Finding:
    spacing = site.anatomy.label_spacing_mm
    return Finding(
        code="AN-303",
        severity=Severity.NOTE,
        what="Width and area of the foramen read too large at this spacing",
        where=site.where,
        why=f"Label spacing {spacing:.2f} mm; the bias is stated in each row, not subtracted.",
        next_step="Use a CT of 1 mm if the size decides.",
    )
