"""Slices: the same request gives the same bytes, in a report and anywhere else."""

import os
import subprocess
import sys
from dataclasses import replace
from hashlib import sha256
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread
from PIL import Image

from kambin.anatomy import Case
from kambin.imaging import Plane, Volume, reslice
from kambin.report import sections
from kambin.report.sections import draw_section
from kambin.report.slices import WINDOWS_HU, ViewRequest, read_slice, slice_jpeg
from kambin.report.view_planes import orthogonal_planes

OBLIQUE = Plane(
    np.array([2.0, -3.0, 4.0]),
    np.array([0.8, 0.6, 0.0]),
    np.array([0.36, -0.48, 0.8]),
    60.0,
    50.0,
    0.5,
)


def a_textured_volume() -> Volume:
    rng = np.random.default_rng(5)
    values = rng.normal(100.0, 200.0, (40, 36, 30)).astype(np.float32)
    affine = np.diag([2.0, 2.0, 2.0, 1.0])
    affine[:3, 3] = (-40.0, -36.0, -30.0)
    return Volume(values, affine, "patient")


def test_a_slice_shows_the_reslice_in_its_window(a_small_case: Case) -> None:
    assert a_small_case.image is not None
    plane = orthogonal_planes(np.zeros(3), width_mm=120.0)[0].plane
    found = read_slice(slice_jpeg(a_small_case.image, ViewRequest(plane)))
    low, high = WINDOWS_HU["wide"]
    grey = np.clip((reslice(a_small_case.image, plane, low) - low) / (high - low), 0, 1) * 255
    assert found.shape == plane.shape
    assert found.dtype == np.uint8
    off = np.abs(found - grey)
    assert np.median(off) <= 1.0
    assert np.percentile(off, 99) <= 12.0


def test_beyond_the_image_it_is_black() -> None:
    away = replace(OBLIQUE, centre_lps_mm=np.array([500.0, 0.0, 0.0]))
    assert read_slice(slice_jpeg(a_textured_volume(), ViewRequest(away))).max() == 0


@pytest.mark.parametrize("name", ["bone", "soft"])
def test_another_window_is_another_picture(name: str) -> None:
    volume = a_textured_volume()
    wide = slice_jpeg(volume, ViewRequest(OBLIQUE))
    other = slice_jpeg(volume, ViewRequest(OBLIQUE, WINDOWS_HU[name]))
    assert other != wide
    assert read_slice(other).std() != pytest.approx(read_slice(wide).std(), rel=0.05)


def test_equal_requests_give_equal_bytes_of_a_grey_jpeg() -> None:
    volume = a_textured_volume()
    first, second = (slice_jpeg(volume, ViewRequest(OBLIQUE)) for _ in range(2))
    assert first == second
    picture = Image.open(BytesIO(first))
    assert (picture.format, picture.mode, picture.size) == ("JPEG", "L", (120, 100))
    assert slice_jpeg(volume, ViewRequest(OBLIQUE, quality=50)) != first


SCRIPT = """
from hashlib import sha256
from tests.unit.report.test_slices import OBLIQUE, a_textured_volume
from kambin.report.slices import ViewRequest, slice_jpeg
print(sha256(slice_jpeg(a_textured_volume(), ViewRequest(OBLIQUE))).hexdigest())
"""


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_any_number_of_threads_gives_the_same_bytes(threads: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env=os.environ | {"NUMBA_NUM_THREADS": threads, "OMP_NUM_THREADS": threads},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = sha256(slice_jpeg(a_textured_volume(), ViewRequest(OBLIQUE))).hexdigest()
    assert done.stdout.strip() == expected


def test_a_report_draws_on_those_very_bytes(
    a_small_case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is drawn comes from the bytes and from nothing else: other bytes, another picture."""
    assert a_small_case.image is not None
    view = orthogonal_planes(np.zeros(3), width_mm=120.0)[0]
    asked = []

    def slice_of(volume: Volume, request: ViewRequest) -> bytes:
        asked.append(request)
        return slice_jpeg(volume, request)

    monkeypatch.setattr(sections, "slice_jpeg", slice_of)
    drawn = draw_section(a_small_case.image, view, (), (), caption="x")
    assert asked == [ViewRequest(view.plane)]
    monkeypatch.setattr(
        sections,
        "slice_jpeg",
        lambda *_: slice_jpeg(a_small_case.image, ViewRequest(view.plane, (1e6, 2e6))),
    )
    blank = draw_section(a_small_case.image, view, (), (), caption="x")
    bright = imread(BytesIO(drawn))[..., :3].mean()
    assert bright > imread(BytesIO(blank))[..., :3].mean() + 0.05
