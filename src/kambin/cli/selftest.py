"""``kambin selftest``: whether this installation does on this machine what it should."""

import tempfile
import time
from collections.abc import Callable
from functools import cache
from itertools import permutations, product
from pathlib import Path

import numpy as np
import typer

from kambin.anatomy import Case, Level, StructureKey, check_case, complete
from kambin.cli import options
from kambin.cli.app import app, examples
from kambin.cli.output import console, print_document, print_lines, with_version
from kambin.core import KambinError, find_blocking, read_codes
from kambin.exchange import (
    PATIENT_FRAME,
    find_key,
    nifti_bytes,
    read_case,
    read_dialects,
    read_label_map,
    write_phantom,
)
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import describe
from kambin.phantom import PhantomParameters, build_phantom
from kambin.planning import PlanRequest, Refusal, plan_trajectory, verify_plan

_MADE = PhantomParameters(Level("L4", "L5"), Side.LEFT, spacing_mm=3.0)
"""The made patient, coarse: enough for every check, in seconds."""

_FAILED_EXIT_CODE = 1


@app.command(epilog=examples("kambin selftest", "kambin selftest --json"))
def selftest(json: options.Json = False) -> None:
    """Check tables, sides and storage, and run the checks on a made patient.

    Exit code 1 if a step fails: then nothing this installation says can be trusted.
    """
    results = []
    # every step runs, so that one failure does not hide another
    for name, step in STEPS.items():
        begin_s = time.monotonic()
        fault = _run(step)
        # timings are never part of a document
        console(stderr=True).print(f"{name}: {time.monotonic() - begin_s:.1f} s")
        results.append({"step": name, "passed": not fault, "fault": fault})
        if not json:
            print_lines(f"{'failed' if fault else 'ok':8}{name}{': ' if fault else ''}{fault}")
    passed = all(result["passed"] for result in results)
    if json:
        print_document(with_version({"passed": passed, "steps": results}))
    raise typer.Exit(0 if passed else _FAILED_EXIT_CODE)


def check_tables() -> str:
    """Return what is wrong with the packaged tables, or an empty string."""
    strange = [
        f"{dialect.name}: {name}"
        for dialect in read_dialects().values()
        for name in dialect.names.values()
        if find_key(name) is None
    ]
    if not read_codes() or not describe()["constants"]:
        return "a table is empty"
    return ", ".join(strange)


def check_sides() -> str:
    """Return what is wrong with left and right in files, or an empty string.

    A block with a different corner on each axis is stored in all 48 orders of its axes, written
    and read again; left must stay left, and every order must give the same array.
    """
    values = np.zeros((12, 11, 10), dtype=np.uint8)
    values[7:11, 1:4, 5:9] = 1  # more to the left, to the front and to the head
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-22.0, -20.0, -18.0)
    block = LabelMap(values, affine, PATIENT_FRAME)
    centre_lps_mm = block.lps_mm(np.argwhere(values == 1).mean(axis=0))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "block.nii.gz"
        for order, flips in product(permutations(range(3)), product((False, True), repeat=3)):
            file.write_bytes(nifti_bytes(reorder(block, order, flips)))
            back = read_label_map(file)
            found_lps_mm = back.lps_mm(np.argwhere(back.values == 1).mean(axis=0))
            if not np.allclose(found_lps_mm, centre_lps_mm, atol=10.0**-3):
                return f"order {order} with flips {flips} moved the block to {found_lps_mm}"
            if not np.array_equal(back.values, block.values):
                return f"order {order} with flips {flips} gives another array"
    return "" if centre_lps_mm[0] * Side.LEFT.lateral_sign_lps > 0 else "left is not left"


def check_made_patient() -> str:
    """Return what the checks find wrong with a made patient, or an empty string."""
    case = _made_case()
    if StructureKey("vertebra", "L4") not in case.names.values():
        return "a vertebra got lost on the way to the disk"
    return ", ".join(finding.code for finding in find_blocking(check_case(case).findings))


def check_plan() -> str:
    """Return what is wrong with planning on a made patient, or an empty string.

    A plan must pass the second checker; a refusal must name what binds.
    """
    case = _made_case()
    anatomy = complete(case)
    request = PlanRequest(_MADE.level, _MADE.side, zone=_MADE.zone)
    answer = plan_trajectory(case, anatomy, request)
    if isinstance(answer, Refusal):
        return "" if answer.binding.structure else "a refusal names nothing"
    verdict = verify_plan(case, anatomy, answer)
    return "" if verdict.valid else ", ".join(finding.code for finding in verdict.findings)


@cache
def _made_case() -> Case:
    """Return a made patient as it comes back from the disk; both steps use the one."""
    with tempfile.TemporaryDirectory() as folder:
        # through the disk and back, because writing and reading are tried as well
        return read_case(write_phantom(build_phantom(_MADE), Path(folder) / "case"))


def reorder(labels: LabelMap, order: tuple[int, ...], flips: tuple[bool, ...]) -> LabelMap:
    """Return the same voxels in the same place, stored in another order of the axes.

    Parameters
    ----------
    labels : LabelMap, shape (I, J, K), LPS, mm
    order : the old axis that becomes the new axis 0, 1, 2
    flips : whether each new axis runs the other way
    """
    values, affine = labels.values.transpose(order), labels.lps_from_ijk.copy()
    affine[:, :3] = labels.lps_from_ijk[:, list(order)]
    for axis, flipped in enumerate(flips):
        if flipped:
            values = np.flip(values, axis)
            affine[:, 3] += affine[:, axis] * (values.shape[axis] - 1)
            affine[:, axis] *= -1.0
    return LabelMap(values, affine, labels.frame_id)


def _run(step: Callable[[], str]) -> str:
    try:
        return step()
    # an error of ours is a failed step with its reason; anything else is a bug and ends as one
    except (KambinError, LookupError) as error:
        return str(error)


STEPS: dict[str, Callable[[], str]] = {
    "tables are whole": check_tables,
    "left stays left in all 48 storage orders": check_sides,
    "a made patient passes the checks": check_made_patient,
    "a plan passes the second checker, or its refusal has a reason": check_plan,
}
"""What is tried, in order: each returns what is wrong, or an empty string."""
