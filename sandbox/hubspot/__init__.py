"""Simulate HubSpot: OAuth, CRM objects, search, associations, reference data."""

from sandbox.core.provider import Provider
from sandbox.hubspot.api.auth import finish, identify
from sandbox.hubspot.api.errors import refuse_with_status
from sandbox.hubspot.control import RECORD_ACTIONS, get_inventory
from sandbox.hubspot.faults import FAULTS, SWITCHES
from sandbox.hubspot.forms import FORMS
from sandbox.hubspot.routes import FAMILIES, ROUTES
from sandbox.hubspot.seed.accounts import PORTALS, TYPES
from sandbox.hubspot.seed.loader import seed
from sandbox.hubspot.seed.tables import SCHEMA

PROVIDER = Provider(
    slug="hubspot",
    name="HubSpot",
    schema=SCHEMA,
    routes=ROUTES,
    families=FAMILIES,
    accounts=PORTALS,
    kinds=TYPES,
    seed=seed,
    identify=identify,
    refuse=refuse_with_status,
    finish=finish,
    records=RECORD_ACTIONS,
    inventory=get_inventory,
    sizes=("contacts", "companies", "deals"),
    faults=FAULTS,
    switches=SWITCHES,
    forms=FORMS,
)
