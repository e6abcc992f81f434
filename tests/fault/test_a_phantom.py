"""Every seeded corruption of the phantom is flagged; the clean phantom is not (goal R-1)."""

from collections.abc import Callable

import pytest

from kambin.anatomy import Case, Level, StructureKey, check_case
from kambin.core import Severity, find_blocking
from kambin.frames import Side
from kambin.phantom import PhantomParameters, Scan, build_phantom, corruptions

L3, L4 = StructureKey("vertebra", "L3"), StructureKey("vertebra", "L4")


@pytest.fixture(scope="module")
def a_coarse_phantom() -> Scan:
    parameters = PhantomParameters(level=Level("L4", "L5"), side=Side.LEFT, seed=3, spacing_mm=3.0)
    phantom = build_phantom(parameters)
    return Scan(phantom.image, phantom.labels, phantom.names)


def blocked_by(scan: Scan) -> set[str]:
    case = Case(scan.image, scan.labels, scan.names, "phantom")
    return {f.code for f in find_blocking(check_case(case).findings)}


def asked_by(scan: Scan) -> set[str]:
    case = Case(scan.image, scan.labels, scan.names, "phantom")
    findings = check_case(case).findings
    return {f.code for f in findings if f.severity is Severity.CONFIRM}


def test_the_clean_phantom_is_asked_only_about_its_spacing(a_coarse_phantom):
    assert blocked_by(a_coarse_phantom) == set()
    assert asked_by(a_coarse_phantom) == {"AN-201"}


@pytest.mark.parametrize(
    ("corrupt", "code"),
    [
        pytest.param(corruptions.mirror_voxels, "AN-101", id="a01-mirrored"),
        pytest.param(corruptions.swap_sides, "AN-101", id="a01-swapped"),
        pytest.param(
            lambda scan: corruptions.swap_sides(scan, {"kidney"}), "AN-101", id="a01-kidneys"
        ),
        pytest.param(lambda scan: corruptions.shift_levels(scan, 1), "AN-113", id="a04-down"),
        pytest.param(lambda scan: corruptions.shift_levels(scan, -1), "AN-113", id="a04-up"),
        pytest.param(
            lambda scan: corruptions.merge_labels(scan, L3, L4), "AN-120", id="a05-merged"
        ),
        pytest.param(lambda scan: corruptions.split_label(scan, L3, L4), "AN-120", id="a05-split"),
        pytest.param(lambda scan: corruptions.empty_label(scan, L3), "AN-122", id="a06-empty"),
        pytest.param(lambda scan: corruptions.rescale(scan, 10.0), "AN-126", id="g10-too-large"),
        pytest.param(lambda scan: corruptions.rescale(scan, 0.1), "AN-126", id="g10-too-small"),
    ],
)
def test_a_corrupted_phantom_is_blocked(
    a_coarse_phantom: Scan, corrupt: Callable[[Scan], Scan], code: str
):
    assert code in blocked_by(corrupt(a_coarse_phantom))


def test_a13_a_phantom_mirrored_with_its_names_is_asked_about_situs_inversus(a_coarse_phantom):
    twin = corruptions.mirror_patient(a_coarse_phantom)

    assert blocked_by(twin) == set()
    assert asked_by(twin) == {"AN-103", "AN-201"}


def test_a02_a_vertebra_too_many_never_passes_unseen(a_coarse_phantom):
    six = corruptions.add_lumbar(a_coarse_phantom)

    assert (blocked_by(six) | asked_by(six)) & {"AN-112", "AN-113"}
