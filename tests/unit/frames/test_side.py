import pytest

from kambin.frames import Side


@pytest.mark.parametrize(
    ("side", "sign", "letter"), [(Side.LEFT, 1.0, "L"), (Side.RIGHT, -1.0, "R")]
)
def test_left_is_where_lps_grows(side, sign, letter) -> None:
    assert side.lateral_sign_lps == sign
    assert side.letter == letter


def test_the_opposite_of_the_opposite_is_the_side() -> None:
    for side in Side:
        assert side.opposite is not side
        assert side.opposite.opposite is side
