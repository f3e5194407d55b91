"""``manage.py sync``: in the foreground, honest about what is not complete."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from integrations.models import Collection, Connection, Credential, Item, SyncRun
from integrations.providers import CONNECTORS
from integrations.services.connections import settings as service
from integrations.services.sync import foreground
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)
from tests.services.fixtures import Connect
from tests.support.rows import make_collection, make_connection, make_item

BO = "555111:4243"


@pytest.fixture(autouse=True)
def no_naps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once, instead of after seconds."""
    monkeypatch.setattr(foreground, "LONGEST_NAP_SECONDS", 0.0)


def run(*arguments: str) -> tuple[str, str]:
    output, errors = io.StringIO(), io.StringIO()
    call_command("sync", *arguments, stdout=output, stderr=errors)
    return output.getvalue(), errors.getvalue()


def synced() -> list[Connection]:
    """Return the connections that were synced, in that order."""
    ended = SyncRun.objects.filter(finished_at__isnull=False)
    runs = ended.exclude(outcome="cancelled").order_by("finished_at")
    return [run.connection for run in runs]


def test_a_complete_sync_says_what_it_did(
    connection: Connection,  # noqa: F811
) -> None:
    Connection.objects.update(account_name="Acme\x1b[31m")

    output, errors = run()

    found = SyncRun.objects.get()
    assert found.outcome == "complete"
    assert found.first_read == found.created
    assert f"complete: {found.first_read:,} read for the first time" in output
    contacts = Item.objects.filter(type="contact").count()
    assert "Contacts" in errors
    assert f"{contacts} read" in errors
    assert "\x1b" not in output + errors


def test_print_shows_the_items_afterwards(
    connection: Connection,  # noqa: F811
    bob: User,
) -> None:
    other = make_collection(make_connection(bob, state="paused"))
    make_item(other, name="Somebody else's")

    output, _ = run("--connection", str(connection.pk), "--print", "--full")

    mine = Item.objects.live().filter(connection=connection)
    assert all(item.name in output for item in mine[:5])
    assert "Somebody else's" not in output
    assert SyncRun.objects.latest("finished_at").is_full


def test_it_fails_while_a_collection_is_not_complete(
    connection: Connection,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hubspot = CONNECTORS["hubspot"]
    fetch_page = hubspot.fetch_page

    def lose_deals(api: Any, collection: Any, **place: Any) -> Any:
        if collection.remote_id == "deals":
            raise KeyError
        return fetch_page(api, collection, **place)

    monkeypatch.setattr(hubspot, "fetch_page", lose_deals)

    with pytest.raises(CommandError) as caught:
        run()

    deals = Collection.objects.get(remote_id="deals")
    assert deals.completeness != "complete"
    assert f"Deals: {deals.get_completeness_display().lower()}" in str(caught.value)
    assert "Contacts" not in str(caught.value)


def test_it_fails_when_the_run_failed(
    connection: Connection,  # noqa: F811
) -> None:
    Credential.objects.all().delete()

    with pytest.raises(CommandError):
        run()

    assert SyncRun.objects.get().outcome == "failed"


def test_collections_nobody_chose_do_not_count(
    connection: Connection,  # noqa: F811
    sandbox: Any,  # noqa: F811
) -> None:
    run()
    Collection.objects.filter(remote_id="deals").update(
        is_selected=False, completeness="partial"
    )

    run()


def test_it_fails_for_a_paused_connection_and_syncs_the_others(
    connection: Connection,  # noqa: F811
    connect: Connect,  # noqa: F811
    bob: User,
) -> None:
    service.pause(connect(bob, BO), actor=bob)

    with pytest.raises(CommandError, match="cannot be synced"):
        run()

    assert synced() == [connection]


def test_connections_can_be_chosen(
    connection: Connection,  # noqa: F811
    connect: Connect,  # noqa: F811
    bob: User,
) -> None:
    theirs = connect(bob, BO)

    run("--user", "alice@example.com")
    run("--connection", str(theirs.pk))
    assert synced() == [connection, theirs]

    run("--provider", "hubspot")
    assert set(synced()[2:]) == {connection, theirs}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--provider", "nobody"], r"unknown provider 'nobody'.*hubspot"),
        (["--provider", "hubspot"], "nothing to sync"),
        (["--user", "nobody@example.com"], "nobody here"),
        (["--connection", "1"], "'1' is not a UUID"),
        (["--connection", str(uuid4())], "there is no connection"),
        (["--user", "a", "--provider", "hubspot"], "not allowed with"),
        ([], "nothing to sync"),
    ],
)
def test_a_wrong_choice_is_explained(
    db: None, arguments: list[str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        run(*arguments)
