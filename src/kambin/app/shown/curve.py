"""The curve of bone against the diameter of the cannula, as a small drawing."""

from kambin.app.state import Curve
from kambin.planning import Resection

_WIDE, _HIGH = 240.0, 70.0


def show_curve(resection: Resection) -> Curve | None:
    """Return how much bone each diameter would cost, with a mark at the plan's own.

    Parameters
    ----------
    resection : Resection of a plan

    Returns
    -------
    Curve in a box of 240 by 70, or none where it was not reckoned
    """
    points = [(one.diameter_mm, one.volume_mm3) for one in resection.volume_against_diameter]
    known = [(across, up) for across, up in points if up is not None]
    if len(known) < 2:
        return None
    left, right = known[0][0], known[-1][0]
    top = max(1.0, *(up for _, up in known))

    def _place(across: float, up: float) -> tuple[float, float]:
        return _WIDE * (across - left) / (right - left), _HIGH * (1.0 - up / top)

    drawn = [_place(*one) for one in known]
    own = resection.volume_mm3 or 0.0
    nearest = min(known, key=lambda one: abs(one[1] - own))
    mark = _place(*nearest)
    return Curve(
        d="M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in drawn),
        mark_x=round(mark[0], 1),
        mark_y=round(mark[1], 1),
        words=(
            f"{known[0][1]:.0f} mm³ at {left:.1f} mm, {known[-1][1]:.0f} mm³ at {right:.1f} mm; "
            f"this plan takes {own:.0f} mm³."
        ),
        across=f"{left:.1f} to {right:.1f} mm diameter",
        up=f"{top:.0f} mm³",
    )
