"""The rows of the procedure, set beside the evidence a second time, by hand."""

import re
import string

import pytest

from kambin.knowledge import checkpoints
from kambin.knowledge.procedure import StepLine, procedure_steps, recovery_rows
from kambin.knowledge.sources import find_keys

LINES = [
    (step, number, line)
    for step, row in procedure_steps().items()
    for number, line in enumerate(row.lines)
]

KNOWN_NAMES = {
    "level",
    "level_words",
    "side",
    "ap_tilt_words",
    "ap_turn_words",
    "lateral_words",
    "lateral_mm",
    "skin_mm",
    "disc_line_words",
    "tip_words",
    "usual_entry",
    "near_root_percent",
    "needle_words",
    "needle_depth_mm",
    "needle_landmark",
    "axial_disc",
    "axial_patient",
    "craniocaudal_disc_words",
    "craniocaudal_patient_words",
    "guidewire_words",
    "guidewire_depth_mm",
    "incision_mm",
    "dilator_words",
    "dilator_depth_mm",
    "dilator_stop_words",
    "reamer_words",
    "resection_words",
    "cannula_words",
    "cannula_depth_mm",
    "cannula_stop_words",
    "insertion_clock",
    "working_clock",
    "away_from",
    "bevel_reason",
    "scope_words",
    "scope_depth_mm",
    "forceps_depth_mm",
    "reach_words",
    "doses",
}
"""Every name that a sentence may ask for."""


def _asked(line: StepLine) -> set[str]:
    texts = (line.text, line.otherwise)
    found = {name for text in texts for _, name, _, _ in string.Formatter().parse(text) if name}
    return found | set(line.needs) | set(line.unless)


@pytest.mark.parametrize(("step", "number", "line"), LINES, ids=lambda v: str(v)[:24])
def test_a_line_asks_only_for_what_a_plan_can_say(step: str, number: int, line: StepLine) -> None:
    assert _asked(line) <= KNOWN_NAMES, f"{step} {number}"


@pytest.mark.parametrize(("step", "number", "line"), LINES, ids=lambda v: str(v)[:24])
def test_a_line_is_a_sentence(step: str, number: int, line: StepLine) -> None:
    # what needs a missing part may begin with it, and ends all the same
    assert line.text.endswith((".", "}")), f"{step} {number}"
    assert line.text[0].isupper() or line.text[0].isdigit() or line.text[0] == "{"
    assert len(line.text) < 200


@pytest.mark.parametrize(
    ("step", "words", "tag", "key"),
    [
        ("consent", "Local infiltration and light sedation", "V", "C1"),
        ("position", "Wilson type frame, hips and knees flexed", "V", "C4"),
        ("position", "Flexed hips take more lordosis than the frame", "V", "T29"),
        ("position", "a pillow under the waist", "M", ""),
        ("c_arm", "spinous process midway between the pedicles", "V", "T18"),
        ("c_arm", "11.0 degrees in men, 13.9 in women", "V", "T18"),
        ("c_arm", "25 to 35 degrees towards the head", "M", ""),
        ("c_arm", "pedicles and posterior wall superimposed", "M", ""),
        ("marks", "Midline, iliac crest, lowest rib", "V", "C4"),
        ("infiltration", "Skin, track, facet capsule and process", "M", ""),
        ("infiltration", "movement and touch go on answering", "M", ""),
        ("needle", "walk off it to the front", "M", ""),
        ("discography", "1 to 3 mL of contrast", "M", ""),
        ("guidewire", "Incision of {incision_mm} mm", "V", "T5"),
        ("foraminoplasty", "By hand over the guide, stepwise", "V", "T11"),
        ("foraminoplasty", "before the resistance of the process is lost", "M", ""),
        ("endoscopy", "Pump above 50 mmHg", "D", "C8"),
        ("end", "Traversing root free and pulsating", "M", ""),
        ("end", "straight leg raise is negative", "M", ""),
        ("closure", "One stitch or strip in the skin, no drain", "M", ""),
    ],
)
def test_what_the_evidence_says_has_its_tag_and_source(
    step: str, words: str, tag: str, key: str
) -> None:
    found = [line for line in procedure_steps()[step].lines if words in line.text]
    assert len(found) == 1
    assert found[0].tag == tag
    assert not key or key in find_keys(found[0].source)


@pytest.mark.parametrize(
    ("name", "number", "key"),
    [
        ("walk", "3.2 (SD 0.9) hours", "O16"),
        ("walk", "n = 90", "O24"),
        ("walk", "n = 213", "O25"),
        ("discharge", "3.2 hours", "O16"),
        ("discharge", "9.6 (SD 10.5) hours", "O15"),
        ("discharge", "17.3 hours (n = 55", "O26"),
        ("discharge", "0.7 days", "O3"),
        ("discharge", "8.4 %", "O16"),
        ("week_6", "n = 51", "O15"),
        ("work", "25 days", "O2"),
        ("work", "5.1 (SD 6.0) weeks", "O17"),
        ("work", "92.5 % returned, 87.5 % to heavy work", "O18"),
        ("work", "4.2 (SD 4.3) weeks in 42 regular", "O17"),
        ("work", "13.3 (SD 2.3) in three contracted", "O17"),
        ("recurrence", "5.2 %", "O13"),
        ("recurrence", "0.9 %", "O13"),
    ],
)
def test_every_figure_after_the_operation_has_its_source(name: str, number: str, key: str) -> None:
    row = recovery_rows()[name]
    assert number in f"{row.says} {row.against}"
    assert key in find_keys(row.source)


