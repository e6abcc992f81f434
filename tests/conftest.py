"""What every test may ask for: the shared data, seeded generators, hypothesis profiles.

Two workers share the files (``--dist loadfile``): a file goes to one of them whole, so that what
its tests share is made once.
"""

import os
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from coverage import Coverage
from hypothesis import HealthCheck, settings
from tests.shelf import Shelf

ROOT = Path(__file__).parents[1]

settings.register_profile(
    "ci", derandomize=True, deadline=None, max_examples=50, suppress_health_check=list(HealthCheck)
)
settings.load_profile("ci")

LONGEST_FILES = (
    "e2e/test_main_job.py",
    "analytic/test_phantom_population.py",
    "analytic/test_phantom_anatomy.py",
    "unit/measure/test_orders_and_spacing.py",
    "unit/measure/test_herniation.py",
    "unit/anatomy/test_fusion.py",
    "unit/anatomy/test_plates.py",
    "e2e/test_herniation_atlas.py",
    "e2e/app/test_guided_path.py",
    "e2e/test_workstation_session.py",
    "e2e/test_real_patients.py",
    "differential/test_verify_planner.py",
    "e2e/test_fused_and_drawn.py",
    "e2e/test_placed_fragment.py",
    "e2e/test_report_of_a_phantom.py",
    "differential/test_continuum_and_brute_force.py",
    "e2e/test_wheel.py",
    "e2e/test_cli_case.py",
    "unit/planning/test_plan.py",
    "property/test_planning_search.py",
    "unit/anatomy/test_fragment.py",
    "analytic/test_completion_of_phantoms.py",
    "unit/report/test_measure_page.py",
    "differential/test_search_and_brute_force.py",
)
"""Half a minute of work and more, started first: begun last, it would keep one worker alone.

The first compiles the planner's kernels. The six behind it need none of them and keep the other
worker busy meanwhile; whatever plans comes after those, and finds the kernels compiled. The wheel
is lent what was compiled, hence not before all that.
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


COUNTED = ("fault", "golden", "unit")
"""Folders whose tests count towards coverage: what only the others reach has no test of its own.

The others calculate most, and counting their lines would take half as long again.
"""


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Count no lines while a test of another folder, or what it asks for, runs."""
    counter = Coverage.current()
    if counter is None or item.path.relative_to(ROOT / "tests").parts[0] in COUNTED:
        return (yield)
    counter.stop()
    try:
        return (yield)
    finally:
        counter.start()


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


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Shelf:
    """What both workers share; each has a folder of its own beside the other's."""
    base = tmp_path_factory.getbasetemp()
    return Shelf((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "shelf")


@pytest.fixture
def rng() -> np.random.Generator:
    """A seeded generator."""
    return np.random.default_rng(20261122)
