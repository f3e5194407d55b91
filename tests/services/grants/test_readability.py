"""Credentials that cannot be opened are seen: by users, staff, probes and the check."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from integrations.http.secrets import Secret
from integrations.models import AuditEvent, Connection, Credential, ProviderState
from integrations.services.common.errors import NoTokenError
from integrations.services.connections.facts import needing_user
from integrations.services.connections.status import status_of
from integrations.services.grants import readability, tokens
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks import registry
from tests.support.rows import make_connection, make_grant

pytestmark = pytest.mark.django_db
WRONG = Secret("k1:" + "B" * 43 + "=")
UNKNOWN = Secret("k9:" + "B" * 43 + "=")


@pytest.fixture
def two(alice: User) -> list[Connection]:
    connections = [make_connection(alice) for _ in range(2)]
    for each in connections:
        make_grant(each)
    return connections


def damage(connection: Connection) -> None:
    row = Credential.objects.get(connection=connection)
    row.access_token = row.access_token[:-6] + "AAAAAA"
    row.save(update_fields=["access_token"])


def state(connection: Connection) -> tuple[str, str]:
    connection.refresh_from_db()
    return connection.state, connection.reason


@pytest.mark.parametrize("is_used", [True, False])
def test_a_damaged_row_is_for_its_user_to_reconnect(
    two: list[Connection], is_used: bool
) -> None:
    damage(two[0])
    for _ in range(2):
        if is_used:
            with pytest.raises(NoTokenError):
                tokens.token_for(two[0].pk)
        else:
            readability.check()

    assert state(two[0]) == ("needs_reconnect", "credential_unreadable")
    assert "reconnect" in status_of(two[0]).actions
    assert state(two[1]) == ("active", "")
    assert ProviderState.objects.get().reason == "credentials_unreadable"
    assert AuditEvent.objects.filter(event="credentials.unreadable").count() == 1


@pytest.mark.parametrize("keys", [WRONG, UNKNOWN])
def test_a_wrong_key_is_said_to_be_ours_and_heals_by_itself(
    two: list[Connection], alice: User, settings: Any, keys: Secret
) -> None:
    right, settings.TOKEN_KEYS = settings.TOKEN_KEYS, keys
    readability.check()

    assert [state(each) for each in two] == [("degraded", "site_key_wrong")] * 2
    assert {status_of(each).code for each in two} == {"site_key_wrong"}
    assert not needing_user(alice).exists()
    assert AuditEvent.objects.filter(event="credentials.unreadable").count() == 1
    settings.TOKEN_KEYS = right
    readability.check()
    assert [state(each) for each in two] == [("active", "")] * 2


def test_keys_that_another_machine_has_already_mark_nobody(
    two: list[Connection], settings: Any
) -> None:
    newer = Credential.objects.get(connection=two[0])
    Credential.objects.filter(pk=newer.pk).update(
        access_token=newer.access_token.replace(".k1.", ".k2.")
    )
    readability.check()

    assert [state(each) for each in two] == [("active", "")] * 2


def test_the_check_opens_every_row_and_counts_those_that_do_not(
    two: list[Connection],
) -> None:
    out = StringIO()
    call_command("rotate_token_keys", "--check", stdout=out)
    damage(two[1])

    with pytest.raises(CommandError) as caught:
        call_command("rotate_token_keys", "--check", stdout=out)

    assert "1 row cannot be opened" in str(caught.value)
    assert "cannot be opened: 1 credential" in out.getvalue()


def test_the_site_is_not_ready_while_a_credential_does_not_open(
    two: list[Connection],
) -> None:
    found = next(each for each in registry.CHECKS if each.id == "credentials")

    def unreadable() -> tuple[bool, Any]:
        result = found.probe(Census())
        return result.ok, result.facts["unreadable"]

    assert unreadable() == (True, 0)
    damage(two[0])
    assert unreadable() == (False, 1)
    readability.check()

    assert unreadable() == (False, 1)
