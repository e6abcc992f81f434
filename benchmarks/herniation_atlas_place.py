"""One level and side of a made patient, prepared once for all fragments and techniques there.

The planner prepares every question anew: the waist of the foramen, the skin, the distance fields.
Of many fragments at one place these are the same but for the sac, which gives way to each. They
are prepared once here; what is then asked of them is the planner's own code, so that the answer is
that of ``plan_trajectory`` (``tests/e2e/test_herniation_atlas.py`` compares the two).
"""

from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from benchmarks.placed_herniations import complete_placed
from kambin.anatomy import Anatomy, Case, Level, StructureKey
from kambin.anatomy.fragment import FragmentNote, put_fragment
from kambin.anatomy.fragment_model import place_fragment
from kambin.anatomy.fragment_wish import FragmentWish
from kambin.anatomy.structures import Origin, Structure
from kambin.core import NoStore
from kambin.frames import Side, direction_from_angles
from kambin.imaging import Field, Grid
from kambin.knowledge import value
from kambin.planning import PlanRequest
from kambin.planning.bundle import Bundle
from kambin.planning.corridor_kernels import keep_promising
from kambin.planning.docking import with_waist
from kambin.planning.entries import Entries, find_entries
from kambin.planning.fields import (
    Hazard,
    HazardSet,
    find_field,
    find_field_grid,
    find_overlap,
    find_reach_mm,
)
from kambin.planning.geometry import LevelGeometry, find_level_geometry
from kambin.planning.level_bone import LevelBone
from kambin.planning.policy import find_hazards
from kambin.planning.question import Question
from kambin.planning.search import Problem
from kambin.planning.skin import Skin
from kambin.planning.targets import Targets, find_targets
from kambin.planning.tools import Toolset, find_toolset

SAC = StructureKey("dural_sac")
"""What a fragment changes beside itself."""

HULL_DEG = (np.arange(30.0, 91.0, 5.0), np.arange(-20.0, 66.0, 5.0))
"""Axial inclinations and cranio-caudal angles of the lines round which fields are made."""

AROUND_MM = (45.0, 25.0, 40.0)
"""Lateral, posterior and cranial of the disc's centre: where targets lie. A question that leaves
this box or that hull has its own fields made."""

LENGTH_MM = 190.0
"""Of the rays to the skin."""

MOST_MADE = 2
"""Fields of a structure that a place keeps: the first question's own, and the wide one."""


