"""The whole phantom: same bytes, its sides differ, planning sees what a segmentation gives."""

from dataclasses import replace

import numpy as np
import pytest

from kambin.anatomy import Level, StructureKey
from kambin.core import SilentProgress
from kambin.frames import Side
from kambin.phantom import Phantom, PhantomParameters, build_phantom, build_truth
from kambin.phantom.given import GIVEN_KINDS


class CountingProgress(SilentProgress):
    """Remembers the last report."""

    def step(self, title: str, done: int, total: int) -> None:
        self.last = (title, done, total)


@pytest.fixture(scope="module")
def a_coarse_patient() -> PhantomParameters:
    return PhantomParameters(Level("L4", "L5"), Side.LEFT, spacing_mm=5.0, seed=11)


def key(text: str) -> StructureKey:
    return StructureKey.parse(text)


def mask(phantom: Phantom, text: str) -> np.ndarray:
    numbers = [number for number, name in phantom.names.items() if name == key(text)]
    assert len(numbers) == 1
    return phantom.labels.values == numbers[0]


def centre(phantom: Phantom, text: str) -> np.ndarray:
    return phantom.labels.lps_mm(np.argwhere(mask(phantom, text))).mean(axis=0)


def test_the_same_parameters_give_the_same_bytes(a_coarse_patient: PhantomParameters) -> None:
    progress = CountingProgress()
    first, second = (
        build_phantom(a_coarse_patient),
        build_phantom(a_coarse_patient, progress=progress),
    )
    assert first.image.values.tobytes() == second.image.values.tobytes()
    assert first.labels.values.tobytes() == second.labels.values.tobytes()
    assert dict(first.names) == dict(second.names)
    assert progress.last[0] == "phantom"
    assert progress.last[1] == progress.last[2] == first.image.shape[2]


def test_another_seed_gives_another_patient(a_coarse_patient: PhantomParameters) -> None:
    first = build_truth(a_coarse_patient)
    second = build_truth(replace(a_coarse_patient, seed=12))
    assert first.frame_id != second.frame_id
    line = key("exiting_root:L4:left")
    assert not np.allclose(
        first.centre_lines[line].points_lps_mm[0], second.centre_lines[line].points_lps_mm[0]
    )


def test_planning_sees_vertebrae_pelvis_ribs_organs_and_muscles_only(a_phantom: Phantom) -> None:
    names = {str(name) for name in a_phantom.names.values()}
    assert {name.kind for name in a_phantom.names.values()} <= set(GIVEN_KINDS)
    assert {f"vertebra:{name}" for name in ("T12", "L1", "L2", "L3", "L4", "L5")} <= names
    assert {"sacrum", "aorta", "vena_cava", "liver", "spleen", "colon", "small_bowel"} <= names
    for side in Side:
        for kind in ("ilium", "rib:12", "kidney", "psoas", "iliac_artery", "iliac_vein"):
            assert f"{kind}:{side}" in names
    for hidden in ("dural_sac", "exiting_root", "disc", "sap", "flavum", "fragment", "canal"):
        assert not any(name.startswith(hidden) for name in names)


def test_every_named_structure_has_voxels(a_phantom: Phantom) -> None:
    counts = np.bincount(a_phantom.labels.values.ravel(), minlength=256)
    empty = [str(name) for number, name in a_phantom.names.items() if counts[number] < 20]
    assert not empty


def test_the_array_is_canonical_and_image_and_labels_share_their_grid(a_phantom: Phantom) -> None:
    affine = a_phantom.image.lps_from_ijk
    np.testing.assert_array_equal(affine, a_phantom.labels.lps_from_ijk)
    np.testing.assert_allclose(affine[:3, :3], 3.0 * np.eye(3), atol=1e-9)
    assert a_phantom.image.shape == a_phantom.labels.shape
    assert a_phantom.image.values.dtype == np.float32
    assert a_phantom.labels.values.dtype == np.uint8


def test_the_witnesses_of_the_side_are_where_they_belong(a_phantom: Phantom) -> None:
    assert centre(a_phantom, "liver")[0] < -40
    assert centre(a_phantom, "spleen")[0] > 60
    assert centre(a_phantom, "aorta")[0] > 2 > centre(a_phantom, "vena_cava")[0]
    assert centre(a_phantom, "kidney:left")[2] > centre(a_phantom, "kidney:right")[2]
    for kind in ("ilium", "kidney", "psoas", "rib:12", "erector_spinae"):
        assert centre(a_phantom, f"{kind}:left")[0] > 15
        assert centre(a_phantom, f"{kind}:right")[0] < -15


def test_left_and_right_of_the_spine_differ_on_purpose(a_phantom: Phantom) -> None:
    lines = a_phantom.truth.centre_lines
    for name in ("L1", "L2", "L3", "L4", "L5"):
        left = lines[key(f"exiting_root:{name}:left")].points_lps_mm[-1]
        right = lines[key(f"exiting_root:{name}:right")].points_lps_mm[-1]
        assert np.linalg.norm(left - right * [-1, 1, 1]) > 0.3
    bones = np.isin(
        a_phantom.labels.values, [n for n, k in a_phantom.names.items() if k.kind == "vertebra"]
    )
    assert (bones != bones[::-1]).mean() > 1e-4


def test_the_image_shows_each_tissue_at_its_hounsfield_value(a_phantom: Phantom) -> None:
    image = a_phantom.image.values
    assert np.median(image[mask(a_phantom, "liver")]) == pytest.approx(62, abs=3)
    assert np.median(image[mask(a_phantom, "psoas:left")]) == pytest.approx(56, abs=3)
    assert image[0, 0, 0] == pytest.approx(-1000, abs=60)
    outside = image[:3].ravel()
    assert outside.std() == pytest.approx(14, abs=2)


def test_bone_has_a_bright_shell_round_a_darker_inside(a_phantom: Phantom) -> None:
    shape = next(s for s in a_phantom.truth.shapes if s.key == key("vertebra:L3"))
    voxels = np.argwhere(mask(a_phantom, "vertebra:L3"))
    depth = shape.distance(a_phantom.labels.lps_mm(voxels))
    values = a_phantom.image.values[tuple(voxels.T)]
    assert np.median(values[depth < -6]) == pytest.approx(190, abs=15)
    assert np.median(values[depth > -1.5]) > 300


def test_all_bone_and_all_organs_lie_under_the_skin(a_phantom: Phantom) -> None:
    skin = a_phantom.truth.shapes[0]
    assert skin.key == key("skin")
    voxels = np.argwhere(a_phantom.labels.values > 0)
    depth = skin.distance(a_phantom.labels.lps_mm(voxels))
    assert depth.max() < -4


def test_the_field_of_view_holds_the_skin_all_round(a_phantom: Phantom) -> None:
    body = a_phantom.image.values > -400
    assert not body[[0, -1]].any()
    assert not body[:, [0, -1]].any()
    assert body[:, :, [0, -1]].any()


def test_the_crest_stands_at_l4_l5(a_phantom: Phantom) -> None:
    frames = a_phantom.truth.vertebra_frames
    for side in Side:
        crest = a_phantom.labels.lps_mm(np.argwhere(mask(a_phantom, f"ilium:{side}")))[:, 2].max()
        assert frames["L5"].lps_from_vertebra.origin_mm[2] < crest
        assert crest < frames["L4"].lps_from_vertebra.origin_mm[2] + 3
