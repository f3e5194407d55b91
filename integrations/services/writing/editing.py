"""Editing of a connection: on or off, allowed or not, and what can be written."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User

from integrations.models import Collection, Connection
from integrations.providers import CONNECTORS, SPECS
from integrations.providers.capabilities import WritesItems
from integrations.providers.writing import WritableField
from integrations.services.common import audit
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.sync.refresh.context import context_of


def writer_of(connection: Connection) -> WritesItems | None:
    """Return what writes to the connection's provider, if anything does."""
    connector: object = CONNECTORS.get(connection.provider)
    return connector if isinstance(connector, WritesItems) else None


def is_offered(connection: Connection) -> bool:
    """Tell whether its user may switch editing on."""
    spec = SPECS.get(connection.provider)
    can_ask = spec is not None and any(scope.writes for scope in spec.scopes)
    return can_ask and connection.is_connected and writer_of(connection) is not None


def switch(connection: Connection, *, on: bool, actor: User) -> bool:
    """Switch editing on or off; say whether the provider has to be asked about it.

    Nothing is sent any more from the moment it is off, whatever the provider allows;
    the permission itself changes with the next consent.
    """
    changed = Connection.objects.filter(pk=connection.pk, is_editing=not on).update(
        is_editing=on
    )
    if changed:
        name = "connection.editing_on" if on else "connection.editing_off"
        audit.record(name, user=actor, subject=connection.pk)
    connection.is_editing = on
    scopes = set(_writing_scopes(connection))
    granted = scopes & set(connection.granted_scopes)
    return granted != (scopes if on else set())


def _writing_scopes(connection: Connection) -> Sequence[str]:
    spec = SPECS.get(connection.provider)
    return [scope.name for scope in spec.scopes if scope.writes] if spec else []


def write_scopes(collection: Collection) -> Sequence[str]:
    """Return the scopes that writing to a collection needs; none: it cannot be."""
    writer = writer_of(collection.connection)
    return writer.write_scopes(collection.remote_id) if writer else ()


def is_writable(collection: Collection) -> bool:
    """Tell whether items of a collection can be written, were it allowed."""
    return bool(write_scopes(collection))


def can_write(collection: Collection) -> bool:
    """Tell whether its user wants it, and the provider lets it be."""
    connection, scopes = collection.connection, write_scopes(collection)
    if not connection.is_editing or not connection.is_connected:
        return False
    return bool(scopes) and set(scopes) <= set(connection.granted_scopes)


def fields_of(collection: Collection) -> Mapping[str, WritableField]:
    """Return the fields that can be written by name, in the order to show them."""
    writer = writer_of(collection.connection)
    if writer is None:
        return {}
    with connector_boundary("writable_fields", collection=collection.pk):
        fields = writer.writable_fields(context_of(collection))
    return {field.name: field for field in fields}


def is_same(collection: Collection, field: WritableField, one: Any, other: Any) -> bool:
    """Tell whether two values of a field mean the same."""
    writer = writer_of(collection.connection)
    return one == other if writer is None else writer.is_same(field, one, other)
