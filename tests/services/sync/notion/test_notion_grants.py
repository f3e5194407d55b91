"""A Notion grant is renewed, replaced and owned in any way, and loses nothing."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
    Credential,
    Item,
    PendingRevocation,
    RefreshAttempt,
)
from integrations.services.common.clients import oauth_clients
from integrations.services.connections import disconnect
from integrations.services.grants import revocation
from integrations.services.grants.refresh_attempts import outcome
from integrations.services.upkeep import schedule
from tests.sandbox.notion_client import DROMEDARY, NOUR, NotionClient
from tests.services.fixtures import Connect, FinishSync
from tests.services.grants.working import send_and_vanish
from tests.services.sync.notion.workspace_rows import assert_equal_to, live, tokens_of


def test_a_grant_that_is_revoked_and_given_again_loses_nothing(
    synced: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    alice: User,
    connect_notion: Connect,
) -> None:
    rows = set(Item.objects.values_list("pk", "remote_id", "deleted_at"))
    notion.command("grants/revoke", account=DROMEDARY)

    assert finish_sync(synced).outcome == "failed"
    synced.refresh_from_db()
    assert synced.state == "needs_reconnect"
    assert set(Item.objects.values_list("pk", "remote_id", "deleted_at")) == rows

    again = connect_notion(alice)
    run = finish_sync(again)
    assert again.pk == synced.pk
    assert (run.trigger, run.is_full, run.deleted) == ("reconnect", True, 0)
    assert set(Item.objects.values_list("pk", "remote_id", "deleted_at")) == rows
    assert_equal_to(notion)


def list_live_tokens(notion: NotionClient) -> list[Any]:
    return [t for t in notion.query("tokens")["tokens"] if not t["revoked_at"]]


def test_disconnecting_ends_the_grant_at_notion(
    connection: Connection, notion: NotionClient, alice: User
) -> None:
    disconnect.disconnect(connection, actor=alice, keep_items=True)

    assert revocation.revoke_due() == 1
    assert not list_live_tokens(notion)


def test_tokens_of_notion_that_come_too_late_are_given_back(
    connection: Connection, notion: NotionClient, alice: User
) -> None:
    attempt, answer = send_and_vanish(Credential.objects.get())
    disconnect.disconnect(connection, actor=alice, keep_items=True)
    PendingRevocation.objects.all().delete()

    assert outcome.store(attempt, answer) == "superseded"

    assert revocation.revoke_due() == 1
    assert not list_live_tokens(notion)


@pytest.mark.django_db
def test_tokens_of_notion_that_nobody_keeps_are_given_back(
    notion: NotionClient,
) -> None:
    code = Secret(notion.consent(f"{DROMEDARY}:{NOUR}").query["code"])
    tokens = oauth_clients.oauth_client("notion").exchange(code=code)

    revocation.revoke_unstored(
        "notion", tokens, account_id=f"{DROMEDARY}:{NOUR}", owner_id=None
    )

    assert revocation.revoke_due() == 1
    assert not list_live_tokens(notion)


def test_pages_added_by_consenting_again_show_up_at_once(
    alice: User,
    connect_notion: Connect,
    finish_sync: FinishSync,
    notion: NotionClient,
    settings: Any,
) -> None:
    settings.CONTENT_PAGES_PER_RUN = 0
    books, *rest = notion.picker(NOUR)
    first = connect_notion(alice, picked=[books])
    finish_sync(first)
    assert_equal_to(notion)
    few = len(live())

    again = connect_notion(alice, picked=[books, *rest])
    finish_sync(again)

    assert (again.pk, Connection.objects.count()) == (first.pk, 1)
    assert len(live()) > few
    assert_equal_to(notion)


def test_both_tokens_are_replaced_by_every_exchange_and_refresh(
    connection: Connection,
    finish_sync: FinishSync,
    notion: NotionClient,
    alice: User,
    connect_notion: Connect,
) -> None:
    seen = [tokens_of(connection)]
    connect_notion(alice)
    seen.append(tokens_of(connection))
    notion.command("tokens/expire", account=DROMEDARY)

    finish_sync(connection)

    seen.append(tokens_of(connection))
    assert len({token for pair in seen for token in pair}) == 6
    assert Credential.objects.count() == 1


def test_a_token_is_renewed_after_a_401_only_and_once(
    connection: Connection, finish_sync: FinishSync, notion: NotionClient, sandbox: Any
) -> None:
    credential = Credential.objects.get(connection=connection)
    assert (credential.access_expires_at, credential.refresh_due_at) == (None, None)
    assert schedule.refresh_due(now=timezone.now() + timedelta(days=400)) == 0
    asked = sandbox.count("oauth/token")
    finish_sync(connection)
    assert sandbox.count("oauth/token") == asked

    notion.command("tokens/expire", account=DROMEDARY)
    run = finish_sync(connection, full=True)

    assert run.outcome == "complete"
    assert sandbox.count("oauth/token") == asked + 1
    assert [a.outcome for a in RefreshAttempt.objects.all()] == ["refreshed"]
    assert schedule.refresh_due(now=timezone.now() + timedelta(days=400)) == 0


@pytest.mark.parametrize("owner", ["person", "no_email", "partial", "workspace"])
def test_a_grant_may_be_owned_in_any_way(
    owner: str, alice: User, connect_notion: Connect, notion: NotionClient
) -> None:
    connection = connect_notion(alice, grant_owner=owner)

    workspace, _, member = connection.remote_id.partition(":")
    assert workspace == DROMEDARY
    assert (member == NOUR) is (owner != "workspace")
    assert connection.account_name == "Dromedary Press"
