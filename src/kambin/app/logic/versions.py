"""The versions of the plan of one place: listed, walked, and two of them side by side."""

from kambin.app.logic.making import find_plan_folder
from kambin.app.logic.session import Session
from kambin.exchange import History, Version, read_history


def read_versions(session: Session) -> History:
    """Return the history of the confirmed place, empty without one.

    Parameters
    ----------
    session : Session

    Raises
    ------
    StoreError  (ST-011) if it was changed; (ST-004) if it is of a newer version
    """
    if session.place is None or session.folder is None:
        return History()
    return read_history(find_plan_folder(session))


def list_versions(session: Session) -> tuple[Version, ...]:
    """Return all versions of the confirmed place, the first one first.

    Parameters
    ----------
    session : Session

    Raises
    ------
    StoreError  as ``read_versions``
    """
    return read_versions(session).versions
