"""No text that a user reads promises an outcome, and every figure leads to its source.

Texts are every word of the tables of knowledge, every text in the code of all rooms, the help of
the commands, and the templates of the report.
"""

import re
from pathlib import Path

import pytest
from tests.docs.shown_texts import all_texts, texts_of_code

from kambin.knowledge import cite, find_keys, published, sources
from kambin.knowledge.promises import promises
from kambin.knowledge.suitability import difficulty_rows, suitability_rules

ROOT = Path(__file__).parents[2]

PROMISING = (
    r"guarantee\w*", r"warrant\w*", r"safe", r"safely", r"safer", r"safest", r"pain[- ]free",
    r"painless\w*", r"without pain", r"never fails?", r"no risks?", r"risk[- ]free",
    r"without risks?", r"harmless", r"cures?", r"cured", r"will (?:heal|recover|succeed|walk)",
    r"certainly", r"perfect(?:ly)?", r"complication[- ]free", r"no complications?", r"best choice",
    r"proven to (?:heal|help|work)", r"fully recovers?", r"recovers? fully", r"successful(?:ly)?",
    r"(?:is|are|was|were|works?|it|will|you) always", r"always (?:works?|helps?|heals?|succeeds?)",
)  # fmt: skip

TECHNICAL = (
    # the triangle's name in the literature
    "safe triangle",
    # the exit code of the contract, which says that a path is missing and not that one is safe
    "no safe plan", "no safe path",
    # a hand error within a bound is a statement of geometry
    "certainly borne",
)  # fmt: skip

_PROMISE = re.compile(rf"\b(?:{'|'.join(PROMISING)})\b", re.IGNORECASE)


def find_promises(text: str) -> list[str]:
    """Every promising word of a text that is no technical use."""
    for use in TECHNICAL:
        text = re.sub(rf"\b{use}\b", "", text, flags=re.IGNORECASE)
    return [found.group() for found in _PROMISE.finditer(text)]


def test_no_text_that_a_user_reads_promises_an_outcome() -> None:
    found = [f"{place}: {word!r} in {text[:80]!r}"
             for place, text in all_texts() for word in find_promises(text)]  # fmt: skip
    assert found == []


@pytest.mark.parametrize(
    "text",
    [
        "This plan is safe.", "A SAFE way", "guaranteed relief", "You will be pain free",
        "pain-free after a day", "It always works", "There is no risk", "risk-free",
        "the patient will walk after two hours", "a perfect result", "no complications",
        "recovers fully", "a painless operation",
    ],
)  # fmt: skip
def test_the_lint_fires(text: str) -> None:
    assert find_promises(text)


@pytest.mark.parametrize(
    "text",
    [
        "Kambin's safe triangle", "Exit code 5 when there is no safe path", "a safety margin of 2",
        "flags of risk", "the riskiest", "not pain-related",
    ],
)  # fmt: skip
def test_the_lint_stays_silent(text: str) -> None:
    assert find_promises(text) == []


def test_a_technical_use_hides_no_promise_beside_it() -> None:
    assert find_promises("no safe plan, but this one is safe") == ["safe"]


def test_texts_of_code_are_found_and_docstrings_are_not() -> None:
    code = 'def f():\n    """Always."""\n    return f"safe {1} way"\nX = "never"\n'
    assert list(texts_of_code(code)) == ["never", "safe ", " way"]


def test_the_help_of_a_command_is_a_text() -> None:
    code = '"""Module."""\n@app.command()\ndef f():\n    """Always."""\n    "shown"\n'
    assert "Always." in list(texts_of_code(code, commands=True))
    assert "Module." not in list(texts_of_code(code, commands=True))


def test_every_published_number_can_be_walked_to_its_source() -> None:
    page = (ROOT / "docs" / "reference" / "sources.md").read_text("utf-8")
    figures = (ROOT / "docs" / "reference" / "published.md").read_text("utf-8")
    for row in published().values():
        assert f"| `{row.name}` |" in figures
        for key in find_keys(row.source):
            assert f"| `{key}` | {cite(key)}".replace("|", "") in page.replace("|", "")


def test_what_speaks_for_and_against_is_made_of_published_figures_with_sources() -> None:
    shown = {name for one in promises().values() for name in (*one.speaks_for, *one.against)}
    shown |= {name for r in suitability_rules().values() for name in (*r.figures, *r.others)}
    assert shown <= set(published())
    verdicts = [one.source for one in promises().values()]
    verdicts += [row.source for row in suitability_rules().values()]
    verdicts += [row.source for row in difficulty_rows().values()]
    assert all(find_keys(text) for text in verdicts)


def test_the_bibliography_page_lists_every_key() -> None:
    page = (ROOT / "docs" / "reference" / "sources.md").read_text("utf-8")
    assert [key for key in sources() if f"| `{key}` |" not in page] == []