def test_what_was_only_remembered_is_not_tagged_as_read() -> None:
    # the abstract behind the 25 days gives no days
    work = recovery_rows()["work"]
    assert "25 days after the endoscopic operation [M]" in work.says
    assert work.tag == "M"


def test_no_row_gives_a_schedule_by_week_as_published() -> None:
    for name in ("week_0", "week_2"):
        assert recovery_rows()[name].tag == "M"
        assert recovery_rows()[name].blank
    assert "No schedule by week was read" in recovery_rows()["week_0"].says


PROMISES = re.compile(
    r"\b(safe\w*|guarant\w*|ensur\w*|certain\w*|cure\w*|painless|risk-free|complication-free"
    r"|proven|always|never fails)\b",
    re.IGNORECASE,
)


def _texts() -> list[str]:
    table = checkpoints()
    return [
        *(line.text + line.otherwise for _, _, line in LINES),
        *(row.says + row.against for row in recovery_rows().values()),
        *(row.says + row.means + row.action for row in table.reports.values()),
        *(row.rule for row in table.stops.values()),
        *(row.says for row in table.timing.values()),
        *(row.ask for row in table.stages.values()),
    ]


def test_no_text_promises_anything() -> None:
    assert [text for text in _texts() if PROMISES.search(text)] == []


def test_the_search_for_promises_fires() -> None:
    assert PROMISES.search("This way is safe.")
    assert PROMISES.search("Painless within a day.")
    assert not PROMISES.search("Stop the irrigation.")


@pytest.mark.parametrize(
    ("root", "area", "key_point"),
    [
        ("L2", "upper thigh", ""),
        ("L3", "around the knee", ""),
        ("L4", "inner shin", "inner ankle"),
        ("L5", "outer leg", "third toe"),
        ("S1", "heel", "outer heel"),
    ],
)
def test_roots_are_felt_where_the_evidence_says(root: str, area: str, key_point: str) -> None:
    row = checkpoints().dermatomes[root]
    assert area in row.area
    assert key_point in row.key_point
    assert bool(row.key_point) == bool(key_point)


@pytest.mark.parametrize(
    ("name", "means", "action", "stops"),
    [
        ("local", "facet capsule", "Top up", False),
        ("annulus", "annulus", "then go on", False),
        ("exiting", "too far in front", "Withdraw 5 to 10 mm", True),
        ("traversing", "too medial", "medial pedicle line", True),
        ("buttock", "annulus and root together", "Pause", False),
        ("cauda", "cauda equina", "cerebrospinal fluid", True),
        ("weakness", "spread of the local anaesthetic", "5 to 10 minutes", True),
        ("pressure", "irrigation", "Stop the irrigation", True),
    ],
)
def test_reports_mean_what_the_evidence_says(
    name: str, means: str, action: str, stops: bool
) -> None:
    row = checkpoints().reports[name]
    assert means in row.means
    assert action in row.action
    assert row.stops is stops


@pytest.mark.parametrize(
    ("stage", "listened"),
    [
        ("infiltration", {"toxic", "weakness"}),
        ("needle", {"exiting", "traversing", "annulus"}),
        ("guidewire", {"exiting", "traversing"}),
        ("dilator", {"exiting", "traversing", "weakness"}),
        ("reamer", {"exiting", "traversing", "weakness"}),
        ("cannula", {"exiting", "traversing", "cauda"}),
        ("scope", {"traversing", "cauda", "pressure"}),
    ],
)
def test_each_stage_listens_for_what_it_can_touch(stage: str, listened: set[str]) -> None:
    assert listened <= set(checkpoints().stages[stage].reports)


@pytest.mark.parametrize(
    ("name", "words", "tag"),
    [
        ("premedication", "0.05 mg/kg", "V"),
        ("opioid", "Fentanyl 50", "V"),
        ("high", "0.1 mg/kg", "V"),
        ("dexmedetomidine", "Dexmedetomidine", "M"),
        ("epidural", "0.294 % (0.271 to 0.303, n = 58)", "V"),
        ("repeat", "3 hours", "V2"),
    ],
)
def test_sedation_is_told_as_published(name: str, words: str, tag: str) -> None:
    row = checkpoints().timing[name]
    assert words in row.says
    assert row.tag == tag


@pytest.mark.parametrize("number", ["50 mmHg", "100 mmHg", "10 s"])
def test_alarms_of_the_pump_are_those_of_the_evidence(number: str) -> None:
    rule = checkpoints().stops["irrigation"]
    assert number in rule.rule
    assert rule.tag == "D"


@pytest.mark.parametrize("number", ["11 mA", "8 mA"])
def test_alarms_of_the_emg_are_those_of_the_evidence(number: str) -> None:
    rule = checkpoints().stops["emg"]
    assert number in rule.rule
    assert "X1" in find_keys(rule.source)
