"""A grant that is ended or replaced in mid-flight is neither revived nor lost."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, Incident, PendingRevocation
from integrations.services.common.errors import NoTokenError
from integrations.services.connections import disconnect
from integrations.services.grants import refresh, revocation, token_cache, tokens
from integrations.services.grants.refresh_attempts import outcome
from integrations.services.notices import watch
from tests.services.grants.working import age, refresh_now, send_and_vanish

pytestmark = pytest.mark.django_db


def test_disconnecting_in_mid_flight_gives_the_fresh_tokens_back(
    credential: Credential, strict: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    disconnect.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    PendingRevocation.objects.all().delete()

    assert outcome.store(attempt, answer) == "superseded"

    assert revocation.revoke_due() == 1
    assert not Credential.objects.exists()
    live = [t for t in strict.client.query("tokens")["tokens"] if not t["revoked_at"]]
    assert not [t for t in live if t["kind"] == "refresh"]


def test_reconnecting_in_mid_flight_keeps_the_new_grant(
    credential: Credential, strict: Any, alice: User, connect: Callable[..., Any]
) -> None:
    attempt, answer = send_and_vanish(credential)
    connect(alice)
    newest = Credential.objects.get()

    assert outcome.store(attempt, answer) == "superseded"

    revocation.revoke_due()
    newest.refresh_from_db()
    assert newest.generation == 2
    assert refresh_now(newest).version == newest.version + 1


def test_an_older_token_of_the_same_grant_is_never_revoked(
    credential: Credential, strict: Any
) -> None:
    strict.client.command("switches/set", name="grace_seconds", value=600)
    attempt, answer = send_and_vanish(credential)
    age(credential, 100)
    Credential.objects.update(attempt_id=None, lease_until=None)
    for _ in range(2):
        refresh_now(credential)

    assert outcome.store(attempt, answer) == "superseded"

    assert not PendingRevocation.objects.exists()
    assert refresh_now(credential).version == 4


def test_a_token_of_an_earlier_grant_is_not_found_in_the_cache(
    credential: Credential, alice: User, connect: Callable[..., Any]
) -> None:
    old = tokens.token_for(credential.connection_id)
    stale = Credential.objects.get()
    disconnect.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    connect(alice)
    # A slow worker caches what it read before all that.
    token_cache.put(stale)
    assert Credential.objects.get().version == old.version

    fresh = tokens.token_for(credential.connection_id)

    assert fresh.secret != old.secret
    again = tokens.token_for(credential.connection_id, seen=fresh)
    assert again.secret == fresh.secret


def test_a_refusal_that_comes_after_disconnecting_says_nothing(
    credential: Credential, sandbox: Any
) -> None:
    disconnect.disconnect(Connection.objects.get(), actor=None, keep_items=True)

    with pytest.raises(NoTokenError) as caught:
        refresh.refresh_credential(credential.connection_id, seen_version=1, why="test")

    assert caught.value.reason == "not_connected"
    watch.watch_connections(now=timezone.now())
    assert not Incident.objects.exists()


def test_revoking_at_a_provider_that_hangs_stops_in_time(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "LONGEST_SECONDS", -1.0)
    revocation.schedule("hubspot", "1:1", Secret("one"))

    assert revocation.revoke_due() == 0
    assert PendingRevocation.objects.count() == 1
