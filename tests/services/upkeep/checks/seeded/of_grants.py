"""Faults of keys, tokens and grants."""

import os
import time
from uuid import uuid4

from integrations.http.secrets import Secret
from integrations.models import (
    Connection,
    Credential,
    FailedRevocation,
)
from tests.services.upkeep.checks.faults import FaultySite, ago, fault
from tests.support.rows import (
    make_connection,
)


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
