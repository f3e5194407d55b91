"""Populate the soak: many grants of the sandbox, each a connection of its own."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit

import requests
from django.conf import settings
from django.contrib.auth.models import User
from django.db import Error as AnyDatabaseError
from django.db import connection as database

from integrations.http.secrets import Secret
from integrations.models import Connection
from integrations.providers import SPECS
from integrations.providers.base import RemoteAccount
from integrations.services import connections, oauth_clients, runs
from integrations.services.errors import NotSyncableError

PROVIDER = "hubspot"
# A small portal each: what counts here are grants, not items.
IDENTITIES = ("146201883:7301155", "2081774:61", "555111:4242", "555111:4243")
SHARE_SYNCED = 5
OPEN_SYNCS = 6
T = TypeVar("T")


def insist(act: Callable[[], T], *, seconds: float = 90) -> T:
    """Do something although database or sandbox come and go."""
    until = time.monotonic() + seconds
    while True:
        try:
            return act()
        except (AnyDatabaseError, requests.RequestException):
            if time.monotonic() > until:
                raise
            with suppress(AnyDatabaseError):
                database.close()
            time.sleep(0.3)


class World:
    """Know every connection of the soak, and how their people behave."""

    def __init__(self, *, size: int) -> None:
        self.size = size
        self.reconnects = 0
        self.user, _ = User.objects.get_or_create(
            username="soak", defaults={"email": "soak@example.com"}
        )

    def fill(self) -> None:
        """Connect everything; one in a few is synced, the others only kept alive."""
        for number in range(self.size):
            self.connect(number)
        Connection.objects.update(sync_interval_minutes=5)
        kept = [pk for n, pk in enumerate(self._keys()) if n % SHARE_SYNCED]
        Connection.objects.filter(pk__in=kept).update(state="paused")

    @staticmethod
    def _keys() -> Iterator[object]:
        rows = Connection.objects.order_by("created_at")
        yield from rows.values_list("pk", flat=True)

    def connect(self, number: int) -> None:
        """Go through the consent page and store the grant, as a callback does."""
        portal, _, person = IDENTITIES[number % len(IDENTITIES)].partition(":")
        oauth = oauth_clients.oauth_client(PROVIDER)
        code = consent(f"{portal}:{person}")
        tokens = oauth.exchange(code=Secret(code))
        account = RemoteAccount(
            remote_id=f"{portal}:{1_000_000 + number}",
            name=f"Soak {number}",
            scopes=tokens.scopes,
        )
        connected = connections.connect(
            user=self.user, provider=PROVIDER, tokens=tokens, account=account
        )
        runs.cancel_open(connected.connection, "the soak begins")

    def reconnect_some(self, share: float, rng: random.Random) -> None:
        """Let some of those who were told to reconnect do so."""
        told = Connection.objects.filter(state=Connection.State.NEEDS_RECONNECT)
        for connection in told:
            if rng.random() < share:
                number = int(connection.remote_id.partition(":")[2]) - 1_000_000
                self.connect(number)
                self.reconnects += 1

    def keep_syncing(self, rng: random.Random) -> None:
        """See that a few syncs are always open."""
        active = Connection.objects.syncable()
        open_now = active.filter(runs__state__in=("queued", "running")).count()
        idle = list(active.exclude(runs__state__in=("queued", "running"))[:40])
        rng.shuffle(idle)
        for connection in idle[: max(0, OPEN_SYNCS - open_now)]:
            with suppress(NotSyncableError):
                runs.request_sync(connection, trigger="schedule", full=True)


def consent(identity: str) -> str:
    """Say yes on the sandbox's consent page; return the code."""
    spec, configured = SPECS[PROVIDER], settings.PROVIDERS[PROVIDER]
    answer = requests.post(
        configured.authorize_url,
        data={
            "client_id": configured.client_id,
            "redirect_uri": configured.redirect_uri,
            "scope": " ".join(spec.required_scopes()),
            "optional_scope": " ".join(spec.optional_scopes()),
            "state": "soak",
            "identity": identity,
            "action": "connect",
        },
        allow_redirects=False,
        timeout=30,
    )
    return parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
