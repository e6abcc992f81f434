"""The C-arm pair as panes: shadows where points are, depth kept, bytes of the report."""

import json
from base64 import b64decode

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.app.logic.made_panes import MIRROR, made_axis, made_noise
from tests.unit.app.logic.test_pane_pictures import KEYS, points, the_overlay

from kambin.app.logic.projection_pane import FilmName, Films, FilmView
from kambin.frames import Side
from kambin.report import projections
from kambin.report.projections import draw_projection, film_jpeg
from kambin.report.slices import read_slice

BOTH: tuple[FilmName, ...] = ("ap", "lateral")
FILMS = {side: Films(made_noise(side)) for side in Side}


def made_view(name: FilmName, side: Side = Side.LEFT) -> FilmView:
    return FILMS[side].view(name, made_axis(side).target_lps_mm, (240, 200))


@pytest.mark.parametrize("name", BOTH)
@given(st.floats(0.0, 240.0), st.floats(0.0, 200.0), st.tuples(*[st.floats(-60.0, 60.0)] * 3))
def test_a_picked_beam_is_as_deep_as_what_it_is_picked_for(
    name: FilmName, x: float, y: float, deep: tuple[float, float, float]
) -> None:
    view = made_view(name)
    point = view.point_lps_mm(x, y, deep)
    assert view.xy(point) == pytest.approx([x, y], abs=1e-6)
    along = 1 if name == "ap" else 0
    assert point[along] == pytest.approx(deep[along])


@pytest.mark.parametrize("name", BOTH)
def test_the_middle_is_what_was_asked_for_and_the_smaller_side_that_of_the_report(
    name: FilmName,
) -> None:
    view = made_view(name)
    assert view.xy(made_axis().target_lps_mm) == pytest.approx([120.0, 100.0])
    assert view.mm_per_px * 200 == pytest.approx(190.0)
    assert read_slice(view.jpeg).shape == (200, 240)


@pytest.mark.parametrize("name", BOTH)
def test_a_projection_is_a_document_with_letters_tools_and_handles(name: FilmName) -> None:
    view = made_view(name)
    shown = view.show(the_overlay(), words="parallel beams")
    assert list(shown) == KEYS
    assert json.loads(json.dumps(shown)) == shown
    expected = ("R", "L") if name == "ap" else ("A", "P")
    assert (shown["letters"]["left"], shown["letters"]["right"]) == expected
    assert (shown["letters"]["top"], shown["letters"]["bottom"]) == ("S", "I")
    assert [one["name"] for one in shown["tools"]] == ["cannula", "needle"]
    target = shown["handles"][1]
    assert (target["x"], target["y"]) == pytest.approx((120.0, 100.0))
    needle = points(shown["tools"][1]["d"])
    assert np.linalg.norm(needle - [120.0, 100.0], axis=1).min() * view.mm_per_px < 1.0


@pytest.mark.parametrize("name", BOTH)
def test_pane_and_report_show_the_same_bytes(
    name: FilmName, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []

    def jpeg_of(*asked: object) -> bytes:
        drawn.append(film_jpeg(*asked))
        return drawn[-1]

    monkeypatch.setattr(projections, "film_jpeg", jpeg_of)
    centre = made_axis().target_lps_mm
    draw_projection(made_noise(), name, centre, (), caption="L4-L5 LEFT side")
    shown = FILMS[Side.LEFT].view(name, centre).show(the_overlay())
    assert b64decode(shown["src"].removeprefix("data:image/jpeg;base64,")) == drawn[0]


def test_the_mirrored_patient_has_the_mirrored_ap_and_the_same_lateral_picture() -> None:
    for name in BOTH:
        left, right = (read_slice(made_view(name, side).jpeg).astype(int) for side in Side)
        step = -1 if name == "ap" else 1
        assert np.abs(right[:, ::step] - left).max() <= 4
        points_lps_mm = np.array([[15.0, 4.0, 9.0]])
        here = made_view(name, Side.LEFT).xy(points_lps_mm)[0]
        there = made_view(name, Side.RIGHT).xy(points_lps_mm * MIRROR)[0]
        assert there[0] == pytest.approx(240.0 - here[0] if name == "ap" else here[0])
        assert there[1] == pytest.approx(here[1])


def test_beyond_the_film_it_is_black() -> None:
    view = FILMS[Side.LEFT].view("ap", np.array([900.0, 0.0, 0.0]), (64, 64))
    assert read_slice(view.jpeg).max() == 0
