"""Simulate Airtable: OAuth, bases, their schema, and the records of their tables."""

from functools import partial

from sandbox.airtable.api.errors import refuse_with_status
from sandbox.airtable.control import COMMANDS, FORMS, QUERIES
from sandbox.airtable.control_schema import SCHEMA_COMMANDS
from sandbox.airtable.faults import FAULTS, SWITCHES
from sandbox.airtable.oauth import POLICY
from sandbox.airtable.routes import ROUTES
from sandbox.airtable.seed.loader import seed
from sandbox.airtable.seed.tables import SCHEMA
from sandbox.core.state import Provider
from sandbox.oauth import kit

PROVIDER = Provider(
    slug=POLICY.slug,
    name=POLICY.name,
    schema=SCHEMA,
    routes=ROUTES,
    accounts=POLICY.accounts,
    kinds={"base": "bases", "table": "tables", "record": "records"},
    seed=seed,
    identify=partial(kit.identify, POLICY),
    refuse=refuse_with_status,
    commands={**COMMANDS, **SCHEMA_COMMANDS},
    queries=QUERIES,
    forms=FORMS,
    sizes=("records",),
    faults=FAULTS,
    switches=SWITCHES,
)
