"""``kambin import``: a case folder from an image and its labels."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_findings, print_lines, with_version
from kambin.exchange import DicomRequest, import_case, read_case_summary

_IdentityOption = Annotated[
    bool, typer.Option("--keep-identity", help="Keep name, number and birth date beside the case.")
]


@app.command(
    "import",
    epilog=examples(
        "kambin import -i ct.nii.gz --labels segmentation.nii.gz -o case",
        "kambin import -i ct.nii.gz --labels masks/ -o case",
        "kambin import -i study/ --series 3 --labels seg.dcm -o case",
        "kambin import -i tilted/ --deshear --labels rtstruct.dcm -o case",
        "kambin import --labels atlas.nii.gz --labels skin=body.nii.gz -o case",
        "kambin import --labels vert.nii.gz --dialect verse --fragment hernia.nii.gz -o case",
        "kambin import -i ct.nii.gz --labels seg.nii.gz --root exiting_root:L4:left=l4.mrk.json "
        "-o case",
    ),
)
def import_(  # noqa: PLR0913, PLR0917 - one option of the contract each
    out: options.NewCase,
    image: Annotated[
        Path | None,
        typer.Option("-i", "--image", metavar="IMAGE", help="CT or MR: a file or a DICOM folder."),
    ] = None,
    labels: Annotated[
        list[str] | None,
        typer.Option(
            "--labels",
            metavar="FILE_OR_DIR",
            help="Label map, folder of masks, or NAME=MASK; repeat it, the earlier wins.",
        ),
    ] = None,
    dialect: Annotated[
        str, typer.Option("--dialect", help="What the labels mean; auto finds it or asks.")
    ] = "auto",
    lowest: Annotated[
        str,
        typer.Option("--lowest", metavar="L5", help="Lowest whole vertebra of counted labels."),
    ] = "",
    fragment: Annotated[
        Path | None, typer.Option("--fragment", metavar="FILE", help="Mask of the fragment.")
    ] = None,
    root: Annotated[
        list[str] | None,
        typer.Option("--root", metavar="KEY=FILE", help="A drawn root (mrk.json); repeat it."),
    ] = None,
    root_radius: Annotated[
        float | None,
        typer.Option("--root-radius", metavar="MM", help="Radius of roots whose file has none."),
    ] = None,
    series: options.Series = "",
    deshear: options.Deshear = False,
    keep_identity: _IdentityOption = False,
    force: options.Force = False,
    json: options.Json = False,
) -> None:
    """Check an image and its labels to the last byte and keep them as a case.

    Reads folders of DICOM (CT, MR, SEG, RTSTRUCT), NIfTI (.nii, .nii.gz), NRRD (.nrrd,
    .seg.nrrd) and MetaImage (.mha). The files are never changed; of the patient's identity
    nothing is kept unless --keep-identity asks for it.
    """
    folder = import_case(
        image=image,
        labels=labels or [],
        dialect=dialect,
        lowest=lowest,
        fragment=fragment,
        roots=root or [],
        root_radius_mm=root_radius,
        out=out,
        force=force,
        dicom=DicomRequest(series, deshear, keep_identity),
    )
    # read back, so that what is shown is what was written
    made = read_case_summary(folder)
    if json:
        document = {
            "case": str(folder),
            "case_sha256": made.sha256,
            "dialect": made.dialect,
            "has_image": made.has_image,
            "shape": made.shape,
            "spacing_mm": made.spacing_mm,
            "structures": made.structures,
            "findings": [finding.as_document() for finding in made.findings],
        }
        print_document(with_version(document))
        return
    spacing = " x ".join(f"{step:.3g}" for step in made.spacing_mm)
    print_lines(
        f"Case      {folder}",
        f"Labels    {len(made.structures)} structures, dialect {made.dialect}, {spacing} mm"
        + ("" if made.has_image else ", no image"),
    )
    print_findings(made.findings)
    print_lines(f"Next: kambin check {folder}")
