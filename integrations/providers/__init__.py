"""List the providers: adding one is a folder here and one line below."""

from integrations.providers.airtable.connector import Airtable
from integrations.providers.connector import BaseConnector
from integrations.providers.hubspot.connector import HubSpot
from integrations.providers.notion.connector import Notion
from integrations.providers.spec import ProviderSpec

CONNECTORS: dict[str, BaseConnector] = {
    connector.spec.slug: connector for connector in (HubSpot(), Airtable(), Notion())
}
SPECS: dict[str, ProviderSpec] = {
    slug: connector.spec for slug, connector in CONNECTORS.items()
}
