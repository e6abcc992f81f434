"""Segmentation tools that the user has installed: called as they are, checked afterwards."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from kambin.anatomy.check_image import is_ct
from kambin.core import InputError, RequestError, StoreError
from kambin.exchange.dicom_image import DicomRequest
from kambin.exchange.documents import write_durably, writing_failed
from kambin.exchange.geometry import (
    SAME_PLACE_TOLERANCE,
    describe_place,
    greatest_shift_voxels,
)
from kambin.exchange.nifti_writing import nifti_bytes
from kambin.exchange.pictures import read_picture, require_volume
from kambin.exchange.sources import read_sources
from kambin.imaging import Volume

_IMAGE = "sub-image_T2w.nii.gz"
"""What the tool is given: a name without the patient's, which SPINEPS takes for BIDS."""

_PACKED = ".nii.gz"


@dataclass(frozen=True, slots=True)
class Product:
    """A label file that a tool leaves.

    Parameters
    ----------
    name : str, the name it gets, without its ending
    pattern : str, where the tool leaves it under its folder, as a glob
    dialect : str, the table of its labels
    """

    name: str
    pattern: str
    dialect: str


@dataclass(frozen=True, slots=True)
class Run:
    """One call of a tool.

    Parameters
    ----------
    words : the options; ``{image}`` and ``{folder}`` stand for what it reads and where it writes
    products : what it leaves
    fast : the options for its faster model, none if it has none
    """

    words: tuple[str, ...]
    products: tuple[Product, ...]
    fast: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Segmenter:
    """A tool as its own documentation says it is called.

    Parameters
    ----------
    name : str, as on the command line
    title : str
    executable : str, found on the PATH or beside the interpreter
    entry : module and function, for a tool that is importable and has no executable
    install : str, what installs it
    ct, mr : the runs that segment a spine with its organs, as far as the tool can
    devices : device -> options
    """

    name: str
    title: str
    executable: str
    entry: tuple[str, str]
    install: str
    ct: tuple[Run, ...]
    mr: tuple[Run, ...]
    devices: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Segmentation:
    """What a tool made of an image.

    Parameters
    ----------
    tool : str
    modality : str, ``CT`` or ``MR``, as the values of the image say
    files : the label files, in the order in which an import should get them
    dialects : the dialect of each
    """

    tool: str
    modality: str
    files: tuple[Path, ...]
    dialects: tuple[str, ...]


def _total(task: str, dialect: str, *, fast: bool = False) -> Run:
    out = f"{task}{_PACKED}"
    words = ("-i", "{image}", "-o", f"{{folder}}/{out}", "--ml", "--task", task)
    return Run(words, (Product(task, out, dialect),), ("--fast",) if fast else ())


_SPINE_STEP = Run(
    ("{image}", "{folder}"),
    (Product("totalspineseg", f"step2_output/*{_PACKED}", "totalspineseg"),),
)

SEGMENTERS = {
    tool.name: tool
    for tool in (
        Segmenter(
            "totalsegmentator",
            "TotalSegmentator",
            "TotalSegmentator",
            ("totalsegmentator.bin.TotalSegmentator", "main"),
            "pip install TotalSegmentator",
            (_total("total", "totalsegmentator", fast=True),),
            (
                _total("vertebrae_mr", "totalsegmentator_vertebrae_mr"),
                _total("total_mr", "totalsegmentator_mr", fast=True),
            ),
            {"cpu": ("--device", "cpu"), "gpu": ("--device", "gpu")},
        ),
        Segmenter(
            "totalspineseg",
            "TotalSpineSeg",
            "totalspineseg",
            ("totalspineseg.inference", "main"),
            "pip install totalspineseg[nnunetv2]",
            (_SPINE_STEP,),
            (_SPINE_STEP,),
            {"cpu": ("--device", "cpu"), "gpu": ("--device", "cuda")},
        ),
        Segmenter(
            "spineps",
            "SPINEPS",
            "spineps",
            ("spineps.entrypoint", "entry_point"),
            "pip install spineps",
            (),
            (
                Run(
                    ("sample", "-i", "{image}", "-ms", "t2w", "-mv", "instance"),
                    (
                        Product("seg-vert", f"**/*seg-vert_msk{_PACKED}", "verse"),
                        Product("seg-spine", f"**/*seg-spine_msk{_PACKED}", "spineps_subregions"),
                    ),
                ),
            ),
            {"cpu": ("-cpu",), "gpu": ()},
        ),
    )
}
"""The tools, called as their repositories say: TotalSegmentator 2, TotalSpineSeg, SPINEPS."""


