"""The fourth place: skin map and C-arm pair, made when somebody looks at them."""

import asyncio
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy import Anatomy
from kambin.app.logic.projection_pane import FilmName, Films
from kambin.app.logic.session import Session
from kambin.app.logic.skin_pane import SkinView
from kambin.app.logic.turns import in_turn
from kambin.core import SilentProgress
from kambin.desk.gate import CheckedCase
from kambin.desk.workbench import MemoryStore
from kambin.planning import Plan, Refusal
from kambin.report.scenery import plan_scenery
from kambin.report.skin_source import find_skin_map, skin_picture
from kambin.report.source import shown_volume

FILMS: tuple[tuple[str, FilmName], ...] = (("film-ap", "ap"), ("film-lateral", "lateral"))
"""Names of the panes of the C-arm, and of what they show."""

SKIN = "skin"
"""Name of the pane of the skin map."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made of one answer.

    Parameters
    ----------
    skin : SkinView, or in a sentence why there is none
    films : Films, both projections made
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of the projections
    """

    skin: SkinView | str
    films: Films
    centre_lps_mm: NDArray[np.float64]


class Stills:
    """Keeps what was made for the answer that is shown.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._of: object = None
        self.made: Made | None = None

    @property
    def is_stale(self) -> bool:
        """Return whether another answer is shown than the one these were made of."""
        return self._of is not self._session.answer

    async def make(self) -> bool:
        """Make them in a thread for the answer that is shown; return whether they still count."""
        checked, anatomy = self._session.checked, self._session.anatomy
        answer = self._session.answer
        if checked is None or anatomy is None or answer is None:
            return False
        self._of, self.made = answer, None
        made = await asyncio.to_thread(make_stills, checked, anatomy, answer)
        if self._of is not self._session.answer:
            return False
        self.made = made
        return True


@in_turn
def make_stills(checked: CheckedCase, anatomy: Anatomy, answer: Plan | Refusal) -> Made:
    """Return skin map and projections of an answer; takes seconds.

    Parameters
    ----------
    checked : CheckedCase
    anatomy : Anatomy
    answer : Plan or Refusal
    """
    words = f"{answer.level} {answer.side.upper()}"
    skin = find_skin_map(
        checked.case, anatomy, answer, progress=SilentProgress(), store=MemoryStore()
    )
    view: SkinView | str = skin if isinstance(skin, str) else ""
    if not isinstance(skin, str):
        view = SkinView.of(skin_picture(skin, anatomy, answer), anatomy, caption=words)
    centre = find_centre(checked, anatomy, answer)
    films = Films(shown_volume(checked.case, anatomy, centre))
    for _, name in FILMS:
        films.view(name, centre)
    return Made(view, films, centre)


def find_centre(
    checked: CheckedCase, anatomy: Anatomy, answer: Plan | Refusal
) -> NDArray[np.float64]:
    """Return the middle of what a C-arm would be turned to, shape (3,), mm, LPS.

    Parameters
    ----------
    checked : CheckedCase
    anatomy : Anatomy
    answer : Plan or Refusal
    """
    if isinstance(answer, Plan):
        # as the report prints them: entry and target are both within the picture
        return plan_scenery(answer).middle_lps_mm
    frames = {str(level): frame for level, frame in anatomy.disc_frames.items()}
    if answer.level in frames:
        return frames[answer.level].lps_from_disc.origin_mm
    labels = checked.case.labels
    middle: NDArray[np.float64] = labels.lps_mm((np.array(labels.shape) - 1) / 2)
    return middle
