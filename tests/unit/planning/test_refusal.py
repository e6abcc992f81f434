"""What binds, and whether the labels can decide it: just inside and outside two sigma."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.unit.planning.made_level import (
    KIDNEY,
    PEDICLE,
    RIM,
    ROOT,
    SAC,
    make_anatomy,
    make_box,
    make_clearance,
    make_stage,
    make_structure,
)

from kambin.anatomy import Anatomy, Origin, StructureKey
from kambin.core import AnatomyError, Severity
from kambin.planning import Stage
from kambin.planning.refusal import BINDING_EPSILON_MM, Verdict, find_binding, judge_refusal


def _never(key: StructureKey) -> bool:
    return False


def _always(key: StructureKey) -> bool:
    return True


def _anatomy(origin: Origin) -> Anatomy:
    box = make_box((0, 3), (0, 3), (0, 3))
    return make_anatomy({n: make_structure(n, box, origin=origin) for n in (ROOT, SAC, KIDNEY)})


def _judge(
    deficit: float,
    *,
    origin: Origin = Origin.SEGMENTED,
    sigma: float = 1.0,
    without: Callable[[StructureKey], bool] = _never,
) -> Verdict:
    row = make_clearance(ROOT, clearance_mm=1.0 - deficit, hard_margin_mm=1.0, sigma_mm=sigma)
    return judge_refusal(_anatomy(origin), (make_stage("needle", row),), deficit, without)


SEEN = [Origin.SEGMENTED, Origin.DRAWN, Origin.PHANTOM]


@pytest.mark.parametrize("origin", SEEN)
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("without", [_never, _always])
def test_what_is_seen_decides_from_two_sigma_on(
    origin: Origin, sigma: float, without: Callable[[StructureKey], bool]
) -> None:
    verdict = _judge(2 * sigma, origin=origin, sigma=sigma, without=without)
    assert verdict.decidable
    assert verdict.finding.code == "PL-001"


@pytest.mark.parametrize("origin", SEEN)
@pytest.mark.parametrize("sigma", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("without", [_never, _always])
def test_what_is_seen_does_not_decide_below_two_sigma(
    origin: Origin, sigma: float, without: Callable[[StructureKey], bool]
) -> None:
    verdict = _judge(2 * sigma - 1e-6, origin=origin, sigma=sigma, without=without)
    assert not verdict.decidable
    assert verdict.finding.code == "PL-002"


@pytest.mark.parametrize(
    ("deficit", "without", "decidable"),
    [
        (5.0, _always, True),
        (5.0, _never, True),
        (4.999, _always, False),
        (4.999, _never, True),
        (0.01, _never, True),
        (0.01, _always, False),
    ],
)
def test_what_is_modelled_decides_alone_only_beyond_two_sigma(
    deficit: float, without: Callable[[StructureKey], bool], decidable: bool
) -> None:
    verdict = _judge(deficit, origin=Origin.MODELLED, sigma=2.5, without=without)
    assert verdict.decidable is decidable
    assert verdict.finding.code == ("PL-001" if decidable else "PL-002")


def test_the_question_without_it_is_asked_of_what_binds() -> None:
    asked: list[StructureKey] = []

    def ask(key: StructureKey) -> bool:
        asked.append(key)
        return False

    _judge(0.5, origin=Origin.MODELLED, sigma=2.5, without=ask)
    assert asked == [StructureKey.parse(ROOT)]


@pytest.mark.parametrize(("origin", "deficit"), [(Origin.SEGMENTED, 0.1), (Origin.MODELLED, 9.0)])
def test_the_question_without_it_is_not_asked_in_vain(origin: Origin, deficit: float) -> None:
    def refuse(key: StructureKey) -> bool:
        pytest.fail("a second search costs as much as the first")

    _judge(deficit, origin=origin, sigma=2.5, without=refuse)


def test_a_refusal_blocks_and_names_structure_stage_and_deficit() -> None:
    verdict = _judge(3.25)
    assert verdict.finding.severity is Severity.BLOCK
    assert verdict.finding.where == ROOT
    assert f"{ROOT} binds at the needle by 3.25 mm" in verdict.finding.why
    assert "2.0 mm (two sigma)" in verdict.finding.why
    assert (verdict.binding.structure, verdict.binding.stage) == (ROOT, "needle")
    assert verdict.binding.deficit_mm == 3.25


@pytest.mark.parametrize(
    ("origin", "without", "words"),
    [
        (Origin.MODELLED, _always, "it is modelled to 5.0 mm"),
        (Origin.MODELLED, _never, "nothing passes without it either"),
        (Origin.SEGMENTED, _always, "it is known only to 5.0 mm"),
    ],
)
def test_the_sentence_says_why(
    origin: Origin, without: Callable[[StructureKey], bool], words: str
) -> None:
    verdict = _judge(0.5, origin=origin, sigma=2.5, without=without)
    assert words in verdict.finding.why


@pytest.mark.parametrize("deficit", [0.0, -1e-9, 1e-9])
def test_a_deficit_is_always_positive(deficit: float) -> None:
    assert _judge(deficit).binding.deficit_mm == BINDING_EPSILON_MM


def test_a_structure_that_is_not_there_cannot_bind() -> None:
    stage = make_stage("needle", make_clearance("aorta"))
    with pytest.raises(AnatomyError, match="AN-011"):
        judge_refusal(_anatomy(Origin.SEGMENTED), (stage,), 1.0, _never)


# Which one binds


def _stages(**gaps: dict[str, tuple[float, float | None, str]]) -> tuple[Stage, ...]:
    return tuple(
        make_stage(
            tool,
            *(
                make_clearance(name, clearance_mm=gap, hard_margin_mm=margin, group=group)
                for name, (gap, margin, group) in rows.items()
            ),
        )
        for tool, rows in gaps.items()
    )


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ({"needle": {ROOT: (0.5, 1.0, "nerve"), SAC: (0.6, 1.0, "sac")}}, ("needle", ROOT)),
        ({"needle": {ROOT: (0.5, 0.0, "nerve"), KIDNEY: (9.0, 10.5, "organ")}}, ("needle", KIDNEY)),
        (
            {"needle": {ROOT: (0.5, 1.0, "nerve")}, "cannula": {ROOT: (-1.0, 0.0, "nerve")}},
            ("cannula", ROOT),
        ),
        (
            {"needle": {ROOT: (0.5, 1.0, "nerve"), RIM: (-9.0, None, "rim")}},
            ("needle", ROOT),
        ),
    ],
)
def test_what_breaks_its_own_margin_most_binds(gaps: Any, expected: tuple[str, str]) -> None:
    stage, row = find_binding(_stages(**gaps), 0.5)
    assert (stage.tool, row.structure) == expected


def test_the_way_through_bone_binds_where_no_margin_is_broken() -> None:
    # Contact is within its allowance, but the needle runs along bone for too long.
    stages = _stages(
        needle={PEDICLE: (-1.2, -1.5, "never"), RIM: (-0.5, -1.5, "rim"), ROOT: (1.1, 1.0, "nerve")}
    )
    stage, row = find_binding(stages, 4.0)
    assert (stage.tool, row.structure) == ("needle", PEDICLE)


@pytest.mark.parametrize(("deficit", "expected"), [(2.01, PEDICLE), (1.99, ROOT)])
def test_bone_binds_only_if_the_worst_margin_explains_less_than_half(
    deficit: float, expected: str
) -> None:
    stages = _stages(needle={PEDICLE: (-1.2, -1.5, "never"), ROOT: (0.0, 1.0, "nerve")})
    assert find_binding(stages, deficit)[1].structure == expected


def test_only_the_needle_walks_through_bone() -> None:
    stages = _stages(cannula={PEDICLE: (0.1, 0.0, "never"), ROOT: (0.05, 0.0, "nerve")})
    assert find_binding(stages, 4.0)[1].structure == ROOT
