"""What all verbs work on."""

import math
from dataclasses import dataclass

from kambin.app.logic.draft import not_understood
from kambin.app.logic.jobs import Jobs
from kambin.app.logic.session import Session
from kambin.app.scene import Scene
from kambin.app.screens import Screens
from kambin.app.views import Views


@dataclass(frozen=True, slots=True)
class Bench:
    """The session with what runs and what is shown beside it.

    Parameters
    ----------
    session : Session
    jobs : Jobs
    screens : Screens
    scene : Scene
    views : Views
    """

    session: Session
    jobs: Jobs
    screens: Screens
    scene: Scene
    views: Views


def to_number(typed: str, name: str) -> float:
    """Return a typed number; a comma is a decimal point.

    Parameters
    ----------
    typed : str
    name : str, of what was typed

    Raises
    ------
    RequestError  (RQ-180) if it is none
    """
    try:
        number = float(typed.strip().replace(",", "."))
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise not_understood(where=name, why=f"{typed[:20]!r} is no number.")
    return number


def to_whole(typed: str, name: str) -> int:
    """Return a typed whole number; a part of one is refused and not cut off.

    Parameters
    ----------
    typed : str
    name : str, of what was typed

    Raises
    ------
    RequestError  (RQ-180) if it is none
    """
    number = to_number(typed, name)
    if not number.is_integer():
        raise not_understood(where=name, why=f"{typed[:20]!r} is no whole number.")
    return int(number)
