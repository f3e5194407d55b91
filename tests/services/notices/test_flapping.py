"""What is not known, or comes and goes, is neither told nor told to be over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import Collection, Connection, Credential, Incident
from integrations.services.notices import incidents, sending, watch
from tests.support.rows import make_collection, make_connection, make_grant

pytestmark = pytest.mark.django_db
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def connection(alice: User) -> Connection:
    made = make_connection(
        alice, account_name="Acme", last_synced_at=timezone.now(), discovered_at=None
    )
    make_grant(made)
    return made


def tick(now: datetime) -> None:
    watch.watch_connections(now=now)
    sending.send_due(now=now)


def store(connection: Connection, **values: Any) -> None:
    Connection.objects.filter(pk=connection.pk).update(**values)


def lose_grant(connection: Connection) -> None:
    store(connection, state="needs_reconnect", reason="grant_rejected")


def test_a_key_that_only_this_process_lacks_is_no_trouble_of_its_user(
    connection: Connection,
) -> None:
    Credential.objects.update(access_token="v1.newer.AAAA")

    tick(timezone.now())

    assert not Incident.objects.exists()


def test_a_lost_key_of_the_site_is_not_mailed_to_its_users(
    connection: Connection,
) -> None:
    store(connection, state="needs_reconnect", reason="site_key_wrong")

    tick(timezone.now())

    assert not Incident.objects.exists()


def test_a_grant_that_is_lost_and_back_in_a_moment_is_one_incident(
    connection: Connection,
) -> None:
    now = timezone.now()
    for seconds in (0, 30, 60):
        lose_grant(connection)
        tick(now + timedelta(seconds=seconds))
        store(connection, state="active", reason="")
        tick(now + timedelta(seconds=seconds + 15))

    assert len(mail.outbox) == 1


def test_what_a_lost_grant_hides_is_not_over(connection: Connection) -> None:
    held: Collection = make_collection(
        connection, completeness="held", reason_data={"count": 30}
    )
    store(connection, last_synced_at=timezone.now() - 5 * HOUR)
    now = timezone.now()
    tick(now)
    tick(now + 16 * MINUTE)
    lose_grant(connection)
    for hours in (1, 2, 30, 60):
        tick(now + hours * HOUR)

    unresolved = Incident.objects.filter(resolved_at__isnull=True)
    assert {each.kind for each in unresolved} == {"held", "stale", "needs_reconnect"}
    assert held.pk
    assert not [each.subject for each in mail.outbox if "Over" in each.subject]


def test_stale_data_that_comes_and_goes_within_hours_is_told_once(
    connection: Connection,
) -> None:
    now = timezone.now()
    for hours in range(4):
        store(connection, last_synced_at=timezone.now() - 5 * HOUR)
        for minutes in (0, 16):
            tick(now + hours * HOUR + minutes * MINUTE)
        store(connection, last_synced_at=timezone.now())
        for minutes in (20, 26, 50):
            tick(now + hours * HOUR + minutes * MINUTE)
    assert len(mail.outbox) == 1

    for hours in (8, 9):
        tick(now + hours * HOUR)
    assert mail.outbox[1].subject.startswith("[Mooring] Over: ")


def test_what_is_seen_again_is_not_ended_by_who_saw_it_clear(
    connection: Connection,
) -> None:
    lose_grant(connection)
    now = timezone.now()
    tick(now)
    incident = Incident.objects.get()
    incidents.seen_clear(incident, now)
    read = Incident.objects.get()
    incidents.seen_again([read])

    incidents.seen_clear(read, now + HOUR)

    assert Incident.objects.get().resolved_at is None
