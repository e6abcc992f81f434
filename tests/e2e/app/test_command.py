"""``kambin app`` as a process of its own."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest


@pytest.fixture
def a_process(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    start = "from kambin.cli.main import main; main()"
    call = [sys.executable, "-c", start, "app", "--no-browser", "--json"]
    environment = os.environ | {"TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        call, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        yield process
        process.kill()


@pytest.mark.skipif(not Path("/proc/self/cmdline").is_file(), reason="no list of processes here")
def test_it_starts_serves_stops_and_leaves_nothing(
    a_process: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert a_process.stdout is not None
    document = json.JSONDecoder().raw_decode(_first_document(a_process))[0]
    address = urlsplit(document["address"])
    assert address.hostname == "127.0.0.1"
    token = address.query.partition("=")[2]
    (folder,) = tmp_path.glob("kambin-*")
    assert (folder / "token").read_text() == token
    told = Path(f"/proc/{a_process.pid}/cmdline").read_bytes()
    told += Path(f"/proc/{a_process.pid}/environ").read_bytes()
    assert token.encode() not in told
    line = http.client.HTTPConnection("127.0.0.1", address.port, timeout=60)
    line.request("GET", f"{address.path}?{address.query}")
    assert line.getresponse().status == 200
    line.close()
    a_process.send_signal(signal.SIGTERM)
    _, errors = a_process.communicate(timeout=120)
    assert a_process.returncode == 0
    assert token not in errors
    assert not list(tmp_path.glob("kambin-*"))


def _first_document(process: subprocess.Popen[str]) -> str:
    """Return the text up to the end of the first JSON document."""
    assert process.stdout is not None
    text = ""
    for line in process.stdout:
        text += line
        try:
            json.loads(text)
        except ValueError:
            continue
        return text
    pytest.fail(f"it said nothing: {process.stderr.read() if process.stderr else ''}")
