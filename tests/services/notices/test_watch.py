"""Trouble of a connection is told once when it begins and once when it is over."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.utils import timezone

from integrations.models import (
    Collection,
    Connection,
    Incident,
    Notice,
    NoticeSettings,
    Preferences,
    ProviderState,
)
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


@pytest.fixture
def collection(connection: Connection) -> Collection:
    return make_collection(connection, completeness="complete")


def tick(now: datetime) -> None:
    """Do what beat does, as if it were another time."""
    watch.watch_connections(now=now)
    sending.send_due(now=now)


def subjects() -> list[str]:
    return [message.subject for message in mail.outbox]


def lose_grant(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        state="needs_reconnect", reason="grant_rejected"
    )


def go_stale(connection: Connection) -> None:
    Connection.objects.filter(pk=connection.pk).update(
        last_synced_at=timezone.now() - 5 * HOUR
    )


def test_a_lost_grant_is_told_once_and_its_end_once(connection: Connection) -> None:
    now = timezone.now()
    lose_grant(connection)
    for minutes in (0, 1, 600):
        tick(now + minutes * MINUTE)
    assert subjects() == ["[Mooring] HubSpot needs reconnecting: Acme"]
    Connection.objects.filter(pk=connection.pk).update(state="active", reason="")

    for minutes in (601, 602, 607, 608):
        tick(now + minutes * MINUTE)

    assert subjects()[1:] == ["[Mooring] Over: HubSpot needs reconnecting: Acme"]
    assert mail.outbox[0].to == ["alice@example.com"]
    assert f"/connections/{connection.pk}/" in str(mail.outbox[0].body)
    assert Incident.objects.get().resolved_at is not None


def test_the_next_incident_of_the_same_kind_is_told_again(
    connection: Connection,
) -> None:
    now = timezone.now()
    for hours in (0, 1):
        lose_grant(connection)
        tick(now + hours * HOUR)
        Connection.objects.filter(pk=connection.pk).update(state="active", reason="")
        for minutes in (1, 7):
            tick(now + hours * HOUR + minutes * MINUTE)

    assert len(subjects()) == 4
    assert Incident.objects.count() == 2


def test_two_schedulers_open_and_end_one_incident(connection: Connection) -> None:
    lose_grant(connection)
    now = timezone.now()
    tick(now)
    first = Incident.objects.get()
    second = Incident(
        kind=first.kind, subject=first.subject, connection=connection, title="again"
    )

    assert not incidents.open_incident(second, NoticeSettings(user=connection.owner))
    # Both have read the row before one of them ends it.
    incidents.seen_clear(first, now)
    first.refresh_from_db()
    for _ in range(2):
        incidents.seen_clear(first, now + HOUR)

    assert Incident.objects.count() == 1
    phases = Notice.objects.values_list("phase", flat=True)
    assert sorted(phases) == ["opened", "resolved"]


def test_a_message_that_another_worker_has_claimed_is_not_sent_again(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose_grant(connection)
    now = timezone.now()
    watch.watch_connections(now=now)
    read = sending._groups(now)
    sending.send_due(now=now)
    monkeypatch.setattr(sending, "_groups", lambda now: read)

    sending.send_due(now=now)

    assert len(mail.outbox) == 1


def test_stale_data_is_told_when_it_lasts(connection: Connection) -> None:
    now = timezone.now()
    go_stale(connection)
    tick(now)
    tick(now + 10 * MINUTE)
    assert subjects() == []

    tick(now + 16 * MINUTE)

    assert subjects() == ["[Mooring] Data from HubSpot is older than promised: Acme"]


def test_what_passes_before_it_is_told_is_never_told(connection: Connection) -> None:
    now = timezone.now()
    go_stale(connection)
    tick(now)
    Connection.objects.filter(pk=connection.pk).update(last_synced_at=now)
    for minutes in (5, 11, 20):
        tick(now + minutes * MINUTE)

    assert subjects() == []
    assert Incident.objects.get().resolved_at is not None
    assert Notice.objects.get().state == "skipped"


def test_what_comes_and_goes_is_one_incident(connection: Connection) -> None:
    now = timezone.now()
    for minutes in (0, 16, 20, 24):
        go_stale(connection)
        tick(now + minutes * MINUTE)
        Connection.objects.filter(pk=connection.pk).update(last_synced_at=now)
        tick(now + (minutes + 1) * MINUTE)

    assert Incident.objects.count() == 1


def test_a_lost_grant_is_not_told_as_stale_data_as_well(
    connection: Connection,
) -> None:
    go_stale(connection)
    lose_grant(connection)
    now = timezone.now()
    tick(now)
    tick(now + HOUR)

    assert [each.kind for each in Incident.objects.all()] == ["needs_reconnect"]


@pytest.mark.parametrize("state", ["paused", "disconnected"])
def test_what_a_user_has_stopped_is_over_without_a_word(
    connection: Connection, state: str
) -> None:
    now = timezone.now()
    lose_grant(connection)
    tick(now)
    Connection.objects.filter(pk=connection.pk).update(
        state=state, reason="disconnected_by_user"
    )

    tick(now + MINUTE)

    assert len(subjects()) == 1
    assert Incident.objects.get().resolved_at is not None


def test_each_kind_has_its_incident(
    connection: Connection, collection: Collection
) -> None:
    collection.completeness, collection.reason_data = "held", {"count": 30}
    collection.save()
    make_collection(
        connection,
        remote_id="deals",
        name="Deals",
        completeness="no_permission",
        before_refusal={},
    )
    now = timezone.now()
    Connection.objects.filter(pk=connection.pk).update(
        provider="airtable", calls_on=now.date(), calls_this_month=10**6
    )

    tick(now)

    kinds = {each.kind: each for each in Incident.objects.all()}
    assert set(kinds) == {"held", "no_permission", "quota"}
    assert kinds["held"].subject == f"collection:{collection.pk}"
    assert "30 deletions" in kinds["held"].text
    assert "Deals" in kinds["no_permission"].title
    # All at once is one mail.
    assert subjects() == ["[Mooring] 3 notices about your connections"]


def test_a_paused_provider_is_told_to_those_who_asked_for_it(
    connection: Connection, bob: User
) -> None:
    make_grant(make_connection(bob, last_synced_at=timezone.now()))
    NoticeSettings.objects.create(user=bob, provider_paused=True)
    now = timezone.now()
    ProviderState.objects.create(provider="hubspot", paused_until=now + MINUTE)

    tick(now)
    tick(now + 6 * MINUTE)

    assert [message.to for message in mail.outbox] == [["bob@example.com"]]


@pytest.mark.parametrize("chosen", [{"is_mailed": False}, {"needs_reconnect": False}])
def test_what_a_user_does_not_want_is_not_mailed(
    connection: Connection, chosen: dict[str, Any]
) -> None:
    NoticeSettings.objects.create(user=connection.owner, **chosen)
    lose_grant(connection)

    tick(timezone.now())

    assert subjects() == []
    assert Incident.objects.get().kind == "needs_reconnect"


@pytest.mark.parametrize(
    ("clock", "is_quiet"),
    [("23:30", True), ("05:59", True), ("06:00", False), ("12:00", False)],
)
def test_quiet_hours_are_those_of_the_users_zone(
    connection: Connection, clock: str, is_quiet: bool
) -> None:
    Preferences.objects.create(user=connection.owner, time_zone="Asia/Kathmandu")
    NoticeSettings.objects.create(
        user=connection.owner, quiet_from="22:00", quiet_until="06:00"
    )
    lose_grant(connection)
    now = datetime.fromisoformat(f"2026-11-28T{clock}:00+05:45")

    tick(now)

    assert len(mail.outbox) == (0 if is_quiet else 1)
    tick(now + 7 * HOUR)
    assert len(mail.outbox) == 1


def test_a_user_who_may_not_sign_in_any_more_is_not_mailed(
    connection: Connection,
) -> None:
    User.objects.update(is_active=False)
    lose_grant(connection)

    tick(timezone.now())

    assert subjects() == []


def test_a_name_with_line_breaks_is_no_second_header(connection: Connection) -> None:
    Connection.objects.update(account_name="Acme\nBcc: eve@example.com")
    lose_grant(connection)

    tick(timezone.now())

    message = mail.outbox[0]
    assert "\n" not in message.subject
    assert message.recipients() == ["alice@example.com"]
