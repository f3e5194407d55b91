"""List the addresses the simulated HubSpot answers, and their fault families."""

from sandbox.core.state import Route
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
from sandbox.hubspot.oauth import POLICY, uninstall
from sandbox.oauth import kit

OBJECTS = "/crm/objects/{v}/{type}"
OBJECT = f"{OBJECTS}/{{id}}"
LINKS = "/crm/associations/{v}/{from}/{to}"
PAIR = "/crm/objects/{v}/{from}/{id}/associations"
LINK = f"{PAIR}/{{to}}/{{to_id}}"
RETIRED = (
    "oauth/v1/token",
    "oauth/v3/token",
    "oauth/v1/access-tokens/{token}",
    "oauth/v1/refresh-tokens/{token}",
    "crm/v3/objects/{type}",
    "crm/v3/objects/{type}/{id}",
    "crm/v3/objects/{type}/{id}/associations/{to}",
)

ROUTES = (
    *(Route("*", f"/{path}", answer_retired, "retired") for path in RETIRED),
    *kit.make_routes(POLICY),
    Route("GET", "/account-info/{v}/details", show_details, "api account"),
    Route("DELETE", "/appinstalls/{v}/external-install", uninstall, "api uninstall"),
    Route("GET", "/crm/properties/{v}/{type}", list_properties, "api properties"),
    Route("GET", "/crm/pipelines/{v}/{type}", list_pipelines, "api pipelines"),
    Route("GET", "/crm/owners/{v}", list_owners, "api owners"),
    Route("GET", "/crm/owners/{v}/{id}", show_owner, "api owners"),
    Route("GET", OBJECTS, list_objects, "api list"),
    Route("POST", OBJECTS, create_object, "api write"),
    Route("POST", f"{OBJECTS}/search", search, "search"),
    Route("POST", f"{OBJECTS}/batch/read", read_batch, "api batch"),
    Route("POST", f"{OBJECTS}/merge", merge_objects, "api write"),
    Route("POST", f"{OBJECTS}/gdpr-delete", erase_object, "api write"),
    Route("GET", OBJECT, show_object, "api read"),
    Route("PATCH", OBJECT, patch_object, "api write"),
    Route("DELETE", OBJECT, archive_object, "api write"),
    Route("GET", f"{PAIR}/{{to}}", list_associations, "api associations"),
    Route("PUT", f"{PAIR}/default/{{to}}/{{to_id}}", add_default, "api associations"),
    Route("DELETE", LINK, remove_associations, "api associations"),
    Route("POST", f"{LINKS}/batch/read", read_associations, "api associations"),
    Route("GET", f"{LINKS}/labels", list_labels, "api associations"),
)
