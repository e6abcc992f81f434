"""Draws the pictures of docs/concepts/phantom.md.

    python docs/figures/phantom_gallery.py

The comparison needs the shared atlas (KAMBIN_DATA, else ../shared/data); without it only the
phantom's own pictures are drawn.
"""

import os
from pathlib import Path

import numpy as np
from palette_png import write_png
from skimage.measure import marching_cubes

from kambin.anatomy import Level
from kambin.exchange import read_label_map
from kambin.frames import Side
from kambin.imaging import LabelMap, Volume
from kambin.phantom import PhantomParameters, PhantomTruth, build_phantom, build_truth
from kambin.phantom.parameters import STAYING
from kambin.phantom.shapes import Shape
from kambin.report import (
    Camera,
    Mesh,
    PictureSurface,
    annotate_view,
    find_edge_letters,
    region_surface,
    render_scene,
)

ROOT = Path(__file__).parents[2]
IMAGES = ROOT / "docs" / "images"
ATLAS = Path(os.environ.get("KAMBIN_DATA", ROOT.parent / "shared" / "data")) / "atlas_vhp_male"
LEVEL = Level("L4", "L5")

COLOURS = {
    "vertebra": (0.87, 0.78, 0.62),
    "sacrum": (0.80, 0.68, 0.50),
    "ilium": (0.78, 0.62, 0.42),
    "rib": (0.80, 0.70, 0.50),
    "disc": (0.50, 0.66, 0.72),
    "dural_sac": (0.92, 0.88, 0.55),
    "exiting_root": (0.95, 0.78, 0.05),
    "traversing_root": (0.98, 0.62, 0.10),
    "drg": (0.93, 0.70, 0.00),
    "flavum": (0.85, 0.80, 0.60),
    "fragment": (0.80, 0.10, 0.30),
    "calcification": (0.95, 0.95, 0.90),
    "colon": (0.75, 0.60, 0.45),
    "psoas": (0.72, 0.34, 0.30),
    "quadratus": (0.84, 0.50, 0.34),
    "multifidus": (0.60, 0.22, 0.24),
    "erector_spinae": (0.80, 0.46, 0.44),
    "segmental_artery": (0.80, 0.22, 0.20),
    "ureter": (0.90, 0.85, 0.40),
    "aorta": (0.80, 0.22, 0.20),
    "vena_cava": (0.30, 0.40, 0.80),
    "kidney": (0.62, 0.34, 0.28),
    "skin": (0.86, 0.70, 0.60),
}
BONES = ("vertebra", "sacrum", "ilium", "rib", "disc")
NERVES = ("dural_sac", "exiting_root", "traversing_root", "drg", "fragment")
ATLAS_KINDS = {
    **dict.fromkeys((31, 30, 29, 28, 27), "vertebra"),
    **dict.fromkeys((201, 202, 203, 204, 205), "disc"),
    25: "sacrum",
    77: "ilium",
}
ATLAS_L4_MM = (0.0, -16.0, 65.0)
"""Centre of the atlas body of L4, read off its labels."""


def surface_of(shape: Shape, spacing_mm: float) -> PictureSurface:
    """The zero level of a shape's function."""
    low, high = shape.bounds_lps_mm()
    axes = tuple(
        np.arange(a - 3 * spacing_mm, b + 3 * spacing_mm, spacing_mm)
        for a, b in zip(low, high, strict=True)
    )
    values = np.full([len(axis) for axis in axes], 9.0, dtype=np.float32)
    sample = shape.sample(axes, margin_mm=2 * spacing_mm)
    values[sample.box] = np.minimum(sample.distance_mm, 9.0)
    vertices, faces, _, _ = marching_cubes(values, 0.0)
    origin = np.array([axis[0] for axis in axes])
    return PictureSurface(vertices * spacing_mm + origin, faces.astype(np.int64))


