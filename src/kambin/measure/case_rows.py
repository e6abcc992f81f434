"""Every registered quantity of a case, as rows."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from kambin.anatomy import Anatomy, Case, Level
from kambin.core import Finding, Progress, SilentProgress
from kambin.frames import Side
from kambin.knowledge import literature
from kambin.measure.herniation import measure_herniation
from kambin.measure.lordosis import SPINE, name_spine
from kambin.measure.registry import QUANTITIES, Measurer, Place, QuantityKind
from kambin.measure.rows import Basis, Measurements, Quantity, Reading
from kambin.measure.site import Site, missing_frame


def measure_case(
    anatomy: Anatomy,
    case: Case,
    *,
    level: Level | None = None,
    side: Side | None = None,
    progress: Progress | None = None,
) -> Measurements:
    """Measure everything that is registered, at every level and side or at those asked for.

    Parameters
    ----------
    anatomy : Anatomy, completed
    case : Case it was completed from
    level : Level, or none for all levels; a level includes its two vertebrae
    side : Side, or none for both
    progress : Progress, told of each quantity

    Returns
    -------
    Measurements, rows ordered by quantity, level from cranial to caudal, left before right

    Raises
    ------
    AnatomyError  (AN-304) if the level asked for has no frame, (AN-011) if a vertebra that
        bounds a level has no mask

    Notes
    -----
    A value the data cannot say is none, and a finding says why.
    """
    # Asked for by name, a level must not come back as an empty table.
    if level is not None and level not in anatomy.disc_frames:
        raise missing_frame(str(level))
    levels = tuple(anatomy.disc_frames) if level is None else (level,)
    sides = tuple(Side) if side is None else (side,)
    taken: dict[tuple[Measurer, str, Side | None], Mapping[str, Reading]] = {}
    rows = []
    base = Site(anatomy)
    show = progress or SilentProgress()
    for number, kind in enumerate(QUANTITIES.values(), start=1):
        show.step("quantities", number, len(QUANTITIES))
        for site in _sites(base, kind, levels, sides):
            # Several quantities come from one search, the waist above all: it runs once per place.
            key = (kind.measurer, site.place, site.side)
            if key not in taken:
                taken[key] = kind.measurer(site)
            rows.append(_row(kind, site, taken[key][kind.name]))
    herniation, remarks = measure_herniation(anatomy, case)
    findings = (*_unique(rows), *remarks)
    bases = _list_bases(anatomy, levels, sides)
    return Measurements(tuple(rows), findings, case.sha256, herniation, bases)


def _list_bases(
    anatomy: Anatomy, levels: Iterable[Level], sides: Iterable[Side]
) -> tuple[Basis, ...]:
    """Return what lies at some levels and sides, or belongs to none, with its origin."""
    places = {"", *(place for v in levels for place in (str(v), v.upper, v.lower))}
    kept = [
        one
        for key, one in sorted(anatomy.structures.items(), key=lambda item: str(item[0]))
        if key.place in places and key.side in (None, *sides)
    ]
    return tuple(Basis(str(one.key), str(one.origin), one.sigma_mm, one.method) for one in kept)


def _sites(
    base: Site, kind: QuantityKind, levels: tuple[Level, ...], sides: tuple[Side, ...]
) -> Iterable[Site]:
    """Return the places of one quantity, from cranial to caudal, left before right."""
    # Measured whenever anything is: the posture belongs to every level.
    if kind.place is Place.SPINE:
        return [replace(base, vertebra=name_spine(base.anatomy))]
    wanted = sides if kind.place in (Place.LEVEL_SIDE, Place.VERTEBRA_SIDE) else (None,)
    if kind.place in (Place.LEVEL, Place.LEVEL_SIDE):
        return [replace(base, level=level, side=side) for level in levels for side in wanted]
    # Neighbouring levels share a vertebra; it is measured once.
    names = dict.fromkeys(name for level in levels for name in (level.upper, level.lower))
    present = [name for name in names if name in base.anatomy.vertebra_frames]
    return [replace(base, vertebra=name, side=side) for name in present for side in wanted]


def _row(kind: QuantityKind, site: Site, reading: Reading) -> Quantity:
    # No paper measured a spine of four or six lumbar vertebrae.
    is_unusual = kind.place is Place.SPINE and site.place != SPINE
    return Quantity(
        site.place,
        site.side,
        kind.name,
        kind.unit,
        kind.method,
        kind.source,
        reading,
        None if is_unusual else literature(kind.name, site.place),
    )


def _unique(rows: Iterable[Quantity]) -> tuple[Finding, ...]:
    """Return every finding once, in the order of the rows."""
    # A dict and not a set: the order of findings is part of the document.
    return tuple(dict.fromkeys(found for row in rows for found in row.reading.findings))
