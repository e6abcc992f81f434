"""``kambin phantom``: a made patient, for teaching and for testing."""

from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.asking import require_level, require_side
from kambin.cli.output import print_document, print_lines, with_version
from kambin.cli.progress import shown_progress
from kambin.exchange import read_case_summary, require_free, write_phantom
from kambin.phantom import (
    MIGRATIONS,
    MODALITIES,
    MORPHOLOGIES,
    VARIANTS,
    ZONES,
    PhantomParameters,
    build_phantom,
)
from kambin.phantom.parameters import STAYING


@app.command(
    epilog=examples(
        "kambin phantom -o case",
        "kambin phantom -o case --level L5-S1 --side right --herniation foraminal --seed 7",
        "kambin phantom -o case --variant high-crest --variant obese --spacing 3",
        "kambin phantom -o case --morphology extrusion --migration far-down --modality mr",
    )
)
def phantom(  # noqa: PLR0913, PLR0917 - one option of the contract each
    out: options.NewCase,
    level: Annotated[str, typer.Option(help="Disc level of the herniation.")] = "L4-L5",
    side: Annotated[str, typer.Option(help="The made patient's side.")] = "left",
    herniation: Annotated[
        str, typer.Option(metavar="ZONE", help=f"Axial zone: {', '.join(ZONES)}.")
    ] = "paracentral",
    migration: Annotated[
        str, typer.Option(help=f"Where the fragment went: {', '.join(MIGRATIONS)}.")
    ] = "none",
    morphology: Annotated[
        str, typer.Option(metavar="NAME", help=f"Shape: {', '.join(MORPHOLOGIES)}.")
    ] = "plain",
    size: Annotated[
        int | None, typer.Option(help="MSU size 1 to 3; 2 if not given, 1 of a protrusion.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Draws sizes, roots and noise.")] = 0,
    variant: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help=f"Repeat it: {', '.join(VARIANTS)}."),
    ] = None,
    cobb: Annotated[
        float | None, typer.Option(metavar="DEG", help="Cobb angle of the variant scoliosis.")
    ] = None,
    modality: Annotated[
        str, typer.Option(help=f"What the image shows: {', '.join(MODALITIES)}.")
    ] = "ct",
    muscles_apart: Annotated[
        bool, typer.Option("--muscles-apart", help="Label multifidus and quadratus as well.")
    ] = False,
    spacing: Annotated[float, typer.Option(metavar="MM", help="Voxel edge, mm.")] = 1.0,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Make a patient by code: a CT or MR, the labels a segmentation would give, and the truth.

    The herniation of a made patient has a default place; kambin plan has none.
    """
    parameters = PhantomParameters(
        level=require_level(level),
        side=require_side(side),
        zone=herniation,
        migration=migration,
        # Deeper than its disc is high, a protrusion would be an extrusion: few can be of size 2.
        size=size or (1 if morphology in STAYING else 2),
        seed=seed,
        variants=tuple(variant or ()),
        spacing_mm=spacing,
        morphology=morphology,
        modality=modality,
        muscles_apart=muscles_apart,
        cobb_deg=cobb,
    )
    # before the patient is made, which takes longer than to say no
    require_free(out, force=force)
    with shown_progress() as progress:
        made = build_phantom(parameters, progress=progress)
    folder = write_phantom(made, out, force=force)
    written = read_case_summary(folder)
    if json:
        document = {
            "case": str(folder),
            "case_sha256": written.sha256,
            "level": str(parameters.level),
            "side": parameters.side,
            "herniation": herniation,
            "migration": migration,
            "morphology": morphology,
            "modality": modality,
            "seed": seed,
            "variants": parameters.variants,
            "spacing_mm": spacing,
            "structures": written.structures,
        }
        print_document(with_version(document))
    else:
        print_lines(
            f"Case      {folder}",
            f"Phantom   {herniation} herniation at {parameters.level} {parameters.side}, "
            f"seed {seed}, {spacing:g} mm",
            f"Next: kambin plan {folder} --level {parameters.level} --side {parameters.side} "
            f"--zone {herniation}",
        )
