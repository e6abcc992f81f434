"""The other ways to operate on the same patient, what they cost, and what speaks for each."""

from kambin.approaches.compare import (
    Measured,
    compare_approaches,
    describe_comparison,
    measure_all,
    measure_approach,
)
from kambin.approaches.compare_models import COMPARE_VERSION, ApproachCost, Comparison
from kambin.approaches.exposure import Exposure, expose_approach
from kambin.approaches.ground import Ground

__all__ = [
    "COMPARE_VERSION",
    "ApproachCost",
    "Comparison",
    "Exposure",
    "Ground",
    "Measured",
    "compare_approaches",
    "describe_comparison",
    "expose_approach",
    "measure_all",
    "measure_approach",
]
