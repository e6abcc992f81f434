"""Draw a placed herniation with its lines into docs/images/herniation_classes.png."""

import sys
from pathlib import Path

from kambin.anatomy import Anatomy, Case, Level, complete
from kambin.anatomy.fragment import FragmentNote, put_fragment
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.anatomy.structures import Origin
from kambin.frames import Side
from kambin.measure.herniation import measure_herniation
from kambin.phantom import PhantomParameters, build_phantom
from kambin.report.herniation_page import draw_herniation_png

PAGE = Path(__file__).parents[1] / "images" / "herniation_classes.png"
LEVEL = Level("L4", "L5")
WISH = FragmentWish(LEVEL, Side.LEFT, "subarticular", "near-down", 2, "extrusion")


def main() -> None:
    """Build a patient, place a fragment, classify and draw it."""
    made = build_phantom(PhantomParameters(LEVEL, Side.LEFT, seed=3, spacing_mm=1.5))
    empty = Case(made.image, made.labels, made.names, "kambin")
    draw(empty, complete(empty), PAGE)


def draw(empty: Case, anatomy: Anatomy, page: Path) -> None:
    """Place the fragment in a completed anatomy and draw its classes."""
    placed = place_fragment(empty, anatomy, WISH)
    case = put_fragment(empty, placed.mask, FragmentNote(Origin.MODELLED, WISH.as_words()))
    with_one = complete(case)
    found, _ = measure_herniation(with_one, case)
    if found is not None:
        page.write_bytes(draw_herniation_png(case, with_one, found))


if __name__ == "__main__":
    sys.exit(main())
