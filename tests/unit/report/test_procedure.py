import math
from dataclasses import fields

import numpy as np
import pypdfium2
import pytest
from matplotlib.axes import Axes
from tests.unit.approaches.made_back import LEVEL, box, make_back, make_way, structure
from tests.unit.exchange.made_plans import ASKED, smallest

from kambin.anatomy import Anatomy, DiscFrame, Level
from kambin.approaches.anaesthesia import DrugRequest, plan_anaesthesia
from kambin.approaches.drug_words import read_drug
from kambin.core import AnatomyError
from kambin.frames import RigidTransform, Side
from kambin.knowledge.procedure import procedure_steps, recovery_rows
from kambin.knowledge.sources import find_keys
from kambin.planning import Entry, Landmark, Plan, Reach, Resection
from kambin.planning.bone_models import ReamerPass
from kambin.planning.choice_models import Bevel, Preference
from kambin.report.procedure import find_open_codes, make_procedure
from kambin.report.procedure_facts import level_words
from kambin.report.procedure_models import Procedure
from kambin.report.procedure_print import print_procedure, sheet_data, status_words
from kambin.report.procedure_sketch import draw_sketch, find_picture
from kambin.report.procedure_tools import ap_words, lateral_words, tool_rows
from kambin.report.procedure_views import find_views

ENTRY = Entry(
    lateral_of_midline_mm=100.0,
    cranial_of_disc_line_mm=-12.4,
    cranial_of_spinous_tip_mm=8.6,
    spinous_tip="L4",
    along_skin_lateral_mm=111.2,
    depth_mm=90.0,
)
BEVEL = smallest(
    Bevel, insertion_clock=4, working_clock=9, away_from="drg:L4:left", not_assessed_reason=None
)
LANDMARK = smallest(
    Landmark,
    ap_zone="MPL-midPL",
    ap_lateral_mm=13.1,
    lateral_mm_of_pvl=-2.4,
    title="Docked at the annulus",
    source="evidence 1.1 [M]",
)


def _plan(side: Side = Side.LEFT, **more: object) -> Plan:
    plan = make_way(side)
    needle, *rest, cannula = plan.stages
    stages = (
        needle.model_copy(update={"landmark": LANDMARK}),
        *rest,
        cannula.model_copy(update={"bevel": BEVEL}),
    )
    coarse = smallest(Resection, not_assessed_reason="The facet is not resolved.")
    known = {
        "resection": coarse,
        "entry": ENTRY,
        "stages": stages,
        "content_sha256": "c0" * 32,
        **more,
    }
    return plan.model_copy(update=known)


def _with(anatomy: Anatomy, **changed: object) -> Anatomy:
    known = {field.name: getattr(anatomy, field.name) for field in fields(anatomy)}
    return Anatomy(**{**known, **changed})


def _tilted(tilt_deg: float, turn_deg: float = 0.0) -> Anatomy:
    """The made back with a disc that is tilted up at the back and turned to the left."""
    tilt, turn = math.radians(tilt_deg), math.radians(turn_deg)
    back = np.array(
        [math.sin(turn) * math.cos(tilt), math.cos(turn) * math.cos(tilt), math.sin(tilt)]
    )
    left = np.array([math.cos(turn), -math.sin(turn), 0.0])
    axes = np.column_stack([left, back, np.cross(left, back)])
    frame = RigidTransform.from_axes("lps", "disc", axes, np.zeros(3))
    return _with(make_back(), disc_frames={LEVEL: DiscFrame(LEVEL, frame, 0.0, 22.0, 8.0)})


def _lines(found: Procedure, step: str) -> str:
    return " ".join(line.text for one in found.steps if one.name == step for line in one.lines)


