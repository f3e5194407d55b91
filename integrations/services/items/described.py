"""Describe an item's values through its connector, as its page shows them."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from integrations.models import Collection, Item
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import HasLinkFields
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField, unknown_names
from integrations.providers.typed.former_fields import FORMER_KEY, with_former
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError


class Described(NamedTuple):
    """Fields of a record, and the reference of the mistake that left links out."""

    fields: Sequence[DisplayField]
    reference: str = ""


def describe(
    collection: Collection, values: Mapping[str, Any], **facts: object
) -> Sequence[DisplayField]:
    """Return values labelled and typed; ConnectorError for a mistake of ours.

    ``facts`` are logged with it.
    """
    return _describe(collection, values, collection.schema, facts)


def _describe(
    collection: Collection,
    values: Mapping[str, Any],
    schema: Mapping[str, Any],
    facts: Mapping[str, object],
) -> Sequence[DisplayField]:
    connection = collection.connection
    connector = CONNECTORS.get(connection.provider)
    if connector is None:
        return describe_raw(values, {})
    with connector_boundary("describe", collection=collection.pk, **facts):
        return list(connector.describe(values, schema, connection.account))


def complete(item: Item, collection: Collection | None) -> Mapping[str, Any]:
    """Return properties as the provider wrote them, with those told by being left out.

    Raises ConnectorError for a mistake of ours.
    """
    connector = CONNECTORS.get(item.provider)
    if connector is None:
        return item.properties
    schema = collection.schema if collection else {}
    with connector_boundary("complete", item=item.pk):
        return dict(connector.complete(item.properties, schema))


def describe_links(
    collection: Collection, values: Mapping[str, Any]
) -> Sequence[DisplayField]:
    """Return the relations that no schema names; ConnectorError for our mistake."""
    describer = _describer_of_links(CONNECTORS.get(collection.connection.provider))
    if describer is None:
        return ()
    with connector_boundary("links", collection=collection.pk):
        return list(describer.describe_links(values))


@lru_cache
def _describer_of_links(connector: object) -> HasLinkFields | None:
    """Return a connector that can tell relations; asking it takes 20 µs each time."""
    return connector if isinstance(connector, HasLinkFields) else None


def describe_all(
    collection: Collection, values: Mapping[str, Any], **facts: object
) -> Described:
    """Return what ``describe`` does, and the relations that it leaves to other places.

    Of what a record was, or changed to, nothing else on the page tells them; fields
    that the provider has no more are told as they were. A mistake
    of ours in describing values raises ConnectorError; one in these relations leaves
    them out, as the values can be told without them.
    """
    schema: Mapping[str, Any] = collection.schema
    if gone := unknown_names(values, schema):
        known = (collection.definitions or {}).get(FORMER_KEY) or {}
        schema = with_former(schema, known, gone)
    described = _describe(collection, values, schema, facts)
    names = {field.name for field in described}
    try:
        links = describe_links(collection, values)
    except ConnectorError as exc:
        return Described(described, exc.reference)
    return Described([*described, *(e for e in links if e.name not in names)])
