"""``kambin segment``: labels from a tool that the user has installed."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import console, print_document, print_lines, with_version
from kambin.exchange import SEGMENTERS, DicomRequest, segment


@app.command(
    "segment",
    epilog=examples(
        "kambin segment -i ct.nii.gz -o labels",
        "kambin segment -i t2.nii.gz --tool spineps --device cpu -o labels",
        "kambin segment -i ct.nii.gz --fast -o labels",
        "kambin segment -i study/ --series 3 -o labels",
    ),
)
def segment_(
    image: Annotated[
        Path,
        typer.Option("-i", "--image", metavar="IMAGE", help="CT or MR: a file or a DICOM folder."),
    ],
    out: Annotated[
        Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder to make, for the labels.")
    ],
    tool: Annotated[
        str, typer.Option("--tool", help=f"One of {', '.join(SEGMENTERS)}.")
    ] = "totalsegmentator",
    fast: Annotated[
        bool, typer.Option("--fast", help="The tool's faster, coarser model, where it has one.")
    ] = False,
    device: Annotated[
        str, typer.Option("--device", metavar="cpu|gpu", help="Where the tool computes.")
    ] = "",
    series: options.Series = "",
    deshear: options.Deshear = False,
    json: options.Json = False,
) -> None:
    """Run TotalSegmentator, TotalSpineSeg or SPINEPS where it is installed, and check its labels.

    Kambin brings no networks and loads nothing. The tool gets the voxels as NIfTI without a file
    name and without headers of DICOM; what it prints goes to standard error.
    """
    err = console(stderr=True)
    made = segment(
        image,
        out,
        tool=tool.lower(),
        fast=fast,
        device=device.lower(),
        dicom=DicomRequest(series, deshear),
        say=lambda line: err.print(line, markup=False),
    )
    words = ["kambin", "import", "-i", str(image)]
    # the import has to read the very series that was segmented
    words += (["--series", series] if series else []) + (["--deshear"] if deshear else [])
    for file in made.files:
        words += ["--labels", str(file)]
    # quoted, so that it can be copied whatever the folders are called
    following = shlex.join([*words, "--dialect", ",".join(made.dialects), "-o", "case"])
    if json:
        document = {
            "tool": made.tool,
            "modality": made.modality,
            "files": [str(file) for file in made.files],
            "dialects": made.dialects,
            "next": following,
        }
        print_document(with_version(document))
        return
    print_lines(
        f"Labels    {', '.join(str(file) for file in made.files)}",
        f"Tool      {SEGMENTERS[made.tool].title}; the image is read as {made.modality}",
        f"Next: {following}",
    )
