"""The skin map as a pane: the report's own picture, on which an entry can be picked."""

from base64 import b64encode
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kambin.anatomy import Anatomy
from kambin.app.logic.pane_pictures import Overlay
from kambin.planning.skin import Skin
from kambin.report.camera import Camera
from kambin.report.pictures import Picture
from kambin.report.skin_map import AXES_BOX, SkinPicture, draw_skin_map, skin_limits_mm

TITLE = "Skin, seen from behind"
"""How it is headed."""


@dataclass(frozen=True, slots=True)
class SkinView:
    """The skin map as it stands; x runs right and y down from its upper left corner, pixels.

    Parameters
    ----------
    picture : SkinPicture
    png : bytes, as in the report
    size_px : width and height, pixels
    """

    picture: SkinPicture
    png: bytes
    size_px: tuple[int, int]

    @classmethod
    def of(cls, picture: SkinPicture, anatomy: Anatomy, *, caption: str) -> Self:
        """Return the map of a plan or a refusal.

        Parameters
        ----------
        picture : SkinPicture
        anatomy : Anatomy, for the bones beneath
        caption : str, level and side in words
        """
        png = draw_skin_map(picture, anatomy, caption=caption)
        return cls(picture, png, Picture("", "", "", png).size_px)

    def xy(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return where points lie as seen from behind, x and y in pixels, shape (..., 2).

        Parameters
        ----------
        points_lps_mm : float array, shape (..., 3), mm, LPS
        """
        points = np.asarray(points_lps_mm, np.float64)
        left, right, low, high = skin_limits_mm(self.picture)
        # Seen from behind the patient's left is on the left.
        across = (self.picture.midline_lps_mm - points[..., 0] - left) / (right - left)
        up = (points[..., 2] - self.picture.disc_line_lps_mm - low) / (high - low)
        width, height = self.size_px
        x = width * (AXES_BOX[0] + AXES_BOX[2] * across)
        y = height * (1.0 - AXES_BOX[1] - AXES_BOX[3] * up)
        return np.stack([x, y], axis=-1)

    def pick_entry(
        self, skin: Skin, x: float, y: float, inside_lps_mm: ArrayLike
    ) -> NDArray[np.float64] | None:
        """Return the point of the back at a place of the map, shape (3,), mm, LPS, or none.

        Parameters
        ----------
        skin : Skin
        x, y : float, pixels
        inside_lps_mm : float array, shape (3,), mm, LPS, as deep as what lies within the body
            at all heights of the map, such as the target
        """
        left, right, low, high = skin_limits_mm(self.picture)
        width, height = self.size_px
        across = (x / width - AXES_BOX[0]) / AXES_BOX[2]
        up = (1.0 - y / height - AXES_BOX[1]) / AXES_BOX[3]
        if not (0.0 <= across <= 1.0 and 0.0 <= up <= 1.0):
            return None
        deep = float(np.asarray(inside_lps_mm, np.float64)[1])
        origin = np.array(
            [
                self.picture.midline_lps_mm - left - across * (right - left),
                deep,
                self.picture.disc_line_lps_mm + low + up * (high - low),
            ]
        )
        region = skin.region
        reach_mm = float(np.linalg.norm(np.array(region.shape) * region.spacing_mm))
        found: NDArray[np.float64] = skin.find_exits(origin, [[0.0, 1.0, 0.0]], reach_mm)[0]
        return found if np.isfinite(found).all() else None

    def show(self, overlay: Overlay, *, words: str = "") -> dict[str, Any]:
        """Return the map as a screen draws it: what ``PanePainter.show`` returns.

        Parameters
        ----------
        overlay : Overlay; of its handles the entry alone lies on the skin
        words : str, what stands below the title
        """
        width, height = self.size_px
        left, right, *_ = skin_limits_mm(self.picture)
        x, y = self.xy(overlay.cursor_lps_mm).tolist()
        entry = overlay.handles.get("entry")
        handles = []
        if entry is not None:
            at = [round(number, 2) for number in self.xy(entry).tolist()]
            handles = [{"name": "entry", "x": at[0], "y": at[1], "behind_mm": 0.0}]
        return {
            "src": "data:image/png;base64," + b64encode(self.png).decode("ascii"),
            "width": width,
            "height": height,
            "mm_per_px": (right - left) / (AXES_BOX[2] * width),
            "title": TITLE,
            "slice_words": words,
            "letters": asdict(Camera.from_behind(np.zeros(3), 1.0).letters),
            "outlines": [],
            "tools": [],
            "handles": handles,
            "cursor": {"x": round(x, 2), "y": round(y, 2)},
            "labels": [],
        }
