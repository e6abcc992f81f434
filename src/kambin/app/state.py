"""What the screens show: one typed value a pane or panel, and nothing else passes between them.

Each value is published whole under its ``NAME``; the browser never writes one back. Words are made
before they come here: a screen lays out, it does not reckon.
"""

from dataclasses import dataclass
from typing import ClassVar, get_args


@dataclass(frozen=True, slots=True)
class Header:
    """The line above every screen, which never hides side and level.

    Parameters
    ----------
    case : str, name of the case, or a sentence that none is open
    level, side : str, in words, the patient's side; empty until a person confirmed them
    confirmed : str, who confirmed what
    use : str, what this software is for
    version : str, of the plan, such as ``v3``
    locked, can_undo, can_redo : bool
    room : bool, operating-room mode
    """

    NAME: ClassVar[str] = "header"
    case: str = "no case is open"
    level: str = ""
    side: str = ""
    confirmed: str = ""
    use: str = ""
    version: str = ""
    locked: bool = False
    can_undo: bool = False
    can_redo: bool = False
    room: bool = False


@dataclass(frozen=True, slots=True)
class StepRow:
    """One step of the rail.

    Parameters
    ----------
    number : int, 1..8
    title, icon : str
    closed : str, the sentence that says what is missing; empty when the step is open
    mend : int, the step that mends it; 0 when open
    mend_title : str, words on the button
    done : bool
    """

    number: int
    title: str
    icon: str
    closed: str = ""
    mend: int = 0
    mend_title: str = ""
    done: bool = False