def phantom_meshes(
    truth: PhantomTruth, kinds: tuple[str, ...], veiled: tuple[str, ...] = ()
) -> list[Mesh]:
    """Return the surfaces of some kinds of structure of a made patient."""
    spacing = {"ilium": 1.3, "rib": 1.0, "skin": 3.0}
    return [
        Mesh(
            surface_of(shape, spacing.get(shape.key.kind, 0.8)),
            COLOURS[shape.key.kind],
            0.3 if shape.key.kind in veiled else 1.0,
            str(shape.key),
        )
        for shape in truth.shapes
        if shape.key.kind in kinds
    ]


def atlas_meshes() -> list[Mesh]:
    """Return the surfaces of the bones and discs of the atlas."""
    labels = read_label_map(ATLAS / "vhp_male_lumbar_labels_1mm.nii.gz").canonical()
    meshes = []
    for number, kind in ATLAS_KINDS.items():
        inside = labels.values == number
        voxels = np.argwhere(inside)
        low, high = np.maximum(voxels.min(axis=0) - 3, 0), voxels.max(axis=0) + 4
        affine = labels.lps_from_ijk.copy()
        affine[:3, 3] = labels.lps_mm(low)
        box = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
        region = LabelMap(inside[box].astype(np.uint8), affine, "atlas")
        meshes.append(Mesh(region_surface(region), COLOURS[kind], 1.0, kind))
    return meshes


def draw(meshes: list[Mesh], camera: Camera, title: str, size: int = 640) -> np.ndarray:
    """Return a picture of surfaces with its title and the letters of its edges."""
    picture = render_scene(meshes, camera, (size, size))
    right = np.cross(camera.view_lps, camera.up_lps)
    letters = find_edge_letters(right, -camera.up_lps)
    return annotate_view(picture, letters, camera.height_mm / size, title=title)


def save(name: str, pictures: list[np.ndarray]) -> None:
    """Write pictures side by side."""
    write_png(IMAGES / f"phantom_{name}.png", np.hstack(pictures))


def draw_comparison(truth: PhantomTruth) -> None:
    """Phantom and atlas from behind, from the left and along a transforaminal line."""
    ours = phantom_meshes(truth, BONES)
    theirs = atlas_meshes() if ATLAS.exists() else []
    angle = np.radians(52)
    lines = {
        "behind": ((0.0, -1.0, 0.0), (0.0, 0.0, 0.0), 210.0),
        "side": ((-1.0, 0.0, 0.0), (0.0, 15.0, 0.0), 210.0),
        "foramen": ((-np.sin(angle), -np.cos(angle), -0.18), (14.0, 24.0, -13.0), 66.0),
    }
    l4 = truth.vertebra_frames["L4"].lps_from_vertebra.origin_mm
    for name, (view, shift, height) in lines.items():
        pictures = [
            draw(ours, Camera.looking(view, centre_lps_mm=l4 + shift, height_mm=height), "phantom")
        ]
        if theirs:
            centre = np.array(ATLAS_L4_MM) + np.array(shift) * 1.15
            camera = Camera.looking(view, centre_lps_mm=centre, height_mm=height * 1.15)
            pictures.append(draw(theirs, camera, "atlas"))
        save(name, pictures)


def draw_nerves(truth: PhantomTruth) -> None:
    """Roots and sac: from the left, from behind through the bone, and along the line."""
    solid = phantom_meshes(truth, ("vertebra", "sacrum", "disc", *NERVES))
    veiled = phantom_meshes(truth, ("vertebra", "sacrum", "disc", *NERVES), ("vertebra", "sacrum"))
    middle = truth.disc_frames[LEVEL].lps_from_disc.origin_mm
    angle = np.radians(52)
    along = (-np.sin(angle), -np.cos(angle), -0.18)
    save(
        "nerves",
        [
            draw(
                solid,
                Camera.looking(
                    (-1, 0, 0), centre_lps_mm=middle + np.array([0, 14, 6]), height_mm=120
                ),
                "from the left",
            ),
            draw(
                veiled,
                Camera.looking(
                    (0, -1, 0), centre_lps_mm=middle + np.array([0, 14, 6]), height_mm=120
                ),
                "from behind, bone veiled",
            ),
            draw(
                solid,
                Camera.looking(along, centre_lps_mm=middle + np.array([17, 14, 0]), height_mm=56),
                "along a transforaminal line, L4-L5 left",
            ),
        ],
    )


