"""Every sentence about a plan: just inside its limit it is silent, just outside it speaks."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.planning import made_level as level
from tests.unit.planning.made_level import (
    KIDNEY,
    RIM,
    ROOT,
    SAC,
    make_anatomy,
    make_box,
    make_case,
    make_clearance,
    make_resection,
    make_stage,
    make_structure,
)

from kambin.anatomy import Anatomy, Origin
from kambin.core import Finding, Severity
from kambin.frames import Side
from kambin.planning import Clearance, Resection, Stage, Trajectory
from kambin.planning.geometry import find_level_geometry
from kambin.planning.remarks import (
    find_not_assessed,
    make_finding,
    remark_missing,
    remark_modelled,
    remark_plan,
    remark_resolution,
    to_records,
)

BOX = make_box((0, 3), (0, 3), (0, 3))
EXPECTED = (
    "dural_sac",
    "exiting_root:L4:left",
    "drg:L4:left",
    "traversing_root:L5:left",
    "sap:L5:left",
    "iap:L4:left",
    "ilium:left",
    "kidney:left",
    "colon",
    "small_bowel",
    "ureter:left",
    "aorta",
    "vena_cava",
    "iliac_artery:left",
    "iliac_vein:left",
    "segmental_artery:L4:left",
    "pleura:left",
)


def _anatomy(*names: str, **parts: Any) -> Anatomy:
    return make_anatomy({name: make_structure(name, BOX, **parts) for name in names})


COMPLETE = _anatomy(*EXPECTED, RIM, "pedicle:L4:left")


def _row(name: str, group: str, clearance_mm: float, **parts: Any) -> Clearance:
    return make_clearance(name, group=group, clearance_mm=clearance_mm, **parts)


def _remarks(
    *stages: Stage,
    resection: Resection | None = None,
    target_x_mm: float = 8.0,
    anatomy: Anatomy = COMPLETE,
    side: Side = Side.LEFT,
) -> tuple[Finding, ...]:
    trajectory = Trajectory(
        entry_lps_mm=(72.0, 60.0, 0.0), target_lps_mm=(target_x_mm, 12.0, 0.0), length_mm=80.0
    )
    return remark_plan(
        make_case(anatomy),
        anatomy,
        find_level_geometry(anatomy, level=level.LEVEL, side=side),
        trajectory,
        stages or (make_stage(),),
        resection or make_resection(),
    )


def _codes(found: tuple[Finding, ...]) -> list[str]:
    return [finding.code for finding in found]


def test_a_plan_without_anything_special_is_not_remarked() -> None:
    assert _remarks() == ()


# PL-003: the needle beside nerves


@pytest.mark.parametrize(("name", "group"), [(ROOT, "nerve"), (SAC, "sac")])
@pytest.mark.parametrize(("gap", "speaks"), [(1.999, True), (2.0, False), (2.001, False)])
def test_a_needle_below_two_millimetres_of_a_nerve_is_confirmed(
    name: str, group: str, gap: float, speaks: bool
) -> None:
    found = _remarks(make_stage("needle", _row(name, group, gap)))
    assert ("PL-003" in _codes(found)) is speaks
    assert all(f.severity is Severity.CONFIRM for f in found)


@pytest.mark.parametrize("tool", ["dilator", "cannula", "forceps"])
def test_only_the_needle_is_asked_for_two_millimetres(tool: str) -> None:
    assert "PL-003" not in _codes(_remarks(make_stage(tool, _row(ROOT, "nerve", 0.3))))


def test_each_nerve_is_confirmed_by_name() -> None:
    rows = (_row(SAC, "sac", 1.5), _row(ROOT, "nerve", 1.2))
    found = _remarks(make_stage("needle", *rows))
    assert [f.where for f in found] == [SAC, ROOT]
    assert found[1].what == f"The needle passes {ROOT} at 1.2 mm"


# PL-004: rim contact


@pytest.mark.parametrize(("gap", "speaks"), [(-0.001, True), (0.0, False), (0.5, False)])
@pytest.mark.parametrize("tool", ["dilator", "reamer", "cannula", "scope"])
def test_a_wide_tool_that_presses_on_the_rim_is_confirmed(
    tool: str, gap: float, speaks: bool
) -> None:
    found = _remarks(make_stage(tool, _row(RIM, "rim", gap)))
    assert _codes(found) == (["PL-004"] if speaks else [])


@pytest.mark.parametrize("tool", ["needle", "forceps"])
def test_a_thin_tool_slides_on_the_rim_unremarked(tool: str) -> None:
    assert _remarks(make_stage(tool, _row(RIM, "rim", -1.0))) == ()


@pytest.mark.parametrize(("freed", "word"), [(True, "takes"), (False, "presses")])
def test_the_rim_is_pressed_or_taken(freed: bool, word: str) -> None:
    found = _remarks(
        make_stage("cannula", _row(RIM, "rim", -1.25)),
        resection=make_resection(rim_is_removed=freed),
    )
    assert f"The cannula {word} 1.2 mm of {RIM}" in found[0].what
    assert ("unless the rim is reamed" in found[0].why) is freed


def test_the_deepest_tool_is_named() -> None:
    found = _remarks(
        make_stage("dilator", _row(RIM, "rim", -0.2)),
        make_stage("cannula", _row(RIM, "rim", -0.9)),
        make_stage("scope", _row(RIM, "rim", -0.4)),
    )
    assert [f.what for f in found] == [f"The cannula presses 0.9 mm of {RIM}"]


# PL-005: resolution


@pytest.mark.parametrize(("spacing", "speaks"), [(1.5, False), (1.501, True), (3.0, True)])
def test_coarse_labels_are_confirmed(spacing: float, speaks: bool) -> None:
    anatomy = replace(COMPLETE, label_spacing_mm=spacing)
    found = remark_resolution(make_case(anatomy), anatomy)
    assert _codes(tuple(found)) == (["PL-005"] if speaks else [])
    assert all(f.severity is Severity.CONFIRM for f in found)


def test_the_remark_names_the_spacing_and_its_limit() -> None:
    anatomy = replace(COMPLETE, label_spacing_mm=3.0)
    (found,) = remark_resolution(make_case(anatomy), anatomy)
    assert found.why == "Spacing 3 mm, limit 1.5 mm."


# PL-006, PL-007 and PL-015: resection


@pytest.mark.parametrize(
    ("part", "limit"),
    [("sap_fraction", 0.5), ("ventrodorsal_fraction", 0.6), ("full_thickness_fraction", 0.2)],
)
def test_each_resection_limit_speaks_only_above_it(part: str, limit: float) -> None:
    below = _remarks(resection=make_resection(**{part: limit}))
    above = _remarks(resection=make_resection(**{part: limit + 1e-6}))
    assert _codes(below) == []
    assert _codes(above) == ["PL-006"]
    assert above[0].severity is Severity.CONFIRM


def test_three_limits_give_three_sentences() -> None:
    cut = make_resection(sap_fraction=0.9, ventrodorsal_fraction=1.0, full_thickness_fraction=0.8)
    found = _remarks(resection=cut)
    assert _codes(found) == ["PL-006"] * 3
    assert [name in f.what for f, name in zip(found, ("volume", "depth", "full"), strict=True)] == [
        True
    ] * 3


def test_a_share_that_is_not_assessed_breaks_no_limit() -> None:
    cut = make_resection(
        sap_fraction=None, ventrodorsal_fraction=None, full_thickness_fraction=None
    )
    assert _remarks(resection=cut) == ()


@pytest.mark.parametrize("stability", ["intact", "minor", "moderate"])
def test_a_joint_with_half_its_surface_is_not_at_risk(stability: str) -> None:
    assert _remarks(resection=make_resection(stability_class=stability)) == ()


@pytest.mark.parametrize(("left", "words"), [(3.25, "3.2 mm"), (None, "not assessed")])
def test_a_joint_at_risk_is_remarked_with_what_is_left_of_the_pars(
    left: float | None, words: str
) -> None:
    found = _remarks(resection=make_resection(stability_class="at_risk", pars_left_mm=left))
    assert _codes(found) == ["PL-015"]
    assert found[0].severity is Severity.CONFIRM
    assert words in found[0].why


def test_a_touched_inferior_process_blocks() -> None:
    found = _remarks(resection=make_resection(stability_class="at_risk", iap_volume_mm3=0.5))
    assert _codes(found) == ["PL-007"]
    assert found[0].severity is Severity.BLOCK
    assert "inferior process" in found[0].what


@pytest.mark.parametrize(("left", "code"), [(4.99, "PL-007"), (5.0, "PL-015"), (None, "PL-015")])
def test_a_touched_pars_blocks_where_too_little_of_it_stays(left: float | None, code: str) -> None:
    cut = make_resection(stability_class="at_risk", pars_volume_mm3=3.0, pars_left_mm=left)
    assert _codes(_remarks(resection=cut)) == [code]


def test_a_thin_pars_that_nobody_touches_blocks_nothing() -> None:
    assert _remarks(resection=make_resection(pars_volume_mm3=0.0, pars_left_mm=3.0)) == ()


# PL-008: uncertainty


@pytest.mark.parametrize(
    ("name", "group"),
    [(ROOT, "nerve"), (SAC, "sac"), (KIDNEY, "organ"), ("aorta", "vessel"), ("x", "never")],
)
def test_a_gap_inside_its_uncertainty_is_noted(name: str, group: str) -> None:
    anatomy = _anatomy(*EXPECTED, "pedicle:L4:left")
    name = "pedicle:L4:left" if name == "x" else name
    stage = make_stage("cannula", _row(name, group, 2.5, inside_uncertainty=True))
    found = _remarks(stage, anatomy=anatomy)
    assert _codes(found) == ["PL-008"]
    assert found[0].severity is Severity.NOTE
    assert f"{name} (cannula 2.5 +- 5.0 mm)" in found[0].where


@pytest.mark.parametrize("group", ["removable", "rim"])
def test_bone_that_gives_way_is_not_noted_as_uncertain(group: str) -> None:
    stage = make_stage("needle", _row("sap:L5:left", group, 0.1, inside_uncertainty=True))
    assert "PL-008" not in _codes(_remarks(stage))


def test_only_the_least_gap_of_a_structure_is_judged() -> None:
    far = make_stage("needle", _row(KIDNEY, "organ", 9.0, inside_uncertainty=True))
    near = make_stage("cannula", _row(KIDNEY, "organ", 8.0, inside_uncertainty=False))
    assert _remarks(far, near) == ()


# PL-009: modelled nerves


@pytest.mark.parametrize("origin", [Origin.SEGMENTED, Origin.DRAWN, Origin.PHANTOM])
def test_nerves_that_are_seen_are_not_remarked(origin: Origin) -> None:
    anatomy = _anatomy(ROOT, origin=origin)
    assert remark_modelled(anatomy, [make_stage("needle", _row(ROOT, "nerve", 3.0))]) == []


def test_modelled_nerves_are_named_once_with_the_largest_sigma() -> None:
    anatomy = _anatomy(ROOT, SAC, origin=Origin.MODELLED)
    rows = (_row(SAC, "sac", 3.0, sigma_mm=1.0), _row(ROOT, "nerve", 3.0, sigma_mm=2.5))
    found = remark_modelled(anatomy, [make_stage("needle", *rows), make_stage("scope", *rows)])
    assert [f.code for f in found] == ["PL-009"]
    assert found[0].where == f"{SAC}, {ROOT}"
    assert "2.5 mm" in found[0].why


def test_a_modelled_organ_is_no_nerve() -> None:
    anatomy = _anatomy(KIDNEY, origin=Origin.MODELLED)
    assert remark_modelled(anatomy, [make_stage("needle", _row(KIDNEY, "organ", 30.0))]) == []


# PL-010 and PL-013: what is missing


def test_everything_a_plan_should_know_is_looked_for() -> None:
    missing = find_not_assessed(make_anatomy({}), level=level.LEVEL, side=level.SIDE)
    assert missing == tuple(sorted(EXPECTED))


def test_what_is_there_is_not_missing() -> None:
    assert find_not_assessed(COMPLETE, level=level.LEVEL, side=level.SIDE) == ()


def test_the_other_side_is_asked_for_its_own_structures() -> None:
    missing = find_not_assessed(COMPLETE, level=level.LEVEL, side=Side.RIGHT)
    sided = {name.replace("left", "right") for name in EXPECTED if name.endswith("left")}
    assert set(missing) == sided


@pytest.mark.parametrize("name", EXPECTED)
def test_each_missing_structure_is_named_and_never_called_clear(name: str) -> None:
    anatomy = _anatomy(*(n for n in EXPECTED if n != name))
    found = {f.code: f for f in _remarks(anatomy=anatomy)}
    assert found["PL-010"].where == name
    assert "not clear" in found["PL-010"].what
    assert ("PL-013" in found) is (name == ROOT)


def test_a_guarded_root_that_is_missing_is_confirmed() -> None:
    found = remark_missing((ROOT,), level.LEVEL, level.SIDE)
    assert [(f.code, f.severity) for f in found] == [
        ("PL-013", Severity.CONFIRM),
        ("PL-010", Severity.NOTE),
    ]


@pytest.mark.parametrize("root", ["exiting_root:L4:right", "exiting_root:L5:left"])
def test_another_root_that_is_missing_is_only_noted(root: str) -> None:
    found = remark_missing((root,), level.LEVEL, level.SIDE)
    assert [f.code for f in found] == ["PL-010"]


def test_nothing_missing_is_nothing_said() -> None:
    assert remark_missing((), level.LEVEL, level.SIDE) == []


# PL-011 and PL-012: docking and midline


@pytest.mark.parametrize(("stop", "speaks"), [(0.0, False), (0.5, True), (14.0, True)])
def test_docking_short_of_the_target_is_noted(stop: float, speaks: bool) -> None:
    found = _remarks(make_stage("needle"), make_stage("cannula", stop_mm=stop))
    assert _codes(found) == (["PL-011"] if speaks else [])


@pytest.mark.parametrize(("x", "speaks"), [(0.0, False), (0.01, False), (-0.01, True)])
def test_a_target_across_the_midline_is_confirmed(x: float, speaks: bool) -> None:
    assert _codes(_remarks(target_x_mm=x)) == (["PL-012"] if speaks else [])


@pytest.mark.parametrize(
    ("x", "says"), [(8.0, None), (10.5, None), (14.0, "ends 3."), (-4.0, "ends 9.")]
)
def test_a_target_beside_the_fragment_is_noted(x: float, says: str | None) -> None:
    # in the fragment, at its very border, in the disc at its base, and far from it
    fragment = make_structure("fragment", make_box((6, 10), (10, 14), (-2, 2)))
    anatomy = make_anatomy({**{str(k): v for k, v in COMPLETE.structures.items()},
                            "fragment": fragment})  # fmt: skip
    found = {f.code: f for f in _remarks(target_x_mm=x, anatomy=anatomy)}
    assert ("PL-034" in found) is (says is not None)
    if says is not None:
        assert found["PL-034"].severity is Severity.NOTE
        assert says in found["PL-034"].why


def test_across_the_midline_depends_on_the_side_of_the_approach() -> None:
    anatomy = _anatomy(*(name.replace("left", "right") for name in EXPECTED))
    found = _remarks(target_x_mm=8.0, anatomy=anatomy, side=Side.RIGHT)
    assert _codes(found) == ["PL-012"]
    assert "8.0 mm beyond" in found[0].why


# Order and form


def test_what_a_person_must_answer_comes_before_notes() -> None:
    found = _remarks(
        make_stage("needle", _row(ROOT, "nerve", 1.5)),
        make_stage("cannula", _row(RIM, "rim", -0.5), stop_mm=6.0),
        anatomy=_anatomy(*(n for n in EXPECTED if n != "aorta"), RIM),
        target_x_mm=-2.0,
    )
    assert _codes(found) == ["PL-003", "PL-004", "PL-012", "PL-010", "PL-011"]


def test_a_finding_takes_its_next_step_from_the_register() -> None:
    finding = make_finding("PL-012", Severity.CONFIRM, what="a", where="b", why="c")
    assert finding.next_step.startswith("Confirm the approach side")


def test_a_code_nobody_registered_is_refused() -> None:
    with pytest.raises(LookupError):
        make_finding("PL-999", Severity.NOTE, what="a", where="b", why="c")


def test_records_say_the_same_as_the_findings() -> None:
    finding = make_finding("PL-004", Severity.CONFIRM, what="a", where="b", why="c")
    (record,) = to_records([finding])
    assert record.model_dump() == finding.as_document()
    assert record.severity == "CONFIRM"


# AN-293: where a modelled segmental artery may lie


ARTERY = "segmental_artery:L4:left"


@pytest.mark.parametrize(
    ("gap", "severity"),
    [
        (2.999, Severity.CONFIRM),
        (-1.0, Severity.CONFIRM),
        (3.0, Severity.NOTE),
        (7.999, Severity.NOTE),
        (8.0, None),
    ],
)
def test_a_tool_near_a_modelled_artery_is_put_to_a_person(
    gap: float, severity: Severity | None
) -> None:
    row = _row(
        ARTERY,
        "watched",
        gap,
        sigma_mm=4.0,
        uncertainty_mm=8.0,
        inside_uncertainty=abs(gap) < 8.0,
        hard_margin_mm=None,
    )
    found = [f for f in _remarks(make_stage("cannula", row)) if f.code == "AN-293"]
    assert [f.severity for f in found] == ([] if severity is None else [severity])
    assert all(f.where == ARTERY and f"{gap:.1f} mm" in f.what for f in found)


def test_an_artery_that_an_image_shows_is_a_vessel_and_not_only_watched() -> None:
    row = _row(ARTERY, "vessel", 2.0)
    assert "AN-293" not in _codes(_remarks(make_stage("cannula", row)))
