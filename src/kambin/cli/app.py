"""The command line application and the words its commands share."""

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


@app.callback()
def kambin() -> None:
    """Share nothing between the commands but their name."""


def examples(*lines: str) -> str:
    """Return the help epilog that shows how a command is called."""
    return "\n\n".join(("Examples", *lines))
