"""Panes for tests: on the spine of boxes and on an image of noise, and on their mirror images."""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from tests.unit.app.logic.made_session import made_anatomy, made_path
from tests.unit.planning.simple_spine import LEVEL, build_case

from kambin.app.logic.pane_pictures import PaneGround, prepare_panes
from kambin.app.logic.panes import ORTHOGONAL, TRAJECTORY, Axis, Panes
from kambin.frames import Side
from kambin.imaging import Volume

ALL = (*ORTHOGONAL, *TRAJECTORY)
MIRROR = np.array([-1.0, 1.0, 1.0])


def made_axis(side: Side = Side.LEFT) -> Axis:
    """Return the axis of the path in the middle of the corridor, docked 8 mm short."""
    path = made_path(side)
    return Axis.of(path.entry_lps_mm, path.target_lps_mm, 8.0)


def made_panes(side: Side = Side.LEFT, size_px: tuple[int, int] = (256, 192)) -> Panes:
    """Return the panes about that path."""
    axis = made_axis(side)
    panes = Panes.about(axis.target_lps_mm)
    for name in ALL:
        panes = panes.resized(name, *size_px)
    return panes.on_path(axis)


@cache
def made_noise(side: Side = Side.LEFT) -> Volume:
    """Return an image with no likeness between its sides, or on the right its mirror image."""
    rng = np.random.default_rng(11)
    values = rng.normal(150.0, 200.0, (60, 50, 40)).astype(np.float32)
    affine = np.diag([4.0, 4.0, 4.0, 1.0])
    affine[:3, 3] = (-118.0, -98.0, -78.0)
    if side is Side.RIGHT:
        values = np.ascontiguousarray(values[::-1])
    return Volume(values, affine, "patient")


@cache
def made_pane_ground(side: Side = Side.LEFT) -> PaneGround:
    """Return what the panes of the spine of boxes are drawn from."""
    anatomy = made_anatomy(side)
    found = prepare_panes(build_case(anatomy), anatomy, LEVEL, made_axis(side).target_lps_mm)
    assert found is not None
    return found


def mirrored(picture: NDArray[np.generic]) -> NDArray[np.generic]:
    """Return a picture as its mirror shows it."""
    return picture[:, ::-1]
