"""The level of a drawn root is checked without completing the case."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, lumbar_case

from kambin.anatomy import Case, StructureKey, Tube, complete
from kambin.anatomy import check_drawn as module
from kambin.anatomy.check_drawn import check_drawn_roots
from kambin.core import Severity


def with_root(name: str) -> Case:
    """A line that passes under the pedicle of L4, under some name."""
    points = LUMBAR["L4"].points([[4.0, 20.0, 2.0], [12.0, 20.0, -5.0], [24.0, 16.0, -9.0]])
    tube = Tube(np.asarray(points), np.full(3, 2.0))
    return replace(lumbar_case(), drawn={StructureKey.parse(name): tube})


def test_under_its_own_pedicle_nothing_is_said() -> None:
    assert check_drawn_roots(with_root("exiting_root:L4:left")) == ()


def test_a_name_of_another_level_blocks_with_the_words_of_the_completion() -> None:
    case = with_root("exiting_root:L5:left")
    (finding,) = check_drawn_roots(case)
    assert (finding.code, finding.severity) == ("AN-401", Severity.BLOCK)
    assert finding in complete(case).findings


def test_without_a_drawn_root_no_frame_is_looked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        pytest.fail("A second of work for nothing.")

    monkeypatch.setattr(module, "find_vertebra_frames", fail)
    assert check_drawn_roots(lumbar_case()) == ()


def test_labels_without_a_spine_leave_it_to_the_other_checks() -> None:
    case = replace(with_root("exiting_root:L5:left"), names={1: StructureKey("liver")})
    assert check_drawn_roots(case) == ()
