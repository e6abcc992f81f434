"""Jitted inner loops over the pixels of a plane: its greys, and the lines in which it cuts."""

import math

import numpy as np
from numba import njit
from numpy.typing import NDArray

from kambin.imaging._field_kernels import POSITION_STEPS, trilinear

OUTSIDE, INSIDE, MIXED = np.uint8(0), np.uint8(1), np.uint8(2)
"""What a block of nodes is: nowhere above the level, everywhere above it, or both."""


@njit(cache=True, nogil=True)
def sample_plane(
    values: NDArray[np.float32],
    middle: NDArray[np.float64],
    down: NDArray[np.float64],
    right: NDArray[np.float64],
    border: float,
    fill: float,
    picture: NDArray[np.float32],
) -> None:
    """Fill a picture from an array, trilinear; pixels beyond its border get a value of their own.

    One thread, and the interpreter free meanwhile: a slice is drawn while a plan is searched, and
    no order of threads can show in it.

    Parameters
    ----------
    values : array, shape (I, J, K)
    middle : float array, shape (3,), voxels, the middle of the picture
    down, right : float array, shape (3,), voxels, the step to the next row and column
    border : float, voxels, how far a voxel reaches beyond its centre
    fill : float, value outside
    picture : float32 array, shape (rows, columns), filled
    """
    rows, columns = picture.shape
    nx, ny, nz = values.shape
    for row in range(rows):
        a = row - (rows - 1) / 2.0
        for column in range(columns):
            b = column - (columns - 1) / 2.0
            # Rounded before it is compared: a mirrored picture must end at the mirrored pixel.
            x = math.floor((middle[0] + a * down[0] + b * right[0]) * POSITION_STEPS + 0.5)
            y = math.floor((middle[1] + a * down[1] + b * right[1]) * POSITION_STEPS + 0.5)
            z = math.floor((middle[2] + a * down[2] + b * right[2]) * POSITION_STEPS + 0.5)
            x, y, z = x / POSITION_STEPS, y / POSITION_STEPS, z / POSITION_STEPS
            if (
                min(x, y, z) < -border
                or x > nx - 1 + border
                or y > ny - 1 + border
                or z > nz - 1 + border
            ):
                picture[row, column] = fill
            else:
                picture[row, column] = trilinear(values, x, y, z)


@njit(cache=True, nogil=True)
def mark_blocks(
    values: NDArray[np.float32], level: float, size: int, blocks: NDArray[np.uint8]
) -> None:
    """Tell which blocks of nodes a surface can pass through.

    Parameters
    ----------
    values : float32 array, shape (I, J, K)
    level : float, value at the surface
    size : int, nodes along a block; the first node of the next one belongs to both
    blocks : uint8 array, filled with ``OUTSIDE``, ``INSIDE`` or ``MIXED``
    """
    nx, ny, nz = values.shape
    for a in range(blocks.shape[0]):
        for b in range(blocks.shape[1]):
            for c in range(blocks.shape[2]):
                some, all_of_them = False, True
                for i in range(a * size, min((a + 1) * size + 1, nx)):
                    for j in range(b * size, min((b + 1) * size + 1, ny)):
                        for k in range(c * size, min((c + 1) * size + 1, nz)):
                            is_in = values[i, j, k] > level
                            some = some or is_in
                            all_of_them = all_of_them and is_in
                if not some:
                    blocks[a, b, c] = OUTSIDE
                else:
                    blocks[a, b, c] = INSIDE if all_of_them else MIXED


@njit(cache=True, nogil=True)
def _is_crossed(
    blocks: NDArray[np.uint8],
    size: int,
    shape: tuple[int, int, int],
    middle: tuple[float, float, float],
    reach: NDArray[np.float64],
) -> bool:
    """Return whether a surface can pass through a box, beyond whose array all is outside."""
    x0, x1 = middle[0] - reach[0], middle[0] + reach[0]
    y0, y1 = middle[1] - reach[1], middle[1] + reach[1]
    z0, z1 = middle[2] - reach[2], middle[2] + reach[2]
    nx, ny, nz = shape[0] - 1.0, shape[1] - 1.0, shape[2] - 1.0
    if min(x1, y1, z1) < 0.0 or x0 > nx or y0 > ny or z0 > nz:
        return False
    a0, a1 = int(max(x0, 0.0)) // size, int(min(x1, nx)) // size
    b0, b1 = int(max(y0, 0.0)) // size, int(min(y1, ny)) // size
    c0, c1 = int(max(z0, 0.0)) // size, int(min(z1, nz)) // size
    same = blocks[a0, b0, c0]
    if min(x0, y0, z0) < 0.0 or x1 > nx or y1 > ny or z1 > nz:
        same = OUTSIDE
    for a in range(a0, a1 + 1):
        for b in range(b0, b1 + 1):
            for c in range(c0, c1 + 1):
                if blocks[a, b, c] == MIXED or blocks[a, b, c] != same:
                    return True
    return False


