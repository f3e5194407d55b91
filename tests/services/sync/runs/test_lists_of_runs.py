"""Every number of a sync leads to exactly its list, whatever happened since."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Connection, Item, SyncRun
from integrations.services.connections.selection import select_collections
from tests.services.fixtures import FinishSync
from tests.services.hubspot_account import live, touch

CONTACTS = {"portal": "555111", "type": "contacts"}


def numbers(run: SyncRun) -> dict[str, int]:
    return {"new": run.new, "changed": run.changed, "deleted": run.deleted}


def listed(client: Client, run: SyncRun) -> dict[str, int]:
    """Return how many each of the run's lists shows, which fit on one page here."""
    found = {}
    for name, url in client.get(run.get_absolute_url()).context["lists"].items():
        context = client.get(url).context
        shown = context["items"] if name == "new" else all_entries(context)
        found[name] = len(shown)
    return found


def all_entries(context: Any) -> list[Any]:
    assert not context["next_url"]
    return [entry for day in context["days"] for entry in day["entries"]]


def let_be_read_again(connection: Connection, user: User) -> None:
    """Leave companies out, and choose them again as they were."""
    keys = {each.pk for each in connection.collections.all()}
    companies = connection.collections.get(remote_id="companies").pk
    for chosen in (keys - {companies}, keys):
        select_collections(connection, chosen, offered=keys, actor=user)


def test_the_numbers_of_a_sync_are_those_of_its_lists(
    connection: Connection,
    alice: User,
    client: Client,
    finish_sync: FinishSync,
    sandbox: Any,
) -> None:
    client.force_login(alice)
    runs = [finish_sync(connection)]
    first, second, third, *_ = sorted(live("contacts"))
    sandbox.client.command("records/archive", id=first, **CONTACTS)
    runs.append(finish_sync(connection, full=True))
    sandbox.client.command("records/restore", id=first, **CONTACTS)
    sandbox.client.command("records/archive", id=second, **CONTACTS)
    touch(sandbox, count=3, property="city", value="Bergen")
    made = sandbox.client.command(
        "records/create", properties={"firstname": "Nova"}, **CONTACTS
    )
    # It differs in what the history has no field for.
    Item.objects.filter(type="contact", remote_id=third).update(digest="of old")
    let_be_read_again(connection, alice)
    runs.append(finish_sync(connection, full=True))
    sandbox.client.command("records/archive", id=made["id"], **CONTACTS)
    runs.append(finish_sync(connection, full=True))

    assert numbers(runs[2]) == {"new": 1, "changed": 5, "deleted": 1}
    assert [numbers(run) for run in runs] == [listed(client, run) for run in runs]
