"""One motion of everything: rigid at each vertebra, smooth between, and the same way back."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from kambin.anatomy import Case, StructureKey, Tube
from kambin.anatomy.fusion_carry import CarriedLabels, carry_labels, carry_lines
from kambin.anatomy.fusion_landmarks import fit_landmarks
from kambin.anatomy.fusion_warp import SpineWarp, lay_warp
from kambin.anatomy.survey import survey_labels
from kambin.core import InputError
from kambin.frames import RigidTransform
from kambin.imaging import LabelMap

CENTRES = np.array([[0.0, 0.0, 70.0], [0.0, -4.0, 35.0], [0.0, 0.0, 0.0]])


def motion(
    turn_deg: tuple[float, float, float] = (0, 0, 0),
    shift_mm: tuple[float, float, float] = (0, 0, 0),
) -> RigidTransform:
    turn = Rotation.from_rotvec(np.radians(turn_deg)).as_matrix()
    return RigidTransform.from_axes("ct", "mr", turn, np.array(shift_mm, dtype=float))


MOTIONS = (
    motion((1, 0, 2), (3, 1, -2)),
    motion((5, 1, 0), (2, 0, -1)),
    motion((9, 0, -2), (2, 1, 0)),
)


@pytest.fixture(scope="module")
def warp() -> SpineWarp:
    return lay_warp(MOTIONS, CENTRES)


def column(step: int = 4) -> np.ndarray:
    axes = [np.arange(-24.0, 25.0, 12.0)] * 2
    return np.stack(np.meshgrid(*axes, np.arange(-20.0, 91.0, step), indexing="ij"), -1).reshape(
        -1, 3
    )


def test_each_vertebra_moves_as_it_was_registered(warp: SpineWarp) -> None:
    for n, (moved, centre) in enumerate(zip(MOTIONS, CENTRES, strict=True)):
        np.testing.assert_allclose(warp.shares(centre[None]), [n], atol=1e-9)
        np.testing.assert_allclose(
            warp.to_mr(centre[None])[0], moved.inverse().points(centre), atol=1e-9
        )


def test_beyond_the_first_and_the_last_everything_moves_with_that_one(warp: SpineWarp) -> None:
    for n, sign in ((0, 1), (2, -1)):
        away = CENTRES[n] + np.array([[5.0, 3.0, sign * 12.0], [-20.0, 0.0, sign * 40.0]])
        np.testing.assert_allclose(warp.to_mr(away), MOTIONS[n].inverse().points(away), atol=1e-9)


def test_there_and_back_again(warp: SpineWarp) -> None:
    points = column()
    np.testing.assert_allclose(warp.to_ct(warp.to_mr(points)), points, atol=1e-6)
    np.testing.assert_allclose(warp.to_mr(warp.to_ct(points)), points, atol=1e-6)
    assert warp.to_ct(np.zeros((0, 3))).shape == (0, 3)


def test_the_motion_has_no_step_and_no_kink(warp: SpineWarp) -> None:
    along = np.stack([np.full(1401, 8.0), np.full(1401, 6.0), np.linspace(-30, 110, 1401)], axis=1)
    moved = warp.to_mr(along)
    steps = np.diff(moved, axis=0)
    lengths = np.linalg.norm(steps, axis=1)
    # a tenth of a millimetre stays one, but for the bend
    assert lengths.min() > 0.07
    assert lengths.max() < 0.13
    assert np.linalg.norm(np.diff(steps, axis=0), axis=1).max() < 2e-3


def test_places_along_the_column_only_ever_grow_downwards(warp: SpineWarp) -> None:
    heights = np.linspace(100, -30, 200)
    for x, y in ((0.0, 0.0), (20.0, -15.0), (-20.0, 20.0)):
        shares = warp.shares(np.stack([np.full(200, x), np.full(200, y), heights], axis=1))
        assert (np.diff(shares) >= 0).all()
        assert (shares[0], shares[-1]) == (0.0, 2.0)


@pytest.mark.parametrize(
    ("height_mm", "beyond_mm"), [(100.0, 30.0), (70.0, 0.0), (20.0, 0.0), (0.0, 0.0), (-7.0, 7.0)]
)
def test_how_far_beyond_the_column_a_point_lies(height_mm: float, beyond_mm: float) -> None:
    straight = lay_warp(MOTIONS, CENTRES * [1.0, 0.0, 1.0])
    found = straight.beyond_mm(np.array([[40.0, -9.0, height_mm]]))
    np.testing.assert_allclose(found, [beyond_mm], atol=1e-9)


def test_one_vertebra_moves_all_of_it() -> None:
    alone = lay_warp(MOTIONS[:1], CENTRES[:1])
    points = column()
    np.testing.assert_allclose(alone.to_mr(points), MOTIONS[0].inverse().points(points))
    np.testing.assert_allclose(alone.to_ct(points), MOTIONS[0].points(points), atol=1e-7)
    assert not alone.shares(points).any()
    np.testing.assert_allclose(alone.volume_shares(points), 1.0)
    np.testing.assert_allclose(alone.beyond_mm(np.array([[0.0, 0, 75], [0, 0, 60]])), [5.0, 10.0])


def test_the_change_of_volume_is_one_where_all_move_alike() -> None:
    alike = lay_warp([MOTIONS[1]] * 3, CENTRES)
    np.testing.assert_allclose(alike.volume_shares(column()), 1.0, atol=1e-9)


def test_vertebrae_pushed_together_lose_the_volume_between_and_past_each_other_fold() -> None:
    def pushed(by_mm: float) -> float:
        warp = lay_warp([motion(), motion(shift_mm=(0, 0, -by_mm))], CENTRES[[0, 2]])
        middle = np.array([[0.0, 0.0, 35.0]])
        return float(warp.volume_shares(middle)[0])

    # the steepest share is one and a half times the mean: 1 - 1.5 * shift / 70 mm
    for by_mm in (0.0, 10.0, 30.0, 60.0):
        assert pushed(by_mm) == pytest.approx(1 - 1.5 * by_mm / 70, abs=0.01)
    assert pushed(60.0) < 0 < pushed(30.0)


def test_mirrored_motions_make_the_mirrored_warp(warp: SpineWarp) -> None:
    flip = np.diag([-1.0, 1.0, 1.0])
    swapped = [
        RigidTransform.from_axes("ct", "mr", flip @ m.rotation @ flip, flip @ m.origin_mm)
        for m in MOTIONS
    ]
    other, points = lay_warp(swapped, CENTRES @ flip), column()
    np.testing.assert_allclose(other.to_mr(points @ flip), warp.to_mr(points) @ flip, atol=1e-9)


def test_a_line_is_carried_point_by_point_with_its_radii(warp: SpineWarp) -> None:
    key = StructureKey.parse("exiting_root:L4:left")
    tube = Tube(warp.to_mr(column()[::9]), np.linspace(1, 2, len(column()[::9])))
    lines, places = carry_lines({key: tube}, warp)
    np.testing.assert_allclose(lines[key].points_lps_mm, column()[::9], atol=1e-6)
    np.testing.assert_array_equal(lines[key].radii_mm, tube.radii_mm)
    np.testing.assert_allclose(places[key], warp.shares(column()[::9]), atol=1e-6)
    assert carry_lines({}, warp) == ({}, {})


L4, L5, SAC, AORTA, CORD = 1, 2, 3, 4, 5
NAMES = {
    number: StructureKey.parse(name)
    for number, name in {
        L4: "vertebra:L4", L5: "vertebra:L5", SAC: "dural_sac", AORTA: "aorta", CORD: "spinal_cord",
    }.items()
}  # fmt: skip


def ct_labels() -> LabelMap:
    values = np.zeros((30, 30, 40), np.uint8)
    values[5:25, 5:14, 22:36], values[5:25, 5:14, 4:18] = L4, L5
    values[13:17, 1:4, :], values[14:16, 17:19, :] = AORTA, CORD
    return LabelMap(values, np.eye(4), "ct")


def carried(mr: np.ndarray, names: dict[int, StructureKey], warp: SpineWarp) -> CarriedLabels:
    labels = LabelMap(mr, np.eye(4), "mr")
    survey = survey_labels(Case(None, labels, names, "made"))
    return carry_labels(ct_labels(), NAMES, survey, warp)


@pytest.fixture(scope="module")
def still() -> SpineWarp:
    return lay_warp([motion(), motion()], np.array([[15.0, 10.0, 29.0], [15.0, 10.0, 11.0]]))


def test_without_motion_masks_keep_their_voxels(still: SpineWarp) -> None:
    mr = np.zeros((30, 30, 40), np.uint8)
    mr[10:20, 16:24, 2:38] = 7
    found = carried(mr, {7: NAMES[SAC]}, still)
    value = {key: number for number, key in found.names.items()}[NAMES[SAC]]
    np.testing.assert_array_equal(found.labels.values == value, mr == 7)
    assert found.in_bone[NAMES[SAC]] == 0.0
    # the cord of the first image is what its tool called the sac
    assert NAMES[CORD] not in found.names.values()
    assert not (found.labels.values == CORD).any()
    np.testing.assert_array_equal(found.labels.values == AORTA, ct_labels().values == AORTA)


def test_bone_of_the_first_image_is_never_overwritten(still: SpineWarp) -> None:
    mr = np.zeros((30, 30, 40), np.uint8)
    mr[8:22, 10:20, 4:36] = 7
    found = carried(mr, {7: NAMES[SAC]}, still)
    for bone in (L4, L5):
        np.testing.assert_array_equal(found.labels.values == bone, ct_labels().values == bone)
    # four of ten rows, but for the disc space of four of thirty-two slices
    assert found.in_bone[NAMES[SAC]] == pytest.approx(4 / 10 * 28 / 32)


def test_two_structures_share_their_border_by_depth(still: SpineWarp) -> None:
    mr = np.zeros((30, 30, 40), np.uint8)
    mr[8:22, 16:26, 2:38], mr[13:17, 19:23, 2:38] = 7, 8
    keys = {7: NAMES[SAC], 8: StructureKey.parse("traversing_root:L5:left")}
    found = carried(mr, keys, still)
    by_key = {key: number for number, key in found.names.items()}
    for number, key in keys.items():
        np.testing.assert_array_equal(found.labels.values == by_key[key], mr == number)


def test_what_another_image_shows_far_beyond_the_column_is_not_carried(still: SpineWarp) -> None:
    affine = np.eye(4)
    affine[2, 3] = 300.0
    mr = np.zeros((30, 30, 40), np.uint8)
    mr[10:20, 16:24, 2:38] = 7
    survey = survey_labels(Case(None, LabelMap(mr, affine, "mr"), {7: NAMES[SAC]}, "made"))
    found = carry_labels(ct_labels(), NAMES, survey, still)
    assert NAMES[SAC] not in found.names.values()
    assert found.in_bone == {}


PLACES = {
    "L4 left SAP": [18.0, 20.0, 40.0],
    "L4 right SAP": [-17.0, 21.0, 41.0],
    "L5 tip": [0.0, 50.0, 5.0],
    "S1 body": [1.0, -15.0, -25.0],
    "L3 body": [2.0, -18.0, 75.0],
}


def placed(noise_mm: float, rng: np.random.Generator, names: list[str]) -> tuple[dict, dict]:
    ct = {name: np.array(PLACES[name]) for name in names}
    back = MOTIONS[1].inverse()
    mr = {name: back.points(at) + rng.normal(0, noise_mm, 3) for name, at in ct.items()}
    return ct, mr


def test_landmarks_give_the_motion_and_their_own_error(rng: np.random.Generator) -> None:
    ct, mr = placed(0.0, rng, list(PLACES))
    found, fitted = fit_landmarks(ct, {**mr, "elsewhere": np.zeros(3)}, target="ct", source="mr")
    np.testing.assert_allclose(fitted.matrix, MOTIONS[1].matrix, atol=1e-9)
    assert found.count == 5
    assert found.residual_mm < 1e-9
    assert found.holdout_mm < 1e-9
    ct, mr = placed(1.0, rng, list(PLACES))
    noisy, _ = fit_landmarks(ct, mr, target="ct", source="mr")
    # a point that was left out is always missed by more than one that pulled
    assert 0.1 < noisy.residual_mm < noisy.holdout_mm


def test_names_of_a_side_are_exchanged_to_see_whether_that_fits_worse(
    rng: np.random.Generator,
) -> None:
    ct, mr = placed(0.5, rng, list(PLACES))
    found, _ = fit_landmarks(ct, mr, target="ct", source="mr")
    assert found.swapped_ratio > 3.0
    wrong = {"L4 left SAP": "L4 right SAP", "L4 right SAP": "L4 left SAP"}
    swapped = {wrong.get(name, name): place for name, place in mr.items()}
    # off one plane, exchanged names are a mirror, which is refused and never fitted
    with pytest.raises(InputError, match="A mirror fits") as caught:
        fit_landmarks(ct, swapped, target="ct", source="mr")
    assert caught.value.code == "IN-092"


@pytest.mark.parametrize(
    "names",
    [
        ["L5 tip", "S1 body", "L3 body"],
        ["L4 left SAP", "L5 tip", "S1 body", "L3 body"],
    ],
    ids=["no sides", "one side only"],
)
def test_without_a_pair_of_sides_nothing_is_said_of_them(
    names: list[str], rng: np.random.Generator
) -> None:
    ct, mr = placed(0.5, rng, names)
    found, _ = fit_landmarks(ct, mr, target="ct", source="mr")
    assert found.swapped_ratio == 0.0
    assert (found.holdout_mm == np.inf) is (len(names) == 3)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_pairs_are_refused(count: int, rng: np.random.Generator) -> None:
    ct, _ = placed(0.0, rng, list(PLACES)[:count])
    with pytest.raises(InputError, match="three pairs") as caught:
        fit_landmarks(ct, ct, target="ct", source="mr")
    assert caught.value.code == "IN-092"
