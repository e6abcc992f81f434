"""What can stand in the third and the fourth place of the views."""

from typing import Final

from kambin.app.state import Choice

THIRDS: Final = (
    Choice("coronal", "coronal"),
    Choice("probe-eye", "down"),
    Choice("along-flat", "along"),
    Choice("along-upright", "upright"),
)
"""Coronal, and the three views of the path: down its axis, and the two planes it lies in."""

FOURTHS: Final = (Choice("space", "3D"), Choice("skin", "skin"), Choice("carm", "C-arm"))
"""In space, the skin map, and the two projections."""
