"""What the report says of a case that was fused from two images."""

from kambin.anatomy import Anatomy, Case, Level
from kambin.exchange.fused_cases import read_fusion
from kambin.report.rows import Row, Table
from kambin.report.words import origin_words, structure_words


def carried_table(case: Case, anatomy: Anatomy, level: Level) -> Table | None:
    """Return what another image showed, of this level or without a level; none if nothing.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    level : Level

    Returns
    -------
    Table, one row for each structure: standard deviations in mm, and its origin
    """
    places = {"", level.upper, level.lower, str(level)}
    rows = []
    for key, error_mm in sorted(case.registration_sigma_mm.items(), key=lambda item: str(item[0])):
        structure = anatomy.structures.get(key)
        if structure is not None and key.place in places:
            words = (
                f"{structure.sigma_mm:.1f} mm, of which {error_mm:.1f} mm by carrying it over; "
                f"{origin_words(structure.origin)} in that image"
            )
            rows.append((structure_words(str(key)), words))
    if not rows:
        return None
    return Table(
        "carried",
        "What another image shows, carried over to this one",
        ("Structure", "Standard deviation, and origin"),
        tuple(rows),
        "Both errors add in squares. The pictures show these structures where the motion of the "
        "vertebrae puts them; no slice of this image was compared with them.",
    )


def limits(case: Case, level: Level) -> tuple[str, ...]:
    """Return the sentence that a fusion adds to the limits of a report, or none.

    Parameters
    ----------
    case : Case
    level : Level
    """
    fusion = read_fusion(case)
    if fusion is None:
        return ()
    said = (
        "Two images were fused: bone and organs are those of the first, nerves, sac and discs "
        "those of the second, moved vertebra by vertebra."
    )
    here = next((fit for fit in fusion.levels if fit.name == str(level)), None)
    if here is None:
        return (f"{said} At {level} not both vertebrae were registered: no error is stated there.",)
    return (f"{said} The stated error at {level} is {here.error_mm:.1f} mm (standard deviation).",)


def provenance(case: Case) -> tuple[Row, ...]:
    """Return what was fused and how well at each level: name and value.

    Parameters
    ----------
    case : Case
    """
    fusion = read_fusion(case)
    if fusion is None:
        return ()
    rows = [
        Row("Fused, first image's case", fusion.ct_sha256),
        Row("Fused, second image's case", fusion.mr_sha256),
    ]
    for fit in fusion.levels:
        rows.append(
            Row(
                f"Fusion at {fit.name}",
                f"stated error {fit.error_mm:.2f} mm; posture changed by {fit.turn_deg:.1f} "
                f"degrees and {fit.shift_mm:.1f} mm",
            )
        )
    return tuple(rows)
