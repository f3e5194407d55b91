"""Do what a worker does to a credential, whole or half."""

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from integrations.models import Credential, RefreshAttempt
from integrations.services.common.clients import oauth_clients
from integrations.services.grants import refresh
from integrations.services.grants.refresh_attempts import intent, lease


def refresh_now(credential: Credential) -> Credential:
    credential.refresh_from_db()
    return refresh.refresh_credential(
        credential.connection_id, seen_version=credential.version, why="test"
    )


def age(credential: Credential, seconds: float) -> None:
    """Let an attempt that somebody left open have begun so long ago."""
    began = timezone.now() - timedelta(seconds=seconds)
    Credential.objects.filter(pk=credential.pk).update(
        attempt_started_at=began,
        lease_until=timezone.now() - timedelta(seconds=1),
        refresh_due_at=None,
    )


def send_and_vanish(credential: Credential) -> Any:
    """Do all a worker does up to the answer, which stays unread; return both."""
    credential.refresh_from_db()
    lease_id = uuid.uuid4()
    assert lease.take(credential.connection_id, lease_id, credential.version)
    attempt = intent.commit(credential.connection_id, lease_id, "test")
    oauth = oauth_clients.oauth_client(credential.connection.provider)
    answer = oauth.refresh(attempt.refresh_token)
    return attempt, answer


def outcomes() -> list[str]:
    found = RefreshAttempt.objects.order_by("started_at")
    return list(found.values_list("outcome", flat=True))


def stats(sandbox: Any) -> dict[str, Any]:
    return dict(sandbox.client.query("stats"))


def expire(credential: Credential) -> None:
    Credential.objects.filter(pk=credential.pk).update(
        access_expires_at=timezone.now() - timedelta(seconds=1)
    )


def age_attempt(credential: Credential) -> None:
    """Let the last attempt have happened long ago."""
    past = timezone.now() - timedelta(hours=1)
    Credential.objects.filter(pk=credential.pk).update(
        attempt_started_at=past, lease_until=past
    )


def wait_out(credential: Credential) -> None:
    """Let the pause that the provider asked for be over."""
    Credential.objects.filter(pk=credential.pk).update(
        lease_until=timezone.now() - timedelta(seconds=1)
    )
