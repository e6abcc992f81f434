"""The page of scripting lists every document, with the names that stand at its top."""

import re

import pytest
from tests.docs.generated_pages import DOCS

from kambin.approaches import Comparison
from kambin.approaches.anaesthesia_models import Anaesthesia
from kambin.approaches.claims_models import Claims
from kambin.approaches.indications_models import Indications
from kambin.cli.commands import COMMANDS
from kambin.cli.info import _document
from kambin.planning.plan_set_models import PlanSet
from kambin.planning.skin_map_models import SkinMapDocument
from kambin.report.procedure_models import Procedure

PAGE = (DOCS / "scripting.md").read_text("utf-8")
MODELS = {
    "compare": Comparison, "anaesthesia": Anaesthesia, "procedure": Procedure,
    "indications": Indications, "claims": Claims, "skinmap": SkinMapDocument,
    "plan` with `--also": PlanSet,
}  # fmt: skip


def row_of_command(name: str) -> str:
    return next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}`"))


def top_names(row: str) -> set[str]:
    """Return the names of a row that stand in no braces and no brackets."""
    cell = row.split(" | ", 1)[1]
    while re.search(r"[{(][^{}()]*[})]", cell):
        cell = re.sub(r"[{(][^{}()]*[})]", "", cell)
    return {name.removesuffix("[]").removesuffix("[3]") for name in re.findall(r"`([^`]+)`", cell)}


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "demo"])
def test_every_command_that_prints_a_document_has_its_row(name: str) -> None:
    assert top_names(row_of_command(name))


@pytest.mark.parametrize("name", MODELS)
def test_the_names_of_a_row_are_those_of_the_document(name: str) -> None:
    assert top_names(row_of_command(name)) <= set(MODELS[name].model_fields)


@pytest.mark.parametrize("name", ["compare", "anaesthesia", "procedure", "claims"])
def test_no_name_of_a_document_is_left_out(name: str) -> None:
    assert set(MODELS[name].model_fields) - {"schema_version"} <= top_names(row_of_command(name))


def test_the_row_of_info_has_every_table() -> None:
    assert top_names(row_of_command("info")) == set(_document()) - {"schema_version"}


def test_names_in_braces_belong_to_what_stands_before_them() -> None:
    assert top_names("| `x` | `a`, `b[]` {`c`, `d` {`e`}}, `f` (a word, `g`) |") == {"a", "b", "f"}
