"""Each variant does what its name says, and no more."""

from functools import cache

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.frames import Side
from kambin.phantom import PhantomParameters, PhantomTruth, build_spine, build_truth
from kambin.phantom.build import build_bones
from kambin.phantom.muscles import build_muscles
from kambin.phantom.organs import Spine, build_organs, build_skin
from kambin.phantom.shapes import Shape, bounds_of
from kambin.phantom.sizes import Draw
from kambin.phantom.vessels import build_segmental_arteries, build_ureters

L45 = Level("L4", "L5")
key = StructureKey.parse


@cache
def patient(*variants: str) -> PhantomTruth:
    return build_truth(PhantomParameters(L45, Side.LEFT, variants=variants))


@pytest.fixture(scope="module")
def the_usual_patient() -> PhantomTruth:
    return patient()


def crest_above_disc_mm(truth: PhantomTruth, side: Side, level: Level = L45) -> float:
    region = truth.region(StructureKey("ilium", "", side), 3.0)
    crest = region.lps_mm(np.argwhere(region.values))[:, 2].max()
    return float(crest - truth.disc_frames[level].lps_from_disc.origin_mm[2])


def volume_mm3(truth: PhantomTruth, name: str, spacing_mm: float = 1.5) -> float:
    return float(truth.region(key(name), spacing_mm).values.sum()) * spacing_mm**3


def test_a_high_crest_stands_above_l4_on_both_sides(the_usual_patient: PhantomTruth) -> None:
    high = patient("high-crest")
    for side in Side:
        usual = crest_above_disc_mm(the_usual_patient, side)
        assert -6 < usual < 14
        assert crest_above_disc_mm(high, side) == pytest.approx(usual + 24, abs=3.1)


def test_a_large_process_is_larger_at_every_level(the_usual_patient: PhantomTruth) -> None:
    large = patient("large-sap")
    for name in ("sap:L4:left", "sap:L5:right"):
        grown = volume_mm3(large, name) / volume_mm3(the_usual_patient, name)
        assert 1.25 < grown < 1.8
    assert volume_mm3(large, "body:L4", 2.0) == volume_mm3(the_usual_patient, "body:L4", 2.0)


def test_a_large_process_narrows_the_foramen_and_keeps_its_joint(
    the_usual_patient: PhantomTruth,
) -> None:
    frame = the_usual_patient.vertebra_frames["L5"].lps_from_vertebra
    wall = the_usual_patient.vertebra_frames["L5"].posterior_wall_y_mm
    line = np.column_stack([np.full(160, 18.0), wall + np.arange(160) * 0.1, np.full(160, 15.0)])
    fronts = []
    for truth in (the_usual_patient, patient("large-sap")):
        inside = truth.distance(key("vertebra:L5"), frame.points(line)) < 0
        fronts.append(line[np.argmax(inside), 1] - wall)
    assert fronts[1] < fronts[0] - 0.8


def test_a_collapsed_disc_is_low_at_the_asked_level_only(the_usual_patient: PhantomTruth) -> None:
    collapsed = patient("collapsed-disc")
    for level, frame in the_usual_patient.disc_frames.items():
        share = collapsed.disc_frames[level].height_mm / frame.height_mm
        assert share == pytest.approx(0.42 if level == L45 else 1.0)
    assert volume_mm3(collapsed, "disc:L4-L5") < 0.75 * volume_mm3(the_usual_patient, "disc:L4-L5")


def test_a_collapsed_disc_brings_the_pedicles_together(the_usual_patient: PhantomTruth) -> None:
    gaps = [
        np.linalg.norm(
            truth.vertebra_frames["L4"].lps_from_vertebra.origin_mm
            - truth.vertebra_frames["L5"].lps_from_vertebra.origin_mm
        )
        for truth in (the_usual_patient, patient("collapsed-disc"))
    ]
    assert gaps[0] - gaps[1] > 3


