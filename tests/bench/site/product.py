"""Drive the product's services in this process; Django is set up before."""

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.http.secrets import Secret
from integrations.models import Collection, Connection, SyncRun
from integrations.models.reasons import ReasonCode
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.services.common.clients.oauth_clients import oauth_client
from integrations.services.connections.connect import connect as store_grant
from integrations.services.grants.identify import identify
from integrations.services.sync import foreground, runs
from tests.bench.site.site import EMAIL, Site

PROVIDER = "hubspot"


def make_user() -> User:
    """Return alice, made if she is new."""
    return User.objects.get_or_create(username=EMAIL, defaults={"email": EMAIL})[0]


def connect(site: Site, *, only: str = "contacts") -> Connection:
    """Connect alice's account, with one collection selected and no run open."""
    spec, configured = SPECS[PROVIDER], settings.PROVIDERS[PROVIDER]
    code = site.consent(
        configured.authorize_url,
        client_id=configured.client_id,
        redirect_uri=configured.redirect_uri,
        scope=" ".join(spec.required_scopes()),
        optional_scope=" ".join(spec.optional_scopes()),
        state="tests.bench",
    )
    connection = _store(PROVIDER, oauth_client(PROVIDER).exchange(code=Secret(code)))
    site.pages(contacts=2000)
    sync(connection)
    if only:
        connection.collections.exclude(remote_id=only).update(is_selected=False)
    return connection


def connect_to_server(provider: str) -> Connection:
    """Connect alice's account of a server that asks for no consent; no run is open."""
    verifier = Secret("v" * 43)
    tokens = oauth_client(provider).exchange(code=Secret("any"), code_verifier=verifier)
    return _store(provider, tokens)


def _store(provider: str, tokens: TokenSet) -> Connection:
    account = identify(provider, tokens)
    connection = store_grant(
        user=make_user(), provider=provider, tokens=tokens, account=account
    ).connection
    runs.cancel_open(connection, ReasonCode.CANCELLED)
    return connection


def sync(connection: Connection, *, full: bool = False) -> SyncRun:
    """Sync to the end, as the console does, and insist that it is complete."""
    run = foreground.sync_in_foreground(
        connection, full=full, on_progress=lambda _run: None
    )
    if run.outcome != SyncRun.Outcome.COMPLETE:
        raise AssertionError(f"the run ended {run.outcome}: {run.reason_text}")
    return run


class Snapshot:
    """Bring the SQLite file back to how it was, as often as needed."""

    def __init__(self, path: Path) -> None:
        with database.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()
        self.path = path
        self.kept = path.with_suffix(".kept")
        shutil.copy(path, self.kept)

    def restore(self) -> None:
        """Put the file back; the next query opens it anew."""
        database.close()
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.kept, self.path)


def forget_contacts(connection: Connection) -> Collection:
    """Delete the stored contacts, so that the next pass stores each as new."""
    collection = connection.collections.get(remote_id="contacts")
    collection.items.all().delete()
    Collection.objects.filter(pk=collection.pk).update(stored_count=0)
    return collection


def reload(pk: UUID) -> Connection:
    """Read a connection again after its database was put back."""
    return Connection.objects.get(pk=pk)
