"""Fresh tokens that no database takes wait beside it, encrypted, and come back."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import InterfaceError
from django.utils import timezone

from integrations.models import Connection, Credential, PendingRevocation
from integrations.services.connections import disconnect
from integrations.services.grants import (
    credentials,
    fallback_store,
    refresh_attempts,
    revocation,
)
from tests.services.grants.working import outcomes, renew, send_and_vanish, stats

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_spills_and_stores_at_once_when_it_is_back(
    credential: Credential, var_dir: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_store, calls = credentials.store, []

    def broken_once(*args: Any) -> bool:
        calls.append(args)
        if len(calls) == 1:
            raise InterfaceError("the connection is closed")
        return real_store(*args)

    monkeypatch.setattr(credentials, "store", broken_once)

    assert renew(credential).version == 2
    assert outcomes() == ["spilled"]
    assert not list((var_dir / "spill").glob("*"))
    assert cache.get(f"spill:{credential.connection_id}") is None


@pytest.fixture
def spilled(
    credential: Credential, strict: Any, var_dir: Any
) -> tuple[refresh_attempts.Attempt, Any]:
    """Return an attempt whose answer lies beside the database."""
    attempt, answer = send_and_vanish(credential)
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    fallback_store.keep(attempt, columns)
    return attempt, answer


def test_what_was_spilled_is_ciphertext_in_a_private_file(
    spilled: Any, credential: Credential, var_dir: Any
) -> None:
    attempt, answer = spilled
    path = var_dir / "spill" / f"{credential.connection_id}.json"
    kept = [path.read_text(), cache.get(f"spill:{credential.connection_id}")]

    assert path.stat().st_mode & 0o777 == 0o600
    for text in kept:
        for secret in (attempt.refresh_token, answer.access_token):
            assert secret.reveal() not in text
        assert answer.refresh_token.reveal() not in text


@pytest.mark.parametrize("place", ["file", "cache"])
def test_one_of_the_two_places_is_enough(
    spilled: Any, credential: Credential, var_dir: Any, place: str
) -> None:
    if place == "file":
        cache.clear()
    else:
        (var_dir / "spill" / f"{credential.connection_id}.json").unlink()

    assert renew(credential).version == 2

    assert outcomes() == ["spilled"]
    assert not list((var_dir / "spill").glob("*"))


def test_a_spill_applied_twice_harms_nobody(
    spilled: Any, credential: Credential, var_dir: Any, strict: Any
) -> None:
    path = var_dir / "spill" / f"{credential.connection_id}.json"
    text = path.read_text()
    fallback_store.apply_all()
    renew(credential)
    path.write_text(text)

    fallback_store.apply_all()

    assert not PendingRevocation.objects.exists()
    assert renew(credential).version == 4
    assert stats(strict)["double_spends"] == 0


def test_a_spill_of_a_grant_that_was_replaced_is_given_back(
    spilled: Any, credential: Credential, alice: User, connect: Callable[..., Any]
) -> None:
    connect(alice)
    PendingRevocation.objects.all().delete()

    fallback_store.apply_all()

    assert PendingRevocation.objects.count() == 1
    current = Credential.objects.get()
    assert (current.generation, current.version) == (2, 2)
    revocation.revoke_due()
    assert renew(current).version == 3


def test_a_spill_of_a_connection_that_was_ended_does_not_bring_it_back(
    spilled: Any, credential: Credential
) -> None:
    disconnect.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    PendingRevocation.objects.all().delete()

    fallback_store.apply_all()

    assert not Credential.objects.exists()
    assert Connection.objects.get().state == "disconnected"
    assert PendingRevocation.objects.count() == 1


def test_a_spill_whose_row_was_taken_still_mends_the_state(
    spilled: Any, credential: Credential
) -> None:
    fallback_store.apply_all()
    Connection.objects.update(state="needs_reconnect", reason="rotation_lost")
    kept, answer = spilled
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    fallback_store.keep(kept, columns)

    fallback_store.apply_all()

    assert Connection.objects.get().state == "active"


def test_a_spill_nobody_can_read_is_left_for_a_user(
    credential: Credential, var_dir: Any
) -> None:
    folder = var_dir / "spill"
    folder.mkdir()
    path = folder / f"{credential.connection_id}.json"
    for text in ("{", json.dumps({"columns": {"no_such_column": 1}})):
        path.write_text(text)

        fallback_store.apply_all()

        assert path.with_suffix(".unreadable").read_text() == text
        assert not path.exists()
