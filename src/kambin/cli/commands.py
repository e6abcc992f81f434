"""The commands by name: the list of them needs none of the libraries that they run on."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, NamedTuple

from typer.core import TyperCommand, TyperGroup


class Entry(NamedTuple):
    """One command in the list.

    Parameters
    ----------
    module : str, the module of ``kambin.cli`` that registers it
    summary : str, the first sentence of its help
    """

    module: str
    summary: str


COMMANDS = {
    "demo": Entry(
        "demo", "Show the main job on a patient made by code: L4-L5 left, a paracentral herniation."
    ),
    "phantom": Entry(
        "phantom",
        "Make a patient by code: a CT or MR, the labels a segmentation would give, and the truth.",
    ),
    "import": Entry(
        "importing", "Check an image and its labels to the last byte and keep them as a case."
    ),
    "segment": Entry(
        "segment",
        "Run TotalSegmentator, TotalSpineSeg or SPINEPS where it is installed, and check its "
        "labels.",
    ),
    "fragment": Entry(
        "fragment", "Place, draw or take out the fragment, and classify the one that is there."
    ),
    "fuse": Entry(
        "fuse",
        "Bring CT and MR of one patient together, vertebra by vertebra, with the error per level.",
    ),
    "check": Entry(
        "check", "List what stops a case, what a person must confirm, and what to know."
    ),
    "confirm": Entry("confirm", "Record a person's answers to what a case or a plan asks."),
    "measure": Entry(
        "measure",
        "Measure disc, foramen, window, root, joint, canal and crest beside what papers report.",
    ),
    "indications": Entry(
        "indications",
        "Weigh the ways to operate by rules on the measured anatomy, with reasons and figures.",
    ),
    "plan": Entry("plan", "Plan entry, target, tools and docking distance for one level and side."),
    "skinmap": Entry(
        "skinmap",
        "Show from where on the skin one may come, and how much room, bone and reach that means.",
    ),
    "verify": Entry(
        "verify",
        "Check a plan a second time, on surfaces, and that nothing changed since it was made.",
    ),
    "sign": Entry("sign", "Put a name under a plan that the second checker confirms."),
    "lock": Entry("lock", "Lock a signed plan: nothing replaces it unasked from now on."),
    "history": Entry(
        "history", "List the versions of a plan and its signatures, and walk among them."
    ),
    "diff": Entry(
        "diff", "Set two plans side by side: every number, and which plan it speaks for."
    ),
    "whatif": Entry(
        "whatif",
        "Measure the path of a plan again under an assumption, and leave the plan alone.",
    ),
    "report": Entry(
        "report", "Write the report of a plan or of a refusal: HTML, PDF and the pictures."
    ),
    "compare": Entry(
        "compare",
        "Measure what six ways to operate cost the same patient, and what each reaches.",
    ),
    "anaesthesia": Entry(
        "anaesthesia",
        "List the layers on the way of a plan, what each is given, and what the patient is asked.",
    ),
    "claims": Entry(
        "claims",
        "Put the promises of the technique to the test: papers for and against, and your plan.",
    ),
    "procedure": Entry(
        "procedure",
        "Write the procedure sheet of a plan: marks, C-arm, tools, steps, and what follows.",
    ),
    "app": Entry(
        "workstation", "Open the workstation: plan, check and print in the browser of this machine."
    ),
    "info": Entry(
        "info",
        "List instruments, techniques, label dialects, constants and codes with their sources.",
    ),
    "selftest": Entry(
        "selftest", "Check tables, sides and storage, and run the checks on a made patient."
    ),
}
"""Every command of ``kambin``, in the order of its help."""


class CommandList(TyperGroup):
    """All commands for help and suggestions; those whose module is loaded can run."""

    def __init__(self, **attrs: Any) -> None:
        loaded = attrs.pop("commands", None) or {}
        known = {
            name: loaded.get(name) or TyperCommand(name, help=entry.summary)
            for name, entry in COMMANDS.items()
        }
        super().__init__(commands=known, **attrs)


def load_command(words: Sequence[str]) -> None:
    """Import the module of the command that is called, and of no other.

    All of them together take seconds to import, and a person may only want the help.

    Parameters
    ----------
    words : the call without the program's name
    """
    called = next((word for word in words if not word.startswith("-")), None)
    if called in COMMANDS:
        # it registers its command
        import_module(f"kambin.cli.{COMMANDS[called].module}")
