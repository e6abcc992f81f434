"""What docking outside the waist of the foramen would reach, where little is reached inside it."""

from dataclasses import replace

from kambin.knowledge import value
from kambin.planning.docking import describe_docking
from kambin.planning.evaluate import Path
from kambin.planning.question import Question
from kambin.planning.reach import has_fragment
from kambin.planning.reach_choice import find_withdrawn, measure_share
from kambin.planning.reach_models import Reach
from kambin.planning.search import Candidate


def tell_mouth(question: Question, best: Candidate | None, reach: Reach) -> str:
    """Return what the same line would reach with its cannula outside the waist, or nothing.

    Parameters
    ----------
    question : Question
    best : Candidate, the path that is taken, or none
    reach : Reach of it

    Returns
    -------
    str, a sentence for the finding about reach; empty where a person is not asked about reach, the
    waist does not bound docking, or none of a few further dockings reaches clearly more

    Notes
    -----
    A tip that stands under the fragment cannot come back to it, and the rule of the house keeps
    tips near the waist (docs/adr/0007). Only the line of the plan is asked, at a few docking
    distances: whoever agrees to the mouth (PL-081) has the plan made again.
    """
    share, problem = reach.reachable_fraction, question.problem
    if best is None or share is None or share >= value("reach.confirm_share"):
        return ""
    path = Path(best.entry_lps_mm, best.target_lps_mm, best.stop_mm)
    docking = describe_docking(problem.geometry, path, problem.tools)
    if docking.bounded_by != "waist" or not has_fragment(question.anatomy):
        return ""
    at_mouth = replace(problem, tools=replace(problem.tools, docks_at_mouth=True))
    asked = [
        (measure_share(question.anatomy, at_mouth, one), one.stop_mm)
        for one in find_withdrawn(at_mouth, best)
        if one.stop_mm > docking.limit_mm
    ]
    # Of equals the one that is nearest to the waist.
    more, stop_mm = max(asked, key=lambda row: row[0], default=(0.0, 0.0))
    if more < share + 1 - value("reach.note_share"):
        return ""
    return (
        f" The waist keeps the cannula within {docking.limit_mm:.1f} mm of the target; docked "
        f"{stop_mm:.0f} mm short on the same line, which a person would have to agree to "
        f"(PL-081), forceps would reach about {more:.0%}."
    )
