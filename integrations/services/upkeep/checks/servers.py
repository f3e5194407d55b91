"""Checks of the servers: database, broker and cache, each put to work."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.core.cache import DEFAULT_CACHE_ALIAS, cache, caches
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django_redis import get_redis_connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError, ResponseError

from integrations.models import Heartbeat
from integrations.services.common import queue, shared_cache, signs_of_life
from integrations.services.common.clock import database_now
from integrations.services.common.database import replica
from integrations.services.upkeep.census import Census
from integrations.services.upkeep.checks.check import (
    ALWAYS,
    SEEN,
    Check,
    Result,
    Severity,
)

# Its heartbeat is the row that is written to see whether the database takes it, and
# its queue the one whose only message is taken out again.
PROBE = "health"
MOST_SECONDS_APART = 10
FULL_SHARE = 0.9
OLDEST = {"redis": (6, 2), "valkey": (7, 2)}


def _database(_census: Census) -> Result:
    try:
        signs_of_life.beat(PROBE)
    except DatabaseError:
        if Heartbeat._meta.db_table in connection.introspection.table_names():  # noqa: SLF001 (the documented name)
            raise
        return Result(ok=False, found="it has no tables: run `manage.py migrate`")
    return Result(ok=True, facts={"vendor": connection.vendor})


def _broker(_census: Census) -> Result:
    """Publish a message and take it out again: a full broker answers and takes none."""
    with queue.connected() as broker, broker.SimpleBuffer(PROBE) as probe:
        probe.put(PROBE)
        # Another probe may have been quicker, and left its own.
        probe.queue.get(no_ack=True)
    return Result(ok=True)


def _cache(_census: Census) -> Result:
    """Write and read back; what the fallback of this process answers is no answer."""
    key, value = f"{PROBE}:{uuid4()}", str(uuid4())
    cache.set(key, value, timeout=60)
    is_back = cache.get(key) == value
    cache.delete(key)
    is_well = is_back and shared_cache.is_shared()
    return Result(ok=is_well, found="" if is_well else "what is written is not kept")


def info_of(part: str) -> dict[str, Any] | None:
    """Return what the Redis of a part says of itself, None where it does not tell.

    ``part`` is ``broker`` or ``cache``. Another kind of server does not tell, and
    neither does one whose user may not ask.
    """
    with suppress(ResponseError):
        return _info_of_cache() if part == "cache" else _info_of_broker()
    return None


def _info_of_cache() -> dict[str, Any] | None:
    is_redis = hasattr(caches[DEFAULT_CACHE_ALIAS], "client")
    return dict(get_redis_connection().info()) if is_redis else None


def _info_of_broker() -> dict[str, Any] | None:
    with queue.connected() as broker:
        if broker.transport.driver_type != "redis":
            return None
        channel: Any = broker.default_channel
        return dict(channel.client.info())


def used_memory(part: str) -> int | None:
    """Return how many bytes the Redis of a part uses, None where that is not told."""
    # It may die between its check and this question.
    with suppress(RedisError, OperationalError, OSError):
        info = info_of(part) or {}
        return info.get("used_memory")
    return None


def _broker_memory(_census: Census) -> Result:
    info = info_of("broker")
    limit = info["maxmemory"] if info else 0
    if not info or not limit:
        return Result(ok=True)
    policy, share = info["maxmemory_policy"], info["used_memory"] / limit
    if policy != "noeviction":
        return Result(ok=False, found=f"its maxmemory-policy is {policy}")
    if share > FULL_SHARE:
        return Result(ok=False, found=f"{share:.0%} of its memory is used")
    return Result(ok=True, facts={"used_share": round(share, 2)})


def _redis_version(_census: Census) -> Result:
    said = {}
    for part in ("broker", "cache"):
        info = info_of(part)
        if info is None:
            continue
        # Valkey tells a redis_version as well, for clients that ask for no other.
        kind = "valkey" if "valkey_version" in info else "redis"
        version = str(info[f"{kind}_version"])
        said[part] = f"{kind} {version}"
        if tuple(int(word) for word in version.split(".")[:2]) < OLDEST[kind]:
            oldest = ".".join(map(str, OLDEST[kind]))
            found = f"the {part} is {said[part]}, older than {oldest}"
            return Result(ok=False, found=found, facts=said)
    return Result(ok=True, facts=said)


def _database_clock(_census: Census) -> Result:
    apart = round((timezone.now() - database_now()).total_seconds())
    if abs(apart) <= MOST_SECONDS_APART:
        return Result(ok=True)
    way = "ahead of" if apart > 0 else "behind"
    found = f"this machine's clock is {abs(apart)} s {way} the database's"
    return Result(ok=False, found=found, facts={"seconds": apart})


def _replica(_census: Census) -> Result:
    if not replica.is_configured():
        return Result(ok=True)
    lag = replica.lag_seconds()
    if lag is None:
        return Result(ok=False, found="it does not answer: the primary is read")
    if lag > settings.REPLICA_LAG_SECONDS:
        behind = "" if lag == float("inf") else f" by {lag:.0f} s"
        return Result(ok=False, found=f"it is behind{behind}: the primary is read")
    return Result(ok=True, facts={"lag_seconds": round(lag, 1)})


def _migrations(_census: Census) -> Result:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    names = [f"{each.app_label}.{each.name}" for each, _ in plan]
    if not names:
        return Result(ok=True)
    found = f"not applied: {', '.join(names[:5])}"
    return Result(ok=False, found=found, facts={"missing": len(names)})


CHECKS = (
    Check(
        id="database",
        title="The database takes a write",
        advice="Bring the database back, or make room on its disk.",
        probe=_database,
        surfaces=ALWAYS,
    ),
    Check(
        id="broker",
        title="The broker takes a message",
        advice="Start the server at BROKER_URL (or REDIS_URL), or make room in it.",
        probe=_broker,
        surfaces=ALWAYS,
    ),
    Check(
        id="cache",
        title="The cache keeps what is written",
        advice="Start the server at CACHE_URL (or REDIS_URL), or make room in it.",
        probe=_cache,
        surfaces=ALWAYS,
    ),
    Check(
        id="broker_memory",
        title="The broker throws nothing away and has room",
        advice="Set maxmemory-policy noeviction on the broker, or raise maxmemory.",
        probe=_broker_memory,
        severity=Severity.WARNING,
        needs=("broker",),
    ),
    Check(
        id="redis_version",
        title="Broker and cache are new enough",
        advice="Use Redis 6.2 or Valkey 7.2 at least.",
        probe=_redis_version,
        spacing=timedelta(minutes=10),
        needs=("broker", "cache"),
    ),
    Check(
        id="replica",
        title="The read replica keeps up",
        advice="Bring the replica back, or see what holds it up; workers have to tick.",
        probe=_replica,
        severity=Severity.WARNING,
        surfaces=SEEN,
        needs=("database", "scheduler"),
    ),
    Check(
        id="database_clock",
        title="This machine's clock agrees with the database's",
        advice="Let a time server set the clocks of both machines.",
        probe=_database_clock,
        is_of_machine=True,
        severity=Severity.WARNING,
        reads_rows=True,
        needs=("database",),
    ),
    Check(
        id="migrations",
        title="The database has the tables of this release",
        advice="Run `manage.py migrate`.",
        probe=_migrations,
        reads_rows=True,
        needs=("database",),
    ),
)
