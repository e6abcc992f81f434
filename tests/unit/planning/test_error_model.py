"""Which part of a quoted error lies along each axis, and that named sources add up."""

import math
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.posed_level import GEOMETRY, LENGTH_MM, PATH
from tests.unit.planning.small_problems import a_level

from kambin.frames import Side
from kambin.knowledge import read_constants, value
from kambin.planning import Group, Path
from kambin.planning.error_model import SHIFTS, TILT_AXES, ErrorModel, PathFrame
from kambin.planning.poses import Poses

COUNT = 40_000
SETTINGS = ("compensated", "uncompensated")


def _shifts(model: ErrorModel, rng: np.random.Generator) -> np.ndarray:
    sigmas = [model.sigma_of(name) for name in SHIFTS]
    return sum(rng.normal(0, sigma, (COUNT, 3)) for sigma in sigmas)


def test_the_mean_length_of_an_error_is_what_the_source_quotes(rng: np.random.Generator) -> None:
    model = ErrorModel()
    for name in (*SHIFTS, "registration_turn_deg"):
        drawn = rng.normal(0, model.sigma_of(name), (COUNT, 3))
        mean = np.linalg.norm(drawn, axis=1).mean()
        assert mean == pytest.approx(model.mean_of(name), rel=0.01)
    hand = rng.normal(0, model.sigma_of("hand_turn_deg", TILT_AXES), (COUNT, 2))
    assert np.linalg.norm(hand, axis=1).mean() == pytest.approx(1.35, rel=0.01)


def test_a_sigma_per_axis_is_less_than_the_quoted_mean() -> None:
    assert ErrorModel().sigma_of("manipulation_mm") == pytest.approx(1.55 / 1.5958, rel=1e-4)


@pytest.mark.parametrize("setting", SETTINGS)
def test_all_shifts_together_are_the_displayed_uncertainty(
    setting: str, rng: np.random.Generator
) -> None:
    model = ErrorModel(setting)
    mean = np.linalg.norm(_shifts(model, rng), axis=1).mean()
    # The budget gives it to a tenth: 2.33 and 2.88.
    assert mean == pytest.approx(model.displayed_mm, abs=0.06)


def test_breathing_alone_tells_the_settings_apart() -> None:
    halved, free = (ErrorModel(setting) for setting in SETTINGS)
    assert halved.mean_of("respiration_mm") < free.mean_of("respiration_mm")
    for name in ("registration_mm", "tracking_mm", "manipulation_mm"):
        assert halved.mean_of(name) == free.mean_of(name)
    assert ErrorModel().setting == "uncompensated"


def test_the_covariance_is_the_sum_of_the_sources() -> None:
    model = ErrorModel()
    covariance = model.covariance(PATH, GEOMETRY)
    shift = sum(model.sigma_of(name) ** 2 for name in SHIFTS)
    turn = math.radians(model.sigma_of("registration_turn_deg"))
    hand = math.radians(model.sigma_of("hand_turn_deg", TILT_AXES))
    # The entry lies 70 mm to the left of the disc, along the path: a turn swings it across.
    lever = float(PATH.entry_lps_mm[0])
    expected = np.diag([shift, *(2 * [shift + (turn * lever) ** 2]), *(2 * [turn**2 + hand**2])])
    swing = turn**2 * lever
    expected[1, 3] = expected[3, 1] = expected[2, 4] = expected[4, 2] = swing
    assert covariance == pytest.approx(expected, abs=1e-9)


def test_a_turn_about_the_disc_leaves_a_target_in_the_disc_where_it_is() -> None:
    class TurnAlone(ErrorModel):
        def sigma_of(self, name: str, axes: int = 3) -> float:
            return super().sigma_of(name, axes) if name == "registration_turn_deg" else 1e-6

    path = Path(PATH.entry_lps_mm, GEOMETRY.lps_from_disc.origin_mm, 0.0)
    spread = np.linalg.cholesky(TurnAlone().covariance(path, GEOMETRY))
    states = np.random.default_rng(1).normal(size=(200, 5)) @ spread.T
    poses = Poses.of(path, PathFrame.of(path, Side.LEFT), states[:, :3], states[:, 3:])
    tips = np.linalg.norm(poses.tips_lps_mm(0.0) - path.target_lps_mm, axis=1)
    entries = np.linalg.norm(poses.entries_lps_mm - path.entry_lps_mm, axis=1)
    assert entries.mean() > 0.4
    assert tips.max() < 0.05


def test_a_hand_turned_at_the_skin_is_off_at_the_tip() -> None:
    tilt = np.array([[math.radians(1.35), 0.0]])
    poses = Poses.of(PATH, PathFrame.of(PATH, Side.LEFT), np.zeros((1, 3)), tilt)
    assert poses.moves_mm(0.0)[0] == pytest.approx(LENGTH_MM * math.radians(1.35), rel=1e-3)


@pytest.mark.parametrize("way", [(1, 0.2, 0.1), (0.3, 1, 0), (0.1, 0.2, 1), (0, 0, 1), (0, 1, 0)])
def test_the_mirrored_path_has_the_mirrored_frame(way: tuple[float, float, float]) -> None:
    path = Path(np.array(way) * 50, np.zeros(3), 0.0)
    other = Path(path.entry_lps_mm * (-1, 1, 1), np.zeros(3), 0.0)
    left, right = PathFrame.of(path, Side.LEFT), PathFrame.of(other, Side.RIGHT)
    assert left.axes @ left.axes.T == pytest.approx(np.eye(3), abs=1e-12)
    assert right.axes == pytest.approx(left.axes * (-1, 1, 1), abs=1e-12)
    model = ErrorModel()
    both = (model.covariance(path, a_level()), model.covariance(other, a_level(Side.RIGHT)))
    assert both[1] == pytest.approx(both[0], abs=1e-9)


def test_only_organs_shift_when_the_patient_turns() -> None:
    model = ErrorModel()
    shift = value("uncertainty.prone_shift_mm")
    assert {g: model.organ_sigma_mm(g) for g in Group if model.organ_sigma_mm(g)} == {
        Group.ORGAN: shift
    }


def test_every_source_is_listed_with_its_row() -> None:
    listed = ErrorModel().list_sources()
    assert [s.name for s in listed] == [
        "registration",
        "tracking",
        "respiration",
        "manipulation",
        "registration_turn",
        "hand_turn",
        "prone_shift",
        "surface",
    ]
    rows = read_constants("uncertainty")
    for source in listed[:-1]:
        row = next(r for name, r in rows.items() if name == f"{source.name}_{source.unit}")
        assert (source.tag, source.source) == (row.tag, row.source)
        assert 0 < source.sigma_per_axis <= source.value
    assert listed[-1].value is None


def test_a_setting_can_be_named() -> None:
    assert replace(ErrorModel(), setting="compensated").displayed_mm == 2.3