@pytest.mark.parametrize("side", list(Side))
def test_the_steps_say_the_numbers_of_the_plan(side: Side) -> None:
    found = make_procedure(make_back(side), _plan(side))
    marks = _lines(found, "marks")
    assert f"100 mm to the patient's {side} of the midline, 111 mm along the skin" in marks
    assert "12 mm caudal of the disc line" in marks
    assert "9 mm cranial of the spinous tip of L4" in marks
    assert "Needle 18 G, 150 mm: 90 mm from the skin" in _lines(found, "needle")
    assert "Docked at the annulus" in _lines(found, "needle")
    assert "Dilator 5 mm; each tip to 84 mm, 6 mm short of the target" in _lines(found, "dilation")
    assert "4 o'clock, away from ganglion (DRG) L4 left" in _lines(found, "cannula")
    assert f"the patient's {side} side" in _lines(found, "consent")
    other = "right" if side is Side.LEFT else "left"
    said = " ".join(_lines(found, name) for name in ("consent", "position", "marks"))
    assert other not in said
    assert (found.side, found.marks.lateral_of_midline_mm) == (side.value, 100.0)


def test_steps_are_numbered_and_no_brace_is_left_open() -> None:
    found = make_procedure(make_back(), _plan())
    assert [step.number for step in found.steps] == list(range(1, len(procedure_steps()) + 1))
    texts = [line.text for step in found.steps for line in step.lines]
    assert [text for text in texts if "{" in text or "not assessed" in text] == []
    assert len(set(texts)) == len(texts)


def test_what_a_plan_does_not_know_is_left_out_or_said() -> None:
    bare = make_procedure(make_back(), make_way().model_copy(update={"content_sha256": "c0" * 32}))
    assert "No spinous tip is known" in _lines(bare, "marks")
    assert "No row of the landmarks names this end" in _lines(bare, "needle")
    assert "the plan has none" in _lines(bare, "cannula")
    assert "No pass of a reamer stands in the plan" in _lines(bare, "foraminoplasty")
    assert "In reach" not in _lines(bare, "endoscopy")
    # what stands in the place of a published line is not tagged as published
    lines = [line for step in bare.steps if step.name == "foraminoplasty" for line in step.lines]
    assert (lines[0].tag, lines[0].source) == ("D", "the plan")


def test_bone_reach_and_what_is_usual_are_told_where_they_are_known() -> None:
    one = smallest(
        ReamerPass,
        instrument="reamer-7.5",
        radius_mm=3.75,
        tilt_deg=4.0,
        stop_mm=7.0,
        taken_mm3=81.0,
    )
    bone = smallest(
        Resection,
        volume_mm3=81.0,
        sap_fraction=0.12,
        stability_class="minor",
        passes=(one,),
        not_assessed_reason=None,
    )
    reach = smallest(Reach, reachable_fraction=0.91, visible_fraction=0.8)
    usual = smallest(Preference, name="lateral_of_midline_mm", low=77.0, high=140.0)
    plan = _plan(resection=bone, reach=reach, preferences=(usual,))
    found = make_procedure(make_back(), plan)
    text = _lines(found, "foraminoplasty")
    assert "7.5 mm to 83 mm tilted by 4 degrees" in text
    assert "81 mm³, 12 % of the process, stability minor" in text
    assert "91 % of the fragment, 80 % in sight" in _lines(found, "endoscopy")
    assert "77 to 140 mm from the midline" in _lines(found, "marks")
    assert [(p.number, p.diameter_mm, p.depth_mm) for p in found.passes] == [(1, 7.5, 83.0)]


def test_tools_are_marked_at_the_depth_of_their_stop() -> None:
    rows = {row.stage: row for row in tool_rows(_plan())}
    assert (rows["needle"].depth_mm, rows["needle"].left_outside_mm) == (90.0, 60.0)
    assert (rows["cannula"].depth_mm, rows["cannula"].stop_mm) == (84.0, 6.0)
    assert rows["needle"].tag == "M"