@njit(cache=True, nogil=True)
def _sample_tile(
    values: NDArray[np.float32],
    steps: NDArray[np.float64],
    tile: tuple[int, int, int, int],
    found: NDArray[np.float32],
) -> None:
    """Fill the pixels from row and column to row and column; 0 outside the array."""
    nx, ny, nz = values.shape
    for row in range(tile[0], tile[2]):
        for column in range(tile[1], tile[3]):
            x = steps[0, 0] + row * steps[1, 0] + column * steps[2, 0]
            y = steps[0, 1] + row * steps[1, 1] + column * steps[2, 1]
            z = steps[0, 2] + row * steps[1, 2] + column * steps[2, 2]
            if min(x, y, z) < 0.0 or x > nx - 1 or y > ny - 1 or z > nz - 1:
                found[row, column] = 0.0
                continue
            # Not ``trilinear``: without its rounding a line is as good and quicker.
            i, j, k = int(x), int(y), int(z)
            i1, j1, k1 = min(i + 1, nx - 1), min(j + 1, ny - 1), min(k + 1, nz - 1)
            u, v, w = x - i, y - j, z - k
            near = (values[i, j, k] * (1.0 - u) + values[i1, j, k] * u) * (1.0 - v)
            near += (values[i, j1, k] * (1.0 - u) + values[i1, j1, k] * u) * v
            far = (values[i, j, k1] * (1.0 - u) + values[i1, j, k1] * u) * (1.0 - v)
            far += (values[i, j1, k1] * (1.0 - u) + values[i1, j1, k1] * u) * v
            found[row, column] = near * (1.0 - w) + far * w


@njit(cache=True, nogil=True)
def _link_tile(
    found: NDArray[np.float32],
    level: float,
    tile: tuple[int, int, int, int],
    after: NDArray[np.int32],
    starts: NDArray[np.int32],
    count: int,
) -> int:
    """Link the edges that the level line crosses in the cells of a tile; return the new count."""
    columns = found.shape[1]
    for row in range(tile[0], tile[2] - 1):
        for column in range(tile[1], tile[3] - 1):
            ul, ur = found[row, column] > level, found[row, column + 1] > level
            ll, lr = found[row + 1, column] > level, found[row + 1, column + 1] > level
            if ul == ur and ll == lr and ul == ll:
                continue
            top = 2 * (row * columns + column)
            low, left, far = top + 2 * columns, top + 1, top + 3
            # A saddle: the inside is held apart, so that two parts never seem to be one.
            if ul == lr and ur == ll:
                after[top if ul else far] = (left if ul else top) + 1
                after[low if ul else left] = (far if ul else low) + 1
                if count + 1 < starts.shape[0]:
                    starts[count] = top if ul else far
                    starts[count + 1] = low if ul else left
                count += 2
                continue
            enter, leave = -1, -1
            if ul != ur:
                enter, leave = (top, leave) if ul else (enter, top)
            if ll != lr:
                enter, leave = (low, leave) if lr else (enter, low)
            if ur != lr:
                enter, leave = (far, leave) if ur else (enter, far)
            if ul != ll:
                enter, leave = (left, leave) if ll else (enter, left)
            after[enter] = leave + 1
            if count < starts.shape[0]:
                starts[count] = enter
            count += 1
    return count


