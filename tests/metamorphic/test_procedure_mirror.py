"""Mirrored, moved or turned patients: what must stay, and what must swap."""

from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.unit.approaches.made_back import make_back, make_way
from tests.unit.exchange.made_plans import smallest

from kambin.anatomy import Anatomy, DiscFrame, VertebraFrame
from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.drug_words import read_drug
from kambin.approaches.layers import Layer, find_layers
from kambin.frames import RigidTransform, Side
from kambin.imaging import LabelMap
from kambin.planning import Entry, Plan, Trajectory
from kambin.report.procedure import make_procedure
from kambin.report.procedure_views import find_views

OBLIQUE = {"entry_mm": (99.0, 11.0, -7.0), "target_mm": (9.0, -4.0, 5.0)}
REQUEST = DrugRequest(62.0, (read_drug("lidocaine:0.5"),), reduce_for=("none",))


def _rows(layers: tuple[Layer, ...]) -> list[tuple[str, float, float]]:
    return [(one.name, one.from_mm, one.to_mm) for one in layers]


def _turn(axis: int, angle_deg: float) -> NDArray[np.float64]:
    turn_rad = np.radians(angle_deg)
    first, second = [n for n in range(3) if n != axis]
    matrix = np.eye(3)
    matrix[first, first] = matrix[second, second] = np.cos(turn_rad)
    matrix[first, second], matrix[second, first] = -np.sin(turn_rad), np.sin(turn_rad)
    return matrix


def _moved_map(region: LabelMap, move: NDArray[np.float64]) -> LabelMap:
    return LabelMap(region.values, move @ region.lps_from_ijk, region.frame_id)


def _moved_frame(frame: RigidTransform, move: NDArray[np.float64]) -> RigidTransform:
    axes = move[:3, :3] @ frame.rotation
    origin = move[:3, :3] @ frame.origin_mm + move[:3, 3]
    return RigidTransform.from_axes("lps", frame.source, axes, origin)


def _moved_back(anatomy: Anatomy, move: NDArray[np.float64]) -> Anatomy:
    structures = {
        key: replace(one, region=_moved_map(one.region, move))
        for key, one in anatomy.structures.items()
    }
    vertebrae: dict[str, VertebraFrame] = {
        name: replace(frame, lps_from_vertebra=_moved_frame(frame.lps_from_vertebra, move))
        for name, frame in anatomy.vertebra_frames.items()
    }
    discs: dict[object, DiscFrame] = {
        level: replace(frame, lps_from_disc=_moved_frame(frame.lps_from_disc, move))
        for level, frame in anatomy.disc_frames.items()
    }
    known = {field.name: getattr(anatomy, field.name) for field in fields(anatomy)}
    new = {"structures": structures, "vertebra_frames": vertebrae, "disc_frames": discs}
    return Anatomy(**{**known, **new})


def _moved_way(plan: Plan, move: NDArray[np.float64]) -> Plan:
    ends = [
        tuple((move[:3, :3] @ np.array(point) + move[:3, 3]).tolist())
        for point in (plan.trajectory.entry_lps_mm, plan.trajectory.target_lps_mm)
    ]
    way = Trajectory(
        entry_lps_mm=ends[0], target_lps_mm=ends[1], length_mm=plan.trajectory.length_mm
    )
    return plan.model_copy(update={"trajectory": way})


def test_the_mirrored_patient_has_the_same_layers() -> None:
    left, right = (
        find_layers(make_back(side), make_way(side, **OBLIQUE)) for side in (Side.LEFT, Side.RIGHT)
    )
    assert _rows(left) == _rows(right)
    assert [key.replace("left", "right") for one in left for key in one.structures] == [
        key for one in right for key in one.structures
    ]


def test_the_mirrored_patient_has_the_same_doses() -> None:
    left, right = (
        plan_anaesthesia(make_back(side), make_way(side, **OBLIQUE), REQUEST) for side in Side
    )
    assert left.chosen == right.chosen
    assert left.checkpoints == right.checkpoints
    assert left.roots == right.roots
    assert {left.side, right.side} == {"left", "right"}


MOVES = [
    pytest.param(np.eye(3), (250.0, -90.0, 1200.0), id="far away"),
    pytest.param(_turn(0, 20.0), (0.0, 0.0, 0.0), id="lordosis"),
    pytest.param(_turn(1, -12.0), (5.0, 0.0, 0.0), id="leaning"),
    pytest.param(_turn(2, 15.0), (0.0, 30.0, 0.0), id="turned"),
    pytest.param(_turn(2, 8.0) @ _turn(0, -10.0), (-40.0, 7.0, 3.0), id="turned and bent"),
]


