"""Turn Notion's pages, databases and data sources into IntegrationItems."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from integrations.http.errors import InvalidResponse
from integrations.http.responses.shape import expect_list, expect_object
from integrations.providers.kinds import Deletion, DeletionKind
from integrations.providers.notion.ids import find_ids, to_id
from integrations.providers.notion.mapping.parents import (
    BLOCK,
    NOT_SHARED,
    Parent,
    to_parent,
)
from integrations.providers.notion.mapping.parents import (
    DATA_SOURCE as PARENT_SOURCE,
)
from integrations.providers.notion.mapping.parents import (
    DATABASE as PARENT_DATABASE,
)
from integrations.providers.notion.mapping.titles import (
    page_title,
    to_icon,
    to_name,
)
from integrations.providers.notion.mapping.values import to_value
from integrations.providers.records import IntegrationItem
from integrations.providers.typed.values import https_url, to_time

PAGES, DATABASES = "pages", "databases"
PAGE, DATABASE, DATA_SOURCE = "page", "database", "data_source"
TRASHED = Deletion(kind=DeletionKind.TRASHED)
NOT_SHOWN = Deletion(kind=DeletionKind.DELETED_OR_UNSHARED)
MOVED = Deletion(kind=DeletionKind.MOVED)

ABOUT: Final = "about."
BLOCK_KEY, BURIED_KEY = f"{ABOUT}block", f"{ABOUT}buried"
ARCHIVED_KEY: Final = f"{ABOUT}archived"
# What kind the parent is where that is unusual: pages are mostly in pages.
PARENT_KEY: Final = f"{ABOUT}parent"
ICON_KEY: Final = f"{ABOUT}icon"
MAX_ID: Final = 200
# https://developers.notion.com/page/changelog (the host changed in June 2026)
HOSTS: Final = ("notion.com", "notion.so", "notion.site")
DOMAINS: Final = (*HOSTS, *(f".{host}" for host in HOSTS))


def to_page_item(page: Mapping[str, Any], parent_id: str | None) -> IntegrationItem:
    """Map a page or a row; ``parent_id`` is the page around it, blocks left aside."""
    properties = page.get("properties")
    return _to_item(
        page,
        kind=PAGE,
        name=page_title(properties),
        parent_id=parent_id,
        properties=_to_values(properties),
    )


def to_database_item(
    database: Mapping[str, Any], parent_id: str | None
) -> IntegrationItem:
    """Map a database, which holds data sources and no rows of its own."""
    return _to_item(
        database,
        kind=DATABASE,
        name=title_of(database),
        parent_id=parent_id,
        children=tuple(source_ids(database)),
    )


def to_source_item(source: Mapping[str, Any]) -> IntegrationItem:
    """Map a data source, the table inside a database."""
    parent = to_parent(source.get("parent"))
    return _to_item(
        source,
        kind=DATA_SOURCE,
        name=title_of(source),
        parent_id=parent.id,
    )


def title_of(thing: Mapping[str, Any]) -> str:
    """Return the title of what has one of its own; none at all is no answer."""
    return to_name(expect_list(thing.get("title"), "title"))


def source_ids(database: Mapping[str, Any]) -> list[str]:
    """Return the ids of the data sources that a database names."""
    sources = database.get("data_sources")
    entries = sources if isinstance(sources, list) else []
    return find_ids(each.get("id") for each in entries if isinstance(each, dict))


def bury(item: IntegrationItem) -> IntegrationItem:
    """Mark an item that lives on below something in the trash."""
    return replace(
        item, visibility=False, properties={**item.properties, BURIED_KEY: True}
    )


def with_parent_kind(item: IntegrationItem, parent: Parent) -> IntegrationItem:
    """Note that the parent is no page, for whoever has to ask for it."""
    if parent.kind not in {PARENT_DATABASE, PARENT_SOURCE}:
        return item
    return replace(item, properties={**item.properties, PARENT_KEY: parent.kind})


def is_trashed(thing: Mapping[str, Any]) -> bool:
    """Tell whether an object is in the trash; being archived is something else."""
    trashed = thing.get("in_trash")
    # Only versions before 2026-03-11 say ``archived`` when they mean the trash.
    return (thing.get("archived") if trashed is None else trashed) is True


def is_partial(thing: Mapping[str, Any]) -> bool:
    """Tell whether Notion gave little more of an object than its id."""
    return "parent" not in thing or "last_edited_time" not in thing


def _to_item(
    thing: Mapping[str, Any],
    *,
    kind: str,
    name: str,
    parent_id: str | None,
    children: tuple[str, ...] | None = None,
    properties: Mapping[str, Any] | None = None,
) -> IntegrationItem:
    parent = to_parent(thing.get("parent"))
    remote_id = to_id(thing.get("id"))
    if parent_id == remote_id:
        raise InvalidResponse("parent: a thing cannot hold itself")
    return IntegrationItem(
        id=remote_id,
        type=kind,
        name=name,
        directory=kind != PAGE,
        parent_id=parent_id,
        parent_path_or_name=None if parent_id else parent.name or NOT_SHARED,
        creation_time=to_time(thing.get("created_time")),
        last_modified_time=to_time(thing.get("last_edited_time")),
        url=to_url(thing.get("url")),
        children=children,
        visibility=thing.get("is_archived") is not True,
        properties={**_about(thing, parent), **(properties or {})},
    )


def _about(thing: Mapping[str, Any], parent: Parent) -> dict[str, Any]:
    """Return what is known besides the properties, under names of our own."""
    about = {
        "icon": to_icon(thing.get("icon")),
        "description": to_value(
            {"type": "rich_text", "rich_text": thing.get("description")}
        ),
        "public_url": to_url(thing.get("public_url")),
        "archived": thing.get("is_archived") is True,
        "locked": thing.get("is_locked") is True,
        "inline": thing.get("is_inline") is True,
        "block": parent.id if parent.kind == BLOCK else None,
    }
    return {f"{ABOUT}{name}": value for name, value in about.items() if value}


def _to_values(properties: object) -> dict[str, Any]:
    """Return the values by property id, which stays when a column is renamed."""
    values: dict[str, Any] = {}
    entries = expect_object(properties, "properties").values()
    for prop in entries:
        name = prop.get("id") if isinstance(prop, dict) else None
        if not isinstance(name, str) or not name or prop.get("type") == "title":
            continue
        if str(prop.get("type")) not in prop:
            raise InvalidResponse("properties: expected a value of each")
        value = to_value(prop)
        if value is not None:
            values[name[:MAX_ID]] = value
    return values


def to_url(url: object) -> str | None:
    """Return a link to Notion itself, None for any other."""
    return https_url(url, domains=DOMAINS)
