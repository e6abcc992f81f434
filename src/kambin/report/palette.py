"""How each kind of structure looks: a colour, a line and a word, never a colour alone."""

from dataclasses import dataclass

from kambin.anatomy import StructureKey

IVORY = (0.93, 0.88, 0.76)
NERVE_YELLOW = (0.98, 0.83, 0.10)
SAC_YELLOW = (0.96, 0.93, 0.62)
ARTERY_RED = (0.83, 0.20, 0.18)
VEIN_BLUE = (0.25, 0.40, 0.80)
DISC_GREY_BLUE = (0.49, 0.58, 0.72)
CARTILAGE_BLUE = (0.66, 0.83, 0.88)
FRAGMENT_MAGENTA = (0.85, 0.15, 0.65)
TOOL_CYAN = (0.00, 0.78, 0.86)
REMOVED_ORANGE = (0.95, 0.55, 0.10)
ORGAN_BROWN = (0.72, 0.52, 0.42)
SKIN_TAN = (0.90, 0.76, 0.66)
MUSCLE_ROSE = (0.76, 0.48, 0.46)
CASING = (0.10, 0.10, 0.10)

Colour = tuple[float, float, float]
"""Red, green, blue, each 0..1."""


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind of structure is drawn.

    Parameters
    ----------
    colour : red, green, blue, each 0..1
    line : matplotlib line style; differs between kinds that may touch
    width_pt : float, points
    """

    colour: Colour
    line: str | tuple[int, tuple[float, ...]]
    width_pt: float


# Colour and line differ together: a grey print must tell kinds apart that may touch.
_BONE = Look(IVORY, "-", 0.9)
_SAP = Look(IVORY, "-", 1.8)
_DISC = Look(DISC_GREY_BLUE, (0, (4.0, 1.5)), 1.3)
_JOINT = Look(CARTILAGE_BLUE, (0, (2.0, 0.8)), 0.9)
_NERVE = Look(NERVE_YELLOW, "-", 1.7)
_SAC = Look(SAC_YELLOW, (0, (6.0, 1.2, 1.2, 1.2)), 1.3)
_ARTERY = Look(ARTERY_RED, (0, (1.2, 1.0)), 1.4)
_VEIN = Look(VEIN_BLUE, (0, (1.2, 1.0)), 1.4)
_ORGAN = Look(ORGAN_BROWN, (0, (3.0, 1.0, 1.0, 1.0)), 1.0)
_SKIN = Look(SKIN_TAN, "-", 0.9)
_MUSCLE = Look(MUSCLE_ROSE, (0, (1.0, 2.0)), 0.7)
_FRAGMENT = Look(FRAGMENT_MAGENTA, "-", 1.6)

_LOOKS: dict[str, Look] = {
    **dict.fromkeys(
        ("vertebra", "sacrum", "ilium", "hip", "rib", "body", "pedicle", "lamina", "arch"), _BONE
    ),
    **dict.fromkeys(("sp", "tp", "iap", "pars", "body_rim", "pedicle_rim", "arch_base"), _BONE),
    "sap": _SAP,
    "disc": _DISC,
    **dict.fromkeys(("facet_joint", "facet_capsule"), _JOINT),
    **dict.fromkeys(("exiting_root", "traversing_root", "drg", "spinal_cord"), _NERVE),
    **dict.fromkeys(("dural_sac", "canal"), _SAC),
    **dict.fromkeys(("aorta", "iliac_artery", "segmental_artery"), _ARTERY),
    **dict.fromkeys(("vena_cava", "iliac_vein"), _VEIN),
    **dict.fromkeys(("psoas", "multifidus", "erector_spinae", "quadratus", "iliacus"), _MUSCLE),
    "skin": _SKIN,
    "fragment": _FRAGMENT,
}

BONE_KINDS = frozenset(kind for kind, look in _LOOKS.items() if look in (_BONE, _SAP))
"""Kinds that are bone."""


def find_look(key: StructureKey) -> Look:
    """Return how a structure is drawn; what is not named is drawn as an organ."""
    # An unknown kind is drawn all the same; left out, it would look like free room.
    return _LOOKS.get(key.kind, _ORGAN)
