"""No clinical or modelling number stands in code: it stands in a table, with its source."""

import ast
import math
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from kambin import knowledge
from kambin.knowledge import TAGS, Constant, read_constants

SOURCE = Path(__file__).parents[2] / "src" / "kambin"
ROOMS = ("anatomy", "measure", "phantom", "planning")
THRESHOLD_ROOMS = ("report",)

PLAIN = (0, 1, 2, 3, 4, 0.5)
LARGEST_EPSILON = 1e-3
UNITS = ("mm", "mm2", "mm3", "cm3", "deg", "hu", "kg", "s", "percent")
NUMERICAL_SUFFIXES = (
    "_TOLERANCE",
    "_EPSILON",
    "_ITERATIONS",
    "_SAMPLES",
    "_DECIMALS",
    "_CHUNK",
    "_BATCH",
    "_STEP_MM",
    "_BINS",
)


def find_loose_numbers(text: str) -> list[str]:
    """Every numeric literal of a module that belongs into a table, as ``line: number``."""
    tree = ast.parse(text)
    exempt = [*_numerical_constants(tree), *_clipped_messages(tree), *_powers_of_ten(tree)]
    allowed = {id(leaf) for node in exempt for leaf in ast.walk(node)}
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(tree)
        if _is_number(node) and id(node) not in allowed and not _is_plain(node)
    ]


def find_loose_thresholds(text: str) -> list[str]:
    """Every number that a module compares a quantity with a unit in its name with."""
    return [
        f"{node.lineno}: {ast.unparse(node)}"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Compare)
        and any(_is_number(side) and not _is_plain(side) for side in (node.left, *node.comparators))
        and re.search(rf"_({'|'.join(UNITS)})\b", ast.unparse(node))
    ]


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float, complex)


def _is_plain(node: ast.Constant) -> bool:
    if node.value in PLAIN:
        return True
    if isinstance(node.value, float) and 0 < node.value <= LARGEST_EPSILON:
        power = math.log10(node.value)
        return abs(power - round(power)) < 1e-9
    return False


