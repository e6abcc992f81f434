"""The level in space: a VTK scene that the browser draws itself."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import vtkmodules.vtkRenderingOpenGL2
from numpy.typing import NDArray
from trame.widgets import vtk as vtk_widgets
from trame_server import Server
from vtkmodules.util.numpy_support import numpy_to_vtk, numpy_to_vtkIdTypeArray
from vtkmodules.vtkCommonCore import vtkLogger, vtkPoints
from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkPolyData
from vtkmodules.vtkFiltersCore import vtkPolyDataNormals, vtkQuadricClustering
from vtkmodules.vtkInteractionStyle import vtkInteractorStyleTrackballCamera
from vtkmodules.vtkRenderingCore import (
    vtkActor,
    vtkPolyDataMapper,
    vtkRenderer,
    vtkRenderWindow,
    vtkRenderWindowInteractor,
)

from kambin.report.camera import Camera
from kambin.report.render import Mesh

REF = "kambin_space"
"""Name of the view in the browser."""

FOLLOW = (
    "ui_camera = $event.pokedRenderer.getActiveCamera().get('position', 'focalPoint', 'viewUp')"
)
"""Tells the letters of the scene where it is looked at from; it stays in the browser."""

_CREASE_DEG = 60.0
_FAR_MM = 600.0
_GRAIN_MM = 1.5
_FINE_ENOUGH = 2000
"""Surfaces of fewer vertices, such as tools, keep their shape."""
_FACTORY = vtkmodules.vtkRenderingOpenGL2.__name__
"""Imported for what it registers: without it a render window is abstract."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A surface with its looks, and the same as VTK has it.

    Parameters
    ----------
    mesh : Mesh, mm, LPS
    data : vtkPolyData, with normals
    """

    mesh: Mesh
    data: vtkPolyData


def prepare_meshes(meshes: Sequence[Mesh]) -> tuple[Prepared, ...]:
    """Return surfaces ready to be shown: the long part of showing them, for any thread.

    Parameters
    ----------
    meshes : surfaces, mm, LPS, with their looks
    """
    return tuple(Prepared(mesh, make_polydata(mesh)) for mesh in meshes)


class _LocalView(vtk_widgets.VtkLocalView):  # type: ignore[misc]
    """The library's view, which can also send what changed without describing the whole again."""

    def push_changes(self, window: vtkRenderWindow) -> None:
        """Send what changed to the tabs that are open; one that opens now sees what was settled."""
        if self.server.protocol:
            changes = self._helper.scene(window, new_state=False, widgets=self._widgets)
            self.server.protocol.publish("trame.vtk.delta", changes)


class SpaceView:
    """The scene of the fourth pane: anatomy that stays, tools that move with the draft."""

    def __init__(self) -> None:
        """Make an empty scene on black."""
        # the scene is only described here and never drawn: that there is no display is no news
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        self._renderer = vtkRenderer()
        self._renderer.SetBackground(0.0, 0.0, 0.0)
        self._window = vtkRenderWindow()
        self._window.SetOffScreenRendering(True)
        self._window.AddRenderer(self._renderer)
        self._interactor = vtkRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        self._interactor.SetInteractorStyle(vtkInteractorStyleTrackballCamera())
        self._anatomy: dict[str, vtkActor] = {}
        self._tools: dict[str, vtkActor] = {}
        self._widget: _LocalView | None = None

    def place_in(self, server: Server) -> str:
        """Return the element that draws the scene, for the page of a server.

        Parameters
        ----------
        server : trame Server
        """
        self._widget = _LocalView(
            self._window,
            ref=REF,
            trame_server=server,
            interactor_events=("['Animation', 'EndAnimation', 'EndMouseWheel']",),
            Animation=FOLLOW,
            EndAnimation=FOLLOW,
            EndMouseWheel=FOLLOW,
            connect_parent=False,
        )
        return str(self._widget.html)

    def show_anatomy(self, prepared: Sequence[Prepared]) -> None:
        """Replace what stands still in the scene.

        Parameters
        ----------
        prepared : of ``prepare_meshes``, which may have been called in another thread
        """
        self._replace(self._anatomy, prepared)

    def show_tools(self, meshes: Sequence[Mesh]) -> None:
        """Replace the tools.

        Parameters
        ----------
        meshes : surfaces, mm, LPS, with their looks
        """
        self._replace(self._tools, prepare_meshes(meshes))

    def look(self, camera: Camera) -> dict[str, list[float]]:
        """Look at the scene from where a camera of the report stands, and return its directions.

        Parameters
        ----------
        camera : Camera, mm, LPS
        """
        eye = self._renderer.GetActiveCamera()
        eye.SetParallelProjection(True)
        eye.SetParallelScale(camera.height_mm / 2.0)
        eye.SetFocalPoint(*camera.centre_lps_mm)
        eye.SetPosition(*(camera.centre_lps_mm - _FAR_MM * camera.view_lps))
        eye.SetViewUp(*camera.up_lps)
        self._renderer.ResetCameraClippingRange()
        if self._widget is not None:
            self._widget.push_camera()
        return {
            "position": list(eye.GetPosition()),
            "focalPoint": list(eye.GetFocalPoint()),
            "viewUp": list(eye.GetViewUp()),
        }

    def push(self, *, settled: bool = True) -> None:
        """Send what changed to the browser.

        Parameters
        ----------
        settled : bool, whether a tab that opens later starts from here: twice the work, so that
            what a hand still drags is sent without it
        """
        if self._widget is None:
            return
        if settled:
            self._widget.update()
        else:
            self._widget.push_changes(self._window)

    @property
    def names(self) -> tuple[str, ...]:
        """Return the names of all that is in the scene, anatomy first."""
        return (*self._anatomy, *self._tools)

    def _replace(self, kept: dict[str, vtkActor], prepared: Sequence[Prepared]) -> None:
        named = {f"{one.mesh.name}-{number}": one for number, one in enumerate(prepared)}
        for name in [name for name in kept if name not in named]:
            self._renderer.RemoveActor(kept.pop(name))
        for name, one in named.items():
            actor = kept.get(name)
            if actor is None:
                actor = kept[name] = _make_actor()
                self._renderer.AddActor(actor)
            _dress(actor, one)


