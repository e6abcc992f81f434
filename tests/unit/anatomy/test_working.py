import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, bone_of, frame_at, lumbar_case, paint

from kambin.anatomy import Case, StructureKey
from kambin.anatomy.survey import survey_labels
from kambin.anatomy.working import (
    REGION_MARGIN_VOXELS,
    find_vertebra_regions,
    make_working_grid,
    region_of_nodes,
    resample_indicator,
    sub_grid,
)
from kambin.core import AnatomyError
from kambin.imaging import Grid, LabelMap


def a_label_map(shape: tuple[int, int, int], spacing_mm: float) -> LabelMap:
    affine = np.diag([spacing_mm, spacing_mm, spacing_mm, 1.0])
    affine[:3, 3] = [-7.3, 11.1, 4.0]
    return LabelMap(np.zeros(shape, np.uint8), affine, "made")


def case_with(names: dict[int, str], values: np.ndarray | None = None) -> Case:
    labels = lumbar_case().labels
    if values is not None:
        labels = LabelMap(values, labels.lps_from_ijk, labels.frame_id)
    keys = {v: StructureKey.parse(k) for v, k in names.items()}
    return Case(None, labels, keys, "made")


def test_the_sacrum_stands_for_s1() -> None:
    regions = find_vertebra_regions(survey_labels(lumbar_case()))
    assert list(regions) == ["L4", "L5", "S1"]
    counted = {n: int((lumbar_case().labels.values == v).sum()) for v, n in
               enumerate(regions, start=1)}  # fmt: skip
    assert {n: int(r.values.sum()) for n, r in regions.items()} == counted


def test_s1_split_off_the_sacrum_is_put_back() -> None:
    values = lumbar_case().labels.values.copy()
    low = np.indices(values.shape)[2] < 60
    values[(values == 3) & low] = 9
    names = {1: "vertebra:L4", 2: "vertebra:L5", 3: "vertebra:S1", 9: "sacrum"}
    regions = find_vertebra_regions(survey_labels(case_with(names, values)))
    assert int(regions["S1"].values.sum()) == int((lumbar_case().labels.values == 3).sum())


def test_vertebrae_above_the_region_of_interest_are_left_out() -> None:
    names = {1: "vertebra:T11", 2: "vertebra:L5", 3: "sacrum"}
    assert list(find_vertebra_regions(survey_labels(case_with(names)))) == ["L5", "S1"]


@pytest.mark.parametrize("names", [{1: "liver"}, {1: "vertebra:L4"}, {1: "vertebra:T10"}])
def test_fewer_than_two_vertebrae_are_refused(names: dict[int, str]) -> None:
    with pytest.raises(AnatomyError) as caught:
        find_vertebra_regions(survey_labels(case_with(names)))
    assert caught.value.code == "AN-200"
    assert caught.value.next_step


@pytest.mark.parametrize(("spacing", "expected"), [(3.0, 1.0), (1.0, 1.0), (0.8, 1.0), (0.6, 0.75)])
def test_the_grid_is_finer_for_finer_labels(spacing: float, expected: float) -> None:
    labels = a_label_map((60, 60, 60), spacing)
    low, high = labels.bounds_lps_mm()
    assert make_working_grid(labels, low, high).spacing_mm == expected


@pytest.mark.parametrize("count", [60, 61])
@pytest.mark.parametrize("spacing", [0.6, 1.0, 1.5, 2.0, 3.0])
def test_the_nodes_mirror_with_the_array(count: int, spacing: float) -> None:
    labels = a_label_map((count, 40, 40), spacing)
    low, high = labels.bounds_lps_mm()
    box = (low + np.array([5, 3, 2]), high - np.array([17, 4, 6]))
    mirrored = (low + np.array([17, 3, 2]), high - np.array([5, 4, 6]))
    grid, other = make_working_grid(labels, *box), make_working_grid(labels, *mirrored)
    assert grid.shape == other.shape
    assert low[0] + high[0] - grid.high_lps_mm[0] == pytest.approx(other.origin_lps_mm[0])


