"""The frame of every picture: letters at their edges, a bar of true length, fixed bytes."""

from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread

from kambin.report import Camera, EdgeLetters, annotate_view
from kambin.report.figure import (
    DPI,
    draw_letters,
    draw_scale_bar,
    draw_title,
    new_figure,
    picture_axes,
    plain,
    png_bytes,
    write_label,
)

LETTERS = EdgeLetters("R", "L", "S", "I")


def test_a_picture_counts_in_millimetres_and_fills_its_paper() -> None:
    figure = new_figure(2.0, 1.0)
    axes = picture_axes(figure, (-50.0, 50.0, 25.0, -25.0))
    assert axes.get_xlim() == (-50.0, 50.0)
    assert axes.get_ylim() == (25.0, -25.0)
    picture = imread(BytesIO(png_bytes(figure)))
    assert picture.shape[:2] == (DPI, 2 * DPI)


def test_letters_stand_at_the_sides_they_name() -> None:
    figure = new_figure(2.0, 2.0)
    axes = picture_axes(figure, (-50.0, 50.0, 50.0, -50.0))
    draw_letters(axes, LETTERS)
    places = {text.get_text(): text.get_position() for text in axes.texts}
    assert (places["R"][0] < 0.1, places["L"][0] > 0.9) == (True, True)
    assert (places["I"][1] < 0.1, places["S"][1] > 0.9) == (True, True)


@pytest.mark.parametrize("length_mm", [10.0, 20.0])
def test_the_scale_bar_has_its_length_and_says_it(length_mm: float) -> None:
    figure = new_figure(2.0, 2.0)
    axes = picture_axes(figure, (-50.0, 50.0, 50.0, -50.0))
    draw_scale_bar(axes, length_mm)
    for line in axes.lines:
        assert np.ptp(line.get_xdata()) == pytest.approx(length_mm)
    assert axes.texts[0].get_text() == f"{length_mm / 10:g} cm"


def test_the_title_carries_what_stands_under_it() -> None:
    figure = new_figure(2.0, 2.0)
    axes = picture_axes(figure, (0.0, 1.0, 1.0, 0.0))
    draw_title(axes, "Axial", "L4-L5 LEFT side")
    assert axes.texts[0].get_text() == "Axial\nL4-L5 LEFT side"


def test_text_is_taken_as_it_is_and_never_as_a_formula() -> None:
    figure = new_figure(2.0, 2.0)
    axes = picture_axes(figure, (0.0, 1.0, 1.0, 0.0))
    write_label(axes, 0.5, 0.5, r"$\frac{1}{$")
    assert plain("a$b") == r"a\$b"
    assert png_bytes(figure).startswith(b"\x89PNG")


def test_pictures_carry_no_program_and_no_date() -> None:
    data = png_bytes(new_figure(1.0, 1.0))
    assert b"Software" not in data
    assert b"matplotlib" not in data.lower()
    assert data == png_bytes(new_figure(1.0, 1.0))


def test_an_annotated_view_keeps_its_size_and_gains_letters_bar_and_title() -> None:
    image = np.full((200, 300, 3), 200, np.uint8)
    letters = Camera.from_behind((0, 0, 0), 100.0).letters
    drawn = annotate_view(image, letters, 0.5, title="From behind")
    assert drawn.shape == image.shape
    assert (drawn != image).any()
    bar = (drawn[180:] < 40).all(axis=2)
    length_px = max(int(row.sum()) for row in bar)
    assert length_px == pytest.approx(40, abs=2)
    assert (annotate_view(image, letters, 0.5) == annotate_view(image, letters, 0.5)).all()
