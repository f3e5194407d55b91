"""A look at many connections is gone on with where the last one ended."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_redis.serializers.json import JSONSerializer

from integrations.models import Connection, Incident
from integrations.services.notices import watch
from tests.support.rows import make_connection

pytestmark = pytest.mark.django_db


class JsonCache:
    """Keep values as the cache of production does."""

    def __init__(self) -> None:
        self.stored: dict[str, bytes] = {}
        self.serializer = JSONSerializer({})

    def get(self, name: str) -> Any:
        value = self.stored.get(name)
        return None if value is None else self.serializer.loads(value)

    def set(self, name: str, value: Any) -> None:
        self.stored[name] = self.serializer.dumps(value)

    def delete(self, name: str) -> None:
        self.stored.pop(name, None)


def test_a_look_that_ended_early_goes_on_where_it_was(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in "12":
        make_connection(alice, remote_id=key, last_synced_at=timezone.now())
    Connection.objects.update(state="needs_reconnect", reason="grant_rejected")
    cache = JsonCache()
    monkeypatch.setattr(watch, "cache", cache)
    monkeypatch.setattr(watch, "BATCH", 1)
    monkeypatch.setattr(watch, "LOOK_SECONDS", -1.0)

    for _ in range(2):
        watch.watch_connections(now=timezone.now())
    assert Incident.objects.count() == 2

    cache.set(watch.AFTER, "nonsense")
    watch.watch_connections(now=timezone.now())
    cache.set(watch.AFTER, [1])
    watch.watch_connections(now=timezone.now())
