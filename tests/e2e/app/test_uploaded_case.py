"""Files are chosen in the browser and become the case that is open (W-10)."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import FilePayload, Page
from pytest_socket import enable_socket
from tests.e2e.app import guided
from tests.fault.made_files import NAMES, save, spine_image, spine_labels
from tests.workstation import Running, running_workstation

KIND = "application/octet-stream"


@pytest.fixture(scope="module")
def a_workstation() -> Iterator[Running]:
    """A workstation without a case."""
    enable_socket()
    with running_workstation() as running:
        yield running


def _payload(folder: Path, name: str, values: np.ndarray) -> FilePayload:
    data = save(folder / "made.nii", values).read_bytes()
    return {"name": f"{name}.nii", "mimeType": KIND, "buffer": data}


def test_files_of_the_browser_become_the_case(
    a_page: Page, a_workstation: Running, tmp_path: Path
) -> None:
    labels = spine_labels()
    masks = [
        _payload(tmp_path, name, (labels == value).astype(np.uint8))
        for value, name in NAMES.items()
    ]
    broken: FilePayload = {"name": "ct.zip", "mimeType": KIND, "buffer": b"PK\x03\x04 and no more"}
    a_page.wait_for_function("window.trame?.state?.get('lease')?.writes")
    a_page.set_input_files("[name=upload-labels]", masks)
    a_page.fill("[name=upload-into]", str(tmp_path / "case"))
    # what is broken is said where it was chosen, and leaves nothing
    a_page.set_input_files("[name=upload-image]", [broken])
    guided.click(a_page.locator("[data-name=upload]"))
    said = a_page.locator("[data-name=upload-said]")
    said.filter(has_text="damaged").wait_for()
    assert a_workstation.workstation.private is not None
    assert not list(a_workstation.workstation.private.glob("upload-*"))
    assert not (tmp_path / "case").exists()
    # and then it works
    a_page.set_input_files("[name=upload-image]", [_payload(tmp_path, "ct", spine_image())])
    guided.click(a_page.locator("[data-name=upload]"))
    a_page.wait_for_function("trame.state.get('case_view').is_open")
    assert (tmp_path / "case" / "case.json").is_file()
    assert not list(a_workstation.workstation.private.glob("upload-*"))
    a_page.screenshot(path=tmp_path / "uploaded.png")
