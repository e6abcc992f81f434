"""How much of which local anaesthetic: ceilings, and volumes that stay under their sum.

All sums are exact: numbers are taken as they are written, as fractions, and rounded once at the
end. A rounding towards the nearest float keeps an exact order, so that no total can pass its
ceiling by a last bit.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from kambin.core import RequestError
from kambin.knowledge import Ceiling, Jurisdiction, Preparation

MG_PER_ML = 10
"""Milligrams in a millilitre of 1 percent: one gram in 100 mL, by definition."""

Group = Literal["skin", "track", "facet", "foramen"]
"""What is infiltrated by itself, from the skin inwards."""

GROUPS: tuple[Group, ...] = ("skin", "track", "facet", "foramen")
"""All of them, in the order in which the needle comes to them."""


@dataclass(frozen=True, slots=True)
class Drug:
    """A preparation in the syringe, and where it is meant for.

    Parameters
    ----------
    preparation : Preparation
    percent : float, its concentration, percent
    groups : what it is meant for, or empty for wherever it may go
    """

    preparation: Preparation
    percent: float
    groups: tuple[Group, ...] = ()

    @property
    def mg_per_ml(self) -> Fraction:
        """Return how much drug is in a millilitre, mg/mL, exactly."""
        return MG_PER_ML * exact(self.percent)

    @property
    def words(self) -> str:
        """Return name and concentration as printed."""
        return f"{self.preparation.title} {self.percent:g} %"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most of one preparation for one patient.

    Parameters
    ----------
    mg : Fraction, mg, the least that the chosen tables allow
    ruling : the Ceiling whose term that is, and which of its terms
    term : ``mg_per_kg`` or ``cap_mg``
    is_borrowed : bool, the term is that of another table than the one that was chosen, which
        has none of this kind
    """

    mg: Fraction
    ruling: Ceiling
    term: Literal["mg_per_kg", "cap_mg"]
    is_borrowed: bool = False


@dataclass(frozen=True, slots=True)
class Wish:
    """What one group should be given, and of which drug.

    Parameters
    ----------
    group : Group
    drug : Drug, or none where no drug may be given there
    least_ml, most_ml : float, mL
    """

    group: Group
    drug: Drug | None
    least_ml: float
    most_ml: float


@dataclass(frozen=True, slots=True)
class Volumes:
    """What is given, and what it comes to.

    Parameters
    ----------
    volumes_ml : mapping of group to mL; empty where not even the least volumes fit
    doses_mg : mapping of preparation name to mg, of what is given
    share : Fraction, the sum over drugs of dose by ceiling
    least_share : Fraction, the same of the least volumes
    most_share : Fraction, the same of the most that is wished
    """

    volumes_ml: Mapping[Group, Fraction]
    doses_mg: Mapping[str, Fraction]
    share: Fraction
    least_share: Fraction
    most_share: Fraction

    @property
    def fits(self) -> bool:
        """Return whether the least volumes of all groups stay under the ceiling."""
        return bool(self.volumes_ml)


def exact(number: float) -> Fraction:
    """Return a number as it is written in decimals, exactly."""
    # 0.1 is meant as a tenth; its binary neighbour would leave a trace in every sum.
    return Fraction(repr(float(number)))


def find_terms(preparation: Preparation, weight_kg: float) -> tuple[Limit, ...]:
    """Return every ceiling of a preparation for a weight, one a term, mg.

    Parameters
    ----------
    preparation : Preparation
    weight_kg : float, kg
    """
    found = []
    for row in preparation.ceilings:
        if row.mg_per_kg is not None:
            found.append(Limit(exact(row.mg_per_kg) * exact(weight_kg), row, "mg_per_kg"))
        if row.cap_mg is not None:
            found.append(Limit(exact(row.cap_mg), row, "cap_mg"))
    return tuple(found)


def find_limit(preparation: Preparation, weight_kg: float, jurisdiction: Jurisdiction) -> Limit:
    """Return the most that may be given of a preparation.

    Parameters
    ----------
    preparation : Preparation
    weight_kg : float, kg
    jurisdiction : which tables count

    Raises
    ------
    RequestError  (RQ-142) if the chosen table says nothing of the preparation

    Notes
    -----
    A chosen table that has no figure by weight, or no cap, borrows the lowest of the others: a
    cap alone does not know a light patient, a figure by weight alone not a heavy one.
    """
    terms = find_terms(preparation, weight_kg)
    own = [t for t in terms if jurisdiction in ("lowest", t.ruling.table)]
    if not own:
        tables = sorted({row.table for row in preparation.ceilings})
        raise RequestError(
            code="RQ-142",
            what="The chosen table has no ceiling for this drug",
            where=f"{preparation.name}, --ceiling {jurisdiction}",
            why=f"Ceilings for it are known from: {', '.join(tables)}.",
            next_step="Use --ceiling lowest, which takes the least of what is known.",
        )
    kinds = {limit.term for limit in own}
    borrowed = [
        Limit(t.mg, t.ruling, t.term, is_borrowed=True) for t in terms if t.term not in kinds
    ]
    return min([*own, *borrowed], key=lambda limit: limit.mg)


def find_share(
    volumes_ml: Iterable[tuple[Drug, Fraction]], limits: Mapping[str, Fraction]
) -> Fraction:
    """Return the sum over drugs of dose by ceiling; 1 is the ceiling.

    Parameters
    ----------
    volumes_ml : pairs of drug and mL
    limits : mapping of preparation name to mg
    """
    shares = (
        drug.mg_per_ml * volume / limits[drug.preparation.name] for drug, volume in volumes_ml
    )
    return sum(shares, Fraction(0))


def fit_volumes(
    wishes: Sequence[Wish],
    limits: Mapping[str, Fraction],
    *,
    at_most: float,
    step_ml: float,
) -> Volumes:
    """Return volumes for all groups whose sum stays under the ceiling.

    Parameters
    ----------
    wishes : one a group; those without a drug are given nothing
    limits : mapping of preparation name to mg
    at_most : float, 0 to 1, the share of the ceiling that may be used
    step_ml : float, mL, volumes are whole steps, cut down

    Returns
    -------
    Volumes; every group loses the same part of what lies between its least and its most. Where
    the least volumes alone pass the ceiling nothing is given: that is for a person to solve.
    """
    given = [(w, w.drug) for w in wishes if w.drug is not None]
    least = find_share([(d, exact(w.least_ml)) for w, d in given], limits)
    most = find_share([(d, exact(w.most_ml)) for w, d in given], limits)
    room = exact(at_most)
    if least > room or not given:
        return Volumes({}, {}, Fraction(0), least, most)
    part = Fraction(1) if most <= room else (room - least) / (most - least)
    step = exact(step_ml)
    volumes: dict[Group, Fraction] = {}
    doses: dict[str, Fraction] = {}
    for wish, drug in given:
        low = exact(wish.least_ml)
        # cut down and never up, so that what is under the ceiling stays there
        more = part * (exact(wish.most_ml) - low) // step * step
        volumes[wish.group] = low + more
        name = drug.preparation.name
        doses[name] = doses.get(name, Fraction(0)) + drug.mg_per_ml * volumes[wish.group]
    share = find_share([(d, volumes[w.group]) for w, d in given], limits)
    return Volumes(volumes, doses, share, least, most)
