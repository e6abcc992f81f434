import pytest

from kambin.anatomy.sigma import surface_sigma_mm


@pytest.mark.parametrize(
    ("kind", "fine", "coarse"),
    [
        ("body", 0.3, 0.7),
        ("ilium", 0.3, 0.7),
        ("sap", 0.5, 1.2),
        ("vertebra", 0.5, 1.2),
        ("disc", 0.7, 1.0),
        ("aorta", 1.0, 2.0),
        ("kidney", 1.0, 2.0),
        ("something_new", 1.0, 2.0),
    ],
)
def test_sigma_follows_the_settled_table(kind: str, fine: float, coarse: float) -> None:
    assert surface_sigma_mm(kind, 1.0) == pytest.approx(fine)
    assert surface_sigma_mm(kind, 3.0) == pytest.approx(coarse)
    assert surface_sigma_mm(kind, 2.0) == pytest.approx((fine + coarse) / 2)


@pytest.mark.parametrize("kind", ["aorta", "kidney", "exiting_root", "dural_sac"])
@pytest.mark.parametrize(("spacing_mm", "sigma_mm"), [(4.0, 2.0), (5.0, 2.5), (6.0, 3.0)])
def test_g17_thick_slices_widen_what_tools_keep_away_from_by_half_a_slice(
    kind: str, spacing_mm: float, sigma_mm: float
) -> None:
    assert surface_sigma_mm(kind, spacing_mm) == pytest.approx(sigma_mm)


def test_sigma_is_constant_outside_the_measured_range() -> None:
    assert surface_sigma_mm("sap", 0.4) == surface_sigma_mm("sap", 1.0)
    assert surface_sigma_mm("sap", 5.0) == surface_sigma_mm("sap", 3.0)
