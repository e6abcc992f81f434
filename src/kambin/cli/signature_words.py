"""Signatures under a plan as a person reads them."""

from collections.abc import Sequence

from kambin.cli.output import print_lines
from kambin.planning import Signature


def print_signatures(signatures: Sequence[Signature]) -> None:
    """Print who signed, whether it still counts, and whether the plan is locked."""
    for signature in signatures:
        verdict = "counts" if signature.is_valid else f"no longer valid: {signature.why_not}"
        print_lines(f"Signed    {signature.by} at {signature.at}: {verdict}")
    if is_plan_locked(signatures):
        print_lines("Locked    nothing replaces this plan unasked")


def is_plan_locked(signatures: Sequence[Signature]) -> bool:
    """Return whether the plan as it is was locked under a signature that counts."""
    return any(signature.is_locked and signature.is_valid for signature in signatures)
