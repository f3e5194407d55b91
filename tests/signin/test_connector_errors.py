"""A connector that cannot tell whose a grant is costs that grant, and nothing else."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from integrations.models import AuditEvent, Connection, PendingRevocation
from integrations.providers import CONNECTORS
from integrations.services.grants import revocation
from tests.signin.conftest import CALLBACK

SECRET = "ada@example.org"


def fail(*_args: Any, **_options: Any) -> Any:
    raise KeyError(SECRET)


@pytest.mark.parametrize("name", ["identify", "headers"])
def test_a_grant_that_cannot_be_identified_is_told_as_our_mistake(
    browser: Client,
    start: Callable[..., dict[str, str]],
    consent: Callable[..., dict[str, str]],
    sandbox: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
) -> None:
    answer = consent(start())
    monkeypatch.setattr(CONNECTORS["hubspot"], name, fail)

    page = browser.get(CALLBACK, answer, follow=True)

    (message,) = page.context["messages"]
    assert (message.level_tag, message.extra_tags) == ("error", "connector_error")
    assert 'data-code="connector_error"' in page.text
    logged = re.search(
        r"reference=(\w+) task=identify "
        r"error=KeyError at tests/signin/test_connector_errors\.py:\d+ "
        r"provider=hubspot",
        caplog.text,
    )
    assert logged is not None
    assert logged[1] in str(message)
    for secret in (SECRET, "KeyError"):
        assert secret not in page.text
    assert SECRET not in caplog.text
    refused = AuditEvent.objects.get(event="connection.refused")
    assert refused.facts["why"] == "connector_error"
    assert not Connection.objects.exists()
    assert revocation.revoke_due() == 1
    assert not PendingRevocation.objects.exists()
    grants = sandbox.client.query("tokens")["tokens"]
    assert all(row["revoked_at"] for row in grants if row["kind"] == "refresh")
