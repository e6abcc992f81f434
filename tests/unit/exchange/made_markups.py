"""Markup files as Slicer writes them, made by code."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

SCHEMA = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)


def markup(
    points_lps_mm: np.ndarray,
    *,
    kind: str = "Curve",
    system: str = "LPS",
    labels: Sequence[str] = (),
    descriptions: Sequence[str] = (),
    **more: Any,
) -> dict[str, Any]:
    """One markup whose points are the given ones, in the asked coordinate system."""
    flip = np.array([-1.0, -1.0, 1.0]) if system == "RAS" else np.ones(3)
    points = [
        {
            "id": str(n + 1),
            "label": labels[n] if n < len(labels) else f"C-{n + 1}",
            "description": descriptions[n] if n < len(descriptions) else "",
            "position": (np.asarray(place) * flip).tolist(),
            "positionStatus": "defined",
            "selected": True,
        }
        for n, place in enumerate(points_lps_mm)
    ]
    found = {"type": kind, "coordinateSystem": system, "coordinateUnits": "mm"}
    return {**found, "locked": False, "controlPoints": points, **more}


def save_markups(path: Path, *markups: Mapping[str, Any]) -> Path:
    path.write_text(json.dumps({"@schema": SCHEMA, "markups": list(markups)}), "utf-8")
    return path
