"""Everything the tables hold, as the plain mapping that ``kambin info --json`` prints."""

from dataclasses import asdict
from typing import Any

from kambin.knowledge.checkpoints import checkpoints
from kambin.knowledge.constants import Constant, constant_tables, read_constants
from kambin.knowledge.drugs import preparations
from kambin.knowledge.instruments import instruments
from kambin.knowledge.literature import literature_rows
from kambin.knowledge.procedure import procedure_steps, recovery_rows
from kambin.knowledge.promises import promises
from kambin.knowledge.published import published
from kambin.knowledge.rules import rules
from kambin.knowledge.sources import sources
from kambin.knowledge.stages import stages
from kambin.knowledge.suitability import suitability_rules
from kambin.knowledge.target_rules import target_rules
from kambin.knowledge.techniques import techniques


def describe() -> dict[str, Any]:
    """Return all constants, instruments, techniques and literature with tag and source.

    Returns
    -------
    mapping of ``constants`` (by ``table.row``), ``instruments``, ``techniques``, ``rules``,
    ``target_rules``, ``stages``, ``published``, ``promises`` and ``suitability`` (by name),
    ``literature`` (list of rows) and ``sources`` (citations by key), made of plain strings,
    numbers, lists and mappings only
    """
    return {
        "constants": {
            row.name: _plain(row)
            for table in constant_tables()
            for row in read_constants(table).values()
        },
        "instruments": {name: one.model_dump(mode="json") for name, one in instruments().items()},
        "techniques": {name: one.model_dump(mode="json") for name, one in techniques().items()},
        "rules": {name: one.model_dump(mode="json") for name, one in rules().items()},
        "target_rules": {n: one.model_dump(mode="json") for n, one in target_rules().items()},
        "stages": {name: one.model_dump(mode="json") for name, one in stages().items()},
        "drugs": {name: one.model_dump(mode="json") for name, one in preparations().items()},
        "checkpoints": checkpoints().model_dump(mode="json"),
        "procedure": {n: one.model_dump(mode="json") for n, one in procedure_steps().items()},
        "recovery": {n: one.model_dump(mode="json") for n, one in recovery_rows().items()},
        "literature": [_shown(asdict(row)) for row in literature_rows().values()],
        "published": {name: row.as_document() for name, row in published().items()},
        "promises": {n: one.model_dump(mode="json") for n, one in promises().items()},
        "suitability": {n: one.model_dump(mode="json") for n, one in suitability_rules().items()},
        "sources": dict(sources()),
    }


def _plain(row: Constant) -> dict[str, Any]:
    number = row.value
    if isinstance(number, float):
        shown: Any = number
    else:
        # Read-only views and tuples are no plain types of JSON.
        shown = list(number) if isinstance(number, tuple) else dict(number)
    return _shown(
        {
            "value": shown,
            "unit": row.unit,
            "range": [row.low, row.high],
            "tag": row.tag,
            "source": row.source,
            "note": row.note,
        }
    )


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    """Say of a row whether its number was read in the source itself."""
    # The word travels with the number: no reader has to know the letters.
    return row | {"unverified": row["tag"] in ("M", "D")}
