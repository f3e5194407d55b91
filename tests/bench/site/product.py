"""Drive the product's services in this process; Django is set up before."""

import shutil
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection as database

from integrations.http.secrets import Secret
from integrations.models import Connection, Item, SyncRun
from integrations.models.reasons import ReasonCode
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.providers.records import RemoteAccount
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
    tokens = consent(site)
    connection = _store(PROVIDER, tokens, identify(PROVIDER, tokens))
    site.pages(contacts=2000)
    sync(connection)
    if only:
        connection.collections.exclude(remote_id=only).update(is_selected=False)
    return connection


def connect_beside(site: Site, connection: Connection, number: int) -> Connection:
    """Connect the same account as another of its users; no run is open."""
    tokens = consent(site)
    shared = connection.remote_id.partition(":")[0]
    account = RemoteAccount(
        remote_id=f"{shared}:{number}", name=f"User {number}", scopes=tokens.scopes
    )
    return _store(PROVIDER, tokens, account)


def consent(site: Site) -> TokenSet:
    """Give a consent on the sandbox's page; return its tokens."""
    spec, configured = SPECS[PROVIDER], settings.PROVIDERS[PROVIDER]
    code = site.consent(
        configured.authorize_url,
        client_id=configured.client_id,
        redirect_uri=configured.redirect_uri,
        scope=" ".join(spec.required_scopes()),
        optional_scope=" ".join(spec.optional_scopes()),
        state="tests.bench",
    )
    return oauth_client(PROVIDER).exchange(code=Secret(code))


def connect_to_server(provider: str) -> Connection:
    """Connect alice's account of a server that asks for no consent; no run is open."""
    verifier = Secret("v" * 43)
    tokens = oauth_client(provider).exchange(code=Secret("any"), code_verifier=verifier)
    return _store(provider, tokens, identify(provider, tokens))


def _store(provider: str, tokens: TokenSet, account: RemoteAccount) -> Connection:
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
        anew = self.path.with_suffix(".new")
        shutil.copy(self.kept, anew)
        for suffix in ("-wal", "-shm"):
            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
        # Another file, because a thread of a sync may have the old one open.
        anew.replace(self.path)


def forget(connection: Connection, *names: str) -> None:
    """Delete what is stored of some collections, which a pass then stores as new."""
    collections = connection.collections.filter(remote_id__in=names)
    Item.objects.filter(collection__in=collections).delete()
    collections.update(stored_count=0)


def reload(pk: UUID) -> Connection:
    """Read a connection again after its database was put back."""
    return Connection.objects.get(pk=pk)
