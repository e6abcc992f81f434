"""What carrying a structure over from another image does to its uncertainty."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kambin.anatomy.keys import StructureKey
from kambin.anatomy.structures import Structure


def add_registration_errors(
    given: Mapping[StructureKey, Structure], registration_sigma_mm: Mapping[StructureKey, float]
) -> dict[StructureKey, Structure]:
    """Widen the sigma of structures that another image showed by the error of its registration.

    Parameters
    ----------
    given : mapping of StructureKey to Structure, sigma in mm
    registration_sigma_mm : mapping of StructureKey to float, mm; none for what this image shows

    Returns
    -------
    mapping of StructureKey to Structure; both errors are independent and add in squares
    """
    carried = {}
    for key, structure in given.items():
        error_mm = registration_sigma_mm.get(key)
        if error_mm is None:
            carried[key] = structure
            continue
        sigma_mm = float(np.hypot(structure.sigma_mm, error_mm))
        method = f"{structure.method} Carried over from another image."
        quality = {**structure.quality, "registration_sigma_mm": error_mm}
        carried[key] = replace(structure, sigma_mm=sigma_mm, method=method, quality=quality)
    return carried
