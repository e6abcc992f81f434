"""The tools of one technique as the search sees them, and what each demands."""

from collections.abc import Mapping
from dataclasses import dataclass

from kambin.anatomy import Structure, StructureKey
from kambin.core import PlanError
from kambin.knowledge import Margins, Technique, stages, technique, value
from kambin.planning.policy import FULL_LENGTH, Group, hard_margin_mm
from kambin.planning.request import PlanRequest


@dataclass(frozen=True, slots=True)
class Tool:
    """One stage: what is done, with which instrument, of which true outer radius.

    Parameters
    ----------
    stage : str, a row of the table of stages, from ``needle`` to ``forceps``
    instrument : str, its name in the table
    radius_mm : float, mm
    """

    stage: str
    instrument: str
    radius_mm: float

    @property
    def is_full_length(self) -> bool:
        """Return whether the tool goes on to the target."""
        return self.stage in FULL_LENGTH


@dataclass(frozen=True, slots=True)
class Toolset:
    """The sequence of one technique for one cannula.

    Parameters
    ----------
    technique : Technique
    cannula_mm : float, mm, outer diameter
    tools : tuple of Tool, in order
    frees_rim : bool, whether the reamer also takes rim bone, which a person must confirm
    margins : str, what guides the tools: ``fluoroscopy`` or ``plan-only``
    docks_at_mouth : bool, whether the cannula may end at the mouth of the foramen, further out
        than its waist allows, which a person must confirm
    """

    technique: Technique
    cannula_mm: float
    tools: tuple[Tool, ...]
    frees_rim: bool = False
    margins: Margins = "fluoroscopy"
    docks_at_mouth: bool = False

    @property
    def reams(self) -> bool:
        """Return whether bone is removed at all."""
        return any(tool.stage == "reamer" for tool in self.tools)

    @property
    def removal_radius_mm(self) -> float:
        """Return the radius of the widest tool that docks, mm; bone must give way to it."""
        return max(tool.radius_mm for tool in self.tools if not tool.is_full_length)

    @property
    def needle(self) -> Tool:
        """Return the first tool."""
        return self.tools[0]

    def margin_mm(self, tool: Tool, group: Group, structure: Structure) -> float | None:
        """Return the hard margin of a tool, mm; without a reamer the SAP is a rim.

        Parameters
        ----------
        tool : Tool
        group : Group
        structure : Structure
        """
        return find_margin_mm(
            tool.stage,
            group,
            structure,
            reams=self.reams,
            frees_rim=self.frees_rim,
            margins=self.margins,
        )

    def least_distances_mm(
        self, hazards: Mapping[StructureKey, tuple[Group, Structure]], *, full_length: bool
    ) -> dict[StructureKey, float | None]:
        """Return how far each structure must stay from the axis, mm.

        Parameters
        ----------
        hazards : mapping of StructureKey to its Group and Structure
        full_length : bool, for the tools that reach the target, or for those that dock

        Returns
        -------
        mapping of StructureKey to the largest margin plus radius over the tools, mm, or none
        """
        tools = [tool for tool in self.tools if tool.is_full_length is full_length]
        least: dict[StructureKey, float | None] = {}
        for key, (group, structure) in hazards.items():
            margins = [(tool, self.margin_mm(tool, group, structure)) for tool in tools]
            sums = [tool.radius_mm + margin for tool, margin in margins if margin is not None]
            least[key] = max(sums) if sums else None
        return least

    @property
    def wished_mm(self) -> tuple[float, float]:
        """Return the slack beyond which more is not rewarded, for needle and cannula, mm."""
        wished = value("margins.needle_root_wished_mm")
        hard = stages()["needle"].rule_for(Group.NERVE.value, self.margins)
        demanded = 0.0 if hard is None else hard.demanded_mm or 0.0
        return max(wished - demanded, 0.0), value("margins.tube_root_wished_mm")


def find_toolset(request: PlanRequest) -> Toolset:
    """Return the tools of a request: its technique's, for its cannula.

    Parameters
    ----------
    request : PlanRequest

    Raises
    ------
    RequestError  (RQ-041, RQ-042) if the size or the technique is not accepted; (PL-082) if
        the technique needs more than a straight way through the foramen
    PlanError  (PL-033) if the technique has no needle or nothing that docks
    """
    chosen = _find_technique(request)
    cannula_mm = request.cannula_mm or value("planning.cannula_mm")
    pairs = chosen.instruments_for(cannula_mm)
    tools = tuple(Tool(stage, tool.name, 0.5 * tool.outer_diameter_mm) for stage, tool in pairs)
    names = [tool.stage for tool in tools]
    if names[:1] != ["needle"] or "cannula" not in names:
        raise PlanError(
            code="PL-033",
            what="The technique has no usable sequence",
            where=f"technique {chosen.name}",
            why="A sequence starts with a needle and has a cannula.",
            next_step="Use another technique, or correct its row in the table.",
        )
    return Toolset(chosen, cannula_mm, tools, margins=request.margins)


def _find_technique(request: PlanRequest) -> Technique:
    """Return the technique of a request, with the surgeon's own weights where given."""
    chosen = technique(request.technique or DEFAULT_TECHNIQUE)
    if not request.weights:
        return chosen
    weights = chosen.weights.model_copy(update=dict(request.weights))
    return chosen.model_copy(update={"weights": weights})


def find_margin_mm(
    stage: str,
    group: Group,
    structure: Structure,
    *,
    reams: bool,
    frees_rim: bool,
    margins: Margins = "fluoroscopy",
) -> float | None:
    """Return the hard margin of a stage, mm, for what a plan removes.

    Parameters
    ----------
    stage : str
    group : Group
    structure : Structure
    reams : bool; without a reamer the superior process is a rim
    frees_rim : bool; with it wide tools take the rim away
    margins : str, what guides the tools: ``fluoroscopy`` or ``plan-only``

    Returns
    -------
    float, mm, or none where nothing is demanded
    """
    if group is Group.RIM and frees_rim and reams and stage not in FULL_LENGTH:
        return None
    is_kept = group is Group.REMOVABLE and not reams
    return hard_margin_mm(stage, Group.RIM if is_kept else group, structure, margins)


DEFAULT_TECHNIQUE = "outside-in"
"""What is planned when nobody names a technique."""
