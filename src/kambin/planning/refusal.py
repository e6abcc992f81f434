"""No safe path: what binds, by how much, and whether these labels can decide it."""

from collections.abc import Callable
from dataclasses import dataclass

from kambin.anatomy import Anatomy, StructureKey
from kambin.core import Finding, Severity
from kambin.knowledge import value
from kambin.planning.models import Binding, Clearance, Stage
from kambin.planning.policy import BONE
from kambin.planning.remarks import make_finding

BINDING_EPSILON_MM = 10.0**-6
"""A deficit is positive by definition; documents round to this."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why there is no plan.

    Parameters
    ----------
    binding : Binding, structure, deficit and stage
    decidable : bool, whether the labels can tell
    finding : Finding, the same as a sentence
    """

    binding: Binding
    decidable: bool
    finding: Finding


def judge_refusal(
    anatomy: Anatomy,
    stages: tuple[Stage, ...],
    deficit_mm: float,
    is_feasible_without: Callable[[StructureKey], bool],
) -> Verdict:
    """Say what stands in the way, and whether it is known well enough to refuse.

    Parameters
    ----------
    anatomy : Anatomy
    stages : tuple of Stage, measured on the candidate nearest to passing
    deficit_mm : float, mm, least uniform relaxation of the hard margins at which one passes
    is_feasible_without : function that tells whether a path passes if one structure is ignored

    Returns
    -------
    Verdict

    Notes
    -----
    A segmented or drawn structure decides if the deficit is two of its sigma or more; a
    modelled one also if nothing passes without it (architecture 8.8).
    """
    stage, row = find_binding(stages, deficit_mm)
    deficit = max(deficit_mm, BINDING_EPSILON_MM)
    limit = value("margins.undecidable_sigma") * row.sigma_mm
    structure = anatomy.require(row.structure)
    reason = f"{row.structure} binds at the {stage.tool} by {deficit:.2f} mm"
    if deficit >= limit:
        decidable = True
        why = f"{reason}; its surface is known to {limit:.1f} mm (two sigma)."
    elif structure.is_modelled and not is_feasible_without(structure.key):
        decidable = True
        why = f"{reason}; it is modelled, but nothing passes without it either."
    else:
        decidable = False
        word = "modelled" if structure.is_modelled else "known only"
        why = f"{reason}, and it is {word} to {limit:.1f} mm (two sigma)."
    what = "No safe path" if decidable else "Cannot be decided at this resolution"
    finding = make_finding(
        "PL-001" if decidable else "PL-002",
        Severity.BLOCK,
        what=what,
        where=row.structure,
        why=why,
    )
    binding = Binding(structure=row.structure, deficit_mm=deficit, stage=stage.tool)
    return Verdict(binding, decidable, finding)


def find_binding(stages: tuple[Stage, ...], deficit_mm: float) -> tuple[Stage, Clearance]:
    """Return the stage and the structure that break their margin most.

    Parameters
    ----------
    stages : tuple of Stage with their clearances
    deficit_mm : float, mm, what the search found; if no margin is broken that much, the way
        of the needle through bone is what binds
    """
    rows = [
        (row.clearance_mm - row.hard_margin_mm, stage, row)
        for stage in stages
        for row in stage.clearances
        if row.hard_margin_mm is not None
    ]
    slack, stage, row = min(rows, key=lambda found: found[0])
    bones = [
        (found[2].clearance_mm, found[1], found[2])
        for found in rows
        if found[1].tool == "needle" and found[2].group in {group.value for group in BONE}
    ]
    if slack > -0.5 * deficit_mm and bones:
        _, stage, row = min(bones, key=lambda found: found[0])
    return stage, row
