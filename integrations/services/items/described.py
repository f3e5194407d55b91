"""Describe an item's values through its connector, as its page shows them."""

from collections.abc import Mapping, Sequence
from typing import Any

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.raw import describe_raw
from integrations.providers.records import DisplayField
from integrations.services.common.connector_errors import connector_boundary


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