def test_six_lumbar_vertebrae_stand_on_one_sacrum() -> None:
    six = patient("l6")
    assert {"T12", "L1", "L5", "L6", "S1"} <= set(six.vertebra_frames)
    assert Level("L5", "L6") in six.disc_frames
    assert Level("L6", "S1") in six.disc_frames
    names = {str(name) for name in six.names.values()}
    assert {"body:L6", "sap:L6:left", "exiting_root:L6:right", "disc:L6-S1"} <= names
    assert "disc:L5-S1" not in names
    assert -6 < crest_above_disc_mm(six, Side.LEFT, Level("L5", "L6")) < 14


def test_obesity_adds_fat_all_round_and_most_behind(the_usual_patient: PhantomTruth) -> None:
    obese = patient("obese")
    thin, thick = (truth.shapes[0].bounds_lps_mm() for truth in (the_usual_patient, obese))
    assert thick[1][0] - thin[1][0] > 25
    assert thin[0][1] - thick[0][1] > 10
    assert thick[1][1] - thin[1][1] == pytest.approx(26, abs=1)
    for truth, (low, high) in ((the_usual_patient, thin), (obese, thick)):
        assert (truth.low_lps_mm[:2] < low[:2] - 8).all()
        assert (truth.high_lps_mm[:2] > high[:2] + 8).all()
    bone = [shape.key for shape in the_usual_patient.shapes]
    assert [shape.key for shape in obese.shapes] == bone


def test_variants_go_together() -> None:
    both = build_truth(
        PhantomParameters(
            Level("L6", "S1"), Side.RIGHT, zone="foraminal", variants=("obese", "l6", "large-sap")
        )
    )
    assert both.frame_id.endswith("l6-large-sap-obese")
    assert key("fragment") in set(both.names.values())


def spine_of(*variants: str, **wishes: object) -> tuple[PhantomParameters, Spine]:
    parameters = PhantomParameters(L45, Side.LEFT, variants=variants, **wishes)
    return parameters, build_spine(parameters)


def bones_of(*variants: str, **wishes: object) -> dict[str, Shape]:
    parameters, spine = spine_of(*variants, **wishes)
    draw = Draw(np.random.default_rng([0, 2]))
    return {str(shape.key): shape for shape in build_bones(parameters, spine, draw)}


def coronal_deg(spine: Spine, name: str) -> float:
    x_axis = spine.frames.vertebrae[name].rotation[:, 0]
    return float(np.degrees(np.arctan2(x_axis[2], x_axis[0])))


@pytest.mark.parametrize("cobb_deg", [20.0, 30.0, 45.0])
def test_a_scoliosis_has_its_cobb_angle_and_turns_at_the_apex(cobb_deg: float) -> None:
    _, straight = spine_of()
    _, bent = spine_of("scoliosis", cobb_deg=cobb_deg)
    gained = {n: coronal_deg(bent, n) - coronal_deg(straight, n) for n in bent.names}
    assert abs(gained["L1"] - gained["L4"]) == pytest.approx(cobb_deg, abs=1.0)
    assert abs(gained["S1"]) < 0.5
    turns = {
        n: np.degrees(np.arctan2(f.rotation[1, 0], f.rotation[0, 0]))
        for n, f in bent.frames.vertebrae.items()
    }
    apex = max(turns, key=lambda name: turns[name])
    assert apex in ("L2", "L3")
    assert turns[apex] == pytest.approx(cobb_deg / 2, abs=3)
    aside = {n: f.origin_mm[0] for n, f in bent.frames.vertebrae.items()}
    assert max(aside["L2"], aside["L3"]) > max(aside["T12"], aside["S1"]) + cobb_deg / 5


