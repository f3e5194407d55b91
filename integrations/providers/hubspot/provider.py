"""Show HubSpot to allauth; the shared work is in ``integrations.signin``."""

from integrations.providers.hubspot.spec import SPEC
from integrations.signin.provider import GrantAdapter, GrantProvider


class HubSpotAdapter(GrantAdapter):
    """Name the provider the adapter belongs to."""

    provider_id = SPEC.slug


class HubSpotProvider(GrantProvider):
    """Ask HubSpot for a grant on its dated endpoints."""

    id = SPEC.slug
    name = SPEC.name
    spec = SPEC
    oauth2_adapter_class = HubSpotAdapter


provider_classes = [HubSpotProvider]
