"""A case of files that came over the page: the same import, and nothing of the files is kept."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Final

from kambin.app.guard.uploads import ENDINGS, Upload, UploadedFile
from kambin.app.logic.confining import import_confined
from kambin.app.logic.session import Session
from kambin.app.logic.sources import ImportWish, import_task
from kambin.app.logic.tasks import Task
from kambin.core import InputError, Progress
from kambin.desk.gate import CheckedCase

_WORD: Final = re.compile(r"[A-Za-z0-9_-]{1,60}")


def upload_task(session: Session, upload: Upload, out: Path) -> Task[CheckedCase]:
    """Return the task that makes a case of an upload and opens it; a failure keeps the old case.

    Parameters
    ----------
    session : Session
    upload : Upload, which the task discards whatever becomes of it
    out : the case folder to make

    Raises
    ------
    InputError  (IN-121) if it brings no labels, or a mask whose name is no structure's
    StoreError  (ST-002) if the folder exists
    """
    # nobody here has looked at these files: they are read with limits
    task = import_task(session, upload_wish(upload), out, import_confined)

    def _work(progress: Progress) -> CheckedCase:
        try:
            return task.work(progress)
        finally:
            # the case holds what was asked for; these may say who the patient is
            upload.discard()

    return replace(task, work=_work)


def upload_wish(upload: Upload) -> ImportWish:
    """Return what an upload asks to be made of it.

    Parameters
    ----------
    upload : Upload

    Raises
    ------
    InputError  (IN-121) if it brings no labels, or a mask whose name is no structure's
    """
    images, fragments = upload.of("image"), upload.of("fragment")
    labels: tuple[Path | str, ...] = tuple(file.path for file in upload.of("labels"))
    masks = tuple(f"{_structure_of(file)}={file.path}" for file in upload.of("mask"))
    if not labels and not masks:
        raise _not_accepted(why="No labels came with it.")
    return ImportWish(
        # one file is an image by itself; several are the slices of a series
        image=(images[0].path if len(images) == 1 else images[0].path.parent) if images else None,
        labels=(*labels, *masks),
        fragment=fragments[0].path if fragments else None,
    )


def _structure_of(file: UploadedFile) -> str:
    """Return the structure that a mask is named after; the one thing a name may say."""
    name = re.split(r"[/\\]", file.shown_name)[-1]
    ending = next((end for end in ENDINGS if name.lower().endswith(end)), "")
    word = name.removesuffix(name[len(name) - len(ending) :]) if ending else name
    if not _WORD.fullmatch(word):
        raise _not_accepted(why="A mask is not named after a structure.")
    return word


def _not_accepted(*, why: str) -> InputError:
    return InputError(
        code="IN-121",
        what="The upload is not accepted",
        where="upload",
        why=why,
        next_step="Choose labels as well: a label map, or masks named after their structures.",
    )
