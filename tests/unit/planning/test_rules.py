"""What the hard rules ask of a path, measured against boxes."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.planning.simple_spine import LEVEL, build_case, build_simple_spine
from tests.unit.planning.small_problems import a_body

from kambin.anatomy import Anatomy
from kambin.core import NoStore, Severity, SilentProgress, require_code
from kambin.frames import Side
from kambin.imaging import Volume
from kambin.knowledge import constant_tables, read_constants, rules
from kambin.planning import Path
from kambin.planning.bundle import Bundle
from kambin.planning.choice_models import Rule
from kambin.planning.fields import HazardSet, build_hazards
from kambin.planning.policy import find_hazards
from kambin.planning.rules import (
    MARGIN_RULES,
    find_broken,
    find_coarsest_mm,
    find_skin_allowed_mm,
    measure_bone_length_mm,
    measure_skin_gap_mm,
    remark_broken,
)

KINDS_OF_SOURCE = ("design of this project", "techniques", "docs/adr", "landmarks")
"""What a rule's source may begin with where it names no row of a table."""


@pytest.fixture(scope="module")
def a_spine() -> Anatomy:
    return build_simple_spine()


def _hazards(anatomy: Anatomy, path: Path) -> HazardSet:
    groups = find_hazards(anatomy.structures, level=LEVEL, side=Side.LEFT)
    bones = {k: g for k, g in groups.items() if k.kind in ("sap", "exiting_root", "dural_sac")}
    bundle = Bundle.around(anatomy, path.entry_lps_mm, path.target_lps_mm)
    return build_hazards(anatomy, bones, bundle, progress=SilentProgress(), store=NoStore())


def test_the_way_through_a_process_is_as_long_as_the_process_is_wide(a_spine: Anatomy) -> None:
    # The superior process of the boxes stands from 13 to 22 mm lateral, half a voxel more.
    path = Path(np.array([50.0, 31.0, 0.0]), np.array([4.0, 31.0, 0.0]), 0.0)
    length = measure_bone_length_mm(_hazards(a_spine, path), path)
    assert length == pytest.approx(10.0, abs=0.5)


def test_a_way_beside_all_bone_runs_through_none_however_near_the_nerves(a_spine: Anatomy) -> None:
    path = Path(np.array([50.0, 20.0, 0.0]), np.array([4.0, 20.0, 0.0]), 0.0)
    assert measure_bone_length_mm(_hazards(a_spine, path), path) == 0.0


def test_what_lies_past_the_target_is_not_counted(a_spine: Anatomy) -> None:
    ends = (np.array([50.0, 31.0, 0.0]), np.array([24.0, 31.0, 0.0]))
    path = Path(*ends, 0.0, {"forceps": -15.0})
    assert measure_bone_length_mm(_hazards(a_spine, path), path) == 0.0


def test_the_gap_to_the_skin_is_that_along_the_axis() -> None:
    skin = a_body(lambda x, y, z: np.sqrt(x**2 + y**2) < 50)
    target = np.array([5.0, 10.0, 0.0])
    for beyond in (0.0, 6.0, -6.0):
        entry = target + (45.0 + beyond) * np.array([1.0, 0.0, 0.0])
        gap = measure_skin_gap_mm(skin, Path(entry, target, 0.0))
        on_skin = np.sqrt(50.0**2 - 10.0**2) - 5.0
        assert gap == pytest.approx(abs(45.0 + beyond - on_skin), abs=2.0)
    assert find_skin_allowed_mm(skin) == pytest.approx(0.3 + 2.0)


def test_the_coarsest_of_image_and_labels_is_what_is_resolved(a_spine: Anatomy) -> None:
    case = build_case(a_spine)
    assert find_coarsest_mm(case, a_spine) == 1.0
    assert find_coarsest_mm(case, replace(a_spine, label_spacing_mm=3.0)) == 3.0
    image = Volume(np.zeros((4, 4, 4), np.float32), np.diag([1.0, 1.0, 5.0, 1.0]), "patient")
    assert find_coarsest_mm(replace(case, image=image), a_spine) == 5.0


def _rule(name: str, *, passed: bool) -> Rule:
    row = rules()[name]
    return Rule(
        id=name,
        what=row.what,
        value=0.5,
        threshold=1.0,
        comparison=row.comparison,
        unit=row.unit,
        source=row.source,
        stage="needle",
        structure="exiting_root:L4:left",
        severity=row.severity,
        passed=passed,
        not_assessed_reason=None,
    )


def test_only_a_broken_rule_that_blocks_is_said_to_block() -> None:
    held, broken = _rule("nerve-needle", passed=True), _rule("nerve-needle", passed=False)
    asked = _rule("nerve-asked", passed=False)
    assert find_broken([held, broken, asked]) == [broken]
    (said,) = remark_broken([held, broken, asked], "L4-L5 left")
    assert said.severity is Severity.BLOCK
    assert said.code == "PL-025"
    assert said.where == "exiting_root:L4:left"
    assert "0.50 mm, at least 1.00 mm demanded" in said.why


@pytest.mark.parametrize("name", rules())
def test_the_register_names_codes_and_sources_that_are_there(name: str) -> None:
    row = rules()[name]
    assert require_code(row.code).title
    for part in row.source.split("; "):
        words = part.removeprefix("plan-only: ")
        table, _, rest = words.partition(".")
        if table in constant_tables():
            assert rest in read_constants(table), words
        else:
            assert words.startswith(KINDS_OF_SOURCE)


def test_every_stage_and_group_that_is_kept_off_is_in_a_rule() -> None:
    blind = {"needle", "guidewire"}
    for group in ("nerve", "sac"):
        kept = [tools for tools, groups in MARGIN_RULES.values() if group in groups]
        assert blind < set().union(*kept)
        assert {"dilator", "reamer", "cannula", "scope"} < set().union(*kept)
        assert "forceps" not in set().union(*kept)
