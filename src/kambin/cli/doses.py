"""What ``kambin anaesthesia`` and ``kambin procedure`` ask of patient and drugs."""

from typing import Annotated

import typer

from kambin.approaches.anaesthesia import DrugRequest
from kambin.approaches.dose_remarks import REDUCE_FOR
from kambin.approaches.drug_words import read_drug, require_share, require_weight
from kambin.core import RequestError
from kambin.knowledge import JURISDICTIONS, Jurisdiction

Weight = Annotated[
    float | None,
    typer.Option("--weight-kg", metavar="KG", help="Body weight; there is no default."),
]
Drug = Annotated[
    list[str] | None,
    typer.Option(
        "--drug",
        metavar="DRUG",
        help='Such as "lidocaine 0.5%" or ropivacaine:0.3@foramen; repeat it. Without it every '
        "drug of the tables is told and none chosen.",
    ),
]
Ceiling = Annotated[
    str, typer.Option("--ceiling", metavar="TABLE", help=f"{', '.join(JURISDICTIONS)}.")
]
Share = Annotated[
    float, typer.Option("--at-most", metavar="SHARE", help="Share of the ceiling, 0 to 1.")
]
Reduce = Annotated[
    list[str] | None,
    typer.Option("--reduce-for", metavar="WORD", help=f"{', '.join(REDUCE_FOR)}; repeat it."),
]


def read_doses(
    weight_kg: float | None,
    drugs: list[str] | None,
    ceiling: str,
    at_most: float,
    reduce_for: list[str] | None,
) -> DrugRequest:
    """Return what a person says of patient and drugs, refused where it makes no sense.

    Parameters
    ----------
    weight_kg : float or none, kg
    drugs : as written on the command line
    ceiling : name of the tables
    at_most : float, share of the ceiling
    reduce_for : words of ``REDUCE_FOR``

    Raises
    ------
    RequestError  (RQ-140 to RQ-145)
    """
    jurisdiction: Jurisdiction | None = next((n for n in JURISDICTIONS if n == ceiling), None)
    words = tuple(dict.fromkeys(reduce_for or ()))
    strange = [word for word in words if word not in REDUCE_FOR]
    contradicts = "none" in words and len(words) > 1
    if jurisdiction is None or strange or contradicts:
        raise RequestError(
            code="RQ-145",
            what="An option of the anaesthesia is not understood",
            where=f"--ceiling {ceiling[:20]!r}" if jurisdiction is None else "--reduce-for",
            why=f"Ceilings are {', '.join(JURISDICTIONS)}; reasons to reduce are "
            f"{', '.join(REDUCE_FOR)}, and none stands alone.",
            next_step="Use one of these words.",
        )
    return DrugRequest(
        require_weight(weight_kg),
        tuple(read_drug(word) for word in drugs or ()),
        jurisdiction,
        require_share(at_most),
        words,
    )
