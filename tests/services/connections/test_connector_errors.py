"""Removing an app by a connector that fails costs that step, and no other."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from integrations.models import Connection, PendingRevocation
from integrations.providers import CONNECTORS
from integrations.services.common.proof import RecentProof
from integrations.services.connections import disconnect
from integrations.services.grants import revocation

SECRET = "ada@example.org"


def fail(*_args: Any, **_options: Any) -> Any:
    raise KeyError(SECRET)


def test_an_error_while_uninstalling_leaves_the_other_revocations(
    alice: User,
    connection: Connection,
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(CONNECTORS["hubspot"], "uninstall", fail)
    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=True,
        uninstall=True,
        proof=RecentProof(user=alice),
    )

    assert revocation.revoke_due() == 1

    pending = PendingRevocation.objects.get()
    assert (pending.is_uninstall, pending.tries) == (True, 1)
    grants = sandbox.client.query("tokens")["tokens"]
    assert all(row["revoked_at"] for row in grants if row["kind"] == "refresh")
    assert re.search(
        r"reference=\w+ task=uninstall "
        r"error=KeyError at tests/services/connections/test_connector_errors\.py:\d+",
        caplog.text,
    )
    assert SECRET not in caplog.text


def test_an_error_about_the_installation_takes_the_offer_away_and_nothing_else(
    alice: User,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(CONNECTORS["hubspot"], "installation_of", fail)

    assert not disconnect.may_uninstall(connection)
    disconnect.disconnect(
        connection,
        actor=alice,
        keep_items=True,
        uninstall=True,
        proof=RecentProof(user=alice),
    )

    connection.refresh_from_db()
    assert connection.state == "disconnected"
    assert not PendingRevocation.objects.filter(is_uninstall=True).exists()
    assert "task=installation_of error=KeyError at tests/" in caplog.text
    assert SECRET not in caplog.text
