"""Two workers, a late answer, a clock that jumps: the grant survives all of it."""

import dataclasses
import json
import signal
import threading
import time
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.cache import cache
from django.db import InterfaceError
from django.utils import timezone

from integrations.http.errors import RateLimited, Transient
from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
    Credential,
    PendingRevocation,
    RefreshAttempt,
)
from integrations.oauth.tokens import TokenSet
from integrations.services import (
    attempts,
    connection_state,
    credentials,
    disconnecting,
    oauth_clients,
    probes,
    refresh,
    revocations,
    schedule,
    spill,
    stopping,
    token_cache,
    tokens,
)
from integrations.services.errors import NoTokenError
from integrations.tasks import refresh_connection

pytestmark = pytest.mark.django_db


@pytest.fixture
def credential(connection: Connection) -> Credential:
    return Credential.objects.get(connection=connection)


@pytest.fixture
def strict(sandbox: Any) -> Any:
    """Let the provider rotate, and end a grant whose old token comes again."""
    sandbox.client.order("switches/set", name="rotation", value=True)
    sandbox.client.order("switches/set", name="punish_reuse", value=True)
    return sandbox


@pytest.fixture
def var_dir(settings: Any, tmp_path: Any) -> Any:
    settings.VAR_DIR = tmp_path
    return tmp_path


