"""Show Notion to allauth; the shared work is in ``integrations.signin``."""

from integrations.providers.notion.spec import SPEC
from integrations.signin.provider import GrantAdapter, GrantProvider


class NotionAdapter(GrantAdapter):
    """Name the provider the adapter belongs to."""

    provider_id = SPEC.slug


class NotionProvider(GrantProvider):
    """Ask a person which of their pages may be read."""

    id = SPEC.slug
    name = SPEC.name
    spec = SPEC
    oauth2_adapter_class = NotionAdapter


provider_classes = [NotionProvider]
