"""Step 3: what each structure is taken for, where its shape comes from, and how sure it is."""

from kambin.anatomy import Anatomy, Origin, Structure, StructureKey
from kambin.app.logic.place import Place
from kambin.app.logic.session import Session
from kambin.app.shown.findings import show_findings
from kambin.app.state import AnatomyRow, AnatomyView
from kambin.report.palette import Colour, find_look
from kambin.report.words import structure_words

_SHORT_ORIGIN = {
    Origin.SEGMENTED: "labels",
    Origin.DRAWN: "drawn",
    Origin.MODELLED: "modelled",
    Origin.PHANTOM: "phantom",
}
_EVERYWHERE = frozenset({"dural_sac", "fragment", "aorta", "vena_cava", "skin", "colon"})
_SIDED_LAST = ("fragment", "exiting_root", "drg", "traversing_root", "dural_sac", "disc", "sap")


def show_anatomy(session: Session) -> AnatomyView:
    """Return the panel of the anatomy near the place, or of all of it while no place is confirmed.

    Parameters
    ----------
    session : Session
    """
    anatomy = session.anatomy
    if anatomy is None:
        return AnatomyView()
    near = [one for one in _ordered(anatomy) if _is_near(one.key, session.place)]
    return AnatomyView(
        rows=tuple(_row(one, session) for one in near),
        others=len(anatomy.structures) - len(near),
        not_assessed=()
        if session.answer is None
        else tuple(structure_words(key) for key in session.answer.not_assessed),
        findings=show_findings(anatomy.findings),
    )


def hex_colour(colour: Colour) -> str:
    """Return a colour as ``#rrggbb``."""
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _ordered(anatomy: Anatomy) -> list[Structure]:
    def _rank(one: Structure) -> tuple[int, str]:
        kind = one.key.kind
        return (_SIDED_LAST.index(kind) if kind in _SIDED_LAST else len(_SIDED_LAST), str(one.key))

    return sorted(anatomy.structures.values(), key=_rank)


def _is_near(key: StructureKey, place: Place | None) -> bool:
    if place is None or key.kind in _EVERYWHERE:
        return True
    if key.side is not None and key.side != place.side:
        return False
    level = str(place.level)
    return not key.place or key.place == level or key.place in level.split("-")


def _row(one: Structure, session: Session) -> AnatomyRow:
    key = str(one.key)
    return AnatomyRow(
        key=key,
        words=structure_words(key),
        origin=_SHORT_ORIGIN[one.origin],
        sigma=f"{one.sigma_mm:.1f} mm",
        colour=hex_colour(find_look(one.key).colour),
        shown=key not in session.hidden,
        modelled=one.origin is Origin.MODELLED,
    )
