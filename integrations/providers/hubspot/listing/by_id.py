"""Read chosen records again by their ids: whole ones, or only their associations."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.api.paging import is_number
from integrations.providers.hubspot.listing.records import Reader
from integrations.providers.hubspot.mapping.links import (
    LABELS,
    NO_PRIMARY,
    PREFIX,
    has_links,
)
from integrations.providers.hubspot.objects import ObjectType
from integrations.providers.listing import to_page, without_changed
from integrations.providers.records import Page, read_fields
from integrations.providers.stored import StoredItem

# A batch has room for a hundred records; their associations and the rest of long
# ones are calls of their own.
ITEMS_PER_CALL = 50
# https://developers.hubspot.com/docs/api-reference/latest/crm/associations/associate-records/guide
LINKS_PER_CALL = 1000
# These hang on associations, and on the domain of the portal's pages.
UNDATED = frozenset({"parent_remote_id", "parent_name", "remote_url"})


def fetch_items(
    reader: Reader, items: Sequence[StoredItem], *, unchanged_since: datetime | None
) -> Page:
    """Return the records that a batch still has: not archived, not merged away."""
    ids = [item.id for item in items if is_number(item.id)]
    found = reader.map_batch(reader.fetch_batch(ids), None)
    return without_changed(to_page(found, None), unchanged_since)


def link_properties(kind: ObjectType, collection: CollectionContext) -> list[str]:
    """Return the properties that tell of associations which may be read."""
    associations = kind.associations_for(collection.account.get("scopes"))
    names = [f"{PREFIX}{association.to}" for association in associations]
    told = [*names, *(f"{name}{LABELS}" for name in names)]
    is_primary_told = any(each.primary_id for each in associations)
    return [*told, NO_PRIMARY] if is_primary_told else told


def fetch_relinked(reader: Reader, items: Sequence[StoredItem]) -> list[str]:
    """Return the ids of records whose associations are not as they are stored."""
    asked = [item for item in items if is_number(item.id)]
    links = reader.fetch_links([item.id for item in asked])
    return [item.id for item in asked if not has_links(item, links[item.id])]


def undated(collection: CollectionContext, names: Iterable[str]) -> set[str]:
    """Return the fields that no modified date tells of.

    Those are associations, and what HubSpot calculates.
    """
    calculated = {
        f"properties.{spec.name}"
        for spec in read_fields(collection.schema)
        if spec.is_read_only
    }
    linked = f"properties.{PREFIX}"
    return {
        name
        for name in names
        if name in UNDATED or name in calculated or name.startswith(linked)
    }
