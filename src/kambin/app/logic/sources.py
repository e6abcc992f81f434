"""Where a case can come from besides its folder: images with labels, or a patient made by code."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kambin.app.logic.opening import take_case
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import Task
from kambin.core import Progress
from kambin.desk.gate import CheckedCase, read_checked_case
from kambin.exchange import DicomRequest, import_case, require_free, write_phantom
from kambin.exchange.dialects import AUTO
from kambin.phantom import PhantomParameters, build_phantom


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What ``kambin import`` is told, as data of a form.

    Parameters
    ----------
    image : file or DICOM folder, or none for labels alone
    labels : label maps, folders of masks or ``NAME=FILE`` masks; the earlier wins
    dialect : what the labels mean, or ``auto``
    lowest : lowest whole vertebra, for labels that are counted from below
    fragment : mask of the fragment, or none
    roots : drawn roots, each ``KEY=FILE``
    series : which series of a DICOM folder, empty for the only one
    deshear : bool, straighten a gantry tilt
    """

    image: Path | None = None
    labels: tuple[Path | str, ...] = ()
    dialect: str = AUTO
    lowest: str = ""
    fragment: Path | None = None
    roots: tuple[str, ...] = ()
    series: str = ""
    deshear: bool = False


Make = Callable[[ImportWish, Path, Progress], Path]
"""Makes a case folder of files, here or elsewhere."""


def import_wish(wish: ImportWish, out: Path, progress: Progress) -> Path:
    """Make a case folder of files, in this process, and return it.

    Parameters
    ----------
    wish : ImportWish
    out : the case folder to make
    progress : Progress

    Raises
    ------
    KambinError  as ``import_case``
    """
    progress.step("reading images and labels", 0, 2)
    return import_case(
        image=wish.image,
        labels=wish.labels,
        dialect=wish.dialect,
        lowest=wish.lowest,
        fragment=wish.fragment,
        roots=wish.roots,
        out=out,
        # who the patient is, is never kept by the workstation
        dicom=DicomRequest(wish.series, wish.deshear, keep_identity=False),
    )


def import_task(
    session: Session, wish: ImportWish, out: Path, make: Make = import_wish
) -> Task[CheckedCase]:
    """Return the task that makes a case from files and opens it; a failure keeps the old case.

    Parameters
    ----------
    session : Session
    wish : ImportWish; an upload is the same, with files in a folder of the guard
    out : the case folder to make
    make : makes the folder; files of a page are read apart

    Raises
    ------
    StoreError  (ST-002) if the folder exists
    """
    require_free(out, force=False)

    return _open_made(session, "importing", lambda progress: make(wish, out, progress))


def phantom_task(session: Session, parameters: PhantomParameters, out: Path) -> Task[CheckedCase]:
    """Return the task that makes a patient by code and opens it.

    Parameters
    ----------
    session : Session
    parameters : PhantomParameters, as ``kambin phantom`` takes them
    out : the case folder to make

    Raises
    ------
    StoreError  (ST-002) if the folder exists
    """
    require_free(out, force=False)

    def _make(progress: Progress) -> Path:
        return write_phantom(build_phantom(parameters, progress=progress), out)

    return _open_made(session, "making a patient", _make)


def _open_made(session: Session, title: str, make: Callable[[Progress], Path]) -> Task[CheckedCase]:
    def _work(progress: Progress) -> CheckedCase:
        folder = make(progress)
        progress.step("checking the case", 1, 2)
        return read_checked_case(folder)

    return Task(title, "case", _work, lambda checked: take_case(session, checked))
