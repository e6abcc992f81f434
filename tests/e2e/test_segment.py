"""``kambin segment``: tools are called as they ask for, watched, checked, or said to be missing.

The tools are not installed where the tests run. Small executables on the PATH keep their
contracts: they take the options of the tool, and write what it writes where it writes it.
"""

import shlex
import stat
import sys
from pathlib import Path

import numpy as np
import pytest
from tests.e2e.command_line import Outcome, run_kambin
from tests.fault.dicom_files import NAME, PATIENT_ID, write_series
from tests.fault.made_files import ras_affine, save, spine_image, spine_labels

from kambin.exchange import SEGMENTERS, read_case

NUMBERS = {25: 26, 27: 24, 28: 23}
"""Sacrum, L5 and L4 of TotalSegmentator's table in the VerSe table."""

TOTAL = """
expect(words[0] == "-i" and words[2] == "-o" and words[4:7] == ["--ml", "--task", words[6]])
put({"total": "total", "vertebrae_mr": "mr", "total_mr": "organs"}[words[6]], words[3])
"""
SPINEPS = """
expect(words[:2] == ["sample", "-i"] and words[3:7] == ["-ms", "t2w", "-mv", "instance"])
expect(words[2].endswith("_T2w.nii.gz"))
folder = Path(words[2]).parent / "derivatives_seg"
put("vert", folder / "sub-image_mod-T2w_seg-vert_msk.nii.gz")
put("parts", folder / "sub-image_mod-T2w_seg-spine_msk.nii.gz")
"""
TOTALSPINESEG = """
expect(not words[0].startswith("-") and words[2:] in ([], ["--device", "cpu"]))
put("spine", Path(words[1]) / "step2_output" / Path(words[0]).name)
"""


