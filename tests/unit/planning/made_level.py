"""A level of slabs, tubes and a sphere about one straight axis, whose clearances are closed forms.

The axis runs in the plane z = 0 from the skin at (72, 60, 0) to (8, 12, 0): 80 mm along
(0.8, 0.6, 0). Every structure is a slab, a cylinder or a sphere whose distance to that axis
can be told on paper: see ``GAPS_MM``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import (
    Anatomy,
    Case,
    DiscFrame,
    Level,
    LevelScheme,
    Origin,
    Structure,
    StructureKey,
    Tube,
    VertebraFrame,
)
from kambin.frames import CONVENTION, RigidTransform, Side
from kambin.imaging import Grid, LabelMap, region_from_mask
from kambin.planning import (
    Angles,
    Certainty,
    Certificate,
    Clearance,
    Entry,
    Path,
    Plan,
    PlanRequest,
    Reach,
    Resection,
    SideWitness,
    Software,
    Stage,
    Toolset,
    Trajectory,
    evaluate,
    find_toolset,
    seal_plan,
)
from kambin.planning.certainty_models import Tolerance, ToleranceSample

LEVEL = Level("L4", "L5")
SIDE = Side.LEFT
FRAME = "patient"
GRID = Grid.around(
    (-20, -15, -30), (90, 75, 30), spacing_mm=1.0, anchor_lps_mm=(0, 0, 0), frame_id=FRAME
)
SKIN_GRID = Grid.around(
    (-96, -38, -60), (96, 94, 60), spacing_mm=4.0, anchor_lps_mm=(0, 2, 0), frame_id=FRAME
)
ENTRY = np.array([72.0, 60.0, 0.0])
TARGET = np.array([8.0, 12.0, 0.0])
WAY = np.array([0.8, 0.6, 0.0])
ACROSS = np.array([0.6, -0.8, 0.0])
STOP_MM = 5.0
PATH = Path(ENTRY, TARGET, STOP_MM)

ROOT, SAC, KIDNEY = "exiting_root:L4:left", "dural_sac", "kidney:left"
PEDICLE, SAP, RIM, IAP = "pedicle:L4:left", "sap:L5:left", "body_rim:L5", "iap:L4:left"

# Boxes of voxel centres; a face lies half a millimetre outside the last centre.
BOXES = {
    PEDICLE: ((6, 28), (6, 32), (13, 24)),
    SAP: ((28, 40), (24, 42), (-16, -3)),
    RIM: ((-12, 22), (0, 24), (-9, -6)),
    IAP: ((10, 18), (36, 44), (-6, 6)),
}
GAPS_MM = {PEDICLE: 12.5, SAP: 2.5, RIM: 5.5, IAP: 12.5, ROOT: 6.0, KIDNEY: 14.5}
"""Distance of the whole axis to each surface, mm, on paper."""


@dataclass(frozen=True)
class Made:
    """A level with the plan of its axis."""

    case: Case
    anatomy: Anatomy
    plan: Plan


def make_region(
    inside: Callable[[NDArray[Any], NDArray[Any], NDArray[Any]], NDArray[np.bool_]],
    grid: Grid = GRID,
) -> LabelMap:
    """Return the region of a formula on a grid."""
    return region_from_mask(inside(*np.meshgrid(*grid.axes_mm(), indexing="ij")), grid)


def make_box(xs: tuple[float, float], ys: tuple[float, float], zs: tuple[float, float]) -> LabelMap:
    """Return a box that holds the voxel centres from low to high."""
    return make_region(
        lambda x, y, z: (
            (x >= xs[0]) & (x <= xs[1]) & (y >= ys[0]) & (y <= ys[1]) & (z >= zs[0]) & (z <= zs[1])
        )
    )


def make_structure(name: str, region: LabelMap, **parts: Any) -> Structure:
    """Return a segmented structure known to half a millimetre."""
    key = StructureKey.parse(name)
    return Structure(
        key, region, parts.pop("origin", Origin.SEGMENTED), **{"sigma_mm": 0.5, **parts}
    )


def make_tube(
    name: str,
    points: object,
    radius_mm: float,
    *,
    sigma_mm: float = 2.5,
    origin: Origin = Origin.MODELLED,
) -> Structure:
    """Return a structure drawn as a straight tube between two points."""
    ends = np.asarray(points, dtype=float)
    way = ends[1] - ends[0]

    def inside(x: NDArray[Any], y: NDArray[Any], z: NDArray[Any]) -> NDArray[np.bool_]:
        nodes = np.stack([x, y, z], axis=-1)
        share = np.clip((nodes - ends[0]) @ way / (way @ way), 0, 1)
        gap = np.linalg.norm(nodes - ends[0] - share[..., None] * way, axis=-1)
        return np.asarray(gap <= radius_mm)

    region = make_region(inside)
    tube = Tube(ends, np.full(len(ends), radius_mm))
    return make_structure(name, region, sigma_mm=sigma_mm, origin=origin, tube=tube)


def make_anatomy(structures: Mapping[str, Structure], *, label_spacing_mm: float = 1.0) -> Anatomy:
    """Return an anatomy that holds the structures at L4-L5."""
    disc = DiscFrame(
        LEVEL, RigidTransform.from_axes("lps", "disc", np.eye(3), (0, 0, 0)), 18.0, 25.0, 10.0
    )
    return Anatomy(
        {StructureKey.parse(name): structure for name, structure in structures.items()},
        {"L4": make_frame("L4", 19, 1.0), "L5": make_frame("L5", -19, 5.0)},
        {LEVEL: disc},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        GRID,
        label_spacing_mm,
    )


def make_frame(vertebra: str, z: float, pedicle_z: float) -> VertebraFrame:
    """Return the frame of a vertebra that stands upright at one height."""
    here = RigidTransform.from_axes("lps", "vertebra", np.eye(3), (0, 0, z))
    plates = [
        RigidTransform.from_axes("lps", "plate", np.eye(3), (0, 0, z + d)) for d in (14.0, -14.0)
    ]
    pedicle = (16.0, 21.5, pedicle_z, 11.0, 14.0)
    return VertebraFrame(vertebra, here, *plates, 18.0, dict.fromkeys(Side, pedicle), 2.0)


@cache
def make_structures() -> dict[str, Structure]:
    """Return the slabs, tubes and the sphere about the axis, and the skin behind it."""
    centre = TARGET + 40 * WAY + 24.5 * ACROSS
    crossing = TARGET + 20 * WAY + np.array([0, 0, 8])
    made = {name: make_structure(name, make_box(*box)) for name, box in BOXES.items()}
    made[ROOT] = make_tube(ROOT, [crossing - 15 * ACROSS, crossing + 15 * ACROSS], 2.0)
    made[SAC] = make_tube(
        SAC, [(0, 27, -28), (0, 27, 28)], 6.0, sigma_mm=1.0, origin=Origin.SEGMENTED
    )
    made[KIDNEY] = make_structure(
        KIDNEY,
        make_region(
            lambda x, y, z: (
                (x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2 <= 100
            )
        ),
    )
    made["skin"] = make_structure(
        "skin", make_region(lambda x, y, z: (y < 60) & (abs(x) < 92) & (abs(z) < 56), SKIN_GRID)
    )
    return made


def make_case(anatomy: Anatomy, sha256: str = "c" * 64) -> Case:
    """Return a label-only case of an anatomy."""
    first = next(iter(anatomy.structures.values()))
    return Case(None, first.region, {1: first.key}, "own", (), sha256)


def find_tools(technique: str | None = None, cannula_mm: float | None = None) -> Toolset:
    """Return the tools of a technique."""
    return find_toolset(PlanRequest(LEVEL, SIDE, technique=technique, cannula_mm=cannula_mm))


def make_clearance(structure: str = ROOT, **parts: Any) -> Clearance:
    """Return one row: a modelled root 3 mm away that may come to 1 mm."""
    row: dict[str, Any] = {
        "structure": structure,
        "group": "nerve",
        "clearance_mm": 3.0,
        "point_lps_mm": (8.0, 12.0, 0.0),
        "sigma_mm": 2.5,
        "origin": "modelled",
        "hard_margin_mm": 1.0,
        "uncertainty_mm": 5.0,
        "inside_uncertainty": False,
    }
    return Clearance(**{**row, **parts})


def make_stage(tool: str = "needle", *rows: Clearance, **parts: Any) -> Stage:
    """Return one stage with its rows, at the target unless told otherwise."""
    stage: dict[str, Any] = {
        "tool": tool,
        "instrument": f"{tool}-made",
        "radius_mm": 1.0,
        "tip_lps_mm": (8.0, 12.0, 0.0),
        "stop_mm": 0.0,
        "clearances": rows,
    }
    return Stage(**{**stage, **parts})


def make_resection(**parts: Any) -> Resection:
    """Return a resection that takes nothing."""
    nothing: dict[str, Any] = {
        "volume_mm3": 0.0,
        "sap_fraction": 0.0,
        "ventrodorsal_fraction": 0.0,
        "full_thickness_fraction": 0.0,
        "facet_kept_fraction": 1.0,
        "stability_class": "intact",
        "rim_volume_mm3": 0.0,
        "rim_is_removed": False,
        "pars_left_mm": 7.0,
        "iap_volume_mm3": 0.0,
        "pars_volume_mm3": 0.0,
        "not_assessed_reason": None,
    }
    return Resection(**{**nothing, **parts})


def make_tolerance(**parts: Any) -> Tolerance:
    """Return a tolerance of which the second checker left all."""
    usual: dict[str, Any] = {
        "pivot_lps_mm": (72.0, 60.0, 0.0),
        "ellipse_entry_mm": 0.4,
        "ellipse_angle_deg": 0.2,
        "ellipse": (ToleranceSample(entry_mm=0.4, angle_deg=0.0),),
        "limited_by": ROOT,
        "is_capped": False,
        "poses": 1024,
        "decided_by_displacement": 1000,
        "measured_on_surfaces": 24,
        "kept_share": 1.0,
    }
    return Tolerance(**{**usual, **parts})


def make_plan(stages: tuple[Stage, ...], **parts: Any) -> Plan:
    """Return a sealed plan of the axis with the stages given."""
    theta = float(np.degrees(np.arctan2(0.8, 0.6)))
    plan: dict[str, Any] = {
        "status": "ready",
        "case_sha256": "c" * 64,
        "level": "L4-L5",
        "side": "left",
        "side_witness": SideWitness(signed_offset_lps_mm=72.0, guarded_root=ROOT),
        "technique": "outside-in",
        "zone": "paracentral",
        "cannula_mm": 7.5,
        "trajectory": Trajectory(
            entry_lps_mm=(72.0, 60.0, 0.0), target_lps_mm=(8.0, 12.0, 0.0), length_mm=80.0
        ),
        "entry": Entry(
            lateral_of_midline_mm=72.0,
            cranial_of_disc_line_mm=0.0,
            cranial_of_spinous_tip_mm=None,
            spinous_tip=None,
            along_skin_lateral_mm=72.0,
            depth_mm=80.0,
        ),
        "angles": Angles(
            axial_inclination_to_disc_deg=theta,
            craniocaudal_to_disc_deg=0.0,
            axial_inclination_to_patient_deg=theta,
            craniocaudal_to_patient_deg=0.0,
            convention=CONVENTION,
        ),
        "stages": stages,
        "not_assessed": ("aorta",),
        "resection": make_resection(),
        "reach": Reach(
            reachable_fraction=None,
            visible_fraction=None,
            residual_mm3=None,
            not_assessed_reason="The case has no fragment.",
        ),
        "certainty": Certainty(
            contact_probability={ROOT: 0.1},
            tolerance_entry_mm=0.5,
            tolerance_angle_deg=0.3,
            not_assessed_reason=None,
        ),
        "certificate": Certificate(
            objective_mm=1.5,
            upper_bound_mm=1.5,
            gap_mm=0.0,
            continuum_gap_mm=None,
            candidates=10,
            nodes=5,
            method="all were tried",
        ),
        "findings": (),
        "evidence": ("margins.organ_mm: a book [D]",),
        "software": Software(kambin="0", numpy="0", numba="0", simpleitk="0"),
    }
    return seal_plan(Plan(**{**plan, **parts}))


@cache
def made_level(*names: str) -> Made:
    """Return the level, or the skin and some of its structures, with the plan of its axis."""
    made = make_structures()
    anatomy = make_anatomy({n: s for n, s in made.items() if not names or n in (*names, "skin")})
    case = make_case(anatomy)
    stages = evaluate(case, anatomy, PATH, find_tools(), level=LEVEL, side=SIDE)
    return Made(case, anatomy, make_plan(stages))


def find_row(stages: tuple[Stage, ...], tool: str, structure: str) -> Clearance:
    """Return what the last stage of a tool says about a structure."""
    stage = [stage for stage in stages if stage.tool == tool][-1]
    return next(row for row in stage.clearances if row.structure == structure)
