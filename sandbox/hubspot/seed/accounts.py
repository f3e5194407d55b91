"""List the simulated portals, the people in them and what the app may ask for."""

from dataclasses import dataclass

from sandbox.core.config import Config
from sandbox.core.provider import Account, Person

CONTACTS, COMPANIES, DEALS = "0-1", "0-2", "0-3"
TYPES = {CONTACTS: "contacts", COMPANIES: "companies", DEALS: "deals"}
SINGULAR = {CONTACTS: "contact", COMPANIES: "company", DEALS: "deal"}
ALIASES = {
    **{type_id: type_id for type_id in TYPES},
    **{v: k for k, v in TYPES.items()},
}
MODIFIED = {
    CONTACTS: "lastmodifieddate",
    COMPANIES: "hs_lastmodifieddate",
    DEALS: "hs_lastmodifieddate",
}
VERSIONS = ("2026-03", "2026-09")

REQUIRED_SCOPES = "oauth crm.objects.contacts.read crm.objects.contacts.write"
OPTIONAL_SCOPES = (
    "crm.objects.companies.read crm.objects.companies.write"
    " crm.objects.deals.read crm.objects.deals.write crm.objects.owners.read"
)


@dataclass(frozen=True, kw_only=True)
class Portal(Account):
    """Describe one portal: where it lives, what its tier has, how big it is."""

    ui_domain: str = "app.hubspot.com"
    region: str = "na1"
    domain: str
    time_zone: str
    utc_offset: str
    currency: str
    lacks: tuple[str, ...] = ()
    sizes: tuple[int, int, int]
    account_type: str = "STANDARD"

    def has_scope(self, scope: str) -> bool:
        """Tell whether the portal's tier includes what a scope opens."""
        return not any(scope.startswith(f"crm.objects.{what}.") for what in self.lacks)


HARBOUR = Portal(
    id="555111",
    name="Harbour & Vale Trading",
    note="Large portal, North America",
    domain="harbour-and-vale.example",
    time_zone="America/New_York",
    utc_offset="-05:00",
    currency="USD",
    sizes=(20_000, 3_000, 5_000),
    people=(
        Person(id="4242", name="Ana Marín", email="ana@harbour-and-vale.example"),
        Person(id="4243", name="Bo Lindqvist", email="bo@harbour-and-vale.example"),
        Person(
            id="4244",
            name="Cleo Abara",
            email="cleo@harbour-and-vale.example",
            is_admin=False,
        ),
    ),
)
NORDLICHT = Portal(
    id="146201883",
    name="Nordlicht Möbel GmbH",
    note="European data centre",
    ui_domain="app-eu1.hubspot.com",
    region="eu1",
    domain="nordlicht-moebel.example",
    time_zone="Europe/Berlin",
    utc_offset="+01:00",
    currency="EUR",
    sizes=(300, 80, 120),
    people=(
        Person(
            id="7301155", name="Jürgen Groß", email="j.gross@nordlicht-moebel.example"
        ),
    ),
)
KESTREL = Portal(
    id="2081774",
    name="Kestrel Studio",
    note="Starter tier: no companies, no deals",
    domain="kestrel.example",
    time_zone="Europe/London",
    utc_offset="+00:00",
    currency="GBP",
    lacks=("companies", "deals"),
    sizes=(300, 0, 0),
    people=(Person(id="61", name="Mo Kestrel", email="mo@kestrel.example"),),
)
FJORD = Portal(
    id="9907316",
    name="Fjord Klinikk",
    note="You are not an administrator here",
    domain="fjordklinikk.example",
    time_zone="Europe/Oslo",
    utc_offset="+01:00",
    currency="NOK",
    sizes=(120, 20, 20),
    people=(
        Person(
            id="88120",
            name="Siri Dahl",
            email="siri@fjordklinikk.example",
            is_admin=False,
        ),
    ),
)
PORTALS = (HARBOUR, NORDLICHT, KESTREL, FJORD)
BY_ID = {portal.id: portal for portal in PORTALS}


def get_app_scopes(config: Config) -> tuple[frozenset[str], frozenset[str]]:
    """Return the scopes of the registered app: required, and optional."""
    required = config.read("hubspot", "REQUIRED_SCOPES", REQUIRED_SCOPES)
    optional = config.read("hubspot", "OPTIONAL_SCOPES", OPTIONAL_SCOPES)
    return frozenset(required.split()), frozenset(optional.split())
