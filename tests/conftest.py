"""What every test may ask for: the shared data, seeded generators, hypothesis profiles."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ci")


def find_shared_data() -> Path | None:
    """Return the folder of real images: KAMBIN_DATA, else ../shared/data."""
    folder = Path(os.environ.get("KAMBIN_DATA", ROOT.parent / "shared" / "data"))
    return folder if (folder / "README.md").is_file() else None


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real images and atlases; in CI their absence is a failure, elsewhere a skip."""
    folder = find_shared_data()
    if folder is None:
        reason = "shared data not found: set KAMBIN_DATA to the folder of real images"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return folder


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(20261122)
