"""One process completes a case once, and again as soon as anything of it changed."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_spine import box_spine

from kambin.anatomy import Case
from kambin.desk import workbench
from kambin.desk.workbench import MemoryStore, check_once, forget_last_case


@pytest.fixture
def a_case() -> Case:
    forget_last_case()
    return replace(box_spine(), sha256="one")


def test_the_same_case_is_checked_once(a_case: Case) -> None:
    assert check_once(a_case) is check_once(replace(a_case))


@pytest.mark.parametrize("change", [{"sha256": "two"}, {"source": {"reader": "another"}}])
def test_a_changed_case_is_checked_again(a_case: Case, change: dict) -> None:
    assert check_once(a_case) is not check_once(replace(a_case, **change))


def test_only_the_last_case_is_kept(a_case: Case) -> None:
    first = check_once(a_case)
    check_once(replace(a_case, sha256="two"))
    assert check_once(a_case) is not first
    assert workbench._check.cache_info().currsize == 1


def test_a_store_gives_back_what_it_was_given() -> None:
    store, values = MemoryStore(), np.zeros((2, 2, 2), dtype=np.float32)
    assert store.find("field") is None
    store.keep("field", values)
    assert store.find("field") is values
