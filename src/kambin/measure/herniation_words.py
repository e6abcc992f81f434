"""A classified herniation in lines that a surgeon reads."""

from kambin.measure.herniation_types import Grade, Herniation, PublishedRate, RootGrade

SERIES = "Lee SH 2006, Spine 31:E285"
"""The series all three rules come from."""

CAVEAT = "One series of transforaminal operations; no forecast for this patient."
"""What has to stand beside every published rate."""


def describe_herniation(found: Herniation) -> tuple[tuple[str, str], ...]:
    """Return the classification and the rules as pairs of a heading and a line.

    Parameters
    ----------
    found : Herniation
    """
    return (*describe_classes(found), *describe_rates(found.rates))


def describe_classes(found: Herniation) -> tuple[tuple[str, str], ...]:
    """Return the classification as pairs of a heading and a line.

    Parameters
    ----------
    found : Herniation

    Returns
    -------
    pairs of str; a class within one standard deviation of its border names its neighbour
    """
    size, location = found["msu_size"], found["msu_location"]
    side = "midline" if found.side is None else str(found.side)
    return (
        ("Herniation", f"{found.level} {side}, {found.origin}, surface +-{found.sigma_mm:.1f} mm"),
        ("Morphology", f"{found['morphology'].words} (version 2.0); "
         f"{found['morphology_version_1'].value} (version 1)"),
        ("Zone", f"{found['zone'].words}; {_shares(found['zone'])}"),
        ("MSU", f"{size.words}-{location.words}: h {size.measured['h_mm']:.1f} mm, "
         f"d {size.measured['d_mm']:.1f} mm. {size.statement} {location.statement}".rstrip()),
        ("Migration", _say_migration(found)),
        ("Canal", _say_canal(found["canal_compromise"])),
        *(("Root", _say_root(root)) for root in found.roots),
        ("Calcified", _say_calcified(found["calcified"])),
        ("Volume", f"{found['volume'].value:.0f} +- {found['volume'].uncertainty:.0f} mm3, "
         + " x ".join(f"{mm:.0f}" for mm in found["dimensions"].measured.values()) + " mm"),
    )  # fmt: skip


def describe_rates(rates: tuple[PublishedRate, ...]) -> tuple[tuple[str, str], ...]:
    """Return the rules as pairs of a heading and a line.

    Parameters
    ----------
    rates : tuple of PublishedRate
    """
    words = {True: "yes", False: "no", None: "not assessed"}
    lines = []
    for rate in rates:
        others = ", ".join(f"{percent:g} % {name}" for name, percent in rate.others_percent.items())
        doubt = " (borderline)" if rate.is_borderline else ""
        lines.append(
            (
                f"Rule {rate.rule}",
                f"{words[rate.applies]}{doubt}: {rate.because}. Published failures where "
                f"{rate.condition}: {rate.failure_percent:g} % ({others})",
            )
        )
    return (*lines, ("", f"{SERIES}. {CAVEAT}"))


def _shares(zone: Grade) -> str:
    """Return where the volume lies, the largest share first."""
    found = {
        name.removesuffix("_share").replace("_", " "): share
        for name, share in zone.measured.items()
        if name.endswith("_share") and share >= 10.0**-2 / 2
    }
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{share:.0%} {name}" for name, share in ranked)


def _say_migration(found: Herniation) -> str:
    zone, grade = found["migration"], found["migration_grade"]
    if zone.value == "none":
        return zone.words
    beyond, height = zone.measured["beyond_plate_mm"], zone.measured["disc_height_mm"]
    return (
        f"{zone.words}, {grade.words} grade: tip {beyond:.1f} mm beyond the end plate, "
        f"disc margin {height:.1f} mm high"
    )


def _say_canal(canal: Grade) -> str:
    if canal.value is None:
        return canal.statement
    share, sigma = canal.measured["fraction"], canal.uncertainty or 0.0
    return f"{share:.0%} +- {sigma:.0%} taken, {canal.words}. {canal.statement}".rstrip()


def _say_root(root: RootGrade) -> str:
    grade = root.grade
    gap, relation = grade.measured["gap_mm"], root.relation.words
    said = grade.statement if grade.value is None else f"grade {grade.words}. {grade.statement}"
    return f"{root.key}: {said.rstrip()} Gap {gap:.1f} mm; fragment lies {relation}"


def _say_calcified(grade: Grade) -> str:
    if grade.value is None:
        return grade.statement
    word = "yes" if grade.value else "no"
    return (
        f"{word}: {grade.measured['calcified_share']:.0%} of the inner voxels, "
        f"mean {grade.measured['mean_hu']:.0f} HU"
    )