@njit(cache=True, nogil=True)
def link_cells(
    values: NDArray[np.float32],
    level: float,
    blocks: NDArray[np.uint8],
    sizes: tuple[int, int],
    steps: NDArray[np.float64],
    found: NDArray[np.float32],
    after: NDArray[np.int32],
    starts: NDArray[np.int32],
) -> int:
    """Link the edges of a pixel grid that a level line crosses, with the inside on its right hand.

    Edges are numbered ``2 * (row * columns + column)``, plus 1 for those that run down. Tiles of
    pixels that the surface cannot reach are neither sampled nor looked at.

    Parameters
    ----------
    values : float32 array, shape (I, J, K), 0 to 1; beyond it all is outside
    level : float, value at the surface
    blocks : uint8 array, of ``mark_blocks``
    sizes : nodes along a block, and pixels along a tile
    steps : float array, shape (3, 3), voxels: pixel (0, 0), and the steps to the next row and
        column
    found : float32 array, shape (rows, columns), filled where it is looked at
    after : int32 array, shape (2 * rows * columns,), of 0; filled with the next edge plus 1
    starts : int32 array, filled with the edges that have a next one

    Returns
    -------
    int, how many edges have a next one; more than ``starts`` holds where that was too short

    References
    ----------
    Lorensen and Cline 1987, Computer Graphics 21:163, doi 10.1145/37402.37422 (the cases)
    """
    rows, columns = found.shape
    size, wide = sizes
    reach = (np.abs(steps[1]) + np.abs(steps[2])) * (wide / 2.0)
    count = 0
    for row in range(0, rows - 1, wide):
        for column in range(0, columns - 1, wide):
            r, c = row + wide / 2.0, column + wide / 2.0
            middle = (
                steps[0, 0] + r * steps[1, 0] + c * steps[2, 0],
                steps[0, 1] + r * steps[1, 1] + c * steps[2, 1],
                steps[0, 2] + r * steps[1, 2] + c * steps[2, 2],
            )
            if _is_crossed(blocks, size, values.shape, middle, reach):
                # One pixel more than wide: a tile's last cells reach into the next one.
                last = (min(row + wide + 1, rows), min(column + wide + 1, columns))
                tile = (row, column, last[0], last[1])
                _sample_tile(values, steps, tile, found)
                count = _link_tile(found, level, tile, after, starts, count)
    return count


@njit(cache=True, nogil=True)
def trace_lines(
    found: NDArray[np.float32],
    level: float,
    after: NDArray[np.int32],
    starts: NDArray[np.int32],
    points: NDArray[np.float64],
    ends: NDArray[np.int32],
) -> int:
    """Follow the linked edges into lines; a closed one ends with its first point.

    Parameters
    ----------
    found : float32 array, shape (rows, columns)
    level : float
    after : int32 array of ``link_cells``; emptied on the way
    starts : int32 array, the edges that have a next one
    points : float array, shape (2 * len(starts), 2), filled with row and column
    ends : int32 array, shape (len(starts),), filled with where each line ends in ``points``

    Returns
    -------
    int, how many lines there are
    """
    columns = found.shape[1]
    is_next = np.zeros(after.shape[0], np.bool_)
    for edge in starts:
        is_next[after[edge] - 1] = True
    lines, at = 0, 0
    # Lines that the border cuts first, from where they come in; what is left then is closed.
    for turn in range(2):
        for start in starts:
            if after[start] == 0 or (turn == 0 and is_next[start]):
                continue
            edge = start
            while edge >= 0:
                cell = edge // 2
                row, column = cell // columns, cell % columns
                here = found[row, column]
                if edge % 2 == 0:
                    share = (level - here) / (found[row, column + 1] - here)
                    points[at, 0], points[at, 1] = row, column + share
                else:
                    share = (level - here) / (found[row + 1, column] - here)
                    points[at, 0], points[at, 1] = row + share, column
                at += 1
                following = after[edge] - 1
                after[edge] = 0
                edge = following
            ends[lines] = at
            lines += 1
    return lines


@njit(cache=True, nogil=True)
def mark_corners(points: NDArray[np.float64], tolerance: float, keep: NDArray[np.bool_]) -> None:
    """Mark the points of a line without which it would move by more than a tolerance.

    Parameters
    ----------
    points : float array, shape (N, 2), N >= 2
    tolerance : float, in the unit of the points
    keep : bool array, shape (N,), filled

    References
    ----------
    Douglas and Peucker 1973, Cartographica 10:112, doi 10.3138/FM57-6770-U75U-7727
    """
    keep[:] = False
    keep[0] = keep[-1] = True
    spans = np.empty((points.shape[0], 2), np.int64)
    spans[0, 0], spans[0, 1] = 0, points.shape[0] - 1
    waiting = 1
    while waiting:
        waiting -= 1
        first, last = spans[waiting, 0], spans[waiting, 1]
        x, y = points[first, 0], points[first, 1]
        dx, dy = points[last, 0] - x, points[last, 1] - y
        square = dx * dx + dy * dy
        worst, at = tolerance * tolerance, -1
        for n in range(first + 1, last):
            ex, ey = points[n, 0] - x, points[n, 1] - y
            share = 0.0
            # A closed line begins with no direction: its far side is kept first.
            if square > 0.0:
                share = min(max((ex * dx + ey * dy) / square, 0.0), 1.0)
            off = (ex - share * dx) ** 2 + (ey - share * dy) ** 2
            if off > worst:
                worst, at = off, n
        if at >= 0:
            keep[at] = True
            spans[waiting, 0], spans[waiting, 1] = first, at
            spans[waiting + 1, 0], spans[waiting + 1, 1] = at, last
            waiting += 2
