"""The figure of six ways: what is taken is seen in colour, on the right side, with its letters."""

from dataclasses import replace
from io import BytesIO

import numpy as np
import pytest
from matplotlib.image import imread
from tests.unit.approaches.back_of_boxes import build_back, stand_on
from tests.unit.approaches.small_ground import block
from tests.unit.planning.test_models import REFUSAL

from kambin.anatomy import Origin, StructureKey
from kambin.approaches import Ground, Measured
from kambin.approaches.compare import measure
from kambin.frames import Side
from kambin.knowledge.published import APPROACHES
from kambin.report.compare_figure import draw_comparison, tell_modelled
from kambin.report.compare_section import LEGEND, draw_way_section
from kambin.report.figure import new_figure

SHOWN = ("interlaminar", "open_laminectomy")


@pytest.fixture(scope="module")
def ground() -> Ground:
    return stand_on(build_back())


@pytest.fixture(scope="module")
def found(ground: Ground) -> dict[str, Measured]:
    return {name: measure(ground, name, REFUSAL) for name in ("transforaminal", *SHOWN)}


def section(ground: Ground, one: Measured) -> tuple[np.ndarray, list[str]]:
    """Return the picture of a section, shape (rows, columns, 3), and the words in it."""
    axes = new_figure(3, 4).add_axes((0, 0, 1, 1))
    draw_way_section(axes, ground, one)
    return np.asarray(axes.images[0].get_array()), [text.get_text() for text in axes.texts]


def painted(picture: np.ndarray, name: str) -> np.ndarray:
    return np.isclose(picture, LEGEND[name]).all(axis=2)


def test_the_figure_has_a_panel_for_each_way_and_the_same_bytes_again(ground, found) -> None:
    picture = draw_comparison(ground, found)
    assert picture == draw_comparison(ground, found)
    assert imread(BytesIO(picture)).shape[1] == 2400


def test_a_refused_way_shows_nothing_taken(ground, found) -> None:
    picture, _ = section(ground, found["transforaminal"])
    for name in ("bone taken", "flavum taken", "muscle pushed aside", "tube or channel"):
        assert not painted(picture, name).any()
    assert painted(picture, "bone").any()


def test_a_laminectomy_shows_bone_flavum_and_muscle_of_both_sides_gone(ground, found) -> None:
    picture, words = section(ground, found["open_laminectomy"])
    middle = picture.shape[1] // 2
    for name in ("muscle taken off", "flavum taken"):
        gone = painted(picture, name)
        assert gone[:, :middle].any()
        assert gone[:, middle:].any()
    assert {"L", "R", "A", "P"} <= set(words)


@pytest.mark.parametrize("side", list(Side))
def test_seen_from_the_feet_the_patients_left_is_on_the_right(side: Side) -> None:
    ground = stand_on(build_back(side), side)
    picture, _ = section(ground, measure(ground, "interlaminar", None))
    columns = np.argwhere(painted(picture, "fragment"))[:, 1]
    is_right_half = columns.mean() > picture.shape[1] / 2
    assert is_right_half == (side is Side.LEFT)
    tube = np.argwhere(painted(picture, "muscle pushed aside"))
    assert (tube[:, 1].mean() > picture.shape[1] / 2) == (side is Side.LEFT)


def test_the_figure_names_as_modelled_what_is_modelled_in_this_patient_and_nothing_else() -> None:
    anatomy = build_back()
    told = tell_modelled(stand_on(anatomy))
    assert told.startswith("Modelled, at least in part: ")
    assert "muscle" in told
    assert "flavum" in told
    # bone of these boxes is given by labels
    assert "bone" not in told
    seen = {key: replace(one, origin=Origin.SEGMENTED) for key, one in anatomy.structures.items()}
    assert tell_modelled(stand_on(replace(anatomy, structures=seen))) == ""
    sac = StructureKey("dural_sac")
    seen[sac] = replace(seen[sac], origin=Origin.MODELLED)
    assert tell_modelled(stand_on(replace(anatomy, structures=seen))).endswith("part: sac.")


@pytest.mark.parametrize("side", list(Side))
def test_the_target_is_marked_on_the_asked_side(side: Side) -> None:
    ground = stand_on(build_back(side), side)
    axes = new_figure(3, 4).add_axes((0, 0, 1, 1))
    draw_way_section(axes, ground, measure(ground, "interlaminar", None))
    marks = [line for line in axes.lines if line.get_marker() == "+"]
    places = {(float(line.get_xdata()[0]), float(line.get_ydata()[0])) for line in marks}
    (place,) = places
    lateral = abs(float(ground.geometry.surgical_mm(ground.target_lps_mm)[0]))
    assert place == pytest.approx((side.lateral_sign_lps * lateral, 0.0))


def test_other_bone_that_a_tube_would_have_to_pass_is_painted_as_taken(ground, found) -> None:
    way = found["interlaminar"].way
    middle = way.window_lps_mm + 10.0 * way.outward
    pars = block("pars:L4:left", tuple(middle - 3.0), tuple(middle + 3.0), 1.0)
    anatomy = replace(ground.anatomy, structures={**ground.anatomy.structures, pars.key: pars})
    blocked = stand_on(anatomy)
    # the way of the free patient, which meets it
    blocked.tilts.update(ground.tilts)
    counts = [
        painted(section(one, measure(one, "interlaminar", None))[0], "bone taken").sum()
        for one in (ground, blocked)
    ]
    # a square of 6 mm in picture elements of 0.4 mm
    assert counts[1] - counts[0] == pytest.approx((6 / 0.4) ** 2, rel=0.15)


def test_the_legend_names_what_is_painted() -> None:
    assert len(set(LEGEND.values())) == len(LEGEND)
    assert len(APPROACHES) == 6
