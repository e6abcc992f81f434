"""Pictures of meshes in space, drawn by the program itself: same input, same pixels."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from kambin.report.camera import Camera
from kambin.report.raster import FAR_MM, draw_triangles, empty_buffers, vertex_normals

SUPERSAMPLING = 2
"""Samples per pixel along each axis; 2 removes the stairs at the printed size."""

# Set by eye on vertebrae. A parallel view has no perspective, so depth is told by shade,
# dark outlines and haze.
_AMBIENT, _HEADLIGHT, _KEYLIGHT = 0.30, 0.42, 0.34
_KEY_DIRECTION = np.array([-0.45, 0.65, -0.61])  # upper left, towards the viewer
_CREASE_SIGMA_PX, _CREASE_GAIN, _CREASE_MOST = 4.5, 0.06, 0.38
_EDGE_STEP_MM, _EDGE_SHADE = 2.5, 0.45
_FOG_MOST, _FOG_DEPTH_MM = 0.30, 160.0
_WHITE = (1.0, 1.0, 1.0)


class Triangles(Protocol):
    """Anything that has a triangle surface in LPS millimetres."""

    @property
    def vertices_lps_mm(self) -> NDArray[np.float64]:
        """Return the vertices, shape (N, 3), mm, LPS."""
        ...

    @property
    def faces(self) -> NDArray[np.int64]:
        """Return the triangles as vertex numbers, shape (M, 3)."""
        ...


@dataclass(frozen=True, slots=True)
class Mesh:
    """One surface of a scene with its look.

    Parameters
    ----------
    surface : Triangles, mm, LPS
    colour : red, green, blue, each 0..1
    opacity : float, 0 < opacity <= 1
    name : str, for a legend
    """

    surface: Triangles
    colour: tuple[float, float, float]
    opacity: float = 1.0
    name: str = ""


def render_scene(
    meshes: Sequence[Mesh],
    camera: Camera,
    size_px: tuple[int, int],
    *,
    background: tuple[float, float, float] = _WHITE,
) -> NDArray[np.uint8]:
    """Draw surfaces as the eye would see them, shaded, with edges and depth.

    Parameters
    ----------
    meshes : the surfaces; opaque ones hide, each transparent one is a single veil
    camera : Camera
    size_px : width and height of the picture, pixels
    background : red, green, blue, each 0..1

    Returns
    -------
    uint8 array, shape (height, width, 3)

    Notes
    -----
    A transparent mesh shows its nearest sheet only; veils are laid over each other from far
    to near per pixel. Letters and scale are drawn by ``annotate_view``.

    References
    ----------
    Porter and Duff 1984, Compositing digital images, doi 10.1145/800031.808606 (veils)
    """
    fine = (size_px[0] * SUPERSAMPLING, size_px[1] * SUPERSAMPLING)
    opaque = [mesh for mesh in meshes if mesh.opacity >= 1.0]
    veils = [mesh for mesh in meshes if mesh.opacity < 1.0]
    buffers = empty_buffers(fine)
    for number, mesh in enumerate(opaque):
        _draw(mesh, number, camera, fine, buffers)
    depth, normal, owner = buffers
    near_mm = _nearest_depth(meshes, camera)
    colours = np.array([*(mesh.colour for mesh in opaque), background], np.float32)
    picture = _shade(colours[owner], depth, normal, near_mm, background)
    picture *= 1.0 - _crease(depth)[..., None]
    picture = _lay_veils(picture, depth, _draw_veils(veils, camera, fine, near_mm, background))
    height, width = size_px[1], size_px[0]
    samples = picture.reshape(height, SUPERSAMPLING, width, SUPERSAMPLING, 3)
    mean = samples.mean(axis=3).mean(axis=1)
    rounded: NDArray[np.uint8] = np.rint(np.clip(mean, 0.0, 1.0) * 255.0).astype(np.uint8)
    return rounded


_Buffers = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int16]]
_Veil = tuple[NDArray[np.float32], NDArray[np.float32], float]


def _draw(
    mesh: Mesh, number: int, camera: Camera, size_px: tuple[int, int], buffers: _Buffers
) -> None:
    vertices = np.asarray(mesh.surface.vertices_lps_mm, np.float64)
    faces = np.ascontiguousarray(mesh.surface.faces, np.int64)
    if not len(faces):
        return
    # In camera axes the third component tells how squarely a face is seen.
    axes = np.column_stack([camera.right_lps, camera.up_lps, camera.view_lps])
    normals = np.ascontiguousarray(vertex_normals(vertices, faces) @ axes)
    draw_triangles(camera.pixels(vertices, size_px), normals, faces, number, *buffers)


def _nearest_depth(meshes: Sequence[Mesh], camera: Camera) -> float:
    # Over all surfaces: haze begins at the nearest one, so no picture is pale as a whole.
    depths = [
        float(((mesh.surface.vertices_lps_mm - camera.centre_lps_mm) @ camera.view_lps).min())
        for mesh in meshes
        if len(mesh.surface.vertices_lps_mm)
    ]
    return min(depths, default=0.0)


def _shade(
    colour: NDArray[np.float32],
    depth: NDArray[np.float32],
    normal: NDArray[np.float32],
    near_mm: float,
    background: tuple[float, float, float],
) -> NDArray[np.float32]:
    """Return lit colours: headlight and key light, dark edges, pale distance."""
    seen = depth < FAR_MM / 2
    length = np.sqrt(np.einsum("ijk,ijk->ij", normal, normal))
    length[length == 0] = 1.0
    # Sheets seen from behind are lit as if turned, or the inside of a cut would be black.
    turn = -np.sign(normal[..., 2]) / length
    key_direction = (_KEY_DIRECTION / np.linalg.norm(_KEY_DIRECTION)).astype(np.float32)
    key = np.clip((normal @ key_direction) * turn, 0.0, 1.0)
    light = _AMBIENT + _HEADLIGHT * np.abs(normal[..., 2]) / length + _KEYLIGHT * key
    light *= np.where(_edges(depth), np.float32(_EDGE_SHADE), np.float32(1.0))
    fog = np.clip((depth - near_mm) / np.float32(_FOG_DEPTH_MM), 0.0, 1.0) * np.float32(_FOG_MOST)
    lit = np.clip(colour * (light * (1.0 - fog))[..., None], 0.0, 1.0)
    lit += np.asarray(background, np.float32) * fog[..., None]
    result: NDArray[np.float32] = np.where(seen[..., None], lit, colour).astype(np.float32)
    return result


def _crease(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how much each sample lies behind its neighbours: depth minus its local mean.

    References
    ----------
    Luft, Colditz and Deussen 2006, Image enhancement by unsharp masking the depth buffer,
    doi 10.1145/1141911.1142016
    """
    # The local mean is smooth, so one sample per pixel is enough.
    coarse = depth[::SUPERSAMPLING, ::SUPERSAMPLING]
    seen = coarse < FAR_MM / 2
    weight = gaussian_filter(seen.astype(np.float32), _CREASE_SIGMA_PX)
    filled = np.where(seen, coarse, np.float32(0.0))
    # Divided by how much was seen: at an outline the background must not count as depth.
    mean = gaussian_filter(filled, _CREASE_SIGMA_PX) / np.maximum(weight, np.float32(1e-3))
    behind_mm = np.where(seen, coarse - mean, np.float32(0.0))
    crease = np.clip(behind_mm * np.float32(_CREASE_GAIN), 0.0, _CREASE_MOST)
    fine: NDArray[np.float32] = crease.repeat(SUPERSAMPLING, axis=0).repeat(SUPERSAMPLING, axis=1)
    return fine


