"""Uploads: counted while they come, whole or not at all (W-9, W-10)."""

import asyncio
import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from pytest_socket import enable_socket
from tests.workstation import Answer, Running, running_workstation

from kambin.app.guard.messages import Permitted
from kambin.app.guard.receiving import LEASE_HEADER, UPLOADS, UploadDesk
from kambin.app.guard.uploads import Receiving, Upload, UploadLimits
from kambin.core import InputError

SMALL = UploadLimits(files=5, bytes_sent=5000, bytes_kept=9000, expansion=50, free_bytes=0)
LEASE = "lease of the tab that writes"
Part = tuple[str, str | None, bytes]


def _form(*parts: Part) -> tuple[bytes, str]:
    body = b""
    for role, name, data in parts:
        shown = "" if name is None else f'; filename="{name}"'
        head = f'--edge\r\nContent-Disposition: form-data; name="{role}"{shown}\r\n\r\n'
        body += head.encode() + data + b"\r\n"
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


@pytest.fixture(scope="module")
def received() -> list[Upload]:
    return []


@pytest.fixture(scope="module")
def a_desk(received: list[Upload]) -> Iterator[Running]:
    """A workstation with narrow limits; the tab that writes is known by its lease."""

    def screens(server, folder) -> Permitted:
        server.controller.upload_received = received.append
        return Permitted()

    enable_socket()
    with running_workstation(screens=screens) as running:
        desk: UploadDesk = running.workstation._desk
        desk._limits, desk._slow_s = SMALL, 0.3
        desk._may_upload = LEASE.__eq__
        yield running


