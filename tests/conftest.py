"""What every test may ask for: the shared data, seeded generators, hypothesis profiles.

Two workers share the files (``--dist loadfile``): a file goes to one of them whole, so that what
its tests share is made once.
"""

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ci")

LONGEST_FILES = (
    "e2e/test_main_job.py",
    "e2e/test_wheel.py",
    "e2e/test_real_patients.py",
    "differential/test_verify_planner.py",
    "unit/measure/test_herniation.py",
    "e2e/test_cli_case.py",
    "e2e/test_report_of_a_phantom.py",
    "e2e/test_placed_fragment.py",
    "analytic/test_phantom_population.py",
    "analytic/test_distance_surfaces.py",
    "property/test_planning_search.py",
    "unit/anatomy/test_fragment.py",
    "unit/planning/test_plan.py",
    "unit/report/test_measure_page.py",
    "analytic/test_completion_of_phantoms.py",
)
"""Half a minute of work and more, started first: begun last, it would keep one worker alone.

The wheel comes second because it compiles its kernels in a place of its own, while the other
worker compiles those that all later tests find compiled.
"""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Generator[None, None, None]:
    """Put the longest files first; the others keep the order in which they were shuffled."""
    yield
    renamed = [file for file in LONGEST_FILES if not (ROOT / "tests" / file).is_file()]
    if renamed:
        raise pytest.UsageError(f"LONGEST_FILES names what is not there: {', '.join(renamed)}")
    turns = {ROOT / "tests" / file: turn for turn, file in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: turns.get(item.path, len(turns)))


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
