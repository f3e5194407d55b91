"""A grant that cannot be ended is not forgotten: its owner and staff are told."""

import logging
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from integrations.http.sending.transport import Request, Response, Timeouts
from integrations.models import (
    AuditEvent,
    Connection,
    FailedRevocation,
    PendingRevocation,
)
from integrations.services.common.clients import oauth_clients
from integrations.services.connections import disconnect
from integrations.services.grants import failed_revocations, revocation
from integrations.services.upkeep import retention
from tests.support.rows import make_connection, make_grant

UNKNOWN = b'{"error": "not_found"}'


class Refusing:
    """Answer every call with one refusal, and count them."""

    def __init__(self, status: int, body: bytes) -> None:
        self.status, self.body, self.calls = status, body, 0

    def send(self, request: Request, timeouts: Timeouts, max_bytes: int) -> Response:
        self.calls += 1
        return Response(status=self.status, body=self.body)


@pytest.fixture
def ended(alice: User) -> Connection:
    """Return a connection whose grant is to be revoked."""
    connection = make_connection(alice, account_name="Acme", remote_id="1:1")
    make_grant(connection)
    disconnect.disconnect(connection, actor=alice, keep_items=True)
    return connection


def refuse(
    monkeypatch: pytest.MonkeyPatch, status: int, body: bytes = UNKNOWN
) -> Refusing:
    transport = Refusing(status, body)
    monkeypatch.setattr(oauth_clients, "transport", lambda: transport)
    return transport


def try_again() -> int:
    PendingRevocation.objects.update(due_at=timezone.now() - timedelta(seconds=1))
    return revocation.revoke_due()


@pytest.mark.parametrize(
    ("status", "body", "tries"),
    [
        (503, b"{}", 12),
        (401, b'{"error": "invalid_client"}', 12),
        (400, b'{"error": "invalid_request"}', 1),
        (404, UNKNOWN, 1),
        # Of none of the provider's forms: something between us and it answered.
        (404, b"<html>", 12),
    ],
)
def test_a_revocation_that_is_given_up_is_kept_without_its_token(
    ended: Connection,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    body: bytes,
    tries: int,
) -> None:
    transport = refuse(monkeypatch, status, body)

    done = [try_again() for _ in range(13)]

    assert (sum(done), transport.calls) == (1, tries)
    assert not PendingRevocation.objects.exists()
    failed = FailedRevocation.objects.get()
    assert (failed.owner, failed.account_name) == (alice, "Acme")
    assert (failed.account_id, failed.status, failed.tries) == ("1:1", status, tries)
    event = AuditEvent.objects.get(event="revocation.given_up")
    assert (event.user, event.subject) == (alice, str(failed.pk))


def test_a_provider_that_cannot_be_told_is_never_said_to_have_been(
    alice: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connection = make_connection(alice, provider="airtable", remote_id="usr1")
    make_grant(connection)
    disconnect.disconnect(connection, actor=alice, keep_items=True)
    transport = refuse(monkeypatch, 500)

    with caplog.at_level(logging.INFO):
        try_again()

    assert transport.calls == 0
    assert not PendingRevocation.objects.exists()
    failed = FailedRevocation.objects.get()
    assert (failed.owner, failed.error) == (alice, "not_offered")
    assert "token revoked" not in caplog.text


def test_a_token_that_the_provider_does_not_know_is_done_with(
    ended: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, 400, b'{"error": "invalid_grant"}')

    assert try_again() == 1

    assert not FailedRevocation.objects.exists()


def test_an_account_that_is_connected_again_is_asked_about_no_more(
    ended: Connection, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch, 404)
    try_again()
    assert failed_revocations.shown_to(alice).count() == 1

    Connection.objects.update(state=Connection.State.ACTIVE)

    assert not failed_revocations.shown_to(alice).exists()


def test_one_is_forgotten_with_the_audit_of_its_time(
    ended: Connection, monkeypatch: pytest.MonkeyPatch, settings: object
) -> None:
    refuse(monkeypatch, 404)
    try_again()

    retention.prune(now=timezone.now() + timedelta(days=4000))

    assert not FailedRevocation.objects.exists()
