"""A process of its own that reads what a page has sent: with little memory, time and no network.

``python -m kambin.app.confined`` reads one JSON document, makes the case and prints another one.
"""

import json
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

from kambin.core import InputError, KambinError
from kambin.exchange import DicomRequest, import_case

FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system")
"""Beginnings of the events that a reader of files never causes (PEP 578)."""


def confine(memory_bytes: int, cpu_s: int) -> None:
    """Take memory, time, the network and other programs from this process, for good.

    Parameters
    ----------
    memory_bytes : int, what it may have beside the code that is loaded
    cpu_s : int, seconds of the processor
    """
    for limit, asked in ((resource.RLIMIT_DATA, memory_bytes), (resource.RLIMIT_CPU, cpu_s)):
        _, highest = resource.getrlimit(limit)
        most = asked if highest == resource.RLIM_INFINITY else min(asked, highest)
        resource.setrlimit(limit, (most, most))
    sys.addaudithook(_refuse)


def _refuse(event: str, _: tuple[Any, ...]) -> None:
    if event.startswith(FORBIDDEN):
        raise PermissionError(event)


def answer(asked: dict[str, Any]) -> dict[str, Any]:
    """Make the case that is asked for; return its folder, or the error as a document.

    Parameters
    ----------
    asked : mapping of ``image``, ``labels``, ``fragment``, ``dialect``, ``lowest`` and ``out``
    """
    image, fragment = asked["image"], asked["fragment"]
    try:
        folder = import_case(
            image=image and Path(image),
            labels=asked["labels"],
            dialect=asked["dialect"],
            lowest=asked["lowest"],
            fragment=fragment and Path(fragment),
            out=Path(asked["out"]),
            # who the patient is, is never kept by the workstation
            dicom=DicomRequest(keep_identity=False),
        )
    except KambinError as error:
        return {"error": error.as_document(), "exit_code": error.exit_code}
    except MemoryError:
        return {"error": too_much().as_document(), "exit_code": InputError.exit_code}
    return {"case": str(folder)}


def too_much() -> InputError:
    """Return what is said of files that a reader with limits did not come to the end of."""
    return InputError(
        code="IN-122",
        what="The upload was not read to its end",
        where="upload",
        why=(
            "Its files ask for more memory or time than the workstation gives to files of a page, "
            "or end their decoder."
        ),
        next_step="Make the case with kambin import, and open its folder.",
    )


def main(asked: TextIO, told: TextIO, limit: Callable[[int, int], None] = confine) -> None:
    """Read what is asked, keep to its limits, and tell what became of it.

    Parameters
    ----------
    asked, told : text files
    limit : takes memory and time from this process
    """
    document = json.load(asked)
    limit(document["memory_bytes"], document["cpu_s"])
    json.dump(answer(document), told)


if __name__ == "__main__":
    main(sys.stdin, sys.stdout)