@pytest.mark.parametrize(("rotation", "shift_mm"), MOVES)
def test_a_patient_who_lies_otherwise_has_the_same_layers(
    rotation: NDArray[np.float64], shift_mm: tuple[float, float, float]
) -> None:
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = rotation, shift_mm
    plan = make_way(**OBLIQUE)
    here = find_layers(make_back(), plan)
    there = find_layers(_moved_back(make_back(), move), _moved_way(plan, move))
    assert [one.name for one in here] == [one.name for one in there]
    assert [one.to_mm for one in here] == pytest.approx([one.to_mm for one in there], abs=0.11)


@pytest.mark.parametrize("tilt_deg", [-25.0, -3.0, 0.0, 14.0, 38.0])
def test_the_c_arm_follows_a_patient_who_is_bent(tilt_deg: float) -> None:
    move = np.eye(4)
    # about the left-right axis: the back of the disc rises towards the head
    move[:3, :3] = _turn(0, tilt_deg)
    (level,) = make_back().disc_frames
    views = find_views(_moved_back(make_back(), move), level)
    assert views[0].tilt_deg == pytest.approx(tilt_deg)
    assert views[0].turn_deg == pytest.approx(0.0, abs=1e-9)
    assert views[-1].tilt_deg == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("turn_deg", [-20.0, 0.0, 11.0])
def test_the_c_arm_follows_a_patient_who_is_turned(turn_deg: float) -> None:
    move = np.eye(4)
    # about the long axis, the back towards the right: a positive turn by the right hand
    move[:3, :3] = _turn(2, turn_deg)
    (level,) = make_back().disc_frames
    views = find_views(_moved_back(make_back(), move), level)
    assert views[0].turn_deg == pytest.approx(-turn_deg)
    assert views[0].tilt_deg == pytest.approx(0.0, abs=1e-9)
    assert views[-1].turn_deg == pytest.approx(turn_deg)


def test_the_two_true_views_are_at_right_angles_however_the_patient_lies() -> None:
    move = np.eye(4)
    move[:3, :3] = _turn(2, 9.0) @ _turn(0, 21.0) @ _turn(1, 4.0)
    (level,) = make_back().disc_frames
    views = find_views(_moved_back(make_back(), move), level)
    assert np.dot(views[0].beam_lps, views[-1].beam_lps) == pytest.approx(0.0, abs=1e-9)
    for view in views:
        assert np.linalg.norm(view.beam_lps) == pytest.approx(1.0)


def _sheet(side: Side) -> str:
    entry = smallest(Entry, lateral_of_midline_mm=100.0, along_skin_lateral_mm=108.0)
    plan = make_way(side).model_copy(update={"entry": entry, "content_sha256": "ab" * 32})
    found = make_procedure(make_back(side), plan)
    return "\n".join(line.text for step in found.steps for line in step.lines)


def test_the_words_of_the_sheet_swap_sides_and_nothing_else() -> None:
    left, right = _sheet(Side.LEFT), _sheet(Side.RIGHT)
    assert left != right
    # the end of the C-arm at the patient's left is the same end on either side
    swapped = left.replace("patient's left", "patient's right").replace(
        "the left side", "the right side"
    )
    assert swapped == right


def test_heavier_patients_are_never_given_less() -> None:
    given = []
    for weight in (30.0, 40.0, 55.0, 70.0, 110.0, 200.0):
        request = DrugRequest(weight, (read_drug("lidocaine:0.5"),), reduce_for=("none",))
        found = plan_anaesthesia(make_back(), make_way(), request)
        assert found.chosen is not None
        given.append(found.chosen.total_ml)
    assert given == sorted(given)
    assert given[0] < given[-1]


def test_a_smaller_share_never_gives_more() -> None:
    totals = []
    for share in (0.3, 0.4, 0.5, 0.75, 1.0):
        request = DrugRequest(70.0, (read_drug("lidocaine:0.5"),), at_most=share)
        found = plan_anaesthesia(make_back(), make_way(), request)
        assert found.chosen is not None
        assert found.chosen.fraction_of_ceiling <= share
        totals.append(found.chosen.total_ml)
    assert totals == sorted(totals)


def test_a_longer_way_is_no_reason_for_more() -> None:
    far = make_way(entry_mm=(140.0, 0.0, 0.0))
    near = plan_anaesthesia(make_back(), make_way(), REQUEST).chosen
    away = plan_anaesthesia(make_back(), far, REQUEST).chosen
    assert near is not None
    assert away is not None
    assert near.total_ml == away.total_ml
