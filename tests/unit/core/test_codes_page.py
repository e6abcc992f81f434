import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from kambin.core import read_codes

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_code_is_on_the_page(generator) -> None:
    page = generator.collect_pages()["reference/codes.md"]
    for name, code in read_codes().items():
        assert f"### {name}\n" in page
        assert code.next_step in page


def test_check_says_what_is_stale_and_writes_nothing(generator, tmp_path, capsys) -> None:
    assert generator.main(["--check"], tmp_path) == 1
    assert "stale: docs/reference/codes.md" in capsys.readouterr().out
    assert not list(tmp_path.iterdir())


def test_written_pages_are_current(generator, tmp_path) -> None:
    assert generator.main([], tmp_path) == 0
    assert generator.main(["--check"], tmp_path) == 0
