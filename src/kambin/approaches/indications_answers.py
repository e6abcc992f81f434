"""What only a person knows: contraindications, films in motion, cases done, flags of recurrence."""

from collections.abc import Iterable
from dataclasses import dataclass

from kambin.core import RequestError
from kambin.knowledge.suitability import contraindications, risk_rows

NONE = "none"
"""The answer that none of a list applies; leaving the option out answers nothing."""

_TOLD_OTHERWISE = ("age", "protrusion", "inexperience")
"""Flags of recurrence that follow from an answer or from the fragment."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What a person answered; none where nobody was asked.

    Parameters
    ----------
    contraindications : set of str, those that apply; none if the question was not answered
    translation_mm : float or none, mm, on films in flexion and extension
    angulation_deg : float or none, degrees, on the same films
    surgeon_cases : int or none
    age_years : float or none
    risks : set of str, flags of recurrence that apply; none if the question was not answered
    """

    contraindications: frozenset[str] | None = None
    translation_mm: float | None = None
    angulation_deg: float | None = None
    surgeon_cases: int | None = None
    age_years: float | None = None
    risks: frozenset[str] | None = None


def read_answers(
    *,
    contraindication: Iterable[str] = (),
    translation_mm: float | None = None,
    angulation_deg: float | None = None,
    surgeon_cases: int | None = None,
    age_years: float | None = None,
    risk: Iterable[str] = (),
) -> Answers:
    """Return what a person answered, from the words of a call.

    Parameters
    ----------
    contraindication, risk : names, ``none`` alone if none applies, or nothing
    translation_mm, angulation_deg : mm and degrees, not negative
    surgeon_cases : int, not negative
    age_years : float, years, not negative

    Raises
    ------
    RequestError  (RQ-160) for a name that is not in the list, or ``none`` beside others; (RQ-161)
        for a negative number
    """
    numbers = {
        "--translation-mm": translation_mm,
        "--angulation-deg": angulation_deg,
        "--surgeon-cases": surgeon_cases,
        "--age": age_years,
    }
    for option, number in numbers.items():
        # written so that what is no number at all is refused as well
        if number is not None and not number >= 0:
            raise _negative(option, number)
    return Answers(
        contraindications=_names("--contraindication", contraindication, contraindications()),
        translation_mm=translation_mm,
        angulation_deg=angulation_deg,
        surgeon_cases=surgeon_cases,
        age_years=age_years,
        risks=_names("--risk", risk, askable_risks()),
    )


def askable_risks() -> tuple[str, ...]:
    """Return the flags of recurrence a person may name."""
    return tuple(name for name in risk_rows() if name not in _TOLD_OTHERWISE)


def _names(option: str, words: Iterable[str], known: tuple[str, ...]) -> frozenset[str] | None:
    asked = [word.strip().lower().replace("-", "_") for word in words]
    if not asked:
        return None
    if asked == [NONE]:
        return frozenset()
    strange = [word for word in asked if word not in known]
    if strange:
        shown = ", ".join(name.replace("_", "-") for name in known)
        raise RequestError(
            code="RQ-160",
            what="The answer is not in the list",
            where=f"{option} {strange[0][:30]!r}",
            why=f"Known are {shown}, or {NONE} alone if none applies.",
            next_step=f"Use {option} once for each that applies, or {option} {NONE}.",
        )
    return frozenset(asked)


def _negative(option: str, number: float) -> RequestError:
    return RequestError(
        code="RQ-161",
        what="The answer is no number of its kind",
        where=f"{option} {number:g}",
        why="It counts from 0 upward.",
        next_step=f"Give {option} as it was measured or counted, or leave it out.",
    )
