"""Describe an item's values through its connector, as its page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import HasLinkFields
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.services.common.clients.connector_errors import connector_boundary


def describe(
    collection: Collection, values: Mapping[str, Any], **facts: object
) -> Sequence[DisplayField]:
    """Return values labelled and typed; ConnectorError for a mistake of ours.

    ``facts`` are logged with it.
    """
    connection = collection.connection
    connector = CONNECTORS.get(connection.provider)
    if connector is None:
        return describe_raw(values, {})
    with connector_boundary("describe", collection=collection.pk, **facts):
        return list(connector.describe(values, collection.schema, connection.account))


def describe_links(
    collection: Collection, values: Mapping[str, Any]
) -> Sequence[DisplayField]:
    """Return the relations that no schema names; ConnectorError for our mistake."""
    connector: object = CONNECTORS.get(collection.connection.provider)
    if not isinstance(connector, HasLinkFields):
        return ()
    with connector_boundary("links", collection=collection.pk):
        return list(connector.describe_links(values))


def describe_all(
    collection: Collection, values: Mapping[str, Any], **facts: object
) -> Sequence[DisplayField]:
    """Return what ``describe`` does, and the relations that it leaves to other places.

    Of what a record was, or changed to, nothing else on the page tells them.
    """
    described = describe(collection, values, **facts)
    names = {field.name for field in described}
    links = describe_links(collection, values)
    return [*described, *(each for each in links if each.name not in names)]
