"""Faults of workers, beat and clocks, and of what they leave undone."""

import time

from django.contrib.auth.models import User
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from integrations.models import (
    AccountErasure,
    AuthorizationState,
    Connection,
    Credential,
    Edit,
    Heartbeat,
    Notice,
    ProviderState,
)
from tests.services.upkeep.checks.faults import FaultySite, ago, fault
from tests.support.rows import (
    make_run,
)


@fault("workers")
def a_worker_is_dead(site: FaultySite) -> None:
    Heartbeat.objects.filter(pk="worker.sync").update(at=ago(hours=1))


@fault("scheduler")
def beat_is_dead(site: FaultySite) -> None:
    Heartbeat.objects.filter(pk__startswith="scheduler.").update(at=ago(hours=1))


@fault("scheduler", "clocks")
def the_clock_of_beat_is_ahead(site: FaultySite) -> None:
    Heartbeat.objects.filter(pk="scheduler.sweep").update(at=ago(hours=-6))


@fault("clocks")
def the_clock_of_beat_alone_is_ahead(site: FaultySite) -> None:
    every, _ = IntervalSchedule.objects.get_or_create(every=3, period="seconds")
    PeriodicTask.objects.update_or_create(
        name="sweep",
        defaults={"task": "t", "interval": every, "last_run_at": ago(hours=-6)},
    )


@fault("queues")
def nobody_takes_a_sync(site: FaultySite) -> None:
    make_run(site.connection, due_at=ago(minutes=9))


@fault("edits")
def nobody_takes_an_edit(site: FaultySite) -> None:
    Connection.objects.update(is_editing=True)
    Edit.objects.create(
        connection=site.connection,
        collection=site.connection.collections.get(),
        verb=Edit.Verb.CREATE,
        order_key="one",
        due_at=ago(minutes=9),
    )


@fault("schedule")
def a_tick_is_switched_off(site: FaultySite) -> None:
    every = IntervalSchedule.objects.create(every=5, period="seconds")
    PeriodicTask.objects.create(
        name="sweep", task="integrations.tasks.sweep", interval=every, enabled=False
    )


@fault("credentials")
def a_stored_permission_is_damaged(site: FaultySite) -> None:
    Credential.objects.update(access_token="v1.k1.c2VhbGVkLWFjY2Vzcy10b2tlbg==")


@fault("freshness")
def data_is_older_than_promised(site: FaultySite) -> None:
    Connection.objects.update(last_synced_at=ago(hours=5), sync_interval_minutes=15)


@fault("quarantine")
def a_sync_ends_its_worker(site: FaultySite) -> None:
    Connection.objects.update(state="degraded", reason="quarantined")


@fault("mistakes")
def a_connector_meets_an_error_of_ours(site: FaultySite) -> None:
    site.connection.collections.update(reason="connector_error")


@fault("held_deletions")
def a_deletion_is_held(site: FaultySite) -> None:
    site.connection.collections.update(completeness="held")


@fault("lost_permissions")
def a_collection_is_refused(site: FaultySite) -> None:
    site.connection.collections.update(completeness="no_permission", before_refusal={})


@fault("erasures")
def an_account_is_not_deleted(site: FaultySite) -> None:
    user = User.objects.create_user("gone", "gone@example.com")
    AccountErasure.objects.create(user=user, begun_at=ago(hours=3))


@fault("clock_skew")
def a_workers_clock_is_off(site: FaultySite) -> None:
    ProviderState.objects.create(provider="notion", clock_skew_seconds=-400)


@fault("provider_dates")
def this_machines_clock_is_off(site: FaultySite) -> None:
    site.transport.sandbox.client.app.sandbox.clock = lambda: time.time() - 600


@fault("staff_mail")
def nobody_is_told(site: FaultySite) -> None:
    site.settings.IS_MAIL_DELIVERED, site.settings.ADMINS = True, []


@fault("notices")
def a_notice_cannot_be_sent(site: FaultySite) -> None:
    Notice.objects.create(
        channel=Notice.Channel.MAIL,
        phase=Notice.Phase.TEST,
        state=Notice.State.WAITING,
        tries=2,
        error="ConnectionRefusedError",
    )


@fault("retention")
def nobody_deletes_what_is_old(site: FaultySite) -> None:
    AuthorizationState.objects.create(
        state_hash="old",
        provider="hubspot",
        user=site.connection.owner,
        created_at=ago(days=9),
    )
