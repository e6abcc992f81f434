"""The document of the skin map."""

from typing import Literal

from kambin.planning.documents import Document, Point

SKIN_MAP_VERSION = 1
"""Version of the document of a skin map."""


class SkinCell(Document):
    """One square of the map, and the best path that begins in it.

    Notes
    -----
    ``lateral_from_mm`` and ``cranial_from_mm`` are the lower borders of the square, from midline
    and disc line. Areas are those of the real, curved skin in it. Bone and reach belong to the
    best path and are null where that path breaks a margin.
    """

    lateral_from_mm: float
    cranial_from_mm: float
    area_cm2: float
    safe_area_cm2: float
    best_room_mm: float | None
    entry_lps_mm: Point | None
    entry_lateral_mm: float | None
    entry_cranial_mm: float | None
    target_lps_mm: Point | None
    stop_mm: float | None
    resection_mm3: float | None
    facet_kept_fraction: float | None
    reachable_fraction: float | None
    visible_fraction: float | None


class CannulaArea(Document):
    """The skin from which a cannula of one diameter passes."""

    cannula_mm: float
    rim_is_removed: bool
    docks_at_mouth: bool
    safe_area_cm2: float
    best_room_mm: float | None


class SkinMapDocument(Document):
    """From where on the skin one may come, per square of ``cell_mm``.

    Notes
    -----
    ``area_cm2`` is the skin that the technique's corridor allows, ``safe_area_cm2`` the part of it
    from which a path keeps every hard margin. ``by_cannula`` has the same area for every diameter
    that was asked for, the first of which is that of the map; all with what the map allows, so
    that they compare, and once more where a diameter has a way of its own with more or with less.
    Where nothing passes as it is asked,
    the map is relaxed as the plan would be, which a person has to confirm: the cannula may end at
    the mouth of the foramen (``docks_at_mouth``), then the rim of bone go (``rim_is_removed``).
    """

    schema_version: int = SKIN_MAP_VERSION
    case_sha256: str
    level: str
    side: Literal["left", "right"]
    zone: str | None
    technique: str
    cannula_mm: float
    rim_is_removed: bool
    docks_at_mouth: bool
    cell_mm: float
    area_cm2: float
    safe_area_cm2: float
    best: SkinCell | None
    cells: tuple[SkinCell, ...]
    by_cannula: tuple[CannulaArea, ...]
    not_assessed_reason: str | None
