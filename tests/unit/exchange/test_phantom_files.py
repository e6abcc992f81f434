"""Phantoms as case folders with their truth."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
import vtk

from kambin.anatomy import Level, StructureKey
from kambin.core import StoreError
from kambin.exchange import read_case, read_truth, write_phantom
from kambin.exchange.phantom_files import ply_bytes
from kambin.frames import Side
from kambin.imaging import Surface
from kambin.phantom import Phantom, PhantomParameters, build_phantom


@pytest.fixture(scope="module")
def made() -> Phantom:
    """A coarse made patient with a herniation on the right."""
    return build_phantom(PhantomParameters(Level("L3", "L4"), Side.RIGHT, seed=3, spacing_mm=3.0))


@pytest.fixture(scope="module")
def folder(made: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It on disk."""
    return write_phantom(made, tmp_path_factory.mktemp("phantom") / "case")


def test_a_phantom_is_a_case_like_any_other(made: Phantom, folder: Path) -> None:
    case = read_case(folder)
    assert dict(case.names) == dict(made.names)
    assert case.image is not None
    assert np.array_equal(case.labels.values, made.labels.canonical().values)


def test_its_truth_can_be_made_again_at_any_spacing(made: Phantom, folder: Path) -> None:
    truth = read_truth(folder)
    assert dict(truth.names) == dict(made.truth.names)
    key = StructureKey("disc", "L3-L4")
    again, before = truth.region(key, 2.0), made.truth.region(key, 2.0)
    assert np.array_equal(again.values, before.values)
    assert np.array_equal(again.lps_from_ijk, before.lps_from_ijk)


def test_its_truth_on_disk_is_complete(made: Phantom, folder: Path) -> None:
    document = json.loads((folder / "truth" / "truth.json").read_text())
    assert document["parameters"]["side"] == "right"
    assert document["parameters"]["level"] == "L3-L4"
    assert set(document["vertebra_frames"]) == set(made.truth.vertebra_frames)
    assert set(document["centre_lines"]) == {str(k) for k in made.truth.centre_lines}
    labels = SimpleITK.ReadImage(str(folder / "truth" / "labels.nii.gz"))
    present = set(np.unique(SimpleITK.GetArrayViewFromImage(labels)).tolist()) - {0}
    assert present <= {int(v) for v in document["names"]}


def test_its_surfaces_lie_where_its_labels_lie(made: Phantom, folder: Path) -> None:
    reader = vtk.vtkPLYReader()
    reader.SetFileName(str(folder / "truth" / "surfaces" / "disc_L3-L4.ply"))
    reader.Update()
    low_x, high_x, low_y, high_y, low_z, high_z = reader.GetOutput().GetBounds()
    region = made.truth.region(StructureKey("disc", "L3-L4"), 3.0)
    points = region.lps_mm(np.argwhere(region.values == 1))
    assert np.abs(points.min(axis=0) - (low_x, low_y, low_z)).max() <= 3.0
    assert np.abs(points.max(axis=0) - (high_x, high_y, high_z)).max() <= 3.0


def test_a_surface_keeps_its_triangles(tmp_path: Path) -> None:
    corners = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0], [0, 0, 10]])
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]])
    (tmp_path / "tetrahedron.ply").write_bytes(ply_bytes(Surface(corners, faces, "patient")))
    reader = vtk.vtkPLYReader()
    reader.SetFileName(str(tmp_path / "tetrahedron.ply"))
    reader.Update()
    mass = vtk.vtkMassProperties()
    mass.SetInputData(reader.GetOutput())
    assert reader.GetOutput().GetNumberOfCells() == 4
    assert mass.GetVolume() == pytest.approx(1000.0 / 6.0, rel=1e-5)


def test_a_patient_has_no_truth(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="ST-005"):
        read_truth(tmp_path)
