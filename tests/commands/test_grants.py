"""The console renews, sweeps, reconciles and rotates keys, and says what it did."""

import base64
import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from integrations.http.secrets import Secret
from integrations.models import Connection, Credential, Item
from integrations.services.grants import key_rotation, tokens
from tests.services.conftest import (  # noqa: F401 (fixtures are found by name)
    connect,
    connection,
    grant,
    sandbox,
    seeded_sandbox,
)

K1 = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
K2 = "k2:" + base64.b64encode(bytes(range(1, 33))).decode()


def run(*words: str) -> str:
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_refresh_due_renews_what_is_due_and_nothing_else(
    connection: Connection,  # noqa: F811
) -> None:
    assert run("refresh_due").strip() == "0 refreshed, 0 not refreshed"
    Credential.objects.update(refresh_due_at=timezone.now() - timedelta(seconds=1))

    assert run("refresh_due").strip() == "1 refreshed, 0 not refreshed"
    assert Credential.objects.get().version == 2


def test_refresh_due_fails_when_a_token_was_not_renewed(
    connection: Connection,  # noqa: F811
    sandbox: Any,  # noqa: F811
) -> None:
    Credential.objects.update(refresh_due_at=timezone.now() - timedelta(seconds=1))
    sandbox.client.command("faults/add", kind="status", status=503, family="token")

    with pytest.raises(CommandError):
        run("refresh_due")


def test_sweep_says_what_it_brought_back(connection: Connection) -> None:  # noqa: F811
    assert re.search(r"^ +0 syncs ", run("sweep"), re.MULTILINE)


def test_reconcile_repairs_and_reports_what_differed(
    connection: Connection,  # noqa: F811
) -> None:
    run("reconcile", str(connection.pk))
    Item.objects.filter(pk__in=Item.objects.values("pk")[:3]).delete()

    Connection.objects.update(account_name="Acme\x1b[31m")

    told = run("reconcile", str(connection.pk))

    assert "3 were missing, 0 differed" in told
    assert "\x1b" not in told


def test_rotation_seals_everything_with_the_first_key(
    connection: Connection,  # noqa: F811
    settings: Any,
) -> None:
    before = tokens.token_for(connection.pk).secret
    settings.TOKEN_KEYS = Secret(f"{K2},{K1}")
    with pytest.raises(CommandError):
        run("rotate_token_keys", "--check")

    out = run("rotate_token_keys")

    assert "2 sealed anew, 0 could not be opened" in out
    assert "k1: 0 rows" in out
    assert "k2: 2 rows  (first)" in out
    settings.TOKEN_KEYS = Secret(K2)
    assert tokens.token_for(connection.pk).secret == before
    run("rotate_token_keys", "--check")


def test_rotation_never_overwrites_what_came_in_between(
    connection: Connection,  # noqa: F811
    settings: Any,
) -> None:
    settings.TOKEN_KEYS = Secret(f"{K2},{K1}")
    newer = {"access_token": "v1.k2.newer", "refresh_token": "v1.k2.newer"}

    done = key_rotation.rotate(on_row=lambda: Credential.objects.update(**newer))

    assert done == (0, 0)
    assert Credential.objects.filter(**newer).exists()


def test_rotation_leaves_what_it_cannot_open_and_says_so(
    connection: Connection,  # noqa: F811
    settings: Any,
) -> None:
    stored = Credential.objects.get().access_token
    settings.TOKEN_KEYS = Secret(K2)

    with pytest.raises(CommandError) as caught:
        run("rotate_token_keys")

    assert "2 rows are not sealed" in str(caught.value)
    assert Credential.objects.get().access_token == stored
