"""What is completed from vertebrae alone, against the truth of made patients."""

import pytest
from benchmarks.completion_study import study_patient, summarise

SEEDS = (0, 1)


@pytest.fixture(scope="module")
def two_patients() -> dict[str, dict[str, float]]:
    """Errors pooled over all levels and both sides; forty are run by hand."""
    return summarise(study_patient(seed) for seed in SEEDS)


def test_discs_and_sac_are_found_from_bone(two_patients: dict[str, dict[str, float]]) -> None:
    assert two_patients["disc (all)"]["least"] >= 0.9
    assert two_patients["dural_sac"]["mean"] <= 1.5


def test_modelled_roots_miss_by_what_their_sigma_says(
    two_patients: dict[str, dict[str, float]],
) -> None:
    """The bands of the shares fail a sigma that is too small and one that is too large."""
    roots = two_patients["exiting_root (all)"]
    assert roots["mean"] <= 2.5
    assert two_patients["left_out (all)"]["mean"] == 0
    # The last root as well: it follows the patient's own ala.
    assert two_patients["exiting_root:L5"]["mean"] <= 3.0
    assert 0.60 <= roots["within_1_sigma"] <= 0.80
    assert 0.90 <= roots["within_2_sigma"] <= 0.99
