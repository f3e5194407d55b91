"""Grants that permit less than the one in use, which nobody asked to be narrowed."""

from integrations.http.errors import ApiError
from integrations.models import Connection, Credential
from integrations.oauth.tokens import TokenSet
from integrations.providers import SPECS
from integrations.providers.records import RemoteAccount
from integrations.services.common.errors import NoTokenError
from integrations.services.common.sealing import crypto
from integrations.services.grants import refresh

WHY = "connected_again"


def is_lesser(connection: Connection, tokens: TokenSet, account: RemoteAccount) -> bool:
    """Tell whether a new grant only lacks the permission to edit that one in use has.

    It is none where the provider does not renew the one in use: that may have been
    ended there, and nobody has noticed yet.
    """
    scopes = account.scopes if account.scopes is not None else tokens.scopes
    if not connection.is_editing or not connection.is_syncable or scopes is None:
        return False
    writes = {scope.name for scope in SPECS[connection.provider].scopes if scope.writes}
    before, now = set(connection.granted_scopes), set(scopes)
    return now < before and before - now <= writes and _is_renewed(connection, tokens)


def _is_renewed(connection: Connection, tokens: TokenSet) -> bool:
    """Tell whether the provider still renews the grant in use, if it is another."""
    stored = Credential.objects.filter(connection=connection).first()
    told = tokens.refresh_token or tokens.access_token
    if stored is None or stored.fingerprint == crypto.fingerprint(told):
        return False
    try:
        refresh.refresh_credential(connection.pk, seen_version=stored.version, why=WHY)
    except (NoTokenError, ApiError):
        return False
    return True