@pytest.mark.parametrize("count", [60, 61])
@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_nodes_lie_on_voxel_centres_where_the_spacing_allows(count: int, spacing: float) -> None:
    labels = a_label_map((count, count, count), spacing)
    grid = make_working_grid(labels, *labels.bounds_lps_mm())
    ijk = grid.ijk(labels.lps_mm([[0, 0, 0], [3, 4, 5]]))
    assert ijk == pytest.approx(np.round(ijk), abs=1e-9)


def test_no_node_lies_beyond_the_labels() -> None:
    for spacing in (0.6, 1.0, 1.5, 2.5):
        labels = a_label_map((33, 40, 37), spacing)
        low, high = labels.bounds_lps_mm()
        grid = make_working_grid(labels, low, high)
        assert (grid.origin_lps_mm >= low - 1e-3).all()
        assert (grid.high_lps_mm <= high + 1e-3).all()


def test_a_sub_grid_has_nodes_of_the_grid() -> None:
    grid = Grid(np.array([-30.0, -30.0, -30.0]), 1.0, (61, 61, 61), "made")
    region = a_label_map((10, 8, 6), 2.0)
    part, box = sub_grid(grid, region)
    assert part.shape == tuple(s.stop - s.start for s in box)
    assert grid.ijk(part.origin_lps_mm) == pytest.approx([s.start for s in box])
    low, high = region.bounds_lps_mm()
    assert (part.origin_lps_mm <= low).all()
    assert (part.high_lps_mm >= high).all()


def test_a_sub_grid_is_cut_at_the_border_of_the_grid() -> None:
    grid = Grid(np.array([0.0, 12.0, 5.0]), 1.0, (4, 3, 2), "made")
    _, box = sub_grid(grid, a_label_map((40, 40, 40), 1.0))
    assert [(s.start, s.stop) for s in box] == [(0, 4), (0, 3), (0, 2)]


def test_a_mask_on_the_nodes_is_resampled_to_itself() -> None:
    grid = Grid(np.array([0.0, 0.0, 0.0]), 1.0, (20, 20, 20), "made")
    mask = np.random.default_rng(3).random((6, 5, 4)) > 0.5
    affine = np.eye(4)
    affine[:3, 3] = [3.0, 4.0, 5.0]
    share, box = resample_indicator(mask, LabelMap(mask.astype(np.uint8), affine, "made"), grid)
    assert np.array_equal(share > 0.5, mask)
    assert [s.start for s in box] == [3, 4, 5]


def test_nodes_become_a_region_with_a_margin() -> None:
    grid = Grid(np.array([10.0, 20.0, 30.0]), 1.0, (30, 30, 30), "made")
    ijk = np.array([[10, 11, 12], [14, 11, 12]])
    region = region_of_nodes(grid, ijk)
    assert region.shape == tuple(n + 2 * REGION_MARGIN_VOXELS for n in (5, 1, 1))
    assert region.lps_mm(np.argwhere(region.values)) == pytest.approx(
        grid.origin_lps_mm + ijk * grid.spacing_mm
    )


def test_at_the_border_of_the_grid_the_margin_is_smaller() -> None:
    grid = Grid(np.zeros(3), 1.0, (5, 5, 5), "made")
    assert region_of_nodes(grid, np.array([[0, 4, 2]])).shape == (4, 4, 5)


def test_the_volume_of_a_bone_survives_the_resampling() -> None:
    for spacing, share in ((1.0, 0.01), (3.0, 0.08)):
        bone = bone_of({"L5": LUMBAR["L5"]}, spacing_mm=spacing)
        volume = bone.mask("L5").sum() * bone.grid.spacing_mm**3
        truth = paint({"L5": LUMBAR["L5"]}).values.sum()
        assert volume == pytest.approx(truth, rel=share)


def test_touching_vertebrae_share_no_node() -> None:
    bone = bone_of({"L4": frame_at((0, 0, 24.0)), "L5": frame_at((0, 0, 0.0))})
    assert not (bone.mask("L4") & bone.mask("L5")).any()
    assert bone.occupancy.max() <= 1.0
    assert (bone.occupancy[bone.labels > 0] > 0.49).all()
