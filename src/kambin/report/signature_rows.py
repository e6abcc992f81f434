"""Who put the name under a plan, as the report says it."""

from collections.abc import Sequence

from kambin.planning import Plan, Refusal, Signature
from kambin.report.rows import Row


def provenance(document: Plan | Refusal, signatures: Sequence[Signature] | None) -> tuple[Row, ...]:
    """Return one row for each signature, and one that says so where nobody signed the plan.

    Parameters
    ----------
    document : Plan or Refusal
    signatures : oldest first, or none where nobody looked for them, of which nothing is said
    """
    if signatures is None:
        return ()
    if not signatures and isinstance(document, Plan):
        return (Row("Signed by", "nobody"),)
    return tuple(_row(signature) for signature in signatures)


def limits(signatures: Sequence[Signature] | None) -> tuple[str, ...]:
    """Return a sentence for each name that no longer stands under this plan.

    Parameters
    ----------
    signatures : oldest first, or none where nobody looked for them
    """
    return tuple(
        f"The signature of {s.by} is no longer valid: {s.why_not}"
        for s in signatures or ()
        if not s.is_valid
    )


def _row(signature: Signature) -> Row:
    if not signature.is_valid:
        return Row(
            "Signature no longer valid", f"{signature.by}, {signature.at}: {signature.why_not}"
        )
    words = [signature.by, signature.at, "locked" if signature.is_locked else "not locked"]
    if signature.accepted:
        words.append(f"accepted by then: {' '.join(signature.accepted)}")
    return Row("Signed by", ", ".join(words))