def test_a_needle_that_is_too_short_is_told() -> None:
    far = make_way(entry_mm=(150.0, 0.0, 0.0))
    found = make_procedure(make_back(), far)
    codes = [finding.code for finding in found.findings]
    assert codes == ["PL-160", "PL-161"]
    assert "10 mm stay outside; 20 mm are needed" in found.findings[0].why
    assert "PL-160" not in [f.code for f in make_procedure(make_back(), _plan()).findings]


def test_a_size_of_ones_own_has_no_length() -> None:
    plan = _plan()
    own = plan.stages[0].model_copy(update={"instrument": "mine"})
    row = tool_rows(plan.model_copy(update={"stages": (own,)}))[0]
    assert (row.title, row.left_outside_mm, row.source) == ("mine", None, "given by the user")


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("MPL-midPL", "medial pedicle line to mid-pedicle line, 13 mm from the spinous line"),
        ("SL-MPL", "spinous line to medial pedicle line, 13 mm from the spinous line"),
        ("lateral of LPL", "lateral of lateral pedicle line, 13 mm from the spinous line"),
    ],
)
def test_lines_of_the_picture_are_written_out(zone: str, words: str) -> None:
    assert ap_words(LANDMARK.model_copy(update={"ap_zone": zone})) == words


def test_the_lateral_picture_is_told_in_front_at_or_behind() -> None:
    def said(behind_mm: float) -> str:
        return lateral_words(LANDMARK.model_copy(update={"lateral_mm_of_pvl": behind_mm}))

    assert said(-2.4) == "2 mm in front of the posterior vertebral line"
    assert said(0.2) == "at the posterior vertebral line"
    assert said(6.0) == "6 mm behind the posterior vertebral line"
    assert ap_words(None) == lateral_words(None) == "not assessed"


def test_the_c_arm_looks_along_the_disc() -> None:
    ap, *_, lateral = find_views(_tilted(18.0, 5.0), LEVEL)
    assert (ap.name, ap.tilt_deg, ap.turn_deg) == ("true AP", pytest.approx(18.0), pytest.approx(5))
    assert ap.words == "upper end 18 degrees towards the head, 5 degrees to the patient's left"
    # both beams lie in the plane of the disc, and at right angles
    assert np.dot(ap.beam_lps, lateral.beam_lps) == pytest.approx(0.0, abs=1e-9)
    assert lateral.turn_deg == pytest.approx(-5.0)
    assert lateral.words == "left end not tilted, 5 degrees towards the front"


def test_tilts_to_feet_and_right_are_said_so() -> None:
    ap = find_views(_tilted(-1.0, -9.0), LEVEL)[0]
    assert ap.words == "upper end 1 degree towards the feet, 9 degrees to the patient's right"
    level = find_views(make_back(), LEVEL)
    assert level[0].words == "upper end not tilted, not turned to a side"


def test_each_end_plate_has_a_view_of_its_own() -> None:
    back = _tilted(10.0)
    names = [view.of for view in find_views(back, LEVEL)]
    assert names == ["disc L4-L5", "lower end plate of L4", "upper end plate of L5", "disc L4-L5"]
    # the plates of the made back are level, its disc is not
    assert [round(view.tilt_deg, 6) for view in find_views(back, LEVEL)] == [10.0, 0.0, 0.0, 0.0]


def test_at_the_sacrum_the_view_is_fergusons() -> None:
    back = _tilted(30.0)
    sacrum = Level.parse("L5-S1")
    disc = DiscFrame(sacrum, back.disc_frames[LEVEL].lps_from_disc, 0.0, 22.0, 8.0)
    there = _with(back, disc_frames={sacrum: disc})
    assert find_views(there, sacrum)[0].name == "true AP (Ferguson)"
    with pytest.raises(AnatomyError) as raised:
        find_views(there, LEVEL)
    assert raised.value.code == "AN-011"


def test_published_tilts_stand_at_their_levels_only() -> None:
    assert "11.0 degrees in men" in _lines(make_procedure(make_back(), _plan()), "c_arm")
    assert "Ferguson" not in _lines(make_procedure(make_back(), _plan()), "c_arm")


