"""A published figure as a person reads it: of which way, from where, and how sure."""

from kambin.approaches.indications_models import FigureRecord
from kambin.knowledge.sources import NO_PAPER


def tell_origin(figure: FigureRecord) -> str:
    """Return design, size, paper and tag of a figure, such as ``cohort, n = 204 (O8) [V]``.

    Parameters
    ----------
    figure : FigureRecord
    """
    size = "" if figure.n is None else f", n = {figure.n}"
    paper = "no source read" if figure.source in NO_PAPER else figure.source
    return f"{figure.design}{size} ({paper}) [{figure.tag}]"


def tell_way(figure: FigureRecord) -> str:
    """Return the way to operate that a figure is of, and the one it is compared with.

    Parameters
    ----------
    figure : FigureRecord
    """
    against = f" against {figure.comparator}" if figure.comparator else ""
    return plain(f"{figure.approach}{against}")


def plain(name: str) -> str:
    """Return a name of a document as words.

    Parameters
    ----------
    name : str such as ``open_fenestration``
    """
    return name.replace("_", " ")