def renew(credential: Credential) -> Credential:
    credential.refresh_from_db()
    return refresh.renew(
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
    assert attempts.take_lease(credential.connection_id, lease_id, credential.version)
    attempt = attempts.commit_intent(credential.connection_id, lease_id, "test")
    answer = oauth_clients.oauth_client("hubspot").refresh(attempt.refresh_token)
    return attempt, answer


def outcomes() -> list[str]:
    found = RefreshAttempt.objects.order_by("started_at")
    return list(found.values_list("outcome", flat=True))


def stats(sandbox: Any) -> dict[str, Any]:
    return dict(sandbox.client.ask("stats"))


def test_the_next_worker_asks_before_it_spends_a_token_again(
    credential: Credential, strict: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    age(credential, 45)
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(RateLimited):
        renew(credential)

    assert strict.log[-1].endswith("/token/introspect")
    assert strict.count("oauth/2026-09/token") == requests + 1
    assert refresh._store(attempt, answer) == "refreshed"
    assert renew(credential).version == 3
    assert stats(strict)["double_spends"] == 0


def test_a_late_good_answer_mends_a_connection_that_was_given_up(
    credential: Credential, strict: Any, django_capture_on_commit_callbacks: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    age(credential, 100)
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(NoTokenError):
        renew(credential)
    assert Connection.objects.get().reason == "rotation_lost"
    assert outcomes() == ["abandoned"]

    refresh._store(attempt, answer)

    connection = Connection.objects.get()
    assert (connection.state, connection.notified_at) == ("active", None)
    assert renew(credential).version == 3
    assert stats(strict)["double_spends"] == 0
    assert len(mail.outbox) == 1


def test_a_token_that_was_never_spent_is_used_after_asking(
    credential: Credential, strict: Any
) -> None:
    strict.client.order("faults/add", kind="reset", family="token", count=1)
    with pytest.raises(Transient):
        renew(credential)
    age(credential, 45)

    assert renew(credential).version == 2
    assert stats(strict)["double_spends"] == 0


def test_a_retry_that_spent_nothing_leaves_the_doubt_as_it_was(
    credential: Credential, sandbox: Any
) -> None:
    for fault in ({"kind": "lost"}, {"kind": "status", "status": 503}):
        sandbox.client.order("faults/add", family="token", count=1, **fault)
        with pytest.raises(Transient):
            renew(credential)
        age(credential, 100)

    credential.refresh_from_db()
    assert credential.attempt_id is not None
    assert credential.unknown_outcomes == 0
    assert renew(credential).version == 2


def test_a_provider_that_cannot_be_asked_is_tried_ever_more_seldom() -> None:
    pauses = [attempts._spacing(count).total_seconds() for count in range(6)]

    assert pauses == [30, 120, 480, 900, 900, 900]


def test_a_clock_that_was_set_back_blocks_nobody_for_long(
    credential: Credential,
) -> None:
    later = timezone.now() + timedelta(hours=1)
    Credential.objects.update(
        lease_id=uuid.uuid4(),
        lease_until=later,
        attempt_id=uuid.uuid4(),
        attempt_version=1,
        attempt_started_at=later,
    )

    with pytest.raises(RateLimited) as caught:
        renew(credential)

    assert caught.value.retry_after is not None
    assert caught.value.retry_after <= 30
    age(credential, 31)
    assert renew(credential).version == 2


def test_a_worker_that_stood_still_before_sending_sends_nothing(
    credential: Credential, sandbox: Any
) -> None:
    lease_id = uuid.uuid4()
    attempts.take_lease(credential.connection_id, lease_id, 1)
    attempt = attempts.commit_intent(credential.connection_id, lease_id, "test")
    stale = attempts.Attempt(**{**vars(attempt), "send_before": time.monotonic() - 1.0})
    requests = sandbox.count("/token")

    with pytest.raises(RateLimited):
        refresh._send_and_store(stale)

    assert sandbox.count("/token") == requests
    assert outcomes() == ["not_sent"]


def test_a_lease_that_was_taken_over_is_never_used(credential: Credential) -> None:
    mine, others = uuid.uuid4(), uuid.uuid4()
    attempts.take_lease(credential.connection_id, mine, 1)
    Credential.objects.update(lease_id=others)

    with pytest.raises(RateLimited):
        attempts.commit_intent(credential.connection_id, mine, "test")

    credential.refresh_from_db()
    assert (credential.lease_id, credential.attempt_id) == (others, None)


def test_a_slow_failure_leaves_the_next_workers_lease_alone(
    credential: Credential,
) -> None:
    mine, others = uuid.uuid4(), uuid.uuid4()
    attempts.take_lease(credential.connection_id, mine, 1)
    attempt = attempts.commit_intent(credential.connection_id, mine, "test")
    Credential.objects.update(lease_id=others)

    attempts.leave_open(attempt)

    credential.refresh_from_db()
    assert credential.lease_id == others


def test_disconnecting_in_mid_flight_gives_the_fresh_tokens_back(
    credential: Credential, strict: Any
) -> None:
    attempt, answer = send_and_vanish(credential)
    disconnecting.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    PendingRevocation.objects.all().delete()

    assert refresh._store(attempt, answer) == "superseded"

    assert revocations.revoke_due() == 1
    assert not Credential.objects.exists()
    live = [t for t in strict.client.ask("tokens")["tokens"] if not t["revoked_at"]]
    assert not [t for t in live if t["kind"] == "refresh"]


def test_reconnecting_in_mid_flight_keeps_the_new_grant(
    credential: Credential, strict: Any, alice: User, connect: Callable[..., Any]
) -> None:
    attempt, answer = send_and_vanish(credential)
    connect(alice)
    newest = Credential.objects.get()

    assert refresh._store(attempt, answer) == "superseded"

    revocations.revoke_due()
    newest.refresh_from_db()
    assert newest.generation == 2
    assert renew(newest).version == newest.version + 1


def test_an_older_token_of_the_same_grant_is_never_revoked(
    credential: Credential, strict: Any
) -> None:
    strict.client.order("switches/set", name="grace_seconds", value=600)
    attempt, answer = send_and_vanish(credential)
    age(credential, 100)
    Credential.objects.update(attempt_id=None, lease_until=None)
    for _ in range(2):
        renew(credential)

    assert refresh._store(attempt, answer) == "superseded"

    assert not PendingRevocation.objects.exists()
    assert renew(credential).version == 4


def test_a_state_is_not_written_over_a_version_that_came_in_between(
    credential: Credential,
) -> None:
    connection = Connection.objects.get()
    Credential.objects.update(version=2)

    said = connection_state.needs_reconnect(connection, "grant_rejected", version=1)

    assert not said
    assert Connection.objects.get().state == "active"


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
) -> tuple[attempts.Attempt, Any]:
    """Return an attempt whose answer lies beside the database."""
    attempt, answer = send_and_vanish(credential)
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    spill.keep(attempt, columns)
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
    spill.apply_all()
    renew(credential)
    path.write_text(text)

    spill.apply_all()

    assert not PendingRevocation.objects.exists()
    assert renew(credential).version == 4
    assert stats(strict)["double_spends"] == 0


def test_a_spill_of_a_grant_that_was_replaced_is_given_back(
    spilled: Any, credential: Credential, alice: User, connect: Callable[..., Any]
) -> None:
    connect(alice)
    PendingRevocation.objects.all().delete()

    spill.apply_all()

    assert PendingRevocation.objects.count() == 1
    current = Credential.objects.get()
    assert (current.generation, current.version) == (2, 2)
    revocations.revoke_due()
    assert renew(current).version == 3


def test_a_spill_of_a_connection_that_was_ended_does_not_bring_it_back(
    spilled: Any, credential: Credential
) -> None:
    disconnecting.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    PendingRevocation.objects.all().delete()

    spill.apply_all()

    assert not Credential.objects.exists()
    assert Connection.objects.get().state == "disconnected"
    assert PendingRevocation.objects.count() == 1


def test_a_spill_whose_row_was_taken_still_mends_the_state(
    spilled: Any, credential: Credential
) -> None:
    spill.apply_all()
    Connection.objects.update(state="needs_reconnect", reason="rotation_lost")
    kept, answer = spilled
    columns = credentials.seal_tokens(
        answer, connection_id=credential.connection_id, generation=1, now=timezone.now()
    )
    spill.keep(kept, columns)

    spill.apply_all()

    assert Connection.objects.get().state == "active"


def test_a_spill_nobody_can_read_is_left_for_a_person(
    credential: Credential, var_dir: Any
) -> None:
    folder = var_dir / "spill"
    folder.mkdir()
    path = folder / f"{credential.connection_id}.json"
    for text in ("{", json.dumps({"columns": {"no_such_column": 1}})):
        path.write_text(text)

        spill.apply_all()

        assert path.with_suffix(".unreadable").read_text() == text
        assert not path.exists()


def test_a_second_delivery_finds_the_work_done(
    credential: Credential, sandbox: Any
) -> None:
    arguments = (str(credential.connection_id), "schedule", "1")
    refresh_connection(*arguments)
    requests = sandbox.count("/token")

    refresh_connection(*arguments)

    credential.refresh_from_db()
    assert credential.version == 2
    assert sandbox.count("/token") == requests


def test_a_worker_of_the_refresh_queue_never_waits_for_a_winner(
    credential: Credential,
) -> None:
    Credential.objects.update(
        lease_id=uuid.uuid4(), lease_until=timezone.now() + timedelta(seconds=30)
    )
    began = time.monotonic()

    refresh_connection(str(credential.connection_id), "schedule", "1")

    assert time.monotonic() - began < 1


@pytest.mark.parametrize("due_in", [None, 3600])
def test_an_attempt_left_open_is_due_whatever_the_clock_says(
    credential: Credential, monkeypatch: pytest.MonkeyPatch, due_in: int | None
) -> None:
    sent: list[Any] = []
    monkeypatch.setattr(
        schedule.queue, "send", lambda *args, **kwargs: bool(sent.append(args)) or True
    )
    due_at = timezone.now() + timedelta(seconds=due_in) if due_in else None
    Credential.objects.update(
        attempt_id=uuid.uuid4(),
        attempt_started_at=timezone.now() - timedelta(seconds=45),
        lease_until=timezone.now() - timedelta(seconds=1),
        refresh_due_at=due_at,
    )

    first, second = schedule.refresh_due(), schedule.refresh_due()

    assert (first, second) == (1, 0)
    later = timezone.now() + schedule.REFRESH_CLAIM + timedelta(seconds=1)
    assert schedule.refresh_due(now=later) == 1


def test_a_token_of_an_earlier_grant_is_not_found_in_the_cache(
    credential: Credential, alice: User, connect: Callable[..., Any]
) -> None:
    old = tokens.token_for(credential.connection_id)
    stale = Credential.objects.get()
    disconnecting.disconnect(Connection.objects.get(), actor=None, keep_items=True)
    connect(alice)
    # A slow worker caches what it read before all that.
    token_cache.put(stale)
    assert Credential.objects.get().version == old.version

    fresh = tokens.token_for(credential.connection_id)

    assert fresh.secret != old.secret
    again = tokens.token_for(credential.connection_id, seen=fresh)
    assert again.secret == fresh.secret


def test_a_refusal_that_comes_after_disconnecting_says_nothing(
    credential: Credential, sandbox: Any
) -> None:
    disconnecting.disconnect(Connection.objects.get(), actor=None, keep_items=True)

    with pytest.raises(NoTokenError) as caught:
        refresh.renew(credential.connection_id, seen_version=1, why="test")

    assert caught.value.reason == "not_connected"
    assert not mail.outbox


def test_revoking_at_a_provider_that_hangs_stops_in_time(
    connection: Connection, sandbox: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocations, "LONGEST_SECONDS", -1.0)
    revocations.keep("hubspot", "1:1", Secret("one"))

    assert revocations.revoke_due() == 0
    assert PendingRevocation.objects.count() == 1


def test_the_soft_time_limit_waits_until_the_answer_is_stored() -> None:
    struck: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: struck.append(number))
    try:
        with stopping.time_limit_held_back():
            signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
            assert not struck
        assert struck == [signal.SIGUSR1]
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_a_grant_without_stated_lifetimes_is_kept_alive_all_the_same() -> None:
    now = timezone.now()
    tokens_without_life = TokenSet(access_token=Secret("a"), refresh_token=Secret("r"))

    columns = credentials.seal_tokens(
        tokens_without_life,
        connection_id=uuid.uuid4(),
        generation=1,
        now=now,
        keep_alive=timedelta(days=7),
    )

    assert columns["access_expires_at"] is None
    assert now < columns["refresh_due_at"] < now + timedelta(days=7)


@pytest.fixture
def with_alive_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the provider be one that answers about access tokens only."""
    spec = probes.SPECS["hubspot"]
    changed = dataclasses.replace(
        spec,
        introspects_refresh_tokens=False,
        alive_path="/account-info/2026-09/details",
    )
    monkeypatch.setitem(probes.SPECS, "hubspot", changed)


@pytest.mark.usefixtures("with_alive_path")
def test_a_living_access_token_proves_that_nothing_was_spent(
    credential: Credential, sandbox: Any
) -> None:
    refresh_token = credentials.open_refresh(credential)
    assert refresh_token is not None

    assert probes.is_unspent(credential, refresh_token) is True
    sandbox.client.order("tokens/expire")
    assert probes.is_unspent(credential, refresh_token) is False


@pytest.mark.usefixtures("with_alive_path")
def test_an_access_token_past_its_life_proves_nothing(
    credential: Credential, sandbox: Any
) -> None:
    refresh_token = credentials.open_refresh(credential)
    assert refresh_token is not None
    credential.access_expires_at = timezone.now()
    calls = len(sandbox.log)

    assert probes.is_unspent(credential, refresh_token) is None
    assert len(sandbox.log) == calls


@pytest.mark.usefixtures("with_alive_path")
def test_a_provider_that_does_not_say_is_asked_again_before_anything_is_spent(
    credential: Credential, strict: Any
) -> None:
    send_and_vanish(credential)
    age(credential, 45)
    strict.client.order("faults/add", kind="status", status=503, family="account")
    requests = strict.count("oauth/2026-09/token")

    with pytest.raises(Transient):
        renew(credential)

    assert strict.count("oauth/2026-09/token") == requests
