"""Simulate Airtable: OAuth, bases, their schema, and the records of their tables."""

from sandbox.airtable.api.auth import finish, identify
from sandbox.airtable.api.errors import refuse_with_status
from sandbox.airtable.control import RECORD_ACTIONS
from sandbox.airtable.control_schema import ORDERS
from sandbox.airtable.faults import FAULTS, SWITCHES
from sandbox.airtable.forms import FORMS
from sandbox.airtable.inventory import get_inventory
from sandbox.airtable.routes import FAMILIES, ROUTES
from sandbox.airtable.seed.accounts import COMPANIES, SLUG
from sandbox.airtable.seed.loader import seed
from sandbox.airtable.seed.tables import SCHEMA
from sandbox.core.provider import Provider

PROVIDER = Provider(
    slug=SLUG,
    name="Airtable",
    schema=SCHEMA,
    routes=ROUTES,
    families=FAMILIES,
    accounts=COMPANIES,
    kinds={"base": "bases", "table": "tables", "record": "records"},
    seed=seed,
    identify=identify,
    refuse=refuse_with_status,
    finish=finish,
    records=RECORD_ACTIONS,
    orders=ORDERS,
    inventory=get_inventory,
    forms=FORMS,
    sizes=("records",),
    faults=FAULTS,
    switches=SWITCHES,
)