@pytest.mark.parametrize(
    ("level", "words"),
    [
        ("L4-L5", "fourth lumbar and fifth lumbar"),
        ("L5-S1", "fifth lumbar and first sacral"),
        ("T12-L1", "twelfth thoracic and first lumbar"),
        ("L6-S1", "sixth lumbar and first sacral"),
    ],
)
def test_levels_are_written_out(level: str, words: str) -> None:
    assert level_words(level) == words


def test_questions_of_the_plan_stay_open_until_somebody_answers() -> None:
    plan = _plan(status="needs_confirmation", findings=(ASKED,))
    assert find_open_codes(plan, frozenset()) == ["PL-090"]
    found = make_procedure(make_back(), plan)
    assert status_words(found) == ("plan status: needs_confirmation. Nobody has answered PL-090")
    answered = make_procedure(make_back(), plan, accepted=frozenset({"PL-090"}))
    assert status_words(answered).endswith("needs_confirmation, answered by a named person")
    assert status_words(make_procedure(make_back(), _plan())) == "plan status: ready"


def test_a_ready_plan_of_a_set_that_asks_is_no_ready_sheet() -> None:
    asked = ASKED.model_copy(update={"code": "PL-103"})
    found = make_procedure(make_back(), _plan(), asked_of_set=(asked,))
    assert found.plan_status == "ready"
    assert status_words(found) == "plan status: ready. Nobody has answered PL-103"
    assert sheet_data(found)["is_open"]
    assert not sheet_data(make_procedure(make_back(), _plan()))["is_open"]


def test_doses_stand_only_where_weight_and_drug_were_told() -> None:
    bare = make_procedure(make_back(), _plan())
    assert "PL-161" in [finding.code for finding in bare.findings]
    assert sheet_data(bare)["doses"] is None
    assert "kambin anaesthesia" in _lines(bare, "infiltration")
    request = DrugRequest(70.0, (read_drug("lidocaine:0.5"),), reduce_for=("none",))
    doses = plan_anaesthesia(make_back(), _plan(), request)
    full = make_procedure(make_back(), _plan(), anaesthesia=doses)
    shown = sheet_data(full)["doses"]
    assert [row[-2] for row in shown["rows"]] == ["3.0", "10.0", "5.0", "3.0"]
    assert "70 kg, ceiling lowest: 52.5 % of it" in shown["words"]
    assert "kambin anaesthesia" not in _lines(full, "infiltration")
    # a weight alone chooses no drug
    alone = plan_anaesthesia(make_back(), _plan(), DrugRequest(70.0))
    assert sheet_data(make_procedure(make_back(), _plan(), anaesthesia=alone))["doses"] is None


def test_the_way_after_it_promises_nothing_and_names_its_sources() -> None:
    rows = recovery_rows()
    assert "more recurrence" in rows["walk"].against
    assert "The surgeon decides when" in rows["walk"].says
    assert {name for name, row in rows.items() if row.flag} >= {"cauda", "weakness", "bleeding"}
    for row in (*rows.values(), *(x for s in procedure_steps().values() for x in s.lines)):
        assert row.tag in ("M", "D") or find_keys(row.source) or row.source.startswith("evidence")
    found = make_procedure(make_back(), _plan())
    assert {"O16", "O24", "X16", "T5"} <= set(found.sources)
    assert "general" not in found.sources
    keys = list(found.sources)
    assert keys.index("C8") < keys.index("C10")


def _pages(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]


@pytest.fixture(scope="module")
def the_sketch() -> bytes:
    return draw_sketch(_with_tips(make_back()), _plan())


