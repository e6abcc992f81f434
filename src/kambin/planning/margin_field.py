"""One margin field of a search, with what its bounds rest on."""

import numpy as np
from numpy.typing import NDArray

from kambin.planning.near_slopes import find_near_slopes
from kambin.planning.slack import Slack


class MarginField:
    """A margin field with its slack, which is measured when first asked for.

    Parameters
    ----------
    values : float32 array, shape (I, J, K), mm
    """

    def __init__(self, values: NDArray[np.float32]) -> None:
        """Keep the values; not every field is searched."""
        self.values = values
        self._slack: Slack | None = None
        self._near_slopes: NDArray[np.float32] | None = None

    @property
    def slack(self) -> Slack:
        """Return how far the field's values can lie apart at two points."""
        if self._slack is None:
            self._slack = Slack.measured(self.values)
        return self._slack

    @property
    def near_slopes(self) -> NDArray[np.float32]:
        """Return the steepest slope near every place of the field, mm per node."""
        if self._near_slopes is None:
            self._near_slopes = find_near_slopes(self.values)
        return self._near_slopes
