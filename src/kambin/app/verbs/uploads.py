"""Calls about files that came over the page."""

from kambin.app.guard.uploads import Upload
from kambin.app.logic.closed import step_closed
from kambin.app.logic.uploaded import upload_task
from kambin.app.verbs.bench import Bench
from kambin.app.verbs.case import to_path


class UploadVerbs:
    """Calls about uploads: one waits at a time, and a newer one takes its place.

    Parameters
    ----------
    bench : Bench
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._waiting: Upload | None = None

    def upload_make(self, into: str) -> None:
        """Make a case of the files that came last, and open it."""
        upload = self._waiting
        if upload is None:
            raise step_closed(mend="case", why="No files came yet.")
        task = upload_task(self._bench.session, upload, to_path(into))
        self._bench.jobs.start(task)
        # from here on the task discards it
        self._waiting = None

    def _keep(self, upload: Upload) -> None:
        """Take an upload from the guard; not a call of a page."""
        if self._waiting is not None:
            self._waiting.discard()
        self._waiting = upload
