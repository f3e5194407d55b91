"""Erasing an account: shut at once, nothing left in the end, whatever happens."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.core import serializers

from integrations.models import (
    AccountErasure,
    AuditEvent,
    Connection,
    Credential,
    Edit,
    Item,
    PendingRevocation,
    RefreshAttempt,
)
from integrations.services.common import audit, queue
from integrations.services.common.errors import LastAdministratorError
from integrations.services.common.proof import RecentProof
from integrations.services.connections import account_deletion
from integrations.services.upkeep import schedule
from tests.services.conftest import Broker
from tests.support.rows import (
    NOON,
    make_collection,
    make_connection,
    make_finished_run,
    make_grant,
    make_item,
    make_items,
)


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    monkeypatch.setattr(queue, "current_app", Broker())


@pytest.fixture
def full_account(alice):
    """Give alice one of everything."""
    connection = make_connection(alice, account_name="Acme Rockets", remote_id="9:9")
    make_grant(connection)
    run = make_finished_run(connection)
    RefreshAttempt.objects.create(id=run.pk, connection=connection, why="schedule")
    make_item(make_collection(connection), name="Secret plan")
    EmailAddress.objects.create(user=alice, email=alice.email, primary=True)
    Authenticator.objects.create(user=alice, type="totp", data={"secret": "s"})
    audit.record("connection.connected", user=alice, subject=connection.pk, of="Acme")
    LogEntry.objects.log_actions(
        User.objects.create_superuser("carol").pk, [connection], CHANGE
    )
    return alice


def everything() -> str:
    """Return all that the database says, but for what it says of code."""
    silent = {"ContentType", "Permission", "PendingRevocation"}
    return "".join(
        serializers.serialize("json", model._default_manager.all())
        for model in apps.get_models()
        if model.__name__ not in silent
    )


def test_an_account_is_shut_before_anything_is_deleted(full_account):
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))

    user = User.objects.get(pk=full_account.pk)
    assert not user.is_active
    assert not user.has_usable_password()
    assert not EmailAddress.objects.exists()
    assert not Authenticator.objects.exists()
    assert not Connection.objects.connected().exists()
    assert not Credential.objects.exists()
    assert PendingRevocation.objects.count() == 1
    assert Item.objects.exists()


def test_nothing_is_left_but_what_must_be_revoked(full_account, bob):
    make_item(make_collection(make_connection(bob)), name="Bob's own")
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))

    assert account_deletion.erase_due() == 0

    left = everything()
    assert not User.objects.filter(pk=full_account.pk).exists()
    for word in ("alice", "Acme", "9:9", "Secret plan"):
        assert word not in left, word
    assert "Bob's own" in left
    assert PendingRevocation.objects.count() == 1
    events = AuditEvent.objects.filter(user=None).values_list("event", flat=True)
    assert {"account.erasure_begun", "account.erased"} <= set(events)


def test_the_sweep_goes_on_where_a_killed_worker_stopped(full_account, sandbox):
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    AccountErasure.objects.update(claimed_until=NOON)

    assert schedule.sweep()["erasures"] == 0
    assert not User.objects.filter(pk=full_account.pk).exists()
    assert not PendingRevocation.objects.exists()


def test_another_workers_account_is_left_to_it(full_account):
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    assert account_deletion._claim(AccountErasure.objects.get())

    assert account_deletion.erase_due() == 1
    assert Item.objects.exists()


def test_little_time_erases_a_little(full_account, monkeypatch):
    monkeypatch.setattr(account_deletion, "ROWS_AT_ONCE", 10)
    make_items(Item.objects.get().collection, [{"name": "x"} for _ in range(25)])
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    moments = iter(range(1000))
    monkeypatch.setattr(account_deletion.time, "monotonic", lambda: next(moments))

    left = [account_deletion.erase_due(seconds=3) for _ in range(3)]

    assert left == [1, 1, 0]


def test_edits_are_erased_a_few_at_a_time(full_account, monkeypatch):
    monkeypatch.setattr(account_deletion, "ROWS_AT_ONCE", 10)
    collection = Item.objects.get().collection
    Edit.objects.bulk_create(
        Edit(connection=collection.connection, collection=collection, verb="update")
        for _ in range(25)
    )
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    moments = iter(range(1000))
    monkeypatch.setattr(account_deletion.time, "monotonic", lambda: next(moments))
    left = []
    while account_deletion.erase_due(seconds=3):
        left.append(Edit.objects.count())

    assert any(0 < number < 25 for number in left)


def test_a_grant_that_came_in_meanwhile_is_given_back(full_account):
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    make_grant(make_connection(full_account))

    assert account_deletion.erase_due() == 0
    assert PendingRevocation.objects.count() == 2


def test_the_last_administrator_stays(db):
    carol = User.objects.create_superuser("carol", "carol@example.com")
    User.objects.create_superuser("gone", is_active=False)

    with pytest.raises(LastAdministratorError):
        account_deletion.erase(carol, proof=RecentProof(user=carol))

    carol.refresh_from_db()
    assert carol.is_active
    assert not AccountErasure.objects.exists()


def test_erasing_twice_is_harmless(full_account):
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))
    account_deletion.erase(full_account, proof=RecentProof(user=full_account))

    assert account_deletion.erase_due() == 0
    assert json.loads(serializers.serialize("json", AccountErasure.objects.all())) == []
