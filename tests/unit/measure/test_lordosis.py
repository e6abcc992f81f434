"""The position model (V15) and the lordosis of a whole spine, whatever it counts."""

from dataclasses import replace

import pytest

from kambin.anatomy import Anatomy, Case, Level, LevelScheme, VertebraFrame
from kambin.frames import Side
from kambin.measure import flex_hips_deg, measure_case
from kambin.measure.lordosis import measure_lordosis
from kambin.measure.site import Site
from kambin.phantom import PhantomParameters, build_spine
from kambin.phantom.build import vertebra_frame

# Segments lying down, degrees: standing means of the evidence (A51), less a quarter.
SUPINE = {"L1-L2": 0.9, "L2-L3": 4.4, "L3-L4": 6.8, "L4-L5": 9.5, "L5-S1": 16.2}

LORDOSES = ("lumbar_lordosis", "lumbar_lordosis_hips_flexed")
FOUR = ("T11", "T12", "L1", "L2", "L3", "L4", "S1")


def test_v15_flexed_hips_take_a_quarter_of_every_segment_but_the_last() -> None:
    flexed = flex_hips_deg(SUPINE)
    for name, angle in SUPINE.items():
        share = 1.0 if name == "L5-S1" else 0.75
        assert flexed[name] == pytest.approx(share * angle)


def test_v15_seventy_to_ninety_per_cent_of_the_lordosis_is_kept() -> None:
    kept = sum(flex_hips_deg(SUPINE).values()) / sum(SUPINE.values())
    assert 0.7 <= kept <= 0.9


@pytest.mark.parametrize("last", ["L4-S1", "L5-S1", "L6-S1"])
def test_the_last_segment_keeps_its_lordosis_whatever_it_is_called(last: str) -> None:
    assert flex_hips_deg({"L3-L4": 8.0, last: 16.0}) == {"L3-L4": 6.0, last: 16.0}


def made_spine(variant: str) -> tuple[dict[str, VertebraFrame], dict[str, float]]:
    """True frames of a made patient, and the lordosis that was drawn for each segment."""
    variants = (variant,) if variant else ()
    spine = build_spine(PhantomParameters(Level("L3", "L4"), Side.LEFT, seed=3, variants=variants))
    frames = {name: vertebra_frame(name, spine.sizes, spine.frames) for name in spine.names}
    return frames, {str(level): angle for level, angle in spine.sizes.lordosis_deg.items()}


def with_frames(boxes: Anatomy, frames: dict[str, VertebraFrame], count: int) -> Anatomy:
    """The anatomy of boxes with the frames and the count of another spine."""
    scheme = LevelScheme(f"{count} lumbar", tuple(frames), True, True)
    return replace(boxes, vertebra_frames=frames, scheme=scheme)


def four_lumbar(frames: dict[str, VertebraFrame]) -> dict[str, VertebraFrame]:
    """The same column when its first lumbar vertebra bears a rib and is counted as T12."""
    lumbar = [name for name in frames if name.startswith("L")]
    named = {"T11": frames["T12"], "T12": frames["L1"], "S1": frames["S1"]}
    named |= {f"L{number}": frames[name] for number, name in enumerate(lumbar[1:], start=1)}
    return {name: replace(named[name], vertebra=name) for name in FOUR}


@pytest.mark.parametrize(("variant", "count"), [("", 5), ("l6", 6)])
def test_the_lordosis_is_the_sum_of_the_segments_that_are_there(
    a_spine_of_boxes: Anatomy, variant: str, count: int
) -> None:
    frames, drawn = made_spine(variant)
    segments = {name: angle for name, angle in drawn.items() if not name.startswith("T")}
    assert len(segments) == count
    found = measure_lordosis(Site(with_frames(a_spine_of_boxes, frames, count)))
    assert found["lumbar_lordosis"].value == pytest.approx(sum(segments.values()), abs=0.1)
    flexed = sum((1.0 if name.endswith("S1") else 0.75) * a for name, a in segments.items())
    assert found["lumbar_lordosis_hips_flexed"].value == pytest.approx(flexed, abs=0.1)


def test_four_lumbar_vertebrae_have_the_lordosis_of_their_four_segments(
    a_spine_of_boxes: Anatomy,
) -> None:
    frames, drawn = made_spine("")
    found = measure_lordosis(Site(with_frames(a_spine_of_boxes, four_lumbar(frames), 4)))
    four = sum(drawn[name] for name in ("L2-L3", "L3-L4", "L4-L5", "L5-S1"))
    assert found["lumbar_lordosis"].value == pytest.approx(four, abs=0.1)


@pytest.mark.parametrize(
    ("count", "place"), [(4, "L1-S1, 4 lumbar"), (5, "L1-S1"), (6, "L1-S1, 6 lumbar")]
)
def test_the_row_says_how_many_vertebrae_it_counts_and_papers_speak_of_five(
    a_spine_of_boxes: Anatomy, a_case: Case, count: int, place: str
) -> None:
    frames, _ = made_spine("l6" if count == 6 else "")
    named = four_lumbar(frames) if count == 4 else frames
    anatomy = replace(with_frames(a_spine_of_boxes, named, count), disc_frames={})
    rows = [row for row in measure_case(anatomy, a_case) if row.quantity in LORDOSES]
    assert [row.level for row in rows] == [place] * len(LORDOSES)
    assert all(row.value is not None for row in rows)
    assert (rows[0].literature is not None) is (count == 5)


@pytest.mark.parametrize(("gone", "segment"), [("L1", "L1-L2"), ("L4", "L3-L4"), ("S1", "L5-S1")])
@pytest.mark.parametrize("named", [True, False])
def test_a_column_with_a_missing_end_or_a_hole_has_no_lordosis(
    a_spine_of_boxes: Anatomy, gone: str, segment: str, named: bool
) -> None:
    """Whether the scheme names a vertebra that has no frame, or does not name it at all."""
    frames, _ = made_spine("")
    whole = with_frames(a_spine_of_boxes, frames, 5)
    kept = {name: frame for name, frame in frames.items() if name != gone}
    anatomy = replace(whole if named else with_frames(whole, kept, 5), vertebra_frames=kept)
    for reading in measure_lordosis(Site(anatomy)).values():
        assert reading.value is None
        assert [(f.code, f.why) for f in reading.findings] == [
            ("AN-300", f"Not assessed: the segment {segment}.")
        ]
