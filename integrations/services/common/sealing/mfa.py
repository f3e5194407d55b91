"""Encryption of the secrets of allauth's second factors."""

from integrations.http.secrets import Secret
from integrations.services.common.sealing import crypto

PURPOSE = "mfa"
# allauth seals before there is a row, so this can only name the table.
ASSOCIATED_DATA = crypto.associated_data("mfa_authenticator", "data", "any")


def seal(text: str) -> str:
    """Seal a TOTP secret or the seed of recovery codes."""
    return crypto.seal(Secret(text), purpose=PURPOSE, associated_data=ASSOCIATED_DATA)


def unseal(sealed: str) -> str:
    """Open one; raise CryptoError when it cannot be read."""
    return crypto.unseal(
        sealed, purpose=PURPOSE, associated_data=ASSOCIATED_DATA
    ).reveal()
