"""Where the numbers of a plan come from."""

from kambin.knowledge import Technique, read_constants

TABLES = ("margins",)
"""The tables whose rows planning uses."""


def find_evidence(technique: Technique) -> tuple[str, ...]:
    """Return the ids of the evidence behind a plan: row, source and tag, sorted.

    Parameters
    ----------
    technique : Technique
    """
    rows = [
        f"{constant.name}: {constant.source} [{constant.tag}]"
        for table in TABLES
        for constant in read_constants(table).values()
    ]
    own = f"techniques.{technique.name}: {technique.source} [{technique.tag}]"
    return tuple(sorted([own, *rows]))
