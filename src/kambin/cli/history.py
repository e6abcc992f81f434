"""``kambin history``: the versions of a plan, with undo and redo, and who signed which."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import print_document, print_lines, print_table, with_version
from kambin.cli.signature_words import print_signatures
from kambin.core import RequestError
from kambin.desk.clock import SystemClock
from kambin.exchange import (
    History,
    Version,
    find_answer_file,
    read_answer,
    read_case,
    read_history,
    read_signatures,
    step_history,
)
from kambin.planning import Signature


@app.command(
    epilog=examples(
        "kambin history case plan",
        "kambin history case plan --undo",
        "kambin history case plan --redo",
    )
)
def history(
    case: options.Case,
    plan: options.Plan,
    undo: Annotated[bool, typer.Option("--undo", help="Bring the version before back.")] = False,
    redo: Annotated[bool, typer.Option("--redo", help="Take the last undo back.")] = False,
    json: options.Json = False,
) -> None:
    """List the versions of a plan and its signatures, and walk among them."""
    if undo and redo:
        raise RequestError(
            code="RQ-005",
            what="The command line is not understood",
            where="--undo --redo",
            why="One call goes one step, back or forward.",
            next_step="Give one of the two.",
        )
    place = plan if plan.is_dir() else find_answer_file(plan)
    if undo or redo:
        step_history(place, back=undo, at=SystemClock().now().isoformat(timespec="seconds"))
    found = read_history(place)
    if found.current is None and (find_answer_file(place).exists() or not place.exists()):
        # a plan without a history is one all the same; a mistyped name is none
        read_answer(find_answer_file(place))
    signatures = read_signatures(place, case_sha256=read_case(case, verify=False).sha256)
    if json:
        print_document(with_version(_describe(place, found, signatures)))
    else:
        print_history(found, signatures)


def print_history(found: History, signatures: Sequence[Signature]) -> None:
    """Print the versions, which of them is the plan, and whose signatures count."""
    if found.current is None:
        print_lines("No history is kept here; it begins with the next kambin plan -o.")
        return
    signed = {s.content_sha256: s for s in signatures}
    columns = ("version", "what", "level", "side", "since", "content", "")
    print_table("Versions", columns, (_cells(v, found.current, signed) for v in found.versions))
    print_signatures(signatures)


def _cells(version: Version, current: Version, signed: dict[str, Signature]) -> tuple[str, ...]:
    signature = signed.get(version.content_sha256)
    words = ["the plan now"] if version.number == current.number else []
    if signature is not None:
        words.append("signed, locked" if signature.is_locked else "signed")
    kind = version.kind if version.origin == "written" else f"{version.kind}, found here"
    content = version.content_sha256[:12]
    number = str(version.number)
    return number, kind, version.level, version.side, version.at, content, ", ".join(words)


def _describe(place: Path, found: History, signatures: Sequence[Signature]) -> dict[str, Any]:
    return {
        "plan": str(place),
        "current": _number(found.current),
        "undo": _number(found.undone),
        "redo": _number(found.redone),
        "versions": [asdict(version) for version in found.versions],
        "signatures": [asdict(signature) for signature in signatures],
        "head_sha256": found.head_sha256,
    }


def _number(version: Version | None) -> int | None:
    return None if version is None else version.number
