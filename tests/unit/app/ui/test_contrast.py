"""Whoever reads this screen at two metres or without colours can read it: WCAG 2.2, level AA."""

import re
from importlib import resources

import numpy as np
import pytest

from kambin.anatomy import StructureKey
from kambin.app.logic.pane_outlines import Cut
from kambin.app.ui.theme import read_colours, vuetify_config

TEXT, LARGE_OR_GRAPHICAL = 4.5, 3.0
GROUNDS = ("ground", "panel", "raised")
CSS = resources.files("kambin.app").joinpath("assets", "kambin.css").read_text("utf-8")


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2."""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_ratio_is_that_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", ["text", "quiet", "good", "care", "stop", "accent", "focus"])
def test_words_stand_out_from_every_ground(text: str, ground: str) -> None:
    colours = read_colours()
    assert contrast(colours[text], colours[ground]) >= TEXT


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("line", ["edge", "focus"])
def test_borders_and_focus_can_be_seen(line: str, ground: str) -> None:
    colours = read_colours()
    assert contrast(colours[line], colours[ground]) >= LARGE_OR_GRAPHICAL


def test_the_main_button_can_be_read() -> None:
    colours = read_colours()
    assert contrast(colours["on-accent"], colours["accent"]) >= TEXT


@pytest.mark.parametrize("kind", ["aorta", "vena_cava", "fragment", "colon", "drg", "sacrum"])
def test_names_in_pictures_can_be_read_on_their_black_rim(kind: str) -> None:
    line = np.array([(0.0, 0.0), (9.0, 0.0), (9.0, 9.0)])
    name = Cut(StructureKey(kind), modelled=True, lines=(line,)).named
    assert contrast(name.colour, "#000000") >= TEXT


@pytest.mark.parametrize("banner", ["stop", "care"])
def test_banners_can_be_read(banner: str) -> None:
    rules = re.findall(r"background: var\(--kb-(stop|care)\);\s*color: (#[0-9a-f]{6});", CSS)
    colours = dict(rules)
    assert contrast(colours[banner], read_colours()[banner]) >= TEXT


def test_every_colour_that_is_used_is_defined() -> None:
    used = set(re.findall(r"var\(--kb-([a-z-]+)\)", CSS)) - {"em"}
    assert used <= set(read_colours())


def test_no_text_of_the_screen_is_smaller_than_twelve_pixels() -> None:
    outside_of_drawings = re.sub(r"\.kb-(curve|marker)[^}]*}", "", CSS)
    sizes = [float(size) for size in re.findall(r"font-size: ([0-9.]+)px", outside_of_drawings)]
    assert min(sizes) >= 12


def test_the_operating_room_is_read_at_two_metres() -> None:
    """24 points are 32 pixels."""
    room = re.findall(r"\.kb-room[^{]*{([^}]*)}", CSS)
    sizes = [
        float(size)
        for rule in room
        for size in re.findall(r"font-size: (?:clamp\()?([0-9.]+)px", rule)
    ]
    assert sizes
    assert min(sizes) >= 32


def test_vuetify_has_the_same_colours() -> None:
    theme = vuetify_config()["theme"]
    assert isinstance(theme, dict)
    shown = theme["themes"][theme["defaultTheme"]]["colors"]
    assert set(shown.values()) <= set(read_colours().values())
