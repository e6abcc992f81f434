"""Strokes of the brush as a file: what a person painted, to be painted again."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kambin.anatomy.fragment_brush import Stroke
from kambin.core import InputError, RequestError
from kambin.exchange.documents import to_json

STROKES_FILE: Final = "painted_fragment.json"
"""Beside the case whose fragment was painted in the workstation."""

MOST_STROKES: Final = 1000
"""Strokes of one fragment."""

_LARGEST_BYTES = 64 * 1024**2


class StrokeDocument(BaseModel):
    """One stroke in a file: points in mm, LPS; radius in mm."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    points_lps_mm: tuple[tuple[float, float, float], ...]
    radius_mm: float
    erases: bool = False

    @classmethod
    def of(cls, stroke: Stroke) -> "StrokeDocument":
        """Return a stroke as a document.

        Parameters
        ----------
        stroke : Stroke
        """
        return cls(
            points_lps_mm=stroke.points_lps_mm, radius_mm=stroke.radius_mm, erases=stroke.erases
        )

    def to_stroke(self) -> Stroke:
        """Return the stroke.

        Raises
        ------
        RequestError  (RQ-085) if it is none
        """
        return Stroke(self.points_lps_mm, self.radius_mm, self.erases)


class StrokesDocument(BaseModel):
    """The file of strokes, in the order in which they were made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    strokes: tuple[StrokeDocument, ...] = Field(min_length=1, max_length=MOST_STROKES)


def strokes_bytes(strokes: Sequence[Stroke]) -> bytes:
    """Return strokes as the bytes of a file; the same strokes give the same bytes.

    Parameters
    ----------
    strokes : at least one
    """
    document = StrokesDocument(strokes=tuple(StrokeDocument.of(one) for one in strokes))
    return to_json(document).encode("utf-8")


def read_strokes(path: Path) -> tuple[Stroke, ...]:
    """Read a file of strokes.

    Parameters
    ----------
    path : file that the workstation wrote, or one like it

    Raises
    ------
    InputError  (IN-027) if there is no file
    RequestError  (RQ-085) if it holds no strokes
    """
    path = Path(path)
    if not path.is_file():
        raise InputError(
            code="IN-027",
            what="An input was not found",
            where=path.name,
            why="There is no such file.",
            next_step="Check the path.",
        )
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise _not_understood(path, "It is larger than any drawing of a person.")
        found = StrokesDocument.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "its beginning"
        raise _not_understood(path, f"It is not understood at {place}.") from error
    return tuple(one.to_stroke() for one in found.strokes)


def _not_understood(path: Path, why: str) -> RequestError:
    return RequestError(
        code="RQ-085",
        what="The file of strokes is not understood",
        where=path.name,
        why=why,
        next_step=f"Give the {STROKES_FILE} that the workstation wrote beside the case.",
    )
