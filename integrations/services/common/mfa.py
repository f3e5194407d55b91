"""Seal the secrets of allauth's second factors."""

from integrations.http.secrets import Secret
from integrations.services.common import crypto

PURPOSE = "mfa"
# allauth seals before there is a row, so the place can only name the table.
PLACE = crypto.place("mfa_authenticator", "data", "any")


def seal(text: str) -> str:
    """Seal a TOTP secret or the seed of recovery codes."""
    return crypto.seal(Secret(text), purpose=PURPOSE, where=PLACE)


def unseal(sealed: str) -> str:
    """Open one; raise CryptoError when it cannot be read."""
    return crypto.unseal(sealed, purpose=PURPOSE, where=PLACE).reveal()
