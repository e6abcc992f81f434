"""Tables, instruments, techniques, findings: every row, every refusal."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from kambin.core import (
    AnatomyError,
    Finding,
    InputError,
    KambinError,
    PlanError,
    RequestError,
    SessionError,
    Severity,
    StoreError,
    find_blocking,
    find_unanswered,
    read_codes,
    require_code,
)
from kambin.knowledge import (
    constant,
    constant_tables,
    find_instrument,
    instruments,
    literature,
    literature_rows,
    read_constants,
    technique,
    techniques,
    value,
    value_at,
    values,
)
from kambin.knowledge.instruments import KINDS, USER_SOURCE, user_instrument

CODES = tuple(read_codes())
ROWS = [row for table in constant_tables() for row in read_constants(table).values()]
FINDINGS = st.lists(
    st.builds(
        Finding,
        st.sampled_from(CODES),
        st.sampled_from(Severity),
        *[st.text(max_size=4)] * 4,
    ),
    max_size=6,
)
BRANCHES = (RequestError, InputError, AnatomyError, PlanError, StoreError, SessionError)
WORDS = st.text(max_size=60).filter(lambda word: word not in (*instruments(), *techniques()))


def test_each_constant_answers_to_its_own_shape_only():
    for row in ROWS:
        assert constant(row.name) is row
        for shape, read in ((float, value), (tuple, values)):
            if isinstance(row.value, shape):
                assert read(row.name) == row.value
            else:
                with pytest.raises(LookupError, match=row.name):
                    read(row.name)


def test_a_constant_by_place_answers_for_its_places_only():
    for row in ROWS:
        places = {} if isinstance(row.value, float | tuple) else row.value
        for place, number in places.items():
            assert value_at(row.name, place) == number
        with pytest.raises(LookupError, match=row.name):
            value_at(row.name, "nowhere")


@pytest.mark.parametrize("name", ["margins", "margins.", ".value", "margins.none_such", "checks.x"])
def test_a_constant_without_a_row_is_a_bug(name):
    with pytest.raises((LookupError, FileNotFoundError, OSError)):
        constant(name)


@pytest.mark.parametrize("name", list(instruments()))
def test_an_instrument_is_found_by_its_name(name):
    tool = find_instrument(name)
    assert tool.name == name
    assert tool.radius_mm * 2 == tool.outer_diameter_mm
    assert tool.is_verified is (tool.tag == "V")


@pytest.mark.parametrize("name", [n for n, t in instruments().items() if t.outer_diameter_mm >= 1])
def test_an_instrument_of_the_table_is_found_by_its_size(name):
    tool = find_instrument(name)
    same = user_instrument(tool.kind, tool.outer_diameter_mm)
    assert (same.kind, same.outer_diameter_mm) == (tool.kind, tool.outer_diameter_mm)
    assert same.source != USER_SOURCE


@given(st.sampled_from(KINDS), st.floats(1.0, 15.0))
def test_any_size_within_the_limits_is_an_instrument(kind, outer):
    tool = user_instrument(kind, outer)
    assert tool.outer_diameter_mm == outer
    assert tool.range[0] <= outer <= tool.range[1]
    assert tool.bore_mm is None or tool.bore_mm < outer
    assert tool.source == USER_SOURCE or tool.name in instruments()


@given(st.sampled_from(KINDS), st.floats().filter(lambda mm: not 1.0 <= mm <= 15.0))
def test_any_other_size_is_refused(kind, outer):
    with pytest.raises(RequestError, match="RQ-041"):
        user_instrument(kind, outer)


@given(WORDS)
def test_a_word_that_names_nothing_is_refused_with_the_names_there_are(word):
    for find, code, known in (
        (find_instrument, "RQ-040", instruments()),
        (technique, "RQ-042", techniques()),
    ):
        with pytest.raises(RequestError, match=code) as raised:
            find(word)
        assert all(name in raised.value.next_step for name in known)
        assert len(raised.value.where) < 200


@given(st.text(max_size=12).filter(lambda word: word not in KINDS))
def test_an_unknown_kind_is_refused(kind):
    with pytest.raises(RequestError, match="RQ-041"):
        user_instrument(kind, 7.5)


def test_an_instrument_cannot_be_changed():
    tool = next(iter(instruments().values()))
    with pytest.raises(ValidationError):
        tool.outer_diameter_mm = 1.0
    with pytest.raises(TypeError):
        instruments()["new"] = tool  # type: ignore[index]


@pytest.mark.parametrize("name", list(techniques()))
@pytest.mark.parametrize("cannula_mm", [5.0, 6.5, 7.5, 9.0, 12.0])
def test_the_tools_of_a_technique_fit_each_other(name, cannula_mm):
    chosen = technique(name).instruments_for(cannula_mm)
    stages = [stage for stage, _ in chosen]
    planned = [tool.stage for tool in technique(name).tools]
    assert [s for s in planned if s in stages] == stages or len(stages) < len(planned)
    for stage, tool in chosen:
        if stage == "cannula":
            assert tool.outer_diameter_mm == cannula_mm
        if stage == "dilator":
            assert tool.outer_diameter_mm <= cannula_mm
    reamers = [tool for stage, tool in chosen if stage == "reamer"]
    assert not reamers or reamers[-1].outer_diameter_mm == cannula_mm


@pytest.mark.parametrize("name", list(techniques()))
@pytest.mark.parametrize("cannula_mm", [0.0, -7.5, 15.1, math.nan, math.inf])
def test_a_cannula_of_no_size_is_refused_by_every_technique(name, cannula_mm):
    with pytest.raises(RequestError, match="RQ-041"):
        technique(name).instruments_for(cannula_mm)


@pytest.mark.parametrize("name", list(techniques()))
def test_the_limits_of_a_technique_enclose_what_is_preferred(name):
    one = technique(name)
    corridor = one.corridor
    assert corridor.axial_inclination_min_deg < corridor.axial_inclination_max_deg
    assert corridor.craniocaudal_min_deg < corridor.craniocaudal_max_deg
    for preferred in one.preferred.values():
        low, high = preferred.axial_inclination_deg
        assert corridor.axial_inclination_min_deg <= low <= high
        assert high <= corridor.axial_inclination_max_deg


@given(st.text(max_size=20), st.text(max_size=8))
def test_literature_answers_with_a_row_of_the_quantity_or_with_none(quantity, place):
    found = literature(quantity, place)
    assert found is None or found.quantity == quantity


def test_literature_prefers_the_place_that_was_asked_for():
    for quantity, place in literature_rows():
        found = literature(quantity, place)
        assert found is not None
        assert (found.quantity, found.place) == (quantity, place)


@pytest.mark.parametrize("branch", BRANCHES, ids=lambda b: b.__name__)
def test_any_registered_code_makes_an_error_that_says_everything(branch):
    for code in CODES:
        error = branch(code=code, what="w", where="h", why="y.", next_step="n.")
        assert isinstance(error, KambinError)
        assert str(error) == f"{code}: w (h). y. Next: n."
        assert error.as_document()["findings"] == []


@given(FINDINGS)
def test_blocking_unanswered_and_notes_part_the_findings(findings):
    blocking, unanswered = find_blocking(findings), find_unanswered(findings, ())
    notes = [f for f in findings if f.severity is Severity.NOTE]
    assert len(blocking) + len(unanswered) + len(notes) == len(findings)


@given(FINDINGS, st.sets(st.sampled_from(CODES)))
def test_accepting_answers_questions_and_nothing_else(findings, accepted):
    left = find_unanswered(findings, accepted)
    assert all(f.code not in accepted for f in left)
    assert find_unanswered(findings, CODES) == ()
    assert set(left) <= set(find_unanswered(findings, ()))


@given(FINDINGS)
def test_a_document_of_a_finding_is_text_and_loses_nothing(findings):
    for finding in findings:
        document = finding.as_document()
        assert Finding(**{**document, "severity": Severity(document["severity"])}) == finding


def test_a_code_is_answered_with_the_case_or_with_each_plan():
    assert {require_code(code).answered_at for code in CODES} == {"case", "plan"}


def test_every_code_of_anatomy_and_imaging_fires_in_a_test():
    tests = Path(__file__).parents[1]
    held = "".join(path.read_text("utf-8") for path in sorted(tests.rglob("test_*.py")))
    ours = {code for code in CODES if code.startswith(("AN-", "IN-04"))}
    assert ours - {code for code in ours if code in held} == set()
