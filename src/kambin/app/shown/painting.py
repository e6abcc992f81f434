"""What the panel of the anatomy says of the brush."""

from kambin.anatomy import Origin
from kambin.app.logic.session import Session
from kambin.app.state import PaintView
from kambin.knowledge import value, values

_BEGUN = {
    Origin.SEGMENTED: "a mask that was given",
    Origin.DRAWN: "a shape that was drawn",
    Origin.MODELLED: "a placed shape",
    Origin.PHANTOM: "that of a made patient",
}


def show_painting(session: Session) -> PaintView:
    """Return what is said of the painting, and whether there is one.

    Parameters
    ----------
    session : Session
    """
    painting, checked = session.painting, session.checked
    case = None if checked is None else checked.case
    least, most = values("herniation.brush_radius_range_mm")
    given = case is not None and any(key.kind == "fragment" for key in case.names.values())
    if painting is None or case is None:
        return PaintView(least_mm=least, most_mm=most, has_fragment=given)
    before, count = painting.before, len(painting.strokes)
    on = "nothing" if before is None else _BEGUN[before.begun_on]
    is_placed = before is not None and before.begun_on is Origin.MODELLED
    row = "modelled" if is_placed else "drawn"
    # never better known than the voxels it is kept in
    sigma_mm = value(f"herniation.{row}_sigma_mm")
    return PaintView(
        is_active=True,
        words=f"{count} {'stroke' if count == 1 else 'strokes'}, begun on {on}.",
        origin=f"Origin: drawn by hand. Sigma at least {sigma_mm:.1f} mm.",
        is_kept=painting.is_kept,
        can_undo=bool(painting.strokes),
        can_redo=bool(painting.undone),
        least_mm=least,
        most_mm=most,
        has_fragment=given,
    )