def grey(
    pixels: np.ndarray, right: tuple[int, ...], down: tuple[int, ...], title: str, mr: bool = False
) -> np.ndarray:
    """A slice of the CT in a soft-tissue window, or of the MR, twice its size."""
    level = np.clip(pixels / 1000.0 if mr else (pixels + 160.0) / 560.0, 0, 1)
    shown = np.zeros((300, 380))
    shown[: pixels.shape[0], : pixels.shape[1]] = level[:300, :380]
    rgb = np.repeat((shown * 255).astype(np.uint8)[..., None], 3, axis=2)
    big = np.kron(rgb, np.ones((2, 2, 1), dtype=np.uint8))
    return annotate_view(big, find_edge_letters(right, down), 0.5, title=title)


def draw_slices(image: Volume, truth: PhantomTruth, *, aside: int = 0, mr: bool = False) -> None:
    """Slices of an image through the disc L4-L5, the pedicles of L4, and the midline or aside."""
    middle = truth.disc_frames[LEVEL].lps_from_disc.origin_mm
    i, _, k = (round(float(v)) for v in image.ijk(middle))
    axial, sagittal = ((1, 0, 0), (0, 1, 0)), ((0, 1, 0), (0, 0, -1))
    head = "T2: " if mr else ""
    save(
        "mr" if mr else "ct",
        [
            grey(image.values[:, :, k].T, *axial, f"{head}disc L4-L5", mr=mr),
            grey(image.values[:, :, k + 20].T, *axial, f"{head}pedicles of L4", mr=mr),
            grey(
                image.values[i + aside, :, ::-1].T,
                *sagittal,
                f"{head}{aside} mm left" if aside else f"{head}midline",
                mr=mr,
            ),
        ],
    )


def draw_ct() -> None:
    """Slices of the CT."""
    phantom = build_phantom(PhantomParameters(LEVEL, Side.LEFT))
    draw_slices(phantom.image, phantom.truth)


def draw_mr() -> None:
    """The same slices of the MR, with an extruded fragment that went down."""
    wishes = {"morphology": "extrusion", "migration": "near-down", "modality": "mr"}
    phantom = build_phantom(PhantomParameters(LEVEL, Side.LEFT, **wishes))
    draw_slices(phantom.image, phantom.truth, aside=6, mr=True)


def draw_morphologies() -> None:
    """Each morphology from the left and behind, bone veiled, and migrated ones."""
    pictures = []
    shown = (
        ("protrusion", "none"),
        ("extrusion", "near-down"),
        ("sequestration", "very-high-up"),
        ("calcified", "none"),
    )
    for morphology, migration in shown:
        parameters = PhantomParameters(
            LEVEL,
            Side.LEFT,
            morphology=morphology,
            migration=migration,
            # A larger protrusion would be deeper than its base is wide.
            size=1 if morphology in STAYING else 3,
        )
        truth = build_truth(parameters)
        kinds = ("vertebra", "disc", "fragment", "dural_sac")
        # A calcified core is seen through its fragment.
        veiled = ("vertebra", "dural_sac", *(("fragment",) if morphology == "calcified" else ()))
        meshes = [
            Mesh(
                surface_of(shape, 0.7),
                COLOURS[shape.parts[0].kind if len(shape.parts) == 1 else shape.key.kind],
                0.25 if shape.parts[0].kind in veiled or shape.key.kind == "vertebra" else 1.0,
                str(shape.parts[0]),
            )
            for shape in truth.shapes
            if shape.key.kind in kinds and shape.key.place in ("", "L4", "L5", "L4-L5")
        ]
        middle = truth.disc_frames[LEVEL].lps_from_disc.origin_mm + np.array([4, 18, 0])
        camera = Camera.looking((-1, -0.35, -0.1), centre_lps_mm=middle, height_mm=90)
        pictures.append(draw(meshes, camera, f"{morphology}, {migration}", 400))
    save("morphologies", pictures)


