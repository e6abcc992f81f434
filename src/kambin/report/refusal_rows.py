"""What the report says when there is no plan."""

from kambin.planning import Refusal
from kambin.report.rows import Row
from kambin.report.words import mm_words, plain_words, structure_words

# Margins are told by structure and deficit; every other reason has words of its own.
_MARGIN_CODES = frozenset({"PL-001", "PL-002"})

EMPTY_CORRIDOR = "PL-014"
"""No candidate could be tried: its reason says which bound the nearest line misses."""


def verdict(refusal: Refusal) -> str:
    """Return in one sentence what stands in the way and whether the labels can decide it.

    Returns
    -------
    one sentence; lengths in mm
    """
    binding = refusal.binding
    reason = next((f for f in refusal.findings if f.severity == "BLOCK"), None)
    if binding.deficit_mm is None or (reason is not None and reason.code == EMPTY_CORRIDOR):
        why = "" if reason is None else f" {plain_words(reason.why)}"
        return f"No straight path of this technique runs from the skin to the target.{why}"
    if reason is not None and reason.code not in _MARGIN_CODES:
        return f"No plan is offered: {plain_words(reason.what)}. {plain_words(reason.why)}"
    where = (
        f"{structure_words(binding.structure)} binds at the {binding.stage}: "
        f"the best candidate lacks {binding.deficit_mm:.1f} mm"
    )
    if refusal.decidable:
        return f"No path keeps the margins. {where[0].upper()}{where[1:]}."
    return (
        f"Cannot be decided at this resolution. {where[0].upper()}{where[1:]}, "
        "which lies within the uncertainty of these labels."
    )


def facts(refusal: Refusal) -> tuple[Row, ...]:
    """Return what binds, where and by how much: name, value, how it is meant."""
    binding = refusal.binding
    return (
        Row("Binding structure", structure_words(binding.structure), "what stands in the way"),
        Row("Stage", binding.stage, "the tool at which it binds"),
        Row("Deficit", mm_words(binding.deficit_mm), "least relaxation at which one path passes"),
        Row(
            "Decidable",
            "yes" if refusal.decidable else "NO",
            "whether these labels can settle it",
        ),
        Row("Candidates", f"{refusal.certificate.candidates:,}", "all tried"),
    )
