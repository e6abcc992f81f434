"""The six panes: one cursor, a zoom and a shift for each, and a roll that never jumps."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.app.logic.pane_geometry import PaneView
from kambin.imaging import Plane
from kambin.report.slices import WINDOWS_HU, WindowName
from kambin.report.view_planes import ViewPlane, orthogonal_planes, tool_planes

ORTHOGONAL = ("axial", "sagittal", "coronal")
"""Panes that stand in the patient's axes."""

TRAJECTORY = ("along-flat", "along-upright", "probe-eye")
"""Panes that turn with the path; without a path there are none."""

PaneName = Literal["axial", "sagittal", "coronal", "along-flat", "along-upright", "probe-eye"]
"""Name of a pane."""

FRAME_MM = 190.0
"""Width of the axial pane before anyone zooms, mm: that of the report."""

SCROLL_STEP_MM = 1.0
"""How far one step of the wheel moves the cursor across a pane, mm."""

_LEAST_ZOOM, _MOST_ZOOM = 0.4, 20.0
_SIZE_PX = (512, 512)
_ON_PLANE_MM = 1e-6


@dataclass(frozen=True, slots=True)
class Gaze:
    """How one pane is looked at.

    Parameters
    ----------
    size_px : width and height, pixels
    zoom : float, 1 shows what the report shows
    shift_mm : float array, shape (2,), right and down, mm, how far the middle was moved
    """

    size_px: tuple[int, int] = _SIZE_PX
    zoom: float = 1.0
    shift_mm: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """The path that panes turn with: entry, target and the cannula's tip, mm, LPS, shape (3,)."""

    entry_lps_mm: NDArray[np.float64]
    target_lps_mm: NDArray[np.float64]
    docking_lps_mm: NDArray[np.float64]

    @classmethod
    def of(cls, entry_lps_mm: ArrayLike, target_lps_mm: ArrayLike, stop_mm: float = 0.0) -> Self:
        """Return the axis of a path.

        Parameters
        ----------
        entry_lps_mm, target_lps_mm : float array, shape (3,), mm, LPS
        stop_mm : float, mm, how far short of the target the cannula docks
        """
        entry = np.asarray(entry_lps_mm, np.float64)
        target = np.asarray(target_lps_mm, np.float64)
        way = entry - target
        length_mm = float(np.linalg.norm(way))
        docking = target + (stop_mm / length_mm * way if length_mm > 0 else 0.0 * way)
        return cls(entry, target, docking)

    @property
    def has_direction(self) -> bool:
        """Return whether entry and target are two points."""
        return bool((self.entry_lps_mm != self.target_lps_mm).any())


