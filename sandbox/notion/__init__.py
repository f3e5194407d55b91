"""Simulate Notion: OAuth, search, pages, databases, data sources, blocks, Markdown."""

from functools import partial

from sandbox.core.state import Provider
from sandbox.notion.api.auth import finish
from sandbox.notion.api.errors import refuse_with_status
from sandbox.notion.api.tables import SCHEMA
from sandbox.notion.control import COMMANDS, FORMS, QUERIES
from sandbox.notion.faults import FAULTS, SWITCHES
from sandbox.notion.oauth import POLICY
from sandbox.notion.routes import ROUTES
from sandbox.notion.seed.loader import seed
from sandbox.notion.seed.workspaces import KINDS
from sandbox.oauth import kit

PROVIDER = Provider(
    slug=POLICY.slug,
    name=POLICY.name,
    schema=SCHEMA,
    routes=ROUTES,
    accounts=POLICY.accounts,
    kinds=KINDS,
    seed=seed,
    identify=partial(kit.identify, POLICY),
    refuse=refuse_with_status,
    finish=finish,
    commands=COMMANDS,
    queries=QUERIES,
    sizes=("rows",),
    faults=FAULTS,
    switches=SWITCHES,
    forms=FORMS,
)
