"""Keep what values follow from, and former fields, beside the schema.

In the schema itself, a release that knows nothing of it took it for what pages show.
"""

from collections.abc import Mapping
from typing import Any, Final

from integrations.models import Collection
from integrations.providers.records import (
    COMPARED_TAG_KEY,
    DEFINITIONS_KEY,
    DEFINITIONS_TAG,
    TAG_KEY,
)
from integrations.providers.typed import definitions
from integrations.providers.typed.former_fields import FORMER_KEY, former_fields

# Both are written by one statement.
COLUMNS: Final = ("schema", "definitions")
PARTS: Final = "parts"
# The full refresh that values are of which follow from it.
GENERATION: Final = "generation"


def known_schema(collection: Collection) -> dict[str, Any]:
    """Return the schema, and with it what the values that are stored follow from.

    Where a release that keeps no definitions has read everything since, nobody knows.
    """
    kept = _kept(collection)
    told = {DEFINITIONS_KEY: kept[PARTS]} if PARTS in kept else {}
    return {**_without(collection.schema), **told}


def set_schema(
    collection: Collection, schema: Mapping[str, Any], *, compared: str | None = None
) -> None:
    """Set ``COLUMNS``, which the caller saves, to a schema and what came with it.

    ``compared`` is the tag of definitions that a listing told, when it was asked for.
    """
    told = schema.get(DEFINITIONS_KEY)
    parts = {} if told is None else {PARTS: told, TAG_KEY: definitions.tag_of(told)}
    known = collection.definitions or {}
    former = former_fields(known.get(FORMER_KEY) or {}, collection.schema, schema)
    collection.schema = _without(schema)
    collection.definitions = {
        GENERATION: collection.generation,
        COMPARED_TAG_KEY: compared,
        **parts,
        **({FORMER_KEY: former} if former else {}),
    }


def may_have_changed(collection: Collection) -> bool:
    """Tell whether a listing told of other definitions than are kept, or compared."""
    tag = collection.details.get(DEFINITIONS_TAG)
    if tag is None:
        return False
    kept = _kept(collection)
    return tag not in (kept.get(TAG_KEY), kept.get(COMPARED_TAG_KEY))


def _kept(collection: Collection) -> dict[str, Any]:
    """Return what is kept, nothing where it is of an earlier full refresh."""
    kept = collection.definitions or {}
    return kept if kept.get(GENERATION) == collection.generation else {}


def _without(schema: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != DEFINITIONS_KEY}
