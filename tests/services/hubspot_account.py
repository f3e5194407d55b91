"""Compare what is stored of the sandbox's main HubSpot account with what it holds."""

from typing import Any

from integrations.models import Collection, Item
from integrations.services.sync.refresh import checkpoint
from integrations.services.sync.refresh.checkpoint import FullRefresh


def live(kind: str) -> set[str]:
    found = Item.objects.live().filter(collection__remote_id=kind)
    return set(found.values_list("remote_id", flat=True))


def inventory(sandbox: Any, kind: str) -> set[str]:
    answer = sandbox.client.ask(
        "inventory", provider="hubspot", portal="555111", with_ids=1
    )
    return set(answer["types"][kind]["id_list"])


def assert_equal_to(sandbox: Any) -> None:
    for kind in ("contacts", "companies", "deals"):
        assert live(kind) == inventory(sandbox, kind)
        stored = Collection.objects.get(remote_id=kind).stored_count
        assert stored == len(live(kind))


def full_refresh_of(collection: Collection) -> FullRefresh:
    """Return where the full refresh of a collection is."""
    found = checkpoint.read(collection)
    assert isinstance(found, FullRefresh)
    return found


def touch(sandbox: Any, **params: Any) -> list[str]:
    done = sandbox.client.order(
        "records/touch", portal="555111", type="contacts", **params
    )
    return [str(identity) for identity in done["ids"]]
