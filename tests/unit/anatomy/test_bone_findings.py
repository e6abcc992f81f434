from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR, lumbar_bones

from kambin.anatomy import BonyAnatomy, Level, VertebraFrame
from kambin.anatomy.bone_findings import count_touching_nodes, find_bone_findings
from kambin.core import Severity
from kambin.frames import Side

L4_L5 = Level("L4", "L5")


@pytest.fixture(scope="module")
def bony() -> BonyAnatomy:
    return lumbar_bones()


def codes(bony: BonyAnatomy) -> dict[str, Severity]:
    return {f.code: f.severity for f in find_bone_findings(bony)}


def test_a_fine_ct_resolves_the_facet(bony: BonyAnatomy) -> None:
    assert "AN-201" not in codes(bony)


@pytest.mark.parametrize(("spacing", "said"), [(1.5, False), (1.6, True), (3.0, True)])
def test_labels_above_one_and_a_half_millimetres_ask_for_a_person(
    bony: BonyAnatomy, spacing: float, said: bool
) -> None:
    found = codes(replace(bony, label_spacing_mm=spacing))
    assert ("AN-201" in found) is said
    if said:
        assert found["AN-201"] is Severity.CONFIRM


def test_a_finding_names_value_and_limit(bony: BonyAnatomy) -> None:
    finding = find_bone_findings(replace(bony, label_spacing_mm=3.0))[0]
    assert "3.00 mm" in finding.why
    assert "1.5 mm" in finding.why
    assert finding.next_step


def test_an_open_joint_is_not_mentioned(bony: BonyAnatomy) -> None:
    assert count_touching_nodes(bony, L4_L5) == dict.fromkeys(Side, 0)


def grown(bony: BonyAnatomy, low: tuple[float, ...], high: tuple[float, ...]) -> BonyAnatomy:
    """The same bones after L5 has grown into a box of its own frame."""
    grid = bony.working_grid
    places = grid.origin_lps_mm + np.moveaxis(np.indices(grid.shape), 0, -1) * grid.spacing_mm
    local = LUMBAR["L5"].inverse().points(places)
    labels = bony.bone.labels.copy()
    box = ((local > low) & (local < high)).all(axis=-1)
    labels[box & (labels == 0)] = bony.bone.names.index("L5") + 1
    return replace(bony, bone=replace(bony.bone, labels=labels))


def test_a_joint_without_a_gap_is_a_note_with_its_side(bony: BonyAnatomy) -> None:
    fused = grown(bony, (8, 27, 13), (13, 33, 19))
    touching = count_touching_nodes(fused, L4_L5)
    assert touching[Side.LEFT] > 0
    assert touching[Side.RIGHT] == 0
    note = next(f for f in find_bone_findings(fused) if f.code == "AN-202")
    assert note.severity is Severity.NOTE
    assert "L4-L5 left" in note.where
    assert "L4-L5 right" not in note.where


def test_bodies_that_touch_are_no_joint(bony: BonyAnatomy) -> None:
    bridged = grown(bony, (-8, -8, 12), (8, 8, 40))
    assert count_touching_nodes(bridged, L4_L5) == dict.fromkeys(Side, 0)


def test_a_vertebra_without_a_frame_is_named(bony: BonyAnatomy) -> None:
    frames = {n: f for n, f in bony.vertebra_frames.items() if n != "L4"}
    discs = {level: d for level, d in bony.disc_frames.items() if "L4" not in str(level)}
    finding = find_bone_findings(replace(bony, vertebra_frames=frames, disc_frames=discs))
    assert [f.where for f in finding if f.code == "AN-204"] == ["L4"]


def test_a_vertebra_with_one_pedicle_is_named(bony: BonyAnatomy) -> None:
    frame = bony.vertebra_frames["L5"]
    half = VertebraFrame(
        "L5",
        frame.lps_from_vertebra,
        frame.upper_plate,
        frame.lower_plate,
        frame.posterior_wall_y_mm,
        {Side.LEFT: frame.pedicles[Side.LEFT]},
        frame.sigma_tilt_deg,
    )
    found = find_bone_findings(replace(bony, vertebra_frames={**bony.vertebra_frames, "L5": half}))
    assert [f.where for f in found if f.code == "AN-204"] == ["L5"]