def find_segmenter_call(name: str) -> tuple[str, ...]:
    """Return the words that call a tool on this machine, none if it is not installed.

    Parameters
    ----------
    name : str, a key of ``SEGMENTERS``
    """
    tool = SEGMENTERS[name]
    # an environment's own folder may not be on the PATH of whoever calls its interpreter
    places = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
    found = shutil.which(tool.executable, path=places)
    if found:
        return (found,)
    module, function = tool.entry
    # the package alone is looked for: finding its inner modules would run its code
    if importlib.util.find_spec(module.split(".", maxsplit=1)[0]) is None:
        return ()
    return (sys.executable, "-c", f"from {module} import {function}; {function}()")


def segment(
    image: Path,
    out: Path,
    *,
    tool: str,
    fast: bool = False,
    device: str = "",
    dicom: DicomRequest | None = None,
    say: Callable[[str], None],
) -> Segmentation:
    """Let an installed tool segment an image, and check what it left.

    Parameters
    ----------
    image : file or DICOM folder of the CT or MR; it is not changed, and the tool gets its voxels
        as NIfTI, without a name and without any header of DICOM
    out : folder for the label files; made whole or not at all
    tool : str, a key of ``SEGMENTERS``
    fast : bool, the tool's faster model
    device : ``cpu``, ``gpu``, or empty for the tool's own choice
    dicom : which series of a DICOM folder, and how it may be read
    say : called with each line that the tool prints

    Returns
    -------
    Segmentation

    Raises
    ------
    RequestError  (RQ-060) if the tool is not installed, (RQ-061) if it cannot do what is asked
    InputError  (IN-084) if the tool fails, (IN-085) if what it left cannot be its labels of
        this image; and whatever ``read_picture`` and ``read_sources`` raise
    StoreError  (ST-002) if the folder holds something, (ST-001) if it cannot be written
    """
    call = _require_installed(tool)
    _require_empty(out)
    # the same door as the import: what is refused there is not given to a tool either
    volume = require_volume(read_picture(image, dicom or DicomRequest()))
    modality = "CT" if is_ct(volume) else "MR"
    runs = _require_able(SEGMENTERS[tool], modality, fast=fast, device=device)
    partial = out.with_name(f".{out.name}.{os.getpid()}.part")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        products = _run_all(call, runs, (fast, device), volume, partial, SEGMENTERS[tool], say)
        final = partial / "labels"
        final.mkdir()
        for product, file in products:
            (partial / file).rename(final / f"{product.name}{_PACKED}")
        if out.exists():
            out.rmdir()
        final.rename(out)
    except OSError as error:
        raise writing_failed(out, int(volume.values.nbytes), error) from error
    finally:
        # the copy of the image and whatever else a tool left
        shutil.rmtree(partial, ignore_errors=True)
    kept = [product for product, _ in products]
    return Segmentation(
        tool,
        modality,
        tuple(out / f"{product.name}{_PACKED}" for product in kept),
        tuple(product.dialect for product in kept),
    )


def _require_installed(name: str) -> tuple[str, ...]:
    if name not in SEGMENTERS:
        raise _unable(name, "It is not a tool that is known.")
    call = find_segmenter_call(name)
    if call:
        return call
    tool = SEGMENTERS[name]
    raise RequestError(
        code="RQ-060",
        what="The segmentation tool is not installed",
        where=f"--tool {name}",
        why=f"{tool.executable} is not on the PATH and its package cannot be imported; "
        "Kambin brings no networks and loads nothing from the net.",
        next_step=f"Install {tool.title} where you have its licence ({tool.install}), or give "
        "label files of any tool to kambin import.",
    )


