import numpy as np
import pytest
from tests.unit.anatomy.made_bones import angle_deg

from kambin.anatomy.plate_chain import VertebraTilt, plate_tilt_sigma_deg, tie_plates
from kambin.knowledge import value

UP = np.array([0.0, 0.0, 1.0])


def normal_at(sagittal_deg: float, coronal_deg: float = 0.0) -> np.ndarray:
    tangents = np.tan(np.deg2rad([coronal_deg, sagittal_deg]))
    normal = np.array([*tangents, 1.0])
    return normal / np.linalg.norm(normal)


def sagittal_deg(normal: np.ndarray) -> float:
    return float(np.degrees(np.arctan2(normal[1], normal[2])))


def a_lordosis(outlier_deg: float = 0.0) -> list[VertebraTilt]:
    """L2 to L5 with plausible wedges; the upper plate of L4 may be read wrong."""
    plates = {"L2": (12.0, 10.0), "L3": (4.0, 3.0), "L4": (-4.0, -6.0), "L5": (-15.0, -22.0)}
    tilts = []
    for name, (upper, lower) in plates.items():
        wrong = outlier_deg if name == "L4" else 0.0
        axis = normal_at((upper + lower) / 2) if name in ("L3", "L4") else None
        tilts.append(VertebraTilt(name, normal_at(upper + wrong), normal_at(lower), axis))
    return tilts


@pytest.mark.parametrize(("spacing", "sigma"), [(0.6, 1.0), (1.0, 1.0), (2.0, 2.5), (3.0, 4.0)])
def test_sigma_is_linear_between_one_and_three_millimetres(spacing: float, sigma: float) -> None:
    assert plate_tilt_sigma_deg(spacing) == pytest.approx(sigma)
    assert plate_tilt_sigma_deg(5.0) == value("completion_bone.tilt_sigma_3mm_deg")


def test_fine_labels_keep_what_was_measured() -> None:
    tied = tie_plates(a_lordosis(), 1.0)
    for tilt in a_lordosis():
        upper, lower = tied[tilt.vertebra]
        assert angle_deg(upper, tilt.upper_normal_lps) < 0.7
        assert angle_deg(lower, tilt.lower_normal_lps) < 0.7


def test_coarse_labels_pull_a_misread_plate_back() -> None:
    measured = sagittal_deg(tie_plates(a_lordosis(12.0), 1.0)["L4"][0])
    tied = sagittal_deg(tie_plates(a_lordosis(12.0), 3.0)["L4"][0])
    assert measured > 6.0
    assert abs(tied - -4.0) < 0.6 * 12.0


def test_the_sacral_plate_ties_the_last_vertebra() -> None:
    tilts = a_lordosis()
    alone = sagittal_deg(tie_plates(tilts, 3.0)["L5"][1])
    steep = sagittal_deg(tie_plates(tilts, 3.0, normal_at(-50.0))["L5"][1])
    assert steep < alone - 1.0


def test_a_side_tilt_mirrors_with_the_patient() -> None:
    def chain(sign: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        tilts = [
            VertebraTilt(n, normal_at(s, sign * c), normal_at(s - 3, -sign * c), None)
            for n, s, c in (("L3", 4.0, 3.0), ("L4", -4.0, -5.0), ("L5", -14.0, 2.0))
        ]
        return tie_plates(tilts, 3.0, normal_at(-36.0, sign * 1.5))

    flip = np.array([-1.0, 1.0, 1.0])
    for name, (upper, lower) in chain(1.0).items():
        assert chain(-1.0)[name][0] == pytest.approx(flip * upper, abs=1e-12)
        assert chain(-1.0)[name][1] == pytest.approx(flip * lower, abs=1e-12)


def test_one_vertebra_alone_is_tied_to_nothing_but_its_wedge() -> None:
    tied = tie_plates([VertebraTilt("L3", UP, UP, None)], 1.0)
    assert angle_deg(tied["L3"][0], UP) < 0.1


def test_nothing_measured_ties_nothing() -> None:
    assert tie_plates([], 1.0) == {}
