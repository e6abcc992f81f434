"""Whatever could be modelled, a mask wins over it: its voxels, its origin and its sigma."""

import numpy as np
import pytest
from tests.unit.anatomy.soft_bones import soft_case, with_masks

from kambin.anatomy import Anatomy, Origin, complete
from kambin.anatomy.sigma import surface_sigma_mm
from kambin.knowledge import value_at

SIDE_MM = 4
"""Edge of the masks: cubes where nothing of that name would ever be modelled."""

MODELLED = (
    "disc:L4-L5",
    "canal",
    "dural_sac",
    "exiting_root:L4:left",
    "traversing_root:L5:left",
    "drg:L4:left",
    "flavum:L4-L5",
    "segmental_artery:L4:left",
    "facet_joint:L4-L5:left",
    "facet_capsule:L4-L5:left",
    "multifidus:left",
    "skin",
)
"""One of each kind that completion models where no mask gives it."""

PARTED = ("sap:L5:left", "iap:L4:left", "tp:L4:left", "sp:L4", "pedicle:L5:left")
"""Parts that the rules cut out of a vertebra where no mask gives them."""

FIRST_VALUE = 100


@pytest.fixture(scope="module")
def without() -> Anatomy:
    return complete(soft_case())


def test_without_masks_each_of_them_is_modelled_or_parted_by_the_rules(without: Anatomy) -> None:
    for name in MODELLED:
        found = without.find(name)
        # A case without an image has no skin but from a mask.
        assert (found is None) is (name == "skin"), name
        assert found is None or found.origin is Origin.MODELLED, name
    for name in PARTED:
        assert without.require(name).region.values.sum() > SIDE_MM**3, name


@pytest.fixture(scope="module")
def cubes() -> dict[str, np.ndarray]:
    """Places of the masks, shape (N, 3), mm, LPS: beside the spine, apart from each other."""
    labels = soft_case().labels
    found = {}
    for step, name in enumerate((*MODELLED[:-1], *PARTED)):
        low = np.array([112, 30, 4 + 2 * SIDE_MM * step])
        ijk = low + np.stack(np.indices((SIDE_MM,) * 3), axis=-1).reshape(-1, 3)
        found[name] = labels.lps_mm(ijk)
    return found


@pytest.fixture(scope="module")
def given(cubes: dict[str, np.ndarray]) -> Anatomy:
    case = soft_case()
    values = case.labels.values.copy()
    names = {}
    for number, (name, places) in enumerate(cubes.items(), start=FIRST_VALUE):
        ijk = tuple(np.rint(case.labels.ijk(places)).astype(int).T)
        assert not values[ijk].any()
        values[ijk] = number
        names[number] = name
    return complete(with_masks(case, values, names))


@pytest.mark.parametrize("name", MODELLED[:-1] + PARTED)
def test_a_given_mask_wins_over_what_would_be_modelled(
    name: str, given: Anatomy, cubes: dict[str, np.ndarray]
) -> None:
    found = given.require(name)

    assert found.origin is Origin.SEGMENTED
    assert found.tube is None
    assert found.sigma_mm == surface_sigma_mm(found.key.kind, 1.0)
    places = found.region.lps_mm(np.argwhere(found.region.values))
    np.testing.assert_allclose(places, cubes[name], atol=1e-9)


def test_what_no_mask_gives_is_modelled_beside_given_masks(given: Anatomy) -> None:
    for name in ("disc:L5-S1", "segmental_artery:L4:right", "multifidus:right"):
        assert given.require(name).origin is Origin.MODELLED, name


def test_beside_a_given_multifidus_the_erector_stays_as_it_was_given(
    given: Anatomy, without: Anatomy
) -> None:
    case = soft_case()
    mask = (case.labels.values == 11).sum()
    assert given.require("erector_spinae:left").region.values.sum() == mask
    left = (without.require(f"{kind}:left").region for kind in ("erector_spinae", "multifidus"))
    assert sum(region.values.sum() for region in left) == mask


def test_a_given_body_lives_on_in_the_body_and_its_rim() -> None:
    case = soft_case()
    values = case.labels.values.copy()
    places = case.labels.lps_mm(np.moveaxis(np.indices(values.shape), 0, -1))
    front = (values == 2) & (places[..., 1] < 0)
    values[front] = FIRST_VALUE
    anatomy = complete(with_masks(case, values, {FIRST_VALUE: "body:L5"}))

    kept = [anatomy.require(name) for name in ("body:L5", "body_rim:L5")]
    assert all(part.origin is Origin.SEGMENTED for part in kept)
    assert all(part.sigma_mm == surface_sigma_mm("body", 1.0) for part in kept)
    inside = {
        tuple(node)
        for part in kept
        for node in np.rint(part.region.lps_mm(np.argwhere(part.region.values))).tolist()
    }
    lost = {tuple(node) for node in np.rint(places[front]).tolist()} - inside
    # Edges that the smoothed bone on the working grid has lost.
    assert len(lost) < 0.02 * front.sum()


def test_a_given_skin_holds_all_that_lies_in_it() -> None:
    case = soft_case()
    values = case.labels.values.copy()
    rim = np.zeros(values.shape, dtype=bool)
    rim[3:-3, 3:-3] = True
    values[rim & (values == 0)] = FIRST_VALUE
    skin = complete(with_masks(case, values, {FIRST_VALUE: "skin"})).require("skin")

    assert skin.origin is Origin.SEGMENTED
    assert skin.sigma_mm == value_at("completion_nerve.skin_sigma_mm", "mask")
    assert skin.region.values.sum() == (rim | (values > 0)).sum()
