"""Options that take several values in one go."""

import pytest

from kambin.cli.spreading import spread_values


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("import --labels a b -o c", "import --labels a --labels b -o c"),
        ("import -i x --labels a -o c", "import -i x --labels a -o c"),
        ("import -o c --labels a b d", "import -o c --labels a --labels b --labels d"),
        ("phantom -o c --variant l6 obese", "phantom -o c --variant l6 --variant obese"),
        (
            "confirm --by N --accept AN-114 AN-140 case",
            "confirm --by N --accept AN-114 --accept AN-140 case",
        ),
        ("confirm case --accept AN-114", "confirm case --accept AN-114"),
        ("plan case --level L4-L5 stray", "plan case --level L4-L5 stray"),
        ("", ""),
    ],
)
def test_further_values_repeat_their_option(said: str, meant: str) -> None:
    assert spread_values(said.split()) == meant.split()
