"""Which slices belong to one image, and which of several images is meant."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kambin.core import InputError
from kambin.exchange.dicom_frames import PERSON_TAGS, FileHeader, Frame

_DIRECTION_TOLERANCE = 1e-3
"""Two slices are parallel if no direction cosine differs by more; 0.06 degrees."""

_LISTED = 12
"""How many series a message lists."""

_STUDY_TAGS = ("StudyInstanceUID", "FrameOfReferenceUID")
_PHASES = ("AcquisitionNumber", "ContrastBolusAgent", "AcquisitionTime", "ContentTime")
"""What may tell phases of one series apart, tried only where places are taken twice."""


@dataclass(frozen=True, slots=True)
class Series:
    """Slices that make one image, and the word by which a user may choose it.

    Parameters
    ----------
    word : str, number of the series, with a point and a count where the series holds several
    frames : its slices, in no order
    """

    word: str
    frames: tuple[Frame, ...]

    @property
    def uid(self) -> str:
        """Return the UID of the series; empty in anonymised files."""
        return self.frames[0].header.words.get("SeriesInstanceUID", "")


def require_one_patient(headers: Sequence[FileHeader], where: str) -> None:
    """Refuse files of two persons; which tags differ is said, and never what they hold.

    Parameters
    ----------
    headers : of all files, images or not
    where : str, the name of the folder

    Raises
    ------
    InputError  (IN-053)
    """
    # one program writes the empty parts of a name, another leaves them out
    rows = [{t: w.strip("^ ").casefold() for t, w in h.person.items()} for h in headers]
    require_same(rows, PERSON_TAGS, "patients", where)


def require_one_study(frames: Sequence[Frame], where: str) -> None:
    """Refuse one series whose slices are of two studies or two frames of reference.

    Raises
    ------
    InputError  (IN-053)
    """
    words = [frame.header.words for frame in frames]
    require_same(words, _STUDY_TAGS, "studies or frames of reference", where)


def require_same(rows: Sequence[dict[str, str]], tags: Sequence[str], who: str, where: str) -> None:
    """Refuse rows that differ in one of the tags, naming the tags only.

    Raises
    ------
    InputError  (IN-053)
    """
    kinds = {tag: len({row.get(tag, "") for row in rows}) for tag in tags}
    differing = [f"{tag} ({count} different)" for tag, count in kinds.items() if count > 1]
    if differing:
        raise InputError(
            code="IN-053",
            what=f"The files are of several {who}",
            where=where,
            why=f"They differ in {', '.join(differing)}; the values are not shown.",
            next_step="Put the files of one patient and one examination into their own folder.",
        )


def split_series(frames: Sequence[Frame]) -> list[Series]:
    """Return the slices sorted into images, in the order of their numbers.

    Parameters
    ----------
    frames : all slices of a folder, in any order
    """
    groups: dict[tuple[str, ...], list[Frame]] = {}
    directions: list[np.ndarray] = []
    for frame in sorted(frames, key=lambda f: (f.header.path, f.index)):
        groups.setdefault(_group_key(frame, directions), []).append(frame)
    parts = [part for _, group in sorted(groups.items()) for part in _split_phases(group)]
    numbers = [_number_of(part[0]) for part in parts]
    repeated, seen, series = Counter(numbers), Counter[str](), []
    for number, part in zip(numbers, parts, strict=True):
        seen[number] += 1
        word = number if repeated[number] == 1 else f"{number}.{seen[number]}"
        series.append(Series(word, tuple(part)))
    return series


def choose_series(found: Sequence[Series], asked: str, where: str) -> Series:
    """Return the image that was asked for, or the only one there is.

    Parameters
    ----------
    found : images, at least one
    asked : number or UID of a series, or empty
    where : str, the name of the folder

    Raises
    ------
    InputError  (IN-052) if the asked one is not there; (IN-051) if there are several;
        (IN-053) if they are of several studies
    """
    fitting = [s for s in found if asked in ("", s.word, s.uid) or s.word.split(".")[0] == asked]
    exact = [s for s in fitting if s.word == asked] or fitting
    if len(exact) == 1:
        return exact[0]
    listed = "; ".join(describe_series(s, found) for s in (exact or found)[:_LISTED])
    more = f"; and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
    if not exact:
        raise InputError(
            code="IN-052",
            what="The series that was asked for is not there",
            where=f"--series {asked[:64]!r}",
            why=f"There are {listed}{more}.",
            next_step="Use one of the listed words, such as --series " + found[0].word + ".",
        )
    studies = {s.frames[0].header.words.get("StudyInstanceUID", "") for s in exact}
    code = "IN-051" if len(studies) == 1 else "IN-053"
    told = "" if len(studies) == 1 else f"StudyInstanceUID has {len(studies)} values. "
    raise InputError(
        code=code,
        what="There are several series" + ("" if len(studies) == 1 else " of several studies"),
        where=where,
        why=f"{told}To choose from: {listed}{more}.",
        next_step=f"Choose one with --series, such as --series {exact[0].word}.",
    )


def describe_series(series: Series, among: Sequence[Series] = ()) -> str:
    """Return size, spacing and what sets an image apart from the others, in one phrase.

    Parameters
    ----------
    series : Series
    among : the images it has to be told from
    """
    first = series.frames[0]
    rows, columns = first.header.shape
    spacing = " x ".join(f"{mm:.3g}" for mm in first.spacing) or "unknown spacing"
    traits = {k for s in among for k in s.frames[0].traits}
    told = [
        f"{name} {_printable(first.traits.get(name, 'none'))}"
        for name in sorted(traits)
        if len({s.frames[0].traits.get(name) for s in among}) > 1
    ]
    plane = f"{_plane_of(first)} " if first.directions.size else ""
    size = f"{len(series.frames)} {plane}slices {first.header.modality} {columns} x {rows}"
    return ", ".join([f"{series.word} = {size}, {spacing} mm", *told])


def is_localiser(frame: Frame) -> bool:
    """Return whether the header calls a slice a localiser."""
    words = (frame.traits.get("image type", ""), frame.traits.get("kind", ""))
    return any("LOCALIZER" in word.upper().split("\\") for word in words)


def _group_key(frame: Frame, directions: list[np.ndarray]) -> tuple[str, ...]:
    words = frame.header.words
    return (
        _number_of(frame).zfill(8),
        words.get("SeriesInstanceUID", ""),
        frame.header.modality,
        *(words.get(tag, "") for tag in ("Rows", "Columns")),
        ",".join(f"{mm:.4f}" for mm in frame.spacing),
        str(_direction_number(frame, directions)),
        # the type of the file may be MIXED; that of the frame says what the frame is
        *(f"{k}={v}" for k, v in sorted(frame.traits.items())),
    )


def _direction_number(frame: Frame, known: list[np.ndarray]) -> int:
    """Return the number of the orientation, nearly equal ones being one."""
    for number, directions in enumerate(known):
        same = directions.size == frame.directions.size
        if same and np.allclose(directions, frame.directions, rtol=0, atol=_DIRECTION_TOLERANCE):
            return number
    known.append(frame.directions)
    return len(known) - 1


def _split_phases(group: list[Frame]) -> list[list[Frame]]:
    """Split slices that lie at the same places by what the header says about their phase."""
    if not _places_repeat(group):
        return [group]
    for tag in _PHASES:
        parts: dict[str, list[Frame]] = {}
        for frame in group:
            parts.setdefault(frame.header.words.get(tag, ""), []).append(frame)
        whole = [part for part in parts.values() if len(part) > 1 and not _places_repeat(part)]
        if len(parts) > 1 and len(whole) == len(parts):
            return [parts[key] for key in sorted(parts)]
    return [group]


def _places_repeat(group: list[Frame]) -> bool:
    places = [tuple(np.round(frame.position, 2)) for frame in group]
    return len(set(places)) < len(places)


def _number_of(frame: Frame) -> str:
    return str(frame.header.number("SeriesNumber"))


def _plane_of(frame: Frame) -> str:
    normal = np.cross(frame.directions[:3], frame.directions[3:])
    return ("sagittal", "coronal", "axial")[int(np.abs(normal).argmax())]


def _printable(word: str) -> str:
    return "".join(c if c.isascii() and c.isprintable() else "?" for c in word)[:40]
