"""What the numbers of a comparison mean, and in which unit."""

FIELDS = (
    ("skin_mm", "mm", "Skin incision: half the tube's circumference, or the table's incision."),
    (
        "muscle_dilated_mm3",
        "mm3",
        "Muscle inside the tube, or in the retractor's channel and not taken off the bone.",
    ),
    (
        "muscle_detached_mm3",
        "mm3",
        "Muscle taken off lamina, spinous and inferior processes along the incision.",
    ),
    (
        "lamina_mm3",
        "mm3",
        "Bone cut of laminae and spinous processes of both vertebrae; of S1 the sacrum.",
    ),
    ("facet_mm3", "mm3", "Bone cut of inferior and superior process of the asked side's joint."),
    (
        "facet_fraction",
        "1",
        "Share of the joint's face whose bone is cut on either side of the joint.",
    ),
    ("flavum_mm3", "mm3", "Ligamentum flavum cut."),
    (
        "root_retraction_mm",
        "mm",
        "How far traversing root and sac must be moved medially to make room at the target.",
    ),
    ("reachable_fraction", "1", "Share of the fragment that forceps grasp."),
    ("visible_fraction", "1", "Share of the fragment in sight of scope or microscope."),
    ("stability_class", "1", "What is left of the joint: intact, minor, moderate, at_risk."),
)
"""Name, unit and meaning of each field of the contract, in its order."""

MORE_FIELDS = (
    (
        "other_bone_mm3",
        "mm3",
        "Other bone: of a plan pars, and the rim where it is declared; of a tube all in its way.",
    ),
)
"""What is told beside the contract, in the same shape."""


PUBLISHED_METRICS = (
    "incision",
    "muscle_enzymes",
    "muscle_fat",
    "facet_kept",
    "flavum",
    "blood_visible",
    "blood_hidden",
    "blood_hidden_share",
    "radiation_time",
    "radiation_dose",
    "stay",
    "pain",
    "recurrence",
    "reoperation",
    "complications",
)
"""What papers print of the six ways that stands beside the measured numbers, never averaged."""


def tell_number(name: str, number: float | str | None) -> str:
    """Return a number of a field without its unit, with the digits that its error leaves.

    Parameters
    ----------
    name : str, of the field
    number : float in the field's unit, a class, or none where it is not assessed
    """
    if number is None:
        return "-"
    if isinstance(number, str):
        return number.replace("_", " ")
    digits = 2 if name.endswith("_fraction") else 1 if name.endswith("_mm") else 0
    return f"{number:.{digits}f}"
