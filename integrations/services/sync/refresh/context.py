"""The connector of a collection, and what it needs to know to read it."""

from django.conf import settings

from integrations.models import Collection
from integrations.providers import CONNECTORS
from integrations.providers.connector import BaseConnector, CollectionContext
from integrations.services.sync.stored.stored_items import Stored


def context_of(collection: Collection) -> CollectionContext:
    """Return what a connector needs to know to read the collection."""
    connection = collection.connection
    return CollectionContext(
        remote_id=collection.remote_id,
        name=collection.name,
        account_id=connection.remote_id,
        account=connection.account,
        schema=collection.schema,
        version=settings.PROVIDERS[connection.provider].version,
        stored=Stored(collection),
    )


def read_again(collection: Collection) -> None:
    """Read the collection's row again; its connection is the one that is worked on."""
    connection = collection.connection
    collection.refresh_from_db()
    collection.connection = connection


def connector_of(collection: Collection) -> BaseConnector:
    """Return what reads the collection's provider."""
    return CONNECTORS[collection.connection.provider]
