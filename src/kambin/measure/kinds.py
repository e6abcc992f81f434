"""What the registry says of a quantity."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kambin.measure.rows import Reading
from kambin.measure.site import Site

Measurer = Callable[[Site], Mapping[str, Reading]]
"""A function that takes readings at a site, by the name of their quantity."""


class Place(StrEnum):
    """Where a quantity has a value."""

    LEVEL = "level"
    LEVEL_SIDE = "level and side"
    VERTEBRA = "vertebra"
    VERTEBRA_SIDE = "vertebra and side"
    SPINE = "whole lumbar spine"


@dataclass(frozen=True, slots=True)
class QuantityKind:
    """What one quantity is, and where it comes from.

    Parameters
    ----------
    name : str, as in the documents
    unit : str, ``mm``, ``mm2``, ``mm3``, ``deg`` or ``1``
    place : Place
    meaning : str, what a surgeon recognises
    frame : str, in which frame directions are taken
    method : str, how it is computed
    source : str, where the definition comes from
    measurer : function that measures it, perhaps together with others
    """

    name: str
    unit: str
    place: Place
    meaning: str
    frame: str
    method: str
    source: str
    measurer: Measurer
