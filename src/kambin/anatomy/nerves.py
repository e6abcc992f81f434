"""Canal, sac, roots, ganglia, flavum and skin: what no bone label gives, modelled and tagged."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kambin.anatomy.canal import CANAL_KEY, find_canal, find_canal_space, model_canal
from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.completion_types import BonyAnatomy
from kambin.anatomy.drawn_roots import model_ganglion_on
from kambin.anatomy.flavum import model_flavum
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.root_drafts import (
    RootDraft,
    draft_exiting_root,
    draft_traversing_root,
)
from kambin.anatomy.root_fit import fit_exiting_roots
from kambin.anatomy.root_shapes import make_ganglion, make_root
from kambin.anatomy.roots import RelaxedRoot, find_obstacles, relax_roots
from kambin.anatomy.sac import CORD_KEY, SAC_KEY, DuralSac, complete_sac, cord_above_sac
from kambin.anatomy.skin import SKIN_KEY, complete_skin
from kambin.anatomy.structures import Structure
from kambin.core import Finding, Progress, Severity, SilentProgress
from kambin.frames import Side
from kambin.knowledge import constant

_PARTS = 4
"""Steps that the progress display shows."""


@dataclass(frozen=True, slots=True)
class NerveCompletion:
    """What the nerve half of completion adds to the bones.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure; they replace those of the same key
    findings : what could not be modelled, and why
    taken_up : keys of given structures that are no longer any of their own
    """

    structures: Mapping[StructureKey, Structure]
    findings: tuple[Finding, ...]
    taken_up: frozenset[StructureKey] = frozenset()

    def __post_init__(self) -> None:
        """Make the mapping read-only."""
        object.__setattr__(self, "structures", MappingProxyType(dict(self.structures)))


def complete_nerves(bony: BonyAnatomy, *, progress: Progress | None = None) -> NerveCompletion:
    """Model canal, dural sac, roots with ganglia, flavum and skin from the bones.

    Parameters
    ----------
    bony : BonyAnatomy
    progress : Progress, told of four steps

    Returns
    -------
    NerveCompletion. A given mask is never replaced. A root that relaxation had to move by
    more than 5 mm, or that still overlaps bone by more than 0.5 mm, is left out and a
    CONFIRM finding says so: it is *not assessed*, never *clear*.

    Notes
    -----
    No CT shows these structures: every one is tagged *modelled* and carries its sigma
    (root 2.5 mm), except a sac taken from a cord label below L2 and the skin.
    """
    show = progress if progress is not None else SilentProgress()
    show.step("Nerves", 0, _PARTS)
    structures: dict[StructureKey, Structure] = {}
    findings: list[Finding] = []
    # First: an entry needs the skin even where no canal can be found.
    skin = complete_skin(bony)
    if skin is not None:
        structures[SKIN_KEY] = skin
    show.step("Nerves", 1, _PARTS)
    curve = find_canal(bony)
    if curve is None:
        why = "Fewer than two vertebrae have a frame with both pedicles."
        findings.append(finding_of("AN-261", Severity.CONFIRM, where="canal, sac, roots", why=why))
        return NerveCompletion(structures, tuple(findings))
    space = find_canal_space(bony, curve)
    if CANAL_KEY not in bony.given:
        structures[CANAL_KEY] = model_canal(space)
    sac = complete_sac(bony, space)
    structures[SAC_KEY] = sac.structure
    taken_up = frozenset({CORD_KEY} & bony.structures.keys())
    cord = cord_above_sac(bony, sac) if taken_up else None
    if cord is not None:
        structures[CORD_KEY] = cord
    show.step("Nerves", 2, _PARTS)
    roots, root_findings = _complete_roots(bony, sac)
    structures.update(roots)
    findings.extend(root_findings)
    show.step("Nerves", 3, _PARTS)
    for level in bony.levels:
        key = StructureKey("flavum", str(level))
        flavum = model_flavum(bony, space, level) if key not in bony.given else None
        if flavum is not None:
            structures[key] = flavum
    show.step("Nerves", _PARTS, _PARTS)
    return NerveCompletion(structures, tuple(findings), taken_up)


def _complete_roots(
    bony: BonyAnatomy, sac: DuralSac
) -> tuple[dict[StructureKey, Structure], list[Finding]]:
    """Draft, relax and judge every root that no mask gives."""
    drafts: list[RootDraft] = []
    missing: list[str] = []
    for level in bony.levels:
        for side in Side:
            for kind, place in (("exiting_root", level.upper), ("traversing_root", level.lower)):
                key = StructureKey(kind, place, side)
                # A given root is never replaced, not even to make both sides alike.
                if key in bony.given or not _is_known(kind, place):
                    continue
                make = draft_exiting_root if kind == "exiting_root" else draft_traversing_root
                # Drafted all before any is moved: distances are measured once, around all of them.
                draft = make(bony, sac, level, side)
                if draft is None:
                    missing.append(str(key))
                else:
                    drafts.append(draft)
    relaxed = _relax(bony, sac, drafts) if drafts else ()
    structures: dict[StructureKey, Structure] = {}
    for root in relaxed:
        # Left out rather than drawn wrongly: a missing root reads as not assessed.
        if root.is_credible:
            structures[root.draft.key] = make_root(bony, sac, root)
            if np.any(root.ganglion_radii_mm > 0):
                ganglion = make_ganglion(bony, root)
                # A given one is never replaced, not even where its root is modelled.
                if ganglion.key not in bony.given:
                    structures[ganglion.key] = ganglion
    structures |= _complete_drawn(bony)
    return structures, [*_say_missing(missing), *_say_moved(relaxed)]


def _complete_drawn(bony: BonyAnatomy) -> dict[StructureKey, Structure]:
    """Model the ganglion of every given exiting root with a line that has none given."""
    ganglia = {}
    for key, root in bony.structures.items():
        if key.kind != "exiting_root" or root.centre_line is None:
            continue
        frame = bony.vertebra_frames.get(key.place)
        ganglion = None if frame is None else model_ganglion_on(root, frame, bony.working_grid)
        if ganglion is not None and ganglion.key not in bony.given:
            ganglia[ganglion.key] = ganglion
    return ganglia


def _relax(bony: BonyAnatomy, sac: DuralSac, drafts: list[RootDraft]) -> tuple[RelaxedRoot, ...]:
    """Fit the rules of the exiting roots to this patient's bone, then relax all roots."""
    obstacles = find_obstacles(bony, drafts)
    fitted: dict[StructureKey, RootDraft] = {d.key: d for d in drafts}
    for level in bony.levels:
        pair = [d for d in drafts if d.level == level and d.key.kind == "exiting_root"]
        if pair:
            both = fit_exiting_roots(pair, sac, bony, obstacles.room)
            fitted.update({draft.key: draft for draft in both})
    return relax_roots(list(fitted.values()), obstacles)


def _is_known(kind: str, place: str) -> bool:
    """Return whether the tables hold the numbers of this root."""
    # No table says, for one, where the L1 root begins: it is left out, not guessed.
    row = "root_angle_deg" if kind == "exiting_root" else "traversing_origin_mm"
    numbers = constant(f"completion_nerve.{row}").value
    return not isinstance(numbers, float | tuple) and place in numbers


def _say_missing(missing: list[str]) -> list[Finding]:
    if not missing:
        return []
    why = "The pedicle it winds around, or the frame of its vertebra, was not found."
    return [finding_of("AN-260", Severity.CONFIRM, where=", ".join(missing), why=why)]


def _say_moved(relaxed: tuple[RelaxedRoot, ...]) -> list[Finding]:
    return [
        finding_of(
            "AN-260",
            Severity.CONFIRM,
            where=str(root.draft.key),
            why=f"Relaxation moved it by {root.moved_mm:.1f} mm and left an overlap of "
            f"{root.overlap_mm:.1f} mm with bone or disc.",
        )
        for root in relaxed
        if not root.is_credible
    ]
