"""List what an account is made of: its bases, and the tables in them, as items.

The listing is cheap to repeat and has no incremental sync. It is walked in the order of
base ids, a few bases to a page, so that a base that comes or goes meanwhile shifts
nothing.
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from typing import Any, Final

from integrations.http.client import ApiClient
from integrations.http.errors import (
    ApiError,
    Forbidden,
    NotFound,
    QuotaExhausted,
    RateLimited,
    is_refusal,
    may_pass,
)
from integrations.providers.airtable.api.bases import (
    NO_PERMISSION,
    Base,
    Table,
    Tables,
    each_ahead,
    fetch_bases,
    fetch_tables,
)
from integrations.providers.airtable.ids import (
    FIELD,
    STRUCTURE,
    VIEW,
    is_id,
    table_key,
    web_url,
)
from integrations.providers.airtable.mapping.fields import type_in_words
from integrations.providers.airtable.spec import RECORDS_READ, SCHEMA_READ
from integrations.providers.capabilities import CollectionGroup
from integrations.providers.errors import IncompleteListingError
from integrations.providers.kinds import DeletionKind, Incomplete, IncompleteKind
from integrations.providers.records import (
    DEFINITIONS_TAG,
    DELETED_KIND,
    SCHEMA_TAG,
    FieldSpec,
    IntegrationItem,
    Page,
    RemoteCollection,
)
from integrations.providers.stored import StoredItems
from integrations.providers.typed import definitions
from integrations.providers.typed.values import one_line

# Each costs a call; ten of them are a page of some seconds.
BASES_PER_PAGE: Final = 10
# What fails after so many pauses, while other bases do not, is left out.
MOST_TRIES: Final = 2
REFUSALS: Final = (Forbidden, NotFound)
# A version of what is kept of a field: 2 adds the inverse of links.
KEPT_SINCE: Final = 2
FIELD_PREFIX, VIEW_PREFIX = "field.", "view."
PERMISSIONS: Final = {
    "create": "Creator",
    "edit": "Editor",
    "comment": "Commenter",
    "read": "Read only",
    NO_PERMISSION: "None",
}
_FIELDS: Final = (
    FieldSpec(
        name="permission",
        label="Your permission",
        kind="choice",
        options=PERMISSIONS,
        is_read_only=True,
    ),
    FieldSpec(name="description", label="Description", is_read_only=True),
    FieldSpec(name="primary_field", label="Primary field", is_read_only=True),
)


def list_collections(api: ApiClient) -> list[RemoteCollection]:
    """Return the structure first, then every table of every base.

    A base that cannot be read now costs the others nothing; IncompleteListingError
    then says that more may be there.
    """
    collections = [
        RemoteCollection(
            remote_id=STRUCTURE,
            name="Bases and tables",
            item_type="table",
            required_scopes=(SCHEMA_READ,),
            # Nothing tells a deleted table from one that is not shared any more.
            details={DELETED_KIND: DeletionKind.UNSHARED.value},
        )
    ]
    bases = fetch_bases(api)
    unread = bases.left_out
    open_bases = [base for base in bases.known if base.permission != NO_PERMISSION]
    told, parts = _ask_each(api, open_bases)
    for base, tables in told:
        unread += tables.left_out
        collections += [_to_collection(base, table) for table in tables.known]
    if unread or parts:
        refused = [exc for _, exc in parts if isinstance(exc, REFUSALS)]
        raise IncompleteListingError(
            f"bases or tables that could not be read: {unread + len(parts)}",
            found=collections,
            parts=parts,
            # A user can see that a base exists without being allowed to look into it;
            # that all are closed may be the permission's doing.
            is_definite=bool(told) and not unread and len(refused) == len(parts),
        )
    return collections


def _ask_each(
    api: ApiClient, bases: Sequence[Base]
) -> tuple[list[tuple[Base, Tables]], list[tuple[str, ApiError]]]:
    """Return the tables of each base, and the names of those that told none, with why.

    What may pass is asked for once more when all others have been; where no base
    tells anything, and not all are closed, that is raised.
    """
    answers = [(base, _ask(api, base)) for base in each_ahead(api, bases)]
    if limits := [each for _, each in answers if isinstance(each, RateLimited)]:
        # Now what others told is kept, and only these are asked again.
        raise limits[0]
    if any(isinstance(answer, Tables) for _, answer in answers):
        answers = [
            (base, _ask(api, base) if _is_passing(answer) else answer)
            for base, answer in answers
        ]
    told = [(base, each) for base, each in answers if isinstance(each, Tables)]
    failed = [(b.name, exc) for b, exc in answers if isinstance(exc, ApiError)]
    unproven = [exc for _, exc in failed if not isinstance(exc, REFUSALS)]
    if unproven and not told:
        raise unproven[0]
    return told, failed


def _ask(api: ApiClient, base: Base) -> Tables | ApiError:
    """Return the tables of a base, or its refusal; raise what is none."""
    try:
        return fetch_tables(api, base.id)
    except ApiError as exc:
        # A quota is one workspace's, and a limit one base's.
        if not (is_refusal(exc) or isinstance(exc, QuotaExhausted | RateLimited)):
            raise
        return exc


def _is_passing(answer: Tables | ApiError) -> bool:
    return isinstance(answer, ApiError) and may_pass(answer)


def group_of(details: Mapping[str, Any]) -> CollectionGroup | None:
    """Return the base that a table is in, and the table's own name."""
    base_id, base = str(details.get("base_id", "")), str(details.get("base_name", ""))
    if not base_id:
        return None
    return CollectionGroup(
        group_id=base_id, group=base, name=str(details.get("table_name", ""))
    )


