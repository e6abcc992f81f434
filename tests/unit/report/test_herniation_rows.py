"""What a report says of the fragment, on fragments of boxes of known class."""

import numpy as np
from tests.unit.measure.conftest import Box, build

from kambin.anatomy import Anatomy, Case, Level
from kambin.imaging import LabelMap
from kambin.measure.herniation import measure_herniation
from kambin.measure.herniation_types import Herniation
from kambin.report.herniation_rows import herniation_line, herniation_table

CANAL: Box = (-12, 12, 17, 30, -40, 40)
SAC: Box = (-7, 7, 24, 30, -40, 40)


def classify(anatomy: Anatomy) -> Herniation:
    labels = LabelMap(np.zeros((1, 1, 1), dtype=np.uint8), np.eye(4), "patient")
    found, _ = measure_herniation(anatomy, Case(None, labels, {}, "kambin", sha256="ab" * 32))
    assert found is not None
    return found


def test_the_line_names_zone_morphology_size_migration_canal_volume_and_roots() -> None:
    fragment: Box = (3, 9, 17, 29, -4, 4)
    line = herniation_line(classify(build(fragment=(fragment,), canal=(CANAL,), dural_sac=(SAC,))))
    assert line.startswith("L4-L5 left: paracentral extrusion, MSU 2-B")
    assert "not migrated" in line
    # 6 x 12 of 24 x 13 mm2
    assert 0.22 < int(line.split("% of the canal")[0].split()[-1]) / 100 < 0.25
    assert f"{6 * 12 * 8} mm³" in line
    assert "root" in line


def test_a_fragment_that_went_down_says_how_far_and_a_canal_that_is_missing_is_said() -> None:
    without = ("canal", "dural_sac")
    line = herniation_line(classify(build(without=without, fragment=((3, 9, 18, 26, -24, -12),))))
    assert "far-down" in line
    assert "very-high grade" in line
    assert "canal not assessed" in line


def test_the_table_holds_classes_and_rules_and_names_another_level_of_the_plan() -> None:
    found = classify(build(fragment=((3, 9, 17, 29, -4, 4),), canal=(CANAL,)))
    here, other = (herniation_table(found, Level.parse(name)) for name in ("L4-L5", "L3-L4"))
    assert here is not None
    assert other is not None
    headings = [heading for heading, _ in here.rows]
    assert headings[:5] == ["Herniation", "Morphology", "Zone", "MSU", "Migration"]
    assert {"Canal", "Volume", "Rule R1", "Rule R2", "Rule R3"} <= set(headings)
    assert any(line.startswith("exiting root L4 left") for _, line in here.rows)
    assert "no forecast" in here.note
    assert "The plan is for" not in here.note
    assert "The plan is for L3-L4." in other.note


def test_without_a_fragment_nothing_is_said() -> None:
    assert herniation_line(None) == ""
    assert herniation_table(None, Level.parse("L4-L5")) is None
