"""The smallest documents that planning's models accept, made from the models themselves."""

import types
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

from kambin.planning import FindingRecord, Plan, Refusal

ASKED = FindingRecord(
    code="PL-090",
    severity="CONFIRM",
    what="A question of the plan",
    where="needle",
    why="1.5 mm",
    next_step="Confirm it.",
)


def smallest(model: type[BaseModel], **fields: Any) -> Any:
    """Return an instance with the least content of every field that has no default."""
    content = {
        name: _least(field.annotation)
        for name, field in model.model_fields.items()
        if field.is_required() and name not in fields
    }
    return model(**content, **fields)


def a_plan(**fields: Any) -> Plan:
    """A plan that asks one question."""
    return smallest(Plan, findings=(ASKED,), **fields)


def a_refusal() -> Refusal:
    """A refusal."""
    return smallest(Refusal)


def _least(kind: Any) -> Any:
    origin, parts = get_origin(kind), get_args(kind)
    if origin is Literal:
        return parts[0]
    if origin in (Union, types.UnionType):
        return None if type(None) in parts else _least(parts[0])
    if origin is tuple:
        return () if parts[-1] is Ellipsis else tuple(_least(part) for part in parts)
    if origin is dict:
        return {}
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return smallest(kind)
    return {str: "x", float: 1.0, int: 1, bool: True}[kind]
