"""The margin model: which group a structure is in, and how near each tool may come."""

import tomllib
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from importlib import resources

from kambin.anatomy import Anatomy, Level, Structure, StructureKey
from kambin.frames import Side
from kambin.knowledge import Margins, stages, value


class Group(StrEnum):
    """What a structure is to the tools."""

    NERVE = "nerve"
    SAC = "sac"
    REMOVABLE = "removable"
    RIM = "rim"
    NEVER = "never"
    ORGAN = "organ"
    VESSEL = "vessel"
    WATCHED = "watched"
    IGNORED = "ignored"


NEURAL = frozenset({Group.NERVE, Group.SAC})
"""The groups whose touch an awake patient feels."""

BONE = frozenset({Group.REMOVABLE, Group.RIM, Group.NEVER})
"""The groups that are bone."""

FULL_LENGTH = frozenset(name for name, stage in stages().items() if stage.end != "docking")
"""Stages that go on to the target while the cannula docks short of it."""

_SACRAL = ("sacrum", "sacral_arch")


@cache
def read_groups() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Return the table of structure kinds per margin group."""
    text = resources.files("kambin.planning").joinpath("groups.toml").read_text("utf-8")
    return {
        section: {name: tuple(kinds) for name, kinds in rows.items()}
        for section, rows in tomllib.loads(text).items()
    }


def find_group(key: StructureKey, *, level: Level, side: Side) -> Group:
    """Return what a structure is to the tools at one level from one side.

    Parameters
    ----------
    key : StructureKey
    level : Level that is planned
    side : Side from which the tools come

    Returns
    -------
    Group; bone of the caudal vertebra on the asked side may be removable or rim, the same
    bone elsewhere is never touched; an unknown kind is an organ, the widest margin
    """
    table = read_groups()
    if key.kind == "body" and not key.place:
        return Group.IGNORED  # the whole body, another word for skin
    is_near = key.place == level.lower and key.side in (side, None)
    for section in ("kinds", "near" if is_near else "elsewhere"):
        for group, kinds in table[section].items():
            if key.kind in kinds:
                return Group(group)
    return Group.ORGAN


def find_hazards(
    structures: Mapping[StructureKey, Structure], *, level: Level, side: Side
) -> dict[StructureKey, Group]:
    """Return every structure the tools must respect, with its group, in order of the keys.

    Parameters
    ----------
    structures : mapping of StructureKey to Structure
    level : Level that is planned
    side : Side from which the tools come

    Notes
    -----
    Of the two vertebrae of the level the parts are hazards, of all others the whole bone. A
    modelled segmental artery is watched: measured and shown, but nothing is kept off it.
    """
    watched = read_groups()["modelled"]["watched"]
    whole = {key.place for key in structures if key.kind == "vertebra"}
    parted = {key.place for key in structures if key.kind == "body"}
    hazards: dict[StructureKey, Group] = {}
    for key in sorted(structures, key=str):
        place = "S1" if key.kind in _SACRAL else key.place
        is_level = place in (level.upper, level.lower) and place in parted
        unwanted = is_level if key.kind == "vertebra" else (place in whole and not is_level)
        group = find_group(key, level=level, side=side)
        if key.kind in watched and structures[key].is_modelled:
            group = Group.WATCHED
        if group is not Group.IGNORED and not (group in BONE and unwanted):
            hazards[key] = group
    return hazards


def hard_margin_mm(
    stage: str, group: Group, structure: Structure, margins: Margins = "fluoroscopy"
) -> float | None:
    """Return how near a tool may come to a structure at the least, mm.

    Parameters
    ----------
    stage : str, a row of the table of stages
    group : Group of the structure
    structure : Structure; its sigma widens the margin once unless it is modelled
    margins : str, what guides the tools: ``fluoroscopy`` or ``plan-only``

    Returns
    -------
    float, mm, between the tool's surface and the structure's; negative where contact is
    allowed; none where the stage removes the bone or works on it under sight, and for what is
    only watched

    Notes
    -----
    Sigma never widens a contact allowance (architecture 8.7): tools slide on bone, so that all
    margins to bone are allowances, of zero where bone is never cut. A modelled structure is
    not widened at all: with the sigma of a modelled root no path would be left (recipes 8).
    """
    rule = stages()[stage].rule_for(group.value, margins)
    base = None if rule is None else rule.demanded_mm
    if base is None or group in BONE or structure.is_modelled:
        return base
    return base + value("margins.sigma_in_margin") * structure.sigma_mm


def find_same_nerve(anatomy: Anatomy, key: StructureKey) -> frozenset[StructureKey]:
    """Return a structure's key with those of what is one nerve with it: root and ganglion.

    Parameters
    ----------
    anatomy : Anatomy
    key : StructureKey
    """
    nerves = read_groups()["kinds"]["nerve"]
    if key.kind not in nerves:
        return frozenset({key})
    return frozenset(
        other
        for other in anatomy.structures
        if other.kind in nerves and (other.place, other.side) == (key.place, key.side)
    )
