"""What can be asked for, and what is refused with a code."""

import inspect

import pytest

from kambin.anatomy import Level
from kambin.core import RequestError
from kambin.frames import Side
from kambin.phantom import MIGRATIONS, VARIANTS, ZONES, PhantomParameters

L45 = Level("L4", "L5")


def test_level_and_side_have_no_default() -> None:
    parameters = inspect.signature(PhantomParameters).parameters
    for name in ("level", "side"):
        assert parameters[name].default is inspect.Parameter.empty


@pytest.mark.parametrize(
    ("field", "value"),
    [("zone", "everywhere"), ("migration", "sideways"), ("variants", ("l6", "two-heads"))],
)
def test_an_unknown_name_is_refused_and_the_known_ones_are_listed(
    field: str, value: object
) -> None:
    with pytest.raises(RequestError) as caught:
        PhantomParameters(L45, Side.LEFT, **{field: value})
    assert caught.value.code == "RQ-050"
    known = {"zone": ZONES, "migration": MIGRATIONS, "variants": VARIANTS}[field]
    assert all(name in caught.value.next_step for name in known)


@pytest.mark.parametrize(
    "numbers",
    [{"size": 0}, {"size": 4}, {"seed": -1}, {"spacing_mm": 0.1}, {"spacing_mm": float("nan")}],
)
def test_a_number_out_of_range_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(RequestError) as caught:
        PhantomParameters(L45, Side.LEFT, **numbers)
    assert caught.value.code == "RQ-051"


@pytest.mark.parametrize(
    ("level", "variants"),
    [(Level("L5", "L6"), ()), (Level("L6", "S1"), ()), (Level("L5", "S1"), ("l6",))],
)
def test_a_level_the_patient_does_not_have_is_refused(
    level: Level, variants: tuple[str, ...]
) -> None:
    with pytest.raises(RequestError) as caught:
        PhantomParameters(level, Side.RIGHT, variants=variants)
    assert caught.value.code == "RQ-052"


def test_five_lumbar_vertebrae_unless_six_are_asked_for() -> None:
    usual = PhantomParameters(L45, Side.LEFT)
    assert usual.vertebrae == ("T12", "L1", "L2", "L3", "L4", "L5")
    assert str(usual.levels[-1]) == "L5-S1"
    six = PhantomParameters(L45, Side.LEFT, variants=("l6",))
    assert six.vertebrae[-1] == "L6"
    assert [str(level) for level in six.levels[-2:]] == ["L5-L6", "L6-S1"]
    assert six.has("l6")
    assert not six.has("obese")
