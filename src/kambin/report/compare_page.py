"""The page of a report on which the plan stands beside the other ways to operate."""

from dataclasses import dataclass

from kambin.anatomy import Anatomy, Case
from kambin.approaches import Ground, describe_comparison, measure_all
from kambin.core import AnatomyError, Progress, RequestError
from kambin.planning import Plan, Refusal
from kambin.planning.asked_again import repeat_request
from kambin.planning.reach import has_fragment
from kambin.report.compare_figure import draw_comparison
from kambin.report.compare_rows import comparison_tables
from kambin.report.pictures import Picture
from kambin.report.rows import Table

TITLE = "Six ways to operate"


@dataclass(frozen=True, slots=True)
class ComparePage:
    """What a report says of the six ways.

    Parameters
    ----------
    tables : in print order
    picture : the six ways side by side
    """

    tables: tuple[Table, ...]
    picture: Picture


def make_compare_page(
    case: Case, anatomy: Anatomy, document: Plan | Refusal, *, progress: Progress
) -> ComparePage | str:
    """Return the page of the six ways for the target of an answer, or why there is none.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy of the same case
    document : Plan or Refusal of it; stands for the way through the foramen and is not made again
    progress : Progress
    """
    request = repeat_request(document, aims_at_fragment=has_fragment(anatomy))
    if request is None:
        return "The six ways are not compared: the target of the refused request is not known."
    try:
        found = measure_all(case, anatomy, request, answer=document, progress=progress)
    # The report is written all the same, and says among its limits what is missing.
    except (AnatomyError, RequestError) as error:
        return f"The six ways are not compared: {error.what} ({error.where})."
    ground = Ground.of(case, anatomy, request)
    words = f"{document.level}, {document.side.upper()} side"
    picture = Picture(
        "six-ways",
        TITLE,
        f"{TITLE}, {words}: above each way seen from behind, below cut along it",
        draw_comparison(ground, found),
    )
    return ComparePage(comparison_tables(describe_comparison(ground, found)), picture)
