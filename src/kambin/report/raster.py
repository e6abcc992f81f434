"""The z-buffer: which point of which triangle each pixel sees first."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

FAR_MM = 1.0e9
"""Depth of a pixel that sees nothing, mm; far beyond any patient."""


# One thread: of two that meet at a pixel, chance would decide which is seen.
@njit(cache=True)
def draw_triangles(  # pragma: no cover - runs as machine code
    pixels: NDArray[np.float64],
    normals: NDArray[np.float64],
    faces: NDArray[np.int64],
    mesh_id: int,
    depths_mm: NDArray[np.float32],
    facing: NDArray[np.float32],
    owner: NDArray[np.int16],
) -> None:
    """Draw triangles into depth, normal and owner buffers, nearest surface first.

    Parameters
    ----------
    pixels : float array, shape (N, 3), column, row (pixels) and depth (mm) of the vertices
    normals : float array, shape (N, 3), unit vertex normals in camera axes
    faces : int array, shape (M, 3)
    mesh_id : int, written into ``owner`` where this mesh is nearest
    depths_mm : float32 array, shape (H, W), mm, changed in place
    facing : float32 array, shape (H, W, 3), changed in place
    owner : int16 array, shape (H, W), changed in place

    References
    ----------
    Pineda 1988, A parallel algorithm for polygon rasterization, doi 10.1145/54852.378457
    """
    height, width = depths_mm.shape
    for f in range(faces.shape[0]):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay = pixels[a, 0], pixels[a, 1]
        bx, by = pixels[b, 0], pixels[b, 1]
        cx, cy = pixels[c, 0], pixels[c, 1]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        # Seen edge-on it covers nothing, and the weights below would divide by zero.
        if area == 0.0:
            continue
        low_x = max(0, math.floor(min(ax, bx, cx)))
        high_x = min(width - 1, math.ceil(max(ax, bx, cx)))
        low_y = max(0, math.floor(min(ay, by, cy)))
        high_y = min(height - 1, math.ceil(max(ay, by, cy)))
        for row in range(low_y, high_y + 1):
            # A pixel shows what its middle sees.
            py = row + 0.5
            for column in range(low_x, high_x + 1):
                px = column + 0.5
                wa = ((bx - px) * (cy - py) - (by - py) * (cx - px)) / area
                wb = ((cx - px) * (ay - py) - (cy - py) * (ax - px)) / area
                wc = 1.0 - wa - wb
                # The area has a sign, so that triangles turned away are drawn as well.
                if wa < 0.0 or wb < 0.0 or wc < 0.0:
                    continue
                # In a parallel view depth is linear over a triangle.
                z = wa * pixels[a, 2] + wb * pixels[b, 2] + wc * pixels[c, 2]
                if z < depths_mm[row, column]:
                    depths_mm[row, column] = z
                    owner[row, column] = mesh_id
                    for axis in range(3):
                        facing[row, column, axis] = (
                            wa * normals[a, axis] + wb * normals[b, axis] + wc * normals[c, axis]
                        )


def empty_buffers(
    size_px: tuple[int, int],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int16]]:
    """Return depth (mm), normal and owner buffers of a picture that sees nothing yet.

    Parameters
    ----------
    size_px : width and height, pixels

    Returns
    -------
    float32, shape (H, W), mm; float32, shape (H, W, 3); int16, shape (H, W)
    """
    width, height = size_px
    return (
        np.full((height, width), FAR_MM, np.float32),
        np.zeros((height, width, 3), np.float32),
        # -1 looks up the last colour, which is the background.
        np.full((height, width), -1, np.int16),
    )


def vertex_normals(vertices: NDArray[np.float64], faces: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return unit normals of a triangle mesh at its vertices, weighted by area, shape (N, 3).

    Parameters
    ----------
    vertices : float array, shape (N, 3), mm
    faces : int array, shape (M, 3), outward when seen counter-clockwise
    """
    corners = vertices[faces]
    # Not divided: a triangle then counts by its area.
    face_normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    sums = np.column_stack(
        [
            sum(
                np.bincount(faces[:, k], weights=face_normals[:, axis], minlength=len(vertices))
                for k in range(3)
            )
            for axis in range(3)
        ]
    )
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    unit: NDArray[np.float64] = sums / np.where(lengths > 0, lengths, 1.0)
    return unit
