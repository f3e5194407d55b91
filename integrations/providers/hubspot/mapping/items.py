"""Turn HubSpot's records into IntegrationItems."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_object, flag
from integrations.providers.connector import CollectionContext
from integrations.providers.hubspot.objects import (
    CONTACTS,
    DEALS,
    ObjectType,
    get_object_type,
)
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.values import (
    cut,
    https_url,
    is_host_of,
    one_line,
    to_id,
    to_time,
)
from integrations.providers.writing import Written

DEFAULT_UI_DOMAIN = "app.hubspot.com"
DOMAINS = (".hubspot.com",)
MAX_NAME = 500
MAX_VALUE = 256 * 1024
CUT_MARK = "… [cut]"
# HubSpot refuses to merge more into one record.
MAX_MERGED = 250
ARCHIVED = Deletion(kind=DeletionKind.ARCHIVED)


def to_item(record: dict[str, Any], collection: CollectionContext) -> IntegrationItem:
    """Map one record, without its associations."""
    kind = get_object_type(collection.remote_id)
    remote_id = to_id(record.get("id"))
    properties = _to_properties(record)
    return IntegrationItem(
        id=remote_id,
        type=kind.item_type,
        name=_to_name(kind, remote_id, properties),
        creation_time=to_time(record.get("createdAt")),
        last_modified_time=to_time(record.get("updatedAt")),
        url=_to_url(record.get("url"), remote_id, kind, collection.account),
        visibility=not flag(record, "archived"),
        properties=properties,
    )


def as_written(
    collection: CollectionContext, item: IntegrationItem, written: Written
) -> IntegrationItem:
    """Return an item as it is after a write, if it was read as it was before."""
    at, read = written.updated_at, item.last_modified_time
    if at is None or (read is not None and read >= at) or item.id != written.remote_id:
        return item
    properties = {**item.properties, **written.values}
    kind = get_object_type(collection.remote_id)
    return replace(
        item,
        name=_to_name(kind, item.id, properties),
        last_modified_time=at,
        properties=properties,
    )


def merged_away(item: IntegrationItem) -> Mapping[str, Deletion]:
    """Return the ids that live on in ``item``.

    Merging keeps one of the ids or makes a new one, depending on the portal; the own
    id may be among them, and is none that ``to_page`` takes for deleted.
    """
    # https://developers.hubspot.com/changelog/updated-merge-functionality-for-contacts-and-companies
    merged = item.properties.get("hs_merged_object_ids")
    if not isinstance(merged, str):
        return {}
    ids = [part.strip() for part in merged.split(";")][:MAX_MERGED]
    merged = merged_into(item.id)
    return {old: merged for old in ids if old.isdecimal()}


def merged_into(remote_id: str) -> Deletion:
    """Return what became of a record that another one took in."""
    return Deletion(kind=DeletionKind.MERGED, detail=remote_id)


def is_hubspot_host(host: object) -> bool:
    """Tell whether ``host`` is a plain host name under hubspot.com."""
    return isinstance(host, str) and is_host_of(host, DOMAINS)


def _to_properties(record: dict[str, Any]) -> dict[str, Any]:
    properties = expect_object(record.get("properties"), "properties")
    # Nearly all are null or short, and a call for each would be half of a row's cost.
    return {
        name: value
        if value is None or (type(value) is str and len(value) <= MAX_VALUE)
        else _to_value(value)
        for name, value in properties.items()
    }


def _to_value(value: object) -> str | int | float | bool | None:
    """Return a value as given: texts and nulls, by the provider's promise."""
    if isinstance(value, str):
        return value if len(value) <= MAX_VALUE else value[:MAX_VALUE] + CUT_MARK
    if value is None or isinstance(value, int | float | bool):
        return value
    raise InvalidResponse("properties: expected texts and nulls")


def _to_name(kind: ObjectType, remote_id: str, properties: Mapping[str, Any]) -> str:
    def text(name: str) -> str:
        return one_line(properties.get(name), limit=MAX_NAME)

    if kind is CONTACTS:
        full = f"{text('firstname')} {text('lastname')}".strip()
        name = full or text("email") or text("company")
    elif kind is DEALS:
        name = text("dealname")
    else:
        name = text("name") or text("domain")
    return cut(name, MAX_NAME) or f"{kind.item_type.capitalize()} {remote_id}"


def _to_url(
    url: object, remote_id: str, kind: ObjectType, account: Mapping[str, Any]
) -> str | None:
    """Return the record's page: its own link if it leads to HubSpot, else built."""
    own = https_url(url, domains=DOMAINS)
    if own is not None:
        return own
    hub_id = str(account.get("hub_id", ""))
    if not hub_id.isdecimal() or not remote_id.isdecimal():
        return None
    domain = account.get("ui_domain")
    host = domain if is_hubspot_host(domain) else DEFAULT_UI_DOMAIN
    return f"https://{host}/contacts/{hub_id}/record/{kind.type_id}/{remote_id}"
