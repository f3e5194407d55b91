"""List the providers: adding one is a folder here and its line below."""

from collections.abc import Mapping, Sequence

from integrations.providers.airtable.connector import Airtable
from integrations.providers.connector import BaseConnector
from integrations.providers.hubspot.connector import HubSpot
from integrations.providers.notion.connector import Notion
from integrations.providers.spec import ProviderSpec

REGISTERED: Sequence[BaseConnector] = (
    HubSpot(),
    Airtable(),
    Notion(),
)
CONNECTORS: Mapping[str, BaseConnector] = {
    connector.spec.slug: connector for connector in REGISTERED
}
SPECS: Mapping[str, ProviderSpec] = {
    slug: connector.spec for slug, connector in CONNECTORS.items()
}
