"""What kind of herniation a level has: zone and migration of the case's fragment."""

from dataclasses import dataclass

from kambin.anatomy import Anatomy, Level, StructureKey
from kambin.core import AnatomyError
from kambin.measure.herniation_place import grade_migration, grade_zone
from kambin.measure.herniation_scene import find_scene


@dataclass(frozen=True, slots=True)
class Kind:
    """Axial zone and zone of migration of a herniation.

    Parameters
    ----------
    zone : str
    migration : str, after Lee; ``none`` at disc level
    """

    zone: str
    migration: str


def find_kind(anatomy: Anatomy, level: Level) -> Kind | None:
    """Return what kind of herniation the case's fragment is, or none where that is not known.

    Parameters
    ----------
    anatomy : Anatomy
    level : Level it is seen from
    """
    fragment = anatomy.find(StructureKey("fragment"))
    if fragment is None or not fragment.region.values.any():
        return None
    try:
        scene = find_scene(anatomy, level)
        zone, (migration, _) = grade_zone(scene), grade_migration(scene)
    except AnatomyError:
        # A landmark of its level is missing; planning aims at the fragment itself then.
        return None
    return Kind(str(zone.value), str(migration.value))
