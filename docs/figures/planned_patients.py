"""Draw the plans of two real patients into docs/images/planned_*.png.

    python docs/figures/planned_patients.py [DATA] [--cache DIR]

For each patient, level and side the first herniation of the study that is planned, as the report
draws it. The plans are those of ``benchmarks/plan_study.py``, which keeps them; what it has not
kept is planned here. Needs the shared data (DATA, else KAMBIN_DATA, else ../shared/data).
"""

import argparse
import io
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from anatomy_views import Picture
from matplotlib.image import imread
from palette_png import write_png
from PIL import Image, ImageDraw, ImageFont
from real_patients import DATA, IMAGES

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.placed_herniations import LEVELS, PATIENTS
from benchmarks.plan_study import CACHE, Patient, study
from benchmarks.plan_tables import Row, find_pictured

from kambin.anatomy import Anatomy, Case
from kambin.frames import Side
from kambin.planning import Plan, Refusal
from kambin.report.scene import draw_scene, scene_cameras, scene_meshes, see_through_tools
from kambin.report.scenery import Scenery, plan_scenery, refusal_scenery
from kambin.report.sections import draw_section
from kambin.report.source import outlined_structures, shown_volume

SECTIONS = ("along-flat", "probe-eye")
"""Sections of the report in which side, target, root and bone are seen."""

BESIDE = ("axial", "coronal")
"""What is shown of a refusal, which has no tools to look along."""

SPACES = ("space-along", "space-behind")
HEIGHT_PX, HEAD_PX, GAP_PX = 330, 22, 6


def draw_answer(case: Case, anatomy: Anatomy, scenery: Scenery) -> Picture:
    """Return the pictures of one answer side by side."""
    return np.hstack([_scaled(png) for png in _draw(case, anatomy, scenery)])


def _draw(case: Case, anatomy: Anatomy, scenery: Scenery) -> Iterator[bytes]:
    volume = shown_volume(case, anatomy, scenery.middle_lps_mm)
    regions = outlined_structures(anatomy, scenery.level, scenery.middle_lps_mm)
    names = SECTIONS if scenery.is_plan else BESIDE
    for plane in scenery.planes:
        if plane.name in names:
            yield draw_section(
                volume,
                plane,
                regions,
                scenery.tools,
                caption=scenery.caption,
                binding=scenery.binding,
            )
    meshes = scene_meshes(
        anatomy, scenery.level, scenery.focus_lps_mm, scenery.tools, scenery.binding
    )
    for name, title, camera in scene_cameras(scenery.focus_lps_mm, scenery.outward_lps):
        if name in SPACES:
            seen = see_through_tools(meshes) if name == "space-along" else meshes
            yield draw_scene(seen, camera, title=title, caption=scenery.caption)


def _scaled(png: bytes) -> Picture:
    whole = Image.fromarray((imread(io.BytesIO(png))[..., :3] * 255).astype(np.uint8))
    width = round(whole.width * HEIGHT_PX / whole.height)
    resized = whole.resize((width, HEIGHT_PX), Image.Resampling.LANCZOS)
    return np.pad(np.asarray(resized), ((0, 0), (0, GAP_PX), (0, 0)))


def save_rows(name: str, rows: list[Picture]) -> None:
    """Write rows of pictures under each other, padded to one width."""
    wide = max(row.shape[1] for row in rows)
    padded = [np.pad(row, ((0, GAP_PX), (0, wide - row.shape[1]), (0, 0))) for row in rows]
    write_png(IMAGES / f"{name}.png", np.vstack(padded))


def draw_row(patient: Patient, row: Row) -> Picture:
    """Return the pictures of one answer of the study under a line that names it."""
    case, anatomy = patient.with_herniation(row["level"], Side(row["side"]), row["herniation"])
    if row["planned"]:
        scenery = plan_scenery(Plan.model_validate(row["answer"]))
    else:
        scenery = refusal_scenery(anatomy, Refusal.model_validate(row["answer"]), None)
    drawn = draw_answer(case, anatomy, scenery)
    words = [row[name] for name in ("patient", "level", "side", "herniation")]
    words.append("plan" if row["planned"] else "refused")
    return np.vstack([_headline(", ".join(words), drawn.shape[1]), drawn])


def _headline(words: str, width_px: int) -> Picture:
    line = Image.new("RGB", (width_px, HEAD_PX), "white")
    font = ImageFont.load_default(size=0.7 * HEAD_PX)
    ImageDraw.Draw(line).text((GAP_PX, 0), words, fill="black", font=font)
    return np.asarray(line)


def main(arguments: list[str]) -> None:
    """Draw both patients."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, nargs="?", default=DATA)
    parser.add_argument("--cache", type=Path, default=CACHE)
    asked = parser.parse_args(arguments)
    if not asked.data.is_dir():
        print("no shared data: the pictures of planned patients are left as they are")
        return
    for name in sorted(PATIENTS):
        patient = Patient(asked.data, name, asked.cache)
        pictured = list(find_pictured(list(study([patient])), [name]))
        for level in LEVELS:
            drawn = [draw_row(patient, row) for row in pictured if row["level"] == level]
            save_rows(f"planned_{name}_{level.lower()}", drawn)


if __name__ == "__main__":
    main(sys.argv[1:])
