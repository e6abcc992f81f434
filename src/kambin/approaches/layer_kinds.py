"""Which structures count as which layer, and what is said of them."""

from dataclasses import dataclass

from kambin.anatomy import Level, StructureKey
from kambin.approaches.doses import Group
from kambin.frames import Side

MUSCLE_KINDS = frozenset(
    {"psoas", "quadratus", "erector_spinae", "multifidus", "iliacus", "piriformis"}
    | {"gluteus_maximus", "gluteus_medius", "gluteus_minimus"}
)
"""The muscles that labels name."""

_FACET = frozenset({"facet_capsule", "facet_joint", "sap", "iap"})
_NERVES = frozenset({"exiting_root", "traversing_root", "drg", "dural_sac", "spinal_cord"})
_VESSELS = frozenset({"aorta", "vena_cava", "iliac_artery", "iliac_vein", "segmental_artery"})
_BONE = frozenset(
    {"body", "body_rim", "pedicle", "pedicle_rim", "pars", "lamina", "arch", "arch_base"}
    | {"tp", "sp", "sacrum", "ilium", "rib", "hip", "vertebra"}
)
# The body holds everything and the canal what its sac does not fill: neither is a layer by itself.
_WHOLE = frozenset({"skin", "canal"})
_ORDER = (_NERVES, _VESSELS, frozenset({"fragment"}), _FACET, _BONE, frozenset({"flavum"}))

_TITLES = {
    "skin": "Skin",
    "subcutis": "Subcutis",
    "fascia": "Fascia",
    "unlabelled": "Subcutis, fascia and muscle, not told apart",
    "between": "Tissue that no label names",
    "facet": "Facet capsule and articular process",
    "bone": "Bone of the level",
    "foramen": "Foramen, fat around the annulus",
    "annulus": "Annulus and disc",
    "erector_spinae": "Erector spinae",
    "multifidus": "Multifidus",
    "quadratus": "Quadratus lumborum",
    "psoas": "Psoas",
}
_GROUPS: dict[str, Group] = {
    "skin": "skin",
    "facet": "facet",
    "foramen": "foramen",
    "annulus": "foramen",
    "fragment": "foramen",
    "flavum": "foramen",
    "bone": "facet",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """The layer that a structure counts as.

    Parameters
    ----------
    name : str, the same for structures that are told as one
    rank : int, the lower is told where two structures hold the same point
    """

    name: str
    rank: int


def find_kind(key: StructureKey, level: Level, side: Side) -> Kind | None:
    """Return the layer that a structure counts as, or none if it is no layer.

    Parameters
    ----------
    key : StructureKey
    level : Level of the plan
    side : Side of the plan
    """
    if key.kind in _WHOLE:
        return None
    if key.kind == "disc":
        name = "annulus" if key.place == str(level) else str(key)
        return Kind(name, len(_ORDER))
    if key.kind in MUSCLE_KINDS:
        # a muscle by its name alone, unless it is that of the other side
        return Kind(key.kind if key.side in (side, None) else str(key), len(_ORDER) + 1)
    for rank, kinds in enumerate(_ORDER):
        if key.kind in kinds:
            return Kind(_name_of(key, level, side), rank)
    return Kind(str(key), len(_ORDER) + 2)


def _name_of(key: StructureKey, level: Level, side: Side) -> str:
    places = (level.upper, level.lower, str(level))
    if key.kind in _FACET and key.place in places and key.side in (side, None):
        return "facet"
    # parts of one bone are told as one: the needle meets its surface, whichever part it is
    if key.kind in _BONE and key.place in places:
        return "bone"
    return key.kind if key.kind in ("fragment", "flavum") else str(key)


def group_of(name: str) -> Group:
    """Return with which part of the infiltration a layer is counted.

    Parameters
    ----------
    name : str, of the layer
    """
    # what the needle should not pass at all is no place for a drug of its own: part of the track
    return _GROUPS.get(name, "track")


def title_of(name: str, key: StructureKey | None) -> str:
    """Return what a layer is called in print.

    Parameters
    ----------
    name : str, of the layer
    key : StructureKey that holds there, or none
    """
    if name in _TITLES:
        return _TITLES[name]
    words = str(key if key is not None else name).replace("_", " ").replace(":", " ")
    return words[:1].upper() + words[1:]
