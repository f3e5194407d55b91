"""Identification of a new grant: which account at the provider it is for."""

from django.conf import settings

from integrations.oauth.tokens import TokenSet
from integrations.providers import CONNECTORS
from integrations.providers.connector import NewGrant
from integrations.providers.records import RemoteAccount
from integrations.services.common.clients import api_clients as clients
from integrations.services.common.clients import oauth_clients
from integrations.services.common.clients.connector_errors import connector_boundary


def identify(provider: str, tokens: TokenSet) -> RemoteAccount:
    """Return the account that tokens are for; raises ApiError or OAuthError."""
    with connector_boundary("identify", provider=provider):
        grant = NewGrant(
            tokens=tokens,
            api=clients.api_client_for_new_grant(provider, tokens.access_token),
            oauth=oauth_clients.oauth_client(provider),
            settings=settings.PROVIDERS[provider],
        )
        return CONNECTORS[provider].identify(grant)