@dataclass(frozen=True)
class KeptSkin(Skin):
    """A skin that remembers where the rays from the last point left it.

    Several techniques ask for the same rays from the same point.
    """

    _kept: dict[tuple[bytes, float], dict[bytes, NDArray[np.float64]]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    def find_exits(
        self, origin_lps_mm: ArrayLike, directions: ArrayLike, length_mm: float
    ) -> NDArray[np.float64]:
        """Return where rays leave the body, as ``Skin.find_exits``, each ray cast once."""
        origin = (np.asarray(origin_lps_mm).tobytes(), length_mm)
        kept = self._kept.get(origin, {})
        rays = np.asarray(directions, dtype=np.float64)
        names = [ray.tobytes() for ray in rays]
        new = [n for n, name in enumerate(names) if name not in kept]
        if new:
            found = Skin.find_exits(self, origin_lps_mm, rays[new], length_mm)
            kept.update(zip((names[n] for n in new), found, strict=True))
        self._kept.clear()
        self._kept[origin] = kept
        return np.array([kept[name] for name in names]).reshape(-1, 3)


@dataclass(frozen=True)
class Place:
    """A level and side of a completed patient without a herniation.

    Parameters
    ----------
    case : Case
    anatomy : Anatomy, completed from it
    level : Level
    side : Side
    """

    case: Case
    anatomy: Anatomy
    level: Level
    side: Side
    _fields: dict[StructureKey, list[Field | None]] = field(
        init=False, default_factory=dict, repr=False, compare=False
    )

    @cached_property
    def geometry(self) -> LevelGeometry:
        """Return the geometry with its waist."""
        return with_waist(
            self.anatomy, find_level_geometry(self.anatomy, level=self.level, side=self.side)
        )

    @cached_property
    def skin(self) -> KeptSkin:
        """Return the skin."""
        return KeptSkin(self.anatomy.require("skin").region)

    @cached_property
    def bone(self) -> LevelBone:
        """Return the bone that reamers take or must leave."""
        return LevelBone(self.anatomy, self.geometry)

    @cached_property
    def wide(self) -> Grid:
        """Return the grid on which the fields of this place are made."""
        rays = np.array([direction_from_angles(*pair) for pair in product(*HULL_DEG)])
        rays[:, 0] *= self.side.lateral_sign_lps
        exits = self.skin.find_exits(self.geometry.lps_mm(np.zeros(3)), rays, LENGTH_MM)
        corners = self.geometry.lps_mm(np.array(list(product((-1, 1), repeat=3))) * AROUND_MM)
        ends = np.concatenate([exits[np.isfinite(exits).all(axis=1)], corners])
        working = self.anatomy.working_grid
        return Grid.around(
            ends.min(axis=0) - value("planning.fine_reach_mm"),
            ends.max(axis=0) + value("planning.fine_reach_mm"),
            spacing_mm=max(working.spacing_mm, value("planning.field_spacing_mm")),
            anchor_lps_mm=working.origin_lps_mm,
            frame_id=working.frame_id,
        )

    def with_fragment(self, wish: FragmentWish) -> "Placed":
        """Return the place with a fragment in it.

        Parameters
        ----------
        wish : FragmentWish at this level and side

        Raises
        ------
        AnatomyError  (AN-350, AN-352) if it finds no room
        """
        placed = place_fragment(self.case, self.anatomy, wish)
        note = FragmentNote(Origin.MODELLED, wish.as_words())
        # No hash is asked for: nothing of this case is written.
        case = put_fragment(self.case, placed.mask, note)
        return Placed(self, case, complete_placed(self.anatomy, case), wish)

    def find_field(self, structure: Structure, grid: Grid, reach_mm: float) -> Field | None:
        """Return the distance field of a structure for the grid of a question, or none if far.

        Parameters
        ----------
        structure : Structure
        grid : Grid of the question, on the lattice of the patient
        reach_mm : float, mm
        """
        box = find_field_grid(structure.region, grid, reach_mm)
        if box is None or structure is not self.anatomy.find(structure.key):
            return find_field(structure, grid, reach_mm, NoStore())
        made = self._find_made(structure, box, grid, reach_mm)
        if made is None or not _holds(made.grid, box):
            return find_field(structure, grid, reach_mm, NoStore())
        _, part = find_overlap(box, made.grid)
        values = np.ascontiguousarray(made.values[part])
        return Field.measured(box, values, structure.sigma_mm)

    def _find_made(
        self, structure: Structure, box: Grid, grid: Grid, reach_mm: float
    ) -> Field | None:
        """Return a field that was made before and holds a box, or make one.

        The first question's own is a third to a half of the wide one, which few questions repay.
        """
        made = self._fields.setdefault(structure.key, [])
        for found in made:
            if found is None or _holds(found.grid, box):
                return found
        if len(made) < MOST_MADE:
            wanted = self.wide if made else grid
            made.append(find_field(structure, wanted, reach_mm, NoStore()))
        return made[-1]


def _holds(outer: Grid, inner: Grid) -> bool:
    room = 0.5 * outer.spacing_mm
    low = (inner.origin_lps_mm >= outer.origin_lps_mm - room).all()
    return bool(low and (inner.high_lps_mm <= outer.high_lps_mm + room).all())


@dataclass(frozen=True)
class Placed:
    """A place with a fragment in it.

    Parameters
    ----------
    place : Place
    case, anatomy : with the fragment
    wish : FragmentWish
    """

    place: Place
    case: Case
    anatomy: Anatomy
    wish: FragmentWish

    def find_questions(self, techniques: tuple[str, ...]) -> list[Question]:
        """Return the question of each technique; all share one set of distance fields.

        Parameters
        ----------
        techniques : names of presets
        """
        place = self.place
        asked = [PlanRequest(place.level, place.side, technique=name) for name in techniques]
        targets = find_targets(self.anatomy, place.geometry, asked[0])
        listed = [self._find_entries(find_toolset(one), targets) for one in asked]
        entries = np.concatenate([one.points_lps_mm for one in listed])
        bundle = Bundle.around(self.anatomy, entries, targets.points_lps_mm)
        hazards = self._find_hazards(bundle)
        questions = []
        for request, found in zip(asked, listed, strict=True):
            problem = Problem(place.geometry, found, targets, find_toolset(request), hazards)
            questions.append(Question(self.case, self.anatomy, request, problem, place.skin))
        return questions

    def _find_entries(self, tools: Toolset, targets: Targets) -> Entries:
        place = self.place
        found = find_entries(place.skin, place.geometry, tools.technique, targets.centre_lps_mm)
        return keep_promising(found, targets, place.geometry, tools)

    def _find_hazards(self, bundle: Bundle) -> HazardSet:
        place, hazards = self.place, []
        groups = find_hazards(self.anatomy.structures, level=place.level, side=place.side)
        for key, group in groups.items():
            structure, reach = self.anatomy.structures[key], find_reach_mm(group)
            is_near = bundle.distance_mm(structure.region) <= reach
            found = place.find_field(structure, bundle.grid, reach) if is_near else None
            hazards.append(Hazard(key, group, structure, found, reach))
        return HazardSet(bundle.grid, tuple(hazards), bundle)