@dataclass(frozen=True, slots=True)
class Rail:
    """The eight steps and the one that is shown."""

    NAME: ClassVar[str] = "rail"
    current: int = 1
    title: str = ""
    closed: str = ""
    mend: int = 0
    mend_title: str = ""
    steps: tuple[StepRow, ...] = ()


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One finding: what, why, and what to do next.

    Parameters
    ----------
    code, severity : str, the severity as a word: stop, answer, note
    what, where, why, next_step : str
    asks : bool, a person must answer it
    answered : bool
    """

    code: str
    severity: str
    what: str
    where: str = ""
    why: str = ""
    next_step: str = ""
    asks: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """A label and its value, in words."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CaseView:
    """Step 1: the case and what its checks say."""

    NAME: ClassVar[str] = "case_view"
    is_open: bool = False
    facts: tuple[Fact, ...] = ()
    findings: tuple[FindingRow, ...] = ()
    recent: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that can be chosen: its value and the words for it."""

    value: str
    title: str


@dataclass(frozen=True, slots=True)
class PlaceView:
    """Step 2: side and level, on a counted picture, with a person's name.

    Parameters
    ----------
    picture : str, data address of the counted picture
    scheme : str, what was counted
    levels, sides, zones : what can be chosen; nothing is chosen beforehand
    questions : what a person must answer with the place
    confirmed : str, the sentence of a confirmed place, or empty
    """

    NAME: ClassVar[str] = "place_view"
    picture: str = ""
    scheme: str = ""
    levels: tuple[Choice, ...] = ()
    sides: tuple[Choice, ...] = ()
    zones: tuple[Choice, ...] = ()
    has_fragment: bool = False
    questions: tuple[FindingRow, ...] = ()
    confirmed: str = ""


@dataclass(frozen=True, slots=True)
class AnatomyRow:
    """One structure: its name, where its shape comes from, and how sure it is.

    Parameters
    ----------
    key, words, origin, sigma, colour : str
    shown : bool, its outline is drawn
    modelled : bool
    """

    key: str
    words: str
    origin: str
    sigma: str
    colour: str
    shown: bool = True
    modelled: bool = False


@dataclass(frozen=True, slots=True)
class AnatomyView:
    """Step 3: what is known of each structure near the level."""

    NAME: ClassVar[str] = "anatomy_view"
    rows: tuple[AnatomyRow, ...] = ()
    others: int = 0
    not_assessed: tuple[str, ...] = ()
    findings: tuple[FindingRow, ...] = ()


@dataclass(frozen=True, slots=True)
class PaintView:
    """Step 3: the brush with which the fragment is painted.

    Parameters
    ----------
    is_active : bool, the hand paints in the slices
    words, origin : str, what was painted, and what it will be taken for
    is_kept : bool, the case has it as it is shown
    can_undo, can_redo : bool, strokes
    least_mm, most_mm : float, radius of the brush
    has_fragment : bool, the case has one that can be taken out
    """

    NAME: ClassVar[str] = "paint_view"
    is_active: bool = False
    words: str = ""
    origin: str = ""
    is_kept: bool = True
    can_undo: bool = False
    can_redo: bool = False
    least_mm: float = 0.0
    most_mm: float = 0.0
    has_fragment: bool = False


@dataclass(frozen=True, slots=True)
class Pick:
    """One plan of the choice, with what it trades."""

    name: str
    title: str
    trade: str
    numbers: tuple[Fact, ...] = ()
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """Why there is no plan: what stands in the way, by how much, and what can be done."""

    what: str
    why: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class PlanView:
    """Step 4: technique and tools, the plan, its alternatives and its certificate."""

    NAME: ClassVar[str] = "plan_view"
    techniques: tuple[Choice, ...] = ()
    cannulas: tuple[Choice, ...] = ()
    technique: str = ""
    cannula: str = ""
    running: bool = False
    made: str = ""
    picks: tuple[Pick, ...] = ()
    certificate: tuple[str, ...] = ()
    refusal: Refused | None = None


@dataclass(frozen=True, slots=True)
class GapRow:
    """One row of clearances.

    Parameters
    ----------
    key : str, the structure
    words, gap, at, sure : str
    word : str, what the gap means; the colour is never the only cue
    tone : str, good, care or stop
    """

    key: str
    words: str
    gap: str
    at: str
    sure: str
    word: str
    tone: str


@dataclass(frozen=True, slots=True)
class Curve:
    """A small drawn curve: an SVG path in a box of 240 by 70, with its words."""

    d: str = ""
    mark_x: float = 0.0
    mark_y: float = 0.0
    words: str = ""
    across: str = ""
    up: str = ""


@dataclass(frozen=True, slots=True)
class ExamineView:
    """Step 5 and the live numbers of a path under the hand.

    Parameters
    ----------
    verdict : str, in words
    tone : str, good, care or stop
    reason : str
    live : bool, the numbers are of a path that was moved, not of a sealed plan
    facts : entry, angles, depth
    rows : clearances
    largest : the three numbers of the operating room
    entry, target : str, three numbers, mm, LPS
    """

    NAME: ClassVar[str] = "examine_view"
    has_path: bool = False
    verdict: str = ""
    tone: str = "care"
    reason: str = ""
    live: bool = False
    title: str = ""
    facts: tuple[Fact, ...] = ()
    rows: tuple[GapRow, ...] = ()
    more_rows: int = 0
    largest: tuple[Fact, ...] = ()
    certain: tuple[Fact, ...] = ()
    curve: Curve | None = None
    findings: tuple[FindingRow, ...] = ()
    entry: tuple[str, ...] = ("", "", "")
    target: tuple[str, ...] = ("", "", "")
    tolerance_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class CompareRow:
    """One quantity and its values in the columns."""

    what: str
    values: tuple[str, ...]
    differs: bool = False


@dataclass(frozen=True, slots=True)
class CompareView:
    """Step 6: two versions side by side, and six ways to operate."""

    NAME: ClassVar[str] = "compare_view"
    versions: tuple[Choice, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[CompareRow, ...] = ()
    ways: tuple[str, ...] = ()
    way_rows: tuple[CompareRow, ...] = ()
    note: str = ""


@dataclass(frozen=True, slots=True)
class CheckRow:
    """One line of the checklist.

    Parameters
    ----------
    code, words : str
    done : bool
    kind : str, ``seen`` by the program, ``tick`` by a person, or ``answer`` by a person's name
    """

    code: str
    words: str
    done: bool = False
    kind: str = "seen"


@dataclass(frozen=True, slots=True)
class SignView:
    """Step 8: the checklist bound to the plan's hash, signature, print and export."""

    NAME: ClassVar[str] = "sign_view"
    sha256: str = ""
    rows: tuple[CheckRow, ...] = ()
    complete: bool = False
    signed: tuple[str, ...] = ()
    locked: bool = False
    made: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Message:
    """Something that was said: an error, or a note."""

    number: int
    tone: str
    what: str
    why: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Footer:
    """Stages, depth, progress and messages."""

    NAME: ClassVar[str] = "footer"
    stages: tuple[Choice, ...] = ()
    stage: str = ""
    depth_mm: float = 0.0
    depth_most_mm: float = 0.0
    depth_words: str = ""
    job: str = ""
    job_share: int = -1
    messages: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Which view stands in which of the four places.

    Parameters
    ----------
    third, fourth : str, names of views
    thirds, fourths : what can stand there
    full : int, the place that fills the screen; 0 for none
    """

    NAME: ClassVar[str] = "layout"
    third: str = "coronal"
    fourth: str = "space"
    thirds: tuple[Choice, ...] = ()
    fourths: tuple[Choice, ...] = ()
    full: int = 0


@dataclass(frozen=True, slots=True)
class Pictures:
    """What stands where skin map or C-arm pair are not there yet: one sentence."""

    NAME: ClassVar[str] = "pictures"
    words: str = ""


Shown = (
    Header | Rail | CaseView | PlaceView | AnatomyView | PaintView | PlanView | ExamineView
    | CompareView | SignView | Footer | Layout | Pictures
)  # fmt: skip
"""Every value that is published under a name of its own."""

EVERYTHING: tuple[type[Shown], ...] = get_args(Shown)

PANES = ("axial", "sagittal", "coronal", "probe-eye", "along-flat", "along-upright")
"""Views of slices; each is published as ``pane_`` and its name, with underscores."""

STILLS = ("skin", "film-ap", "film-lateral")
"""Skin map and C-arm pair, published as the slices are."""

EYE = "eye"
"""Under which the drawing of the bull's eye is published."""

PARTS: dict[str, tuple[str, ...]] = {
    "pane_": ("src", "width", "height", "mm_per_px", "title", "letters"),
    "lines_": ("outlines", "labels"),
    "tools_": ("tools",),
    "over_": ("handles", "cursor", "slice_words"),
}
"""What a view is published in, by how its name begins: each part is sent only where it changed."""


def pane_name(pane: str) -> str:
    """Return the name under which a view of slices is published."""
    return "pane_" + pane.replace("-", "_")
