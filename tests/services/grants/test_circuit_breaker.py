"""A provider that refuses our client is asked once a minute, and read meanwhile."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.errors import Transient
from integrations.models import Connection, Credential, ProviderState, RefreshAttempt
from integrations.services.grants import refresh
from tests.services.fixtures import FinishSync
from tests.services.grants.working import refresh_now, wait_out

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(sandbox: Any, credential: Credential) -> Any:
    """Let the provider refuse our client, and one renewal have met that."""
    sandbox.client.command("faults/add", kind="invalid_client", family="token", count=9)
    with pytest.raises(Transient):
        refresh_now(credential)
    wait_out(credential)
    return sandbox


def let_minutes_pass() -> None:
    past = timezone.now() - timedelta(seconds=1)
    ProviderState.objects.update(paused_until=past)
    Credential.objects.update(lease_until=None, lease_id=None)


def try_to_refresh(connection_id: Any) -> None:
    with pytest.raises(Transient):
        refresh.refresh_credential(connection_id, seen_version=1, why="test")


def test_one_renewal_a_minute_is_a_probe(
    refused: Any, credential: Credential, connect: Callable[..., Connection], bob: User
) -> None:
    sent = refused.count("oauth/2026-09/token")
    try_to_refresh(credential.connection_id)
    assert refused.count("oauth/2026-09/token") == sent
    assert ProviderState.objects.get().paused_until < timezone.now() + timedelta(
        seconds=61
    )

    for _ in range(2):
        let_minutes_pass()
        for _ in range(3):
            try_to_refresh(credential.connection_id)
            Credential.objects.update(lease_until=None, lease_id=None)

    assert refused.count("oauth/2026-09/token") == sent + 2


def test_the_first_renewal_that_is_granted_lets_everybody_through(
    refused: Any, credential: Credential
) -> None:
    refused.client.command("faults/clear")
    let_minutes_pass()

    assert refresh_now(credential).version == 2
    assert refresh_now(credential).version == 3
    assert not ProviderState.objects.get().is_paused


def test_a_good_token_goes_on_reading_while_renewals_are_refused(
    refused: Any, connection: Connection, finish_sync: FinishSync
) -> None:
    run = finish_sync(connection)

    assert (run.outcome, run.reason) == ("complete", "")
    assert ProviderState.objects.get().is_paused


@pytest.mark.parametrize("told", [1, "1", 5.0])
def test_a_life_of_a_second_does_not_mean_a_renewal_at_every_tick(
    sandbox: Any, credential: Credential, told: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="odd_expires_in", family="token", value=told
    )
    before = timezone.now()
    renewed = refresh_now(credential)

    assert renewed.refresh_due_at >= before + timedelta(seconds=30)
    assert renewed.access_expires_at >= before + timedelta(seconds=30)
    assert not renewed.is_expired


@pytest.mark.parametrize("told", [0, -5, 10**12, "soon", None, True])
def test_a_life_that_is_none_is_taken_for_untold(
    sandbox: Any, credential: Credential, told: Any
) -> None:
    sandbox.client.command(
        "faults/add", kind="odd_expires_in", family="token", value=told
    )
    renewed = refresh_now(credential)

    assert renewed.access_expires_at is None
    assert RefreshAttempt.objects.get().outcome == "refreshed"
