"""Archives made to harm (W-7, W-8, G22, G23): each is refused and leaves nothing behind."""

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from kambin.app.guard.archives import is_archive, unpack_archive
from kambin.app.guard.uploads import Receiving, UploadLimits
from kambin.core import InputError

SMALL = UploadLimits(files=20, bytes_sent=10**6, bytes_kept=10**6, expansion=50, free_bytes=0)


def _zip(*entries: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return made.getvalue()


def _special(mode: int) -> bytes:
    entry = zipfile.ZipInfo("slice.dcm")
    entry.external_attr = mode << 16
    return _zip((entry, b"/etc/passwd"))


def _locked() -> bytes:
    data = bytearray(_zip(("a.dcm", b"secret")))
    for head, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(head) + place] |= 1
    return bytes(data)


def _lying_size() -> bytes:
    # the header says one byte, the data is a kilobyte
    data = bytearray(_zip(("a.dcm", bytes(range(256)) * 4)))
    at = data.index(b"PK\x01\x02")
    struct.pack_into("<L", data, at + 24, 1)
    return bytes(data)


def _many(count: int) -> bytes:
    return _zip(*((f"{n}.dcm", b"x") for n in range(count)))


def _long_list() -> bytes:
    data = bytearray(_zip(("a.dcm", b"x")))
    struct.pack_into("<L", data, data.rindex(b"PK\x05\x06") + 12, 2**31)
    return bytes(data)


def _said_to_be_many() -> bytes:
    data = bytearray(_zip(("a.dcm", b"x")))
    struct.pack_into("<2H", data, data.rindex(b"PK\x05\x06") + 8, 65535, 65535)
    return bytes(data)


def _lying_count() -> bytes:
    # says it holds one, and lists five hundred
    data = bytearray(_many(500))
    struct.pack_into("<2H", data, data.rindex(b"PK\x05\x06") + 8, 1, 1)
    return bytes(data)


def _unusual() -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.dcm", b"x")
    return made.getvalue()


def _one_of_several() -> bytes:
    data = bytearray(_zip(("a.dcm", b"x")))
    struct.pack_into("<H", data, data.rindex(b"PK\x05\x06") + 4, 2)
    return bytes(data)


NAMES = [
    "../evil.dcm",
    "a/../../evil.dcm",
    "/etc/evil.dcm",
    "\\evil.dcm",
    "..\\evil.dcm",
    "C:\\evil.dcm",
    "C:evil.dcm",
    "x" * 300,
    "file:///etc/passwd",
]

REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    **{
        f"name {n}": (lambda name=name: _zip((name, b"x")), "IN-067")
        for n, name in enumerate(NAMES)
    },
    "link": (lambda: _special(stat.S_IFLNK | 0o777), "IN-067"),
    "device": (lambda: _special(stat.S_IFCHR | 0o600), "IN-067"),
    "pipe": (lambda: _special(stat.S_IFIFO | 0o600), "IN-067"),
    "zip inside": (lambda: _zip(("in.zip", _zip(("a", b"x")))), "IN-067"),
    "gzip inside": (lambda: _zip(("a.dcm", b"\x1f\x8b\x08rest")), "IN-067"),
    "locked": (_locked, "IN-067"),
    "grows": (lambda: _zip(("a.dcm", bytes(600_000))), "IN-120"),
    "grows in parts": (lambda: _zip(*((f"{n}", bytes(90_000)) for n in range(15))), "IN-120"),
    "many": (lambda: _many(21), "IN-120"),
    "long list": (_long_list, "IN-120"),
    "lying count": (_lying_count, "IN-120"),
    "unusual": (_unusual, "IN-067"),
    "one of several": (_one_of_several, "IN-067"),
    "said to be many": (_said_to_be_many, "IN-120"),
    "cut off": (lambda: _zip(("a.dcm", b"x" * 999))[:-40], "IN-002"),
    "flipped": (
        lambda: _zip(("a.dcm", b"x" * 999)).replace(b"PK\x03\x04", b"PK\x03\x05"),
        "IN-002",
    ),
    "lying": (_lying_size, "IN-002"),
    "only a head": (lambda: b"PK\x03\x04", "IN-002"),
    "empty": (_zip, "IN-121"),
    "only folders": (lambda: _zip(("folder/", b"")), "IN-121"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_made_to_harm_is_refused_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    make, code = REFUSED[name]
    archive, private = tmp_path / "sent", tmp_path / "private"
    private.mkdir()
    archive.write_bytes(make())
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(InputError) as caught, Receiving(private, SMALL) as receiving:
        unpack_archive(archive, "image", receiving)
    assert caught.value.code == code
    assert sorted(tmp_path.rglob("*")) == before
    assert "evil" not in str(caught.value)


def test_a_name_with_a_nul_is_refused(tmp_path: Path) -> None:
    data = _zip(("aXb.dcm", b"x")).replace(b"aXb.dcm", b"a\0b.dcm")
    (tmp_path / "sent").write_bytes(data)
    with pytest.raises(InputError) as caught, Receiving(tmp_path, SMALL) as receiving:
        unpack_archive(tmp_path / "sent", "image", receiving)
    assert caught.value.code == "IN-067"


def test_a_study_is_unpacked_under_names_of_ours(tmp_path: Path) -> None:
    (tmp_path / "sent").write_bytes(
        _zip(("study/series/IM1.dcm", b"one"), ("study/", b""), ("study/IM2", b"two"))
    )
    with Receiving(tmp_path, SMALL) as receiving:
        unpack_archive(tmp_path / "sent", "image", receiving)
        upload = receiving.finish()
    assert [file.path.read_bytes() for file in upload.of("image")] == [b"one", b"two"]
    assert [file.path.name for file in upload.files] == ["00000.dcm", "00001"]
    assert [file.shown_name for file in upload.files] == ["study/series/IM1.dcm", "study/IM2"]
    assert {file.path.parent for file in upload.files} == {upload.folder / "image"}
    upload.discard()
    assert not upload.folder.exists()


def test_archives_are_known_by_their_first_bytes() -> None:
    assert is_archive(_zip(("a", b"x")))
    assert is_archive(_zip())
    assert not is_archive(b"DICM")
    assert not is_archive(b"")
