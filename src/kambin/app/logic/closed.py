"""What is said where a step is not open yet."""

from dataclasses import dataclass

from kambin.core import RequestError

STEPS = ("case", "place", "anatomy", "plan", "examine", "compare", "rehearse", "sign")
"""The steps of the guided path, in their order."""

TITLES = {
    "case": "Case",
    "place": "Side and level",
    "anatomy": "Anatomy",
    "plan": "Plan",
    "examine": "Examine",
    "compare": "Compare",
    "rehearse": "Rehearse",
    "sign": "Sign and print",
}
"""What stands on the rail."""


@dataclass(frozen=True, slots=True)
class Closed:
    """Why a step is closed.

    Parameters
    ----------
    words : str, ONE sentence that says what is missing
    mend : str, name of the step that mends it
    """

    words: str
    mend: str


def step_closed(*, mend: str, why: str) -> RequestError:
    """Return the error of a verb whose step is closed.

    Parameters
    ----------
    mend : str, name of the step that opens it
    why : str, one sentence
    """
    return RequestError(
        code="RQ-181",
        what="This step is not open yet",
        where=TITLES[mend],
        why=why,
        next_step=f"Go to step {STEPS.index(mend) + 1}, {TITLES[mend]}.",
    )