def test_neighbours_in_a_scoliosis_do_not_meet() -> None:
    bones = bones_of("scoliosis", cobb_deg=30.0)
    for upper, lower in (("L1", "L2"), ("L2", "L3"), ("L3", "L4"), ("L4", "L5")):
        a, b = bones[f"vertebra:{upper}"], bones[f"vertebra:{lower}"]
        low, high = (
            np.maximum(a.bounds_lps_mm()[0], b.bounds_lps_mm()[0]),
            np.minimum(a.bounds_lps_mm()[1], b.bounds_lps_mm()[1]),
        )
        axes = [np.arange(p, q, 1.5) for p, q in zip(low, high, strict=True)]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        assert not ((a.distance(grid) < 0) & (b.distance(grid) < 0)).any()


def test_a_narrow_foramen_is_lower_and_narrower_at_its_level_only() -> None:
    sizes = []
    for variants in ((), ("narrow-foramen",)):
        _, spine = spine_of(*variants)
        bones = bones_of(*variants)
        heights = []
        for name in ("L3-L4", "L4-L5"):
            level = Level.parse(name)
            upper = spine.sizes.vertebrae[level.upper]
            one = upper.sides[Side.LEFT]
            across = (upper.canal_width_mm + one.pedicle_width_mm) / 2
            floor = upper.posterior_height_mm / 2 - one.pedicle_height_mm - 0.7
            frame = spine.frames.vertebrae[level.upper]
            start = frame.points([across, upper.wall_mm + 2.5, floor - 4])
            run = np.arange(300)[:, None] * 0.1
            axis = spine.frames.discs[level].rotation[:, 2]
            both = [bones[f"vertebra:{n}"] for n in (level.upper, level.lower)]
            ends = []
            for way in (axis, -axis):
                d = np.min([bone.distance(start + run * way) for bone in both], axis=0)
                ends.append(float(np.argmax(d < 0)) * 0.1)
            heights.append(sum(ends))
        sizes.append(heights)
    assert sizes[0][0] == pytest.approx(sizes[1][0], abs=0.2)
    assert sizes[0][1] - sizes[1][1] > 3
    assert 8 < sizes[1][1] < 13.5


