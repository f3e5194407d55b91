"""Find property definitions by object type and by name."""

from collections.abc import Sequence
from functools import cache

from sandbox.hubspot.seed.accounts import COMPANIES, CONTACTS, DEALS
from sandbox.hubspot.seed.catalogue import (
    COMPANY_PROPERTIES,
    CONTACT_PROPERTIES,
    DEAL_PROPERTIES,
)
from sandbox.hubspot.seed.definition import Definition

PROPERTIES: dict[str, Sequence[Definition]] = {
    CONTACTS: CONTACT_PROPERTIES,
    COMPANIES: COMPANY_PROPERTIES,
    DEALS: DEAL_PROPERTIES,
}
DEFAULTS = {
    CONTACTS: "createdate email firstname lastname hs_object_id lastmodifieddate",
    COMPANIES: "name domain createdate hs_lastmodifieddate hs_object_id",
    DEALS: (
        "dealname amount closedate pipeline dealstage createdate"
        " hs_lastmodifieddate hs_object_id"
    ),
}


@cache
def get_definitions(type_id: str) -> dict[str, Definition]:
    """Return the definitions in force for one object type, by name."""
    found = PROPERTIES[type_id]
    return {d.name: d for d in found if not d.is_archived}


@cache
def choose_properties(type_id: str, asked: str) -> tuple[str, ...]:
    """Return the defined names out of a comma list; nothing asked is the default."""
    known = get_definitions(type_id)
    names = asked.split(",") if asked else DEFAULTS[type_id].split()
    wanted = {name.strip() for name in names}
    return tuple(
        sorted(
            name
            for name in wanted & known.keys()
            if known[name].sensitivity == "non_sensitive"
        )
    )
