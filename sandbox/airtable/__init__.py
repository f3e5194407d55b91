"""Simulate Airtable: OAuth, bases, their schema, and the records of their tables."""

from sandbox.airtable.api.errors import refuse_with_status
from sandbox.airtable.api.meta import show_bases, show_tables, show_whoami
from sandbox.airtable.api.records import list_records
from sandbox.airtable.control import COMMANDS, QUERIES
from sandbox.airtable.control_schema import SCHEMA_COMMANDS
from sandbox.airtable.faults import FAULTS
from sandbox.airtable.oauth import POLICY
from sandbox.airtable.seed.loader import seed
from sandbox.core.state import Route
from sandbox.oauth import kit

ROUTES = (
    Route("GET", "/v0/meta/whoami", show_whoami, "api whoami"),
    Route("GET", "/v0/meta/bases", show_bases, "api bases"),
    Route("GET", "/v0/meta/bases/{base}/tables", show_tables, "api schema"),
    Route("GET", "/v0/{base}/{table}", list_records, "api list"),
)

PROVIDER = kit.make_provider(
    POLICY,
    __package__,
    routes=ROUTES,
    kinds={"base": "bases", "table": "tables", "record": "records"},
    seed=seed,
    refuse=refuse_with_status,
    commands={**COMMANDS, **SCHEMA_COMMANDS},
    queries=QUERIES,
    sizes=("records",),
    faults=FAULTS,
)
