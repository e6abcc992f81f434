"""The arguments and options that several commands share, each told once."""

from pathlib import Path
from typing import Annotated

import typer

Case = Annotated[Path, typer.Argument(metavar="CASE", help="Case folder.")]
Plan = Annotated[
    Path, typer.Argument(metavar="PLAN", help="Plan file or set of plans, or its folder.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]
Folder = Annotated[Path, typer.Option("-o", "--out", metavar="DIR", help="Folder to write.")]
NewCase = Annotated[Path, typer.Option("-o", "--out", metavar="CASE", help="Folder to make.")]
Force = Annotated[
    bool, typer.Option("--force", help="Replace an existing case once the new one is whole.")
]
# optional to the parser only: what is missing gets our own message, and never a default
Level = Annotated[
    str | None, typer.Option("--level", metavar="LEVEL", help="Disc level, such as L4-L5.")
]
Side = Annotated[
    str | None,
    typer.Option("--side", metavar="SIDE", help="The patient's side: left or right."),
]
Zone = Annotated[
    str | None, typer.Option("--zone", help="Axial zone that is aimed at, from the midline.")
]
Target = Annotated[
    str | None, typer.Option("--target", metavar="X,Y,Z", help="Target instead, mm, LPS.")
]
Technique = Annotated[
    str | None, typer.Option("--technique", help="Technique preset; see kambin info.")
]
Series = Annotated[
    str, typer.Option("--series", metavar="NUMBER_OR_UID", help="Which series of a folder.")
]
Deshear = Annotated[
    bool, typer.Option("--deshear", help="Straighten a gantry tilt instead of refusing it.")
]
