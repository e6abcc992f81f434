"""A small patient of boxes and rods, left and right different on purpose, with plans."""

import itertools
from collections.abc import Callable

import numpy as np
import pytest
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
)
from kambin.core import Finding, Severity
from kambin.frames import RigidTransform, Side, direction_from_angles
from kambin.imaging import Grid, LabelMap, Volume
from kambin.planning import (
    Angles,
    Binding,
    Certainty,
    Certificate,
    Clearance,
    Entry,
    FindingRecord,
    Plan,
    Reach,
    Refusal,
    Resection,
    SideWitness,
    Software,
    Stage,
    Trajectory,
)

SPACING_MM = 2.0
LEVEL = Level.parse("L4-L5")
SHA256 = "5a" * 32
AXIAL_DEG, TILT_DEG = 50.0, 15.0
SKIN_RADII_MM = (96.0, 74.0)
SOFTWARE = Software(kambin="0.1.0", numpy="2", numba="0", simpleitk="2")
CERTIFICATE = Certificate(
    objective_mm=1.25,
    upper_bound_mm=1.25,
    gap_mm=0.0,
    continuum_gap_mm=None,
    candidates=1200,
    nodes=300,
    method="every listed candidate was tried",
)


def _axes() -> tuple[NDArray[np.float64], ...]:
    return np.meshgrid(
        np.arange(-100.0, 101.0, SPACING_MM),
        np.arange(-80.0, 81.0, SPACING_MM),
        np.arange(-60.0, 61.0, SPACING_MM),
        indexing="ij",
    )


def _affine() -> NDArray[np.float64]:
    affine = np.diag([SPACING_MM] * 3 + [1.0])
    affine[:3, 3] = (-100.0, -80.0, -60.0)
    return affine


def _masks() -> dict[str, NDArray[np.bool_]]:
    """The patient as masks; only the left side has a long transverse process and a colon."""
    x, y, z = _axes()

    def box(xs: tuple[float, float], ys: tuple[float, float], zs: tuple[float, float]):
        return (
            (x >= xs[0]) & (x <= xs[1]) & (y >= ys[0]) & (y <= ys[1]) & (z >= zs[0]) & (z <= zs[1])
        )

    def bone(low: float) -> NDArray[np.bool_]:
        body = box((-24, 24), (-34, 0), (low, low + 28))
        arch = box((-22, -12), (0, 20), (low + 14, low + 26))
        arch |= box((12, 22), (0, 20), (low + 14, low + 26))
        spine = box((-4, 4), (20, 46), (low + 4, low + 18))
        lamina = box((-22, 22), (18, 24), (low + 4, low + 24))
        long_left = box((22, 46), (6, 14), (low + 16, low + 24))
        short_right = box((-32, -22), (6, 14), (low + 16, low + 24))
        return body | arch | spine | lamina | long_left | short_right

    return {
        "skin": (x / SKIN_RADII_MM[0]) ** 2 + (y / SKIN_RADII_MM[1]) ** 2 <= 1.0,
        "vertebra:L4": bone(6.0),
        "vertebra:L5": bone(-34.0) | box((12, 20), (10, 20), (-10, 6)),
        "sap:L5:left": box((12, 20), (10, 20), (-10, 6)),
        "disc:L4-L5": box((-22, 22), (-32, 0), (-4, 4)),
        "dural_sac": box((-8, 8), (2, 14), (-60, 60)),
        "colon": (x - 60.0) ** 2 + (y + 30.0) ** 2 <= 14.0**2,
        "aorta": (x + 4.0) ** 2 + (y + 46.0) ** 2 <= 8.0**2,
    }


def _crop(mask: NDArray[np.bool_]) -> LabelMap:
    low = np.maximum(np.argwhere(mask).min(axis=0) - 3, 0)
    high = np.argwhere(mask).max(axis=0) + 4
    affine = _affine()
    affine[:3, 3] += SPACING_MM * low
    window = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    return LabelMap(mask[window].astype(np.uint8), affine, "patient")


