"""What one published series says of herniations like this one: how often it failed."""

from collections.abc import Mapping

from kambin.knowledge import constant, value
from kambin.measure.herniation_types import Grade, PublishedRate

_BEYOND_DISC = ("high", "very-high")


def find_published_rates(grades: Mapping[str, Grade]) -> tuple[PublishedRate, ...]:
    """Return the rules R1 to R3 for the grades of a herniation.

    Parameters
    ----------
    grades : mapping of name to Grade: zone, canal_compromise, migration_grade

    Returns
    -------
    tuple of three PublishedRate; failures are of the whole operation, percent

    Notes
    -----
    Shown, not obeyed: nothing is refused because of a rate.

    References
    ----------
    Lee SH 2006, Spine 31:E285 (H3): canal compromise over half and central, over half and
    not central, migration beyond the height of the disc's posterior margin.
    """
    return (
        _canal_rule(grades, "R1", in_centre=True),
        _canal_rule(grades, "R2", in_centre=False),
        _migration_rule(grades["migration_grade"]),
    )


def _canal_rule(grades: Mapping[str, Grade], rule: str, *, in_centre: bool) -> PublishedRate:
    canal, zone = grades["canal_compromise"], grades["zone"]
    limit = value("herniation.rule_canal_share")
    row = f"herniation.{rule.lower()}_failure_percent"
    half = f"{limit:.0%}"
    others = {f"up to {half}": value("herniation.canal_low_failure_percent")}
    condition = f"canal taken by over {half}, {'central' if in_centre else 'not central'}"
    if canal.value is None:
        return PublishedRate(rule, condition, None, value(row), others,
                             "Not assessed: the canal.", source=constant(row).source)  # fmt: skip
    share, sigma = canal.measured["fraction"], canal.uncertainty or 0.0
    is_central = zone.value == "central"
    near_limit = abs(share - limit) <= sigma
    # A zone in doubt matters only where the canal is, or may be, taken by over half.
    near_zone = (is_central or zone.neighbour == "central") and zone.neighbour is not None
    return PublishedRate(
        rule,
        condition,
        share > limit and is_central == in_centre,
        value(row),
        others,
        f"{share:.0%} +- {sigma:.0%} taken, {zone.value}",
        (near_limit and (is_central == in_centre or near_zone)) or (share > limit and near_zone),
        constant(row).source,
    )


def _migration_rule(grade: Grade) -> PublishedRate:
    row = "herniation.r3_failure_percent"
    beyond, height = grade.measured["beyond_plate_mm"], grade.measured["disc_height_mm"]
    applies = grade.value in _BEYOND_DISC
    return PublishedRate(
        "R3",
        "migrated beyond the height of the disc's posterior margin",
        applies,
        value(row),
        {
            "no migration": value("herniation.migration_none_failure_percent"),
            "low grade": value("herniation.migration_low_failure_percent"),
        },
        f"{grade.value}: tip {max(beyond, 0.0):.1f} mm beyond the end plate, "
        f"disc margin {height:.1f} mm high",
        grade.neighbour is not None and (grade.neighbour in _BEYOND_DISC) != applies,
        constant(row).source,
    )
