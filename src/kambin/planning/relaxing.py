"""What is tried, with a person's confirmation, when nothing passes as it is asked."""

from collections.abc import Iterator
from dataclasses import replace

from kambin.planning.question import Question
from kambin.planning.refine import search
from kambin.planning.search import SearchResult
from kambin.planning.tools import Toolset


def relax(question: Question, result: SearchResult) -> tuple[Question, SearchResult]:
    """Return the question with the first relaxation that opens a way, or as it was.

    Parameters
    ----------
    question : Question, for which nothing passes
    result : SearchResult of it

    Notes
    -----
    First the cannula may end at the mouth of the foramen (docs/adr/0007), then the reamer may
    take rim bone, too. Either needs a person's confirmation (architecture 4), so that it is
    tried only when nothing else passes. Of what fails, the one nearest to passing is kept.
    """
    candidates, paths, nodes = result.candidates, result.paths, result.nodes
    last = question, result
    for tools in find_relaxations(question):
        freed = replace(question, problem=replace(question.problem, tools=tools))
        found = search(freed.problem, question.skin)
        candidates, paths = candidates + found.candidates, paths + found.paths
        nodes += found.nodes
        if found.is_feasible:
            return freed, replace(found, candidates=candidates, paths=paths, nodes=nodes)
        if _slack_mm(found) > _slack_mm(last[1]):
            last = freed, found
    return last[0], replace(last[1], candidates=candidates, paths=paths, nodes=nodes)


def find_relaxations(question: Question) -> Iterator[Toolset]:
    """Yield the tools with ever more that a person has to confirm.

    Parameters
    ----------
    question : Question
    """
    tools = question.problem.tools
    if question.problem.geometry.waist is not None:
        tools = replace(tools, docks_at_mouth=True)
        yield tools
    if tools.reams:
        yield replace(tools, frees_rim=True)


def _slack_mm(result: SearchResult) -> float:
    """Return how near to passing the best candidate comes, mm."""
    return -float("inf") if result.best is None else result.best.slack_mm
