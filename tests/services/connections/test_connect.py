"""Connecting keeps what is whose, seals every token, and queues the first sync."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.models import (
    Connection,
    Credential,
    Item,
    ItemChange,
    PendingRevocation,
    SyncRun,
)
from integrations.services.common.errors import (
    OwnedBySomeoneElseError,
    ProofMissingError,
)
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.connections import settings as service
from integrations.services.grants import credentials, revocation
from integrations.services.sync.collections import refusals
from tests.services.fixtures import Connect
from tests.services.hubspot_account import touch
from tests.support.rows import make_collection, make_connection, make_item


def everything_stored() -> str:
    """Return every value of every table as one text."""
    parts = []
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            if table.startswith("integrations_item_search_"):
                continue
            cursor.execute(f'SELECT * FROM "{table}"')
            parts.extend(str(row) for row in cursor.fetchall())
    return "\n".join(parts)


def test_a_new_grant_is_sealed_from_the_first_row_on(
    alice: User, connect: Connect, sandbox: Any
) -> None:
    connection = connect(alice)

    credential = Credential.objects.get(connection=connection)
    tokens = [row["value"] for row in sandbox.client.query("tokens")["tokens"]]
    assert credentials.open_access(credential).secret.reveal() in tokens
    stored = everything_stored()
    assert tokens
    assert not [token for token in tokens if token in stored]


def test_connecting_queues_the_first_sync(connection: Connection) -> None:
    run = SyncRun.objects.get(connection=connection)

    assert (run.state, run.trigger) == ("queued", "connect")


def test_the_account_is_known_by_portal_and_user(connection: Connection) -> None:
    assert connection.remote_id == "555111:4242"
    assert "crm.objects.contacts.read" in connection.granted_scopes


def test_connecting_again_keeps_the_row_and_starts_a_new_generation(
    alice: User, synced: Connection, connect: Connect
) -> None:
    items = Item.objects.count()

    again = connect(alice)

    assert again.pk == synced.pk
    assert again.generation == synced.generation + 1
    assert Item.objects.count() == items
    assert Credential.objects.get().version == 2


@pytest.mark.parametrize("is_disconnected", [False, True])
def test_the_same_grant_again_reads_what_changed_and_no_more(
    alice: User,
    synced: Connection,
    connect: Connect,
    finish_sync: Any,
    sandbox: Any,
    is_disconnected: bool,
) -> None:
    generations = list(synced.collections.values_list("generation"))
    if is_disconnected:
        disconnect.disconnect(synced, actor=alice, keep_items=True)
    (changed,) = touch(sandbox, count=1)
    before = sandbox.count("/contacts?")

    run = finish_sync(connect(alice))

    assert (run.trigger, run.outcome, run.changed) == ("reconnect", "complete", 1)
    assert list(synced.collections.values_list("generation")) == generations
    assert 0 < before == sandbox.count("/contacts?")
    assert ItemChange.objects.filter(item__remote_id=changed, kind="changed").exists()


def test_a_grant_with_other_scopes_reads_everything_again(
    alice: User, synced: Connection, connect: Connect, finish_sync: Any
) -> None:
    Connection.objects.update(granted_scopes=["crm.objects.contacts.read"])

    run = finish_sync(connect(alice))

    assert run.trigger == "reconnect"
    generations = synced.collections.values_list("generation", flat=True)
    assert set(generations) == {2}


def test_what_was_refused_goes_on_where_it_was_after_the_same_grant_again(
    alice: User, synced: Connection, connect: Connect, finish_sync: Any
) -> None:
    contacts = synced.collections.get(remote_id="contacts")
    refusals.remember(contacts, synced)
    contacts.completeness = "no_permission"
    contacts.save()

    finish_sync(connect(alice))

    contacts.refresh_from_db()
    assert (contacts.completeness, contacts.generation) == ("complete", 1)


def test_an_account_of_somebody_else_is_refused_and_left_untouched(
    connection: Connection, bob: User, connect: Connect
) -> None:
    before = everything_stored()

    with pytest.raises(OwnedBySomeoneElseError):
        connect(bob)

    assert everything_stored() == before


def test_disconnecting_erases_the_tokens_and_revokes_them(
    alice: User, connection: Connection, sandbox: Any
) -> None:
    disconnect.disconnect(connection, actor=alice, keep_items=True)

    assert not Credential.objects.exists()
    assert revocation.revoke_due() == 1
    assert not PendingRevocation.objects.exists()
    grants = sandbox.client.query("tokens")["tokens"]
    assert all(row["revoked_at"] for row in grants if row["kind"] == "refresh")


def test_a_revocation_that_fails_is_tried_again(
    alice: User, connection: Connection, sandbox: Any, caplog: Any
) -> None:
    disconnect.disconnect(connection, actor=alice, keep_items=True)
    sandbox.client.command(
        "faults/add", kind="status", status=503, family="revoke", count=1
    )

    assert revocation.revoke_due() == 0

    pending = PendingRevocation.objects.get()
    assert pending.tries == 1
    assert "error=TokenServerError" in caplog.text


def test_disconnecting_can_keep_or_delete_the_items(
    alice: User, synced: Connection
) -> None:
    assert Item.objects.exists()

    disconnect.disconnect(
        synced, actor=alice, keep_items=False, proof=RecentProof(user=alice)
    )

    assert not Item.objects.exists()
    synced.refresh_from_db()
    assert (synced.state, synced.is_purging) == ("disconnected", False)


def test_work_under_way_cannot_bring_a_connection_back(
    alice: User, connection: Connection
) -> None:
    run = SyncRun.objects.get(connection=connection)

    disconnect.disconnect(connection, actor=alice, keep_items=True)

    run.refresh_from_db()
    assert (run.state, run.outcome) == ("finished", "cancelled")


def test_another_user_may_connect_an_account_that_was_given_up(
    alice: User, bob: User, connection: Connection, connect: Connect
) -> None:
    disconnect.disconnect(connection, actor=alice, keep_items=True)

    assert connect(bob).owner == bob


def test_a_paused_connection_is_not_read_until_it_is_resumed(
    alice: User, connection: Connection
) -> None:
    service.pause(connection, actor=alice)
    connection.refresh_from_db()
    assert connection.state == "paused"

    service.resume(connection, actor=alice)

    connection.refresh_from_db()
    assert connection.state == "active"
    assert connection.runs.filter(state="queued").exists()


def test_removing_the_app_altogether_is_done_only_when_asked_for(
    alice: User, connection: Connection, sandbox: Any
) -> None:
    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=True,
        uninstall=True,
        proof=RecentProof(user=alice),
    )

    assert revocation.revoke_due() == 2
    assert sandbox.count("external-install") == 1


def test_the_app_stays_while_somebody_else_here_needs_it(
    alice: User, bob: User, connection: Connection, connect: Connect, sandbox: Any
) -> None:
    connect(bob, "555111:4243")
    assert not disconnect.may_uninstall(connection)

    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=True,
        uninstall=True,
        proof=RecentProof(user=alice),
    )

    revocation.revoke_due()
    assert sandbox.count("external-install") == 0


@pytest.mark.parametrize("asked", [{"keep_items": False}, {"uninstall": True}])
def test_nothing_is_deleted_for_good_without_a_proof_of_who_asks(
    alice: User, asked: dict[str, bool]
) -> None:
    connection = make_connection(alice)
    item = make_item(make_collection(connection))

    with pytest.raises(ProofMissingError):
        disconnect.disconnect(connection, actor=alice, **{"keep_items": True} | asked)

    connection.refresh_from_db()
    assert connection.is_connected
    assert Item.objects.filter(pk=item.pk).exists()
