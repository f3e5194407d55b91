"""Populate the soak: many grants of the sandbox, each a connection of its own."""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import requests
from django.contrib.auth.models import User
from django.db import Error as AnyDatabaseError
from django.db import connection as database

from integrations.http.secrets import Secret
from integrations.models import Connection, SyncRun
from integrations.models.reasons import ReasonCode
from integrations.oauth.config import code_challenge, new_code_verifier
from integrations.providers import SPECS
from integrations.providers.records import RemoteAccount
from integrations.services.common.clients import oauth_clients
from integrations.services.common.errors import NotSyncableError
from integrations.services.connections.connect import connect as store_grant
from integrations.services.sync import runs
from tests.real.support.web_user import WebUser


@dataclass(frozen=True, kw_only=True)
class Place:
    """Say how grants come about at one provider, and what makes them fragile.

    ``accounts`` holds for each the form of the consent page. They are small: what
    counts here are grants, not items.
    """

    provider: str
    accounts: tuple[dict[str, str], ...]
    sizes: dict[str, int]
    switches: dict[str, object]


PLACES = {
    "hubspot": Place(
        provider="hubspot",
        accounts=(
            {"identity": "146201883:7301155"},
            {"identity": "2081774:61"},
            {"identity": "555111:4242"},
            {"identity": "555111:4243"},
        ),
        sizes={"contacts": 600, "companies": 60, "deals": 60},
        switches={"rotation": True},
    ),
    "airtable": Place(
        provider="airtable",
        accounts=(
            {"identity": "kestrel:usrMoKestrelStudi", "use:wspKestrelStudioX": "on"},
            {"identity": "nordlicht:usrJurgenGrossNrd", "use:wspNordlichtMoebl": "on"},
            {"identity": "harbour:usrBoLindqvistHrb", "use:wspHarbourHobbies": "on"},
        ),
        sizes={"records": 1600},
        # A free month is over within minutes here.
        switches={"free_calls_per_month": 10_000_000},
    ),
}
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


class Fleet:
    """Know every connection of the soak, and how their users behave."""

    def __init__(self, place: Place, *, size: int) -> None:
        self.place = place
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
    def _keys() -> Iterator[UUID]:
        rows = Connection.objects.order_by("created_at")
        yield from rows.values_list("pk", flat=True)

    def connect(self, number: int) -> None:
        """Go through the consent page and store the grant, as a callback does."""
        form = self.place.accounts[number % len(self.place.accounts)]
        oauth = oauth_clients.oauth_client(self.place.provider)
        verifier = new_code_verifier() if oauth.config.pkce else None
        code = consent(self.place.provider, form, verifier)
        tokens = oauth.exchange(code=Secret(code), code_verifier=verifier)
        account = RemoteAccount(
            remote_id=f"{form['identity'].partition(':')[0]}:{1_000_000 + number}",
            name=f"Soak {number}",
            scopes=tokens.scopes,
        )
        connected = store_grant(
            user=self.user,
            provider=self.place.provider,
            tokens=tokens,
            account=account,
        )
        runs.cancel_open(connected.connection, ReasonCode.CANCELLED)

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
                runs.request_sync(
                    connection, trigger=SyncRun.Trigger.SCHEDULE, full=True
                )


def consent(provider: str, form: dict[str, str], verifier: Secret | None) -> str:
    """Say yes on the sandbox's consent page; return the code."""
    spec = SPECS[provider]
    address = oauth_clients.oauth_client(provider).config.authorization_url(
        state="soak-of-sixteen-letters",
        scopes=spec.required_scopes(),
        optional_scopes=spec.optional_scopes(),
        code_challenge=code_challenge(verifier) if verifier else "",
    )
    callback = WebUser("", email="", password="").consent(address, **form)
    return parse_qs(urlsplit(callback).query)["code"][0]
