"""Ask a provider whether a refresh token still lives, without spending it."""

from django.conf import settings

from integrations.http.errors import ApiError
from integrations.http.secrets import Secret
from integrations.http.transport import Request
from integrations.models import Credential
from integrations.oauth.errors import OAuthError
from integrations.providers import SPECS
from integrations.services import credentials, crypto, oauth_clients

MAX_BYTES = 256 * 1024
# Asked, and no answer that means anything came back.
NO_ANSWER = (OAuthError, ApiError)


def is_unspent(credential: Credential, refresh_token: Secret) -> bool | None:
    """Say whether the refresh token lives; None where nobody can be asked.

    Raises one of NO_ANSWER when the provider was asked and did not say.
    """
    spec = SPECS[credential.connection.provider]
    if spec.introspects_refresh_tokens:
        oauth = oauth_clients.oauth_client(spec.slug)
        return oauth.introspect(refresh_token, hint="refresh_token").active
    if spec.alive_path and not credential.is_expired:
        return _is_access_token_alive(credential, spec.alive_path)
    return None


def _is_access_token_alive(credential: Credential, path: str) -> bool | None:
    """Ask with the access token, where a refresh ends the older one at once."""
    try:
        issued = credentials.open_access(credential)
    except crypto.CryptoError:
        return None
    api_url = settings.PROVIDERS[credential.connection.provider].api_url
    request = Request(
        method="GET",
        url=f"{api_url}{path}",
        headers={"Authorization": Secret(f"Bearer {issued.secret.reveal()}")},
    )
    response = oauth_clients.transport().send(
        request, oauth_clients.timeouts(), MAX_BYTES
    )
    if response.is_success or response.status == 401:
        return response.is_success
    raise ApiError("the provider did not say", status=response.status)
