"""What the resolution and the field of view cannot say about bone, as findings."""

from kambin.anatomy.completion_types import BonyAnatomy
from kambin.core import Finding, Severity
from kambin.knowledge import value


def find_bone_findings(bony: BonyAnatomy) -> tuple[Finding, ...]:
    """Return what completion of the bones has to say.

    Parameters
    ----------
    bony : BonyAnatomy
    """
    return (*_check_resolution(bony),)


def _check_resolution(bony: BonyAnatomy) -> tuple[Finding, ...]:
    limit = value("completion_bone.facet_resolved_mm")
    if bony.label_spacing_mm <= limit:
        return ()
    return (
        Finding(
            code="AN-201",
            severity=Severity.CONFIRM,
            what=(
                "Bone of the facet is not resolved: entry, angles and organs are usable, "
                "cannula clearance, SAP share and stability are not"
            ),
            where="labels of the case",
            why=f"The labels are {bony.label_spacing_mm:.2f} mm apart; the limit is {limit:g} mm.",
            next_step="Use a CT of at most 1 mm, or confirm that a person has judged the facet.",
        ),
    )