def _edges(depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the pixels just in front of a step in depth: the outline of what is nearer."""
    edge = np.zeros(depth.shape, bool)
    for axis in (0, 1):
        step = np.diff(depth, axis=axis)
        first = (slice(None), slice(None, -1)) if axis else (slice(None, -1), slice(None))
        second = (slice(None), slice(1, None)) if axis else (slice(1, None), slice(None))
        edge[first] |= step > _EDGE_STEP_MM
        edge[second] |= step < -_EDGE_STEP_MM
    return edge


def _draw_veils(
    veils: Sequence[Mesh],
    camera: Camera,
    size_px: tuple[int, int],
    near_mm: float,
    background: tuple[float, float, float],
) -> list[_Veil]:
    drawn = []
    for mesh in veils:
        buffers = empty_buffers(size_px)
        _draw(mesh, 0, camera, size_px, buffers)
        depth, normal, owner = buffers
        colours = np.array([mesh.colour, background], np.float32)
        drawn.append((_shade(colours[owner], depth, normal, near_mm, background), depth))
    return [(colour, depth, m.opacity) for (colour, depth), m in zip(drawn, veils, strict=True)]


def _lay_veils(
    picture: NDArray[np.float32], depth: NDArray[np.float32], veils: list[_Veil]
) -> NDArray[np.float32]:
    """Lay transparent sheets over the opaque picture, per pixel from far to near."""
    if not veils:
        return picture
    # Stable, so that sheets at one depth lie in the order of the scene.
    order = np.argsort(-np.stack([veil[1] for veil in veils]), axis=0, kind="stable")
    result = picture
    for place in range(len(veils)):
        for number, (colour, sheet_mm, opacity) in enumerate(veils):
            shown = (order[place] == number) & (sheet_mm < depth)
            share = np.where(shown, np.float32(opacity), np.float32(0.0))[..., None]
            result = (result * (1.0 - share) + colour * share).astype(np.float32)
    return result
