"""Phantoms that several test modules look at."""

import pytest

from kambin.anatomy import Level
from kambin.frames import Side
from kambin.phantom import Phantom, PhantomParameters, PhantomTruth, Scan, build_phantom


@pytest.fixture(scope="session")
def a_usual_patient() -> PhantomParameters:
    """A paracentral herniation at L4-L5 on the left, in a coarse image."""
    return PhantomParameters(Level("L4", "L5"), Side.LEFT, spacing_mm=3.0)


@pytest.fixture(scope="session")
def a_phantom(a_usual_patient: PhantomParameters) -> Phantom:
    return build_phantom(a_usual_patient)


@pytest.fixture(scope="session")
def its_truth(a_phantom: Phantom) -> PhantomTruth:
    return a_phantom.truth


@pytest.fixture(scope="session")
def its_scan(a_phantom: Phantom) -> Scan:
    return Scan(a_phantom.image, a_phantom.labels, a_phantom.names)
