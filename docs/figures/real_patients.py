"""Draw what the completion makes of two real patients into docs/images/completed_*.png.

    python docs/figures/real_patients.py [ct] [atlas]

Needs the shared data (KAMBIN_DATA, else ../shared/data). Every structure that the completion
returns stands in at least one picture, or the script stops and names it.
"""

import os
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from anatomy_views import (
    VEIL,
    Layers,
    Painter,
    Picture,
    Shown,
    look_at,
    save_picture,
    section,
    sort_layers,
)

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks import placed_herniations

from kambin.anatomy import Anatomy, Case, DiscFrame, Level, StructureKey, complete
from kambin.frames import RigidTransform, Side
from kambin.imaging import Plane
from kambin.report import Camera
from kambin.report.view_planes import ViewPlane, orthogonal_planes

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("KAMBIN_DATA", ROOT.parent / "shared" / "data"))
IMAGES = ROOT / "docs" / "images"
LEVELS = tuple(Level.parse(word) for word in placed_herniations.LEVELS)
AXIAL_DEG, STEEP = 52.0, -0.18
"""The line along which a foramen is looked into, as in the pictures of the phantom."""


def read_patient(name: str) -> Case:
    """Import a patient as the command line does."""
    with tempfile.TemporaryDirectory() as folder:
        return placed_herniations.read_patient(DATA, name, Path(folder))


def draw_patient(name: str, case: Case, anatomy: Anatomy) -> None:
    """Draw all pictures of one patient, and stop if a structure is in none of them."""
    layers, painter = sort_layers(anatomy), Painter()
    drawn = dict(layers.doubled)
    for draw in (draw_bones, draw_nerves, draw_muscles, draw_foramina):
        what, pictures, shown = draw(layers, anatomy, painter)
        save_picture(IMAGES / f"completed_{name}_{what}.png", pictures, shown)
        drawn |= shown
    draw_sections(name, case, anatomy, layers)
    require_all(name, anatomy.structures, drawn)


def require_all(name: str, wanted: Iterable[StructureKey], drawn: Iterable[StructureKey]) -> None:
    """Stop if a structure of a patient is in none of the pictures, and name it."""
    missing = sorted(str(key) for key in set(wanted) - set(drawn))
    if missing:
        message = f"{name}: in no picture: {', '.join(missing)}"
        raise SystemExit(message)


Drawn = tuple[str, list[Picture], Shown]
"""The name of a figure, its pictures side by side, and what they show without veils."""


def draw_bones(layers: Layers, anatomy: Anatomy, painter: Painter) -> Drawn:
    """Parts of the vertebrae, discs, joints and ligaments, from behind and from the left."""
    shown = {**layers.bone, **layers.small}
    meshes, middle = painter.meshes(shown), _middle(anatomy) + np.array([0.0, 20.0, -22.0])
    behind, left = Camera.from_behind(middle, 250), Camera.from_left(middle, 250)
    size = (500, 620)
    return (
        "bones",
        [look_at(meshes, behind, size, "from behind"), look_at(meshes, left, size, "from left")],
        shown,
    )


def draw_nerves(layers: Layers, anatomy: Anatomy, painter: Painter) -> Drawn:
    """Sac, roots, ganglia, vessels, joints and ligaments through the bone, and in the canal."""
    canal = {key: one for key, one in layers.hull.items() if key.kind != "skin"}
    through = painter.meshes({**layers.lines, **layers.small})
    through += painter.meshes(layers.whole_bone, VEIL)
    within = painter.meshes(layers.lines) + painter.meshes(canal, VEIL)
    middle, size = _middle(anatomy) + np.array([0.0, 15.0, -15.0]), (420, 600)
    behind, left = Camera.from_behind(middle, 190), Camera.from_left(middle, 190)
    pictures = [
        look_at(through, behind, size, "from behind, bone veiled"),
        look_at(through, left, size, "from left, bone veiled"),
        look_at(within, left, size, "from left, canal veiled"),
    ]
    return "nerves", pictures, {**layers.lines, **layers.small, **canal}


def draw_muscles(layers: Layers, anatomy: Anatomy, painter: Painter) -> Drawn:
    """Muscles, what is modelled of them solid, then all; organs and vessels; all in the skin."""
    skin = {key: one for key, one in layers.hull.items() if key.kind == "skin"}
    hull, bone = painter.meshes(skin, 0.15), painter.meshes(layers.whole_bone)
    modelled = {key: one for key, one in layers.muscles.items() if one.is_modelled}
    given = {key: one for key, one in layers.muscles.items() if not one.is_modelled}
    deep = painter.meshes(modelled) + painter.meshes(given, VEIL)
    every = painter.meshes(layers.muscles)
    organs = painter.meshes({**layers.organs, **layers.vessels})
    middle, size = _middle(anatomy), (340, 400)
    behind, left = Camera.from_behind(middle, 400), Camera.from_left(middle, 400)
    front = Camera.looking((0.0, 1.0, 0.0), centre_lps_mm=middle, height_mm=400)
    pictures = [
        look_at(deep + bone, behind, size, "given muscles veiled"),
        look_at(every + bone + hull, left, size, "muscles"),
        look_at(every + bone + hull, front, size, "muscles"),
        look_at(organs + bone + hull, front, size, "organs and vessels"),
    ]
    return "muscles", pictures, {**layers.muscles, **layers.organs, **layers.vessels, **skin}


