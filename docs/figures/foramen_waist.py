"""Draw the waist of six foramina of the made patient into docs/images/foramen_waist.png."""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes

from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.frames import Side
from kambin.measure import Site, Waist, find_waist
from kambin.measure.obstacles import Lattice, build_lattice
from kambin.phantom import PhantomParameters, build_phantom

mpl.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

LEVELS = ("L3-L4", "L4-L5", "L5-S1")
PAGE = Path(__file__).parents[1] / "images" / "foramen_waist.png"
HALF_MM, STEP_MM = 20.0, 0.2
CLOSING, UPPER, DISC, LOWER = 0.0, 0.45, 0.9, 0.7
SHADES = {"upper vertebra": UPPER, "lower vertebra or sacrum": LOWER, "closing": CLOSING}
"""Grey of each part; the disc is hatched besides."""


def main() -> None:
    """Build the patient, find the waists, draw them."""
    made = build_phantom(PhantomParameters(Level("L4", "L5"), Side.LEFT))
    anatomy = complete(Case(made.image, made.labels, made.names, "kambin"))
    draw(anatomy, PAGE)


def draw(anatomy: Anatomy, page: Path) -> None:
    """Draw left and right foramina of three levels of an anatomy."""
    figure, axes = plt.subplots(2, len(LEVELS), figsize=(9, 6.4), constrained_layout=True)
    for row, side in zip(axes, Side, strict=True):
        for axis, word in zip(row, LEVELS, strict=True):
            site = Site(anatomy, level=Level.parse(word), side=side)
            lattice = build_lattice(site)
            waist = find_waist(lattice)
            if waist is not None:
                draw_waist(axis, site, lattice, waist)
    parts = [Patch(color=str(shade), label=name) for name, shade in SHADES.items()]
    parts.append(Patch(facecolor=str(DISC), edgecolor="black", hatch="///", label="disc"))
    outline = Line2D([], [], color="black", linewidth=2.2, linestyle="--", label="waist")
    figure.legend(handles=[*parts, outline], loc="outside lower center", ncols=5, fontsize=9)
    page.parent.mkdir(exist_ok=True)
    figure.savefig(page, dpi=110)


def draw_waist(axis: Axes, site: Site, lattice: Lattice, waist: Waist) -> None:
    """Draw bone, disc, closing and outline in the plane of the waist."""
    outline = lattice.view.local_mm(waist.outline_lps_mm)
    centre = outline[:-1].mean(axis=0)
    yaw, pitch = np.radians([waist.yaw_deg, waist.pitch_deg])
    backward = np.array([np.sin(yaw), np.cos(yaw), 0.0])
    flat = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
    upward = np.cos(pitch) * np.array([0.0, 0.0, 1.0]) - np.sin(pitch) * flat
    line = np.arange(-HALF_MM, HALF_MM + STEP_MM, STEP_MM)
    b, u = np.meshgrid(line, line)
    places = centre + b[..., None] * backward + u[..., None] * upward
    lps = lattice.view.lps_mm(places)
    grey = np.where(lattice.sample(places) >= 0.5, CLOSING, 1.0)
    for name, shade in zip((site.level.upper, site.level.lower), (UPPER, LOWER), strict=True):
        bone = site.anatomy.require(f"vertebra:{name}").region
        grey[site.shapes.sample(bone, lps) >= 0.5] = shade
    disc = site.shapes.sample(site.anatomy.require(f"disc:{site.level}").region, lps)
    grey[(disc >= 0.5) & (grey == CLOSING)] = DISC
    axis.imshow(
        grey, origin="lower", extent=(-HALF_MM, HALF_MM, -HALF_MM, HALF_MM), cmap="gray", vmax=1
    )
    axis.contourf(b, u, np.where(grey == DISC, 1.0, 0.0), [0.5, 2], colors="none", hatches=["///"])
    flat_outline = outline - centre
    axis.plot(flat_outline @ backward, flat_outline @ upward, "k-", linewidth=2.2)
    axis.plot(flat_outline @ backward, flat_outline @ upward, "w--", linewidth=1.1)
    axis.set_title(
        f"{site.level} {site.side}: {waist.area_mm2:.0f} mm², "
        f"{waist.height_mm:.1f} x {waist.width_mm:.1f} mm",
        fontsize=9,
    )
    axis.set_xlabel("anterior    mm    posterior", fontsize=8)
    axis.set_ylabel("caudal    mm    cranial", fontsize=8)
    axis.tick_params(labelsize=7)


if __name__ == "__main__":
    sys.exit(main())
