"""What is saved of a painting: its strokes, those undone, and what it was begun on."""

from pydantic import BaseModel, ConfigDict, Field

from kambin.anatomy.fragment import FragmentNote
from kambin.anatomy.fragment_before import FragmentBefore
from kambin.anatomy.structures import Origin
from kambin.app.logic.painted import Painting
from kambin.exchange.strokes import MOST_STROKES, StrokeDocument


class _Saved(BaseModel):
    """A part of the file: no field is unknown, no number is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SavedBefore(_Saved):
    """The fragment on which painting was begun."""

    runs: tuple[tuple[int, int], ...]
    origin: Origin | None
    wishes: dict[str, str]

    @classmethod
    def of(cls, before: FragmentBefore) -> "SavedBefore":
        """Return what is saved of a fragment.

        Parameters
        ----------
        before : FragmentBefore
        """
        note = before.note
        return cls(
            runs=before.runs,
            origin=None if note is None else note.origin,
            wishes={} if note is None else dict(note.wishes),
        )

    def to_before(self) -> FragmentBefore:
        """Return the fragment."""
        note = None if self.origin is None else FragmentNote(self.origin, dict(self.wishes))
        return FragmentBefore(self.runs, note)


class SavedPainting(_Saved):
    """A painting of the case that the file belongs to."""

    before: SavedBefore | None
    strokes: tuple[StrokeDocument, ...] = Field(max_length=MOST_STROKES)
    undone: tuple[StrokeDocument, ...] = Field(max_length=MOST_STROKES)
    kept: tuple[StrokeDocument, ...] = Field(max_length=MOST_STROKES)

    @classmethod
    def of(cls, painting: Painting) -> "SavedPainting":
        """Return what is saved of a painting; the stroke under a hand is not.

        Parameters
        ----------
        painting : Painting
        """
        before = painting.before
        return cls(
            before=None if before is None else SavedBefore.of(before),
            strokes=tuple(StrokeDocument.of(one) for one in painting.strokes),
            undone=tuple(StrokeDocument.of(one) for one in painting.undone),
            kept=tuple(StrokeDocument.of(one) for one in painting.kept),
        )

    def to_painting(self, case_sha256: str) -> Painting:
        """Return the painting of a case.

        Parameters
        ----------
        case_sha256 : str

        Raises
        ------
        RequestError  (RQ-085) if a stroke is none
        """
        return Painting(
            case_sha256,
            None if self.before is None else self.before.to_before(),
            tuple(one.to_stroke() for one in self.strokes),
            tuple(one.to_stroke() for one in self.undone),
            tuple(one.to_stroke() for one in self.kept),
        )
