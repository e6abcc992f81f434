"""Documents of every schema that was released, brought to the present one as a copy."""

from collections.abc import Callable, Mapping
from typing import Any

from kambin.planning.models import SCHEMA_VERSION

FIRST_VERSION = 1
"""The oldest schema that was released; every later one is read as well."""


def migrate_document(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan, refusal or verification of an older schema as one of the present schema.

    Parameters
    ----------
    document : mapping, as JSON gave it, of a version from ``FIRST_VERSION`` to ``SCHEMA_VERSION``

    Returns
    -------
    a new mapping; the given one is left as it is, with the hash that it was written with

    Notes
    -----
    A hash in the document speaks of the old content: whoever migrates checks it before.
    """
    migrated = dict(document)
    for version in range(int(document["schema_version"]), SCHEMA_VERSION):
        migrated = {**_STEPS[version](migrated), "schema_version": version + 1}
    return migrated


def _keep_names(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return a document all of whose names kept their meaning; what is new is not assessed."""
    return dict(document)


_STEPS: Mapping[int, Callable[[Mapping[str, Any]], dict[str, Any]]] = {1: _keep_names}
"""What brings a document of one version to the next, by the version it has."""
