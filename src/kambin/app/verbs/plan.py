"""Calls about the plan: making, choosing, comparing, signing and printing it."""

from kambin.app.logic import moving
from kambin.app.logic.answering import accept_of_plan
from kambin.app.logic.checklist import tick
from kambin.app.logic.closed import step_closed
from kambin.app.logic.draft import HandPath, not_understood
from kambin.app.logic.exporting import procedure_task, report_task
from kambin.app.logic.making import plan_task, set_wish
from kambin.app.logic.sealing import measure_task, seal_task
from kambin.app.logic.session import Session
from kambin.app.logic.signing import lock_plan, sign_task
from kambin.app.logic.tasks import Task
from kambin.app.logic.versions import compare_versions
from kambin.app.shown.compare import tell_differences, tell_ways
from kambin.app.shown.plan import THE_PLAN
from kambin.app.verbs.bench import Bench, to_number, to_whole
from kambin.approaches import Comparison, Ground, describe_comparison, measure_all
from kambin.core import Progress
from kambin.desk.workbench import MemoryStore
from kambin.planning import Plan


class PlanVerbs:
    """Calls about the plan.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._session = bench.session

    def plan_make(self, technique: str, cannula: str) -> None:
        """Plan the confirmed place."""
        size = None if not cannula.strip() else to_number(cannula, "cannula")
        set_wish(self._session, technique=technique or None, cannula_mm=size)
        self._bench.jobs.start(plan_task(self._session))

    def plan_cancel(self) -> None:
        """Have the running job stop at its next step."""
        self._bench.jobs.cancel()

    def pick_choose(self, name: str) -> None:
        """Take another way of the plan under the hand."""
        plan = self._session.answer
        if not isinstance(plan, Plan):
            raise not_understood(where="pick", why="There is no plan.")
        found = HandPath.of_plan(plan) if name == THE_PLAN else None
        for one in plan.alternatives:
            if one.name == name:
                found = HandPath.of(one.entry_lps_mm, one.target_lps_mm, one.stop_mm)
        if found is None:
            raise not_understood(where="pick", why="The plan has no such way.")
        moving.begin_path(self._session, found)

    def path_measure(self) -> None:
        """Measure the path under the hand thoroughly."""
        self._bench.jobs.start(measure_task(self._session))

    def path_seal(self) -> None:
        """Make a plan of the path under the hand, the next version."""
        self._bench.jobs.start(seal_task(self._session))

    def versions_compare(self, left: str, right: str) -> None:
        """Set two versions side by side."""
        numbers = [to_whole(typed, "version") for typed in (left, right)]
        found = compare_versions(self._session, numbers[0], numbers[1])
        names = [f"v{number}" for number in numbers]
        self._bench.screens.differences = tell_differences(found, names[0], names[1])
        self._session.publish("answer")

    def ways_compare(self) -> None:
        """Reckon what six ways to operate take of this patient."""
        self._bench.jobs.start(self._ways_task())

    def finding_accept(self, code: str, by: str) -> None:
        """Record that a person accepts what this plan asks."""
        accept_of_plan(self._session, [code], by)

    def sign_tick(self, code: str, done: bool) -> None:
        """Tick a line of the checklist, for this content of the plan alone."""
        tick(self._session, code, done=done)

    def sign(self, by: str, sha256: str) -> None:
        """Sign the plan whose hash was on the screen."""
        if getattr(self._session.answer, "content_sha256", None) != sha256:
            raise not_understood(where="plan", why="Another plan was on the screen.")
        self._bench.jobs.start(sign_task(self._session, by))

    def plan_lock(self) -> None:
        """Lock the signed plan."""
        lock_plan(self._session)

    def print_report(self) -> None:
        """Write the report of the answer."""
        self._start_writing(report_task(self._session), "Report")

    def export(self) -> None:
        """Write the procedure sheet of the plan."""
        self._start_writing(procedure_task(self._session), "Procedure sheet")

    def _start_writing(self, task: Task, name: str) -> None:  # type: ignore[type-arg]
        """Run a task that writes files, and say where they are."""

        def _take(made: object) -> None:
            screens = self._bench.screens
            # what was written before stays told
            others = tuple(one for one in screens.made if not one.startswith(f"{name}: "))
            screens.made = (*others, *(f"{name}: {words}" for words in _tell_files(made)))
            task.take(made)

        self._bench.jobs.start(Task(task.title, task.step, task.work, _take))

    def _ways_task(self) -> Task[Comparison]:
        session: Session = self._session
        checked, anatomy, request = session.checked, session.anatomy, session.request
        if checked is None or anatomy is None or request is None:
            raise step_closed(mend="plan", why="There is no plan yet.")

        def _work(progress: Progress) -> Comparison:
            measured = measure_all(
                checked.case, anatomy, request, progress=progress, store=MemoryStore()
            )
            return describe_comparison(Ground.of(checked.case, anatomy, request), measured)

        def _take(found: Comparison) -> None:
            self._bench.screens.ways = tell_ways(found)
            session.publish("answer")

        return Task("six ways to operate", "compare", _work, _take)


def _tell_files(made: object) -> list[str]:
    """Return what was written in words, a file each; many of one kind are one line."""
    told: list[str] = []
    for one in _files_of(made):
        if isinstance(one, tuple) and one:
            told.append(f"{len(one)} files in {one[0].parent}")
        elif one:
            told.append(str(one))
    return told


def _files_of(made: object) -> list[object]:
    if isinstance(made, tuple):
        return list(made)
    return (
        list(vars(made).values())
        if hasattr(made, "__dict__")
        else [getattr(made, name) for name in getattr(made, "__dataclass_fields__", {})]
    )
