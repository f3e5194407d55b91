"""Simulate Airtable: OAuth, bases, their schema, and the records of their tables."""

from sandbox.airtable.accounts import COMPANIES, SLUG
from sandbox.airtable.control import RECORD_ACTIONS
from sandbox.airtable.control_schema import ORDERS
from sandbox.airtable.errors import refuse_with_status
from sandbox.airtable.faults import FAULTS, SWITCHES
from sandbox.airtable.forms import FORMS
from sandbox.airtable.guard import finish, identify
from sandbox.airtable.inventory import get_inventory
from sandbox.airtable.routes import FAMILIES, ROUTES
from sandbox.airtable.seed import seed
from sandbox.airtable.tables import SCHEMA
from sandbox.provider import Provider

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
