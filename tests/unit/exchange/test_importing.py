"""A case from files: merging, precedence, fragment, repeated imports."""

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from tests.fault.made_files import (
    AORTA,
    L4,
    L5,
    NAMES,
    name_labels,
    ras_affine,
    save,
    save_spine,
    spine_image,
    spine_labels,
)

from kambin.anatomy import StructureKey
from kambin.core import InputError, RequestError, Severity, StoreError
from kambin.exchange import find_import_findings, import_case, read_case


@pytest.fixture
def spine(tmp_path: Path) -> tuple[Path, Path]:
    """Image and labels of a made spine."""
    return save_spine(tmp_path)


def _mask_file(folder: Path, name: str, mask: np.ndarray) -> Path:
    return save(folder / name, mask.astype(np.uint8))


def _volume_of(case_dir: Path, key: str) -> int:
    case = read_case(case_dir)
    values = [v for v, k in case.names.items() if str(k) == key]
    return int(np.isin(case.labels.values, values).sum())


def test_a_label_only_case_is_legal(spine: tuple[Path, Path], tmp_path: Path) -> None:
    case = read_case(import_case(labels=[spine[1]], out=tmp_path / "case"))
    assert case.image is None
    assert {str(k) for k in case.names.values()} == {
        "aorta",
        "sacrum",
        "vertebra:L4",
        "vertebra:L5",
    }


