"""Load first, replace after: a failed opening, import or change keeps the case that is open."""

from pathlib import Path

import numpy as np
import pytest
from tests.fault.made_files import L4, ras_affine, save, save_spine, spine_labels
from tests.unit.app.logic.made_session import NoonClock, deliver_plan, moved_session

from kambin.anatomy import Level, StructureKey
from kambin.app.logic import editing
from kambin.app.logic.opening import open_task, refresh_case
from kambin.app.logic.session import Session
from kambin.app.logic.sources import ImportWish, import_task, phantom_task
from kambin.app.logic.stale import is_stale
from kambin.app.logic.tasks import run_now
from kambin.core import InputError, KambinError, RequestError, StoreError
from kambin.exchange import import_case, read_case
from kambin.exchange.markups import DrawnCurve
from kambin.frames import Side
from kambin.phantom import PhantomParameters


@pytest.fixture
def a_case(tmp_path: Path) -> Path:
    """A tiny made patient, imported."""
    files = tmp_path / "files"
    files.mkdir()
    image, labels = save_spine(files)
    return import_case(image=image, labels=[labels], out=tmp_path / "case")


@pytest.fixture
def session(a_case: Path) -> Session:
    made = Session(clock=NoonClock())
    run_now(open_task(made, a_case))
    return made


def test_an_opened_case_is_shown_from_its_middle_with_its_findings(session: Session) -> None:
    checked = session.checked
    assert checked is not None
    assert checked.findings
    assert session.place is None
    assert session.step == "case"
    labels = checked.case.labels
    assert labels.ijk(session.cursor_lps_mm) == pytest.approx((np.array(labels.shape) - 1) / 2)


def test_a_folder_that_is_no_case_keeps_the_old_one(session: Session, tmp_path: Path) -> None:
    before = (session.folder, session.checked)
    heard: list[str] = []
    session.subscribe(heard.append)
    with pytest.raises(StoreError) as refused:
        run_now(open_task(session, tmp_path / "nothing"))
    assert refused.value.code == "ST-005"
    assert (session.folder, session.checked) == before
    assert heard == []


