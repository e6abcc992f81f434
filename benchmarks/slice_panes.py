"""A slice of a pane from its request to its bytes, its outlines and names, and all of a pane.

    python -m benchmarks.slice_panes

Prints medians and the 95th percentile at 512 x 512 over scrolled panes, in wall time and in time of
the processor. The whole of a pane should fit into the budget of an event with room for the browser.
Only a ratio is asserted: outlines take a fifth, at the most, of what sampling every pixel takes.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates
from skimage.measure import find_contours

from benchmarks.instances import read_atlas_case, read_ct_case
from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.app.logic.pane_geometry import PaneView
from kambin.app.logic.pane_outlines import draw_cut, find_cuts
from kambin.app.logic.pane_pictures import Overlay, PaneGround, PanePainter, prepare_panes
from kambin.app.logic.panes import ORTHOGONAL, TRAJECTORY, Axis, Panes
from kambin.exchange import read_case, write_case
from kambin.frames import Side, direction_from_angles
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning.skin import Skin
from kambin.report.slices import slice_jpeg
from kambin.report.tool_outlines import DrawnTool

LEVEL, SIDE = Level("L4", "L5"), Side.LEFT
ANGLES_DEG, LATERAL_MM, DOCKING_MM, LONGEST_MM = (58.0, 18.0), 10.0, 8.0, 300.0
STEPS, STEP_MM = 8, 3.0
EVENT_MS, LINES_MS = 60.0, 15.0
"""Targets: from an event to new pixels, and all outlines of a slice."""

LEAST_RATIO = 5.0


def measure_slice_panes(name: str, case: Case, anatomy: Anatomy) -> None:
    """Print what slices take on one case, and stop where outlines are no quicker than plainly."""
    axis = _find_axis(anatomy)
    begin = time.perf_counter()
    ground = prepare_panes(case, anatomy, LEVEL, axis.target_lps_mm)
    if ground is None:
        raise SystemExit("no panes can be drawn of this case")
    prepared = time.perf_counter() - begin
    panes = Panes.about(axis.target_lps_mm).on_path(axis)
    views = [
        panes.scrolled(pane, STEP_MM * step).view(pane)
        for step in range(-STEPS // 2, STEPS // 2)
        for pane in (*ORTHOGONAL, *TRAJECTORY)
    ]
    overlay = Overlay(axis.target_lps_mm, _tools(axis), {"entry": axis.entry_lps_mm})
    print(f"{name}: {len(ground.regions)} outlined structures prepared in {prepared:.1f} s")
    _report(name, "slice to bytes", views, lambda v: slice_jpeg(ground.volume, v.request), EVENT_MS)
    lines_ms = _report(name, "outlines", views, lambda v: _draw_lines(v, ground), LINES_MS)
    _report(
        name, "slice, outlines, names, tools", views, lambda v: _show(v, ground, overlay), EVENT_MS
    )
    plain_ms = _report(name, "outlines plainly", views[:6], lambda v: _cut_plainly(v, ground), None)
    ratio = plain_ms / lines_ms
    print(f"{name}: outlines {ratio:.0f} times as quick as sampled on every pixel of their boxes")
    if ratio < LEAST_RATIO:
        raise SystemExit(f"{name}: outlines are only {ratio:.1f} times as quick")


def _find_axis(anatomy: Anatomy) -> Axis:
    """Return a usual path to the posterior rim of the disc."""
    frame, sign = anatomy.disc_frames[LEVEL], SIDE.lateral_sign_lps
    target = frame.lps_from_disc.points([sign * LATERAL_MM, frame.posterior_rim_y_mm, 0.0])
    way = direction_from_angles(*ANGLES_DEG) * [sign, 1.0, 1.0]
    skin = Skin(anatomy.require("skin").region)
    return Axis.of(skin.find_exits(target, way[None], LONGEST_MM)[0], target, DOCKING_MM)


def _tools(axis: Axis) -> tuple[DrawnTool, ...]:
    return (
        DrawnTool("cannula", 3.75, axis.docking_lps_mm, axis.entry_lps_mm),
        DrawnTool("needle", 0.65, axis.target_lps_mm, axis.entry_lps_mm),
    )


def _show(view: PaneView, ground: PaneGround, overlay: Overlay) -> None:
    # A painter of its own each time: nothing may come from memory.
    PanePainter(ground).show(view, overlay)


def _draw_lines(view: PaneView, ground: PaneGround) -> None:
    for cut in find_cuts(view, ground.regions, ()):
        draw_cut(cut)


def _cut_plainly(view: PaneView, ground: PaneGround) -> None:
    """Sample each structure on every pixel that its box can reach, as libraries do it."""
    points = view.plane.points_lps_mm()
    for region in ground.regions:
        corners = view.plane.pixels(region.cut_shape.corners_lps_mm)
        if corners[:, 2].min() > 0 or corners[:, 2].max() < 0:
            continue
        low = np.clip(np.floor(corners[:, :2].min(axis=0)).astype(int), 0, view.plane.shape)
        high = np.clip(np.ceil(corners[:, :2].max(axis=0)).astype(int) + 1, 0, view.plane.shape)
        if (high - low < 2).any():
            continue
        inverse = region.cut_shape.ijk_from_lps
        some = points[low[0] : high[0], low[1] : high[1]]
        ijk = some @ inverse[:3, :3].T + inverse[:3, 3]
        share: NDArray[np.float32] = map_coordinates(
            region.share, np.moveaxis(ijk, -1, 0), order=1, cval=0.0
        )
        find_contours(share, 0.5)


def _report(
    name: str,
    what: str,
    views: list[PaneView],
    call: Callable[[PaneView], object],
    target_ms: float | None,
) -> float:
    """Print how long a call takes, and return the median of the processor's time, ms."""
    call(views[0])
    wall, own = [], []
    for view in views:
        begin, own_begin = time.perf_counter(), time.process_time()
        call(view)
        own.append(1e3 * (time.process_time() - own_begin))
        wall.append(1e3 * (time.perf_counter() - begin))
    (half, most), (own_half, own_most) = (np.percentile(ms, [50, 95]) for ms in (wall, own))
    target = "" if target_ms is None else f" (target {target_ms:.0f} ms)"
    print(
        f"{name}: {what} {half:.0f} ms, 95 % within {most:.0f} ms; of the processor "
        f"{own_half:.0f} and {own_most:.0f} ms{target}"
    )
    return float(own_half)


def main() -> None:
    """Measure the phantom, and the real CT and atlas where the shared data is at hand."""
    phantom = build_phantom(PhantomParameters(LEVEL, SIDE))
    with tempfile.TemporaryDirectory(prefix="kambin-bench-") as folder:
        made = Case(phantom.image, phantom.labels, phantom.names, "kambin")
        case = read_case(write_case(made, Path(folder) / "phantom"))
        ct = read_ct_case(Path(folder) / "ct")
        atlas = read_atlas_case(Path(folder) / "atlas")
    measure_slice_panes("phantom", case, complete(case))
    for name, real in (("real CT, 3 mm", ct), ("real atlas", atlas)):
        if real is not None:
            measure_slice_panes(name, real, complete(real))


if __name__ == "__main__":
    main()
