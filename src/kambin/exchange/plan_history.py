"""The versions of a plan: each write keeps the one before, and undo and redo walk among them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from kambin.core import RequestError, StoreError
from kambin.exchange.chains import Entry, add_entry, find_head, log_changed, read_log, write_log
from kambin.exchange.documents import to_json, write_bytes_atomically, writing_failed
from kambin.exchange.plan_shelf import Shelf
from kambin.exchange.signatures import is_locked
from kambin.planning import Plan, Refusal, round_document, seal_plan

_MOVES = {"undone": -1, "redone": 1}
_NEW = ("written", "found")


@dataclass(frozen=True, slots=True)
class Version:
    """One state of a plan that was written.

    Parameters
    ----------
    number : int, from 1
    kind : str, ``plan`` or ``refusal``
    file_sha256, content_sha256 : str, of its bytes and of what it says
    level, side : str, what was planned
    at : str, moment, ISO 8601
    origin : str, ``written`` by Kambin or ``found`` beside its history
    """

    number: int
    kind: str
    file_sha256: str
    content_sha256: str
    level: str
    side: str
    at: str
    origin: str


@dataclass(frozen=True, slots=True)
class History:
    """What became of a plan.

    Parameters
    ----------
    versions : tuple of Version, all that ever were, by number
    line : numbers of the versions among which undo and redo walk
    place : int, index of the present version in the line, -1 if there is none
    head_sha256 : str, hash of the whole log; another head means that somebody wrote
    events : the entries of the log
    """

    versions: tuple[Version, ...] = ()
    line: tuple[int, ...] = ()
    place: int = -1
    head_sha256: str = find_head(())
    events: tuple[Entry, ...] = ()

    @property
    def current(self) -> Version | None:
        """Return the version that is the plan now, or none before the first."""
        return self.versions[self.line[self.place] - 1] if self.place >= 0 else None

    @property
    def undone(self) -> Version | None:
        """Return the version that an undo goes back to, or none."""
        return self.versions[self.line[self.place - 1] - 1] if self.place > 0 else None

    @property
    def redone(self) -> Version | None:
        """Return the version that a redo goes forward to, or none."""
        after = self.line[self.place + 1 :]
        return self.versions[after[0] - 1] if after else None


def read_history(place: Path) -> History:
    """Return the history of a plan, empty if none was kept.

    Parameters
    ----------
    place : plan file, or the folder that holds it

    Raises
    ------
    StoreError  (ST-011) if it was changed; (ST-004) if it is of a newer version
    """
    file = Shelf.at(place).history_file
    history = History()
    for entry in read_log(file):
        history = _replay(history, entry, file)
    return history


def keep_answer(
    answer: Plan | Refusal,
    place: Path,
    *,
    at: str,
    expected: str | None = None,
    new_version: bool = False,
) -> Path:
    """Write a plan or a refusal as the next version; the version before is kept.

    Parameters
    ----------
    answer : Plan or Refusal
    place : the folder, or the file of the plan
    at : str, moment, ISO 8601
    expected : str, head of the history that the answer was made for, or none not to ask
    new_version : bool, write although the present version is locked

    Returns
    -------
    the file that was written

    Raises
    ------
    StoreError  (ST-010) if the present version is locked; (ST-012) if somebody else wrote since
        ``expected``; (ST-011) if history or signatures were changed; (ST-001) if it cannot be
        written

    Notes
    -----
    The new version is on the disk, whole, before the history names it, and the history names it
    before the plan is replaced: a process that is stopped in between is finished at the next call.
    """
    shelf = Shelf.at(place)
    kind = "plan" if isinstance(answer, Plan) else "refusal"
    whole = seal_plan(answer) if isinstance(answer, Plan) else round_document(answer)
    data = to_json(whole).encode("utf-8")
    with shelf.alone():
        before = read_history(shelf.answer_file("plan"))
        if expected is not None and expected != before.head_sha256:
            raise _conflict(shelf, before)
        history = settle_history(shelf, at)
        current = history.current
        if current is None or current.file_sha256 != sha256(data).hexdigest():
            _require_free(shelf, history, new_version=new_version)
            _write_version(shelf, history, kind, data, at)
    return shelf.answer_file(kind)


def require_replaceable(place: Path) -> str:
    """Refuse a place whose plan is locked, before anything is computed for it.

    Parameters
    ----------
    place : plan file, or the folder that holds it or will

    Returns
    -------
    head of its history, by which ``keep_answer`` sees whether somebody else wrote since

    Raises
    ------
    StoreError  (ST-010) if it is locked; (ST-011) if history or signatures were changed
    """
    shelf, history = Shelf.at(place), read_history(place)
    _require_free(shelf, history, new_version=False)
    return history.head_sha256


def step_history(place: Path, *, back: bool, at: str) -> Version:
    """Bring the version before, or the next one again, back as the plan.

    Parameters
    ----------
    place : plan file, or the folder that holds it
    back : bool, undo; else redo
    at : str, moment, ISO 8601

    Returns
    -------
    Version that is the plan now

    Raises
    ------
    RequestError  (RQ-101) if there is none
    StoreError  (ST-010) if the present version is locked; (ST-011, ST-001) as ``keep_answer``
    """
    shelf = Shelf.at(place)
    # a place that is not there is not made by asking for its past
    if not (shelf.history_file.exists() or shelf.find_answers()):
        raise _nowhere(shelf, back=back)
    with shelf.alone():
        history = settle_history(shelf, at)
        wanted = history.undone if back else history.redone
        if wanted is None:
            raise _nowhere(shelf, back=back)
        _require_free(shelf, history, new_version=False)
        data = _read_version(shelf, wanted)
        if history.current is not None:
            _keep_current(shelf, history.current)
        event = {"event": "undone" if back else "redone", "version": wanted.number, "at": at}
        write_log(shelf.history_file, add_entry(history.events, event))
        _replace_answer(shelf, wanted.kind, data)
    return wanted


def note_act(shelf: Shelf, act_sha256: str, *, event: str, at: str) -> None:
    """Write into the history that the plan was signed or locked; the caller is alone on the shelf.

    Parameters
    ----------
    shelf : Shelf
    act_sha256 : str, of the entry among the signatures
    event : str, ``signed`` or ``locked``
    at : str, moment, ISO 8601
    """
    entries = read_history(shelf.answer_file("plan")).events
    said = {"event": event, "act_sha256": act_sha256, "at": at}
    write_log(shelf.history_file, add_entry(entries, said))


def settle_history(shelf: Shelf, at: str) -> History:
    """Finish what was stopped, and take up what lies there without a history.

    Parameters
    ----------
    shelf : Shelf on which the caller is alone
    at : str, moment, ISO 8601

    Raises
    ------
    StoreError  (ST-011) if a locked plan was replaced, or history or signatures were changed
    """
    history = read_history(shelf.answer_file("plan"))
    here, current = shelf.find_answers(), history.current
    if current is None:
        for kind in _find_kinds(shelf, here):
            history = _take_up(shelf, history, kind, here[kind][1], at)
        return history
    if here.get(current.kind, ("",))[0] == current.file_sha256:
        _replace_answer(shelf, current.kind, None)
        return history
    if is_stopped(shelf, history):
        _replace_answer(shelf, current.kind, _read_version(shelf, current))
        return history
    if is_locked(shelf.signatures_file, current.content_sha256):
        raise log_changed(
            shelf.answer_file(current.kind), "It is locked, and not the plan that was locked."
        )
    for kind, (_, data) in here.items():
        history = _take_up(shelf, history, kind, data, at)
    return history


def find_present_file(folder: Path) -> Path | None:
    """Return which of a plan and a refusal in one folder is the answer, where both lie there.

    Notes
    -----
    Both lie there only where a write was stopped. The history then knows which was meant; without
    one it is the refusal, so that no plan counts that may have been taken back.
    """
    shelf = Shelf(Path(folder))
    if len(shelf.find_answers()) < len(("plan", "refusal")):
        return None
    try:
        current = read_history(shelf.folder).current
    except StoreError:
        current = None
    return shelf.answer_file("refusal" if current is None else current.kind)


def _replay(history: History, entry: Entry, file: Path) -> History:
    """Return the history after one more entry of its log."""
    found = replace(history, events=(*history.events, entry), head_sha256=str(entry["sha256"]))
    event = entry["event"]
    if event in _NEW:
        number = len(history.versions) + 1
        version = _version(number, entry)
        line = (*history.line[: history.place + 1], number)
        return replace(found, versions=(*history.versions, version), line=line, place=len(line) - 1)
    if event in _MOVES:
        place = history.place + _MOVES[event]
        # an honest log never leaves its line; a forged one must not lead to another version
        if not 0 <= place < len(history.line) or history.line[place] != entry["version"]:
            raise log_changed(file, "It names a version that was not there.")
        return replace(found, place=place)
    return found


def _version(number: int, entry: Entry) -> Version:
    return Version(
        number=number,
        kind=str(entry["kind"]),
        file_sha256=str(entry["file_sha256"]),
        content_sha256=str(entry["content_sha256"]),
        level=str(entry["level"]),
        side=str(entry["side"]),
        at=str(entry["at"]),
        origin=str(entry["event"]),
    )


def _find_kinds(shelf: Shelf, here: Mapping[str, object]) -> tuple[str, ...]:
    """Return the kinds of answers to take up, the one that counts last."""
    kept = find_present_file(shelf.folder) if len(here) > 1 else None
    return tuple(sorted(here, key=lambda kind: kept == shelf.answer_file(kind)))


def is_stopped(shelf: Shelf, history: History) -> bool:
    """Return whether a write was stopped between naming the version and replacing the plan."""
    here, current = {digest for digest, _ in shelf.find_answers().values()}, history.current
    known = {version.file_sha256 for version in history.versions}
    if current is None or current.file_sha256 in here or not here <= known:
        return False
    return shelf.version_file(current.number).is_file()


def _take_up(shelf: Shelf, history: History, kind: str, data: bytes, at: str) -> History:
    """Return the history with an answer that it did not know as its newest version."""
    event = _describe(kind, data, "found", at)
    write_log(shelf.history_file, add_entry(history.events, event))
    return read_history(shelf.answer_file("plan"))


def _write_version(shelf: Shelf, history: History, kind: str, data: bytes, at: str) -> None:
    number = len(history.versions) + 1
    entries = add_entry(history.events, _describe(kind, data, "written", at))
    if history.current is None:
        # nothing to lose yet: the answer first, and its history at once after it
        write_bytes_atomically(shelf.answer_file(kind), data)
    else:
        _keep_current(shelf, history.current)
        write_bytes_atomically(shelf.version_file(number), data)
    write_log(shelf.history_file, entries)
    _replace_answer(shelf, kind, None if history.current is None else data)


def _keep_current(shelf: Shelf, current: Version) -> None:
    """Keep the bytes of the present version before it is replaced."""
    file, answer = shelf.version_file(current.number), shelf.answer_file(current.kind)
    if not file.exists() and answer.is_file():
        write_bytes_atomically(file, answer.read_bytes())


def _replace_answer(shelf: Shelf, kind: str, data: bytes | None) -> None:
    """Let an answer be the one that lies there; the other kind goes away."""
    file = shelf.answer_file(kind)
    if data is not None:
        write_bytes_atomically(file, data)
    other = shelf.answer_file("refusal" if kind == "plan" else "plan")
    if other == file:
        return
    try:
        # an old plan beside a new refusal would be taken for the answer
        other.unlink(missing_ok=True)
    except OSError as error:
        raise writing_failed(other, 0, error) from error


def _read_version(shelf: Shelf, version: Version) -> bytes:
    """Return the bytes of a version, or refuse what is not what was kept."""
    file = shelf.version_file(version.number)
    answer = shelf.answer_file(version.kind)
    for source in (file, answer):
        if source.is_file():
            data = source.read_bytes()
            if sha256(data).hexdigest() == version.file_sha256:
                return data
    raise log_changed(file, f"Version {version.number} is missing or is not what was kept.")


def _describe(kind: str, data: bytes, event: str, at: str) -> dict[str, Any]:
    """Return what the history says of one version."""
    try:
        document = json.loads(data)
    except ValueError:
        document = None
    said = document if isinstance(document, dict) else {}
    return {
        "event": event,
        "kind": kind,
        "file_sha256": sha256(data).hexdigest(),
        # of what is no plan of ours, its bytes
        "content_sha256": said.get("content_sha256") or sha256(data).hexdigest(),
        "level": said.get("level"),
        "side": said.get("side"),
        "at": at,
    }


def _require_free(shelf: Shelf, history: History, *, new_version: bool) -> None:
    current = history.current
    if current is None or not is_locked(shelf.signatures_file, current.content_sha256):
        return
    if not new_version:
        raise StoreError(
            code="ST-010",
            what="The plan is locked",
            where=shelf.answer_file(current.kind).name,
            why=f"Version {current.number} was signed and locked; it is not replaced unasked.",
            next_step="Plan into another folder, or add --new-version: the locked version is kept.",
        )


def _conflict(shelf: Shelf, history: History) -> StoreError:
    current = history.current
    which = "another one" if current is None else f"version {current.number} of {current.at}"
    return StoreError(
        code="ST-012",
        what="Somebody else changed the plan meanwhile",
        where=shelf.folder.name,
        why=f"While this one was made, {which} became the plan; nothing was replaced.",
        next_step="Look at both: plan into another folder, then compare them with kambin diff.",
    )


def _nowhere(shelf: Shelf, *, back: bool) -> RequestError:
    return RequestError(
        code="RQ-101",
        what=f"There is nothing to {'undo' if back else 'redo'}",
        where=shelf.folder.name,
        why="The history holds no version "
        + ("before the present one." if back else "after the present one."),
        next_step="See the versions with kambin history.",
    )
