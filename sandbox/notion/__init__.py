"""Simulate Notion: OAuth, search, pages, databases, data sources, blocks, Markdown."""

from sandbox.core.provider import Provider
from sandbox.notion.api.auth import finish, identify
from sandbox.notion.api.errors import refuse_with_status
from sandbox.notion.api.tables import SCHEMA
from sandbox.notion.control import RECORD_ACTIONS
from sandbox.notion.faults import FAULTS
from sandbox.notion.forms import FORMS
from sandbox.notion.inventory import get_inventory
from sandbox.notion.routes import FAMILIES, ROUTES
from sandbox.notion.seed.loader import seed
from sandbox.notion.seed.workspaces import KINDS, SLUG, WORKSPACES
from sandbox.notion.switches import SWITCHES

PROVIDER = Provider(
    slug=SLUG,
    name="Notion",
    schema=SCHEMA,
    routes=ROUTES,
    families=FAMILIES,
    accounts=WORKSPACES,
    kinds=KINDS,
    seed=seed,
    identify=identify,
    refuse=refuse_with_status,
    finish=finish,
    records=RECORD_ACTIONS,
    inventory=get_inventory,
    sizes=("rows",),
    faults=FAULTS,
    switches=SWITCHES,
    forms=FORMS,
)
