"""Each check of the second checker on a level of slabs: silent when all is well, else it fires."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.made_level import (
    IAP,
    KIDNEY,
    PEDICLE,
    RIM,
    ROOT,
    SAC,
    SAP,
    Made,
    made_level,
    make_box,
    make_structure,
    make_tube,
)

from kambin.anatomy import Anatomy, Structure, StructureKey
from kambin.core import AnatomyError, RequestError
from kambin.imaging import LabelMap
from kambin.planning import (
    SCHEMA_VERSION,
    Path,
    Plan,
    Stage,
    Verification,
    evaluate,
    seal_plan,
    verify_plan,
)


@pytest.fixture(scope="module")
def made() -> Made:
    return made_level(ROOT)


def _blocking(answer: Verification) -> set[str]:
    return {f.code for f in answer.findings if f.severity == "BLOCK"}


def _verify(made: Made, plan: Plan | None = None, anatomy: Anatomy | None = None) -> Verification:
    return verify_plan(made.case, anatomy or made.anatomy, plan or made.plan)


def _sealed(plan: Plan, **parts: Any) -> Plan:
    return seal_plan(plan.model_copy(update=parts))


def _with(*structures: Structure) -> Anatomy:
    """Return the skin with some structures alone."""
    skin = level.make_structures()["skin"]
    return level.make_anatomy({"skin": skin, **{str(s.key): s for s in structures}})


def _parted(*parts: str) -> Made:
    """Return a level whose L5 is given as some parts and as the whole that they make."""
    structures = level.make_structures()
    nodes = {name: structures[name] for name in parts}
    # under the rim, far from the axis: without a body a vertebra counts as not parted
    nodes["body:L5"] = make_structure("body:L5", make_box((-12, 22), (0, 24), (-16, -10)))
    bones = [nodes[name].region for name in ("body:L5", RIM, SAP)]
    whole = level.make_region(
        lambda x, y, z: np.any([_holds(bone, x, y, z) for bone in bones], axis=0)
    )
    nodes["vertebra:L5"] = make_structure("vertebra:L5", whole)
    anatomy = level.make_anatomy({"skin": structures["skin"], **nodes})
    case = level.make_case(anatomy)
    return Made(case, anatomy, made_level(*parts).plan)


def _holds(region: LabelMap, x: Any, y: Any, z: Any) -> np.ndarray:
    """Return which nodes of the grid a region holds."""
    ijk = np.rint(region.ijk(np.stack([x, y, z], axis=-1).reshape(-1, 3))).astype(int)
    held = ((ijk >= 0) & (ijk < region.shape)).all(axis=1)
    inside = np.zeros(len(ijk), dtype=bool)
    inside[held] = region.values[tuple(ijk[held].T)] > 0
    return inside.reshape(x.shape)


def _measured(made: Made, anatomy: Anatomy, **parts: Any) -> Plan:
    """Return an honest plan of the axis in another anatomy: only its margins may be broken."""
    stages = evaluate(
        made.case, anatomy, level.PATH, level.find_tools(), level=level.LEVEL, side=level.SIDE
    )
    return level.make_plan(stages, **parts)


def _along(made: Made, path: Path) -> Plan:
    """Return an honest plan of another axis, with all witnesses of that axis."""
    stages = evaluate(
        made.case, made.anatomy, path, level.find_tools(), level=level.LEVEL, side=level.SIDE
    )
    axis = {
        "entry_lps_mm": tuple(path.entry_lps_mm.tolist()),
        "target_lps_mm": tuple(path.target_lps_mm.tolist()),
        "length_mm": path.length_mm,
    }
    x = float(path.entry_lps_mm[0])
    plan = made.plan
    return _sealed(
        plan,
        stages=stages,
        trajectory=plan.trajectory.model_copy(update=axis),
        entry=plan.entry.model_copy(update={"lateral_of_midline_mm": abs(x)}),
        side_witness=plan.side_witness.model_copy(update={"signed_offset_lps_mm": x}),
    )


def _edit_rows(plan: Plan, structure: str, shift_mm: float | None, tool: str = "") -> Plan:
    """Return the plan with the clearances to a structure shifted, or left out."""
    stages = []
    for stage in plan.stages:
        rows = []
        for row in stage.clearances:
            if row.structure != structure or (tool and stage.tool != tool):
                rows.append(row)
            elif shift_mm is not None:
                gap = row.clearance_mm + shift_mm
                rows.append(row.model_copy(update={"clearance_mm": gap}))
        stages.append(stage.model_copy(update={"clearances": tuple(rows)}))
    return _sealed(plan, stages=tuple(stages))


def test_an_honest_plan_is_valid() -> None:
    answer = _verify(made_level())
    assert answer.valid
    assert answer.findings == ()
    assert answer.agreement_mm == 0.3
    assert answer.max_difference_mm is not None
    assert answer.max_difference_mm < 0.3


# PL-020, PL-021, PL-022: documents


def test_another_case_is_stale(made: Made) -> None:
    answer = verify_plan(replace(made.case, sha256="e" * 64), made.anatomy, made.plan)
    assert _blocking(answer) == {"PL-020"}
    assert "cccccccccccc" in answer.findings[0].why
    assert "eeeeeeeeeeee" in answer.findings[0].why


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zone", "central"),
        ("status", "needs_confirmation"),
        ("not_assessed", ()),
        ("cannula_mm", 7.0),
    ],
)
def test_an_edit_without_a_new_seal_is_seen(made: Made, name: str, value: object) -> None:
    answer = _verify(made, made.plan.model_copy(update={name: value}))
    assert _blocking(answer) == {"PL-021"}


@pytest.mark.parametrize("seal", ["", "0" * 64])
def test_a_missing_or_wrong_seal_is_seen(made: Made, seal: str) -> None:
    answer = _verify(made, made.plan.model_copy(update={"content_sha256": seal}))
    assert _blocking(answer) == {"PL-021"}


def test_a_newer_schema_is_not_judged_at_all(made: Made) -> None:
    newer = made.plan.model_copy(update={"schema_version": SCHEMA_VERSION + 1})
    answer = _verify(made, newer)
    assert _blocking(answer) == {"PL-022"}
    assert len(answer.findings) == 1
    assert answer.max_difference_mm is None


# PL-026: the axis


@pytest.mark.parametrize("length", [79.9, 80.1, 0.0])
def test_a_length_that_is_not_that_of_the_axis_is_degenerate(made: Made, length: float) -> None:
    axis = made.plan.trajectory.model_copy(update={"length_mm": length})
    answer = _verify(made, _sealed(made.plan, trajectory=axis))
    assert _blocking(answer) == {"PL-026"}


@pytest.mark.parametrize(("error", "valid"), [(5e-5, True), (2e-4, False)])
def test_the_length_may_be_rounded(made: Made, error: float, valid: bool) -> None:
    axis = made.plan.trajectory.model_copy(update={"length_mm": 80.0 + error})
    assert _verify(made, _sealed(made.plan, trajectory=axis)).valid is valid


@pytest.mark.parametrize("stop", [80.0, 90.0])
def test_docking_behind_the_skin_is_degenerate(made: Made, stop: float) -> None:
    first = made.plan.stages[0].model_copy(update={"stop_mm": stop})
    plan = _sealed(made.plan, stages=(first, *made.plan.stages[1:]))
    assert "PL-026" in _blocking(_verify(made, plan))


def test_a_plan_without_tools_is_degenerate(made: Made) -> None:
    assert _blocking(_verify(made, _sealed(made.plan, stages=()))) == {"PL-026"}


# PL-021 on the axis: tips


@pytest.mark.parametrize("shift", [(0.001, 0, 0), (0, 0.001, 0), (0, 0, -0.001), (5.0, 0, 0)])
@pytest.mark.parametrize("at", [0, 5, -1])
def test_a_tip_off_its_place_is_seen(
    made: Made, at: int, shift: tuple[float, float, float]
) -> None:
    stages = list(made.plan.stages)
    moved = tuple(np.add(stages[at].tip_lps_mm, shift).tolist())
    stages[at] = stages[at].model_copy(update={"tip_lps_mm": moved})
    answer = _verify(made, _sealed(made.plan, stages=tuple(stages)))
    found = [f for f in answer.findings if f.code == "PL-021"]
    assert [f.where for f in found] == [stages[at].tool]


def test_a_tip_on_the_axis_but_not_at_its_docking_distance_is_seen(made: Made) -> None:
    stages = list(made.plan.stages)
    stages[-1] = stages[-1].model_copy(update={"stop_mm": 2.0})
    assert "PL-021" in _blocking(_verify(made, _sealed(made.plan, stages=tuple(stages))))


# PL-023: the side


@pytest.mark.parametrize(
    ("part", "words"),
    [
        ({"guarded_root": "exiting_root:L4:right"}, "the guarded root"),
        ({"guarded_root": "exiting_root:L5:left"}, "the guarded root"),
        ({"signed_offset_lps_mm": -72.0}, "the stored offset"),
        ({"signed_offset_lps_mm": 70.9}, "the stored offset"),
        ({"signed_offset_lps_mm": 73.1}, "the stored offset"),
    ],
)
def test_a_witness_that_names_another_side_is_heard(
    made: Made, part: dict[str, Any], words: str
) -> None:
    witness = made.plan.side_witness.model_copy(update=part)
    answer = _verify(made, _sealed(made.plan, side_witness=witness))
    assert _blocking(answer) == {"PL-023"}
    assert words in answer.findings[0].why


@pytest.mark.parametrize("offset", [71.1, 72.9])
def test_an_offset_within_a_millimetre_agrees(made: Made, offset: float) -> None:
    witness = made.plan.side_witness.model_copy(update={"signed_offset_lps_mm": offset})
    assert _verify(made, _sealed(made.plan, side_witness=witness)).valid


@pytest.mark.parametrize(
    ("lateral", "valid"), [(72.9, True), (71.1, True), (73.1, False), (0.0, False)]
)
def test_the_lateral_distance_agrees_within_a_millimetre(
    made: Made, lateral: float, valid: bool
) -> None:
    entry = made.plan.entry.model_copy(update={"lateral_of_midline_mm": lateral})
    answer = _verify(made, _sealed(made.plan, entry=entry))
    assert answer.valid is valid
    assert ("PL-023" in _blocking(answer)) is not valid


def test_the_word_alone_on_the_other_side_contradicts_all_witnesses(made: Made) -> None:
    answer = _verify(made, _sealed(made.plan, side="right"))
    (side,) = [f for f in answer.findings if f.code == "PL-023"]
    assert "the entry, the stored offset, the guarded root does not agree" in side.why


# PL-012: across the midline


def test_a_target_across_the_midline_is_asked_and_does_not_block(made: Made) -> None:
    path = Path(level.ENTRY, level.TARGET - 15 * level.WAY, level.STOP_MM)
    answer = _verify(made, _along(made, path))
    (across,) = [f for f in answer.findings if f.code == "PL-012"]
    assert across.severity == "CONFIRM"
    assert across.why == "The entry is on the left, the target on the right."


# PL-024: the skin


@pytest.mark.parametrize(
    ("along", "on_skin"), [(0.0, True), (4.0, True), (-4.0, True), (9.0, False), (-9.0, False)]
)
def test_the_entry_lies_on_the_skin_within_a_voxel(made: Made, along: float, on_skin: bool) -> None:
    path = Path(level.ENTRY + along * level.WAY, level.TARGET, level.STOP_MM)
    answer = _verify(made, _along(made, path))
    assert ("PL-024" not in _blocking(answer)) is on_skin


@pytest.mark.parametrize(
    ("shift", "gap"), [((0.0, 90.0, 0.0), "inf mm"), ((0.0, -30.0, 0.0), "mm")]
)
def test_an_entry_far_from_any_skin_is_off_the_skin(
    made: Made, shift: tuple[float, float, float], gap: str
) -> None:
    entry = tuple(np.add(level.ENTRY, shift).tolist())
    length = float(np.linalg.norm(np.subtract(entry, level.TARGET)))
    axis = made.plan.trajectory.model_copy(update={"entry_lps_mm": entry, "length_mm": length})
    answer = _verify(made, _sealed(made.plan, trajectory=axis))
    (skin,) = [f for f in answer.findings if f.code == "PL-024"]
    assert f"{gap} from the skin" in skin.why


def test_without_skin_nothing_can_be_verified(made: Made) -> None:
    anatomy = level.make_anatomy({ROOT: made.anatomy.require(ROOT)})
    with pytest.raises(AnatomyError, match="AN-011"):
        _verify(made, anatomy=anatomy)


# PL-029: the foramen


def _shifted(z_mm: float) -> Path:
    up = np.array([0.0, 0.0, z_mm])
    return Path(level.ENTRY + up, level.TARGET + up, level.STOP_MM)


@pytest.mark.parametrize(
    ("z", "passes"), [(12.9, True), (13.1, False), (-6.9, True), (-7.1, False), (0.0, True)]
)
def test_the_axis_runs_between_the_two_pedicles(made: Made, z: float, passes: bool) -> None:
    answer = _verify(made, _along(made, _shifted(z)))
    assert ("PL-029" not in _blocking(answer)) is passes


@pytest.mark.parametrize(("y", "passes"), [(31.9, True), (32.1, False)])
def test_the_axis_runs_in_front_of_the_lamina(made: Made, y: float, passes: bool) -> None:
    # The axis crosses the pedicle line at x = 16; the wall is at 18 mm, the foramen 14 mm deep.
    target = np.array([8.0, y, 0.0])
    path = Path(np.array([72.0, y, 0.0]), target, level.STOP_MM)
    answer = _verify(made, _along(made, path))
    assert ("PL-029" not in _blocking(answer)) is passes


# PL-027: agreement


@pytest.mark.parametrize("structure", [ROOT, SAC, KIDNEY, SAP, RIM, PEDICLE, IAP])
def test_a_structure_the_plan_does_not_name_is_a_disagreement(structure: str) -> None:
    made = made_level(structure)
    answer = _verify(made, _edit_rows(made.plan, structure, None))
    assert _blocking(answer) == {"PL-027"}
    assert {f.where for f in answer.findings} == {structure}


def test_one_missing_row_at_one_stage_is_enough(made: Made) -> None:
    answer = _verify(made, _edit_rows(made.plan, ROOT, None, tool="scope"))
    assert len(answer.findings) == 1
    assert "does not state how near the scope comes" in answer.findings[0].what


@pytest.mark.parametrize("structure", [ROOT, KIDNEY])
@pytest.mark.parametrize(
    ("shift", "valid"), [(0.1, True), (-0.1, True), (0.6, False), (-0.6, False)]
)
def test_a_clearance_to_a_nerve_or_organ_is_confirmed_within_its_error(
    structure: str, shift: float, valid: bool
) -> None:
    made = made_level(structure)
    answer = _verify(made, _edit_rows(made.plan, structure, shift))
    assert answer.valid is valid
    assert _blocking(answer) == (set() if valid else {"PL-027"})


@pytest.mark.parametrize(
    ("shift", "valid"), [(0.1, True), (-0.1, True), (0.6, False), (-0.6, False)]
)
def test_a_clearance_to_a_whole_bone_is_confirmed_within_its_error(
    shift: float, valid: bool
) -> None:
    made = made_level(SAP)
    assert _verify(made, _edit_rows(made.plan, SAP, shift)).valid is valid


@pytest.mark.parametrize(
    ("shift", "valid"), [(0.45, True), (0.8, False), (-0.45, True), (-1.5, True)]
)
def test_room_beside_a_part_that_its_surface_does_not_confirm_is_refused(
    shift: float, valid: bool
) -> None:
    # the process is nearer than the rim: the room of the bone as a whole stays what it is
    parted = _parted(RIM, SAP)
    plan = _edit_rows(_measured(parted, parted.anatomy), RIM, shift, tool="needle")
    assert _verify(parted, plan).valid is valid


@pytest.mark.parametrize(("shift", "valid"), [(0.4, True), (-0.4, True), (-0.8, False)])
def test_all_parts_together_give_the_room_of_the_whole_bone(shift: float, valid: bool) -> None:
    parted = _parted(RIM, SAP)
    plan = _measured(parted, parted.anatomy)
    for part in (RIM, SAP):
        plan = _edit_rows(plan, part, shift, tool="needle")
    answer = _verify(parted, plan)
    assert answer.valid is valid
    assert {f.where for f in answer.findings} == (set() if valid else {"vertebra:L5"})


def test_parts_and_whole_structures_are_reported_apart() -> None:
    parted = _parted(RIM, SAP, ROOT)
    plan = _edit_rows(_measured(parted, parted.anatomy), RIM, 0.45, tool="needle")
    answer = _verify(parted, plan)
    assert answer.max_part_difference_mm == pytest.approx(0.45, abs=0.15)
    assert answer.max_difference_mm is not None
    assert answer.max_difference_mm < 0.3
    assert answer.part_agreement_mm == pytest.approx(0.6)


def test_bone_that_is_in_no_part_is_found_on_the_surface_of_the_whole() -> None:
    parted = _parted(RIM, SAP)
    honest = _measured(parted, parted.anatomy)
    assert _verify(parted, honest).valid
    structures = dict(parted.anatomy.structures)
    del structures[StructureKey.parse(SAP)]
    anatomy = replace(parted.anatomy, structures=structures)
    answer = _verify(parted, _measured(parted, anatomy), anatomy)
    assert _blocking(answer) == {"PL-027"}
    assert {f.where for f in answer.findings} == {"vertebra:L5"}


def test_far_bone_need_not_agree() -> None:
    made = made_level(PEDICLE)
    assert _verify(made, _edit_rows(made.plan, PEDICLE, 2.0)).valid


def test_the_sentence_gives_both_numbers_and_the_limit(made: Made) -> None:
    answer = _verify(made, _edit_rows(made.plan, ROOT, 1.0, tool="needle"))
    (found,) = answer.findings
    assert found.why == "The plan says 6.37 mm, the surfaces 5.37 mm; allowed 0.30 mm."


def test_the_largest_difference_is_reported(made: Made) -> None:
    answer = _verify(made, _edit_rows(made.plan, ROOT, 1.75))
    assert answer.max_difference_mm == pytest.approx(1.75, abs=0.02)


# PL-025 and PL-028: margins


def _root_at(height_mm: float) -> Structure:
    crossing = level.TARGET + 20 * level.WAY + np.array([0, 0, height_mm])
    return make_tube(ROOT, [crossing - 15 * level.ACROSS, crossing + 15 * level.ACROSS], 2.0)


@pytest.mark.parametrize(
    ("height", "broken"),
    [(6.0, False), (5.5, False), (5.35, True), (3.0, True)],
)
def test_a_tube_that_overlaps_the_root_breaks_its_margin(
    made: Made, height: float, broken: bool
) -> None:
    # The cannula of 3.75 mm and the root of 2 mm touch at 5.75 mm; the checkers err by 0.3 mm.
    anatomy = _with(_root_at(height))
    answer = _verify(made, _measured(made, anatomy), anatomy)
    assert _blocking(answer) == ({"PL-025"} if broken else set())


def test_the_needle_keeps_a_millimetre_from_the_root(made: Made) -> None:
    anatomy = _with(_root_at(3.0))
    answer = _verify(made, _measured(made, anatomy), anatomy)
    needle = [f for f in answer.findings if "The needle comes" in f.what]
    assert len(needle) == 1
    assert "at least 1.00 mm demanded" in needle[0].why


def test_the_needle_may_pass_where_wide_tools_overlap(made: Made) -> None:
    # At 4 mm the needle's gap is 1.37 mm; the cannula overlaps by 1.75 mm.
    anatomy = _with(_root_at(4.0))
    found = _verify(made, _measured(made, anatomy), anatomy).findings
    assert any("The cannula comes" in f.what for f in found)
    assert not any("The needle comes" in f.what for f in found)


def test_an_organ_within_its_ten_millimetres_breaks_its_margin(made: Made) -> None:
    colon = make_tube("colon", [(40, 36, 13), (50, 43.5, 13)], 2.0, sigma_mm=0.5)
    anatomy = _with(colon)
    answer = _verify(made, _measured(made, anatomy), anatomy)
    assert "PL-025" in _blocking(answer)
    # A gap of 11 mm less the radius: only the thin tools keep 10 mm.
    near = {f.what.split()[1] for f in answer.findings if f.code == "PL-025"}
    assert {"cannula", "reamer"} <= near
    assert "needle" not in near


@pytest.mark.parametrize(
    ("low", "broken"),
    [(5, False), (4, False), (3, True)],
)
def test_bone_that_is_never_removed_is_not_crossed(made: Made, low: int, broken: bool) -> None:
    # The slab begins half a millimetre below: the cannula of 3.75 mm may not overlap by 0.6 mm.
    pedicle = make_structure(PEDICLE, make_box((6, 28), (6, 32), (low, low + 12)))
    anatomy = _with(pedicle)
    answer = _verify(made, _measured(made, anatomy), anatomy)
    assert ("PL-028" in _blocking(answer)) is broken


@pytest.mark.parametrize(
    ("high", "freed", "broken"), [(-3, False, False), (-1, False, True), (-1, True, False)]
)
def test_the_rim_bears_contact_or_is_declared_as_removed(
    made: Made, high: int, freed: bool, broken: bool
) -> None:
    # Faces at -2.5 and -0.5 mm: 1.25 and 3.25 mm of contact with the cannula.
    anatomy = _with(make_structure(RIM, make_box((-12, 22), (0, 24), (high - 5, high))))
    plan = _measured(made, anatomy, resection=level.make_resection(rim_is_removed=freed))
    assert ("PL-028" in _blocking(_verify(made, plan, anatomy))) is broken


def test_without_a_reamer_the_process_is_not_removed(made: Made) -> None:
    box = make_box((28, 40), (24, 42), (-16, -1))
    anatomy = _with(make_structure(SAP, box))
    reamed = _measured(made, anatomy)
    assert "PL-028" not in _blocking(_verify(made, reamed, anatomy))
    unreamed = _sealed(reamed, technique="inside-out")
    assert "PL-028" in _blocking(_verify(made, unreamed, anatomy))


def test_forceps_work_under_sight(made: Made) -> None:
    anatomy = _with(_root_at(3.0))
    found = _verify(made, _measured(made, anatomy), anatomy).findings
    assert made.plan.stages[-1].tool == "forceps"
    assert not any("The forceps comes" in f.what for f in found)


# What cannot be verified at all


def test_a_level_that_is_none_is_a_wrong_request(made: Made) -> None:
    with pytest.raises(RequestError, match="RQ-002"):
        _verify(made, _sealed(made.plan, level="L4-L9"))


def test_a_level_the_case_does_not_hold_is_not_assessed(made: Made) -> None:
    with pytest.raises(AnatomyError, match="AN-011"):
        _verify(made, _sealed(made.plan, level="L2-L3"))


@pytest.mark.parametrize("spacing", [1.0, 3.0])
def test_the_agreement_follows_the_labels(made: Made, spacing: float) -> None:
    anatomy = replace(made.anatomy, label_spacing_mm=spacing)
    expected = 0.3 if spacing == 1.0 else 1.8
    assert _verify(made, anatomy=anatomy).agreement_mm == pytest.approx(expected)


def test_a_stage_is_checked_with_its_own_radius(made: Made) -> None:
    wide: tuple[Stage, ...] = tuple(
        s.model_copy(update={"radius_mm": s.radius_mm + 1.0}) for s in made.plan.stages
    )
    assert "PL-027" in _blocking(_verify(made, _sealed(made.plan, stages=wide)))
