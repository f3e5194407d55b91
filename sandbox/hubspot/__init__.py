"""Simulate HubSpot: OAuth, CRM objects, search, associations, reference data."""

from sandbox.hubspot.api.calls import finish
from sandbox.hubspot.api.errors import refuse_with_status
from sandbox.hubspot.control import COMMANDS, QUERIES
from sandbox.hubspot.faults import FAULTS
from sandbox.hubspot.oauth import POLICY
from sandbox.hubspot.routes import ROUTES
from sandbox.hubspot.seed.accounts import TYPES
from sandbox.hubspot.seed.loader import seed
from sandbox.oauth import kit

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
