"""What the awake patient is asked at each stage of a plan, with the roots of its level."""

from kambin.anatomy import Level
from kambin.approaches.anaesthesia_models import Checkpoint, PatientReport, Root, Sentence
from kambin.knowledge import Dermatome, Report, checkpoints
from kambin.planning import Plan, Stage

NOT_KNOWN = Dermatome(area="not in the table", key_point="", tag="D", source="no row")
"""What is said of a root that the table has no row of, such as L6."""


def find_roots(level: Level) -> tuple[Root, Root]:
    """Return the exiting and the traversing root of a level and where they are felt.

    Parameters
    ----------
    level : Level; the upper vertebra's root leaves through its foramen
    """
    return _root("exiting", level.upper), _root("traversing", level.lower)


def find_checkpoints(plan: Plan) -> tuple[Checkpoint, ...]:
    """Return what is asked at each stage, in order, with the depths that the plan reaches.

    Parameters
    ----------
    plan : Plan
    """
    level = Level.parse(plan.level)
    words = _words(level)
    found = []
    for name, row in checkpoints().stages.items():
        depths = find_depths_mm(plan, "needle" if name == "infiltration" else name)
        reports = tuple(_report(checkpoints().reports[one], words) for one in row.reports)
        found.append(
            Checkpoint(
                stage=name,
                title=row.title,
                from_mm=None if depths is None else depths[0],
                to_mm=None if depths is None else depths[1],
                ask=row.ask,
                reports=reports,
                tag=row.tag,
                source=row.source,
            )
        )
    return tuple(found)


def find_depths_mm(plan: Plan, stage: str) -> tuple[float, float] | None:
    """Return between which depths the tip of a stage moves, mm from the skin, or none.

    Parameters
    ----------
    plan : Plan
    stage : str, name of the tool; of several sizes the deepest end counts
    """
    ends = [plan.trajectory.length_mm - s.stop_mm for s in stages_of(plan, stage)]
    return (0.0, max(ends)) if ends else None


def stages_of(plan: Plan, stage: str) -> tuple[Stage, ...]:
    """Return all tools of one stage in the order in which they go in.

    Parameters
    ----------
    plan : Plan
    stage : str
    """
    return tuple(one for one in plan.stages if one.tool == stage)


def find_stop_rules() -> tuple[Sentence, ...]:
    """Return the rules that end a stage, each with tag and source."""
    return tuple(
        Sentence(what=name, says=row.rule, tag=row.tag, source=row.source)
        for name, row in checkpoints().stops.items()
    )


def find_timing() -> tuple[Sentence, ...]:
    """Return what is known of mode, sedation and onset, each with tag and source."""
    return tuple(
        Sentence(what=row.what, says=row.says, tag=row.tag, source=row.source)
        for row in checkpoints().timing.values()
    )


def _root(role: str, vertebra: str) -> Root:
    row = checkpoints().dermatomes.get(vertebra, NOT_KNOWN)
    return Root.model_validate({"role": role, "root": vertebra, **row.model_dump()})


def _words(level: Level) -> dict[str, str]:
    exiting, traversing = find_roots(level)
    return {
        "exiting": exiting.root,
        "exiting_area": exiting.area,
        "traversing": traversing.root,
        "traversing_area": traversing.area,
    }


def _report(row: Report, words: dict[str, str]) -> PatientReport:
    return PatientReport(
        says=row.says.format(**words),
        means=row.means.format(**words),
        action=row.action.format(**words),
        stops=row.stops,
        tag=row.tag,
        source=row.source,
    )
