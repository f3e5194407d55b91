"""Simulate Notion: OAuth, search, pages, databases, data sources, blocks, Markdown."""

from sandbox.core.state import Route
from sandbox.notion.api.blocks import list_children, show_block, show_markdown
from sandbox.notion.api.calls import finish
from sandbox.notion.api.errors import refuse_with_status
from sandbox.notion.api.objects import show, show_property
from sandbox.notion.api.people import list_users, show_me
from sandbox.notion.api.search import query, search
from sandbox.notion.control import COMMANDS, QUERIES
from sandbox.notion.faults import FAULTS
from sandbox.notion.oauth import POLICY
from sandbox.notion.seed.loader import seed
from sandbox.notion.seed.workspaces import DATA_SOURCE, DATABASE, KINDS, PAGE
from sandbox.oauth import kit

ROUTES = (
    Route("POST", "/v1/search", search, "api search"),
    Route("GET", "/v1/users", list_users, "api users"),
    Route("GET", "/v1/users/me", show_me, "api me"),
    Route("GET", "/v1/pages/{id}", show(PAGE), "api pages"),
    Route("GET", "/v1/pages/{id}/markdown", show_markdown, "api markdown"),
    Route("GET", "/v1/pages/{id}/properties/{property}", show_property, "api pages"),
    Route("GET", "/v1/databases/{id}", show(DATABASE), "api databases"),
    Route("GET", "/v1/data_sources/{id}", show(DATA_SOURCE), "api data_sources"),
    Route("POST", "/v1/data_sources/{id}/query", query, "api query"),
    Route("GET", "/v1/blocks/{id}", show_block, "api blocks"),
    Route("GET", "/v1/blocks/{id}/children", list_children, "api blocks"),
)

PROVIDER = kit.make_provider(
    POLICY,
    __package__,
    routes=ROUTES,
    kinds=KINDS,
    seed=seed,
    refuse=refuse_with_status,
    finish=finish,
    commands=COMMANDS,
    queries=QUERIES,
    sizes=("rows",),
    faults=FAULTS,
)
