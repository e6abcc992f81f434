"""Numbers and names as sentences a surgeon reads."""

import re

from kambin.anatomy import Origin, StructureKey
from kambin.planning import Clearance, Group

BANNER = "Research and teaching use only. Not a medical device. Not for clinical use."
"""Stands on every page."""

LEGEND = (
    ("bone", "ivory, thin line"),
    ("superior articular process (SAP)", "ivory, thick line"),
    ("disc", "grey-blue, dashed"),
    ("facet joint", "pale blue, short dashes"),
    ("nerve", "yellow, thick line"),
    ("dural sac", "pale yellow, dash and dot"),
    ("vessel", "red or blue, dotted"),
    ("organ", "brown, dash and dots"),
    ("tool", "cyan, true diameter; reamer dashed"),
    ("removed or binding structure", "orange in space, hatched in sections"),
)
"""How structures are drawn, in words, so that a grey print can be read."""

_KIND_WORDS = {
    "sap": "superior articular process",
    "iap": "inferior articular process",
    "sp": "spinous process",
    "tp": "transverse process",
    "drg": "ganglion (DRG)",
    "vena_cava": "vena cava",
    "body_rim": "upper rim of body",
    "pedicle_rim": "upper border of pedicle",
    "arch_base": "base of arch",
    "flavum": "ligamentum flavum",
}
# Kind, place and side joined by colons; a colon that ends a clause is none of them.
_KEY_IN_TEXT = re.compile(
    r"\b[a-z_]+(?::[A-Z0-9][A-Za-z0-9-]*:(?:left|right)|:(?:left|right)|:[A-Z0-9][A-Za-z0-9-]*)\b"
)
_RAISED_UNIT = re.compile(r"\b([cm]m)([23])\b")
_RAISED = {"2": "²", "3": "³"}
_SHORT_WORDS = {
    "vertebra": "",
    "exiting_root": "root",
    "traversing_root": "trav. root",
    "dural_sac": "sac",
    "drg": "DRG",
    "sap": "SAP",
    "iap": "IAP",
    "vena_cava": "IVC",
    "small_bowel": "bowel",
    "iliac_artery": "il. artery",
    "iliac_vein": "il. vein",
    "segmental_artery": "seg. artery",
    "facet_joint": "joint",
}
_ORIGIN_WORDS = {
    Origin.SEGMENTED: "given by the labels",
    Origin.DRAWN: "drawn by a person",
    Origin.MODELLED: "modelled, not seen in the image",
    Origin.PHANTOM: "phantom",
}


def structure_words(key: str) -> str:
    """Return a structure's key in words: ``exiting_root:L4:left`` is exiting root L4 left.

    Parameters
    ----------
    key : str, as written in documents; anything that is no key is returned as it is
    """
    kind, *rest = key.split(":")
    name = _KIND_WORDS.get(kind, kind.replace("_", " "))
    return " ".join([name, *rest])


def plain_words(text: str) -> str:
    """Return a sentence in which keys of structures and units are written in words.

    Parameters
    ----------
    text : str, such as ``drg:L4:left binds at the forceps``
    """
    return unit_words(_KEY_IN_TEXT.sub(lambda match: structure_words(match[0]), _join(text)))


def unit_words(text: str) -> str:
    """Return text or a unit with areas and volumes as they are printed: ``mm³`` for ``mm3``.

    Parameters
    ----------
    text : str; names of fields, such as ``bone_mm3``, stay as they are
    """
    return _RAISED_UNIT.sub(lambda match: match[1] + _RAISED[match[2]], text)


def _join(text: str) -> str:
    """Return text without the underscores of names that are no full key, such as vena_cava."""
    return re.sub(r"(?<=[a-z])_(?=[a-z_]+(?![a-z_:]))", " ", text)


def quantity_words(name: str, unit: str) -> str:
    """Return the name of a quantity without the unit at its end, which stands beside its value.

    Parameters
    ----------
    name, unit : str, such as ``craniocaudal_to_disc_deg`` and ``deg``
    """
    return name.removesuffix(f"_{unit}").replace("_", " ")


def short_words(key: StructureKey) -> str:
    """Return the few letters that stand beside a structure in a picture, such as ``L4 root``."""
    name = _SHORT_WORDS.get(key.kind, key.kind.replace("_", " "))
    return f"{key.place} {name}".strip()


def origin_words(origin: str) -> str:
    """Return where a shape comes from, in words."""
    return _ORIGIN_WORDS[Origin(origin)] if origin in tuple(Origin) else origin


def clearance_words(clearance: Clearance) -> str:
    """Return what one clearance means, with its uncertainty, in words.

    Parameters
    ----------
    clearance : Clearance, mm
    """
    gap, doubt = clearance.clearance_mm, clearance.uncertainty_mm
    # An overlap first: no uncertainty makes a clearance of it.
    if gap < 0:
        text = f"overlaps by {-gap:.1f} mm"
        if clearance.group == Group.WATCHED.value:
            text += " where it is modelled; no image shows it"
        elif clearance.group == Group.REMOVABLE.value and clearance.hard_margin_mm is None:
            text += ", bone that is removed"
        # Forceps work at the target, under sight: what they touch there is not removed for them.
        elif clearance.hard_margin_mm is None:
            text += "; no margin is asked of this tool here"
        elif -gap < doubt:
            text += f"; inside uncertainty ({doubt:.1f} mm)"
    elif clearance.inside_uncertainty:
        text = f"inside uncertainty ({doubt:.1f} mm): cannot be told from contact"
    else:
        text = f"clear of its uncertainty ({doubt:.1f} mm)"
    return text


def direction_words(value_mm: float, positive: str, negative: str) -> str:
    """Return a signed length as a length and a word, such as ``34 mm cranial``.

    Parameters
    ----------
    value_mm : float, mm
    positive, negative : str, the word for either sign
    """
    return f"{abs(value_mm):.0f} mm {positive if value_mm >= 0 else negative}"


def fraction_words(fraction: float | None) -> str:
    """Return a share in percent, or ``not assessed``."""
    return "not assessed" if fraction is None else f"{100.0 * fraction:.0f} %"


def mm_words(value_mm: float | None, unit: str = "mm") -> str:
    """Return a length with one decimal and its unit, or ``not assessed``."""
    return "not assessed" if value_mm is None else f"{value_mm:.1f} {unit}"


def point_words(point_lps_mm: tuple[float, float, float]) -> str:
    """Return a point as three numbers, mm, LPS.

    Parameters
    ----------
    point_lps_mm : three floats, shape (3,), mm, LPS
    """
    return ", ".join(f"{coordinate:.1f}" for coordinate in point_lps_mm)
