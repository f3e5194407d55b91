"""List the providers: adding one is a folder here and one line below."""

from integrations.providers.base import Connector, ProviderSpec
from integrations.providers.hubspot.connector import HubSpot

CONNECTORS: dict[str, Connector] = {
    connector.spec.slug: connector for connector in (HubSpot(),)
}
SPECS: dict[str, ProviderSpec] = {
    slug: connector.spec for slug, connector in CONNECTORS.items()
}
