"""List the addresses the simulated Notion answers, and their fault families."""

from sandbox.core.state import Route
from sandbox.notion.api.blocks import list_children, show_block, show_markdown
from sandbox.notion.api.pages import (
    show_data_source,
    show_database,
    show_page,
    show_property,
)
from sandbox.notion.api.people import list_users, show_me
from sandbox.notion.api.search import query, search
from sandbox.notion.oauth import POLICY
from sandbox.oauth import kit

ROUTES = (
    *kit.make_routes(POLICY),
    Route("POST", "/v1/search", search, "api search"),
    Route("GET", "/v1/users", list_users, "api users"),
    Route("GET", "/v1/users/me", show_me, "api me"),
    Route("GET", "/v1/pages/{id}", show_page, "api pages"),
    Route("GET", "/v1/pages/{id}/markdown", show_markdown, "api markdown"),
    Route("GET", "/v1/pages/{id}/properties/{property}", show_property, "api pages"),
    Route("GET", "/v1/databases/{id}", show_database, "api databases"),
    Route("GET", "/v1/data_sources/{id}", show_data_source, "api data_sources"),
    Route("POST", "/v1/data_sources/{id}/query", query, "api query"),
    Route("GET", "/v1/blocks/{id}", show_block, "api blocks"),
    Route("GET", "/v1/blocks/{id}/children", list_children, "api blocks"),
)
