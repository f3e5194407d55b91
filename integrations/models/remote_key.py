"""The key of a collection at its provider, which outlives our own rows of it."""

from typing import Any

from integrations.models.collection import Collection


def remote_key(collection: Collection) -> dict[str, Any]:
    """Return the columns by which rows name a collection of an account."""
    connection = collection.connection
    return {
        "provider": connection.provider,
        "account_id": connection.remote_id,
        "is_sandbox": connection.is_sandbox,
        "collection_id": collection.remote_id,
    }
