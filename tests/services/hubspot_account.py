"""Compare what is stored of the sandbox's main HubSpot account with what it holds."""

from typing import Any

from integrations.models import Collection, Connection, Item
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import FullRefresh


def live(kind: str, connection: Connection | None = None) -> set[str]:
    found = Item.objects.live().filter(collection__remote_id=kind)
    if connection is not None:
        found = found.filter(connection=connection)
    return set(found.values_list("remote_id", flat=True))


def inventory(sandbox: Any, kind: str) -> set[str]:
    answer = sandbox.client.query(
        "inventory", provider="hubspot", portal="555111", with_ids=1
    )
    return set(answer["types"][kind]["id_list"])


def assert_equal_to(sandbox: Any, connection: Connection | None = None) -> None:
    """Compare the only connection that there is, or this one."""
    connection = connection or Connection.objects.get()
    for kind in ("contacts", "companies", "deals"):
        found = live(kind, connection)
        assert found == inventory(sandbox, kind)
        assert connection.collections.get(remote_id=kind).stored_count == len(found)


def full_refresh_of(collection: Collection) -> FullRefresh:
    """Return where the full refresh of a collection is."""
    found = checkpoint.read(collection)
    assert isinstance(found, FullRefresh)
    return found


def touch(sandbox: Any, **params: Any) -> list[str]:
    done = sandbox.client.command(
        "records/touch", portal="555111", type="contacts", **params
    )
    return [str(identity) for identity in done["ids"]]