def _make_actor() -> vtkActor:
    actor = vtkActor()
    actor.SetMapper(vtkPolyDataMapper())
    actor.GetMapper().ScalarVisibilityOff()
    return actor


def _dress(actor: vtkActor, prepared: Prepared) -> None:
    mapper = actor.GetMapper()
    if isinstance(mapper, vtkPolyDataMapper):
        mapper.SetInputData(prepared.data)
    look = actor.GetProperty()
    look.SetColor(*prepared.mesh.colour)
    look.SetOpacity(prepared.mesh.opacity)
    look.SetAmbient(0.18)
    look.SetDiffuse(0.82)
    look.SetSpecular(0.12)


def make_polydata(mesh: Mesh) -> vtkPolyData:
    """Return the triangles of a mesh for VTK, with normals.

    Parameters
    ----------
    mesh : Mesh, mm, LPS
    """
    vertices = np.ascontiguousarray(mesh.surface.vertices_lps_mm, np.float32)
    faces = np.asarray(mesh.surface.faces, np.int64)
    points = vtkPoints()
    points.SetData(numpy_to_vtk(vertices, deep=True))  # type: ignore[no-untyped-call]
    cells = vtkCellArray()
    offsets = np.arange(0, faces.size + 1, faces.shape[1], dtype=np.int64)
    cells.SetData(
        numpy_to_vtkIdTypeArray(offsets, deep=True),  # type: ignore[no-untyped-call]
        numpy_to_vtkIdTypeArray(faces.ravel().copy(), deep=True),  # type: ignore[no-untyped-call]
    )
    data = vtkPolyData()
    data.SetPoints(points)
    data.SetPolys(cells)
    if not len(vertices):
        return data
    if len(vertices) > _FINE_ENOUGH:
        data = _coarsened(data, vertices)
    smooth = vtkPolyDataNormals()
    smooth.SetInputData(data)
    smooth.SetFeatureAngle(_CREASE_DEG)
    smooth.Update()
    made = vtkPolyData()
    made.ShallowCopy(smooth.GetOutput())
    return made


def _coarsened(data: vtkPolyData, vertices: NDArray[np.float32]) -> vtkPolyData:
    """Return a surface with one vertex a grain: a picture that is turned by hand needs no more."""
    size_mm = vertices.max(axis=0) - vertices.min(axis=0)
    fewer = vtkQuadricClustering()
    fewer.SetInputData(data)
    fewer.AutoAdjustNumberOfDivisionsOff()
    fewer.SetNumberOfDivisions(*(int(n) for n in np.ceil(size_mm / _GRAIN_MM) + 1))
    fewer.Update()
    made = vtkPolyData()
    made.ShallowCopy(fewer.GetOutput())
    return made
