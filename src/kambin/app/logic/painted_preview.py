"""The painted shape as the slices show it while it is painted: the voxels it will have."""

from collections.abc import Hashable

import numpy as np

from kambin.anatomy.fragment_brush import Painted, paint
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.app.logic.painted import Painting
from kambin.app.logic.painting import is_painting
from kambin.app.logic.session import Session
from kambin.imaging import LabelMap
from kambin.report.source import SoftRegion, soften

_BORDER_VOXELS = 3


class PaintedPreview:
    """Keeps what is painted, so that a hand that draws on paints its new stroke alone."""

    def __init__(self) -> None:
        """Begin with nothing painted."""
        self._known: tuple[Hashable, Painted | None] = (None, None)
        self._shown: tuple[Hashable, SoftRegion | None] = (None, None)

    def region(self, session: Session) -> SoftRegion | None:
        """Return the shape with the stroke under the hand, or none while nothing is painted.

        Parameters
        ----------
        session : Session
        """
        painting, checked = session.painting, session.checked
        if painting is None or checked is None or not is_painting(session):
            return None
        wanted = (painting.case_sha256, painting.before, painting.shown)
        if self._shown[0] != wanted:
            labels = checked.case.labels
            shape = self._settled(painting, labels)
            if painting.under_hand is not None:
                shape = paint(labels, [painting.under_hand], shape)
            self._shown = (wanted, None if shape is None else _softened(shape, labels))
        return self._shown[1]

    def _settled(self, painting: Painting, labels: LabelMap) -> Painted | None:
        """Return what was painted before the stroke under the hand."""
        wanted = (painting.case_sha256, painting.before, painting.strokes)
        if self._known[0] != wanted:
            before = None if painting.before is None else painting.before.as_painted(labels.shape)
            drawn = paint(labels, painting.strokes, before) if painting.strokes else before
            self._known = (wanted, drawn)
        return self._known[1]


def _softened(shape: Painted, labels: LabelMap) -> SoftRegion | None:
    if not shape.mask.any():
        return None
    i, j, k = (first - _BORDER_VOXELS for first in shape.first)
    wide = Painted((i, j, k), np.pad(shape.mask, _BORDER_VOXELS))
    return soften(FRAGMENT_KEY, wide.as_region(labels), modelled=False)
