"""G08, G09: which slices make one image, and which of several images is meant."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.exchange.made_frames import MR_CLASS, frame, frames_at, header

from kambin.core import InputError
from kambin.exchange.dicom_frames import Frame, describe_class
from kambin.exchange.dicom_series import (
    choose_series,
    describe_series,
    is_localiser,
    require_one_patient,
    require_one_study,
    split_series,
)

PERSON = {"PatientName": "ZZYZX^QUIRINUS", "PatientID": "17", "PatientBirthDate": "19610203"}


def words(frames: list[Frame] | tuple[Frame, ...]) -> list[tuple[str, int]]:
    return [(series.word, len(series.frames)) for series in split_series(frames)]


def test_slices_of_one_kind_are_one_image() -> None:
    assert words(frames_at(range(5))) == [("3", 5)]


@pytest.mark.parametrize(
    "about",
    [
        {"SeriesNumber": "4"},
        {"SeriesInstanceUID": "1.2.4"},
        {"Rows": "8"},
        {"Columns": "8"},
        {"spacing": (0.5, 0.8)},
        {"directions": (0, 1, 0, 0, 0, -1)},
        {"traits": {"kernel": "B70f"}},
        {"sop_class": MR_CLASS},
    ],
)
def test_whatever_makes_another_image_parts_the_slices(about: dict[str, object]) -> None:
    mixed = (*frames_at(range(4)), *frames_at(range(10, 13), **about))
    assert sorted(count for _, count in words(mixed)) == [3, 4]


def test_directions_that_differ_in_the_fourth_digit_are_one_orientation() -> None:
    near = frames_at([10.0], directions=(1.0, 0.0, 0.0009, 0.0, 1.0, 0.0))
    far = frames_at([11.0], directions=(1.0, 0.0, 0.0011, 0.0, 1.0, 0.0))
    assert words((*frames_at([0.0, 1.0]), *near)) == [("3", 3)]
    assert len(words((*frames_at([0.0, 1.0]), *far))) == 2


def test_images_of_one_number_get_words_with_a_count() -> None:
    kernels = [frames_at(range(3), traits={"kernel": k}) for k in ("B30f", "B70f")]
    other = frames_at(range(2), SeriesNumber="12")
    assert words([*kernels[0], *other, *kernels[1]]) == [("3.1", 3), ("3.2", 3), ("12", 2)]


@pytest.mark.parametrize("tag", ["AcquisitionNumber", "ContrastBolusAgent", "AcquisitionTime"])
def test_phases_at_the_same_places_are_told_apart_by_what_the_header_says(tag: str) -> None:
    phases = [frames_at(range(4), **{tag: word}) for word in ("1", "2")]
    assert words([*phases[0], *phases[1]]) == [("3.1", 4), ("3.2", 4)]
    # slices of different acquisitions at different places stay one image
    apart = [*frames_at(range(4), **{tag: "1"}), *frames_at(range(4, 8), **{tag: "2"})]
    assert words(apart) == [("3", 8)]


def test_a_tag_that_leaves_single_slices_parts_no_phases() -> None:
    twice = [*frames_at(range(3), ContentTime="1"), *frames_at(range(3), ContentTime="2")]
    odd = replace(twice[0], header=header("odd.dcm", AcquisitionNumber="9", ContentTime="1"))
    assert [n for _, n in words([odd, *twice[1:]])] == [3, 3]
    # and where nothing tells them apart they stay together, to be refused as duplicates
    assert words([*frames_at(range(3)), *frames_at(range(3))]) == [("3", 6)]


def two_series() -> list[Frame]:
    return [
        *frames_at(range(3), traits={"kernel": "B30f"}),
        *frames_at(range(3), traits={"kernel": "B70f"}),
        *frames_at(range(5), SeriesNumber="12", SeriesInstanceUID="1.2.12"),
    ]


@pytest.mark.parametrize(
    ("asked", "word"), [("12", "12"), ("1.2.12", "12"), ("3.1", "3.1"), ("3.2", "3.2")]
)
def test_a_series_is_chosen_by_word_or_uid(asked: str, word: str) -> None:
    assert choose_series(split_series(two_series()), asked, "study").word == word


def test_the_only_series_need_not_be_asked_for() -> None:
    found = split_series(frames_at(range(3)))
    assert choose_series(found, "", "study") is found[0]
    assert found[0].uid == "1.2.3"
    assert split_series(frames_at(range(2), SeriesInstanceUID=""))[0].uid == ""


@pytest.mark.parametrize(
    ("asked", "code", "told"),
    [
        ("", "IN-051", "3.1 = 3 axial slices CT 6 x 4"),
        ("3", "IN-051", "--series"),
        ("7", "IN-052", "There are 3.1 ="),
        ("3.9", "IN-052", "12 = 5 axial slices"),
    ],
)
def test_what_is_not_one_series_is_refused_with_a_list(asked: str, code: str, told: str) -> None:
    with pytest.raises(InputError) as caught:
        choose_series(split_series(two_series()), asked, "study")
    assert caught.value.code == code
    assert told in caught.value.why + caught.value.next_step


def test_series_of_two_studies_are_not_offered_as_a_choice_alone() -> None:
    mixed = [*frames_at(range(3)), *frames_at(range(3), SeriesNumber="9", StudyInstanceUID="1.7")]
    with pytest.raises(InputError, match="StudyInstanceUID has 2 values") as caught:
        choose_series(split_series(mixed), "", "study")
    assert caught.value.code == "IN-053"
    assert "1.7" not in caught.value.why


def test_a_dozen_series_are_listed_and_the_rest_counted() -> None:
    many = [f for n in range(1, 16) for f in frames_at(range(2), SeriesNumber=str(n))]
    with pytest.raises(InputError, match="and 3 more"):
        choose_series(split_series(many), "", "study")


def test_a_series_is_described_by_what_sets_it_apart() -> None:
    found = split_series(two_series())
    assert describe_series(found[0]) == "3.1 = 3 axial slices CT 6 x 4, 0.5 x 0.7 mm"
    assert describe_series(found[1], found).endswith("mm, kernel B70f")
    assert describe_series(found[2], found).endswith("mm, kernel none")


@pytest.mark.parametrize(
    ("directions", "plane"),
    [
        ((1, 0, 0, 0, 1, 0), "axial"),
        ((0, 1, 0, 0, 0, -1), "sagittal"),
        ((1, 0, 0, 0, 0, -1), "coronal"),
        ((1, 0, 0, 0, 0.8, -0.6), "axial"),
        ((1, 0, 0, 0, 0.6, -0.8), "coronal"),
    ],
)
def test_the_plane_is_named_by_the_nearest_axis(directions: tuple[float, ...], plane: str) -> None:
    (series,) = split_series(frames_at(range(2), directions=directions))
    assert f"2 {plane} slices" in describe_series(series)


def test_a_series_without_place_or_with_odd_letters_is_described_all_the_same() -> None:
    bare = frames_at(range(2), directions=(), spacing=())
    (series,) = split_series(bare)
    assert describe_series(series) == "3 = 2 slices CT 6 x 4, unknown spacing mm"
    odd = split_series([*bare, *frames_at(range(2), traits={"kernel": "B\x1b\u202e" + "x" * 60})])
    told = describe_series(odd[1], odd)
    assert told.endswith("kernel B??" + "x" * 37)


@pytest.mark.parametrize(
    ("traits", "wanted"),
    [
        ({"image type": "ORIGINAL\\PRIMARY\\LOCALIZER"}, True),
        ({"kind": "original\\primary\\localizer\\none"}, True),
        ({"image type": "ORIGINAL\\PRIMARY\\AXIAL"}, False),
        ({"image type": "ORIGINAL\\PRIMARY\\NOTLOCALIZER"}, False),
        ({}, False),
    ],
)
def test_a_localiser_calls_itself_one(traits: dict[str, str], wanted: bool) -> None:
    assert is_localiser(frame(traits=traits)) is wanted


@pytest.mark.parametrize(
    ("tag", "other"),
    [("PatientID", "18"), ("PatientName", "OTHER"), ("PatientBirthDate", ""), ("PatientSex", "F")],
)
def test_two_persons_are_refused_and_none_is_shown(tag: str, other: str) -> None:
    headers = [header(person=PERSON), header("b.dcm", person={**PERSON, tag: other})]
    with pytest.raises(InputError, match=rf"{tag} \(2 different\)") as caught:
        require_one_patient(headers, "study")
    assert caught.value.code == "IN-053"
    for secret in (*PERSON.values(), "OTHER"):
        assert secret not in str(caught.value)


@pytest.mark.parametrize("name", ["zzyzx^quirinus", "ZZYZX^QUIRINUS^^^", " ZZYZX^QUIRINUS "])
def test_one_name_written_by_two_programs_is_one_person(name: str) -> None:
    require_one_patient(
        [header(person=PERSON), header(person={**PERSON, "PatientName": name})], "study"
    )


@pytest.mark.parametrize("tag", ["StudyInstanceUID", "FrameOfReferenceUID"])
def test_two_examinations_are_refused(tag: str) -> None:
    require_one_study(frames_at(range(3)), "study")
    mixed = [*frames_at(range(2)), *frames_at([2.0], **{tag: "1.77"})]
    with pytest.raises(InputError, match=tag) as caught:
        require_one_study(mixed, "study")
    assert caught.value.code == "IN-053"


def test_a_header_answers_in_numbers_and_names() -> None:
    plain = header(Rows="12", Columns="x1")
    assert plain.shape == (12, 0)
    assert plain.number("NumberOfFrames") == 0
    assert plain.modality == "CT"
    assert header(sop_class="1.2.3").modality == ""
    assert frame(name="a.dcm").name == "a.dcm"
    assert frame(name="a.dcm", index=4, NumberOfFrames="9").name == "a.dcm frame 5"
    assert frame().is_placed
    assert not replace(frame(), spacing=np.array([])).is_placed


@pytest.mark.parametrize(
    ("uid", "told"),
    [
        ("1.2.840.10008.5.1.4.1.1.7", "Secondary Capture Image Storage"),
        ("1.2.3.4", "objects of an unknown class"),
        ("no uid \x1b", "objects of an unknown class"),
        ("", "objects of an unknown class"),
    ],
)
def test_a_class_is_described_and_never_quoted(uid: str, told: str) -> None:
    assert describe_class(header(sop_class=uid)) == told
