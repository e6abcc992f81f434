import numpy as np

from kambin.core import NoStore, SilentProgress


def test_the_silent_progress_shows_nothing(capsys) -> None:
    SilentProgress().step("fields", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_the_empty_store_forgets() -> None:
    store = NoStore()
    store.keep("key", np.zeros(3, dtype=np.float32))
    assert store.find("key") is None
