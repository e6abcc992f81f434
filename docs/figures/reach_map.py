"""Draw what of a placed fragment is in reach into docs/images/reach_map.png.

    python docs/figures/reach_map.py

A paracentral fragment at L4-L5 left of the made patient, the atlas and the CT: three planes through
its middle, with bone, what is reamed, nerves, the cannula and the four classes of the fragment.
Needs the shared data (KAMBIN_DATA, else ../shared/data).
"""

import sys
from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from numpy.typing import NDArray
from real_patients import read_patient

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.placed_herniations import complete_placed, place

from kambin.anatomy import Anatomy, Case, Level, StructureKey, complete
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning import Evaluator, Plan, PlanRequest, plan_trajectory
from kambin.planning import Path as Axis
from kambin.planning.bone_curves import plan_resection
from kambin.planning.foraminoplasty import Foraminoplasty
from kambin.planning.reach import measure_reach
from kambin.planning.reach_map import OUTSIDE, ReachMap
from kambin.planning.resection import is_in_capsule

mpl.use("Agg")
import matplotlib.pyplot as plt

PAGE = Path(__file__).parents[1] / "images" / "reach_map.png"
LEVEL, SIDE, HERNIATION = Level("L4", "L5"), Side.LEFT, "paracentral"
REAL = (("atlas", "atlas"), ("CT, 3 mm", "ct"))
HALF_MM, STEP_MM = 26.0, 0.25
COLOURS = {
    "bone": (0.62, 0.62, 0.62),
    "reamed": (0.98, 0.72, 0.55),
    "disc": (0.88, 0.88, 0.80),
    "sac": (0.55, 0.75, 0.95),
    "roots": (0.95, 0.85, 0.20),
    "cannula": (0.10, 0.10, 0.10),
}
CLASSES = {
    0: ("neither", (0.80, 0.05, 0.10)),
    1: ("in reach, not in sight", (0.20, 0.30, 0.85)),
    2: ("in sight, not in reach", (0.90, 0.50, 0.85)),
    3: ("in reach and in sight", (0.10, 0.60, 0.20)),
}
PLANES = {
    "axial, seen from the feet": ((1, 0, 0), (0, -1, 0), "R", "L", "A", "P"),
    "coronal, seen from the front": ((1, 0, 0), (0, 0, 1), "R", "L", "cranial", "caudal"),
    "sagittal, seen from the left": ((0, 1, 0), (0, 0, 1), "A", "P", "cranial", "caudal"),
}
BONES = ("body", "pedicle", "lamina", "iap", "sap", "pars", "arch", "arch_base", "tp", "sp")


def main() -> None:
    """Plan every patient and draw the page."""
    made = build_phantom(PhantomParameters(LEVEL, SIDE))
    phantom = Case(made.image, made.labels, made.names, "kambin")
    rows = [("made patient", phantom)]
    rows += [(name, read_patient(word)) for name, word in REAL]
    drawn = []
    for name, case in rows:
        placed, anatomy = with_fragment(case)
        plan = plan_trajectory(placed, anatomy, PlanRequest(LEVEL, SIDE))
        if isinstance(plan, Plan):
            drawn.append((f"{name}, {HERNIATION}, migration none", placed, anatomy, plan))
    draw_page(drawn, PAGE)


def with_fragment(case: Case) -> tuple[Case, Anatomy]:
    """Return a case with a fragment and its anatomy."""
    anatomy = complete(case)
    placed = place(case, anatomy, LEVEL, SIDE, HERNIATION)
    return placed, complete_placed(anatomy, placed)


def draw_page(rows: list[tuple[str, Case, Anatomy, Plan]], page: Path) -> None:
    """Draw three planes of every plan below each other."""
    figure, axes = plt.subplots(
        len(rows),
        len(PLANES),
        figsize=(11, 3.9 * len(rows)),
        constrained_layout=True,
        squeeze=False,
    )
    for line, (name, case, anatomy, plan) in zip(axes, rows, strict=True):
        bone, found = trace(case, anatomy, plan)
        middle = find_middle(found)
        for axis, view in zip(line, PLANES, strict=True):
            draw_plane(axis, anatomy, bone, found, plan, middle, view)
        line[1].set_title(f"{name}: {describe(plan)}\n{line[1].get_title()}", fontsize=8)
    handles = [Patch(color=colour, label=name) for name, colour in COLOURS.items()]
    handles += [Patch(color=colour, label=name) for name, colour in CLASSES.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=8)
    page.parent.mkdir(exist_ok=True)
    figure.savefig(page, dpi=100)


def describe(plan: Plan) -> str:
    """Return the numbers of a plan's reach in one line."""
    reach = plan.reach
    return (
        f"in reach {reach.reachable_fraction:.0%}, in sight {reach.visible_fraction:.0%}, "
        f"left {reach.residual_mm3:.0f} of {reach.fragment_mm3:.0f} mm³"
    )


