"""What a fault is seeded into; each is named as the checks are that have to see it."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from celery import current_app
from django.contrib.auth.models import User
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from msgspec.structs import replace

from integrations.models import (
    Connection,
)
from tests.support.rows import (
    make_collection,
    make_connection,
    make_grant,
)
from tests.support.site_transport import SiteTransport


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
