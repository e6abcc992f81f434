"""The counted spine: names from both ends, and a picture that does not mirror."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread
from tests.e2e.command_line import run_kambin
from tests.unit.anatomy.box_spine import box_spine, renamed, with_labels, without

from kambin.anatomy import Case, check_case
from kambin.anatomy.levels import stack_vertebrae
from kambin.anatomy.survey import survey_labels
from kambin.core import AnatomyError
from kambin.exchange import write_case
from kambin.report.level_picture import count_vertebrae, draw_level_picture


@pytest.fixture(scope="module")
def a_clean_patient() -> Case:
    return box_spine()


def counts(case: Case) -> dict[str, tuple[str | None, str | None]]:
    """Label's name -> what the counts from sacrum and rib lead to."""
    survey = survey_labels(case)
    return {
        v.name: (v.from_sacrum and v.from_sacrum[1], v.from_rib and v.from_rib[1])
        for v in count_vertebrae(survey, stack_vertebrae(survey))
    }


def test_both_counts_lead_to_the_names_of_a_clean_patient(a_clean_patient: Case) -> None:
    names = ("T12", "L1", "L2", "L3", "L4", "L5")
    assert counts(a_clean_patient) == {name: (name, name) for name in names}


def test_a02_a_shift_of_all_names_is_seen_from_both_ends(a_clean_patient: Case) -> None:
    order = ["T12", "L1", "L2", "L3", "L4", "L5"]
    down = ["L1", "L2", "L3", "L4", "L5", "L6"]
    names = {f"vertebra:{a}": f"vertebra:{b}" for a, b in zip(order, down, strict=True)}

    found = counts(renamed(a_clean_patient, names))

    assert found["L6"] == ("L5", "L5")
    assert found["L1"] == ("T12", "T12")


def test_a03_a_count_without_its_end_is_none(a_clean_patient: Case) -> None:
    assert counts(without(a_clean_patient, "rib"))["L3"] == ("L3", None)
    assert counts(without(a_clean_patient, "sacrum"))["L3"] == (None, "L3")


def pixels(png: bytes) -> np.ndarray:
    """The picture as grey, rows and columns."""
    drawn: np.ndarray = imread(BytesIO(png))
    return drawn[..., :3].mean(axis=-1)


@pytest.fixture(scope="module")
def a_picture(a_clean_patient: Case) -> bytes:
    return draw_level_picture(a_clean_patient, check_case(a_clean_patient))


def test_the_patient_s_left_is_on_the_right_of_the_front_view(
    a_clean_patient: Case, a_picture: bytes
) -> None:
    def lose_the_left_ilium(values: np.ndarray) -> None:
        number = next(n for n, k in a_clean_patient.names.items() if str(k) == "ilium:left")
        values[values == number] = 0

    lost = with_labels(a_clean_patient, lose_the_left_ilium)
    before, after = pixels(a_picture), pixels(draw_level_picture(lost, check_case(lost)))

    changed = np.abs(before - after) > 0.05
    front = changed[:, : changed.shape[1] // 2]
    middle = front.shape[1] // 2
    assert front[:, middle:].sum() > 100
    assert front[:, :middle].sum() == 0


def test_without_an_image_the_labels_are_drawn_alone(
    a_clean_patient: Case, a_picture: bytes
) -> None:
    alone = replace(a_clean_patient, image=None)
    half = 8.4 * 160 // 2
    before, after = pixels(a_picture), pixels(draw_level_picture(alone, check_case(alone)))

    # the bones stay, the section has no tissue
    assert np.array_equal(before[:, : int(half)], after[:, : int(half)])
    assert after[:, int(half) :].mean() < 0.5 * before[:, int(half) :].mean()


def test_without_a_lumbar_spine_there_is_nothing_to_draw(a_clean_patient: Case) -> None:
    gone = without(a_clean_patient, "vertebra")
    with pytest.raises(AnatomyError, match="AN-100"):
        draw_level_picture(gone, check_case(gone))


def test_check_writes_the_picture_beside_what_it_says(
    a_clean_patient: Case, a_picture: bytes, tmp_path: Path
) -> None:
    folder = write_case(a_clean_patient, tmp_path / "case")

    done = run_kambin("check", folder, "--picture", tmp_path / "levels.png", "--json")

    assert done.code == 0, done.errors
    assert done.document["scheme"] == "5 lumbar"
    # the same case, the same bytes
    assert (tmp_path / "levels.png").read_bytes() == a_picture
