"""Every class of a made herniation is read back as what it was made, or its neighbour is named.

Made: by the shapes' own functions and the sizes the bones were made with. Read: by the classifier
on voxels of 1 mm. The two share the published definitions and nothing else.
"""

from dataclasses import replace

import pytest
from benchmarks.herniation_matrix import CLASSES, not_as_asked, read_class
from benchmarks.made_herniations import MadeLevel, make_level

from kambin.anatomy import Level
from kambin.core import AnatomyError
from kambin.frames import Side
from kambin.measure.herniation_types import Herniation
from kambin.phantom.hernia_made import MadeHerniation


@pytest.fixture(scope="module")
def a_made_level() -> MadeLevel:
    """The phantom's own parts and frames at L4-L5, at 1 mm."""
    return make_level(Level("L4", "L5"), Side.LEFT, seed=1)


def _require_read_as_made(made: MadeHerniation, read: Herniation) -> None:
    for name in CLASSES:
        assert read_class(made, read, name) != "wrong", name


@pytest.mark.parametrize(
    ("zone", "migration", "size", "morphology"),
    [
        ("central", "none", 3, "sequestration"),
        ("paracentral", "none", 1, "protrusion"),
        ("paracentral", "near-up", 2, "extrusion"),
        ("subarticular", "far-up", 1, "sequestration"),
        ("foraminal", "none", 2, "protrusion"),
        ("extraforaminal", "none", 2, "extrusion"),
        ("paracentral", "far-down", 2, "extrusion"),
        ("central", "very-high-down", 2, "sequestration"),
    ],
)
def test_what_was_asked_for_is_made_and_read_back(
    a_made_level: MadeLevel, zone: str, migration: str, size: int, morphology: str
) -> None:
    wishes = {"zone": zone, "migration": migration, "size": size, "morphology": morphology}
    made, read = a_made_level.make(**wishes)
    assert not_as_asked(made, wishes) == []
    _require_read_as_made(made, read)
    assert read["volume"].value == pytest.approx(made.volume_mm3, rel=0.12, abs=10)


def test_size_3_reaches_behind_the_facet_line_and_reads_3(a_made_level: MadeLevel) -> None:
    made, read = a_made_level.make(zone="paracentral", size=3)
    assert made.h_mm > made.d_mm
    assert read["msu_size"].value == made.msu_size == 3
    # The joint's edge is known to a landmark's sigma, the tip to a voxel.
    assert read["msu_size"].measured["d_mm"] == pytest.approx(made.d_mm, abs=0.8)
    assert read["msu_size"].measured["h_mm"] == pytest.approx(made.h_mm, abs=0.8)


def test_a_protrusion_of_size_2_is_made_where_its_disc_is_high_enough(
    a_made_level: MadeLevel,
) -> None:
    made, read = a_made_level.make(zone="central", size=2, morphology="protrusion")
    assert (made.morphology, made.msu_size) == ("protrusion", 2)
    # Nearly as deep as its base: both classes have their neighbours named.
    _require_read_as_made(made, read)
    assert [rate.rule for rate in read.rates] == ["R1", "R2", "R3"]


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"zone": "central", "size": 3, "morphology": "protrusion"}, "Deeper than its base"),
        ({"zone": "paracentral", "size": 2, "morphology": "calcified"}, "size 1"),
        ({"zone": "extraforaminal", "morphology": "protrusion"}, "no margin of the disc"),
        ({"zone": "subarticular", "migration": "far-down"}, "It would lie paracentral"),
        (
            {"zone": "subarticular", "migration": "far-up", "size": 1, "morphology": "extrusion"},
            "It would lie near-up",
        ),
    ],
)
def test_what_cannot_be_made_is_refused_with_what_it_would_be(
    a_made_level: MadeLevel, wishes: dict[str, object], why: str
) -> None:
    with pytest.raises(AnatomyError, match="AN-440") as refusal:
        a_made_level.make(**wishes)
    assert why in refusal.value.why


def test_the_matrix_says_what_is_not_as_asked_and_what_is_read_wrong(
    a_made_level: MadeLevel,
) -> None:
    made, read = a_made_level.make(zone="paracentral", size=2)
    asked = {"zone": "central", "migration": "near-up", "size": 3, "morphology": "sequestration"}
    assert not_as_asked(made, asked) == ["zone", "migration", "morphology", "msu_size"]
    wrong = replace(made, zone="extraforaminal", migration_grade="very-high")
    assert read_class(wrong, read, "zone") == "wrong"
    assert read_class(wrong, read, "migration_grade") == "wrong"
