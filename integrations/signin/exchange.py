"""Code exchange: spend an authorization code, and find out whose grant it is."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from django.contrib.auth.models import User
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.utils import timezone
from msgspec import Struct
from msgspec.structs import replace

from integrations.http.errors import ApiError, Forbidden, Unauthorized
from integrations.http.secrets import Secret
from integrations.oauth import errors as oauth_errors
from integrations.oauth.errors import OAuthError
from integrations.oauth.tokens import TokenSet
from integrations.providers.records import RemoteAccount
from integrations.services.common.clients import oauth_clients
from integrations.services.common.errors import (
    ConnectorError,
    OwnedBySomeoneElseError,
    TooManyConnectionsError,
)
from integrations.services.connections import connect, consents
from integrations.services.connections.connect import Connected
from integrations.services.grants import circuit_breaker
from integrations.services.grants.identify import identify
from integrations.services.grants.oauth_state import Authorization
from integrations.services.grants.stores import consent_store
from integrations.services.grants.stores.consent_store import Consent, ConsentFile
from integrations.signin import user_messages
from integrations.signin.provider import GrantProvider
from integrations.signin.user_messages import UserMessage

logger = logging.getLogger(__name__)

T = TypeVar("T")
# A consent cannot be asked for again: one odd answer, or a database that is away for
# a moment, must not cost it. In seconds between the tries, while the user waits.
IDENTITY_PAUSES: Final = (0.5, 1.5, 4.0)
STORING_PAUSES: Final = (0.5, 1.0, 2.0, 4.0)
# No try begins later, because the proxy in front waits no longer for the page.
IDENTITY_SECONDS: Final = 40.0
STORING_SECONDS: Final = 20.0


class GrantFailed(Exception):
    """There is no grant: why, as a machine-readable kind and a message to the user."""

    def __init__(self, kind: str, message: UserMessage) -> None:
        super().__init__(kind)
        self.kind = kind
        self.user_message = message


class ConsentKept(Exception):
    """The database is away; the grant is kept beside it, and finished by a worker."""


class IdentifiedGrant(Struct, frozen=True, kw_only=True):
    """Grant that no row holds yet, whose it is, and the file that keeps it."""

    consent: Consent
    account: RemoteAccount
    file: ConsentFile

    def revoke(self) -> None:
        """Give the unused tokens back to the provider."""
        consents.revoke(self.consent, account_id=self.account.remote_id)
        self.file.delete()


@contextmanager
def exchanged(
    provider: GrantProvider, code: Secret, begun: Authorization
) -> Iterator[IdentifiedGrant]:
    """Exchange the code, once, and identify the account.

    Raises GrantFailed, and ConsentKept where the database is away before a row has the
    grant or an order to revoke it.
    """
    slug = provider.spec.slug
    try:
        tokens = oauth_clients.oauth_client(slug).exchange(
            code=code, code_verifier=begun.code_verifier
        )
    except OAuthError as exc:
        raise _failed_exchange(slug, exc) from exc
    # Tokens are made just before they are sent: of two exchanges under way at once,
    # the later answer has the newer grant.
    consent = Consent(
        provider=slug,
        tokens=tokens,
        issued_at=timezone.now(),
        user_id=begun.user_id,
        plan=begun.plan,
    )
    with consent_store.keep(consent) as file:
        try:
            account = _identify_or_revoke(consent, file)
            identified = replace(consent, account=account)
            file.write(identified)
            yield IdentifiedGrant(consent=identified, account=account, file=file)
        except (OperationalError, InterfaceError) as exc:
            if not file.is_kept:
                raise
            raise ConsentKept from exc


def _identify_or_revoke(consent: Consent, file: ConsentFile) -> RemoteAccount:
    slug = consent.provider
    try:
        return _identify(slug, consent.tokens)
    except ConnectorError as exc:
        failed = GrantFailed(
            "connector_error", user_messages.our_mistake(exc.reference)
        )
        cause: Exception = exc
    except (OAuthError, ApiError) as exc:
        logger.warning(
            "grant not identified provider=%s error=%s", slug, type(exc).__name__
        )
        is_refused = isinstance(exc, Unauthorized | Forbidden)
        told = (
            user_messages.MISCONFIGURED if is_refused else user_messages.PROVIDER_DOWN
        )
        failed, cause = GrantFailed("not_identified", told), exc
    consents.revoke(consent, account_id="")
    file.delete()
    raise failed from cause


def _identify(slug: str, tokens: TokenSet) -> RemoteAccount:
    """Identify the account; only what keeps going wrong is raised."""
    until = time.monotonic() + IDENTITY_SECONDS
    for pause in IDENTITY_PAUSES:
        if time.monotonic() > until:
            break
        try:
            return identify(slug, tokens)
        except ConnectorError:
            raise
        except (OAuthError, ApiError) as exc:
            logger.info(
                "grant not identified yet provider=%s error=%s",
                slug,
                type(exc).__name__,
            )
            time.sleep(pause)
    return identify(slug, tokens)


def persist(step: Callable[[], T]) -> T:
    """Return what a step gives that needs the database, which may be away a moment."""
    until = time.monotonic() + STORING_SECONDS
    for pause in STORING_PAUSES:
        if time.monotonic() > until:
            break
        try:
            return step()
        except (OperationalError, InterfaceError):
            logger.warning("grant not stored yet: the database is away")
            database.close_if_unusable_or_obsolete()
            time.sleep(pause)
    return step()


def _failed_exchange(slug: str, exc: OAuthError) -> GrantFailed:
    """Classify a failed exchange: the user's, the provider's, or ours."""
    logger.warning(
        "code not exchanged provider=%s error=%s status=%s", slug, exc.error, exc.status
    )
    if isinstance(exc, oauth_errors.GrantRejected):
        return GrantFailed("code_refused", user_messages.CODE_REFUSED)
    if isinstance(exc, oauth_errors.ClientRejected):
        circuit_breaker.pause(slug, exc)
        return GrantFailed("client_rejected", user_messages.MISCONFIGURED)
    if isinstance(exc, oauth_errors.RequestRejected):
        circuit_breaker.note(slug, "token_request_rejected")
        return GrantFailed("request_rejected", user_messages.MISCONFIGURED)
    return GrantFailed("provider_down", user_messages.PROVIDER_DOWN)


def accept(grant: IdentifiedGrant, user: User) -> Connected:
    """Store the grant as one user's; raise GrantFailed if that may not be."""
    consent = grant.consent
    try:
        connected = persist(
            lambda: connect.connect(
                user=user,
                provider=consent.provider,
                tokens=consent.tokens,
                account=grant.account,
                plan=consent.plan,
                issued_at=consent.issued_at,
            )
        )
    except OwnedBySomeoneElseError as exc:
        grant.revoke()
        raise GrantFailed("someone_elses", user_messages.SOMEONE_ELSES) from exc
    except TooManyConnectionsError as exc:
        grant.revoke()
        raise GrantFailed("too_many", user_messages.TOO_MANY) from exc
    grant.file.delete()
    circuit_breaker.resume(consent.provider)
    return connected