@pytest.mark.parametrize(
    ("variant", "sides"),
    [
        ("sacralised-l5", {Side.LEFT, Side.RIGHT}),
        ("sacralised-l5-left", {Side.LEFT}),
        ("sacralised-l5-right", {Side.RIGHT}),
    ],
)
def test_a_sacralised_l5_is_one_with_the_ala_on_its_sides(variant: str, sides: set[Side]) -> None:
    bones = bones_of(variant)
    l5, sacrum = bones["vertebra:L5"], bones["sacrum"]
    low, high = l5.bounds_lps_mm()
    axes = [np.arange(p, q, 1.5) for p, q in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    shared = grid[(l5.distance(grid) < 0) & (sacrum.distance(grid) < 0)]
    assert {Side.LEFT if x > 0 else Side.RIGHT for x in shared[:, 0]} == sides
    assert np.abs(shared[:, 0]).min() > 15
    usual, fused = spine_of()[1].sizes, spine_of(variant)[1].sizes
    share = fused.disc_heights_mm[Level("L5", "S1")] / usual.disc_heights_mm[Level("L5", "S1")]
    assert share == pytest.approx(0.5 ** len(sides))


@pytest.mark.parametrize("side", Side)
def test_a_retrorenal_colon_lies_behind_its_kidney_on_the_asked_side(side: Side) -> None:
    def behind(retrorenal: Side | None, where: Side) -> bool:
        organs = {str(s.key): s for s in build_organs(Draw(np.random.default_rng(2)), retrorenal)}
        low, high = organs[f"kidney:{where}"].bounds_lps_mm()
        middle = (low + high) / 2
        x = np.sign(middle[0]) * np.arange(20.0, 120.0, 2)
        y = np.arange(middle[1] + 10, middle[1] + 60, 2)
        grid = np.array([[a, b, middle[2] - 20] for a in x for b in y])
        return bool((organs["colon"].distance(grid) < 0).sum() > 20)

    assert behind(side, side)
    assert not behind(None, side)
    assert not behind(side, Side.RIGHT if side is Side.LEFT else Side.LEFT)


def test_a_thin_patient_has_less_fat_all_round_and_the_same_muscles() -> None:
    _, spine = spine_of()
    usual, thin = (
        build_skin(spine, share=1.0, back_fat_mm=0.0, thinner_mm=mm) for mm in (0.0, 11.0)
    )
    (low, high), (thin_low, thin_high) = (skin[0].bounds_lps_mm() for skin in (usual, thin))
    np.testing.assert_allclose((thin_low - low)[:2], 11)
    np.testing.assert_allclose((high - thin_high)[:2], 11)
    wall_low, _ = thin[1].bounds_lps_mm()
    assert (wall_low[:2] > thin_low[:2] + 3).all()
    muscles = bounds_of(build_muscles(spine))
    assert muscles[1][1] < thin_high[1] - 5


def area_cm2(shape: Shape, hidden: list[Shape], height_mm: float) -> float:
    low, high = shape.bounds_lps_mm()
    x, y = np.arange(low[0], high[0], 0.7), np.arange(low[1], high[1], 0.7)
    grid = np.array([[a, b, height_mm] for a in x for b in y])
    inside = shape.distance(grid) < 0
    for other in hidden:
        inside &= other.distance(grid) > 0
    return float(inside.sum()) * 0.7**2 / 100


@pytest.mark.parametrize(
    ("kind", "name", "low_cm2", "high_cm2"),
    [
        ("multifidus", "L2", 1.7, 3.9),
        ("multifidus", "L3", 2.8, 5.8),
        ("multifidus", "L4", 5.0, 9.0),
        ("multifidus", "L5", 6.3, 10.6),
        ("erector_spinae", "L3", 13.0, 24.4),
        ("erector_spinae", "L4", 12.2, 20.4),
        ("quadratus", "L3", 1.5, 6.0),
        ("quadratus", "L4", 2.5, 8.0),
        ("psoas", "L4", 7.0, 18.0),
    ],
)
def test_muscles_have_plausible_cross_sections(
    kind: str, name: str, low_cm2: float, high_cm2: float
) -> None:
    _, spine = spine_of()
    bone = bones_of()[f"vertebra:{name}"]
    muscles = {str(shape.key): shape for shape in build_muscles(spine)}
    # Painted later lies on top: bone over all, multifidus over the erector.
    order = [f"{k}:left" for k in ("quadratus", "erector_spinae", "multifidus", "psoas")]
    over = [muscles[k] for k in order[order.index(f"{kind}:left") + 1 :]]
    height = float(spine.frames.vertebrae[name].origin_mm[2])
    assert low_cm2 < area_cm2(muscles[f"{kind}:left"], [bone, *over], height) < high_cm2


def test_segmental_arteries_run_round_the_bodies_and_ureters_down_on_the_psoas() -> None:
    _, spine = spine_of()
    bones = bones_of()
    arteries = {str(shape.key): shape for shape in build_segmental_arteries(spine)}
    assert set(arteries) == {
        f"segmental_artery:{name}:{side}" for name in ("L1", "L2", "L3", "L4") for side in Side
    }
    for text, artery in arteries.items():
        _, name, side = text.split(":")
        ends = np.array([p.solid.points_mm[-1] for p in artery.pieces])
        clear = bones[f"vertebra:{name}"].distance(ends)
        # Close round the waist, and never through the bone.
        assert clear.min() > 0
        assert np.median(clear) < 5
        assert (ends[-1][0] > 0) == (side == "left")
    left, right = build_ureters(spine)
    psoas = {str(s.key): s for s in build_muscles(spine)}["psoas:left"]
    middle = left.pieces[2].solid.points_mm
    assert 0 < psoas.distance(middle).min() < 12
    assert right.bounds_lps_mm()[1][0] < 0 < left.bounds_lps_mm()[0][0]