def tag_of(table: Table) -> str:
    """Return what changes whenever something about the table's fields does.

    Or about what is kept of them, so that the fields of every table are read again.
    """
    told = json.dumps(
        [KEPT_SINCE, table.primary_field_id, *table.fields],
        sort_keys=True,
        default=str,
    )
    return blake2b(told.encode(), digest_size=8).hexdigest()


def fetch_schema() -> dict[str, Any]:
    """Return labels for what the items of the structure carry."""
    return {"fields": [spec.to_json() for spec in _FIELDS]}


def fetch_page(
    api: ApiClient,
    *,
    after: str | None,
    stored: StoredItems | None = None,
    tries: int = 0,
) -> Page:
    """Return the bases behind ``after``, each followed by its tables.

    A base whose tables are not told stays as it is stored.
    """
    bases = fetch_bases(api)
    waiting = [base for base in bases.known if after is None or base.id > after]
    now, later = waiting[:BASES_PER_PAGE], waiting[BASES_PER_PAGE:]
    known = stored.find_own([base.id for base in now]) if stored else {}
    left_out = 0 if later else bases.left_out
    items: list[IntegrationItem] = []
    collections: list[RemoteCollection] = []
    odd_ids: list[str] = []
    nameless = left_out
    for base, tables in _tables_of_each(api, now, tries=tries):
        if tables.left_out and not tables.ids and base.id in known:
            odd_ids.append(base.id)
        else:
            items.append(to_base_item(base, tables.ids))
        items += [to_table_item(base, table) for table in tables.known]
        collections += [_to_collection(base, table) for table in tables.known]
        odd_ids += tables.odd_ids
        nameless += tables.left_out - len(tables.odd_ids)
    return Page(
        items=items,
        next_cursor=now[-1].id if later else None,
        unreadable=nameless + len(odd_ids),
        unreadable_ids=odd_ids,
        incomplete=_incomplete(left_out),
        collections=collections,
    )


def _incomplete(left_out: int) -> Incomplete | None:
    if not left_out:
        return None
    return Incomplete(kind=IncompleteKind.PARTS_NOT_LISTED, number=left_out)


def to_base_item(base: Base, table_ids: Sequence[str]) -> IntegrationItem:
    """Map a base."""
    return IntegrationItem(
        id=base.id,
        type="base",
        name=base.name,
        directory=True,
        url=web_url(base.id),
        children=tuple(table_ids),
        properties={"permission": base.permission} if base.permission else {},
    )


def to_table_item(base: Base, table: Table) -> IntegrationItem:
    """Map a table; a property for each field and view shows how they change."""
    fields = _words_by_id(table.fields, FIELD)
    views = _words_by_id(table.views, VIEW)
    properties = {
        "description": table.description,
        "primary_field": fields.get(table.primary_field_id, ""),
        **{f"{FIELD_PREFIX}{k}": v for k, v in fields.items()},
        **{f"{VIEW_PREFIX}{k}": v for k, v in views.items()},
    }
    return IntegrationItem(
        id=table.id,
        type="table",
        name=table.name,
        directory=True,
        parent_id=base.id,
        parent_path_or_name=base.name,
        url=web_url(base.id, table.id),
        properties={name: value for name, value in properties.items() if value},
    )


def _to_collection(base: Base, table: Table) -> RemoteCollection:
    primary = table.primary_field_id
    return RemoteCollection(
        remote_id=table_key(base.id, table.id),
        name=f"{base.name} / {table.name}",
        item_type="record",
        required_scopes=(RECORDS_READ, SCHEMA_READ),
        details={
            "base_id": base.id,
            "base_name": base.name,
            "table_id": table.id,
            "table_name": table.name,
            "primary_field_id": primary,
            SCHEMA_TAG: tag_of(table),
            DEFINITIONS_TAG: definitions.tag_of(
                table.definitions.of_table(table.fields, primary)
            ),
        },
    )


def _fetch_tables(api: ApiClient, base: Base, *, tries: int) -> Tables:
    """Return the tables of a base; one that is refused counts as not readable.

    So does one that has failed ``tries`` times, which costs the others nothing.
    """
    if base.permission == NO_PERMISSION:
        return Tables(known=(), left_out=0)
    try:
        return fetch_tables(api, base.id)
    except ApiError as exc:
        if not is_refusal(exc) or (may_pass(exc) and tries < MOST_TRIES):
            raise
        return Tables(known=(), left_out=1)


def _tables_of_each(
    api: ApiClient, bases: Sequence[Base], *, tries: int
) -> Sequence[tuple[Base, Tables]]:
    """Return the tables of bases; a limit of one is raised when all have been asked."""
    told: list[tuple[Base, Tables]] = []
    limit: RateLimited | None = None
    for base in each_ahead(api, bases):
        try:
            told.append((base, _fetch_tables(api, base, tries=tries)))
        except RateLimited as exc:
            limit = limit or exc
    if limit is not None:
        raise limit
    return told


def _words_by_id(entries: Sequence[Mapping[str, Any]], prefix: str) -> dict[str, str]:
    """Return what each field or view is; odd ones have no id to go by."""
    known = [(each.get("id"), each) for each in entries]
    return {str(key): _describe(each) for key, each in known if is_id(key, prefix)}


def _describe(entry: Mapping[str, Any]) -> str:
    """Return what a field or view is: its name, and its type in words."""
    kind = type_in_words(entry)
    name = one_line(entry.get("name")) or str(entry.get("id"))
    return f"{name} ({kind})" if kind else name
