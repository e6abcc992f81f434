"""Contours of a fragment from Slicer's closed curves."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.fragment_contours import fill_contours
from kambin.exchange.markups import read_closed_curves
from kambin.imaging import LabelMap


def read_contours(paths: Sequence[Path], labels: LabelMap) -> tuple[NDArray[np.bool_], int]:
    """Read closed curves drawn in slices and fill the shape they outline.

    Parameters
    ----------
    paths : files ``*.mrk.json`` with one or more closed curves each, LPS or RAS, mm
    labels : LabelMap of the case that takes the fragment

    Returns
    -------
    bool array, shape of the labels; and the number of curves

    Raises
    ------
    InputError  (IN-027) if there is no file, (IN-090) if it holds no closed curve
    RequestError  (RQ-083, RQ-084) as ``fill_contours``
    """
    curves = [curve for path in paths for curve in read_closed_curves(Path(path))]
    return fill_contours(curves, labels), len(curves)