@dataclass(frozen=True)
class Panes:
    """What all panes show, without their pictures. Every change gives another value.

    Parameters
    ----------
    cursor_lps_mm : float array, shape (3,), mm, LPS; every pane passes through it
    home_lps_mm, towards_lps_mm : float array, shape (3,), mm, LPS, what the orthogonal panes are
        centred on, and what the axial one shows as well
    axes : the path that each trajectory pane turns with; none before there is a path
    gazes : how each pane is looked at
    window : WindowName of all panes
    """

    cursor_lps_mm: NDArray[np.float64]
    home_lps_mm: NDArray[np.float64]
    towards_lps_mm: NDArray[np.float64] | None = None
    axes: Mapping[str, Axis] = field(default_factory=dict)
    gazes: Mapping[str, Gaze] = field(default_factory=dict)
    window: WindowName = "wide"

    @classmethod
    def about(cls, point_lps_mm: ArrayLike) -> Self:
        """Return the panes of a case without a path, about a point.

        Parameters
        ----------
        point_lps_mm : float array, shape (3,), mm, LPS
        """
        point = np.asarray(point_lps_mm, np.float64)
        return cls(point, point)

    def at_cursor(self, point_lps_mm: ArrayLike) -> Self:
        """Return the panes through another point; none is shifted or turned.

        Parameters
        ----------
        point_lps_mm : float array, shape (3,), mm, LPS
        """
        return replace(self, cursor_lps_mm=np.asarray(point_lps_mm, np.float64))

    def on_path(self, axis: Axis) -> Self:
        """Return the panes about a path, as a report shows it, with the cursor on its target.

        Parameters
        ----------
        axis : Axis
        """
        home = replace(
            self,
            cursor_lps_mm=axis.target_lps_mm,
            home_lps_mm=axis.target_lps_mm,
            towards_lps_mm=axis.entry_lps_mm,
            gazes={name: Gaze(gaze.size_px) for name, gaze in self.gazes.items()},
        )
        return home.turned(axis)

    def turned(self, axis: Axis, *, held: str = "") -> Self:
        """Return the panes with the trajectory views turned to a path that has moved.

        Parameters
        ----------
        axis : Axis; one without direction turns nothing
        held : str, the pane in which the hand is: it stays, or it would slide away under the hand
        """
        if not axis.has_direction:
            return self
        kept = {name: one for name, one in self.axes.items() if name == held}
        return replace(self, axes={**dict.fromkeys(TRAJECTORY, axis), **kept})

    def resized(self, name: str, width_px: int, height_px: int) -> Self:
        """Return the panes with another size of one.

        Parameters
        ----------
        name : PaneName
        width_px, height_px : int, pixels
        """
        return self._gazing(name, replace(self.gaze(name), size_px=(width_px, height_px)))

    def windowed(self, window: str) -> Self:
        """Return the panes in another range of greys; an unknown one changes nothing.

        Parameters
        ----------
        window : WindowName
        """
        for known in WINDOWS_HU:
            if known == window:
                return replace(self, window=known)
        return self

    def scrolled(self, name: str, steps: float) -> Self:
        """Return the panes with the cursor moved away from the viewer of one.

        Parameters
        ----------
        name : PaneName
        steps : float, of ``SCROLL_STEP_MM``; negative ones come nearer
        """
        away = steps * SCROLL_STEP_MM * self.view(name).plane.normal_lps
        return self.at_cursor(self.cursor_lps_mm + away)

    def zoomed(self, name: str, factor: float) -> Self:
        """Return the panes with one zoomed about the cursor, which stays where it is on the screen.

        Parameters
        ----------
        name : PaneName
        factor : float, above 1 comes nearer
        """
        gaze = self.gaze(name)
        zoom = float(np.clip(gaze.zoom * factor, _LEAST_ZOOM, _MOST_ZOOM))
        plane = self.view(name).plane
        away = self.cursor_lps_mm - plane.centre_lps_mm
        # What the cursor is off the middle shrinks on the screen by what the picture grows.
        part = 1.0 - gaze.zoom / zoom
        right, down = (part * float(away @ axis) for axis in (plane.right_lps, plane.down_lps))
        return self._gazing(name, replace(_moved(gaze, right, down), zoom=zoom))

    def panned(self, name: str, x: float, y: float) -> Self:
        """Return the panes with the picture of one moved with the hand.

        Parameters
        ----------
        name : PaneName
        x, y : float, pixels to the right and down
        """
        mm = -self.view(name).mm_per_px
        return self._gazing(name, _moved(self.gaze(name), mm * x, mm * y))

    def gaze(self, name: str) -> Gaze:
        """Return how a pane is looked at.

        Parameters
        ----------
        name : PaneName
        """
        return self.gazes.get(name, Gaze())

    def has(self, name: str) -> bool:
        """Return whether there is such a pane now: trajectory panes need a path.

        Parameters
        ----------
        name : str
        """
        return name in ORTHOGONAL or name in self.axes

    def view(self, name: str) -> PaneView:
        """Return one pane: its plane passes through the cursor.

        Parameters
        ----------
        name : PaneName that there is now

        Raises
        ------
        KeyError  for a trajectory pane without a path, or no pane at all; a bug of ours
        """
        section = self._section(name)
        gaze, whole = self.gaze(name), section.plane
        width_px, height_px = gaze.size_px
        pixel_mm = max(whole.width_mm / width_px, whole.height_mm / height_px) / gaze.zoom
        right_mm, down_mm = gaze.shift_mm
        centre = whole.centre_lps_mm + right_mm * whole.right_lps + down_mm * whole.down_lps
        depth_mm = float((self.cursor_lps_mm - centre) @ whole.normal_lps)
        # What lies on it but for rounding moves nothing: the bytes are those of the report.
        if abs(depth_mm) > _ON_PLANE_MM:
            centre = centre + depth_mm * whole.normal_lps
        size_mm = (width_px * pixel_mm, height_px * pixel_mm)
        plane = Plane(centre, whole.right_lps, whole.down_lps, *size_mm, pixel_mm)
        return PaneView(replace(section, plane=plane), self.window)

    def off_axis_mm(self, name: str) -> float:
        """Return how far a trajectory pane lies from its path, or the probe's eye from the tip, mm.

        Parameters
        ----------
        name : PaneName of a trajectory pane
        """
        plane = self._section(name).plane
        return float((self.cursor_lps_mm - plane.centre_lps_mm) @ plane.normal_lps)

    def _section(self, name: str) -> ViewPlane:
        """Return a pane as a report would lay it, at its own depth."""
        if name in ORTHOGONAL:
            sections = orthogonal_planes(
                self.home_lps_mm, width_mm=FRAME_MM, towards_lps_mm=self.towards_lps_mm
            )
            return sections[ORTHOGONAL.index(name)]
        axis = self.axes[name]
        sections = tool_planes(axis.entry_lps_mm, axis.target_lps_mm, axis.docking_lps_mm)
        return sections[TRAJECTORY.index(name)]

    def _gazing(self, name: str, gaze: Gaze) -> Self:
        return replace(self, gazes={**self.gazes, name: gaze})


def _moved(gaze: Gaze, right_mm: float, down_mm: float) -> Gaze:
    return replace(gaze, shift_mm=(gaze.shift_mm[0] + right_mm, gaze.shift_mm[1] + down_mm))
