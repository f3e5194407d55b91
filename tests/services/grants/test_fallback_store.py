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
from integrations.services.grants import credentials, revocation
from integrations.services.grants.refresh_attempts import intent
from integrations.services.grants.stores import fallback_store
from tests.services.grants.working import outcomes, refresh_now, send_and_vanish, stats

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_broken_connection_falls_back_and_stores_at_once_when_it_is_back(
    credential: Credential, var_dir: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_store, calls = credentials.store, []

    def broken_once(*args: Any) -> bool:
        calls.append(args)
        if len(calls) == 1:
            raise InterfaceError("the connection is closed")
        return real_store(*args)

    monkeypatch.setattr(credentials, "store", broken_once)

    assert refresh_now(credential).version == 2
    assert outcomes() == ["fallback_stored"]
    assert not list((var_dir / "fallback_store").glob("*"))
    assert cache.get(f"fallback_store:{credential.connection_id}") is None


@pytest.fixture
def stored_answer(
    credential: Credential, strict: Any, var_dir: Any
) -> tuple[intent.Attempt, Any]:
    """Return an attempt whose answer lies beside the database."""
    attempt, answer = send_and_vanish(credential)
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    fallback_store.write(attempt, columns)
    return attempt, answer


def test_what_the_fallback_store_holds_is_ciphertext_in_a_private_file(
    stored_answer: Any, credential: Credential, var_dir: Any
) -> None:
    attempt, answer = stored_answer
    path = var_dir / "fallback_store" / f"{credential.connection_id}.json"
    kept = [path.read_text(), cache.get(f"fallback_store:{credential.connection_id}")]

    assert path.stat().st_mode & 0o777 == 0o600
    for text in kept:
        for secret in (attempt.refresh_token, answer.access_token):
            assert secret.reveal() not in text
        assert answer.refresh_token.reveal() not in text


@pytest.mark.parametrize("place", ["file", "cache"])
def test_one_of_the_two_places_is_enough(
    stored_answer: Any, credential: Credential, var_dir: Any, place: str
) -> None:
    if place == "file":
        cache.clear()
    else:
        (var_dir / "fallback_store" / f"{credential.connection_id}.json").unlink()

    assert refresh_now(credential).version == 2

    assert outcomes() == ["fallback_stored"]
    assert not list((var_dir / "fallback_store").glob("*"))


@pytest.mark.parametrize("place", ["file", "cache"])
def test_what_a_former_release_wrote_is_restored(
    stored_answer: Any, credential: Credential, var_dir: Any, place: str
) -> None:
    name = f"{credential.connection_id}.json"
    text = (var_dir / "fallback_store" / name).read_text()
    former = json.loads(text.replace('{"datetime":', '{"moment":'))
    former["columns"]["attempt_version"] = None
    (var_dir / "fallback_store" / name).unlink()
    cache.clear()
    if place == "file":
        (var_dir / "spill").mkdir()
        (var_dir / "spill" / name).write_text(json.dumps(former))
        assert fallback_store.restore_all() == 1
    else:
        cache.set(f"spill:{credential.connection_id}", json.dumps(former))
        assert fallback_store.restore(credential.connection_id)

    credential.refresh_from_db()
    assert credential.version == 2
    assert outcomes() == ["fallback_stored"]
    assert not fallback_store.restore(credential.connection_id)


def test_an_answer_restored_twice_harms_nobody(
    stored_answer: Any, credential: Credential, var_dir: Any, strict: Any
) -> None:
    path = var_dir / "fallback_store" / f"{credential.connection_id}.json"
    text = path.read_text()
    fallback_store.restore_all()
    refresh_now(credential)
    path.write_text(text)

    fallback_store.restore_all()

    assert not PendingRevocation.objects.exists()
    assert refresh_now(credential).version == 4
    assert stats(strict)["double_spends"] == 0


def test_an_answer_of_a_grant_that_was_replaced_is_revoked(
    stored_answer: Any, credential: Credential, alice: User, connect: Callable[..., Any]
) -> None:
    connect(alice)
    PendingRevocation.objects.all().delete()

    fallback_store.restore_all()

    assert PendingRevocation.objects.count() == 1
    current = Credential.objects.get()
    assert (current.generation, current.version) == (2, 2)
    revocation.revoke_due()
    assert refresh_now(current).version == 3


def test_an_answer_of_a_connection_that_was_ended_does_not_bring_it_back(
    stored_answer: Any, credential: Credential
) -> None:
    disconnect.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    PendingRevocation.objects.all().delete()

    fallback_store.restore_all()

    assert not Credential.objects.exists()
    assert Connection.objects.get().state == "disconnected"
    assert PendingRevocation.objects.count() == 1


def test_an_answer_whose_row_was_taken_still_mends_the_state(
    stored_answer: Any, credential: Credential
) -> None:
    fallback_store.restore_all()
    Connection.objects.update(state="needs_reconnect", reason="rotation_lost")
    kept, answer = stored_answer
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    fallback_store.write(kept, columns)

    fallback_store.restore_all()

    assert Connection.objects.get().state == "active"


def test_an_answer_nobody_can_read_is_left_for_an_operator(
    credential: Credential, var_dir: Any
) -> None:
    folder = var_dir / "fallback_store"
    folder.mkdir()
    path = folder / f"{credential.connection_id}.json"
    for text in ("{", json.dumps({"columns": {"no_such_column": 1}})):
        path.write_text(text)

        fallback_store.restore_all()

        assert path.with_suffix(".unreadable").read_text() == text
        assert not path.exists()
