"""Read a collection's labels, and choose which properties to ask for."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from integrations.http.client import ApiClient
from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.listing.lookups import (
    Names,
    fetch_lookups,
)
from integrations.providers.hubspot.mapping.fields import definition_of, to_field
from integrations.providers.hubspot.objects import (
    DEALS,
    OWNERS_READ,
    SYSTEM_PROPERTIES,
    ObjectType,
    get_object_type,
)
from integrations.providers.records import (
    ASK_AGAIN_KEY,
    DEFINITIONS_KEY,
    FIELDS_KEY,
    REFUSED_KEY,
    REQUESTED_KEY,
    FieldSpec,
    read_fields,
)
from integrations.providers.typed.fields import CURRENCY_PROPERTY

# A list call carries its properties in the address, and 8 KB is where servers
# begin to answer 414. The rest of the address stays under the other two.
# https://developers.hubspot.com/docs/developer-tooling/platform/usage-guidelines
MAX_PROPERTIES_LENGTH = 6000
MAX_FIELDS = 3000
MORE_FIELDS = "more_fields"
WITH_OPTIONS = frozenset({"boolean", "choice", "choices"})

_NAME = re.compile(r"[A-Za-z0-9_-]{1,200}")


def fetch_schema(api: ApiClient, collection: CollectionContext) -> dict[str, Any]:
    """Return fields, look-ups and the selection of properties, JSON-safe.

    Names that are not told any more are kept: records hold ids of stages, owners and
    options that are no longer there.
    """
    kind = get_object_type(collection.remote_id)
    version, known = collection.version, collection.schema
    told, definitions = _fetch_fields(api, kind, version)
    fields = _with_known_options(told[:MAX_FIELDS], known)
    _check_fields(fields, known, kind)
    scopes = collection.account.get("scopes")
    lookups = fetch_lookups(
        api,
        version,
        with_pipelines=kind is DEALS,
        with_owners=not isinstance(scopes, list) or OWNERS_READ in scopes,
    )
    return {
        FIELDS_KEY: [spec.to_json() for spec in fields],
        DEFINITIONS_KEY: definitions,
        "lookups": _with_known_names(lookups.names, known),
        REQUESTED_KEY: select_properties(fields, kind),
        ASK_AGAIN_KEY: lookups.ask_again,
        REFUSED_KEY: [
            *lookups.refused,
            *([MORE_FIELDS] if len(told) > MAX_FIELDS else []),
        ],
    }


def _check_fields(
    fields: Sequence[FieldSpec], known: Mapping[str, Any], kind: ObjectType
) -> None:
    """Refuse an answer without properties, or without those that never go away."""
    names = {spec.name for spec in fields}
    lasting = {*SYSTEM_PROPERTIES, kind.modified, *kind.leading[:1]}
    lost = lasting & {spec.name for spec in read_fields(known)} - names
    if not names or lost:
        raise InvalidResponse("HubSpot did not name properties that it always has")


def _with_known_options(
    fields: Sequence[FieldSpec], known: Mapping[str, Any]
) -> list[FieldSpec]:
    options = {spec.name: spec.options for spec in read_fields(known)}
    return [
        _with_options(spec, options[spec.name])
        if options.get(spec.name) and spec.kind in WITH_OPTIONS
        else spec
        for spec in fields
    ]


def _with_options(spec: FieldSpec, known: Mapping[str, str]) -> FieldSpec:
    """Return a field with the options it had before, which no form offers any more."""
    gone = [value for value in known if value not in spec.options]
    return replace(
        spec,
        # The provider's order is that of what it tells now.
        options={**spec.options, **{value: known[value] for value in gone}},
        retired=[*spec.retired, *gone],
    )


def _with_known_names(names: Names, known: Mapping[str, Any]) -> Names:
    kept = known.get("lookups") or {}
    found = {name: dict(names.get(name) or {}) for name in {**kept, **names}}
    for name, told in found.items():
        for key, label in (kept.get(name) or {}).items():
            told.setdefault(key, label)
    return found


def requested_properties(schema: Mapping[str, Any], kind: ObjectType) -> list[str]:
    """Return the properties to name in every call; never none.

    HubSpot answers with a handful of defaults when none is named.
    """
    requested = schema.get(REQUESTED_KEY)
    if isinstance(requested, list) and requested:
        return [str(name) for name in requested]
    return _always(kind)


def select_properties(fields: Sequence[FieldSpec], kind: ObjectType) -> list[str]:
    """Choose every visible property, important ones first, and their currencies.

    The same choice serves lists and batches, so that a record read in either way
    is the same record.
    """
    currencies = [
        spec.options[CURRENCY_PROPERTY]
        for spec in fields
        if CURRENCY_PROPERTY in spec.options and not spec.is_hidden
    ]
    visible = [
        spec.name
        for spec in sorted(fields, key=lambda spec: spec.is_read_only)
        if not spec.is_hidden and _NAME.fullmatch(spec.name)
    ]
    named = [name for name in currencies if _NAME.fullmatch(name)]
    return list(dict.fromkeys([*_always(kind), *named, *visible]))


def fits_address(names: Sequence[str]) -> bool:
    """Tell whether a list call can name these properties."""
    return sum(_length(name) for name in names) <= MAX_PROPERTIES_LENGTH


def _always(kind: ObjectType) -> list[str]:
    return [*kind.leading, *SYSTEM_PROPERTIES, kind.modified]


def _length(name: str) -> int:
    """Return what a name costs in an address; a comma is sent as three bytes."""
    return len(name.encode()) + 3


def _fetch_fields(
    api: ApiClient, kind: ObjectType, version: str
) -> tuple[list[FieldSpec], dict[str, list[str]]]:
    """Return the fields in the order to show them, well-known ones first.

    And what the values of those follow from that HubSpot calculates.
    """
    answer = api.get(f"/crm/properties/{version}/{kind.remote_id}")
    body = expect_object(answer, "properties")
    specs: dict[str, FieldSpec] = {}
    definitions: dict[str, list[str]] = {}
    for entry in expect_list(body.get("results"), "results"):
        spec = to_field(entry, kind)
        if spec is not None:
            specs[spec.name] = spec
            definitions[spec.name] = [] if spec.is_hidden else definition_of(entry)
    places = {name: place for place, name in enumerate(kind.leading)}
    fields = sorted(specs.values(), key=lambda spec: places.get(spec.name, len(places)))
    return fields, {name: told for name, told in definitions.items() if told}
