"""The same plan gives the same bytes: rounding, content hash and software versions."""

import hashlib
import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, TypeVar

from pydantic import BaseModel

import kambin
from kambin.planning.models import Plan, Software

JSON_DECIMALS = 6
"""Digits after the point in every document: 1e-6 mm, architecture 8.13."""

Model = TypeVar("Model", bound=BaseModel)
"""Any document."""


def round_document(document: Model) -> Model:
    """Return the document with every number rounded to 1e-6, and without minus zero.

    Parameters
    ----------
    document : any of the documents of planning
    """
    return type(document).model_validate(_rounded(document.model_dump()))


def seal_plan(plan: Plan) -> Plan:
    """Return the plan rounded and with the hash of its content written in it.

    Parameters
    ----------
    plan : Plan
    """
    rounded = round_document(plan)
    return rounded.model_copy(update={"content_sha256": hash_content(rounded)})


def hash_content(plan: Plan) -> str:
    """Return the SHA-256 of everything a plan says, except the hash itself.

    Parameters
    ----------
    plan : Plan
    """
    return hash_document(plan.model_dump())


def hash_document(document: Mapping[str, Any]) -> str:
    """Return the SHA-256 of everything a document says, except the hash itself.

    Parameters
    ----------
    document : mapping as JSON holds it, of any schema; order and blanks do not count
    """
    content = _rounded({k: part for k, part in document.items() if k != "content_sha256"})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def find_software() -> Software:
    """Return the versions of what computes."""
    return Software(
        kambin=kambin.__version__,
        numpy=version("numpy"),
        numba=version("numba"),
        simpleitk=version("SimpleITK"),
    )


def _rounded(value: Any) -> Any:
    """Return the value with all floats rounded; adding zero turns -0.0 into 0.0."""
    if isinstance(value, float):
        return round(value, JSON_DECIMALS) + 0.0
    if isinstance(value, dict):
        return {key: _rounded(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(part) for part in value]
    return value
