"""The peer that tools of the field use: VTK's implicit distance, sampled along each path."""

import numpy as np
import vtk
from numpy.typing import NDArray
from vtk.util import numpy_support

from benchmarks.instances import Instance
from kambin.imaging import extract_surface


def implicit_distance(instance: Instance) -> vtk.vtkImplicitPolyDataDistance:
    """Return VTK's distance to all surfaces of the instance at once."""
    joined = vtk.vtkAppendPolyData()
    for structure in instance.structures:
        surface = extract_surface(structure.region)
        mesh = vtk.vtkPolyData()
        points = vtk.vtkPoints()
        points.SetData(numpy_support.numpy_to_vtk(surface.vertices_lps_mm, deep=True))
        faces = np.hstack([np.full((len(surface.faces), 1), 3), surface.faces]).astype(np.int64)
        cells = vtk.vtkCellArray()
        cells.ImportLegacyFormat(numpy_support.numpy_to_vtkIdTypeArray(faces.ravel(), deep=True))
        mesh.SetPoints(points)
        mesh.SetPolys(cells)
        joined.AddInputData(mesh)
    joined.Update()
    distance = vtk.vtkImplicitPolyDataDistance()
    distance.SetInput(joined.GetOutput())
    return distance


def vtk_march(
    distance: vtk.vtkImplicitPolyDataDistance,
    instance: Instance,
    pairs: NDArray[np.int64],
    step_mm: float,
) -> NDArray[np.float64]:
    """Return the least VTK distance along some (entry, target) pairs, mm, shape (N,)."""
    origin, spacing = instance.grid.origin_lps_mm, instance.grid.spacing_mm
    found = np.empty(len(pairs))
    for n, (e, t) in enumerate(pairs):
        start = origin + spacing * instance.targets[t].astype(float)
        end = origin + spacing * instance.entries[e].astype(float)
        length = float(np.linalg.norm(end - start))
        steps = np.arange(int(length / step_mm) + 1) * step_mm
        points = start + steps[:, None] * (end - start) / length
        found[n] = min(distance.EvaluateFunction(p) for p in points)
    return found