def _require_able(tool: Segmenter, modality: str, *, fast: bool, device: str) -> tuple[Run, ...]:
    runs = tool.ct if modality == "CT" else tool.mr
    if not runs:
        raise _unable(tool.name, f"{tool.title} is called for MR here, and the image is a CT.")
    if fast and not any(run.fast for run in runs):
        raise _unable(tool.name, f"{tool.title} has no faster model for {modality}.")
    if device and device not in tool.devices:
        raise _unable(tool.name, f"The device {device[:20]!r} is neither cpu nor gpu.")
    return runs


def _unable(name: str, why: str) -> RequestError:
    return RequestError(
        code="RQ-061",
        what="The segmentation tool cannot do this",
        where=f"--tool {name[:30]}",
        why=why,
        next_step=f"Use one of {', '.join(SEGMENTERS)}, without the option it does not have.",
    )


def _require_empty(out: Path) -> None:
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return
    raise StoreError(
        code="ST-002",
        what="The output exists already",
        where=out.name,
        why="It is not empty, and nothing in it would be replaced.",
        next_step="Choose another name.",
    )


def _run_all(
    call: Sequence[str],
    runs: Sequence[Run],
    asked: tuple[bool, str],
    volume: Volume,
    partial: Path,
    tool: Segmenter,
    say: Callable[[str], None],
) -> list[tuple[Product, Path]]:
    """Run the tool as often as it needs and return where its products lie under the folder."""
    fast, device = asked
    partial.mkdir(parents=True)
    image = partial / _IMAGE
    write_durably(image, nifti_bytes(_as_written(volume)))
    products = []
    for number, run in enumerate(runs):
        folder = partial / f"run-{number}"
        folder.mkdir()
        # a tool that writes beside its image must find it in its own folder
        given = folder / _IMAGE
        shutil.copyfile(image, given)
        words = [word.format(image=given, folder=folder) for word in run.words]
        extra = (*(run.fast if fast else ()), *(tool.devices[device] if device else ()))
        _call([*call, *words, *extra], tool, say)
        for product in run.products:
            file = _only_file(folder, product, tool)
            _check_labels(file, product, volume)
            products.append((product, file.relative_to(partial)))
    return products


def _as_written(volume: Volume) -> Volume:
    if volume.values.dtype in (np.dtype(np.int16), np.dtype(np.float32)):
        return volume
    return Volume(volume.values.astype(np.float32), volume.lps_from_ijk, volume.frame_id)


def _call(words: Sequence[str], tool: Segmenter, say: Callable[[str], None]) -> None:
    """Run one call without a shell, passing its lines on as they come."""
    # every word is ours but the path of the tool, which the user's own PATH names
    with subprocess.Popen(  # noqa: S603
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        has_ended = False
        try:
            for line in process.stdout or ():
                say(line.rstrip("\n"))
            has_ended = True
        finally:
            # stopped from the keyboard: nothing may go on computing behind the user's back
            if not has_ended:
                process.kill()
        status = process.wait()
    if status:
        raise InputError(
            code="IN-084",
            what="The segmentation tool failed",
            where=tool.title,
            why=f"It ended with status {status}; what it printed stands above.",
            next_step="Correct what it says, or run it yourself and import its label file.",
        )


def _only_file(folder: Path, product: Product, tool: Segmenter) -> Path:
    found = sorted(file for file in folder.glob(product.pattern) if file.is_file())
    if len(found) == 1:
        return found[0]
    raise _wrong(tool.title, f"It left {len(found) or 'no'} files {product.pattern}; one is due.")


def _check_labels(file: Path, product: Product, volume: Volume) -> None:
    """Read what a tool left with our own reader, and require its place to be the image's."""
    (source,) = read_sources(file, product.dialect)
    labels = source.labels
    shift = greatest_shift_voxels(volume.lps_from_ijk, labels.lps_from_ijk, volume.shape)
    if labels.shape == volume.shape and shift <= SAME_PLACE_TOLERANCE:
        return
    one = describe_place(volume.lps_from_ijk, volume.shape)
    other = describe_place(labels.lps_from_ijk, labels.shape)
    raise _wrong(product.name, f"The image has {one}, the labels {other}.")


def _wrong(where: str, why: str) -> InputError:
    return InputError(
        code="IN-085",
        what="What the segmentation tool left is not its labels of this image",
        where=where,
        why=why,
        next_step="See whether this version of the tool is called in another way, run it yourself "
        "and import its label file.",
    )
