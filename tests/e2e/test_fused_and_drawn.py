"""CT and MR of one made patient, and a root that a person drew: from the files to the report."""

import html
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from scipy.spatial import cKDTree
from tests.e2e.command_line import Outcome, run_kambin
from tests.unit.anatomy.bent_spine import LEVELS, BentSpine, bend_made
from tests.unit.exchange.made_markups import markup, save_markups

from kambin.anatomy import Anatomy, Level, Origin, StructureKey, Tube
from kambin.core import SilentProgress
from kambin.desk import workbench
from kambin.desk.gate import read_checked_case
from kambin.exchange import nifti_bytes, read_case, write_case
from kambin.frames import Side
from kambin.imaging import LabelMap
from kambin.knowledge import value
from kambin.phantom import Phantom, PhantomParameters, build_phantom, paint_spine_case

DRAWN = StructureKey.parse("exiting_root:L4:left")
RADIUS_MM = 2.2
SHOWN_MM = 1.5
"""A voxel of the CT: nearer than this a target counts as in the fragment."""
ASKED = ("--level", "L4-L5", "--side", "left")


@pytest.fixture(scope="module")
def patient() -> Phantom:
    """The whole patient with skin and image, as a CT shows it, and a fragment on the left."""
    return build_phantom(
        PhantomParameters(Level("L4", "L5"), Side.LEFT, seed=0, zone="paracentral", spacing_mm=1.5)
    )


@pytest.fixture(scope="module")
def spine(patient: Phantom) -> BentSpine:
    """The patient of the CT, bent otherwise and on thicker slices, as the MR shows it."""
    coarse = replace(patient.parameters, spacing_mm=2.0)
    made = paint_spine_case(coarse, LEVELS, truth=patient.truth)
    return bend_made(made, mr_spacing_mm=(2.0, 1.5, 1.5))