def test_a_damaged_case_keeps_the_old_one(session: Session, a_case: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in a_case.iterdir():
        data = file.read_bytes()
        (other / file.name).write_bytes(data[: len(data) // 2] if "nii" in file.name else data)
    before = session.checked
    with pytest.raises(KambinError):
        run_now(open_task(session, other))
    assert session.checked is before


def test_another_case_leaves_nothing_of_the_one_before(session: Session, a_case: Path) -> None:
    moved = moved_session()
    session.place, session.history, session.ground = moved.place, moved.history, moved.ground
    session.hidden, session.is_locked = frozenset({"skin"}), True
    run_now(open_task(session, a_case))
    assert session.place is None
    assert session.history is None
    assert session.ground is None
    assert session.answer is None
    assert not session.hidden
    assert not session.is_locked


def test_files_are_imported_and_opened(tmp_path: Path) -> None:
    image, labels = save_spine(tmp_path)
    session = Session()
    run_now(import_task(session, ImportWish(image, (labels,)), tmp_path / "made"))
    assert session.folder == tmp_path / "made"
    assert session.checked is not None
    assert session.checked.case.image is not None


def test_a_failed_import_keeps_the_case_and_makes_no_folder(
    session: Session, tmp_path: Path
) -> None:
    before, wrong = session.checked, tmp_path / "ct.nii"
    wrong.write_bytes(b"no image")
    _, labels = save_spine(tmp_path / "files")
    with pytest.raises(InputError):
        run_now(import_task(session, ImportWish(wrong, (labels,)), tmp_path / "made"))
    assert session.checked is before
    assert not (tmp_path / "made").exists()


def test_nothing_is_imported_over_what_is_there(session: Session, a_case: Path) -> None:
    with pytest.raises(StoreError) as refused:
        import_task(session, ImportWish(None, ("labels.nii",)), a_case)
    assert refused.value.code == "ST-002"
    with pytest.raises(StoreError):
        phantom_task(session, PhantomParameters(Level("L4", "L5"), Side.LEFT), a_case)


def test_a_patient_made_by_code_is_opened(tmp_path: Path, a_case: Path) -> None:
    session, asked = Session(), PhantomParameters(Level("L4", "L5"), Side.LEFT, spacing_mm=3.0)
    with pytest.MonkeyPatch.context() as patch:
        given: list[object] = []
        patch.setattr("kambin.app.logic.sources.build_phantom", lambda p, progress: given.append(p))
        patch.setattr("kambin.app.logic.sources.write_phantom", lambda _made, _out: a_case)
        run_now(phantom_task(session, asked, tmp_path / "made"))
    assert given == [asked]
    assert session.folder == a_case


def test_a_changed_mask_makes_older_plans_stale_and_says_so(
    session: Session, tmp_path: Path
) -> None:
    session.place = moved_session().place
    session.anatomy = moved_session().anatomy
    deliver_plan(session)
    assert not is_stale(session)
    mask = (spine_labels() == L4).astype(np.uint8)
    mask[:, :, 14] = 0
    file = save(tmp_path / "l4.nii", mask)
    run_now(editing.replace_mask_task(session, "vertebra:L4", file))
    assert is_stale(session)
    assert session.anatomy is None
    assert session.messages[-1].code == "PL-020"
    # a person confirmed the place, and the person is still the same
    assert session.place is not None


def test_a_mask_on_another_grid_changes_nothing(session: Session, tmp_path: Path) -> None:
    before = session.checked
    mask = (spine_labels() == L4).astype(np.uint8)
    file = save(tmp_path / "l4.nii", mask, ras_affine(3.0))
    with pytest.raises(InputError) as refused:
        run_now(editing.replace_mask_task(session, "vertebra:L4", file))
    assert refused.value.code == "IN-012"
    assert session.checked is before


def test_a_root_is_drawn_and_drawn_anew(session: Session) -> None:
    assert session.folder is not None
    assert session.checked is not None
    key, labels = StructureKey.parse("exiting_root:L4:left"), session.checked.case.labels
    ends = labels.lps_mm([[8, 8, 12], [4, 10, 8]])
    run_now(editing.draw_root_task(session, str(key), DrawnCurve(ends, None)))
    assert session.checked is not None
    assert session.checked.case.drawn[key].points_lps_mm == pytest.approx(ends)
    # nobody measured its radius, which is said with every other check
    assert "AN-402" in {finding.code for finding in session.checked.findings}
    curve = DrawnCurve(ends[::-1].copy(), np.array([1.5, 1.5]))
    run_now(editing.draw_root_task(session, str(key), curve))
    drawn = read_case(session.folder).drawn
    assert list(drawn) == [key]
    assert drawn[key].radii_mm == pytest.approx([1.5, 1.5])


def test_a_root_outside_the_image_is_refused(session: Session) -> None:
    before = session.checked
    curve = DrawnCurve(np.array([[0.0, 0, 0], [1000.0, 0, 0]]), None)
    with pytest.raises(InputError) as refused:
        run_now(editing.draw_root_task(session, "exiting_root:L4:left", curve))
    assert refused.value.code == "IN-091"
    assert session.checked is before
    with pytest.raises(RequestError):
        run_now(editing.draw_root_task(session, "aorta", curve))


def test_taking_out_a_fragment_that_is_not_there_is_refused(session: Session) -> None:
    with pytest.raises(RequestError) as refused:
        run_now(editing.remove_fragment_task(session))
    assert refused.value.code == "RQ-081"


def test_without_a_case_nothing_can_be_changed() -> None:
    with pytest.raises(RequestError) as refused:
        editing.remove_fragment_task(Session())
    assert refused.value.code == "RQ-181"


def test_a_structure_is_hidden_and_shown_without_changing_the_case(session: Session) -> None:
    before = session.checked
    editing.show_structure(session, "vertebra:L4", shown=False)
    assert session.hidden == {"vertebra:L4"}
    editing.show_structure(session, "vertebra:L4", shown=True)
    assert session.hidden == frozenset()
    assert session.checked is before


def test_the_same_content_read_again_keeps_the_anatomy(session: Session) -> None:
    session.anatomy = moved_session().anatomy
    assert session.checked is not None
    refresh_case(session, session.checked)
    assert session.anatomy is not None