def draw_muscles(truth: PhantomTruth) -> None:
    """Muscles, arteries and ureters from behind, from the left and from the front."""
    middle = truth.disc_frames[LEVEL].lps_from_disc.origin_mm + np.array([0, 10, 25])
    muscles = ("psoas", "quadratus", "multifidus", "erector_spinae")
    bones = ("vertebra", "sacrum", "ilium", "disc")
    vessels = ("aorta", "segmental_artery", "ureter", "kidney", "vena_cava")
    views = (
        ((0, -1, 0), phantom_meshes(truth, (*bones, *muscles), ("erector_spinae",)), "from behind"),
        ((-1, 0, 0), phantom_meshes(truth, (*bones, *vessels), ("kidney",)), "from the left"),
        (
            (0, 1, 0),
            phantom_meshes(truth, (*bones, *vessels, "psoas"), ("psoas",)),
            "from the front",
        ),
    )
    pictures = [
        draw(meshes, Camera.looking(view, centre_lps_mm=middle, height_mm=240), title)
        for view, meshes, title in views
    ]
    save("muscles", pictures)


def draw_more_variants() -> None:
    """Scoliosis, sacralised L5, narrow foramen, retrorenal colon and thin patient."""
    behind, left = (0, -1, 0), (-1, 0, 0)
    bones = ("vertebra", "sacrum", "disc", "ilium")
    shown = (
        ("scoliosis", behind, bones, 210),
        ("sacralised-l5-left", behind, bones, 150),
        ("sacralised-l5", behind, bones, 150),
        ("narrow-foramen", left, ("vertebra", "sacrum", "disc"), 90),
        ("retrorenal-colon", behind, (*bones, "colon", "kidney"), 240),
    )
    pictures = []
    for variant, view, kinds, height in shown:
        truth = build_truth(PhantomParameters(LEVEL, Side.LEFT, variants=(variant,)))
        middle = truth.disc_frames[LEVEL].lps_from_disc.origin_mm
        shift = np.array([0, 10, 40 if height > 200 else 0])
        camera = Camera.looking(view, centre_lps_mm=middle + shift, height_mm=height)
        pictures.append(draw(phantom_meshes(truth, kinds), camera, variant, 400))
    save("more_variants", pictures)


def draw_variants() -> None:
    """Usual patient and variants from behind and from the left."""
    pictures = []
    for variants in ((), ("high-crest",), ("large-sap",), ("collapsed-disc",), ("l6",)):
        truth = build_truth(PhantomParameters(LEVEL, Side.LEFT, variants=variants))
        meshes = phantom_meshes(truth, ("vertebra", "sacrum", "disc", "ilium"))
        centre = truth.disc_frames[LEVEL].lps_from_disc.origin_mm
        camera = Camera.looking((-1, 0, 0), centre_lps_mm=centre, height_mm=150)
        pictures.append(draw(meshes, camera, " ".join(variants) or "usual", 400))
    save("variants", pictures)


def main() -> None:
    """Draw all of it."""
    truth = build_truth(PhantomParameters(LEVEL, Side.LEFT))
    draw_comparison(truth)
    draw_nerves(truth)
    draw_ct()
    draw_mr()
    draw_morphologies()
    draw_muscles(truth)
    draw_variants()
    draw_more_variants()


if __name__ == "__main__":
    main()
