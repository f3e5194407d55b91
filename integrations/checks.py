"""Check what the settings alone cannot tell: token keys, and the providers."""

from collections.abc import Sequence
from typing import Any

from allauth.socialaccount.providers import registry
from django.conf import settings
from django.core import checks

from integrations.providers import REGISTERED, SPECS
from integrations.providers.consistency import find_problems
from integrations.services.common.sealing import crypto

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


@checks.register(TAG)
def check_registry(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a provider that is described in a way that cannot work."""
    return [
        checks.Error(
            problem,
            hint="Correct its spec.py; see docs/adding-a-provider.md.",
            id="mooring.E019",
        )
        for problem in find_problems(REGISTERED)
    ]


@checks.register(TAG)
def check_allauth_providers(**_kwargs: Any) -> Sequence[checks.CheckMessage]:
    """Refuse a provider whose consent would not run on our own allauth class.

    allauth ships classes of its own by the same names, which read the request.
    """
    registry.load()
    return [
        checks.Error(
            f"allauth has no class made of the spec of {slug!r}.",
            hint="Keep integrations.signin in INSTALLED_APPS, and none of allauth's "
            "own providers; SOCIALACCOUNT_PROVIDERS must not replace the class.",
            id="mooring.E020",
        )
        for slug, spec in SPECS.items()
        if getattr(registry.get_class(slug), "spec", None) is not spec
    ]
