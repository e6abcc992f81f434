"""What the report says of the herniation: its classes, and what was published of such ones."""

from kambin.anatomy import Level
from kambin.measure.herniation_types import Herniation
from kambin.measure.herniation_words import CAVEAT, SERIES, describe_classes, describe_rates
from kambin.report.rows import Table
from kambin.report.words import structure_words


def herniation_line(found: Herniation | None) -> str:
    """Return the herniation in one line for the first page, empty without one.

    Parameters
    ----------
    found : Herniation or none
    """
    if found is None:
        return ""
    side = "midline" if found.side is None else str(found.side)
    volume, canal = found["volume"].value, found["canal_compromise"].measured.get("fraction")
    taken = "canal not assessed" if canal is None else f"{canal:.0%} of the canal"
    words = (
        f"{found.level} {side}: {found['zone'].words} {found['morphology'].words}",
        f"MSU {found['msu_size'].words}-{found['msu_location'].words}",
        _migrated(found),
        taken,
        f"{volume:.0f} mm³",
        _roots(found),
        f"{found.origin}, surface +-{found.sigma_mm:.1f} mm",
    )
    return ", ".join(words)


def herniation_table(found: Herniation | None, level: Level) -> Table | None:
    """Return the classes of the fragment and the published rules; none without a fragment.

    Parameters
    ----------
    found : Herniation or none
    level : Level of the plan
    """
    if found is None:
        return None
    rows = [*describe_classes(found), *describe_rates(found.rates)]
    other = "" if found.level == level else f" The plan is for {level}."
    return Table(
        "herniation",
        "The herniation, classified",
        ("What", "Class"),
        tuple((heading, _spelt(line, found)) for heading, line in rows if heading),
        "A class whose border lies within one standard deviation names its neighbour. Rules: "
        f"{SERIES}. {CAVEAT}{other}",
    )


def _spelt(line: str, found: Herniation) -> str:
    """Return a line in which roots have the names of the other tables."""
    for root in found.roots:
        line = line.replace(root.key, structure_words(root.key))
    return line


def _migrated(found: Herniation) -> str:
    zone, grade = found["migration"], found["migration_grade"]
    if zone.value == "none":
        return "not migrated" if zone.neighbour is None else f"not migrated (or {zone.neighbour})"
    return f"{zone.words}, {grade.words} grade"


def _roots(found: Herniation) -> str:
    """Return the grade of each root that was compared, or that none was."""
    grades = [
        f"{root.key.split(':')[1]} root grade {root.grade.words}"
        for root in found.roots
        if root.grade.value is not None
    ]
    return ", ".join(grades) or "root compression not assessed"