def _root(side: Side) -> Structure:
    key = StructureKey("exiting_root", "L4", side)
    points = np.array([[10.0, 6.0, 22.0], [18.0, 4.0, 12.0], [28.0, -6.0, -6.0]])
    points = points * [side.lateral_sign_lps, 1.0, 1.0]
    x, y, z = _axes()
    nodes = np.stack([x, y, z], axis=-1)
    near = np.zeros(x.shape, bool)
    for start, end in itertools.pairwise(points):
        way = end - start
        share = np.clip(((nodes - start) @ way) / (way @ way), 0.0, 1.0)
        near |= np.linalg.norm(nodes - start - share[..., None] * way, axis=-1) <= 2.5
    return Structure(
        key, _crop(near), Origin.MODELLED, 2.5, Tube(points, np.full(3, 2.5)), "A made-up root."
    )


@pytest.fixture(scope="session")
def a_small_anatomy() -> Anatomy:
    structures = {
        StructureKey.parse(name): Structure(
            StructureKey.parse(name), _crop(mask), Origin.SEGMENTED, 0.5
        )
        for name, mask in _masks().items()
    }
    structures |= {root.key: root for root in map(_root, Side)}
    frame = RigidTransform.from_axes("lps", "disc", np.eye(3), np.zeros(3))
    note = Finding(
        "AN-011", Severity.NOTE, "A vessel is missing", "vena_cava", "No mask.", "Add a mask."
    )
    return Anatomy(
        structures,
        {},
        {LEVEL: DiscFrame(LEVEL, frame, 0.0, 22.0, 8.0)},
        LevelScheme("5 lumbar", ("L4", "L5"), True, False),
        Grid(np.zeros(3), 1.0, (2, 2, 2), "patient"),
        SPACING_MM,
        (note,),
    )


@pytest.fixture(scope="session")
def a_label_only_case() -> Case:
    labels = np.zeros(_axes()[0].shape, np.uint8)
    names = {}
    for number, (name, mask) in enumerate(_masks().items(), start=1):
        if name != "skin":
            labels[mask] = number
            names[number] = StructureKey.parse(name)
    return Case(None, LabelMap(labels, _affine(), "patient"), names, "labels.json", (), SHA256)


@pytest.fixture(scope="session")
def a_small_case(a_label_only_case: Case) -> Case:
    masks = _masks()
    image = np.where(masks["skin"], 40.0, -1000.0).astype(np.float32)
    for name in ("vertebra:L4", "vertebra:L5"):
        image[masks[name]] = 500.0
    case = a_label_only_case
    volume = Volume(image, _affine(), "patient")
    return Case(volume, case.labels, case.names, case.dialect, (), SHA256)


