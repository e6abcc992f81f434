"""The six ways to operate as tables of words: costs, what they mean, and what papers print."""

from collections.abc import Iterator

from kambin.approaches.compare_models import ApproachCost, Comparison
from kambin.approaches.fields import tell_number
from kambin.report.rows import Table
from kambin.report.words import plain_words, unit_words

_LIMITS = {
    "retraction": "Root and sac would have to be moved farther than the table allows.",
    "bone": "The tube would have to pass bone beside lamina and joint: see other bone.",
    "aim": "No tilt of the axis meets the target; the way goes to the nearest point.",
}


def comparison_tables(found: Comparison) -> tuple[Table, ...]:
    """Return what a report says of the six ways, in print order.

    Parameters
    ----------
    found : Comparison

    Returns
    -------
    tuple of Table: numbers with units and one standard deviation; what is not known or limited;
    differences to the first way that was measured; definitions; published figures; their sources
    """
    makers = (_costs, _remarks, _differences, _meanings, _papers, _sources)
    tables = (make(found) for make in makers)
    return tuple(table for table in tables if table.rows)


def _costs(found: Comparison) -> Table:
    ways = found.approaches.values()
    fields = {name: _title(name, note.unit) for name, note in found.fields.items()}
    # the class says at risk wherever the inferior process is touched: what the share says beside it
    fields["stability_by_surface"] = "stability class by the joint's face alone"
    rows = tuple((title, *(_cell(cost, name) for cost in ways)) for name, title in fields.items())
    return Table(
        "six-ways-costs",
        "What six ways cost this patient, and what each reaches",
        ("", *(cost.title for cost in ways)),
        rows,
        "Numbers with +- are one standard deviation, from the surfaces alone; how a surgeon lays "
        "the way is not in it. Nothing here ranks the ways or says how a patient fares.",
    )


def _title(name: str, unit: str) -> str:
    """Return the name of a field in words, with its unit."""
    words = name.removesuffix("_mm3").removesuffix("_mm").replace("_", " ")
    return words if unit == "1" else f"{words}, {unit_words(unit)}"


def _cell(cost: ApproachCost, name: str) -> str:
    if cost.refused is not None:
        return "no way"
    number = getattr(cost, name)
    if number is None:
        return "not assessed"
    sigma = getattr(cost.sigma, name, None)
    return tell_number(name, number) + (f" +- {tell_number(name, sigma)}" if sigma else "")


def _remarks(found: Comparison) -> Table:
    ways: dict[tuple[str, str], list[str]] = {}
    for cost in found.approaches.values():
        for what, why in _remarks_of(cost):
            ways.setdefault((what, why), []).append(cost.title)
    rows = tuple(
        (what, "all" if len(titles) == len(found.approaches) else ", ".join(titles), why)
        for (what, why), titles in ways.items()
    )
    columns = ("What", "Ways", "Why")
    return Table("six-ways-remarks", "What is not assessed, limited or modelled", columns, rows)


def _remarks_of(cost: ApproachCost) -> Iterator[tuple[str, str]]:
    """Yield what is said of one way, and why."""
    if cost.refused is not None:
        yield "no way", plain_words(next(iter(cost.not_assessed.values())))
        return
    for why in dict.fromkeys(cost.not_assessed.values()):
        names = [name for name, said in cost.not_assessed.items() if said == why]
        yield f"not assessed: {_names(names)}", why
    for name, why in cost.incomplete.items():
        yield f"incomplete: {_names([name])}", plain_words(why)
    for word in cost.limited_by:
        yield f"limited by {word}", _LIMITS[word]
    for name, origin in cost.origins.items():
        if "modelled" in origin:
            yield f"modelled: {_names([name])}", f"Its surfaces are {origin}."


def _names(names: list[str]) -> str:
    return ", ".join(_title(name, "1") for name in names)


def _differences(found: Comparison) -> Table:
    """Return how much more the others cost than the first way that is there."""
    base = next((name for name, cost in found.approaches.items() if cost.refused is None), "")
    rows = [row for row in found.differences if row.first == base]
    names = list(dict.fromkeys(row.second for row in rows))
    cells = {
        (row.field, row.second): f"{round(-row.difference)} +- {row.sigma:.0f}" for row in rows
    }
    units = {row.field: row.unit for row in rows}
    return Table(
        "six-ways-differences",
        f"How much more than by the way {found.approaches[base].title.lower()}" if base else "",
        ("", *(found.approaches[name].title for name in names)),
        tuple(
            (_title(field, unit), *(cells.get((field, name), "not assessed") for name in names))
            for field, unit in units.items()
        ),
        "With one standard deviation of the difference: both are cut out of the same surfaces.",
    )


def _meanings(found: Comparison) -> Table:
    rows = tuple((_title(name, note.unit), note.meaning) for name, note in found.fields.items())
    return Table("six-ways-meanings", "What the numbers mean", ("Number", "Definition"), rows)


def _papers(found: Comparison) -> Table:
    rows = tuple(
        (
            row.metric.replace("_", " "),
            row.approach.replace("_", " "),
            row.figure + (f" against {row.comparator.replace('_', ' ')}" if row.comparator else ""),
            row.definition,
            row.design + ("" if row.n is None else f", n = {row.n}"),
            f"{row.source} [{row.tag}]",
        )
        for row in found.published
    )
    return Table(
        "six-ways-papers",
        "What papers print of these ways",
        ("What", "Way", "Figure", "What was counted", "Design", "Source"),
        rows,
        "None of it is of this patient; figures that contradict each other stand beside each "
        "other, and nothing is averaged.",
    )


def _sources(found: Comparison) -> Table:
    """Return what the keys of the papers stand for, so that a figure is walked to its source."""
    known = {key: text for row in found.published for key, text in row.citations.items()}
    rows = tuple(sorted(known.items()))
    return Table("six-ways-sources", "Sources", ("Key", "What it stands for"), rows)