def test_nothing_of_the_source_is_kept(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    folder = tmp_path / "MUELLER_HANS_19610203"
    folder.mkdir()
    for file in (image, labels, labels.with_suffix(".json")):
        file.rename(folder / file.name)
    case = import_case(image=folder / "ct.nii", labels=[folder / "seg.nii"], out=tmp_path / "case")
    kept = b"".join(file.read_bytes() for file in sorted(case.iterdir()))
    assert b"MUELLER" not in kept
    assert b"ct.nii" not in kept.replace(b"image.nii", b"")


def test_the_earlier_labels_keep_their_voxels_and_the_overlap_is_told(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    disc = np.zeros_like(spine_labels(), dtype=bool)
    disc[8:16, 7:13, 12:15] = True  # one layer of free space between two layers of bone
    extra = _mask_file(tmp_path, "disc_L4-L5.nii", disc)
    case = import_case(labels=[labels, extra], out=tmp_path / "one")
    assert _volume_of(case, "disc:L4-L5") == 8 * 6
    (finding,) = find_import_findings(read_case(case))
    assert (finding.code, finding.severity) == ("IN-023", Severity.CONFIRM)
    assert f"{2 * 48 * 64} mm3" in finding.why
    assert "vertebra:L4 keeps 3072 mm3 from disc:L4-L5" in finding.why
    other = import_case(labels=[extra, labels], out=tmp_path / "other")
    assert _volume_of(other, "disc:L4-L5") == 3 * 48


def test_skin_around_everything_is_no_overlap(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    skin = _mask_file(tmp_path, "body.nii", np.ones_like(spine_labels()))
    case = import_case(labels=[labels, skin], out=tmp_path / "case")
    assert find_import_findings(read_case(case)) == ()
    assert _volume_of(case, "vertebra:L4") == int((spine_labels() == L4).sum())


def test_the_fragment_keeps_its_voxels_against_all(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    lump = np.zeros_like(spine_labels(), dtype=bool)
    lump[10:12, 8:10, 12:15] = True
    fragment = _mask_file(tmp_path, "lump.nii", lump)
    case = import_case(labels=[labels], fragment=fragment, out=tmp_path / "case")
    assert _volume_of(case, "fragment") == 12


def test_a_folder_of_masks_gives_the_same_case_as_one_file(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    folder = tmp_path / "masks"
    folder.mkdir()
    for value, name in NAMES.items():
        _mask_file(folder, f"{name}.nii.gz", spine_labels() == value)
    one = read_case(import_case(labels=[labels], out=tmp_path / "one"))
    many = read_case(import_case(labels=[folder], out=tmp_path / "many"))
    for key in ("vertebra:L4", "vertebra:L5", "sacrum", "aorta"):
        wanted = StructureKey.parse(key)
        masks = [
            np.isin(c.labels.values, [v for v, k in c.names.items() if k == wanted])
            for c in (one, many)
        ]
        assert np.array_equal(*masks), key


def test_a_structure_given_twice_at_one_place_is_taken_once(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    again = _mask_file(tmp_path, "vertebrae_L4.nii", spine_labels() == L4)
    case = read_case(import_case(labels=[labels, again], out=tmp_path / "case"))
    assert [f.code for f in find_import_findings(case)] == ["IN-080"]


def test_a_structure_given_at_two_places_is_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    again = _mask_file(tmp_path, "vertebrae_L4.nii", spine_labels() == L5)
    with pytest.raises(InputError, match=r"IN-018.*vertebra:L4"):
        import_case(labels=[labels, again], out=tmp_path / "case")


def test_unknown_names_ask_a_person(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    name_labels(labels, NAMES | {AORTA: "strange_thing"})
    case = read_case(import_case(labels=[labels], out=tmp_path / "case"))
    (finding,) = find_import_findings(case)
    assert (finding.code, finding.severity) == ("IN-022", Severity.CONFIRM)
    assert "strange_thing" in finding.why
    assert AORTA not in case.names


def test_more_than_a_dozen_unknown_names_are_counted(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    values = spine_labels()
    values[0, 0, 1:15] = np.arange(100, 114)
    save(labels, values)
    name_labels(labels, NAMES | {v: f"thing{v}" for v in range(100, 114)})
    (finding,) = find_import_findings(
        read_case(import_case(labels=[labels], out=tmp_path / "case"))
    )
    assert "and 2 more" in finding.why


def test_labels_are_needed(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="RQ-003"):
        import_case(image=tmp_path / "ct.nii", out=tmp_path / "case")


def test_dialects_are_one_for_all_or_one_for_each(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    extra = _mask_file(tmp_path, "kidney_left.nii", spine_labels() == 0)
    out = import_case(labels=[labels, extra], dialect="totalsegmentator,masks", out=tmp_path / "a")
    assert read_case(out).dialect == "totalsegmentator+masks"
    with pytest.raises(RequestError, match=r"RQ-003.*3 dialects for 2"):
        import_case(labels=[labels, extra], dialect="auto,auto,auto", out=tmp_path / "b")
    with pytest.raises(RequestError, match="RQ-003"):
        import_case(labels=[labels], dialect="no way", out=tmp_path / "b")


def test_an_existing_case_is_not_replaced_unless_forced(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    out = import_case(labels=[labels], out=tmp_path / "case")
    before = (out / "case.json").read_bytes()
    with pytest.raises(StoreError, match=r"ST-002.*--force"):
        import_case(labels=[labels], out=out)
    assert (out / "case.json").read_bytes() == before
    save(labels, np.where(spine_labels() == AORTA, 0, spine_labels()).astype(np.uint8))
    import_case(labels=[labels], out=out, force=True)
    assert (out / "case.json").read_bytes() != before
    assert not list(tmp_path.glob(".case*"))


def test_a_folder_that_is_no_case_is_never_replaced(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    precious = tmp_path / "photos"
    precious.mkdir()
    (precious / "one.jpg").write_bytes(b"1")
    with pytest.raises(StoreError, match=r"ST-002.*never replaced"):
        import_case(labels=[spine[1]], out=precious, force=True)
    assert (precious / "one.jpg").read_bytes() == b"1"


def test_the_same_input_gives_the_same_bytes(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    one = import_case(image=image, labels=[labels], out=tmp_path / "one")
    two = import_case(image=image, labels=[labels], out=tmp_path / "two")
    for file in sorted(one.iterdir()):
        assert file.read_bytes() == (two / file.name).read_bytes(), file.name


def test_an_mr_without_air_is_not_judged_as_a_ct(spine: tuple[Path, Path], tmp_path: Path) -> None:
    image, labels = spine
    save(image, (spine_image() + 1000).astype(np.int16))
    assert import_case(image=image, labels=[labels], out=tmp_path / "case").is_dir()


def test_cut_vertebrae_do_not_judge_the_unit(spine: tuple[Path, Path], tmp_path: Path) -> None:
    _, labels = spine
    values = np.zeros_like(spine_labels())
    values[:, :, 0] = L5
    save(labels, values, ras_affine(10.0))
    name_labels(labels)
    assert import_case(labels=[labels], out=tmp_path / "case").is_dir()


def test_a_file_s_own_label_table_names_it(shared_data: Path, tmp_path: Path) -> None:
    folder = shared_data / "ct_ts_abdopelvis_3mm"
    alone = tmp_path / "seg.nii.gz"
    alone.write_bytes((folder / "labels_totalseg117.nii.gz").read_bytes())
    case = read_case(import_case(labels=[alone], out=tmp_path / "case"))
    names = json.loads((folder / "labels.json").read_text())
    assert case.dialect == "totalsegmentator"
    assert len(case.names) == 61
    assert case.names[27] == StructureKey("vertebra", "L5")
    assert names["27"] == "vertebrae_L5"


def test_a07_a_label_map_given_as_the_image_is_refused(
    spine: tuple[Path, Path], tmp_path: Path
) -> None:
    _, labels = spine
    copy = tmp_path / "picture.nii"
    # stored the other way round and as another number format, it is the same map
    stored = nibabel.load(labels)
    turned = nibabel.Nifti1Image(np.asarray(stored.dataobj, np.int16), stored.affine)
    nibabel.save(turned.as_reoriented([[0, -1], [2, 1], [1, 1]]), copy)
    with pytest.raises(InputError, match=r"IN-100.*picture\.nii") as caught:
        import_case(image=copy, labels=[labels], out=tmp_path / "case")
    assert caught.value.exit_code == 3
    assert not (tmp_path / "case").exists()
