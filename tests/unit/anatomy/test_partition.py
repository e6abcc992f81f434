import numpy as np
import pytest
from tests.unit.anatomy.made_bones import (
    LUMBAR,
    WALL_MM,
    in_body,
    in_iap,
    in_sap,
    in_sp,
    in_tp,
    lumbar_bones,
)

from kambin.anatomy import BonyAnatomy, Origin, StructureKey
from kambin.anatomy.partition import (
    METHOD,
    PARTS,
    SIDED_PARTS,
    classify_points,
    measure_points,
    part_vertebra,
)
from kambin.frames import Side


@pytest.fixture(scope="module")
def bony() -> BonyAnatomy:
    return lumbar_bones()


def part_mask(bony: BonyAnatomy, key: str) -> np.ndarray:
    region = bony.structures[StructureKey.parse(key)].region
    mask = np.zeros(bony.working_grid.shape, bool)
    ijk = np.round(bony.working_grid.ijk(region.lps_mm(np.argwhere(region.values)))).astype(int)
    mask[tuple(ijk.T)] = True
    return mask


def keys_of(bony: BonyAnatomy, vertebra: str) -> list[StructureKey]:
    return [k for k in bony.structures if k.place == vertebra and k.kind in PARTS]


@pytest.mark.parametrize("vertebra", ["L4", "L5"])
def test_the_parts_are_disjoint_and_fill_the_bone(bony: BonyAnatomy, vertebra: str) -> None:
    count = sum(part_mask(bony, str(k)).astype(int) for k in keys_of(bony, vertebra))
    assert np.array_equal(count, bony.bone.mask(vertebra).astype(int))


@pytest.mark.parametrize("vertebra", ["L4", "L5"])
def test_every_part_of_the_contract_is_there(bony: BonyAnatomy, vertebra: str) -> None:
    names = {k.kind for k in keys_of(bony, vertebra)}
    assert names >= set(PARTS) - {"arch"}
    for kind in SIDED_PARTS:
        for side in Side:
            assert StructureKey(kind, vertebra, side) in bony.structures


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("kind", SIDED_PARTS)
def test_left_is_the_patients_left(bony: BonyAnatomy, kind: str, side: Side) -> None:
    for vertebra in ("L4", "L5"):
        places = np.argwhere(part_mask(bony, f"{kind}:{vertebra}:{side}"))
        lps = bony.working_grid.origin_lps_mm + places * bony.working_grid.spacing_mm
        local = LUMBAR[vertebra].inverse().points(lps)
        assert (local[:, 0] * side.lateral_sign_lps > -1.0).all()


@pytest.mark.parametrize(
    ("kind", "truth", "least"),
    [("sap", in_sap, 0.6), ("iap", in_iap, 0.6), ("tp", in_tp, 0.7), ("sp", in_sp, 0.5)],
)
def test_the_processes_hold_what_was_made_as_such(
    bony: BonyAnatomy, kind: str, truth: object, least: float
) -> None:
    nodes = np.argwhere(bony.bone.mask("L4"))
    local = LUMBAR["L4"].inverse().points(bony.working_grid.origin_lps_mm + nodes)
    made = truth(local)  # type: ignore[operator]
    found = np.zeros(len(nodes), bool)
    for key in keys_of(bony, "L4"):
        if key.kind == kind:
            found |= part_mask(bony, str(key))[tuple(nodes.T)]
    assert (found & made).sum() / made.sum() > least


def test_the_body_is_in_front_of_the_wall(bony: BonyAnatomy) -> None:
    nodes = np.argwhere(bony.bone.mask("L4"))
    local = LUMBAR["L4"].inverse().points(bony.working_grid.origin_lps_mm + nodes)
    body = (part_mask(bony, "body:L4") | part_mask(bony, "body_rim:L4"))[tuple(nodes.T)]
    made = in_body(local)
    assert 2 * (body & made).sum() / (body.sum() + made.sum()) > 0.97


def test_sap_lies_above_iap_and_pars_between(bony: BonyAnatomy) -> None:
    def height(key: str) -> float:
        return float(np.argwhere(part_mask(bony, key))[:, 2].mean())

    for side in Side:
        sap, pars, iap = (height(f"{kind}:L5:{side}") for kind in ("sap", "pars", "iap"))
        assert sap > height(f"arch_base:L5:{side}") > pars > iap


def test_the_rim_lies_at_the_upper_plate_and_dorsally(bony: BonyAnatomy) -> None:
    places = np.argwhere(part_mask(bony, "body_rim:L5")) + bony.working_grid.origin_lps_mm
    local = LUMBAR["L5"].inverse().points(places)
    assert local[:, 2].min() > 8.0
    assert local[:, 1].min() > -WALL_MM / 2 - 1.0
    assert local[:, 1].max() > WALL_MM - 1.5


def test_the_pedicle_rim_is_the_top_of_the_pedicle(bony: BonyAnatomy) -> None:
    for side in Side:
        rim = np.argwhere(part_mask(bony, f"pedicle_rim:L5:{side}"))
        rest = np.argwhere(part_mask(bony, f"pedicle:L5:{side}"))
        assert rim[:, 2].mean() > rest[:, 2].mean() + 3.0


def test_a_part_says_where_its_surface_comes_from(bony: BonyAnatomy) -> None:
    part = bony.structures[StructureKey.parse("sap:L5:left")]
    assert part.origin is Origin.SEGMENTED
    assert part.sigma_mm == 0.5
    assert part.method == METHOD
    assert "modelled" in part.method
    assert part.quality["volume_mm3"] == part.region.values.sum()
    assert bony.structures[StructureKey.parse("body:L5")].sigma_mm == 0.3


def test_without_both_pedicles_nothing_is_parted(bony: BonyAnatomy) -> None:
    frame = bony.vertebra_frames["L4"]
    half = type(frame)(
        frame.vertebra,
        frame.lps_from_vertebra,
        frame.upper_plate,
        frame.lower_plate,
        frame.posterior_wall_y_mm,
        {Side.LEFT: frame.pedicles[Side.LEFT]},
        frame.sigma_tilt_deg,
    )
    assert part_vertebra(bony.bone, half, 1.0) == {}


def test_points_are_measured_from_wall_and_pedicle(bony: BonyAnatomy) -> None:
    frame = bony.vertebra_frames["L4"]
    x, _, z, width, height = frame.pedicles[Side.RIGHT]
    place = frame.lps_from_vertebra.points([[-x, frame.posterior_wall_y_mm + 2.0, z + 1.0]])
    left, points = measure_points(place, frame)
    assert not left[0]
    assert points.x_mm[0] == pytest.approx(x)
    assert points.behind_mm[0] == pytest.approx(2.0)
    assert points.above_mm[0] == pytest.approx(1.0)
    assert (points.width_mm[0], points.height_mm[0]) == (width, height)


def test_the_classes_do_not_depend_on_the_order_of_the_points(bony: BonyAnatomy) -> None:
    frame = bony.vertebra_frames["L4"]
    places = bony.working_grid.origin_lps_mm + np.argwhere(bony.bone.mask("L4"))[::37]
    forward = classify_points(measure_points(places, frame)[1], (22.0, 15.0))
    backward = classify_points(measure_points(places[::-1], frame)[1], (22.0, 15.0))
    assert np.array_equal(forward, backward[::-1])
