"""Drawn roots replace modelled ones, and are not believed about side and level."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.box_bones import (
    GRID,
    box_bones,
    completed_boxes,
    frame_of,
    without_pedicles,
)

from kambin.anatomy import BonyAnatomy, Origin, StructureKey, Tube
from kambin.anatomy.carried import add_registration_errors
from kambin.anatomy.drawn_roots import (
    check_drawn_levels,
    check_drawn_sides,
    model_ganglion_on,
    place_drawn,
)
from kambin.anatomy.laterality import MidsagittalPlane
from kambin.anatomy.nerves import complete_nerves
from kambin.core import Severity
from kambin.frames import Side

PLANE = MidsagittalPlane(np.zeros(3), np.array([1.0, 0.0, 0.0]))
FRAMES = {name: frame_of(name) for name in ("L2", "L3", "L4", "L5", "S1")}
key = StructureKey.parse
ROOTS = [
    f"{kind}:{place}:{side}"
    for kind, places in (
        ("exiting_root", ("L2", "L3", "L4", "L5")),
        ("traversing_root", ("L3", "L4", "L5", "S1")),
        ("drg", ("L2", "L3", "L4", "L5")),
    )
    for place in places
    for side in Side
]


def drawn(name: str, *, every: int = 8) -> Tube:
    """A root of the box spine, as a person would draw it with few points."""
    tube = completed_boxes().structures[key(name)].tube
    assert tube is not None
    steps = np.r_[0 : len(tube.points_lps_mm) - 1 : every, len(tube.points_lps_mm) - 1]
    return Tube(tube.points_lps_mm[steps], tube.radii_mm[steps])


def moved(tube: Tube, x: float = 0.0, y: float = 0.0, z: float = 0.0) -> Tube:
    return replace(tube, points_lps_mm=tube.points_lps_mm + np.array([x, y, z]))


def with_drawn(lines: Mapping[str, Tube]) -> BonyAnatomy:
    bony = box_bones()
    placed = place_drawn({key(name): tube for name, tube in lines.items()}, PLANE, GRID)
    return replace(bony, structures={**bony.structures, **placed}, given=frozenset(placed))


def severities(findings: tuple[object, ...]) -> list[Severity]:
    return [f.severity for f in findings]  # type: ignore[attr-defined]


def test_a_drawn_root_is_placed_as_drawn_with_its_sigma() -> None:
    name = "exiting_root:L4:left"
    tube = moved(drawn(name), x=1.5)
    placed = place_drawn({key(name): tube}, PLANE, GRID)[key(name)]
    assert placed.origin is Origin.DRAWN
    assert not placed.is_modelled
    assert placed.sigma_mm == 1.0
    np.testing.assert_array_equal(placed.tube.points_lps_mm, tube.points_lps_mm)
    assert placed.region.values.any()


def test_a_line_drawn_from_outside_inwards_is_turned_round() -> None:
    name = "exiting_root:L4:right"
    tube = drawn(name)
    turned = Tube(tube.points_lps_mm[::-1], tube.radii_mm[::-1])
    one = place_drawn({key(name): tube}, PLANE, GRID)[key(name)].tube
    other = place_drawn({key(name): turned}, PLANE, GRID)[key(name)].tube
    np.testing.assert_array_equal(one.points_lps_mm, other.points_lps_mm)
    np.testing.assert_array_equal(one.radii_mm, other.radii_mm)


def test_a_drawn_root_replaces_the_modelled_one_and_carries_the_ganglion() -> None:
    name = "exiting_root:L4:left"
    tube = moved(drawn(name), y=2.0)
    nerves = complete_nerves(with_drawn({name: tube}))
    # the drawn root itself is with the given structures
    assert key(name) not in nerves.structures
    assert key("exiting_root:L4:right") in nerves.structures
    ganglion = nerves.structures[key("drg:L4:left")]
    assert ganglion.origin is Origin.MODELLED
    assert ganglion.sigma_mm == 2.5
    for point in ganglion.tube.points_lps_mm:
        assert distance_to_line(point, tube) < 1e-6
    modelled = completed_boxes().structures[key("drg:L4:left")]
    apart = ganglion.tube.points_lps_mm.mean(axis=0) - modelled.tube.points_lps_mm.mean(axis=0)
    np.testing.assert_allclose(apart, [0.0, 2.0, 0.0], atol=1.0)
    assert ganglion.tube.radii_mm.max() == pytest.approx(3.1, abs=0.05)


def distance_to_line(point: np.ndarray, tube: Tube) -> float:
    a, b = tube.points_lps_mm[:-1], tube.points_lps_mm[1:]
    share = np.clip(((point - a) * (b - a)).sum(1) / ((b - a) ** 2).sum(1), 0, 1)[:, None]
    return float(np.linalg.norm(a + share * (b - a) - point, axis=1).min())


def test_a_drawn_ganglion_is_kept() -> None:
    lines = {name: drawn(name) for name in ("exiting_root:L4:left", "drg:L4:left")}
    nerves = complete_nerves(with_drawn(lines))
    assert key("drg:L4:left") not in nerves.structures


def test_no_ganglion_is_invented_where_the_line_does_not_reach() -> None:
    name = "exiting_root:L4:left"
    bony = with_drawn({name: drawn(name)})
    root = bony.structures[key(name)]
    short = replace(root, tube=Tube(root.tube.points_lps_mm[:2], root.tube.radii_mm[:2]))
    assert model_ganglion_on(short, FRAMES["L4"], GRID) is None
    assert model_ganglion_on(replace(root, tube=None), FRAMES["L4"], GRID) is None
    no_pedicles = without_pedicles(bony, "L4").vertebra_frames["L4"]
    assert model_ganglion_on(root, no_pedicles, GRID) is None


@pytest.mark.parametrize("name", ROOTS)
def test_every_root_in_its_place_passes_both_checks(name: str) -> None:
    lines = {key(name): drawn(name)}
    assert check_drawn_sides(lines, PLANE) == ()
    assert check_drawn_levels(lines, FRAMES) == ()


@pytest.mark.parametrize("name", ROOTS)
def test_a_root_named_for_the_other_side_is_blocked(name: str) -> None:
    right_name = key(name)
    wrong = replace(right_name, side=right_name.side.opposite)
    findings = check_drawn_sides({wrong: drawn(name)}, PLANE)
    assert [f.code for f in findings] == ["AN-400"]
    assert severities(findings) == [Severity.BLOCK]
    assert str(wrong) in findings[0].where


def test_a_root_that_strays_over_the_midline_is_asked_about() -> None:
    tube = drawn("exiting_root:L4:left")
    astray = Tube(np.vstack([[-7.0, 20.0, 45.0], tube.points_lps_mm]), np.r_[2.0, tube.radii_mm])
    findings = check_drawn_sides({key("exiting_root:L4:left"): astray}, PLANE)
    assert severities(findings) == [Severity.CONFIRM]
    assert "7.0 mm" in findings[0].why


@pytest.mark.parametrize("name", ROOTS)
@pytest.mark.parametrize("step", [-1, 1])
def test_a_root_named_for_the_next_level_is_blocked(name: str, step: int) -> None:
    names = ["L2", "L3", "L4", "L5", "S1"]
    right_name = key(name)
    other = names.index(right_name.place) + step
    if not 0 <= other < len(names):
        pytest.skip("the box spine ends here")
    wrong = replace(right_name, place=names[other])
    findings = check_drawn_levels({wrong: drawn(name)}, FRAMES)
    assert [f.code for f in findings] == ["AN-401"]
    assert severities(findings) == [Severity.BLOCK]


def test_a_root_above_all_pedicles_is_blocked() -> None:
    name = "exiting_root:L2:left"
    findings = check_drawn_levels({key(name): moved(drawn(name), z=20.0)}, FRAMES)
    assert severities(findings) == [Severity.BLOCK]
    assert "no pedicle" in findings[0].why


def test_a_root_through_its_pedicle_is_asked_about() -> None:
    name = "exiting_root:L4:left"
    findings = check_drawn_levels({key(name): moved(drawn(name), z=9.0)}, FRAMES)
    assert severities(findings) == [Severity.CONFIRM]
    assert "under the middle of a pedicle" in findings[0].why


def test_a_level_that_cannot_be_proven_is_asked_about() -> None:
    name = "exiting_root:L4:left"
    lines = {key(name): drawn(name)}
    frames = without_pedicles(box_bones(), "L4").vertebra_frames
    findings = check_drawn_levels(lines, frames)
    assert severities(findings) == [Severity.CONFIRM]
    short = {key(name): Tube(drawn(name).points_lps_mm[:2], np.full(2, 2.0))}
    assert severities(check_drawn_levels(short, FRAMES)) == [Severity.CONFIRM]


def test_errors_of_a_registration_add_in_squares() -> None:
    given = place_drawn({key("exiting_root:L4:left"): drawn("exiting_root:L4:left")}, PLANE, GRID)
    (name,) = given
    wider = add_registration_errors(given, {name: 0.75, key("dural_sac"): 9.0})
    assert list(wider) == [name]
    assert wider[name].sigma_mm == pytest.approx(1.25)
    assert wider[name].quality["registration_sigma_mm"] == 0.75
    assert "another image" in wider[name].method
    assert add_registration_errors(given, {})[name] is given[name]
