"""Records of a bundle: a connection as it leaves one server, and what became of it."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.conf import settings
from msgspec import Struct, field

from integrations.http.secrets import Secret
from integrations.models import Connection, Credential
from integrations.oauth.tokens import TokenSet
from integrations.services.grants import credentials


class Result(StrEnum):
    """What became of one connection, for reports of both commands."""

    HANDED_OVER = "handed_over"
    TAKEN_BACK = "taken_back"
    LEFT_TO_OWNER = "left_to_owner"
    IMPORTED = "imported"
    UNCHANGED = "unchanged"
    NO_GRANT = "no_grant"
    UNREADABLE = "unreadable"
    REFRESHING = "refreshing"
    CHANGES_WAIT = "changes_wait"
    TOO_LARGE = "too_large"
    PROVIDER_UNKNOWN = "provider_unknown"
    CLIENT_DIFFERS = "client_differs"
    OWNER_UNKNOWN = "owner_unknown"
    OWNER_UNPROVEN = "owner_unproven"
    OWNED_BY_OTHER = "owned_by_other"
    TOO_MANY = "too_many"
    NEWER_GRANT = "newer_grant"
    MOVED_FROM_HERE = "moved_from_here"
    ENDED_SINCE = "ended_since"

    @property
    def is_good(self) -> bool:
        """Tell whether it is what was asked for."""
        return self in (
            self.HANDED_OVER,
            self.TAKEN_BACK,
            self.LEFT_TO_OWNER,
            self.IMPORTED,
            self.UNCHANGED,
        )


TEXTS: Mapping[Result, str] = {
    Result.HANDED_OVER: "handed over",
    Result.TAKEN_BACK: "taken back",
    Result.LEFT_TO_OWNER: "taken back; its owner has to reconnect it",
    Result.IMPORTED: "imported",
    Result.UNCHANGED: "imported before; left as it is",
    Result.NO_GRANT: "has no permission to hand over",
    Result.UNREADABLE: "its stored permission cannot be opened with today's keys",
    Result.REFRESHING: "its token is being refreshed, or nobody knows yet what became"
    " of the last refresh; try again in some minutes",
    Result.CHANGES_WAIT: "changes wait to be sent to its provider; let them be sent,"
    " or discard them",
    Result.TOO_LARGE: "it has more collections that are not read than a bundle can"
    " tell of; choose some of them to be read, and export again",
    Result.PROVIDER_UNKNOWN: "this provider is not set up here, or simulated on one"
    " side only",
    Result.CLIENT_DIFFERS: "this site has another client id at the provider, which"
    " would not take the permission",
    Result.OWNER_UNKNOWN: "nobody here has this e-mail address; name an account with"
    " --owner",
    Result.OWNER_UNPROVEN: "nobody here has confirmed this e-mail address; name the"
    " account with --owner if you know that it is theirs",
    Result.OWNED_BY_OTHER: "the account is connected here by somebody else",
    Result.TOO_MANY: "its owner has as many connections here as one may have",
    Result.NEWER_GRANT: "it is connected here with a newer permission",
    Result.MOVED_FROM_HERE: "this is the server that it was moved from; take it back"
    " with export_connections --take-back",
    Result.ENDED_SINCE: "it was disconnected here after the bundle was written",
}


class NotMovedError(Exception):
    """A connection stays as it is; ``result`` says why."""

    def __init__(self, result: Result) -> None:
        super().__init__(result.value)
        self.result = result


class LeftOut(Struct, frozen=True, kw_only=True):
    """A collection that its user does not want to be read."""

    remote_id: str
    name: str
    item_type: str


class HandedOver(Struct, frozen=True, kw_only=True):
    """A connection with its grant: what another server needs to go on with it.

    ``handover`` is the id of the export; ``client_id`` is whom the provider gave the
    grant to. The times are those of the server that it comes from.
    """

    handover: str
    exported_at: datetime
    connection: str
    owner: str
    provider: str
    remote_id: str
    is_sandbox: bool
    client_id: str
    account_name: str
    access_token: str
    refresh_token: str = ""
    access_expires_at: datetime | None = None
    refresh_expires_at: datetime | None = None
    issued_at: datetime | None = None
    refreshed_at: datetime
    account: Mapping[str, Any] = field(default_factory=dict)
    granted_scopes: tuple[str, ...] = ()
    label: str = ""
    plan: str = ""
    paused: str = ""
    is_editing: bool = False
    sync_interval_minutes: int
    full_refresh_hours: int | None = None
    calls_on: str = ""
    calls_this_month: int | None = None
    left_out: tuple[LeftOut, ...] = ()

    def __repr__(self) -> str:
        """Name the connection without its tokens."""
        return f"HandedOver({self.provider} {self.remote_id})"

    @property
    def title(self) -> str:
        """Return what a report calls it."""
        return f"{self.provider} {self.label or self.account_name} of {self.owner}"

    def tokens(self, now: datetime) -> TokenSet:
        """Return its tokens as an answer of the provider would bring them now."""
        return TokenSet(
            access_token=Secret(self.access_token),
            refresh_token=Secret(self.refresh_token) if self.refresh_token else None,
            expires_in=_seconds_until(self.access_expires_at, now),
            refresh_expires_in=_seconds_until(self.refresh_expires_at, now),
            scopes=self.granted_scopes,
        )

    @property
    def calls_day(self) -> date | None:
        """Return the day that its calls were counted on last."""
        return date.fromisoformat(self.calls_on) if self.calls_on else None


def _seconds_until(at: datetime | None, now: datetime) -> int | None:
    return None if at is None else max(0, int((at - now).total_seconds()))


def make_record(
    connection: Connection, credential: Credential, handover: UUID, now: datetime
) -> HandedOver:
    """Return the record of a connection; raise CryptoError if its grant is sealed."""
    refresh_token = credentials.open_refresh(credential)
    is_paused = connection.state == Connection.State.PAUSED
    left_out = connection.collections.filter(is_selected=False)
    return HandedOver(
        handover=str(handover),
        exported_at=now,
        connection=str(connection.pk),
        owner=connection.owner.email,
        provider=connection.provider,
        remote_id=connection.remote_id,
        is_sandbox=connection.is_sandbox,
        client_id=settings.PROVIDERS[connection.provider].client_id,
        account_name=connection.account_name,
        access_token=credentials.open_access(credential).secret.reveal(),
        refresh_token=refresh_token.reveal() if refresh_token else "",
        access_expires_at=credential.access_expires_at,
        refresh_expires_at=credential.refresh_expires_at,
        issued_at=credential.issued_at,
        refreshed_at=credential.refreshed_at,
        account=connection.account,
        granted_scopes=tuple(connection.granted_scopes),
        label=connection.label,
        plan=connection.plan,
        paused=connection.reason if is_paused else "",
        is_editing=connection.is_editing,
        sync_interval_minutes=connection.sync_interval_minutes,
        full_refresh_hours=connection.full_refresh_hours,
        calls_on=connection.calls_on.isoformat() if connection.calls_on else "",
        calls_this_month=connection.calls_this_month,
        left_out=tuple(
            LeftOut(remote_id=each.remote_id, name=each.name, item_type=each.item_type)
            for each in left_out
        ),
    )