class Bench:
    """A folder with an image, prepared labels, and a folder of executables on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.ready = folder / "ready"
        self.out = folder / "labels"
        self.image = folder / "Doe John.nii.gz"
        for made in (self.bin, self.ready):
            made.mkdir()

    def install(self, name: str, body: str) -> None:
        """Put an executable on the PATH that logs its words and behaves like a tool."""
        script = self.bin / name
        script.write_text(
            f"#!{sys.executable}\n"
            "import shutil, sys\nfrom pathlib import Path\nwords = sys.argv[1:]\n"
            f"log = open({str(self.folder / 'log')!r}, 'a')\n"
            "print(*words, sep='|', file=log, flush=True)\n"
            "def expect(holds):\n    holds or sys.exit(f'unknown words: {words}')\n"
            "def put(name, file):\n"
            "    Path(file).parent.mkdir(parents=True, exist_ok=True)\n"
            f"    shutil.copyfile(Path({str(self.ready)!r}) / f'{{name}}.nii.gz', file)\n"
            f"print('Predicting...', flush=True)\n{body}"
        )
        script.chmod(script.stat().st_mode | stat.S_IXUSR)

    @property
    def calls(self) -> list[list[str]]:
        """The words of every call of a tool."""
        return [line.split("|") for line in (self.folder / "log").read_text().splitlines()]

    def segment(self, *words: object) -> Outcome:
        """Call ``kambin segment`` on the image."""
        return run_kambin("segment", "-i", self.image, "-o", self.out, *words)


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    made = Bench(tmp_path)
    monkeypatch.setenv("PATH", str(made.bin))
    labels = spine_labels()
    save(made.image, spine_image())
    save(made.ready / "total.nii.gz", labels)
    bones = np.zeros_like(labels)
    for old, new in NUMBERS.items():
        bones[labels == old] = new
    save(made.ready / "vert.nii.gz", bones)
    save(made.ready / "parts.nii.gz", np.where(bones > 0, 49, 0).astype(np.uint8))
    save(made.ready / "mr.nii.gz", np.select([bones == 26, bones == 24, bones == 23], [1, 2, 3], 0)
         .astype(np.uint8))  # fmt: skip
    save(made.ready / "organs.nii.gz", np.where(labels == 52, 23, 0).astype(np.uint8))
    spine = np.select([bones == 26, bones == 24, bones == 23], [50, 45, 44], 0)
    save(made.ready / "spine.nii.gz", spine.astype(np.uint8))
    return made


def as_mr(bench: Bench) -> None:
    """Replace the CT by an image without negative numbers."""
    save(bench.image, (spine_image() + 1000).astype(np.int16))


def leftovers(bench: Bench) -> list[str]:
    """What lies in the folder that nobody asked for."""
    known = {"bin", "ready", "labels", "log", "case", bench.image.name}
    return sorted(p.name for p in bench.folder.iterdir() if p.name not in known)


def test_a_ct_goes_to_totalsegmentator_and_its_labels_on_to_the_import(bench: Bench) -> None:
    bench.install("TotalSegmentator", TOTAL)

    done = bench.segment("--fast", "--device", "cpu", "--json")

    assert done.code == 0, done.errors
    (call,) = bench.calls
    assert call[4:] == ["--ml", "--task", "total", "--fast", "--device", "cpu"]
    # what a tool prints and keeps must not name the patient
    assert "Doe" not in " ".join(call)
    assert "Predicting..." in done.errors
    assert done.document["modality"] == "CT"
    assert [Path(f).name for f in done.document["files"]] == ["total.nii.gz"]
    assert leftovers(bench) == []
    assert "'" in done.document["next"]
    imported = run_kambin(
        "import", "-i", bench.image, "--labels", bench.out / "total.nii.gz",
        "--dialect", done.document["dialects"][0], "-o", bench.folder / "case",
    )  # fmt: skip
    assert imported.code == 0, imported.errors


NO_HEADERS = """
import gzip
voxels = gzip.open(words[1]).read()
expect(not any(told.encode() in voxels for told in TOLD))
"""


def test_a_dicom_folder_goes_to_the_tool_as_voxels_without_a_name(bench: Bench) -> None:
    study = write_series(bench.folder / "study")
    bench.install("TotalSegmentator", f"TOLD = {(NAME, PATIENT_ID)}" + NO_HEADERS + TOTAL)

    done = run_kambin("segment", "-i", study, "--series", "3", "-o", bench.out, "--json")

    assert done.code == 0, done.errors
    assert done.document["next"].startswith(f"kambin import -i {study} --series 3 --labels")
    # as it is printed, it makes a case on the slices of the study
    words = shlex.split(done.document["next"])[1:-1]
    imported = run_kambin(*words, bench.folder / "case")
    assert imported.code == 0, imported.errors
    case = read_case(bench.folder / "case")
    assert {str(key) for key in case.names.values()} >= {"vertebra:L4", "vertebra:L5", "aorta"}


def test_what_the_import_refuses_goes_to_no_tool(bench: Bench) -> None:
    study = write_series(bench.folder / "study", slices=[k for k in range(26) if k != 12])
    bench.install("TotalSegmentator", TOTAL)

    refused = run_kambin("segment", "-i", study, "-o", bench.out)

    assert refused.code == 3
    assert "IN-054" in refused.errors
    assert not (bench.folder / "log").exists()
    option = bench.segment("--deshear")
    assert option.code == 2
    assert "RQ-003" in option.errors


def test_an_mr_takes_two_tasks_of_which_one_has_a_faster_model(bench: Bench) -> None:
    bench.install("TotalSegmentator", TOTAL)
    as_mr(bench)

    done = bench.segment("--fast")

    assert done.code == 0, done.errors
    assert [call[6:] for call in bench.calls] == [["vertebrae_mr"], ["total_mr", "--fast"]]
    assert "--dialect totalsegmentator_vertebrae_mr,totalsegmentator_mr" in done.text
    assert "read as MR" in done.text


def test_the_pair_that_spineps_leaves_imports_as_bones_in_parts(bench: Bench) -> None:
    bench.install("spineps", SPINEPS)
    as_mr(bench)

    done = bench.segment("--tool", "spineps", "--device", "cpu", "--json")

    assert done.code == 0, done.errors
    assert bench.calls[0][-1] == "-cpu"
    imported = run_kambin(
        "import", "-i", bench.image, "--labels", bench.out / "seg-vert.nii.gz",
        "--labels", bench.out / "seg-spine.nii.gz",
        "--dialect", ",".join(done.document["dialects"]), "-o", bench.folder / "case",
    )  # fmt: skip
    assert imported.code == 0, imported.errors
    assert {"body:L4", "body:L5", "sacrum"} <= {
        str(key) for key in read_case(bench.folder / "case").names.values()
    }


def test_totalspineseg_leaves_its_labels_in_a_folder_of_steps(bench: Bench) -> None:
    bench.install("totalspineseg", TOTALSPINESEG)

    done = bench.segment("--tool", "totalspineseg", "--device", "cpu")

    assert done.code == 0, done.errors
    assert (bench.out / "totalspineseg.nii.gz").is_file()
    assert leftovers(bench) == []


@pytest.mark.parametrize("tool", sorted(SEGMENTERS))
def test_a_tool_that_is_not_installed_is_named_with_what_installs_it(
    bench: Bench, tool: str
) -> None:
    done = bench.segment("--tool", tool, "--json")

    assert done.code == 2
    error = done.document["error"]
    assert error["code"] == "RQ-060"
    assert SEGMENTERS[tool].install in error["next_step"]
    assert not bench.out.exists()


def test_a_package_without_an_executable_is_called_by_its_entry(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = bench.folder / "bin" / "totalspineseg"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inference.py").write_text(
        "import shutil, sys\nfrom pathlib import Path\ndef main():\n"
        "    image, out = map(Path, sys.argv[1:3])\n"
        "    (out / 'step2_output').mkdir(parents=True)\n"
        f"    ready = {str(bench.ready / 'spine.nii.gz')!r}\n"
        "    shutil.copyfile(ready, out / 'step2_output' / image.name)\n"
    )
    # importable here and for the child, as an installed package is
    monkeypatch.syspath_prepend(str(bench.bin))
    monkeypatch.setenv("PYTHONPATH", str(bench.bin))

    done = bench.segment("--tool", "totalspineseg")

    assert done.code == 0, done.errors
    assert (bench.out / "totalspineseg.nii.gz").is_file()


@pytest.mark.parametrize(
    ("body", "code", "says"),
    [
        ("sys.exit(3)\n", "IN-084", "status 3"),
        ("", "IN-085", "no files"),
        ("put('small', words[3])\n", "IN-085", "The image has"),
        ("put('empty', words[3])\n", "IN-024", "Every voxel is 0"),
        ("put('foreign', words[3])\n", "IN-017", "have no name"),
        ("open(words[3], 'w').write('no image')\n", "IN-003", ""),
    ],
    ids=["fails", "leaves nothing", "another grid", "empty", "another table", "no image"],
)
def test_what_goes_wrong_in_a_tool_is_told_and_leaves_nothing(
    bench: Bench, body: str, code: str, says: str
) -> None:
    labels = spine_labels()
    affine = ras_affine()
    affine[0, 3] += 12.0
    save(bench.ready / "small.nii.gz", labels, affine)
    save(bench.ready / "empty.nii.gz", np.zeros_like(labels))
    save(bench.ready / "foreign.nii.gz", np.where(labels > 0, 200, 0).astype(np.uint8))
    bench.install("TotalSegmentator", body)

    done = bench.segment("--json")

    assert done.code == 3, done.errors
    assert done.document["error"]["code"] == code
    assert says in done.document["error"]["why"]
    assert "Predicting..." in done.errors
    assert not bench.out.exists()
    assert leftovers(bench) == []


def test_a_folder_that_holds_something_is_left_alone(bench: Bench) -> None:
    bench.install("TotalSegmentator", TOTAL)
    bench.out.mkdir()
    (bench.out / "notes.txt").write_text("mine")

    done = bench.segment("--json")

    assert (done.code, done.document["error"]["code"]) == (6, "ST-002")
    assert [p.name for p in bench.out.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "words",
    [
        ("--tool", "nnunet"),
        ("--tool", "spineps"),
        ("--tool", "totalspineseg", "--fast"),
        ("--device", "quantum"),
    ],
)
def test_what_a_tool_cannot_do_is_refused_before_it_runs(
    bench: Bench, words: tuple[str, ...]
) -> None:
    for name, body in (("TotalSegmentator", TOTAL), ("spineps", SPINEPS)):
        bench.install(name, body)
    bench.install("totalspineseg", TOTALSPINESEG)

    done = bench.segment(*words, "--json")

    assert (done.code, done.document["error"]["code"]) == (2, "RQ-061")
    assert not (bench.folder / "log").exists()


def test_info_lists_which_tools_are_there(bench: Bench) -> None:
    bench.install("spineps", SPINEPS)

    tools = run_kambin("info", "--json").document["segmenters"]

    assert {name: row["installed"] for name, row in tools.items()} == {
        "totalsegmentator": False, "totalspineseg": False, "spineps": True,
    }  # fmt: skip
