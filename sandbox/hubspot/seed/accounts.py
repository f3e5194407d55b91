"""List the simulated portals, the people in them and what the app may ask for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.core.config import Config
from sandbox.core.data import load
from sandbox.core.provider import Account

CONTACTS, COMPANIES, DEALS = "0-1", "0-2", "0-3"
TYPES = {CONTACTS: "contacts", COMPANIES: "companies", DEALS: "deals"}
SINGULAR = {CONTACTS: "contact", COMPANIES: "company", DEALS: "deal"}
ALIASES = {**{name: name for name in TYPES}, **{v: k for k, v in TYPES.items()}}
MODIFIED = dict.fromkeys(TYPES, "hs_lastmodifieddate") | {CONTACTS: "lastmodifieddate"}
VERSIONS = ("2026-03", "2026-09")

REQUIRED_SCOPES = "oauth crm.objects.contacts.read"
OPTIONAL_SCOPES = (
    "crm.objects.contacts.write crm.objects.companies.read crm.objects.companies.write"
    " crm.objects.deals.read crm.objects.deals.write crm.objects.owners.read"
)


@dataclass(frozen=True, kw_only=True)
class Portal(Account):
    """One portal: where it lives, what its tier has, how big it is."""

    domain: str
    # What the details endpoint tells of it.
    details: Mapping[str, Any]
    lacks: Sequence[str] = ()
    sizes: Sequence[int]
    owners: int = 3

    def has_scope(self, scope: str) -> bool:
        """Return whether the portal's tier includes what a scope opens."""
        return not any(scope.startswith(f"crm.objects.{what}.") for what in self.lacks)


PORTALS = tuple(map(Portal.read, load(__package__, "portals")))
BY_ID = {portal.id: portal for portal in PORTALS}


def get_scopes(config: Config) -> tuple[frozenset[str], frozenset[str]]:
    required = config.read("hubspot", "REQUIRED_SCOPES", REQUIRED_SCOPES)
    optional = config.read("hubspot", "OPTIONAL_SCOPES", OPTIONAL_SCOPES)
    return frozenset(required.split()), frozenset(optional.split())