def draw_foramina(layers: Layers, anatomy: Anatomy, painter: Painter) -> Drawn:
    """Look into the foramina of L3-L4 and L4-L5 left and of L4-L5 right, bone solid."""
    shown = {**layers.bone, **layers.small, **layers.lines}
    meshes = painter.meshes(shown)
    pictures = []
    for word, side in (("L3-L4", Side.LEFT), ("L4-L5", Side.LEFT), ("L4-L5", Side.RIGHT)):
        camera = into_foramen(anatomy.disc_frames[Level.parse(word)], side)
        pictures.append(look_at(meshes, camera, (420, 420), f"{word} {side}"))
    return "foramina", pictures, shown


def _middle(anatomy: Anatomy) -> np.ndarray:
    return anatomy.disc_frames[Level.parse("L3-L4")].lps_from_disc.origin_mm


def into_foramen(disc: DiscFrame, side: Side) -> Camera:
    """Return the view along a usual transforaminal line."""
    sign = side.lateral_sign_lps
    turn = np.radians(AXIAL_DEG)
    view = (-sign * np.sin(turn), -np.cos(turn), STEEP)
    place = [sign * 0.7 * disc.half_width_mm, disc.posterior_rim_y_mm, 4.0]
    centre = disc.lps_from_disc.points(place)
    return Camera.looking(view, centre_lps_mm=centre, height_mm=70)


def draw_sections(name: str, case: Case, anatomy: Anatomy, layers: Layers) -> None:
    """Sections along discs and pedicles, then upright and through the whole body."""
    # The outlines of parts would lie over each other: whole bones, and the two of each joint.
    hidden = [key for key in layers.bone if key.kind not in ("sap", "iap", "ilium", "rib")]
    flat = [
        _flat(f"along disc {level}", anatomy.disc_frames[level].lps_from_disc, (0.0, 18.0, 0.0))
        for level in LEVELS
    ]
    pedicles = anatomy.vertebra_frames["L4"].lps_from_vertebra
    flat.append(_flat("through the pedicles of L4", pedicles, (0.0, 24.0, 5.0)))
    drawn = [section(case, anatomy, view, hidden, (500, 400)) for view in flat]
    rows = [np.hstack([picture for picture, _ in drawn[n : n + 2]]) for n in (0, 2)]
    _save_sections(name, "axial", [np.vstack(rows)], anatomy, drawn)
    drawn = [section(case, anatomy, view, hidden, (300, 450)) for view in _upright(anatomy)]
    body = orthogonal_planes(_middle(anatomy) + np.array([0.0, 10.0, 0.0]), width_mm=400)[0]
    whole = ViewPlane(body.name, "axial at L3-L4", body.plane)
    drawn.append(section(case, anatomy, whole, hidden, (562, 450)))
    _save_sections(name, "upright", [picture for picture, _ in drawn], anatomy, drawn)


def _flat(word: str, frame: RigidTransform, place_mm: tuple[float, ...]) -> ViewPlane:
    """Return a section across the spine in the plane of a disc or vertebra, seen from the feet."""
    left, backward = frame.matrix[:3, 0], frame.matrix[:3, 1]
    return ViewPlane("", word, Plane(frame.points(place_mm), left, backward, 120.0, 96.0, 0.25))


def _upright(anatomy: Anatomy) -> list[ViewPlane]:
    """Return sagittal sections through the midline and just lateral of the pedicles' middle."""
    disc = anatomy.disc_frames[Level.parse("L3-L4")].lps_from_disc
    lateral = anatomy.vertebra_frames["L4"].pedicles[Side.LEFT][0] + 1.0
    words = {"midline": 0.0, "left foramina": lateral, "right foramina": -lateral}
    down, backward = np.array([0.0, 0.0, -1.0]), np.array([0.0, 1.0, 0.0])
    return [
        ViewPlane(
            "", word, Plane(disc.points([x, 20.0, -25.0]), backward, down, 110.0, 165.0, 0.35)
        )
        for word, x in words.items()
    ]


def _save_sections(
    name: str,
    what: str,
    pictures: list[Picture],
    anatomy: Anatomy,
    drawn: list[tuple[Picture, list[StructureKey]]],
) -> None:
    shown = {key: anatomy.structures[key] for _, keys in drawn for key in keys}
    save_picture(IMAGES / f"completed_{name}_{what}.png", pictures, shown)


def main(names: list[str]) -> None:
    """Complete the asked patients, both if none is named, and draw them."""
    if not DATA.is_dir():
        print("no shared data: the pictures of real patients are left as they are")
        return
    for name in names or sorted(placed_herniations.PATIENTS):
        case = read_patient(name)
        draw_patient(name, case, complete(case))


if __name__ == "__main__":
    main(sys.argv[1:])
