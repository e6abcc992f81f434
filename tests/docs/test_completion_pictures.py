"""The pictures of real patients show everything, say what they show, and stay small."""

import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from PIL import Image

from kambin.anatomy import Anatomy, LevelScheme, Origin, Structure, StructureKey
from kambin.imaging import Grid, LabelMap

ROOT = Path(__file__).parents[2]
IMAGES = sorted((ROOT / "docs" / "images").glob("completed_*.png"))
PAGE = ROOT / "docs" / "concepts" / "completion-pictures.md"
MOST_BYTES = 300_000
LAYER_OF = {
    "sacrum": "bone",
    "body:L4": "bone",
    "sap:L4:left": "bone",
    "vertebra:L4": "doubled",
    "vertebra:T12": "bone",
    "disc:L4-L5": "small",
    "facet_joint:L4-L5:left": "small",
    "exiting_root:L4:left": "lines",
    "dural_sac": "lines",
    "spinal_cord": "doubled",
    "segmental_artery:L3:left": "lines",
    "vena_cava": "lines",
    "multifidus:right": "muscles",
    "colon": "organs",
    "skin": "hull",
    "canal": "hull",
    "never_seen_before:L4-L5": "small",
    "nor_this": "organs",
}


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of the scripts as the place to import from."""
    folder = ROOT / "docs" / "figures"
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in set(sys.modules) - before:
        if (folder / f"{name}.py").is_file():
            del sys.modules[name]


@pytest.fixture
def anatomy() -> Anatomy:
    """One voxel of many kinds, two of which nobody has heard of."""
    region = LabelMap(np.ones((1, 1, 1), np.uint8), np.eye(4), "patient")
    keys = [StructureKey.parse(word) for word in LAYER_OF]
    structures = {key: Structure(key, region, Origin.SEGMENTED, 1.0) for key in keys}
    scheme = LevelScheme("5 lumbar", ("L4",), True, True)
    return Anatomy(structures, {}, {}, scheme, Grid(np.zeros(3), 1.0, (2, 2, 2), "patient"), 1.0)


def _load(name: str, folder: Path) -> ModuleType:
    module = import_module(name)
    assert Path(str(module.__file__)).parent == folder
    return module


def test_every_structure_has_one_layer_and_one_that_nobody_knows_is_not_lost(
    figures: Path, anatomy: Anatomy
) -> None:
    layers = _load("anatomy_views", figures).sort_layers(anatomy)
    found = {str(key): name for name in LAYER_OF.values() for key in getattr(layers, name)}
    assert found == LAYER_OF
    assert sum(len(getattr(layers, name)) for name in set(LAYER_OF.values())) == len(LAYER_OF)
    assert set(map(str, layers.whole_bone)) == {"sacrum", "vertebra:L4", "vertebra:T12"}
    assert set(map(str, layers.vessels)) == {"segmental_artery:L3:left", "vena_cava"}


def test_a_structure_in_no_picture_stops_the_script(figures: Path, anatomy: Anatomy) -> None:
    script = _load("real_patients", figures)
    drawn = [key for key in anatomy.structures if key.kind != "canal"]
    with pytest.raises(SystemExit, match="ct: in no picture: canal"):
        script.require_all("ct", anatomy.structures, drawn)
    script.require_all("ct", anatomy.structures, anatomy.structures)


def test_a_thin_outline_keeps_its_colour_and_white_stays_white(
    figures: Path, tmp_path: Path
) -> None:
    picture = np.repeat(np.tile(np.arange(256, dtype=np.uint8), (200, 1))[..., None], 3, axis=2)
    picture[:20] = 255
    picture[100, 40:60] = (230, 40, 30)
    _load("palette_png", figures).write_png(tmp_path / "one.png", picture)
    back = np.asarray(Image.open(tmp_path / "one.png").convert("RGB")).astype(int)
    assert np.abs(back[100, 40:60] - (230, 40, 30)).max() <= 8
    assert (back[:20] == 255).all()
    assert np.abs(back - picture).max() <= 8


@pytest.mark.parametrize("image", IMAGES, ids=lambda p: p.name)
def test_a_picture_is_small_and_on_the_page(image: Path) -> None:
    assert image.stat().st_size < MOST_BYTES
    assert f"(../images/{image.name})" in PAGE.read_text("utf-8")


def test_the_page_answers_every_question_for_both_patients_and_names_whose_they_are() -> None:
    text = PAGE.read_text("utf-8")
    assert len(IMAGES) == 2 * 6
    rows = [line for line in text.splitlines() if re.match(r"\| [^|]+\? \|", line)]
    assert len(rows) >= 10
    assert all(len([cell for cell in row.split("|") if cell.strip()]) == 3 for row in rows)
    for words in ("Apache-2.0", "BSD-3-Clause", "CC BY 4.0", "University of Denver", "HuBMAP"):
        assert words in text


def test_make_docs_runs_every_script_of_pictures() -> None:
    rule = (ROOT / "Makefile").read_text("utf-8").partition("\ndocs:")[2].partition("\n\n")[0]
    scripts = (ROOT / "docs" / "figures").glob("*.py")
    runnable = {one.name for one in scripts if "__main__" in one.read_text("utf-8")}
    assert set(re.findall(r"docs/figures/(\w+\.py)", rule)) == runnable
