"""The position model (V15) and the lordosis of a whole spine."""

import pytest

from kambin.measure import flex_hips_deg

# Segments lying down, degrees: standing means of the evidence (A51), less a quarter.
SUPINE = {"L1-L2": 0.9, "L2-L3": 4.4, "L3-L4": 6.8, "L4-L5": 9.5, "L5-S1": 16.2}


def test_v15_flexed_hips_take_a_quarter_of_every_segment_but_the_last() -> None:
    flexed = flex_hips_deg(SUPINE)
    for name, angle in SUPINE.items():
        share = 1.0 if name == "L5-S1" else 0.75
        assert flexed[name] == pytest.approx(share * angle)


def test_v15_seventy_to_ninety_per_cent_of_the_lordosis_is_kept() -> None:
    kept = sum(flex_hips_deg(SUPINE).values()) / sum(SUPINE.values())
    assert 0.7 <= kept <= 0.9
