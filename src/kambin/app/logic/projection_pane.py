"""The AP and lateral projections as panes: what the C-arm would show, with the tools' shadows."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.app.logic.pane_outlines import draw_tool_lines
from kambin.app.logic.pane_pictures import Overlay
from kambin.imaging import Volume
from kambin.report.projections import SIDE_MM, TITLES, Film, film_jpeg, make_film

FilmName = Literal["ap", "lateral"]
"""Name of a projection."""


@dataclass(frozen=True, slots=True)
class FilmView:
    """One projection as it stands; x runs right and y down from its upper left corner, pixels.

    Parameters
    ----------
    name : FilmName
    film : Film
    centre_lps_mm : float array, shape (3,), mm, LPS, the middle of the picture
    size_px : width and height, pixels
    """

    name: FilmName
    film: Film
    centre_lps_mm: NDArray[np.float64]
    size_px: tuple[int, int] = (512, 512)

    @property
    def mm_per_px(self) -> float:
        """Return the size of a pixel, mm: the smaller side shows what the report shows."""
        return SIDE_MM / min(self.size_px)

    @property
    def jpeg(self) -> bytes:
        """Return the picture; the report draws on the same bytes of the same place."""
        x_mm, y_mm = self.film.picture_mm(self.centre_lps_mm).tolist()
        return film_jpeg(self.film, (x_mm, y_mm), self.size_px, self.mm_per_px)

    def xy(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return where points throw their shadow, x and y in pixels, shape (..., 2).

        Parameters
        ----------
        points_lps_mm : float array, shape (..., 3), mm, LPS
        """
        return self._xy(self.film.picture_mm(np.asarray(points_lps_mm, np.float64)))

    def point_lps_mm(self, x: float, y: float, depth_of_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the point of a beam that is as deep as another one, shape (3,), mm, LPS.

        Parameters
        ----------
        x, y : float, pixels, the beam
        depth_of_lps_mm : float array, shape (3,), mm, LPS, such as the cursor

        Notes
        -----
        A projection does not say how deep a point lies: what is not seen is not changed.
        """
        start = np.asarray(depth_of_lps_mm, np.float64)
        right_mm, down_mm = (np.array([x, y]) - self.xy(start)) * self.mm_per_px
        right, down = (
            step / np.linalg.norm(step)
            for step in (self.film.shadow.column_lps_mm, self.film.shadow.row_lps_mm)
        )
        point: NDArray[np.float64] = start + right_mm * right + down_mm * down
        return point

    def show(self, overlay: Overlay, *, words: str = "") -> dict[str, Any]:
        """Return the projection as a screen draws it: what ``PanePainter.show`` returns.

        Parameters
        ----------
        overlay : Overlay; structures are not outlined, because a beam passes many
        words : str, what stands below the title
        """
        width, height = self.size_px
        tools = [(one.name, [self._xy(self.film.shadow_mm(one))]) for one in overlay.tools]
        x, y = self.xy(overlay.cursor_lps_mm).tolist()
        return {
            "src": "data:image/jpeg;base64," + b64encode(self.jpeg).decode("ascii"),
            "width": width,
            "height": height,
            "mm_per_px": self.mm_per_px,
            "title": TITLES[self.name],
            "slice_words": words,
            "letters": asdict(self.film.letters),
            "outlines": [],
            "tools": [draw_tool_lines(name, lines) for name, lines in tools],
            "handles": self._handles(overlay.handles),
            "cursor": {"x": round(x, 2), "y": round(y, 2)},
            "labels": [],
        }

    def _handles(self, points_lps_mm: Mapping[str, NDArray[np.float64]]) -> list[dict[str, Any]]:
        shown = []
        for name, point in points_lps_mm.items():
            x, y = (round(number, 2) for number in self.xy(point).tolist())
            # A projection has no plane to be before or behind.
            shown.append({"name": name, "x": x, "y": y, "behind_mm": 0.0})
        return shown

    def _xy(self, picture_mm: NDArray[np.float64]) -> NDArray[np.float64]:
        away_mm = picture_mm - self.film.picture_mm(self.centre_lps_mm)
        places: NDArray[np.float64] = away_mm / self.mm_per_px + np.array(self.size_px) / 2
        return places


@dataclass
class Films:
    """Both projections of one image, each made when it is first asked for.

    Parameters
    ----------
    volume : Volume, HU
    """

    volume: Volume

    def view(
        self, name: FilmName, centre_lps_mm: ArrayLike, size_px: tuple[int, int] = (512, 512)
    ) -> FilmView:
        """Return a projection about a point.

        Parameters
        ----------
        name : FilmName
        centre_lps_mm : float array, shape (3,), mm, LPS
        size_px : width and height, pixels
        """
        film = self._ap if name == "ap" else self._lateral
        return FilmView(name, film, np.asarray(centre_lps_mm, np.float64), size_px)

    @cached_property
    def _ap(self) -> Film:
        return make_film(self.volume, "ap")

    @cached_property
    def _lateral(self) -> Film:
        return make_film(self.volume, "lateral")
