"""Simulate HubSpot: OAuth, CRM objects, search, associations, reference data."""

from sandbox.core.state import Route
from sandbox.hubspot.api import associations, objects, reference, search, writes
from sandbox.hubspot.api.calls import finish
from sandbox.hubspot.api.errors import refuse_with_status
from sandbox.hubspot.control import COMMANDS, QUERIES
from sandbox.hubspot.faults import FAULTS
from sandbox.hubspot.oauth import POLICY, uninstall
from sandbox.hubspot.seed.accounts import TYPES
from sandbox.hubspot.seed.loader import seed
from sandbox.oauth import kit

OBJECTS = "/crm/objects/{v}/{type}"
OBJECT = f"{OBJECTS}/{{id}}"
OWNERS = "/crm/owners/{v}"
BATCH = "/crm/associations/{v}/{from}/{to}/batch/read"
OF_ONE = "/crm/objects/{v}/{from}/{id}/associations/{to}"
PROPERTIES, PIPELINES = "/crm/properties/{v}/{type}", "/crm/pipelines/{v}/{type}"
DETAILS, INSTALL = "/account-info/{v}/details", "/appinstalls/{v}/external-install"

ROUTES = (
    Route("GET", DETAILS, reference.show_details, "api account"),
    Route("DELETE", INSTALL, uninstall, "api uninstall"),
    Route("GET", PROPERTIES, reference.list_properties, "api properties"),
    Route("GET", PIPELINES, reference.list_pipelines, "api pipelines"),
    Route("GET", OWNERS, reference.list_owners, "api owners"),
    Route("GET", OBJECTS, objects.list_objects, "api list"),
    Route("POST", OBJECTS, writes.create_object, "api write"),
    Route("POST", f"{OBJECTS}/search", search.search, "search"),
    Route("POST", f"{OBJECTS}/batch/read", objects.read_batch, "api batch"),
    Route("POST", f"{OBJECTS}/batch/update", writes.update_batch, "api write"),
    Route("POST", f"{OBJECTS}/batch/create", writes.create_batch, "api write"),
    Route("POST", f"{OBJECTS}/batch/archive", writes.archive_batch, "api write"),
    Route("GET", OBJECT, objects.show_object, "api read"),
    Route("PATCH", OBJECT, writes.patch_object, "api write"),
    Route("DELETE", OBJECT, writes.archive_object, "api write"),
    Route("GET", OF_ONE, associations.list_associations, "api associations"),
    Route("POST", BATCH, associations.read_associations, "api associations"),
)

PROVIDER = kit.make_provider(
    POLICY,
    __package__,
    routes=ROUTES,
    kinds=TYPES,
    seed=seed,
    refuse=refuse_with_status,
    finish=finish,
    commands=COMMANDS,
    queries=QUERIES,
    sizes=("contacts", "companies", "deals"),
    faults=FAULTS,
)
