"""Builds the made patient: shapes in painting order, then image, labels and truth."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from kambin.anatomy import StructureKey
from kambin.core import Progress, SilentProgress
from kambin.imaging import LabelMap, Volume
from kambin.knowledge import value, values
from kambin.phantom.canal import build_canal, build_flavum, build_sac
from kambin.phantom.chain import bend_sideways, stack_vertebrae
from kambin.phantom.ct import CtContrast
from kambin.phantom.discs import build_disc, disc_frame, vertebra_frame
from kambin.phantom.fragment import build_calcification, build_fragment
from kambin.phantom.given import name_given, paint_given
from kambin.phantom.mr import MrContrast
from kambin.phantom.muscles import build_muscles
from kambin.phantom.organs import Spine, build_organs, build_skin
from kambin.phantom.parameters import PhantomParameters
from kambin.phantom.relax import Obstacle
from kambin.phantom.roots import Nerves, build_nerves
from kambin.phantom.sacrum import build_bridges, build_ilia, build_sacrum
from kambin.phantom.scanning import Contrast, scan
from kambin.phantom.shapes import Shape, bounds_of
from kambin.phantom.sizes import Draw, draw_spine
from kambin.phantom.truth import PhantomTruth, affine_of
from kambin.phantom.vertebra import Neighbour, build_ribs, build_vertebra, posterior_pieces
from kambin.phantom.vessels import build_segmental_arteries, build_ureters, build_vessels


@dataclass(frozen=True)
class Phantom:
    """A made patient as the software sees it, and as it is.

    Parameters
    ----------
    parameters : PhantomParameters it was built from
    image : Volume, HU or relative T2 signal, with partial volume and noise
    labels : LabelMap of what a segmentation gives: vertebrae, pelvis, ribs, organs, muscles
    names : mapping of label value to StructureKey
    truth : PhantomTruth; only tests read it
    """

    parameters: PhantomParameters
    image: Volume
    labels: LabelMap
    names: Mapping[int, StructureKey]
    truth: PhantomTruth


def build_phantom(parameters: PhantomParameters, *, progress: Progress | None = None) -> Phantom:
    """Build a made patient with a herniated disc.

    Parameters
    ----------
    parameters : PhantomParameters
    progress : Progress, told how far the scan has come

    Returns
    -------
    Phantom; the same parameters give the same bytes
    """
    truth = build_truth(parameters)
    axes = truth.axes(parameters.spacing_mm)
    part_of = {key: number for number, key in truth.names.items()}
    image, parts = scan(
        truth.shapes,
        axes,
        part_of,
        _contrast(parameters),
        np.random.default_rng([parameters.seed, 3]),
        progress or SilentProgress(),
    )
    affine = affine_of(axes)
    names = name_given(truth.shapes, parameters)
    labels = paint_given(parts, truth.shapes, truth.names, parameters)
    return Phantom(
        parameters,
        Volume(image, affine, truth.frame_id),
        LabelMap(labels, affine, truth.frame_id),
        names,
        # Every part is painted already at this spacing; tests ask for it again and again.
        replace(truth, painted=LabelMap(parts, affine, truth.frame_id)),
    )


def _contrast(parameters: PhantomParameters) -> Contrast:
    if parameters.modality == "mr":
        return MrContrast(str(parameters.level))
    return CtContrast()


def build_spine(parameters: PhantomParameters) -> Spine:
    """Draw the sizes of a spine and stack its vertebrae.

    Parameters
    ----------
    parameters : PhantomParameters

    Returns
    -------
    Spine, frames in LPS, mm
    """
    sizes = draw_spine(parameters)
    frames = stack_vertebrae(sizes)
    if parameters.has("scoliosis"):
        frames = bend_sideways(frames, parameters.cobb)
    return Spine((*parameters.vertebrae, "S1"), sizes, frames)


def build_truth(parameters: PhantomParameters) -> PhantomTruth:
    """Build the made patient without taking an image of it.

    Parameters
    ----------
    parameters : PhantomParameters

    Returns
    -------
    PhantomTruth, mm, LPS; nothing is sampled yet
    """
    spine = build_spine(parameters)
    sizes = spine.sizes
    draw = Draw(np.random.default_rng([parameters.seed, 2]))
    bones = build_bones(parameters, spine, draw)
    discs = [build_disc(level, sizes, spine.frames) for level in parameters.levels]
    soft, nerves = _build_canal(parameters, spine, bones, discs)
    obese = parameters.has("obese")
    skin = build_skin(
        spine,
        share=value("phantom_variants.obese_share") if obese else 1.0,
        back_fat_mm=value("phantom_variants.obese_back_fat_mm") if obese else 0.0,
        thinner_mm=value("phantom_variants.thin_fat_mm") if parameters.has("thin") else 0.0,
    )
    retrorenal = parameters.side if parameters.has("retrorenal-colon") else None
    shapes = (
        *skin,
        *build_organs(draw, retrorenal),
        *build_muscles(spine),
        *build_vessels(spine),
        *build_segmental_arteries(spine),
        *build_ureters(spine),
        *discs,
        *soft,
        *bones,
    )
    air, low, high = values("phantom_body.field_of_view_mm")
    corner, other = bounds_of(skin[:1])
    return PhantomTruth(
        shapes=shapes,
        low_lps_mm=np.array([corner[0] - air, corner[1] - air, low]),
        high_lps_mm=np.array([other[0] + air, other[1] + air, high]),
        centre_lines=nerves.lines,
        vertebra_frames={n: vertebra_frame(n, sizes, spine.frames) for n in spine.names},
        disc_frames={v: disc_frame(v, sizes, spine.frames) for v in parameters.levels},
        frame_id=_frame_id(parameters),
    )


def _frame_id(parameters: PhantomParameters) -> str:
    """Name the frame of reference: two phantoms never share one."""
    words = (
        "phantom",
        str(parameters.seed),
        str(parameters.level),
        parameters.side.value,
        parameters.zone,
        parameters.migration,
        str(parameters.size),
        # The same variants in another order are the same patient.
        *sorted(parameters.variants),
        *(() if parameters.morphology == "plain" else (parameters.morphology,)),
        *(() if parameters.cobb_deg is None else (f"{parameters.cobb_deg:g}",)),
    )
    return "-".join(words)


def build_bones(parameters: PhantomParameters, spine: Spine, draw: Draw) -> list[Shape]:
    """Build sacrum, ilia, vertebrae from below upwards, and ribs.

    Parameters
    ----------
    parameters : PhantomParameters
    spine : Spine
    draw : Draw of the crests

    Returns
    -------
    Shapes in painting order, mm: ilia, sacrum, ribs, then vertebrae from cranial to caudal
    """
    sizes, frames = spine.sizes, spine.frames
    shares = _sap_shares(parameters)
    sacrum = build_sacrum(sizes.vertebrae["S1"], frames.vertebrae["S1"], sap_share=shares["S1"])
    below = Neighbour(sizes.vertebrae["S1"], frames.vertebrae["S1"], posterior_pieces(sacrum))
    vertebrae = []
    # Upwards: the arch below has to exist before it can cut the one above.
    for name in reversed(parameters.vertebrae):
        size, frame = sizes.vertebrae[name], frames.vertebrae[name]
        vertebra = build_vertebra(size, frame, below, sap_share=shares[name])
        if name == "L5":
            bridges = build_bridges(parameters.sacralised_sides, size, spine)
            vertebra = replace(vertebra, pieces=(*vertebra.pieces, *bridges))
        below = Neighbour(size, frame, posterior_pieces(vertebra))
        vertebrae.append(vertebra)
    second = frames.discs[parameters.levels[-2]].origin_mm
    rise = value("phantom_variants.high_crest_mm") if parameters.has("high-crest") else 0.0
    s1 = frames.vertebrae["S1"].origin_mm
    ilia = build_ilia(s1, second, sacrum, draw, raise_mm=rise)
    # The last one built is T12, which bears the ribs.
    ribs = build_ribs(below.size, below.frame, vertebrae[-1])
    return [*ilia, sacrum, *ribs, *vertebrae[::-1]]


def _sap_shares(parameters: PhantomParameters) -> dict[str, float]:
    """Return the size of the superior processes of each vertebra, 1 is usual."""
    large = value("phantom_variants.large_sap_share") if parameters.has("large-sap") else 1.0
    shares = dict.fromkeys((*parameters.vertebrae, "S1"), large)
    if parameters.has("narrow-foramen"):
        narrow = value("phantom_variants.narrow_sap_share")
        shares[parameters.level.lower] = max(large, narrow)
    return shares


def _build_canal(
    parameters: PhantomParameters, spine: Spine, bones: list[Shape], discs: list[Shape]
) -> tuple[list[Shape], Nerves]:
    """Build what lies in canal and foramina, in the order of painting."""
    draw = Draw(np.random.default_rng([parameters.seed, 1]))
    hernia = discs[parameters.levels.index(parameters.level)]
    fragment = build_fragment(parameters, spine, hernia, bones)
    sac = build_sac(spine, fragment)
    bone_gap, disc_gap = values("phantom_nerves.root_gap_mm")
    obstacles = (
        *(Obstacle(bone, bone_gap) for bone in bones if bone.key.kind in ("vertebra", "sacrum")),
        # The fragment as well: it displaces the root it presses on.
        *(Obstacle(disc, disc_gap) for disc in (*discs, fragment)),
    )
    nerves = build_nerves(spine, parameters.levels, sac, obstacles, draw)
    flava = [build_flavum(level, spine, draw) for level in parameters.levels]
    calcified = build_calcification(parameters, fragment)
    soft = [build_canal(spine), *flava, sac.shape, *nerves.shapes, fragment, *calcified]
    return soft, nerves
