"""What the labels do not hold: those structures are not assessed, and the plan says so."""

from kambin.anatomy.check_wording import finding_of
from kambin.anatomy.survey import Survey
from kambin.core import Finding, Severity

_VESSELS = ("aorta", "vena_cava", "iliac_artery", "iliac_vein")
_ORGANS = ("colon", "small_bowel", "kidney")
_NERVES = ("exiting_root", "drg")


def check_presence(survey: Survey) -> tuple[Finding, ...]:
    """List the hazards that no mask gives.

    Parameters
    ----------
    survey : Survey

    Returns
    -------
    findings: AN-140 vessels and AN-141 organs (CONFIRM), AN-142 nerves (NOTE, because the
    completion models them)

    References
    ----------
    Faults A08: never *clear* what was not looked at.
    """
    findings = []
    for kinds, code, severity in (
        # Hazards that nothing replaces must be accepted by a person; nerves are modelled.
        (_VESSELS, "AN-140", Severity.CONFIRM),
        (_ORGANS, "AN-141", Severity.CONFIRM),
        (_NERVES, "AN-142", Severity.NOTE),
    ):
        missing = [kind for kind in kinds if not survey.of_kind(kind)]
        if missing:
            why = "No mask is given."
            findings.append(finding_of(code, severity, where=", ".join(missing), why=why))
    return tuple(findings)


def check_lumbar_spine(survey: Survey) -> tuple[Finding, ...]:
    """Return AN-100 if no lumbar vertebra is labelled, with what was found instead."""
    if any(f.key.place.startswith("L") for f in survey.of_kind("vertebra")):
        return ()
    found = ", ".join(sorted(str(key) for key in survey.found)) or "nothing"
    why = f"The labels hold {found}."
    return (finding_of("AN-100", Severity.BLOCK, where="labels", why=why),)
