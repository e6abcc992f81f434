"""One label file or folder at a time: its voxels and what each label is."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from kambin.anatomy import StructureKey
from kambin.core import InputError
from kambin.exchange.dialects import (
    AUTO,
    EMBEDDED,
    KAMBIN,
    MASKS,
    SIDECAR,
    find_dialect_in_file_name,
    find_dialects_by_values,
    find_dialects_filled,
    find_key,
    find_key_in_file_name,
    precedence,
    read_dialects,
    require_dialect,
    words_from_below,
)
from kambin.exchange.rasters import Raster
from kambin.exchange.reading import SUFFIXES, label_map_of, read_raster
from kambin.exchange.voxels import find_labels
from kambin.imaging import LabelMap

_NAMED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_:-]*)=(?P<path>.+)", re.DOTALL)
_MASK_VALUES = frozenset({1})
FOLDER_SIDECAR = "labels.json"


@dataclass(frozen=True, slots=True)
class LabelSource:
    """A label map of which every label is understood or listed as unknown.

    Parameters
    ----------
    labels : LabelMap, canonical, LPS, mm
    names : label value -> StructureKey
    unknown : label value -> name as found, for labels that are not understood
    dialect : str, how the names were found
    format : str, the file format
    where : str, the file name
    """

    labels: LabelMap
    names: Mapping[int, StructureKey]
    unknown: Mapping[int, str]
    dialect: str
    format: str
    where: str


def read_sources(given: Path | str, dialect: str, *, lowest: str = "") -> tuple[LabelSource, ...]:
    """Read what one ``--labels`` names: a label map, a folder of masks, or ``NAME=FILE``.

    Parameters
    ----------
    given : path of a file or a folder, or a structure name, an equals sign and a mask
    dialect : ``auto`` or the name of a dialect
    lowest : name of the lowest whole vertebra, for labels that are counted from below

    Raises
    ------
    InputError  (IN-015) if the labels could mean several things; (IN-082) if nobody named the
        lowest vertebra; (IN-017) if the dialect does not fit; (IN-018) if a sidecar cannot be
        read; (IN-022) if a given name is unknown; (IN-024) for an empty mask; (IN-026) for a
        mask with several labels; (IN-027) for a folder without masks; and whatever
        ``read_raster`` raises
    """
    # a file whose own name holds an equals sign is still a file
    named = _NAMED.fullmatch(str(given))
    if named and not Path(given).exists():
        return (_read_named_mask(Path(named["path"]), named["name"]),)
    path = Path(given)
    if path.is_dir():
        return _read_folder(path)
    return (_read_label_file(path, dialect, lowest),)


def read_mask(path: Path, key: StructureKey) -> LabelSource:
    """Read the mask of one structure.

    Raises
    ------
    InputError  (IN-024) if it is empty; (IN-026) if it holds several labels
    """
    raster = read_raster(path)
    if not raster.values.any():
        raise _empty(path.name)
    return _mask_of(raster, path, key)


def _mask_of(raster: Raster, path: Path, key: StructureKey) -> LabelSource:
    labels = label_map_of(raster, path.name)
    values = find_labels(labels.values)
    if len(values) > 1:
        raise InputError(
            code="IN-026",
            what="The file is not the mask of one structure",
            where=path.name,
            why=f"It should hold {key} alone, but has the labels {_listed(values)}.",
            next_step="Export a mask of 0 and 1, or give the file as a label map.",
        )
    return LabelSource(labels, {next(iter(values)): key}, {}, MASKS, raster.format, path.name)


def stem_of(path: Path) -> str:
    """Return the file name without the endings of image files."""
    # the longest first, or spine.seg.nrrd would leave the name spine.seg
    endings = sorted(SUFFIXES, key=len, reverse=True)
    return next(
        (path.name[: -len(end)] for end in endings if path.name.lower().endswith(end)), path.stem
    )


def _read_named_mask(path: Path, name: str) -> LabelSource:
    key = find_key(name)
    if key is None:
        raise InputError(
            code="IN-022",
            what="A structure name is not known",
            where=f"--labels {name[:30]}=...",
            why="It is neither one of the tools' names nor a key such as kidney:left.",
            next_step="See docs/howto/label-dialects.md for the names that are understood.",
        )
    return read_mask(path, key)


def _read_folder(folder: Path) -> tuple[LabelSource, ...]:
    files = sorted(f for f in folder.iterdir() if f.name.lower().endswith(SUFFIXES))
    found = {file: key for file in files if (key := find_key(stem_of(file))) is not None}
    if not found:
        raise InputError(
            code="IN-027",
            what="No masks were found",
            where=folder.name,
            why=f"None of its {len(files)} image files is named after a structure.",
            next_step="Name the files after the structures, such as vertebrae_L4.nii.gz.",
        )
    # bone before soft tissue, and by name after that: never by the order of the disk
    ranked = sorted(found.items(), key=lambda item: (precedence(item[1]), item[0].name))
    sources = []
    for file, key in ranked:
        raster = read_raster(file)
        # tools write an empty mask for each structure outside the field of view
        if raster.values.any():
            sources.append(_mask_of(raster, file, key))
    if not sources:
        raise _empty(folder.name)
    # numbers no label can have: a file that was left out has none of its own
    left_out = {-1 - n: stem_of(file) for n, file in enumerate(files) if file not in found}
    return (replace(sources[0], unknown=left_out), *sources[1:])


def _read_label_file(path: Path, dialect: str, lowest: str) -> LabelSource:
    raster = read_raster(path)
    labels = label_map_of(raster, path.name)
    values = find_labels(labels.values)
    if not values:
        raise _empty(path.name)
    found, words = _find_words(path, values, raster.names, dialect.lower())
    table = read_dialects().get(found)
    if table is not None and table.counts_from_below:
        words = words_from_below(table, values, lowest, path.name)
    unnamed = values - words.keys()
    if unnamed:
        raise InputError(
            code="IN-017",
            what="The label dialect does not fit",
            where=path.name,
            why=f"The labels {_listed(unnamed)} have no name in {found}.",
            next_step="Name the right table with --dialect, or add the labels to labels.json.",
        )
    keys = {value: find_key(words[value]) for value in sorted(values)}
    names = {value: key for value, key in keys.items() if key is not None}
    # a table of parts may give one structure several labels, such as core and shell of a body
    if table is None or not table.joins:
        _require_unique(names, path.name)
    unknown = {value: words[value] for value, key in keys.items() if key is None}
    return LabelSource(labels, names, unknown, found, raster.format, path.name)


def _find_words(
    path: Path, values: frozenset[int], embedded: Mapping[int, str], dialect: str
) -> tuple[str, Mapping[int, str]]:
    """Return the dialect and its label names, by the strongest evidence there is."""
    if dialect not in (AUTO, SIDECAR, EMBEDDED, KAMBIN, MASKS):
        table = require_dialect(dialect, path.name)
        return table.name, table.words(values)
    sidecar = _find_sidecar(path)
    # a sidecar with the file's own name was meant for it; labels.json may be meant for another
    own = sidecar is not None and sidecar.name != FOLDER_SIDECAR
    if embedded and dialect in (AUTO, EMBEDDED, KAMBIN):
        return _named_after(embedded, values, EMBEDDED), embedded
    if sidecar and (own or dialect != AUTO) and dialect in (AUTO, SIDECAR, KAMBIN):
        words = _read_sidecar(sidecar)
        return _named_after(words, values, SIDECAR), words
    key = find_key_in_file_name(stem_of(path))
    if dialect in (AUTO, MASKS) and values == _MASK_VALUES and key:
        return MASKS, {next(iter(values)): str(key)}
    if dialect != AUTO:
        raise _no_names(path.name, dialect)
    habit = find_dialect_in_file_name(stem_of(path), values)
    if habit is not None:
        return habit.name, habit.words(values)
    return _by_values(path, values, sidecar)


def _by_values(
    path: Path, values: frozenset[int], sidecar: Path | None
) -> tuple[str, Mapping[int, str]]:
    """Return the only reading of the values, or refuse listing all of them."""
    if sidecar:
        # one labels.json serves a folder; a small file beside it may well be of another table
        words = _read_sidecar(sidecar)
        rivals = [d.name for d in find_dialects_filled(values)]
        if values <= words.keys() and len(values) > 1 and not rivals:
            return _named_after(words, values, SIDECAR), words
        candidates = ([SIDECAR] if values <= words.keys() else []) + rivals
        raise _ambiguous(path.name, values, candidates, f"its folder has a {FOLDER_SIDECAR}")
    tables = find_dialects_by_values(values)
    if len(tables) == 1:
        return tables[0].name, tables[0].words(values)
    raise _ambiguous(path.name, values, [d.name for d in tables], "the file names no labels")


def _named_after(words: Mapping[int, str], values: frozenset[int], otherwise: str) -> str:
    """Return the tool whose names these are, our own if they are keys, or where they stood."""
    used = {value: words.get(value) for value in values}
    # the same words as a tool writes: say so, because people know the tool
    for dialect in read_dialects().values():
        if all(dialect.names.get(value) == name for value, name in used.items()):
            return dialect.name
    return KAMBIN if all(":" in (name or "") for name in used.values()) else otherwise


def _find_sidecar(path: Path) -> Path | None:
    for file in (path.with_name(f"{stem_of(path)}.json"), path.with_name(FOLDER_SIDECAR)):
        if file.is_file():
            return file
    return None


def _read_sidecar(file: Path) -> dict[int, str]:
    try:
        document = json.loads(file.read_text("utf-8"))
        words = {int(value): str(name) for value, name in document.items()}
    except (OSError, ValueError, AttributeError) as error:
        raise InputError(
            code="IN-018",
            what="The label names cannot be read",
            where=file.name,
            why="It is not a JSON object of label values and names.",
            next_step='Write {"27": "vertebrae_L5"} and so on.',
        ) from error
    return words


def _require_unique(names: Mapping[int, StructureKey], where: str) -> None:
    seen: dict[StructureKey, int] = {}
    for value, key in names.items():
        if key in seen:
            raise InputError(
                code="IN-018",
                what="Two labels have the same name",
                where=where,
                why=f"Labels {seen[key]} and {value} both mean {key}.",
                next_step="Give each structure one label, or join the two before importing.",
            )
        seen[key] = value


def _listed(values: frozenset[int]) -> str:
    ordered = sorted(values)
    text = ", ".join(str(value) for value in ordered[:12])
    return text + (f" and {len(ordered) - 12} more" if len(ordered) > 12 else "")


def _ambiguous(
    where: str, values: frozenset[int], candidates: list[str], because: str
) -> InputError:
    readings = ", ".join(candidates) or "no table that is known"
    return InputError(
        code="IN-015",
        what="The meaning of the labels is ambiguous",
        where=where,
        why=f"The labels {_listed(values)} fit {readings}; {because}.",
        next_step="Name the table with --dialect, put a JSON of label names beside the file, "
        "or give a mask as --labels NAME=FILE.",
    )


def _no_names(where: str, dialect: str) -> InputError:
    return InputError(
        code="IN-017",
        what="The label dialect does not fit",
        where=where,
        why=f"The dialect {dialect} was asked for, but no such names are there.",
        next_step="Put <file name>.json with label values and names beside the file.",
    )


def _empty(where: str) -> InputError:
    return InputError(
        code="IN-024",
        what="A mask is empty",
        where=where,
        why="Every voxel is 0.",
        next_step="Remove it, or export the segmentation again.",
    )