def _entry(target: NDArray[np.float64], outward: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the way from the target meets the elliptic skin."""
    a = (outward[0] / SKIN_RADII_MM[0]) ** 2 + (outward[1] / SKIN_RADII_MM[1]) ** 2
    b = target[0] * outward[0] / SKIN_RADII_MM[0] ** 2
    b += target[1] * outward[1] / SKIN_RADII_MM[1] ** 2
    c = (target[0] / SKIN_RADII_MM[0]) ** 2 + (target[1] / SKIN_RADII_MM[1]) ** 2 - 1.0
    return target + outward * (-b + np.sqrt(b * b - a * c)) / a


def _clearances(side: Side, target: NDArray[np.float64]) -> tuple[Clearance, ...]:
    def row(key: str, gap: float, margin: float | None, doubt: float, origin: str) -> Clearance:
        return Clearance(
            structure=key,
            group="removable" if key.startswith("sap") else "any",
            clearance_mm=gap,
            point_lps_mm=tuple(target.tolist()),
            sigma_mm=doubt,
            origin=origin,
            hard_margin_mm=margin,
            uncertainty_mm=doubt,
            inside_uncertainty=gap < doubt,
        )

    return (
        row(f"exiting_root:L4:{side}", 1.4, 1.0, 2.5, "modelled"),
        row("dural_sac", 4.4, 1.0, 0.5, "segmented"),
        row("sap:L5:left", -2.2, None, 0.5, "segmented"),
        row("colon", 31.2, 10.0, 1.0, "segmented"),
    )


def make_finding_record(code: str, severity: str, what: str) -> FindingRecord:
    return FindingRecord(
        code=code,
        severity=severity,
        what=what,
        where="exiting root L4",
        why="The gap is 1.4 mm; 2.0 mm are wished.",
        next_step="Confirm it, or choose another target.",
    )


@pytest.fixture(scope="session")
def a_plan() -> Callable[[str], Plan]:
    def make(side_word: str) -> Plan:
        side = Side(side_word)
        sign = side.lateral_sign_lps
        target = np.array([sign * 8.0, 1.0, 0.0])
        outward = direction_from_angles(AXIAL_DEG, TILT_DEG) * [sign, 1.0, 1.0]
        entry = _entry(target, outward)
        length = float(np.linalg.norm(entry - target))
        rows = _clearances(side, target)
        sequence = (
            ("needle", "needle-18g", 0.65, 0.0),
            ("dilator", "dilator-5", 2.5, 8.0),
            ("reamer", "reamer-7.5", 3.75, 9.0),
            ("cannula", "cannula-7.5", 3.75, 8.0),
            ("forceps", "forceps-3.5", 1.75, -10.0),
        )
        return Plan(
            status="needs_confirmation",
            case_sha256=SHA256,
            level="L4-L5",
            side=side.value,
            side_witness=SideWitness(
                signed_offset_lps_mm=float(entry[0]), guarded_root=f"exiting_root:L4:{side}"
            ),
            technique="outside-in",
            zone="paracentral",
            cannula_mm=7.5,
            trajectory=Trajectory(
                entry_lps_mm=tuple(entry.tolist()),
                target_lps_mm=tuple(target.tolist()),
                length_mm=length,
            ),
            entry=Entry(
                lateral_of_midline_mm=abs(float(entry[0])),
                cranial_of_disc_line_mm=float(entry[2]),
                cranial_of_spinous_tip_mm=-12.0,
                spinous_tip="L4",
                along_skin_lateral_mm=99.0,
                depth_mm=length,
            ),
            angles=Angles(
                axial_inclination_to_disc_deg=AXIAL_DEG,
                craniocaudal_to_disc_deg=TILT_DEG,
                axial_inclination_to_patient_deg=51.0,
                craniocaudal_to_patient_deg=-3.0,
                convention="kambin-1",
            ),
            stages=tuple(
                Stage(
                    tool=tool,
                    instrument=name,
                    radius_mm=radius,
                    tip_lps_mm=tuple((target + stop * outward).tolist()),
                    stop_mm=stop,
                    clearances=rows,
                )
                for tool, name, radius, stop in sequence
            ),
            not_assessed=("vena_cava", f"iliac_vein:{side}"),
            resection=Resection(
                volume_mm3=481.0,
                sap_fraction=0.24,
                ventrodorsal_fraction=0.5,
                full_thickness_fraction=0.1,
                facet_kept_fraction=None,
                stability_class="minor",
                rim_volume_mm3=0.0,
                rim_is_removed=False,
                pars_left_mm=7.0,
                iap_volume_mm3=0.0,
                pars_volume_mm3=0.0,
                not_assessed_reason=None,
            ),
            reach=Reach(
                reachable_fraction=None,
                visible_fraction=None,
                residual_mm3=None,
                not_assessed_reason="The case has no fragment.",
            ),
            certainty=Certainty(
                contact_probability={f"exiting_root:L4:{side}": 0.23},
                tolerance_entry_mm=1.5,
                tolerance_angle_deg=None,
                not_assessed_reason="The angle was not assessed.",
            ),
            certificate=CERTIFICATE,
            findings=(
                make_finding_record("PL-010", "CONFIRM", "A root lies within 2 mm"),
                make_finding_record("PL-011", "NOTE", "The root is modelled"),
            ),
            evidence=("T1", "C29"),
            software=SOFTWARE,
            content_sha256="c0" * 32,
        )

    return make


@pytest.fixture(scope="session")
def a_refusal() -> Refusal:
    return Refusal(
        case_sha256=SHA256,
        level="L4-L5",
        side="right",
        technique="outside-in",
        zone="paracentral",
        cannula_mm=7.5,
        decidable=False,
        binding=Binding(structure="exiting_root:L4:right", deficit_mm=0.8, stage="cannula"),
        certificate=CERTIFICATE,
        not_assessed=("vena_cava",),
        findings=(make_finding_record("PL-002", "BLOCK", "Cannot be decided"),),
        evidence=("T1",),
        software=SOFTWARE,
    )
