"""Introspection: whether a refresh token is still unspent, without spending it."""

from django.conf import settings
from django.db.models import QuerySet

from integrations.http.errors import ApiError
from integrations.http.responses.body import parse_json
from integrations.http.responses.error_forms import is_from_intermediary
from integrations.http.secrets import Secret
from integrations.http.sending.transport import Request
from integrations.models import Credential, RefreshAttempt
from integrations.oauth.errors import OAuthError
from integrations.providers import SPECS
from integrations.providers.spec import ProviderSpec
from integrations.services.common.clients import oauth_clients
from integrations.services.common.sealing import crypto
from integrations.services.grants import credentials

MAX_BYTES = 256 * 1024
# Asked, and no answer that means anything came back.
NO_ANSWER = (OAuthError, ApiError)
# Kept as the error code of an attempt whose token was proven to be spent.
SEEN_SPENT = "seen_spent"
# Why a token is renewed that the provider refused although its life was not over.
REFUSED = "unauthorized"


def is_unspent(credential: Credential, refresh_token: Secret) -> bool | None:
    """Return whether the refresh token is unspent; None where it cannot be asked.

    Where nobody can be asked any more, an earlier proof that it was spent stands.
    Raises one of NO_ANSWER when the provider was asked and did not say.
    """
    found = _ask(credential, refresh_token)
    if found is False:
        _open_attempt(credential).update(error_code=SEEN_SPENT)
    return False if found is None and was_spent(credential) else found


def was_spent(credential: Credential) -> bool:
    """Return whether the token was seen to be spent since the open attempt began."""
    return _open_attempt(credential).filter(error_code=SEEN_SPENT).exists()


def _open_attempt(credential: Credential) -> QuerySet[RefreshAttempt]:
    if credential.attempt_id is None:
        return RefreshAttempt.objects.none()
    return RefreshAttempt.objects.filter(pk=credential.attempt_id)


def _ask(credential: Credential, refresh_token: Secret) -> bool | None:
    spec = SPECS[credential.connection.provider]
    if spec.introspects_refresh_tokens:
        oauth = oauth_clients.oauth_client(spec.slug)
        return oauth.introspect(refresh_token, hint="refresh_token").active
    if spec.alive_path and _would_tell(credential):
        return _is_access_token_alive(credential, spec)
    return None


def _would_tell(credential: Credential) -> bool:
    """Return whether only a refresh can have ended the access token.

    One past its life is dead in any case, and so is one that was refused before it
    was to be renewed.
    """
    refused = RefreshAttempt.objects.filter(
        connection_id=credential.connection_id,
        generation=credential.generation,
        version=credential.version,
        why=REFUSED,
    )
    return not credential.is_expired and not refused.exists()


def _is_access_token_alive(credential: Credential, spec: ProviderSpec) -> bool | None:
    """Call with the access token, where a refresh ends the older one at once."""
    try:
        issued = credentials.open_access(credential)
    except crypto.CryptoError:
        return None
    api_url = settings.PROVIDERS[spec.slug].api_url
    request = Request(
        method="GET",
        url=f"{api_url}{spec.alive_path}",
        headers={"Authorization": Secret(f"Bearer {issued.secret.reveal()}")},
    )
    response = oauth_clients.transport().send(
        request, oauth_clients.timeouts(), MAX_BYTES
    )
    if response.is_success and isinstance(parse_json(response.body), dict):
        return True
    is_foreign = is_from_intermediary(response, spec.error_forms)
    if response.status == 401 and not is_foreign:
        return False
    raise ApiError("the provider did not say", status=response.status)