def _with_tips(anatomy: Anatomy) -> Anatomy:
    tips = [
        structure(f"sp:{name}", box((-3, 20, low), (3, 50, low + 10)))
        for name, low in (("L3", 38), ("L4", 4), ("L5", -30))
    ]
    # one that was cut away leaves nothing to touch
    gone = structure("sp:L2", box((0, 0, 0), (1, 1, 1)))
    empty = type(gone)(gone.key, _emptied(gone.region), gone.origin, gone.sigma_mm)
    more = {one.key: one for one in (*tips, empty)}
    return _with(anatomy, structures={**anatomy.structures, **more})


def _emptied(region: object) -> object:
    return type(region)(np.zeros_like(region.values), region.lps_from_ijk, region.frame_id)


@pytest.mark.parametrize("side", list(Side))
def test_every_page_has_status_level_side_and_the_hash(side: Side, the_sketch: bytes) -> None:
    plan = _plan(side, status="needs_confirmation", findings=(ASKED,))
    found = make_procedure(make_back(side), plan)
    pages = _pages(print_procedure(found, the_sketch))
    assert len(pages) in (2, 3)
    for page in pages:
        assert "needs_confirmation. Nobody has answered PL-090" in page
        assert f"L4-L5 {side.value.upper()} SIDE" in page
        assert "c0c0c0c0c0c0c0c0" in page
        assert "Not a medical device" in page
    assert "c0" * 32 in "".join(pages[-1].split())


def test_the_print_says_the_same_numbers_and_gives_the_same_bytes(the_sketch: bytes) -> None:
    found = make_procedure(make_back(), _plan())
    first = print_procedure(found, the_sketch)
    assert first == print_procedure(found, the_sketch)
    text = " ".join("".join(_pages(first)).split())
    assert "100 mm to the patient's left of the midline, 111 mm along the skin by tape" in text
    assert "Docked at the annulus [M]" in text
    assert "between the fourth lumbar and fifth lumbar vertebra" in text


def test_tools_of_one_stage_that_end_together_share_a_row() -> None:
    plan = _plan()
    wide = plan.stages[1].model_copy(update={"instrument": "dilator-6.5", "radius_mm": 3.25})
    stages = (plan.stages[0], plan.stages[1], wide, *plan.stages[2:])
    rows = sheet_data(make_procedure(make_back(), plan.model_copy(update={"stages": stages})))
    dilators = [row for row in rows["tools"] if row[0] == "dilator"]
    assert [row[2] for row in dilators] == ["5, 6.5"]
    assert [row[0] for row in rows["tools"]] == ["needle", "dilator", "reamer", "cannula"]


def test_what_stops_comes_first_and_each_report_once() -> None:
    rows = sheet_data(make_procedure(make_back(), _plan()))["reports"]
    marks = [row[-1] for row in rows]
    assert marks == sorted(marks, reverse=True)
    assert len({row[0] for row in rows}) == len(rows)


def test_the_sketch_has_the_entry_on_the_patients_own_side() -> None:
    for side, x in ((Side.LEFT, 100.0), (Side.RIGHT, -100.0)):
        picture = find_picture(make_back(side), _plan(side))
        assert picture.entry_mm == (x, -12.4)
        assert picture.disc_line_lps_mm == pytest.approx(12.4)


@pytest.mark.parametrize(("side", "x_mm"), [(Side.LEFT, -100.0), (Side.RIGHT, 100.0)])
def test_seen_from_behind_the_left_is_on_the_left(
    side: Side, x_mm: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def keep(axes: Axes, x: float, y: float, words: str) -> None:
        low, high = axes.get_xlim()
        drawn.append((x, y, low < x < high, words))

    monkeypatch.setattr("kambin.report.procedure_sketch.draw_entry", keep)
    draw_sketch(make_back(side), _plan(side))
    assert drawn == [(x_mm, -12.4, True, "")]


def test_tips_of_the_level_are_named(the_sketch: bytes) -> None:
    bare = draw_sketch(make_back(), _plan())
    assert the_sketch != bare
    assert the_sketch == draw_sketch(_with_tips(make_back()), _plan())
