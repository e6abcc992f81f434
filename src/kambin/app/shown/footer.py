"""The footer: stages, depth, what is running, and what was said."""

from kambin.app.logic.jobs import JobState
from kambin.app.logic.session import Session
from kambin.app.state import Choice, Footer, Message
from kambin.report.words import unit_words

_TONES = {"error": "stop", "note": "good"}
_SHOWN = 3


def show_footer(
    session: Session, job: JobState | None, *, stage: str, depth_mm: float | None
) -> Footer:
    """Return the footer.

    Parameters
    ----------
    session : Session
    job : JobState, or none while nothing runs
    stage : str, the tool that is drawn; empty for all
    depth_mm : float, mm, where the depth slider stands, or none for the target
    """
    draft = session.draft
    found = None if draft is None else draft.evaluation
    stages = () if found is None else tuple(dict.fromkeys(one.tool for one in found.stages))
    most = 0.0 if draft is None else draft.path.length_mm
    depth = most if depth_mm is None else min(depth_mm, most)
    return Footer(
        stages=tuple(Choice(one, one) for one in stages),
        stage=stage,
        depth_mm=round(depth, 1),
        depth_most_mm=round(most, 1),
        depth_words=f"{depth:.0f} of {most:.0f} mm",
        job="" if job is None else _job_words(job),
        job_share=-1 if job is None or not job.total else round(100 * job.share),
        messages=show_messages(session),
    )


def show_messages(session: Session) -> tuple[Message, ...]:
    """Return what was said last, the newest first; older ones wait behind it.

    Parameters
    ----------
    session : Session
    """
    last = list(enumerate(session.messages))[-_SHOWN:]
    return tuple(
        Message(
            number, _TONES[one.kind], *map(unit_words, (f"{one.what}.", one.why, one.next_step))
        )
        for number, one in reversed(last)
    )


def _job_words(job: JobState) -> str:
    if job.is_cancelling:
        return f"{job.title}: stopping"
    return f"{job.title}: {job.what}" if job.what else job.title
