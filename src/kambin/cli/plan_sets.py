"""Several plans in one call: other levels, both sides, and what they mean for each other."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from kambin.anatomy import Level
from kambin.cli.asking import require_level, require_side
from kambin.cli.output import print_document, print_lines, print_table
from kambin.cli.plan_words import print_records
from kambin.core import PlanError, RequestError
from kambin.exchange import SET_FILE, write_plan_set
from kambin.frames import Side
from kambin.planning import Member, Plan, PlanRequest, PlanSet, Refusal, make_plan_set


def find_requests(
    first: PlanRequest, also: Sequence[str], *, bilateral: bool
) -> tuple[PlanRequest, ...]:
    """Return the questions of one call, the first one first.

    Parameters
    ----------
    first : PlanRequest of ``--level`` and ``--side``
    also : str of ``--also``, each ``LEVEL:SIDE`` or ``LEVEL:SIDE:ZONE``
    bilateral : bool, ask every level from the other side as well

    Raises
    ------
    RequestError  (RQ-104) if one is not understood, or a target is given for several places;
        (RQ-103) if a place is asked for twice
    """
    asked = [first, *(_parse(word, first) for word in also)]
    if bilateral:
        asked += [replace(request, side=request.side.opposite) for request in tuple(asked)]
    places = [(request.level, request.side) for request in asked]
    if len(places) > 1 and first.target_lps_mm is not None:
        raise _not_understood(why="One target cannot be that of several places.", where="--target")
    twice = [place for place in places if places.count(place) > 1]
    if twice:
        raise RequestError(
            code="RQ-103",
            what="These plans make no set",
            where=f"{twice[0][0]} {twice[0][1]}",
            why="This level and side is asked for twice.",
            next_step="Ask for each level and side of one case once.",
        )
    return tuple(asked)


def finish_set(answers: dict[Path, Plan | Refusal], out: Path | None, *, json: bool) -> int:
    """Write and print the set of answers, and return the exit code.

    Parameters
    ----------
    answers : file of each member -> the answer; the files lie in ``out`` if there is one
    out : the folder of the set, or none if nothing was written
    json : bool, print the document

    Returns
    -------
    0, or 5 if any member is refused
    """
    if out is None:
        made = make_plan_set([Member(answer) for answer in answers.values()])
    else:
        made = write_plan_set(answers, out)
    if json:
        print_document(made)
    else:
        print_plan_set(made, out)
    return PlanError.exit_code if made.status == "refused" else 0


def print_plan_set(made: PlanSet, out: Path | None) -> None:
    """Print the members of a set and what they mean for each other."""
    print_lines(f"Set of {len(made.members)} plans  -  {made.status.replace('_', ' ')}")
    print_table(
        "Members",
        ("level", "side", "status", "file"),
        ((m.level, m.side, m.status.replace("_", " "), m.file or "-") for m in made.members),
    )
    for pair, tubes in zip(made.entries, made.tubes, strict=True):
        print_lines(
            f"{pair.a} and {pair.b}: entries {pair.distance_mm:.0f} mm apart, "
            f"cannulas {tubes.gap_mm:.0f} mm"
        )
    for row in made.bone:
        told = (_volume("left", row.left_mm3), _volume("right", row.right_mm3))
        print_lines(f"Bone of {row.vertebra}: {', '.join(t for t in told if t) or 'not assessed'}")
    for level in made.stability:
        print_lines(f"Both joints of {level.level} together: {level.stability_class}")
    print_records(made.findings)
    if out is not None:
        print_lines(f"Set       {out / SET_FILE}")


def find_member_folder(out: Path | None, request: PlanRequest) -> Path:
    """Return the folder of a member within that of its set, made or not."""
    return (out or Path()) / f"{request.level}-{request.side}"


def _volume(side: str, volume_mm3: float | None) -> str:
    return "" if volume_mm3 is None else f"{volume_mm3:.0f} mm3 {side}"


def _parse(word: str, first: PlanRequest) -> PlanRequest:
    parts = word.split(":")
    if len(parts) not in (2, 3) or not all(parts):
        raise _not_understood(why="It names a level and a side.", where=f"--also {word[:30]!r}")
    level: Level = require_level(parts[0])
    side: Side = require_side(parts[1])
    zone = parts[2] if len(parts) > len(("level", "side")) else first.zone
    return replace(first, level=level, side=side, zone=zone)


def _not_understood(*, why: str, where: str) -> RequestError:
    return RequestError(
        code="RQ-104",
        what="The other places are not understood",
        where=where,
        why=why,
        next_step="Give each as --also LEVEL:SIDE or LEVEL:SIDE:ZONE, and a zone with --zone.",
    )
