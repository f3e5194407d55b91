"""List the addresses the simulated Notion answers, and their fault families."""

from sandbox.core.web import Handler, Route
from sandbox.notion.api.blocks import list_children, show_block, show_markdown
from sandbox.notion.api.pages import (
    show_data_source,
    show_database,
    show_page,
    show_property,
)
from sandbox.notion.api.people import list_users, show_me
from sandbox.notion.api.search import query, search
from sandbox.notion.consent import show_consent, take_consent
from sandbox.notion.introspection import introspect, revoke
from sandbox.notion.oauth import answer_token


def _route(method: str, path: str, handler: Handler, families: str) -> Route:
    return Route(
        method=method, path=path, handler=handler, families=tuple(families.split())
    )


ROUTES = (
    _route("GET", "/v1/oauth/authorize", show_consent, "consent"),
    _route("POST", "/v1/oauth/authorize", take_consent, "consent"),
    _route("POST", "/v1/oauth/token", answer_token, "token oauth"),
    _route("POST", "/v1/oauth/introspect", introspect, "introspect oauth"),
    _route("POST", "/v1/oauth/revoke", revoke, "revoke oauth"),
    _route("POST", "/v1/search", search, "api search"),
    _route("GET", "/v1/users", list_users, "api users"),
    _route("GET", "/v1/users/me", show_me, "api me"),
    _route("GET", "/v1/pages/{id}", show_page, "api pages"),
    _route("GET", "/v1/pages/{id}/markdown", show_markdown, "api markdown"),
    _route("GET", "/v1/pages/{id}/properties/{property}", show_property, "api pages"),
    _route("GET", "/v1/databases/{id}", show_database, "api databases"),
    _route("GET", "/v1/data_sources/{id}", show_data_source, "api data_sources"),
    _route("POST", "/v1/data_sources/{id}/query", query, "api query"),
    _route("GET", "/v1/blocks/{id}", show_block, "api blocks"),
    _route("GET", "/v1/blocks/{id}/children", list_children, "api blocks"),
)
FAMILIES = tuple(sorted({name for route in ROUTES for name in route.families}))
