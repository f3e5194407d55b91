"""Check what only the services can judge: whether the token keys are usable."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core import checks

from integrations.services.common import crypto

TAG = "mooring"


@checks.register(TAG)
def check_token_keys(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse token keys that cannot seal anything; say which entry, never the key."""
    if not settings.TOKEN_KEYS:
        # The reader of the environment has refused that already, by name.
        return []
    try:
        crypto.key_ring()
    except crypto.KeysInvalidError as exc:
        return [
            checks.Error(
                f"{exc}.",
                hint="Write id:base64 of 32 random bytes, comma separated; the first "
                "key encrypts. `make run` writes one to .env.",
                id="mooring.E018",
            )
        ]
    return []
