"""The space between two processes: where it lies, how wide it is and which way it faces."""

from dataclasses import replace

import numpy as np
import pytest
from tests.unit.anatomy.made_bones import LUMBAR
from tests.unit.anatomy.soft_bones import soft_bones

from kambin.anatomy import BonyAnatomy, Origin, Structure, StructureKey
from kambin.anatomy.facet_joints import complete_facet_joints
from kambin.core import Severity
from kambin.frames import Side

Joints = dict[StructureKey, Structure]
key = StructureKey.parse


@pytest.fixture(scope="module")
def joints() -> Joints:
    found, findings = complete_facet_joints(soft_bones())
    assert findings == ()
    return found


def places(structure: Structure) -> np.ndarray:
    return structure.region.lps_mm(np.argwhere(structure.region.values))


def without(*names: str) -> BonyAnatomy:
    bony = soft_bones()
    kept = {k: s for k, s in bony.structures.items() if str(k) not in names}
    return replace(bony, structures=kept)


@pytest.mark.parametrize("side", Side)
def test_the_joint_lies_between_the_processes_with_its_gap_and_its_normal(
    joints: Joints, side: Side
) -> None:
    # The made processes stand 2 mm apart, flat and upright, facing sideways.
    joint = joints[StructureKey("facet_joint", "L4-L5", side)]
    local = LUMBAR["L5"].inverse().points(places(joint))

    assert joint.origin is Origin.MODELLED
    assert joint.sigma_mm == 0.5
    assert joint.quality["gap_median_mm"] == pytest.approx(2.0, abs=0.3)
    assert joint.quality["gap_least_mm"] > 1.5
    assert joint.quality["visible_share"] > 0.95
    assert joint.quality["normal_medial"] > 0.95
    assert joint.quality["angle_to_sagittal_deg"] == pytest.approx(0.0, abs=15.0)
    beside = local[:, 0] * side.lateral_sign_lps
    assert 9.5 < np.median(beside) < 12.5
    assert np.all(local[:, 2] > 5)


def test_joint_and_capsule_share_nothing_with_each_other_or_with_bone(joints: Joints) -> None:
    bony = soft_bones()
    for side in Side:
        joint, capsule = (
            joints[StructureKey(kind, "L4-L5", side)] for kind in ("facet_joint", "facet_capsule")
        )
        nodes = [{tuple(row) for row in np.rint(places(s)).tolist()} for s in (joint, capsule)]
        assert nodes[0].isdisjoint(nodes[1])
        assert capsule.sigma_mm > joint.sigma_mm
        for structure in (joint, capsule):
            ijk = np.rint(bony.labels.ijk(places(structure))).astype(int)
            bone = np.isin(bony.labels.values[tuple(ijk.T)], (1, 2, 3))
            assert bone.mean() < 0.02


def test_where_labels_touch_the_joint_is_their_contact_without_a_gap(joints: Joints) -> None:
    # The made L5 and sacrum run into each other, as worn joints do in labels.
    for side in Side:
        quality = joints[StructureKey("facet_joint", "L5-S1", side)].quality
        assert quality["gap_least_mm"] == 0.0
        assert quality["visible_share"] < 0.5


def test_coarse_labels_give_no_joint_and_say_so() -> None:
    found, (finding,) = complete_facet_joints(soft_bones(2.0))
    assert found == {}
    assert (finding.code, finding.severity) == ("AN-290", Severity.NOTE)
    assert "facet_joint:L4-L5:left" in finding.where
    assert "2.00 mm" in finding.why


def test_the_finest_labels_that_blur_no_facet_still_give_joints() -> None:
    fine = replace(soft_bones(), label_spacing_mm=1.5)
    assert key("facet_joint:L4-L5:left") in complete_facet_joints(fine)[0]
    blurred = replace(soft_bones(), label_spacing_mm=1.5001)
    assert complete_facet_joints(blurred)[0] == {}


def test_a_missing_process_leaves_its_joint_unassessed() -> None:
    found, (finding,) = complete_facet_joints(without("sap:L5:left"))
    assert key("facet_joint:L4-L5:left") not in found
    assert key("facet_joint:L4-L5:right") in found
    assert finding.where == "facet_joint:L4-L5:left"


def test_processes_that_stand_apart_make_no_joint() -> None:
    bony = soft_bones()
    far = bony.structures[key("sap:L4:left")]
    moved = {**bony.structures, key("sap:L5:left"): replace(far, key=key("sap:L5:left"))}
    found, (finding,) = complete_facet_joints(replace(bony, structures=moved))
    assert key("facet_joint:L4-L5:left") not in found
    assert finding.where == "facet_joint:L4-L5:left"


def test_a_given_joint_keeps_its_modelled_capsule_out_of_its_own_place() -> None:
    given = replace(soft_bones(), given=frozenset({key("facet_joint:L4-L5:left")}))
    found, findings = complete_facet_joints(given)
    assert findings == ()
    assert key("facet_joint:L4-L5:left") not in found
    assert key("facet_joint:L4-L5:right") in found
