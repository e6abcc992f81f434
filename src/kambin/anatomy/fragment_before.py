"""The fragment as it was when painting began, kept small enough for a file."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kambin.anatomy.case import Case
from kambin.anatomy.fragment import BEGUN_ON, FragmentNote, find_note, put_fragment
from kambin.anatomy.fragment_brush import Painted
from kambin.anatomy.fragment_site import FRAGMENT_KEY
from kambin.anatomy.structures import Origin


@dataclass(frozen=True, slots=True)
class FragmentBefore:
    """A fragment as its case carried it.

    Parameters
    ----------
    runs : tuple of (first, count), its voxels in the order of the array
    note : FragmentNote of where it came from, or none for a mask that was given
    """

    runs: tuple[tuple[int, int], ...]
    note: FragmentNote | None

    @property
    def origin(self) -> Origin:
        """Return where its shape came from."""
        return Origin.SEGMENTED if self.note is None else self.note.origin

    @property
    def begun_on(self) -> Origin:
        """Return where the first part of its shape came from, however often it was painted on."""
        wishes = {} if self.note is None else self.note.wishes
        return Origin(wishes[BEGUN_ON]) if BEGUN_ON in wishes else self.origin

    def as_mask(self, shape: tuple[int, int, int]) -> NDArray[np.bool_]:
        """Return its voxels, bool array of the shape of the labels.

        Parameters
        ----------
        shape : of the labels
        """
        flat = np.zeros(int(np.prod(shape)), dtype=bool)
        for first, count in self.runs:
            flat[first : first + count] = True
        return flat.reshape(shape)

    def as_painted(self, shape: tuple[int, int, int]) -> Painted | None:
        """Return its voxels for the brush to go on with, or none without any.

        Parameters
        ----------
        shape : of the labels
        """
        return Painted.of(self.as_mask(shape)) if self.runs else None

    def put_back(self, case: Case) -> Case:
        """Return a case without a fragment with this one in it again.

        Parameters
        ----------
        case : Case in canonical array order, without a fragment

        Raises
        ------
        RequestError  (RQ-080) if the case has a fragment
        """
        mask = self.as_mask(case.labels.shape)
        if self.note is not None:
            return put_fragment(case, mask, self.note)
        given = put_fragment(case, mask, FragmentNote(Origin.SEGMENTED))
        # a mask that an image gave carries no note
        return replace(given, source=case.source)


def find_before(case: Case) -> FragmentBefore | None:
    """Return the fragment of a case, or none.

    Parameters
    ----------
    case : Case in canonical array order
    """
    number = next((n for n, key in case.names.items() if key == FRAGMENT_KEY), None)
    if number is None:
        return None
    flat = np.ascontiguousarray(case.labels.values == number).reshape(-1)
    index = np.flatnonzero(flat)
    breaks = np.flatnonzero(np.diff(index) != 1) + 1
    runs = tuple((int(one[0]), len(one)) for one in np.split(index, breaks) if len(one))
    note = find_note(case.source)
    return FragmentBefore(runs, None if note is None else replace(note, covered=()))
