"""What was moved stays reachable here, and nothing here ends its grant."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import (
    Connection,
    Credential,
    Item,
    PendingRevocation,
)
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.connections.disconnect import disconnect, may_uninstall
from integrations.services.grants import revocation
from tests.commands.handover.commands import (
    run,
)
from tests.services.grants.working import age, refresh_now
from tests.support.rows import make_collection, make_connection, make_item
from tests.support.sessions import prove


def test_pages_say_where_it_went_and_offer_nothing_that_could_end_it(
    alice: User,
    connection: Connection,
    export: Callable[[], str],
    client: Client,
) -> None:
    make_collection(connection, stored_count=3)
    export()
    client.force_login(alice)

    for address in ("/connections/", connection.get_absolute_url()):
        page = client.get(address).content.decode()
        assert "Moved to another server" in page
        assert "another server reads this account now" in page.lower()
        assert "3 items are kept" in page
        assert "Reconnect" not in page


def test_removing_what_was_moved_erases_items_and_forgets_nothing_of_the_grant(
    alice: User,
    bob: User,
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
    client: Client,
) -> None:
    make_item(make_collection(connection, stored_count=1))
    handover = export()
    client.force_login(alice)
    prove(client)
    address = f"{connection.get_absolute_url()}remove/"

    assert "stays in the list" in client.get(address).content.decode()
    client.post(address)
    disconnect(connect(bob), actor=bob, keep_items=True)
    revocation.revoke_due()

    assert not Item.objects.exists()
    assert not PendingRevocation.objects.exists()
    assert address not in client.get("/connections/").content.decode()
    run("export_connections", "--take-back", handover, "--nobody-imported")
    age(Credential.objects.get(), 600)
    assert refresh_now(Credential.objects.get()).connection.state == "active"


def test_another_connection_of_the_account_does_not_end_what_was_moved(
    alice: User,
    connection: Connection,
    export: Callable[[], str],
    connect: Any,
) -> None:
    export()

    connect(alice)

    assert Connection.objects.get().state == "active"
    assert not PendingRevocation.objects.exists()


def test_what_was_moved_lives_on_though_its_owners_account_is_deleted(
    alice: User,
    bob: User,
    connection: Connection,
    connect: Any,
    export: Callable[[], str],
) -> None:
    notion = make_connection(alice, provider="notion", remote_id="n:1")
    Connection.objects.filter(pk=notion.pk).update(state="disconnected", reason="moved")
    export()
    account_deletion.erase(alice, proof=RecentProof(user=alice))
    while account_deletion.erase_due():
        pass
    bobs = connect(bob)

    assert not Connection.objects.owned_by(alice).exists()
    assert not may_uninstall(bobs)
    assert revocation.may_end_another("notion", "n:1")
    assert revocation.may_end_another("notion", "")
    assert not revocation.may_end_another("notion", "n:2")


def test_what_comes_back_is_of_this_server_again(
    alice: User,
    bob: User,
    connection: Connection,
    export: Callable[[], str],
    path: Path,
) -> None:
    export()
    account_deletion.erase(alice, proof=RecentProof(user=alice))
    while account_deletion.erase_due():
        pass
    EmailAddress.objects.create(user=bob, email=bob.email, verified=True)

    run("import_connections", path, "--owner", f"alice@example.com={bob.email}")

    moved_here = Connection.objects.get()
    assert (moved_here.owner, moved_here.state) == (bob, "active")
    assert may_uninstall(moved_here)
    disconnect(moved_here, actor=bob, keep_items=True)
    assert PendingRevocation.objects.exists()
