"""Finishing a write of a plan that a killed process left half done (R01)."""

from pathlib import Path

from kambin.exchange.plan_history import is_stopped, read_history, settle_history
from kambin.exchange.plan_shelf import Shelf


def finish_write(place: Path) -> bool:
    """Let the version that the history names last be the plan, where a write was stopped.

    Parameters
    ----------
    place : the folder of the plan, or its file; one that is not there stays so

    Returns
    -------
    bool, whether there was anything to finish; what Kambin did not write here is left as it lies

    Raises
    ------
    StoreError  (ST-011) if history or signatures were changed; (ST-001) if it cannot be written
    """
    shelf = Shelf.at(place)
    if not _is_stopped(shelf):
        return False
    with shelf.alone():
        # whoever was still writing has done so by now
        if not _is_stopped(shelf):
            return False
        # no event is written, so that no moment is asked for
        settle_history(shelf, at="")
    return True


def _is_stopped(shelf: Shelf) -> bool:
    # no killed write leaves nothing: then a person took the plan away
    return bool(shelf.find_answers()) and is_stopped(shelf, read_history(shelf.answer_file("plan")))
