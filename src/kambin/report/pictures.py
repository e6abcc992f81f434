"""All pictures of one report, in print order."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from kambin.anatomy import Anatomy, Case
from kambin.core import Progress
from kambin.report.projections import TITLES, VIEWS, draw_projection
from kambin.report.scene import (
    draw_scene,
    scene_cameras,
    scene_meshes,
    see_through_tools,
)
from kambin.report.scenery import Scenery
from kambin.report.sections import draw_section
from kambin.report.skin_map import SkinPicture, draw_skin_map
from kambin.report.source import outlined_structures, shown_volume


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of a report.

    Parameters
    ----------
    name : str, for file names and anchors
    title, alt : str, what it shows, for those who see it and those who do not
    png : bytes
    """

    name: str
    title: str
    alt: str
    png: bytes

    @property
    def aspect(self) -> float:
        """Return width over height, from the file's own header.

        References
        ----------
        PNG specification, https://www.w3.org/TR/png (IHDR)
        """
        width, height = self.size_px
        return width / height

    @property
    def size_px(self) -> tuple[int, int]:
        """Return width and height in pixels, from the file's own header."""
        # A PNG begins with a mark of 8 bytes and the chunk IHDR, whose data start at byte 16.
        width, height = struct.unpack(">II", self.png[16:24])
        return int(width), int(height)


def draw_pictures(
    case: Case,
    anatomy: Anatomy,
    scenery: Scenery,
    skin: SkinPicture | None,
    progress: Progress,
) -> Iterator[Picture]:
    """Yield every picture of a report, reporting progress.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy
    scenery : Scenery
    skin : SkinPicture, or none if no entry was tried
    progress : Progress
    """
    # Three views in space, and the skin map where there is one.
    total = len(scenery.planes) + len(VIEWS) + 3 + int(skin is not None)
    for done, picture in enumerate(_draw_all(case, anatomy, scenery, skin), start=1):
        progress.step("Drawing the report", done, total)
        yield picture


def _draw_all(
    case: Case, anatomy: Anatomy, scenery: Scenery, skin: SkinPicture | None
) -> Iterator[Picture]:
    volume = shown_volume(case, anatomy, scenery.middle_lps_mm)
    regions = outlined_structures(anatomy, scenery.level, scenery.middle_lps_mm)
    caption = scenery.caption
    for plane in scenery.planes:
        png = draw_section(
            volume, plane, regions, scenery.tools, caption=caption, binding=scenery.binding
        )
        yield _picture(plane.name, plane.title, caption, png)
    for view in VIEWS:
        png = draw_projection(volume, view, scenery.middle_lps_mm, scenery.tools, caption=caption)
        yield _picture(f"projection-{view}", TITLES[view], caption, png)
    meshes = scene_meshes(
        anatomy, scenery.level, scenery.focus_lps_mm, scenery.tools, scenery.binding
    )
    for name, title, camera in scene_cameras(scenery.focus_lps_mm, scenery.outward_lps):
        # Seen along its axis, the cannula would hide exactly what it aims at.
        seen = see_through_tools(meshes) if name == "space-along" else meshes
        png = draw_scene(seen, camera, title=title, caption=caption)
        yield _picture(name, title, caption, png)
    if skin is not None:
        png = draw_skin_map(skin, anatomy, caption=caption)
        yield _picture("skin-map", "Skin map", caption, png)


def _picture(name: str, title: str, caption: str, png: bytes) -> Picture:
    return Picture(name, title, f"{title}, {caption}", png)
