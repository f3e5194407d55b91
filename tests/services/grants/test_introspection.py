"""Before a token is spent a second time the provider is asked about it."""

from typing import Any

import pytest
from django.utils import timezone
from msgspec.structs import replace

from integrations.http.errors import RateLimited, Transient
from integrations.models import Connection, Credential
from integrations.services.common.errors import NoTokenError
from integrations.services.grants import (
    credentials,
    introspection,
    tokens,
)
from integrations.services.grants.refresh_attempts import intent
from tests.services.grants.working import (
    age,
    expire,
    refresh_now,
    send_and_vanish,
    stats,
)

pytestmark = pytest.mark.django_db


def test_a_token_that_was_never_spent_is_used_after_asking(
    credential: Credential, strict: Any
) -> None:
    strict.client.command("faults/add", kind="reset", family="token", count=1)
    with pytest.raises(Transient):
        refresh_now(credential)
    age(credential, 45)

    assert refresh_now(credential).version == 2
    assert stats(strict)["double_spends"] == 0


def test_a_provider_that_cannot_be_asked_is_tried_ever_more_seldom() -> None:
    pauses = [intent._spacing(count).total_seconds() for count in range(6)]

    assert pauses == [30, 120, 480, 900, 900, 900]


@pytest.fixture
def with_alive_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider be one that answers about access tokens only."""
    spec = introspection.SPECS["hubspot"]
    changed = replace(
        spec,
        introspects_refresh_tokens=False,
        alive_path="/account-info/2026-09/details",
    )
    monkeypatch.setitem(introspection.SPECS, "hubspot", changed)


@pytest.mark.usefixtures("with_alive_path")
def test_a_living_access_token_proves_that_nothing_was_spent(
    credential: Credential, sandbox: Any
) -> None:
    refresh_token = credentials.open_refresh(credential)
    assert refresh_token is not None

    assert introspection.is_unspent(credential, refresh_token) is True
    sandbox.client.command("tokens/expire")
    assert introspection.is_unspent(credential, refresh_token) is False


@pytest.mark.usefixtures("with_alive_path")
def test_an_access_token_past_its_life_proves_nothing(
    credential: Credential, sandbox: Any
) -> None:
    refresh_token = credentials.open_refresh(credential)
    assert refresh_token is not None
    credential.access_expires_at = timezone.now()
    calls = len(sandbox.log)

    assert introspection.is_unspent(credential, refresh_token) is None
    assert len(sandbox.log) == calls


@pytest.mark.usefixtures("with_alive_path")
@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 503},
        {"kind": "intermediary", "status": 401},
        {"kind": "intermediary", "status": 401, "form": "json"},
        {"kind": "html"},
        {"kind": "truncated"},
    ],
)
def test_a_provider_that_does_not_say_is_asked_again_before_anything_is_spent(
    credential: Credential, strict: Any, fault: dict[str, Any]
) -> None:
    send_and_vanish(credential)
    age(credential, 45)
    strict.client.command("faults/add", family="account", **fault)
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(Transient):
        refresh_now(credential)

    assert strict.count("oauth/2026-09/token") == requests
    assert not introspection.was_spent(Credential.objects.get())


@pytest.mark.usefixtures("with_alive_path")
def test_a_token_refused_before_it_was_to_be_renewed_proves_nothing(
    credential: Credential, strict: Any
) -> None:
    source = tokens.TokenSource(credential.connection_id)
    refused = source()
    strict.client.command("tokens/expire")
    strict.client.command(
        "faults/add", kind="status", status=409, family="token", count=1
    )
    with pytest.raises(Transient):
        source.refresh(refused)
    age(credential, 90)

    assert refresh_now(credential).version == 2
    assert Connection.objects.get().state == "active"
    assert stats(strict)["double_spends"] == 0


@pytest.mark.usefixtures("with_alive_path")
def test_a_spent_token_stays_spent_when_nobody_can_be_asked_any_more(
    credential: Credential, strict: Any
) -> None:
    send_and_vanish(credential)
    age(credential, 45)
    strict.client.command("tokens/expire")
    with pytest.raises(RateLimited):
        refresh_now(credential)
    age(credential, 90)
    expire(credential)
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(NoTokenError):
        refresh_now(credential)

    assert strict.count("oauth/2026-09/token") == requests
    assert Connection.objects.get().reason == "rotation_lost"


@pytest.mark.usefixtures("with_alive_path")
def test_a_spent_token_is_not_sent_while_the_provider_does_not_say(
    credential: Credential, strict: Any
) -> None:
    send_and_vanish(credential)
    age(credential, 45)
    strict.client.command("tokens/expire")
    with pytest.raises(RateLimited):
        refresh_now(credential)
    age(credential, 90)
    strict.client.command("faults/add", kind="status", status=503, family="account")
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(Transient):
        refresh_now(credential)

    assert strict.count("oauth/2026-09/token") == requests
