"""Where a case comes from: the form is handed on whole, and who the patient is never kept."""

from pathlib import Path
from typing import Any

import pytest
from tests.unit.app.logic.made_session import made_checked, opened_session

from kambin.anatomy import Level
from kambin.app.logic import sources
from kambin.app.logic.session import Session
from kambin.app.logic.sources import ImportWish, import_task, phantom_task
from kambin.app.logic.tasks import Cancelled, run_now
from kambin.core import StoreError
from kambin.frames import Side
from kambin.phantom import PhantomParameters

PATIENT = PhantomParameters(Level("L4", "L5"), Side.LEFT)
WISH = ImportWish(
    Path("ct.nii"), ("labels.nii",), "own", "L5", Path("f.nii"), ("KEY=FILE",), "3", deshear=True
)


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What was imported; the folder is a case afterwards."""
    given: list[dict[str, Any]] = []

    def take(**named: Any) -> Path:
        given.append(named)
        out: Path = named["out"]
        return out

    monkeypatch.setattr(sources, "import_case", take)
    monkeypatch.setattr(sources, "read_checked_case", made_checked)
    return given


def test_the_form_is_handed_on_whole_and_no_identity_is_kept(
    made: list[dict[str, Any]], tmp_path: Path
) -> None:
    session = Session()
    run_now(import_task(session, WISH, tmp_path / "new"))
    (given,) = made
    for name in ("image", "labels", "dialect", "lowest", "fragment", "roots"):
        assert given[name] == getattr(WISH, name)
    assert (given["dicom"].series, given["dicom"].deshear) == ("3", True)
    assert given["dicom"].keep_identity is False
    assert session.folder == tmp_path / "new"


def test_a_new_case_leaves_neither_place_nor_path_of_the_old_one(
    made: list[dict[str, Any]], tmp_path: Path
) -> None:
    session = opened_session(tmp_path / "old")
    run_now(import_task(session, WISH, tmp_path / "new"))
    assert len(made) == 1
    assert session.place is session.history is session.ground is None


def test_called_off_before_it_reads_nothing_is_made(
    made: list[dict[str, Any]], tmp_path: Path
) -> None:
    class Stop:
        def step(self, what: str, done: int, total: int) -> None:
            raise Cancelled(what, done, total)

    session = opened_session(tmp_path / "old")
    with pytest.raises(Cancelled):
        run_now(import_task(session, WISH, tmp_path / "new"), Stop())
    assert made == []
    assert session.folder == tmp_path / "old"


def test_nothing_is_made_where_something_lies(made: list[dict[str, Any]], tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept", "utf-8")
    for task in (
        lambda s: import_task(s, WISH, tmp_path),
        lambda s: phantom_task(s, PATIENT, tmp_path),
    ):
        with pytest.raises(StoreError) as refused:
            task(Session())
        assert refused.value.code == "ST-002"
    assert made == []
