"""List the addresses the simulated HubSpot answers, and their fault families."""

from sandbox.core.web import Handler, Route
from sandbox.hubspot.api.associations import (
    add_default,
    list_associations,
    list_labels,
    read_associations,
    remove_associations,
)
from sandbox.hubspot.api.errors import answer_retired
from sandbox.hubspot.api.merging import merge_objects
from sandbox.hubspot.api.objects import list_objects, read_batch, show_object
from sandbox.hubspot.api.reference import (
    list_owners,
    list_pipelines,
    list_properties,
    show_details,
    show_owner,
)
from sandbox.hubspot.api.search import search
from sandbox.hubspot.api.writes import (
    archive_object,
    create_object,
    erase_object,
    patch_object,
)
from sandbox.hubspot.consent import show_consent, take_consent
from sandbox.hubspot.introspection import introspect, revoke, uninstall
from sandbox.hubspot.oauth import answer_token


def _route(method: str, path: str, handler: Handler, families: str) -> Route:
    return Route(
        method=method, path=path, handler=handler, families=tuple(families.split())
    )


OBJECTS = "/crm/objects/{v}/{type}"
LINKS = "/crm/associations/{v}/{from}/{to}"
PAIR = "/crm/objects/{v}/{from}/{id}/associations"

ROUTES = (
    *(
        _route("*", f"/{path}", answer_retired, "retired")
        for path in (
            "oauth/v1/token",
            "oauth/v3/token",
            "oauth/v1/access-tokens/{token}",
            "oauth/v1/refresh-tokens/{token}",
            "crm/v3/objects/{type}",
            "crm/v3/objects/{type}/{id}",
            "crm/v3/objects/{type}/{id}/associations/{to}",
        )
    ),
    _route("GET", "/oauth/authorize", show_consent, "consent"),
    _route("POST", "/oauth/authorize", take_consent, "consent"),
    _route("GET", "/oauth/{hub_id}/authorize", show_consent, "consent"),
    _route("POST", "/oauth/{hub_id}/authorize", take_consent, "consent"),
    _route("POST", "/oauth/{v}/token", answer_token, "token oauth"),
    _route("POST", "/oauth/{v}/token/introspect", introspect, "introspect oauth"),
    _route("POST", "/oauth/{v}/token/revoke", revoke, "revoke oauth"),
    _route("GET", "/account-info/{v}/details", show_details, "api account"),
    _route("DELETE", "/appinstalls/{v}/external-install", uninstall, "api uninstall"),
    _route("GET", "/crm/properties/{v}/{type}", list_properties, "api properties"),
    _route("GET", "/crm/pipelines/{v}/{type}", list_pipelines, "api pipelines"),
    _route("GET", "/crm/owners/{v}", list_owners, "api owners"),
    _route("GET", "/crm/owners/{v}/{id}", show_owner, "api owners"),
    _route("GET", OBJECTS, list_objects, "api list"),
    _route("POST", OBJECTS, create_object, "api write"),
    _route("POST", f"{OBJECTS}/search", search, "search"),
    _route("POST", f"{OBJECTS}/batch/read", read_batch, "api batch"),
    _route("POST", f"{OBJECTS}/merge", merge_objects, "api write"),
    _route("POST", f"{OBJECTS}/gdpr-delete", erase_object, "api write"),
    _route("GET", f"{OBJECTS}/{{id}}", show_object, "api read"),
    _route("PATCH", f"{OBJECTS}/{{id}}", patch_object, "api write"),
    _route("DELETE", f"{OBJECTS}/{{id}}", archive_object, "api write"),
    _route("GET", f"{PAIR}/{{to}}", list_associations, "api associations"),
    _route("PUT", f"{PAIR}/default/{{to}}/{{to_id}}", add_default, "api associations"),
    _route(
        "DELETE", f"{PAIR}/{{to}}/{{to_id}}", remove_associations, "api associations"
    ),
    _route("POST", f"{LINKS}/batch/read", read_associations, "api associations"),
    _route("GET", f"{LINKS}/labels", list_labels, "api associations"),
)
FAMILIES = tuple(sorted({name for route in ROUTES for name in route.families}))
