"""Roots of a fine mask as lines with a radius, which keep what coarser voxels would lose."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.given_roots import trace_masks
from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Tube
from kambin.anatomy.survey import Survey
from kambin.imaging import LabelMap


def trace_roots(mr: Survey, onto: LabelMap) -> dict[StructureKey, Tube]:
    """Return the roots that an image shows finer than another one could hold, as lines.

    Parameters
    ----------
    mr : Survey of the image that shows them
    onto : LabelMap of the image they are to be carried to

    Returns
    -------
    mapping of StructureKey to Tube, mm, in the frame of ``mr``; empty if its voxels are not
    the finer ones. A mask that is no line, or lies in pieces, stays a mask.
    """
    if float(mr.labels.spacing_mm.max()) >= float(onto.spacing_mm.max()):
        return {}
    return trace_masks(mr)


def share_in_bone(
    lines: Mapping[StructureKey, Tube], labels: LabelMap, bone: NDArray[np.bool_]
) -> dict[StructureKey, float]:
    """Return which share of the points of each line lies in bone.

    Parameters
    ----------
    lines : mapping of StructureKey to Tube, mm, frame of the labels
    labels : LabelMap
    bone : bool array, labels.shape
    """
    shares = {}
    for key, tube in lines.items():
        ijk = np.rint(labels.ijk(tube.points_lps_mm)).astype(int)
        inside = ((ijk >= 0) & (ijk < np.array(labels.shape))).all(axis=1)
        shares[key] = float(bone[tuple(ijk[inside].T)].sum() / len(ijk))
    return shares
