"""The six ways on the spine of boxes: order, symmetry, conservation, null fields, refusals."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from tests.unit.approaches.back_of_boxes import build_back, stand_on
from tests.unit.approaches.small_ground import block
from tests.unit.planning.simple_spine import LEVEL, Recipe, build_case, mirror_spine
from tests.unit.planning.test_models import REFUSAL

from kambin.anatomy import Level, StructureKey
from kambin.approaches import (
    ApproachCost,
    Comparison,
    Ground,
    Measured,
    compare_approaches,
    compare_notes,
    describe_comparison,
    expose_approach,
    measure_all,
    measure_approach,
)
from kambin.approaches.compare import measure
from kambin.approaches.compare_notes import NO_FACE, UNRESOLVED, remark_elsewhere
from kambin.approaches.exposure import NO_FRAGMENT
from kambin.approaches.fields import FIELDS, MORE_FIELDS
from kambin.approaches.retraction import find_retraction, is_held_after
from kambin.approaches.solids import Tube
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge.approaches import approaches
from kambin.knowledge.published import APPROACHES
from kambin.planning import Plan, PlanRequest, Refusal, plan_trajectory

BACK = tuple(name for name in APPROACHES if name != "transforaminal")
CONTRACT = tuple(name for name, _, _ in FIELDS)
MORE = tuple(name for name, _, _ in MORE_FIELDS)
NUMBERS = tuple(name for name in (*CONTRACT, *MORE) if name != "stability_class")


@pytest.fixture(scope="module")
def ground() -> Ground:
    return stand_on(build_back())


@pytest.fixture(scope="module")
def found(ground: Ground) -> dict[str, Measured]:
    return {name: measure(ground, name, None) for name in BACK}


@pytest.fixture(scope="module")
def answer(ground: Ground) -> Plan | Refusal:
    return plan_trajectory(ground.case, ground.anatomy, ground.request)


@pytest.fixture(scope="module")
def document(ground: Ground, answer: Plan | Refusal) -> Comparison:
    return compare_approaches(ground.case, ground.anatomy, ground.request, answer=answer)


def replace_affine(region: LabelMap, affine: np.ndarray) -> LabelMap:
    return LabelMap(region.values, affine, region.frame_id)


def costs(found: dict[str, Measured], field: str) -> list[float]:
    return [getattr(found[name].cost, field) for name in BACK]


def test_the_names_are_those_of_the_contract(document: Comparison) -> None:
    assert tuple(approaches()) == tuple(document.approaches) == APPROACHES
    assert tuple(ApproachCost.model_fields)[: len(CONTRACT)] == CONTRACT
    assert tuple(document.fields) == (*CONTRACT, *MORE)


def test_muscle_is_taken_off_in_the_order_of_the_incisions(found) -> None:
    inter, tube, retractor, window, whole = costs(found, "muscle_detached_mm3")
    assert inter == tube == 0
    assert 0 < retractor < window < whole


def test_bone_and_flavum_grow_from_the_tube_to_the_laminectomy(found) -> None:
    for field in ("lamina_mm3", "facet_mm3", "flavum_mm3"):
        values = costs(found, field)[1:]
        assert all(a <= b for a, b in pairwise(values)), field
    lamina = costs(found, "lamina_mm3")
    assert lamina[0] <= lamina[1] == lamina[2] < lamina[3] < lamina[4]
    assert costs(found, "flavum_mm3")[0] < costs(found, "flavum_mm3")[1]


def test_each_window_lies_inside_of_the_next(found) -> None:
    ways = [found[name] for name in BACK[1:]]
    for small, large in pairwise(ways):
        for a, b in zip(small.costs.bone, large.costs.bone, strict=True):
            assert (a.grains <= b.grains).all(), a.structure.key


def test_every_structure_keeps_what_is_not_taken(found) -> None:
    for one in found.values():
        assert one.cost.structures
        for row in one.cost.structures:
            assert row.removed_grains + row.kept_grains == row.whole_grains
            assert 0 < row.removed_grains <= row.whole_grains


def test_no_grain_of_muscle_is_both_pushed_aside_and_taken_off(found) -> None:
    for name in BACK[2:]:
        parts = found[name].costs.parts
        for aside, off in zip(parts["muscle_dilated"], parts["muscle_detached"], strict=True):
            assert (aside.grains + off.grains <= aside.per_voxel).all()


def test_a_laminectomy_takes_the_whole_flavum_and_both_sides_of_the_muscle(found) -> None:
    cost = found["open_laminectomy"].cost
    whole = {row.structure: row for row in cost.structures}
    assert whole[f"flavum:{LEVEL}"].kept_grains == 0
    assert {"multifidus:left", "multifidus:right"} <= set(whole)
    assert whole["sp:L4"].kept_grains == 0
    one_side = {row.structure for row in found["open_fenestration"].cost.structures}
    assert "multifidus:right" not in one_side


def test_a_slit_is_half_the_circumference_and_an_incision_is_the_tables(found) -> None:
    assert found["interlaminar"].cost.skin_mm == pytest.approx(4 * np.pi)
    assert found["microdiscectomy_tubular"].cost.skin_mm == pytest.approx(8.5 * np.pi)
    assert found["open_laminectomy"].cost.skin_mm == 60
    assert found["open_laminectomy"].cost.skin_rule == "table"


@pytest.mark.parametrize("name", BACK)
def test_left_and_right_of_a_symmetric_back_cost_the_same(name: str, found) -> None:
    right = stand_on(build_back(Side.RIGHT), Side.RIGHT)
    other, mine = measure_approach(right, name), found[name].cost
    for field in NUMBERS:
        assert getattr(other, field) == pytest.approx(getattr(mine, field), rel=0.01), field
    assert other.stability_class == mine.stability_class


@pytest.mark.parametrize("name", ["interlaminar", "open_fenestration"])
def test_the_mirrored_patient_costs_the_same_on_the_other_side(name: str, found) -> None:
    mirrored = mirror_spine(build_back())
    other, mine = measure_approach(stand_on(mirrored, Side.RIGHT), name), found[name].cost
    for field in NUMBERS:
        assert getattr(other, field) == pytest.approx(getattr(mine, field), rel=1e-6), field


def test_the_plan_is_told_with_its_own_numbers(document: Comparison, answer) -> None:
    assert isinstance(answer, Plan)
    mine = document.approaches["transforaminal"]
    assert mine.refused is None
    assert mine.reachable_fraction == pytest.approx(answer.reach.reachable_fraction, abs=1e-6)
    assert mine.facet_fraction == pytest.approx(1 - answer.resection.facet_kept_fraction, abs=1e-6)
    assert mine.stability_class == answer.resection.stability_class
    assert mine.muscle_detached_mm3 == mine.lamina_mm3 == 0
    assert mine.skin_mm == pytest.approx(0.5 * np.pi * answer.cannula_mm)
    taken = sum(row.removed_mm3 for row in mine.structures if row.structure.startswith("sap"))
    rim = answer.resection.rim_volume_mm3 if answer.resection.rim_is_removed else 0
    assert taken == pytest.approx(answer.resection.volume_mm3 - rim, abs=1)


def test_differences_are_those_of_the_volumes_and_say_their_uncertainty(document) -> None:
    rows = {(row.field, row.first, row.second): row for row in document.differences}
    for (field, first, second), row in rows.items():
        a, b = (getattr(document.approaches[name], field) for name in (first, second))
        assert row.difference == pytest.approx(a - b, abs=1e-5)
        assert row.sigma >= 0
    one = rows["lamina_mm3", "microdiscectomy_retractor", "open_laminectomy"]
    alone = [document.approaches[name].sigma.lamina_mm3 for name in (one.first, one.second)]
    assert 0 < one.sigma < np.hypot(*alone)
    same = rows["lamina_mm3", "microdiscectomy_tubular", "microdiscectomy_retractor"]
    assert same.difference == same.sigma == 0


def test_published_figures_stand_beside_and_are_not_averaged(document: Comparison) -> None:
    metrics = [row.metric for row in document.published]
    assert metrics.count("blood_visible") > 3
    assert {"stay", "reoperation", "radiation_time", "muscle_enzymes"} <= set(metrics)
    assert all(row.source and row.design and row.definition for row in document.published)


def test_where_the_planner_refuses_nothing_is_measured_and_the_reason_is_told(ground) -> None:
    refusal = REFUSAL
    document = compare_approaches(ground.case, ground.anatomy, ground.request, answer=refusal)
    refused = document.approaches["transforaminal"]
    assert refused.refused == refusal.binding
    for field in CONTRACT:
        assert getattr(refused, field) is None
        assert refusal.binding.structure in refused.not_assessed[field]
    assert all("transforaminal" not in (row.first, row.second) for row in document.differences)
    assert document.approaches["interlaminar"].lamina_mm3 is not None


def test_coarse_labels_give_muscle_and_no_facet() -> None:
    anatomy = build_back(recipe=Recipe(label_spacing_mm=3.0))
    ground = stand_on(anatomy)
    cost = measure_approach(ground, "open_fenestration")
    for field in ("facet_mm3", "facet_fraction", "stability_class"):
        assert getattr(cost, field) is None
        assert cost.not_assessed[field] == UNRESOLVED
    assert cost.muscle_detached_mm3 > 0
    one = measure(ground, "open_fenestration", None)
    found = describe_comparison(ground, {"open_fenestration": one})
    assert [row.code for row in found.findings] == ["PL-005"]


def test_a_fragment_of_another_level_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    anatomy = build_back()
    ground = stand_on(anatomy)
    fragment = replace(anatomy.require(f"disc:{LEVEL}"), key=StructureKey("fragment"))
    here = replace(
        ground,
        anatomy=replace(anatomy, structures={**anatomy.structures, fragment.key: fragment}),
    )
    assert remark_elsewhere(ground) == remark_elsewhere(here) == ()
    above = Level("L3", "L4")
    monkeypatch.setattr(compare_notes, "find_nearest_levels", lambda *_: [(above, 1.0), (LEVEL, 9)])
    (note,) = remark_elsewhere(here)
    assert (note.code, note.severity.value) == ("PL-172", "NOTE")
    assert "lies at L3-L4, not at L4-L5" in note.what
    one = measure(here, "open_fenestration", None)
    found = describe_comparison(here, {"open_fenestration": one})
    assert "PL-172" in [row.code for row in found.findings]


def test_without_a_muscle_of_the_back_muscle_is_not_assessed_and_never_zero() -> None:
    cost = measure_approach(stand_on(build_back(muscles=False)), "open_laminectomy")
    assert cost.muscle_dilated_mm3 is cost.muscle_detached_mm3 is None
    assert "muscle" in cost.not_assessed["muscle_detached_mm3"]
    assert cost.lamina_mm3 > 0


def test_a_number_says_which_muscle_nerve_or_lamina_it_was_counted_without() -> None:
    anatomy = build_back(recipe=Recipe(without=("dural_sac", "sp:L5")))
    kept = {k: s for k, s in anatomy.structures.items() if str(k) != "erector_spinae:right"}
    ground = stand_on(replace(anatomy, structures=kept))
    one_side, both = (measure_approach(ground, name) for name in BACK[-2:])
    assert one_side.incomplete == {
        "lamina_mm3": "Counted without sp:L5: not assessed.",
        "root_retraction_mm": "Counted without dural_sac: not assessed.",
    }
    for field in ("muscle_dilated_mm3", "muscle_detached_mm3"):
        assert both.incomplete[field] == "Counted without erector_spinae:right: not assessed."
        assert getattr(both, field) > 0


def test_of_a_null_field_nothing_is_said_to_lack(ground, found) -> None:
    assert all(not one.cost.incomplete for one in found.values())
    bare = measure_approach(stand_on(build_back(muscles=False)), "open_laminectomy")
    assert bare.incomplete == {}


def test_reach_and_joint_say_that_modelled_surfaces_are_behind_them(ground, found) -> None:
    origins = found["open_fenestration"].cost.origins
    root = ground.anatomy.require(StructureKey("traversing_root", "L5", Side.LEFT))
    fragment = ground.anatomy.require("fragment")
    for field in ("reachable_fraction", "visible_fraction"):
        assert {root.origin.value, fragment.origin.value} <= set(origins[field].split(" and "))
    assert origins["facet_fraction"] == "segmented"


def test_a_joint_without_a_face_has_its_bone_and_no_share() -> None:
    anatomy = build_back()
    key = StructureKey("iap", "L4", Side.LEFT)
    far = anatomy.structures[key]
    affine = far.region.lps_from_ijk.copy()
    affine[1, 3] += 9.0
    moved = replace(far, region=replace_affine(far.region, affine))
    ground = stand_on(replace(anatomy, structures={**anatomy.structures, key: moved}))
    cost = measure_approach(ground, "open_fenestration")
    assert cost.facet_mm3 is not None
    assert "facet_mm3" not in cost.not_assessed
    assert cost.facet_fraction is cost.stability_class is None
    assert cost.not_assessed["facet_fraction"] == NO_FACE


def test_without_a_fragment_there_is_no_reach_but_a_retraction() -> None:
    cost = measure_approach(
        stand_on(build_back(fragment=False), zone="paracentral"), "interlaminar"
    )
    assert cost.reachable_fraction is cost.visible_fraction is None
    assert cost.not_assessed["visible_fraction"] == NO_FRAGMENT
    assert cost.root_retraction_mm is not None


def test_without_a_lamina_no_way_from_behind_is_told() -> None:
    anatomy = build_back(recipe=Recipe(without=("lamina:L4",)))
    with pytest.raises(AnatomyError, match="lamina:L4") as caught:
        measure_all(build_case(anatomy), anatomy, PlanRequest(LEVEL, Side.LEFT))
    assert caught.value.code == "AN-011"


def test_without_an_answer_the_way_through_the_foramen_is_a_bug_of_the_caller(ground) -> None:
    with pytest.raises(LookupError, match="planner's answer"):
        measure_approach(ground, "transforaminal")


def test_a_wider_window_shows_no_less_of_the_fragment(found) -> None:
    narrow, wide = (found[n].cost for n in ("microdiscectomy_retractor", "open_laminectomy"))
    assert 0 < narrow.visible_fraction <= wide.visible_fraction <= 1
    assert 0 < narrow.reachable_fraction <= wide.reachable_fraction <= 1


def test_exposure_alone_is_that_of_the_whole_comparison(ground, found) -> None:
    seen = expose_approach(ground, "interlaminar")
    assert seen.reachable_fraction == found["interlaminar"].cost.reachable_fraction
    assert seen.root_retraction_mm == found["interlaminar"].cost.root_retraction_mm


def test_a_target_beyond_every_tilt_is_said_to_be_missed() -> None:
    anatomy = build_back(fragment=False)
    request = PlanRequest(LEVEL, Side.LEFT, target_lps_mm=(40.0, 18.0, 0.0))
    cost = measure_approach(Ground.of(build_case(anatomy), anatomy, request), "interlaminar")
    assert "aim" in cost.limited_by
    assert cost.way.aim_lps_mm[0] < 40


def test_a_tube_that_bone_stands_in_the_way_of_says_so(ground: Ground, found) -> None:
    assert "bone" not in found["interlaminar"].cost.limited_by
    anatomy = ground.anatomy
    way = found["interlaminar"].way
    middle = way.window_lps_mm + 10.0 * way.outward
    pars = block("pars:L4:left", tuple(middle - 3.0), tuple(middle + 3.0), 1.0)
    blocked = stand_on(replace(anatomy, structures={**anatomy.structures, pars.key: pars}))
    # the tilt of the free patient, so that the tube does meet it
    blocked.tilts.update(ground.tilts)
    cost = measure_approach(blocked, "interlaminar")
    assert "bone" in cost.limited_by
    assert cost.other_bone_mm3 == pytest.approx(6.0**3, rel=0.05)
    assert cost.stability_class == "at_risk"
    assert cost.origins["other_bone_mm3"] == "segmented"
    window = measure_approach(blocked, "open_fenestration")
    assert (window.other_bone_mm3, window.limited_by) == (
        0,
        found["open_fenestration"].cost.limited_by,
    )


def test_the_root_moves_by_what_frees_the_room(ground: Ground) -> None:
    root = ground.anatomy.require(StructureKey("traversing_root", "L5", Side.LEFT))
    x, y, z = ground.voxels_lps_mm(root).mean(axis=0)
    room = Tube(np.array([x, y - 12, z + 9]), np.array([x, y + 12, z + 9]), 3.0)
    found = find_retraction(ground, room)
    assert found.structure in (str(root.key), "dural_sac")
    for structure in found.moved:
        points = ground.voxels_lps_mm(structure)
        grown = points[room.gap_mm(points) <= 0]
        assert not is_held_after(ground, structure, grown, found.needed_mm).any()
    assert find_retraction(ground, replace(room, radius_mm=4.0)).needed_mm > found.needed_mm
    far = Tube(np.array([40.0, 0, 0]), np.array([40.0, 30, 0]), 3.0)
    assert find_retraction(ground, far).needed_mm == 0


def test_without_root_and_sac_retraction_is_not_assessed() -> None:
    gone = ("dural_sac", "traversing_root:L5:left")
    ground = stand_on(build_back(recipe=Recipe(without=gone)))
    cost = measure_approach(ground, "interlaminar")
    assert cost.root_retraction_mm is None
    assert "sac" in cost.not_assessed["root_retraction_mm"]
