"""Show Airtable to allauth; the shared work is in ``integrations.signin``."""

from integrations.providers.airtable.spec import SPEC
from integrations.signin.provider import GrantAdapter, GrantProvider


class AirtableAdapter(GrantAdapter):
    """Name the provider the adapter belongs to."""

    provider_id = SPEC.slug


class AirtableProvider(GrantProvider):
    """Ask Airtable for a grant, with PKCE and a state that fit its alphabets."""

    id = SPEC.slug
    name = SPEC.name
    spec = SPEC
    oauth2_adapter_class = AirtableAdapter


provider_classes = [AirtableProvider]
