"""The plain twin of the reach kernels: numpy alone, one point at a time; their oracle."""

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import map_coordinates

from kambin.planning.reach_kernels import BENT, RIGID, SEEN, Float


class PlainWorld:
    """What blocks sight and tools, asked point by point.

    Parameters
    ----------
    bone, soft, cut : float32 array, shape (I, J, K), mm, distances as in ``trace_reach``
    frame : float array, shape (5,), mm: first node, spacing and what a shaft may press on bone
    reamed : float array, shape (K, 7), mm: capsules of bone that is gone
    step : float, mm, of the samples
    """

    def __init__(
        self,
        bone: NDArray[np.float32],
        soft: NDArray[np.float32],
        cut: NDArray[np.float32],
        frame: Float,
        reamed: Float,
        step: float,
    ) -> None:
        """Keep the fields."""
        self._fields, self._frame = (bone, soft, cut), frame
        self._reamed, self._step = reamed, step

    def has_room(self, points: Float, need_mm: float) -> NDArray[np.bool_]:
        """Return which points, shape (N, 3), mm, LPS, are far enough from all that blocks."""
        nodes = ((points - self._frame[:3]) / self._frame[3]).T
        bone, soft, cut = (
            map_coordinates(field.astype(float), nodes, order=1, mode="nearest")
            for field in self._fields
        )
        for capsule in self._reamed:
            tip, way = capsule[:3], capsule[3:-1] - capsule[:3]
            share = np.clip((points - tip) @ way / (way @ way), 0, 1)
            gap = np.linalg.norm(points - tip - share[:, None] * way, axis=1)
            cut = np.maximum(cut, capsule[-1] - gap)
        slide = max(need_mm - self._frame[4], 0.0)
        room: NDArray[np.bool_] = (soft >= need_mm) & (bone >= slide) & (cut >= slide)
        return room

    def is_free(self, start: Float, end: Float, need_mm: float) -> bool:
        """Return whether every sample between two points, mm, LPS, has the room."""
        count = int(np.ceil(np.linalg.norm(end - start) / self._step))
        shares = np.linspace(0, 1, count + 1)[:, None]
        return bool(self.has_room(start + shares * (end - start), need_mm).all())

    def free_extent(self, tip: Float, way: Float, most_mm: float, need_mm: float) -> float:
        """Return how far a straight tool goes on from a tip before something blocks it, mm."""
        on = self._step * np.arange(int(most_mm / self._step) + 1)
        room = self.has_room(tip + on[:, None] * way, need_mm)
        return (
            float(on[np.argmin(room) - 1])
            if not room.all() and room[0]
            else (float(on[-1]) if room.all() else 0.0)
        )

    def trace(
        self,
        points: Float,
        tips: Float,
        ways: Float,
        *,
        extent: Float,
        views: Float,
        shape: Float,
        bends: Float,
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
        """Return what ``trace_reach`` returns; the arguments are its own."""
        found = np.zeros(len(points), dtype=np.uint8)
        shown = np.zeros(len(points), dtype=np.uint32)
        for n, point in enumerate(points):
            for s, (tip, way) in enumerate(zip(tips, ways, strict=True)):
                bits = self._see(point, tip, way, views[s], shape)
                shown[n] |= np.uint32(bits)
                found[n] |= np.uint8(SEEN if bits else 0)
                if self._grasps(point, (tip, way), float(extent[s, 0]), shape, 0.0):
                    found[n] |= np.uint8(RIGID | BENT)
                for bend in bends:
                    if self._grasps(point, (tip, way), float(extent[s, 1]), shape, float(bend)):
                        found[n] |= np.uint8(BENT)
        return found, shown

    def _see(self, point: Float, tip: Float, way: Float, views: Float, shape: Float) -> int:
        """Return the bits of the rotations that show a point."""
        line = point - tip
        away = float(np.linalg.norm(line))
        if not shape[2] * away <= line @ way <= shape[1] * away:
            return 0
        hits = np.flatnonzero(views @ line >= shape[0] * away)
        if not len(hits) or not self.is_free(tip, point, 0.0):
            return 0
        return int(sum(1 << int(r) for r in hits))

    def _grasps(
        self, point: Float, axis: tuple[Float, Float], reach: float, shape: Float, bend: float
    ) -> bool:
        """Return whether forceps of one bend grasp a point."""
        tip, way = axis
        jaw, radius, thick = shape[3], shape[4], shape[-1]
        ahead = float((point - tip) @ way)
        across = point - tip - ahead * way
        aside = float(np.linalg.norm(across))
        lean = across / aside if aside > 0 else across
        over, beyond = radius * (1 - np.cos(bend)), radius * np.sin(bend)
        base = min(max(ahead - beyond, 0.0), reach)
        if np.hypot(ahead - base - beyond, aside - over) > jaw:
            return False
        parts = bend * np.arange(1, int(np.ceil(radius * bend / self._step)) + 1)
        parts = parts / max(len(parts), 1)
        arc = tip + (base + radius * np.sin(parts))[:, None] * way
        arc = arc + (radius * (1 - np.cos(parts)))[:, None] * lean
        if len(arc) and not self.has_room(arc, thick).all():
            return False
        last = arc[-1] if len(arc) else tip + base * way
        return self.is_free(last, point, 0.0)
