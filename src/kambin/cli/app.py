"""The command line application and the words its commands share."""

from pathlib import Path
from typing import Annotated

import typer

from kambin.cli.commands import CommandList

RESEARCH_NOTICE = "Research and teaching use. Not a medical device."
"""Shown where a command starts something a surgeon might rely on."""

app = typer.Typer(
    name="kambin",
    cls=CommandList,
    help="Plan, prove and report full-endoscopic transforaminal discectomy on the patient's "
    f"own images. {RESEARCH_NOTICE}",
    epilog="Examples\n\nkambin demo\n\n"
    "kambin import -i ct.nii.gz --labels segmentation.nii.gz -o case\n\n"
    "kambin check case\n\n"
    "kambin plan case --level L4-L5 --side left --zone paracentral -o plan",
    add_completion=False,
    no_args_is_help=True,
    # the library's own tracebacks can print local variables, which may be the patient's
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)

CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="Case folder.")]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Print one JSON document on standard output.")
]
# optional to the parser only: what is missing gets our own message, and never a default
LevelOption = Annotated[
    str | None, typer.Option("--level", metavar="LEVEL", help="Disc level, such as L4-L5.")
]
SideOption = Annotated[
    str | None,
    typer.Option("--side", metavar="SIDE", help="The patient's side: left or right."),
]
ZoneOption = Annotated[
    str | None, typer.Option("--zone", help="Axial zone that is aimed at, from the midline.")
]
TargetOption = Annotated[
    str | None, typer.Option("--target", metavar="X,Y,Z", help="Target instead, mm, LPS.")
]
TechniqueOption = Annotated[
    str | None, typer.Option("--technique", help="Technique preset; see kambin info.")
]
ForceOption = Annotated[
    bool, typer.Option("--force", help="Replace an existing case once the new one is whole.")
]


@app.callback()
def kambin() -> None:
    """Share nothing between the commands but their name."""


def examples(*lines: str) -> str:
    """Return the help epilog that shows how a command is called."""
    return "\n\n".join(("Examples", *lines))
