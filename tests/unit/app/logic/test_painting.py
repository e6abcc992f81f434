"""Painting the fragment: strokes that can be undone, kept, killed and taken up again."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.unit.app.logic.made_session import NoonClock, made_checked, written_session

from kambin.anatomy import Origin
from kambin.anatomy.fragment import find_note, has_fragment
from kambin.anatomy.fragment_brush import Stroke, paint
from kambin.app.logic import autosave, editing, painting
from kambin.app.logic.autosave import SAVED_FILE
from kambin.app.logic.opening import take_case
from kambin.app.logic.painted_preview import PaintedPreview
from kambin.app.logic.session import Session
from kambin.app.logic.tasks import run_now
from kambin.core import RequestError, SilentProgress
from kambin.desk import edits
from kambin.desk.gate import CheckedCase
from kambin.exchange import read_case
from kambin.exchange.strokes import MOST_STROKES, STROKES_FILE, read_strokes

HERE = np.array([6.0, 12.0, 3.0])
ASIDE = np.array([9.0, 12.0, 3.0])


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Session:
    """A session at the step of the anatomy with the brush out, its case in a folder."""

    def read(folder: Path) -> CheckedCase:
        # the checks of a spine of boxes are not what is tested here
        return replace(made_checked(folder), case=read_case(folder))

    monkeypatch.setattr(editing, "read_checked_case", read)
    session = written_session(tmp_path / "case")
    session.step = "anatomy"
    painting.begin_painting(session)
    return session


def _dab(
    session: Session, *places: np.ndarray, radius_mm: float = 3.0, erases: bool = False
) -> None:
    painting.move_brush(session, places, radius_mm, erases=erases, done=True)


def _strokes(session: Session) -> tuple[Stroke, ...]:
    assert session.painting is not None
    return session.painting.strokes


def _sha(session: Session) -> str:
    assert session.checked is not None
    return session.checked.case.sha256


def test_a_hand_that_draws_makes_one_stroke_when_it_lets_go(session: Session) -> None:
    heard: list[str] = []
    session.subscribe(heard.append)
    painting.move_brush(session, [HERE], 3.0, erases=False, done=False)
    painting.move_brush(session, [HERE + 2, ASIDE], 3.0, erases=False, done=False)
    assert _strokes(session) == ()
    # nothing is saved while it draws
    assert set(heard) == {"cursor"}
    painting.move_brush(session, [ASIDE + 1], 3.0, erases=False, done=True)
    (stroke,) = _strokes(session)
    assert stroke.points_lps_mm == tuple(tuple(p) for p in (HERE, HERE + 2, ASIDE, ASIDE + 1))
    assert (stroke.radius_mm, stroke.erases) == (3.0, False)
    assert "anatomy" in heard


def test_one_stroke_has_the_brush_with_which_it_was_begun(session: Session) -> None:
    painting.move_brush(session, [HERE], 3.0, erases=True, done=False)
    painting.move_brush(session, [ASIDE], 5.0, erases=False, done=True)
    (stroke,) = _strokes(session)
    assert (stroke.radius_mm, stroke.erases) == (3.0, True)


def test_a_hand_that_trembles_makes_no_points(session: Session) -> None:
    _dab(session, HERE, HERE + 0.01, HERE + 0.02, ASIDE)
    assert len(_strokes(session)[0].points_lps_mm) == 2


def test_strokes_are_undone_and_painted_again_and_a_new_one_forgets_the_undone(
    session: Session,
) -> None:
    for place in (HERE, ASIDE, HERE + 5):
        _dab(session, place)
    three = _strokes(session)
    painting.undo_stroke(session)
    painting.undo_stroke(session)
    assert _strokes(session) == three[:1]
    painting.redo_stroke(session)
    assert _strokes(session) == three[:2]
    _dab(session, HERE - 5)
    painting.redo_stroke(session)
    assert _strokes(session)[:2] == three[:2]
    assert len(_strokes(session)) == 3
    for _ in range(5):
        painting.undo_stroke(session)
    assert _strokes(session) == ()


def test_what_is_kept_is_the_fragment_and_the_file_paints_the_same_bytes(
    session: Session, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tmp_path / "case", tmp_path / "copy"))
    _dab(session, HERE, ASIDE)
    _dab(session, HERE, radius_mm=1.5, erases=True)
    run_now(painting.keep_task(session))
    assert session.checked is not None
    case = session.checked.case
    assert has_fragment(case)
    note = find_note(case.source)
    assert note is not None
    assert note.origin is Origin.DRAWN
    # as the command line does it, from the file that lies there
    file = tmp_path / "case" / STROKES_FILE
    assert read_strokes(file) == _strokes(session)
    edits.place_painted(copy, read_strokes(file))
    for name in ("case.json", "labels.nii.gz", STROKES_FILE):
        assert (copy / name).read_bytes() == (tmp_path / "case" / name).read_bytes()


def test_a_kept_stroke_is_undone_in_the_case_as_well(session: Session) -> None:
    bare = _sha(session)
    _dab(session, HERE)
    run_now(painting.keep_task(session))
    one = _sha(session)
    _dab(session, ASIDE)
    run_now(painting.keep_task(session))
    assert session.painting is not None
    assert session.painting.is_kept
    painting.undo_stroke(session)
    assert not session.painting.is_kept
    run_now(painting.keep_task(session))
    assert _sha(session) == one
    painting.undo_stroke(session)
    run_now(painting.keep_task(session))
    assert _sha(session) == bare


def test_strokes_that_came_while_it_was_written_stay_and_are_not_kept(session: Session) -> None:
    _dab(session, HERE)
    task = painting.keep_task(session)
    made = task.work(SilentProgress())
    _dab(session, ASIDE)
    task.take(made)
    assert session.painting is not None
    assert len(session.painting.strokes) == 2
    assert not session.painting.is_kept
    assert session.painting.case_sha256 == _sha(session)


def test_the_plan_aims_at_what_was_painted_and_no_longer_at_a_zone(session: Session) -> None:
    assert session.place is not None
    assert session.place.zone == "paracentral"
    _dab(session, HERE)
    run_now(painting.keep_task(session))
    assert session.place.zone is None
    assert session.wish.request_at(session.place).zone is None
    assert session.place.by
    assert "aim at the fragment" in session.messages[-1].what
    assert "paracentral" in session.messages[-1].why


def test_old_anatomy_and_numbers_go_with_the_edit(session: Session) -> None:
    assert session.anatomy is not None
    _dab(session, HERE)
    run_now(painting.keep_task(session))
    assert session.anatomy is session.ground is session.draft is None


def test_what_leaves_nothing_is_refused_and_nothing_changes(session: Session) -> None:
    before = _sha(session)
    _dab(session, HERE, erases=True)
    with pytest.raises(RequestError) as refused:
        run_now(painting.keep_task(session))
    assert refused.value.code == "RQ-086"
    assert _sha(session) == before


@pytest.mark.parametrize("radius_mm", [0.0, -2.0, 90.0])
def test_a_brush_that_nobody_can_hold_paints_nothing(session: Session, radius_mm: float) -> None:
    with pytest.raises(RequestError) as refused:
        _dab(session, HERE, radius_mm=radius_mm)
    assert refused.value.code == "RQ-085"
    assert _strokes(session) == ()


def test_there_is_an_end_of_strokes(session: Session) -> None:
    _dab(session, HERE)
    assert session.painting is not None
    session.painting = replace(session.painting, strokes=_strokes(session) * MOST_STROKES)
    with pytest.raises(RequestError) as refused:
        _dab(session, ASIDE)
    assert refused.value.code == "RQ-085"


def test_without_the_brush_nothing_is_painted(session: Session) -> None:
    painting.end_painting(session)
    for act in (painting.undo_stroke, painting.redo_stroke, painting.keep_task):
        with pytest.raises(RequestError) as refused:
            act(session)
        assert refused.value.code == "RQ-181"
    with pytest.raises(RequestError):
        _dab(session, HERE)
    session.place = None
    with pytest.raises(RequestError):
        painting.begin_painting(session)


def test_killed_and_opened_again_the_painting_is_there(session: Session, tmp_path: Path) -> None:
    autosave.attach(session)
    _dab(session, HERE)
    run_now(painting.keep_task(session))
    _dab(session, ASIDE)
    _dab(session, HERE + 4, erases=True)
    painting.undo_stroke(session)
    again = _opened(tmp_path / "case")
    assert again.place is None
    assert again.painting is not None
    assert replace(again.painting, case_sha256="") == replace(session.painting, case_sha256="")  # type: ignore[type-var]
    assert again.painting.case_sha256 == _sha(again) == _sha(session)


def test_a_painting_of_another_content_of_the_case_is_neither_saved_nor_kept(
    session: Session, tmp_path: Path
) -> None:
    autosave.attach(session)
    _dab(session, HERE)
    run_now(painting.keep_task(session))
    _dab(session, ASIDE)
    run_now(editing.remove_fragment_task(session))
    assert session.painting is None
    assert json.loads((tmp_path / "case" / SAVED_FILE).read_text("utf-8"))["painting"] is None
    assert not has_fragment(read_case(tmp_path / "case"))


def test_a_saved_stroke_that_is_none_is_set_aside(session: Session, tmp_path: Path) -> None:
    autosave.attach(session)
    _dab(session, HERE)
    file = tmp_path / "case" / SAVED_FILE
    document = json.loads(file.read_text("utf-8"))
    document["painting"]["strokes"][0]["radius_mm"] = 500.0
    file.write_text(json.dumps(document), "utf-8")
    again = _opened(tmp_path / "case")
    assert again.painting is None
    assert "set aside" in again.messages[-1].what


def _opened(folder: Path) -> Session:
    session = Session(clock=NoonClock())
    take_case(session, replace(made_checked(folder), case=read_case(folder)))
    return session


# what the slices show of it


def test_the_preview_is_what_will_be_kept(session: Session) -> None:
    preview = PaintedPreview()
    assert preview.region(session) is None
    _dab(session, HERE, ASIDE)
    painting.move_brush(session, [HERE - 3], 2.0, erases=True, done=False)
    region = preview.region(session)
    assert region is not None
    assert session.checked is not None
    assert session.painting is not None
    labels = session.checked.case.labels
    wanted = paint(labels, session.painting.shown)
    spacing = float(labels.spacing_mm.prod())
    assert (region.share > 0.5).sum() * spacing == pytest.approx(
        wanted.mask.sum() * spacing, rel=0.3
    )
    assert preview.region(session) is region
    # the stroke that is settled paints what it painted under the hand
    painting.move_brush(session, [HERE - 3.5], 2.0, erases=True, done=True)
    again = preview.region(session)
    assert again is not None
    assert (PaintedPreview().region(session).share == again.share).all()  # type: ignore[union-attr]


def test_the_preview_is_shown_at_its_own_step_alone(session: Session) -> None:
    preview = PaintedPreview()
    _dab(session, HERE)
    assert preview.region(session) is not None
    session.step = "plan"
    assert preview.region(session) is None
    session.step = "anatomy"
    _dab(session, HERE, radius_mm=5.0, erases=True)
    assert preview.region(session) is None
