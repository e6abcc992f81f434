"""The case: a patient's image and labels with their names, as the rooms above use them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Tube
from kambin.imaging import LabelMap, Volume


@dataclass(frozen=True, slots=True)
class Confirmation:
    """One recorded answer of a person.

    Parameters
    ----------
    by : str, who
    at : str, when, ISO 8601 in UTC
    code : str, the finding that was accepted, or ``scheme``
    value : str, what was said, such as ``5 lumbar``
    """

    by: str
    at: str
    code: str
    value: str


@dataclass(frozen=True, slots=True)
class Case:
    """One patient as read from a case folder, in canonical array order.

    Parameters
    ----------
    image : Volume in HU, or none for a label-only case
    labels : LabelMap; each value is named in ``names``
    names : mapping of label value to StructureKey; an unsided paired bone has no side yet
    dialect : str, how the names were found
    confirmations : what persons have answered
    sha256 : str, hash over the arrays, geometry and names; confirmations are not in it
    source : mapping, notes of the reader, such as the formats of the files
    drawn : mapping of StructureKey to the Tube a person drew, mm, LPS; it replaces a modelled one
    registration_sigma_mm : mapping of StructureKey to float, mm, the standard deviation that
        carrying a structure over from another image adds to that of its mask
    """

    image: Volume | None
    labels: LabelMap
    names: Mapping[int, StructureKey]
    dialect: str
    confirmations: tuple[Confirmation, ...] = ()
    sha256: str = ""
    source: Mapping[str, str] = field(default_factory=dict)
    drawn: Mapping[StructureKey, Tube] = field(default_factory=dict)
    registration_sigma_mm: Mapping[StructureKey, float] = field(default_factory=dict)

    @property
    def accepted_codes(self) -> frozenset[str]:
        """Return the codes of findings a person has accepted."""
        # By code, so that a changed wording of a finding does not undo an answer.
        return frozenset(c.code for c in self.confirmations)
