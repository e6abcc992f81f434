import numpy as np
import pytest

from kambin.anatomy import Case, Origin, StructureKey
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.organs import collect_given, fill_hollow, split_by_midline
from kambin.anatomy.survey import survey_labels
from kambin.frames import Side
from kambin.imaging import LabelMap

PLANE = MidsagittalPlane(np.array([0.0, 0.0, 0.0]), np.array([1.0, 0.0, 0.0]))


def a_grid(shape: tuple[int, int, int] = (41, 31, 21), spacing_mm: float = 1.0) -> np.ndarray:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = -spacing_mm * (np.array(shape) - 1) / 2
    return affine


def a_tube(gap: int = 0, spacing_mm: float = 1.0) -> LabelMap:
    """A hollow tube along the patient's axis, with a slit of some voxels in its wall."""
    i, j, _ = np.indices((41, 31, 21))
    distance = np.hypot(i - 20, j - 15)
    wall = (distance >= 5) & (distance <= 10)
    if gap:
        wall &= ~((np.abs(j - 15) * 2 < gap) & (i > 20))
    return LabelMap(wall.astype(np.uint8), a_grid(spacing_mm=spacing_mm), "made")


def test_the_lumen_of_a_tube_is_filled_even_where_it_leaves_the_image() -> None:
    filled = fill_hollow(a_tube()).values.astype(bool)
    i, j, _ = np.indices(filled.shape)
    assert np.array_equal(filled, np.hypot(i - 20, j - 15) <= 10)


@pytest.mark.parametrize(("gap", "closed"), [(1, True), (3, True), (9, False)])
def test_a_slit_of_a_few_millimetres_is_closed(gap: int, closed: bool) -> None:
    assert bool(fill_hollow(a_tube(gap)).values[20, 15, 10]) is closed


def test_a_full_organ_stays_as_it_is() -> None:
    i, j, k = np.indices((41, 31, 21))
    ball = ((i - 20) ** 2 + (j - 15) ** 2 + (k - 10) ** 2 <= 64).astype(np.uint8)
    region = LabelMap(ball, a_grid(), "made")
    assert (fill_hollow(region).values != ball).sum() < 0.02 * ball.sum()


def test_coarse_voxels_are_still_filled() -> None:
    assert fill_hollow(a_tube(spacing_mm=3.0)).values[20, 15, 10] == 1


def test_filling_commutes_with_mirroring() -> None:
    tube = a_tube(3)
    flipped = LabelMap(tube.values[::-1].copy(), tube.lps_from_ijk, "made")
    assert np.array_equal(fill_hollow(flipped).values, fill_hollow(tube).values[::-1])


def test_a_mask_is_parted_by_the_midline() -> None:
    mask = np.ones((41, 3, 3), bool)
    region = LabelMap(mask.astype(np.uint8), a_grid((41, 3, 3)), "made")
    sides = split_by_midline(mask, region, PLANE)
    assert sides[Side.LEFT][21:].all()
    assert not sides[Side.LEFT][:21].any()
    assert np.array_equal(sides[Side.RIGHT], sides[Side.LEFT][::-1])


@pytest.fixture
def a_pelvis_with_bowel() -> Case:
    values = np.zeros((41, 31, 21), np.uint8)
    values[2:6, 5:20, 3:18] = 1
    values[35:39, 5:20, 3:18] = 1
    values[10:30, 3:8, :] = 2
    values[12:28, 5:6, :] = 0
    values[18:22, 20:24, 5:15] = 3
    values[8:12, 20:24, 5:15] = 4
    names = {1: "ilium", 2: "colon", 3: "vertebra:L5", 4: "kidney:right"}
    keys = {v: StructureKey.parse(k) for v, k in names.items()}
    return Case(None, LabelMap(values, a_grid(), "made"), keys, "made")


def test_an_unsided_ilium_gets_both_sides(a_pelvis_with_bowel: Case) -> None:
    given = collect_given(survey_labels(a_pelvis_with_bowel), PLANE, 1.0)
    left, right = (given[StructureKey("ilium", "", side)] for side in Side)
    assert StructureKey("ilium") not in given
    assert left.region.values.sum() == right.region.values.sum() == 4 * 15 * 15
    for structure, sign in ((left, 1), (right, -1)):
        places = structure.region.lps_mm(np.argwhere(structure.region.values))
        assert (places[:, 0] * sign > 0).all()
    assert "mid-sagittal" in left.method


def test_one_half_of_a_pelvis_gives_one_side(a_pelvis_with_bowel: Case) -> None:
    labels = a_pelvis_with_bowel.labels
    values = labels.values.copy()
    values[:20][values[:20] == 1] = 0
    half = Case(None, LabelMap(values, labels.lps_from_ijk, "made"), a_pelvis_with_bowel.names, "")
    given = collect_given(survey_labels(half), PLANE, 1.0)
    assert StructureKey.parse("ilium:left") in given
    assert StructureKey.parse("ilium:right") not in given


def test_bowel_is_filled_and_says_so(a_pelvis_with_bowel: Case) -> None:
    colon = collect_given(survey_labels(a_pelvis_with_bowel), PLANE, 1.0)[StructureKey("colon")]
    assert colon.region.values.sum() == 20 * 5 * 21
    assert "filled" in colon.method
    assert colon.origin is Origin.SEGMENTED


def test_other_organs_are_taken_as_they_are(a_pelvis_with_bowel: Case) -> None:
    given = collect_given(survey_labels(a_pelvis_with_bowel), PLANE, 3.0)
    kidney = given[StructureKey.parse("kidney:right")]
    assert kidney.region.values.sum() == 4 * 4 * 10
    assert kidney.sigma_mm == 2.0
    assert kidney.region.values[:3].sum() == 0


def test_vertebrae_are_not_organs(a_pelvis_with_bowel: Case) -> None:
    given = collect_given(survey_labels(a_pelvis_with_bowel), PLANE, 1.0)
    assert not {"vertebra", "sacrum"} & {key.kind for key in given}