@pytest.fixture(scope="module")
def ct(patient: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The case of the CT, from its files."""
    folder = tmp_path_factory.mktemp("ct")
    (folder / "ct.nii.gz").write_bytes(nifti_bytes(patient.image))
    labels = saved_labels(folder, patient.labels, patient.names)
    made = run_kambin("import", "-i", folder / "ct.nii.gz", *labels, "-o", folder / "case")
    assert made.code == 0, made.errors
    return folder / "case"


@pytest.fixture(scope="module")
def mr(spine: BentSpine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The MR's labels with all roots but one, which a person drew on that MR instead."""
    folder = tmp_path_factory.mktemp("mr")
    labels, drawn = spine.mr.labels, next(v for v, k in spine.mr.names.items() if k == DRAWN)
    without = replace(labels, values=np.where(labels.values == drawn, 0, labels.values))
    names = {v: k for v, k in spine.mr.names.items() if k != DRAWN}
    line = spine.made.truth.centre_lines[DRAWN].points_lps_mm
    placed = spine.to_mr(line[np.linspace(0, len(line) - 1, 9).astype(int)])
    curve = save_markups(folder / "root.mrk.json", markup(placed))
    root = ("--root", f"{DRAWN}={curve}", "--root-radius", RADIUS_MM)
    made = run_kambin("import", *saved_labels(folder, without, names), *root, "-o", folder / "case")
    assert made.code == 0, made.errors
    return folder / "case"


def saved_labels(folder: Path, labels: LabelMap, names: Any) -> tuple[object, ...]:
    """Write labels with their sidecar and return the words that import them."""
    (folder / "seg.nii.gz").write_bytes(nifti_bytes(labels))
    sidecar = {str(number): str(key) for number, key in names.items()}
    (folder / "seg.json").write_text(json.dumps(sidecar), "utf-8")
    return "--labels", folder / "seg.nii.gz"


@pytest.fixture(scope="module")
def made(ct: Path, mr: Path, tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """What fusing says; the case lies where it says."""
    outcome = run_kambin("fuse", ct, mr, "-o", tmp_path_factory.mktemp("fused") / "case", "--json")
    assert outcome.code == 0, outcome.errors
    return outcome


@pytest.fixture(scope="module")
def fused(made: Outcome) -> Path:
    return Path(made.document["case"])


@pytest.fixture(scope="module")
def stopped(fused: Path) -> Outcome:
    """What the planner says before anybody looked at the fusion."""
    return run_kambin("plan", fused, *ASKED, "-o", fused.parent / "unanswered", "--json")


@pytest.fixture(scope="module")
def answered(fused: Path, stopped: Outcome) -> Path:
    """The fused case with a person's answers to what it asks, and what its completion asks."""
    outcome = stopped
    # first what import, fusion and checks ask, then what the completion asks besides
    for _ in range(2):
        if outcome.code != 4:
            break
        codes = sorted({f["code"] for f in outcome.document["error"]["findings"]})
        accept = [word for code in codes for word in ("--accept", code)]
        assert run_kambin("confirm", fused, "--by", "A. Tester", *accept).code == 0
        outcome = run_kambin("plan", fused, *ASKED, "-o", fused.parent / "plan", "--json")
    assert outcome.code == 0, outcome.text + outcome.errors
    return fused


@pytest.fixture(scope="module")
def plan(answered: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads((answered.parent / "plan/plan.json").read_text("utf-8"))
    return document


@pytest.fixture(scope="module")
def anatomy(answered: Path) -> Anatomy:
    """The completed anatomy that the plan was made on."""
    return workbench.complete_once(read_checked_case(answered).case, SilentProgress())


@pytest.fixture(scope="module")
def page(answered: Path, plan: dict[str, Any]) -> str:
    """The report as a person reads it, without its tags and pictures."""
    out = answered.parent / "report"
    written = run_kambin("report", answered, answered.parent / "plan", "-o", out)
    assert written.code == 0, written.errors
    assert (out / "report.pdf").stat().st_size > 100_000
    assert plan["case_sha256"] in (out / "report.html").read_text("utf-8")
    text = re.sub(r"<style.*?</style>|<[^>]*>", " ", (out / "report.html").read_text("utf-8"))
    return " ".join(html.unescape(text).split())


def test_the_fusion_says_how_well_the_bones_fit_and_shows_it(made: Outcome, fused: Path) -> None:
    said = made.document["fusion"]
    assert [row["vertebra"] for row in said["vertebrae"]] == ["L3", "L4", "L5", "S1"]
    for row in said["vertebrae"]:
        # the same bone on voxels of 1.5 and 2 mm: less than half a voxel apart, also unseen halves
        assert 0 < row["residual_mean_mm"] < 0.75
        assert 0 < row["holdout_mean_mm"] < 1.0
    assert [(row["upper"], row["lower"]) for row in said["levels"]] == [
        ("L3", "L4"), ("L4", "L5"), ("L5", "S1"),
    ]  # fmt: skip
    assert all(0 < row["error_mm"] < 1.5 for row in said["levels"])
    with Image.open(fused / "fusion.png") as picture:
        wide, high = picture.size
        colours = picture.convert("RGB").getcolors(wide * high)
    # three slices of each of three levels, and not one flat surface
    assert 0.8 < high / wide < 1.2
    assert colours is not None
    assert len(colours) > 1000


def test_no_plan_before_a_person_looked_at_the_fusion(fused: Path, stopped: Outcome) -> None:
    checked = run_kambin("check", fused, "--json")
    assert checked.code == 0
    assert "AN-414" in {f["code"] for f in checked.document["findings"]}
    assert stopped.code == 4
    assert stopped.document["error"]["code"] == "AN-021"
    assert "AN-414" in {f["code"] for f in stopped.document["error"]["findings"]}
    assert not (fused.parent / "unanswered").exists()


def test_what_the_mr_shows_lies_where_it_truly_is(anatomy: Anatomy, spine: BentSpine) -> None:
    truth, lines = spine.made.truth, spine.made.truth.centre_lines
    for name in ("dural_sac", "disc:L4-L5", "fragment"):
        structure = anatomy.require(name)
        assert structure.origin is Origin.SEGMENTED
        regions = structure.region, truth.region(structure.key, 2.0)
        found_mm, true_mm = (
            # the sac goes on beyond the registered vertebrae: compared between them alone
            points[(points[:, 2] < spine.lows[0]) & (points[:, 2] > spine.highs[-1])]
            for points in (region.lps_mm(np.argwhere(region.values)) for region in regions)
        )
        assert np.linalg.norm(found_mm.mean(axis=0) - true_mm.mean(axis=0)) < 1.0, name
    for side in Side:
        for kind, place in (("exiting_root", "L4"), ("traversing_root", "L5")):
            root = anatomy.require(StructureKey(kind, place, side))
            true = cKDTree(lines[root.key].points_lps_mm)
            inside = root.region.lps_mm(np.argwhere(root.region.values))
            beside_mm, _ = true.query(inside)
            # a voxel of the root is a radius away from its line; a modelled line misses by 2 mm
            assert np.mean(beside_mm) < RADIUS_MM, root.key
            assert root.origin is (Origin.DRAWN if root.key == DRAWN else Origin.SEGMENTED)
            assert root.quality["registration_sigma_mm"] > 0


def test_the_needle_ends_at_the_fragment_that_the_mr_shows(
    plan: dict[str, Any], anatomy: Anatomy
) -> None:
    region = anatomy.require("fragment").region
    voxels = region.lps_mm(np.argwhere(region.values))
    target = np.array(plan["trajectory"]["target_lps_mm"])
    away_mm = np.linalg.norm(voxels - target, axis=1).min()
    # in it, or in the disc at its base, and then the plan says so
    assert away_mm <= value("planning.fragment_base_mm") + value("planning.fragment_step_mm")
    beside = "PL-034" in {finding["code"] for finding in plan["findings"]}
    assert beside or away_mm <= SHOWN_MM
    # +x is left in LPS
    assert plan["trajectory"]["entry_lps_mm"][0] > target[0]


def test_every_clearance_says_where_its_structure_comes_from(plan: dict[str, Any]) -> None:
    found: dict[str, set[str]] = {}
    for stage in plan["stages"]:
        for row in stage["clearances"]:
            found.setdefault(row["structure"], set()).add(row["origin"])
    assert found[str(DRAWN)] == {"drawn"}
    for name in ("traversing_root:L5:left", "drg:L4:left", "dural_sac"):
        assert found[name] == {"segmented"}, name


def test_measuring_says_what_was_seen_and_takes_the_drawn_radius(answered: Path) -> None:
    measured = run_kambin("measure", answered, *ASKED, "--json")
    assert measured.code == 0, measured.errors
    origins = {row["structure"]: row["origin"] for row in measured.document["structures"]}
    assert origins[str(DRAWN)] == "drawn"
    for name in ("traversing_root:L5:left", "drg:L4:left", "dural_sac", "disc:L4-L5", "fragment"):
        assert origins[name] == "segmented", name
    # no MR shows it: what is modelled is still called so
    assert origins["flavum:L4-L5"] == "modelled"
    assert "exiting_root:L4:right" not in origins
    rows = {row["quantity"]: row["value"] for row in measured.document["rows"]}
    assert rows["root_diameter"] == pytest.approx(2 * RADIUS_MM)
    # a root that was modelled never answers this one
    assert rows["facet_root_gate"] in {0.0, 1.0, 2.0}
    assert measured.document["herniation"]["side"] == "left"


def test_the_drawn_root_keeps_its_radius_in_every_clearance(
    plan: dict[str, Any], answered: Path
) -> None:
    tube = read_case(answered).drawn[DRAWN]
    assert tube.radii_mm == pytest.approx(RADIUS_MM)
    entry, target = (np.array(plan["trajectory"][f"{n}_lps_mm"]) for n in ("entry", "target"))
    toward = (entry - target) / np.linalg.norm(entry - target)
    rows = 0
    for stage in plan["stages"]:
        along = np.arange(stage["stop_mm"], np.linalg.norm(entry - target), 0.1)
        axis = target + along[:, None] * toward
        for row in stage["clearances"]:
            if row["structure"] == str(DRAWN):
                gap = least_distance_mm(axis, tube) - RADIUS_MM - stage["radius_mm"]
                assert row["clearance_mm"] == pytest.approx(gap, abs=0.3)
                # a drawn line is known to 1 mm, and the fusion adds its own error
                assert row["sigma_mm"] > 1.05
                rows += 1
    assert rows


def least_distance_mm(axis: np.ndarray, tube: Tube) -> float:
    """The least distance of the points of an axis from a line, by sampling both densely."""
    at = np.linspace(0, len(tube.points_lps_mm) - 1, 60 * len(tube.points_lps_mm))
    columns = [np.interp(at, np.arange(len(tube.points_lps_mm)), p) for p in tube.points_lps_mm.T]
    distances, _ = cKDTree(np.stack(columns, axis=1)).query(axis)
    return float(distances.min())


def test_the_second_checker_agrees_on_a_fused_case(plan: dict[str, Any], answered: Path) -> None:
    verdict = run_kambin("verify", answered, answered.parent / "plan", "--json")
    assert verdict.code == 0, verdict.text
    assert verdict.document["valid"] is True
    assert verdict.document["max_difference_mm"] < verdict.document["agreement_mm"]
    assert plan["status"] in {"ready", "needs_confirmation"}


def test_the_report_says_that_and_how_well_images_were_fused(page: str, answered: Path) -> None:
    said = json.loads(read_case(answered).source["fusion"])
    assert len(said["levels"]) == 3
    for row in said["levels"]:
        words = f"Fusion at {row['upper']}-{row['lower']} stated error {row['error_mm']:.2f} mm"
        assert words in page
    here = next(row for row in said["levels"] if row["upper"] == "L4")
    assert f"The stated error at L4-L5 is {here['error_mm']:.1f} mm" in page
    assert said["ct_sha256"] in page
    assert said["mr_sha256"] in page
    assert "AN-414 accepted by A. Tester" in page


def test_the_report_says_which_root_was_drawn_and_which_was_seen(page: str) -> None:
    carried = page.split("What another image shows, carried over to this one")[1]
    drawn = r"exiting root L4 left (\d\.\d) mm, of which (\d\.\d) mm by carrying it over; drawn"
    found = re.search(drawn, carried)
    assert found is not None
    whole_mm, fusion_mm = map(float, found.groups())
    assert whole_mm == pytest.approx(np.hypot(1.0, fusion_mm), abs=0.1)
    assert re.search(r"traversing root L5 left [^;]*; given by the labels in that", carried)
    # what is modelled is another table, and neither stands in it
    modelled = page.split("What is modelled, not seen in the image")[1]
    modelled = modelled.split("What another", maxsplit=1)[0]
    assert "root L4 left" not in modelled
    assert "root L5 left" not in modelled


def test_a_fused_case_that_is_changed_no_longer_has_its_plan(
    plan: dict[str, Any], answered: Path, tmp_path: Path
) -> None:
    case = read_case(answered)
    thicker = replace(case.drawn[DRAWN], radii_mm=case.drawn[DRAWN].radii_mm + 1.0)
    other = write_case(replace(case, drawn={**case.drawn, DRAWN: thicker}), tmp_path / "case")
    verdict = run_kambin("verify", other, answered.parent / "plan", "--json")
    assert verdict.code == 5
    assert "PL-020" in {f["code"] for f in verdict.document["findings"]}
    assert plan["case_sha256"] != read_case(other).sha256
