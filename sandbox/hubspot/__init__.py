"""Simulate HubSpot: OAuth, CRM objects, search, associations, reference data."""

from sandbox.hubspot.accounts import PORTALS, TYPES
from sandbox.hubspot.control import RECORD_ACTIONS, get_inventory
from sandbox.hubspot.errors import refuse_with_status
from sandbox.hubspot.faults import FAULTS, SWITCHES
from sandbox.hubspot.forms import FORMS
from sandbox.hubspot.guard import finish, identify
from sandbox.hubspot.routes import FAMILIES, ROUTES
from sandbox.hubspot.seed import seed
from sandbox.hubspot.tables import SCHEMA
from sandbox.provider import Provider

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