def _send(
    running: Running,
    *parts: Part,
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    form, kind = _form(*parts)
    given = running.own_page | {"Content-Type": kind, LEASE_HEADER: LEASE} | dict(headers or {})
    return running.ask("/upload", method="POST", headers=given, body=body or form)


def _left(running: Running) -> list[Path]:
    assert running.workstation.private is not None
    return list(running.workstation.private.glob("upload-*"))


def _zip(**files: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return made.getvalue()


def test_files_are_handed_over_when_all_have_come(a_desk: Running, received: list[Upload]) -> None:
    answer = _send(
        a_desk,
        ("image", "../../MEIER^HANS.nii.gz", b"voxels"),
        ("labels", "C:\\labels.NII", b"labels"),
        ("mask", "sac", b"mask"),
    )
    assert answer.status == 200
    upload = received.pop()
    assert [(f.role, f.path.name) for f in upload.files] == [
        ("image", "00000.nii.gz"),
        ("labels", "00001.nii"),
        ("mask", "00002"),
    ]
    assert [f.path.read_bytes() for f in upload.files] == [b"voxels", b"labels", b"mask"]
    assert upload.of("image")[0].shown_name.endswith("MEIER^HANS.nii.gz")
    assert upload.folder.stat().st_mode & 0o077 == 0
    upload.discard()
    assert _left(a_desk) == []


def test_an_archive_is_handed_over_as_its_files(a_desk: Running, received: list[Upload]) -> None:
    packed = _zip(one=b"1", two=b"2")
    assert _send(a_desk, ("image", "study.zip", packed)).status == 200
    upload = received.pop()
    assert [f.path.read_bytes() for f in upload.of("image")] == [b"1", b"2"]
    assert sorted(p.name for p in (upload.folder / "image").iterdir()) == ["00000", "00001"]
    upload.discard()


@pytest.mark.parametrize(
    ("parts", "status", "code"),
    [
        ([("image", "a", bytes(5001))], 413, "IN-120"),
        ([("mask", f"{n}", b"x") for n in range(6)], 413, "IN-120"),
        ([("image", "a.zip", _zip(a=bytes(40_000)))], 413, "IN-120"),
        ([("image", "a.zip", _zip(**{str(n): b"x" for n in range(6)}))], 413, "IN-120"),
        ([("image", "a.zip", _zip(a=_zip(b=b"x")))], 400, "IN-067"),
        ([("image", "a.zip", _zip(a=b"x")[:-9])], 400, "IN-002"),
        ([("image", "a", b"good"), ("image", "b.zip", b"PK\x03\x04broken")], 400, "IN-002"),
        ([("../../etc", "a", b"x")], 400, "IN-121"),
        ([("image", None, b"x")], 400, "IN-121"),
        ([("image", "a", b"x"), ("comment", None, b"x")], 400, "IN-121"),
        ([], 400, "IN-121"),
    ],
)
def test_a_refused_upload_leaves_nothing_and_changes_nothing(
    a_desk: Running, received: list[Upload], parts: list[Part], status: int, code: str
) -> None:
    answer = _send(a_desk, *parts)
    assert (answer.status, answer.code) == (status, code)
    assert received == []
    assert _left(a_desk) == []


# what the library says of a header that was cut; without the tests it says so in no log of ours
@pytest.mark.filterwarnings("ignore::aiohttp.multipart.BadContentDispositionHeader")
def test_what_breaks_off_leaves_nothing(a_desk: Running, received: list[Upload]) -> None:
    whole, _ = _form(("image", "a", b"x" * 2000))
    for body in (whole[:-300], whole[:60], b"--other\r\n", b"", b"\r\n" * 9):
        answer = _send(a_desk, body=body or b" ")
        assert answer.status == 400
        assert answer.code == "IN-121"
    assert received == []
    assert _left(a_desk) == []


def test_what_is_no_form_is_refused(a_desk: Running) -> None:
    answer = _send(a_desk, body=b"{}", headers={"Content-Type": "application/json"})
    assert (answer.status, answer.code) == (400, "IN-121")


def test_only_the_tab_that_writes_uploads(a_desk: Running, received: list[Upload]) -> None:
    for lease in ("", "another"):
        answer = _send(a_desk, ("image", "a", b"x"), headers={LEASE_HEADER: lease})
        assert (answer.status, answer.code) == (409, "SE-015")
    assert received == []


def test_a_foreign_page_uploads_nothing(a_desk: Running, received: list[Upload]) -> None:
    foreign = {"Origin": "http://evil.example", "Sec-Fetch-Site": "cross-site"}
    assert _send(a_desk, ("image", "a", b"x"), headers=foreign).code == "SE-011"
    assert received == []


def test_only_so_many_come_at_once(a_desk: Running) -> None:
    desk = a_desk.workstation._desk
    desk._coming = UPLOADS
    try:
        assert _send(a_desk, ("image", "a", b"x")).code == "SE-014"
    finally:
        desk._coming = 0


def test_a_silent_upload_is_ended(a_desk: Running, received: list[Upload]) -> None:
    async def story() -> bytes:
        body, kind = _form(("image", "a", b"x"))
        reader, writer = await asyncio.open_connection("127.0.0.1", a_desk.port)
        given = a_desk.own_page | {
            "Host": f"127.0.0.1:{a_desk.port}",
            "Content-Type": kind,
            LEASE_HEADER: LEASE,
            "Content-Length": str(len(body) + 100),
        }
        lines = [f"{name}: {value}" for name, value in given.items()]
        head = "POST /upload HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n"
        writer.write(head.encode() + body[:-20])
        answer = await asyncio.wait_for(reader.read(4000), 5)
        writer.close()
        await writer.wait_closed()
        return answer

    assert b"IN-120" in asyncio.run(story())
    assert received == []
    assert _left(a_desk) == []


def test_without_anyone_to_take_it_an_upload_is_gone() -> None:
    with running_workstation(screens=lambda server, folder: Permitted()) as running:
        running.workstation._desk._may_upload = LEASE.__eq__
        assert _send(running, ("image", "a", b"x")).code == "SE-013"
        assert _left(running) == []


def test_what_nobody_took_is_gone_at_the_end(received: list[Upload]) -> None:
    def screens(server, folder) -> Permitted:
        server.controller.upload_received = received.append
        return Permitted()

    with running_workstation(screens=screens) as running:
        running.workstation._desk._may_upload = LEASE.__eq__
        assert _send(running, ("image", "a", b"x")).status == 200
        folder = received.pop().folder
        assert folder.is_dir()
    assert not folder.exists()


def test_a_disk_that_would_be_full_is_left_alone(tmp_path: Path) -> None:
    limits = UploadLimits(free_bytes=1000)
    with Receiving(tmp_path, limits, lambda _: 1500) as coming:
        coming.count_kept(500)
        with pytest.raises(InputError) as caught:
            coming.count_kept(501)
    assert caught.value.code == "IN-120"
    assert list(tmp_path.iterdir()) == []


def test_what_was_not_announced_is_counted(tmp_path: Path) -> None:
    with Receiving(tmp_path, SMALL) as coming:
        coming.count_sent(SMALL.bytes_sent)
        with pytest.raises(InputError) as caught:
            coming.count_sent(1)
        assert caught.value.code == "IN-120"
        coming.count_kept(SMALL.bytes_kept)
        with pytest.raises(InputError) as caught:
            coming.count_kept(1)
        assert caught.value.code == "IN-120"


def test_the_limits_are_those_that_were_promised() -> None:
    limits = UploadLimits()
    assert (limits.files, limits.bytes_kept, limits.expansion) == (20_000, 8 * 2**30, 200)
    assert UPLOADS == 4