def trace(case: Case, anatomy: Anatomy, plan: Plan) -> tuple[Foraminoplasty, ReachMap]:
    """Return reamers and map of a plan."""
    cannula = next(stage for stage in plan.stages if stage.tool == "cannula")
    ends = (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    path = Axis(*(np.array(end) for end in ends), cannula.stop_mm)
    ask = PlanRequest(LEVEL, SIDE, technique=plan.technique, cannula_mm=plan.cannula_mm)
    evaluator = Evaluator.prepare(case, anatomy, ask, around=path)
    tools = replace(evaluator.tools, frees_rim=plan.resection.rim_is_removed)
    world = (anatomy, evaluator.geometry, path, tools, evaluator.hazards)
    _, bone = plan_resection(*world, curves=False)
    _, found = measure_reach(*world, bone.capsules)
    if found is None:
        msg = "a plan of a fragment has a map of it"
        raise LookupError(msg)
    return bone, found


def find_middle(found: ReachMap) -> NDArray[np.float64]:
    """Return the middle of the fragment, mm, LPS."""
    ijk = np.argwhere(found.classes != OUTSIDE)
    middle: NDArray[np.float64] = (
        ijk.mean(axis=0) @ found.lps_from_ijk[:3, :3].T + found.lps_from_ijk[:3, 3]
    )
    return middle


def draw_plane(
    axis: Axes,
    anatomy: Anatomy,
    bone: Foraminoplasty,
    found: ReachMap,
    plan: Plan,
    middle: NDArray[np.float64],
    view: str,
) -> None:
    """Draw one plane through a point."""
    across, up, left, right, above, below = PLANES[view]
    line = np.arange(-HALF_MM, HALF_MM + STEP_MM, STEP_MM)
    a, b = np.meshgrid(line, line)
    places = middle + a[..., None] * np.array(across) + b[..., None] * np.array(up)
    picture = np.ones((*a.shape, 3))
    paint(picture, anatomy, bone, plan, places)
    paint_classes(picture, found, places)
    axis.imshow(picture, origin="lower", extent=(-HALF_MM, HALF_MM) * 2)
    axis.set_title(view, fontsize=8)
    axis.set_xlabel(f"{left}      mm      {right}", fontsize=8)
    axis.set_ylabel(f"{below}      mm      {above}", fontsize=8)
    axis.tick_params(labelsize=7)


def paint(
    picture: NDArray[np.float64],
    anatomy: Anatomy,
    bone: Foraminoplasty,
    plan: Plan,
    places: NDArray[np.float64],
) -> None:
    """Paint disc, bone, what is reamed, sac, roots and the cannula's wall."""
    for key, structure in anatomy.structures.items():
        if key.kind in ("disc", "dural_sac", "exiting_root", "traversing_root", "drg") or (
            key.kind in BONES or (key.kind == "vertebra" and key.place not in ("L4", "L5"))
        ):
            held = sample(structure.region, places) > 0
            name = {"disc": "disc", "dural_sac": "sac"}.get(key.kind, "bone")
            name = "roots" if key.kind in ("exiting_root", "traversing_root", "drg") else name
            picture[held] = COLOURS[name]
    sap = anatomy.find(StructureKey("sap", LEVEL.lower, SIDE))
    cannula = next(stage for stage in plan.stages if stage.tool == "cannula")
    axis = Axis(
        np.array(plan.trajectory.entry_lps_mm),
        np.array(plan.trajectory.target_lps_mm),
        cannula.stop_mm,
    )
    flat = places.reshape(-1, 3)
    if sap is not None and bone.passes:
        gone = np.zeros(len(flat), dtype=bool)
        for capsule in bone.capsules:
            tip, way = capsule[:3], capsule[3:6] - capsule[:3]
            along = np.clip((flat - tip) @ way / (way @ way), 0, 1)
            gone |= np.linalg.norm(flat - tip - along[:, None] * way, axis=1) <= capsule[6]
        picture[(sample(sap.region, places) > 0) & gone.reshape(places.shape[:2])] = COLOURS[
            "reamed"
        ]
    outer = is_in_capsule(flat, axis, cannula.radius_mm)
    inner = is_in_capsule(flat, axis, cannula.radius_mm - 0.6)
    picture[(outer & ~inner).reshape(places.shape[:2])] = COLOURS["cannula"]


def paint_classes(
    picture: NDArray[np.float64], found: ReachMap, places: NDArray[np.float64]
) -> None:
    """Paint the four classes of the fragment."""
    shifted = LabelMap(
        np.where(found.classes == OUTSIDE, 0, found.classes + 1).astype(np.uint8),
        found.lps_from_ijk,
        "drawn",
    )
    values = sample(shifted, places)
    for value, (_, colour) in CLASSES.items():
        picture[values == value + 1] = colour


def sample(region: LabelMap, places_lps_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest voxel's value at places, 0 outside."""
    nodes = np.rint(region.ijk(places_lps_mm)).astype(int)
    held = ((nodes >= 0) & (nodes < np.array(region.shape))).all(axis=-1)
    values = np.zeros(places_lps_mm.shape[:-1], dtype=np.int64)
    values[held] = region.values[tuple(nodes[held].T)]
    return values


if __name__ == "__main__":
    sys.exit(main())