def _powers_of_ten(tree: ast.Module) -> Iterator[ast.AST]:
    """Conversions between units and numbers meant as tiny or far: ``10.0**-6``, ``10.0**3``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base, power = node.left, node.right
            power = power.operand if isinstance(power, ast.UnaryOp) else power
            if _is_number(power) and isinstance(base, ast.Constant) and base.value == 10:
                yield node


def _clipped_messages(tree: ast.Module) -> Iterator[ast.AST]:
    """Slices that shorten a text for an error message: inside an f-string or ``repr``."""
    for node in ast.walk(tree):
        is_repr = isinstance(node, ast.Call) and ast.unparse(node.func) == "repr"
        if isinstance(node, ast.JoinedStr) or is_repr:
            yield from (inner for inner in ast.walk(node) if isinstance(inner, ast.Slice))


def _numerical_constants(tree: ast.Module) -> Iterator[ast.stmt]:
    """Module constants whose name says they are numerical, and whose docstring says why."""
    for node, after in pairwise([*tree.body, ast.Pass()]):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if documented and all(n.isupper() and n.endswith(NUMERICAL_SUFFIXES) for n in names):
                yield node


def _modules(rooms: tuple[str, ...]) -> list[Path]:
    return sorted(path for room in rooms for path in (SOURCE / room).rglob("*.py"))


def _name(path: Path) -> str:
    return str(path.relative_to(SOURCE))


ALL_ROWS = [row for table in knowledge.constant_tables() for row in read_constants(table).values()]
CODE = "\n".join(path.read_text("utf-8") for path in sorted(SOURCE.rglob("*.py")))


@pytest.mark.parametrize("path", _modules(ROOMS), ids=_name)
def test_no_number_of_a_clinical_room_is_outside_the_tables(path: Path) -> None:
    assert find_loose_numbers(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", _modules(THRESHOLD_ROOMS), ids=_name)
def test_no_threshold_of_the_report_is_outside_the_tables(path: Path) -> None:
    assert find_loose_thresholds(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("margin_mm = 2.5", ["1: 2.5"]),
        ("def f(d):\n    return d > 14", ["2: 14"]),
        ("def f(d, limit_mm=15.0): ...", ["1: 15.0"]),
        ("MARGIN_MM = 10\n'''Ten.'''", ["1: 10"]),
        ("def f():\n    HIT_EPSILON = 0.3\n    '''No module constant.'''", ["2: 0.3"]),
        ("HIT_TOLERANCE = 0.3", ["1: 0.3"]),
        ("hit_tolerance = 0.3\n'''Not upper case.'''", ["1: 0.3"]),
        ("angles = (30, -45)", ["1: 30", "1: 45"]),
        ("small = 2e-6", ["1: 2e-06"]),
        ("small = 0.1", ["1: 0.1"]),
        ("x = 12 ** 2", ["1: 12"]),
        ("first = rows[:20]", ["1: 20"]),
        ("text = f'{limit_mm + 7}'", ["1: 7"]),
    ],
)
def test_the_check_fires(text: str, found: list[str]) -> None:
    assert find_loose_numbers(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "x = (0, 1, 2, 3, 4, 0.5, -1, 1.0)",
        "small = 1e-9 + 10.0**-7 + 10**3",
        "HIT_TOLERANCE = 0.3\n'''Measured on spheres.'''",
        "SHELL_STEP_MM: float = 0.75\n'''The working spacing.'''",
        "limit_mm = value('margins.needle_root_hard_mm')",
        "text = 'L4-L5 at 10 mm'",
        "text = f'{word[:20]!r} is not a level'",
        "where = repr(word[:40])",
        "flag = True",
    ],
)
def test_the_check_stays_silent(text: str) -> None:
    assert find_loose_numbers(text) == []


def test_the_threshold_check_fires_on_comparisons_of_measured_values_only() -> None:
    assert find_loose_thresholds("wide = width_mm > 7.5") == ["1: width_mm > 7.5"]
    assert find_loose_thresholds("bad = 14 < plan.stop_mm") == ["1: 14 < plan.stop_mm"]
    assert find_loose_thresholds("figure(width=7.5)\nwide = width_mm > 0") == []
    assert find_loose_thresholds("outside = abs(x_mm) > 0.42 * plane.width_mm") == []


@pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
def test_every_constant_has_unit_range_tag_and_source(row: Constant) -> None:
    numbers = _numbers(row)
    assert row.unit
    assert row.tag in TAGS
    assert row.source
    assert row.note
    assert numbers
    assert row.low < row.high
    assert all(row.low <= number <= row.high for number in numbers)


@pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
def test_the_name_of_a_constant_ends_in_its_unit(row: Constant) -> None:
    *_, before, ending = ("", *row.name.split("_"))
    if ending in UNITS and before != "per":
        assert row.unit.lower() == ending


@pytest.mark.parametrize("row", ALL_ROWS, ids=lambda row: row.name)
def test_every_constant_is_used(row: Constant) -> None:
    assert _is_named(row.name) or _is_read_whole(row)


def test_the_use_check_fires() -> None:
    assert not _is_named("measure.nobody_asks_mm")


def _numbers(row: Constant) -> tuple[float, ...]:
    if isinstance(row.value, float):
        return (row.value,)
    return tuple(row.value if isinstance(row.value, tuple) else row.value.values())


def _is_read_whole(row: Constant) -> bool:
    """Whether code reads the whole table, so that every row of it counts."""
    table = row.name.partition(".")[0]
    return re.search(rf"read_constants\(\s*f?\"{table}\"", CODE) is not None


def _is_named(name: str) -> bool:
    return name in NAMES or any(pattern.fullmatch(name) for pattern in PATTERNS)


def _texts() -> Iterator[ast.Constant | ast.JoinedStr]:
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.JoinedStr | ast.Constant):
                yield node


def _pattern(text: ast.JoinedStr) -> str:
    parts = [
        re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[A-Za-z0-9_]+"
        for part in text.values
    ]
    return "".join(parts)


NAMES = {str(node.value) for node in _texts() if isinstance(node, ast.Constant)}
PATTERNS = [
    re.compile(pattern)
    for pattern in sorted({_pattern(n) for n in _texts() if isinstance(n, ast.JoinedStr)})
    if re.match(r"[a-z_]+\\\.", pattern)
]
