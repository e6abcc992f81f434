"""Jitted neighbours and normals of the triangles of a closed surface."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.imaging._vector_kernels import Vector, cross, dot, length, minus, vector

TINY = float(np.finfo(float).tiny)
"""Keeps a length that is divided by above 0."""


@njit(cache=True)
def find_neighbours(faces: NDArray[np.int64], vertices: int) -> NDArray[np.int64]:
    """Return the triangle across each edge 0-1, 1-2, 2-0, shape (M, 3).

    Parameters
    ----------
    faces : int array, shape (M, 3), vertex numbers
    vertices : int, how many there are

    Returns
    -------
    int array, shape (M, 3); -1 where not exactly one triangle runs back along an edge, -2 where
    another runs along it the same way
    """
    firsts = np.zeros(vertices + 1, dtype=np.int64)
    for f in range(faces.shape[0]):
        for c in range(3):
            firsts[faces[f, c] + 1] += 1
    for v in range(vertices):
        firsts[v + 1] += firsts[v]
    filled = firsts[:-1].copy()
    owner = np.empty(3 * faces.shape[0], dtype=np.int64)
    end = np.empty(3 * faces.shape[0], dtype=np.int64)
    for f in range(faces.shape[0]):
        for c in range(3):
            at = filled[faces[f, c]]
            owner[at], end[at] = f, faces[f, (c + 1) % 3]
            filled[faces[f, c]] += 1
    found = np.full((faces.shape[0], 3), -1, dtype=np.int64)
    for f in range(faces.shape[0]):
        for c in range(3):
            a, b = faces[f, c], faces[f, (c + 1) % 3]
            back, same = 0, 0
            for at in range(firsts[b], firsts[b + 1]):
                if end[at] == a:
                    back += 1
                    found[f, c] = owner[at]
            for at in range(firsts[a], firsts[a + 1]):
                same += end[at] == b
            if back != 1:
                found[f, c] = -1
            if same != 1:
                found[f, c] = -2
    return found


@njit(cache=True)
def measure_normals(
    faces: NDArray[np.int64], corners: NDArray[np.float64], neighbours: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return pseudo-normals of corners 0-2, edges 0-1, 1-2, 2-0 and face, shape (M, 7, 3).

    Parameters
    ----------
    faces : int array, shape (M, 3), vertex numbers
    corners : float array, shape (M, 3, 3), mm, LPS
    neighbours : int array, shape (M, 3), the triangle across each edge

    Notes
    -----
    Those of corners are weighted by the angle: a fan of slivers must not outvote the one large
    triangle beside it.
    """
    normals = np.zeros((faces.shape[0], 7, 3))
    at_vertex = np.zeros((faces.max() + 1, 3))
    for f in range(faces.shape[0]):
        a, b, c = vector(corners[f, 0]), vector(corners[f, 1]), vector(corners[f, 2])
        ab, bc, ca = _unit(minus(b, a)), _unit(minus(c, b)), _unit(minus(a, c))
        face = _unit(cross(minus(b, a), minus(c, b)))
        turns = (_turn(ca, ab), _turn(ab, bc), _turn(bc, ca))
        for axis in range(3):
            normals[f, 6, axis] = face[axis]
            for corner in range(3):
                at_vertex[faces[f, corner], axis] += turns[corner] * face[axis]
    for f in range(faces.shape[0]):
        for corner in range(3):
            v, other = faces[f, corner], neighbours[f, corner]
            for axis in range(3):
                normals[f, corner, axis] = at_vertex[v, axis]
                normals[f, 3 + corner, axis] = normals[f, 6, axis] + normals[other, 6, axis]
    return normals


@njit(cache=True, inline="always")
def _unit(v: Vector) -> Vector:
    """Return a vector of length 1, or none where it has no length."""
    size = max(length(v), TINY)
    return v[0] / size, v[1] / size, v[2] / size


@njit(cache=True, inline="always")
def _turn(before: Vector, after: Vector) -> float:
    """Return the angle between two sides of a triangle at their corner, radians."""
    return math.acos(min(max(-dot(before, after), -1.0), 1.0))
