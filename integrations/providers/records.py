"""Carry what connectors answer: accounts, collections, fields, items, pages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from integrations.providers.kinds import Deletion, Incomplete, Pending
from integrations.providers.mistakes import Mistake


@dataclass(frozen=True, kw_only=True)
class RemoteAccount:
    """Name the account at the provider that a grant is for.

    ``remote_id`` is the identity of the grant (section 4 of the design);
    ``details`` are plain facts worth keeping: domain of the pages, time zone.
    """

    remote_id: str
    name: str
    scopes: tuple[str, ...] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RemoteCollection:
    """Name one listable set inside an account.

    ``required_scopes`` are those without which the set cannot be read;
    ``item_type`` is the ``type`` of the items that it yields. Two keys of ``details``
    mean the same for every provider: ``deleted_kind`` stands in for the
    connector's, and ``schema_tag`` changes with the schema, which says the same under
    ``tag``.
    """

    remote_id: str
    name: str
    item_type: str
    required_scopes: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class FieldSpec:
    """Describe one property of a collection's items as the provider labels it.

    ``kind`` is one of text, number, percent, money, boolean, date, datetime,
    choice, choices, person, email, phone, link, or a word of the connector's own.
    """

    name: str
    label: str
    kind: str = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    is_hidden: bool = False
    is_read_only: bool = False


@dataclass(frozen=True, kw_only=True)
class DisplayField:
    """Carry one property the way a person reads it; ``kind`` as in FieldSpec.

    ``linked_ids`` are items of the collection ``linked_collection`` in the same
    connection; whoever shows the field can put their names in place of ``value``.
    """

    name: str
    label: str
    value: str
    kind: str = "text"
    linked_ids: tuple[str, ...] = ()
    linked_collection: str = ""


@dataclass(frozen=True, kw_only=True)
class IntegrationItem:
    """Carry one record from a connector to the store, and out in every export.

    The fields are the seed's; ``properties`` holds what else the provider said,
    JSON values by the provider's own name.
    """

    id: str
    type: str
    name: str
    directory: bool = False
    parent_path_or_name: str | None = None
    parent_id: str | None = None
    creation_time: datetime | None = None
    last_modified_time: datetime | None = None
    url: str | None = None
    children: tuple[str, ...] | None = None
    mime_type: str | None = None
    delta: str | None = None
    drive_id: str | None = None
    visibility: bool = True
    properties: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Page:
    """Return one page of a listing and where the next one starts.

    ``next_cursor`` is ``None`` only when the provider said that this was the end.
    ``unreadable`` counts rows that could not be mapped and were left out, and
    ``unreadable_ids`` names those whose id could be: they exist, whatever is in them;
    ``mistakes`` are those among them that were no fault of the provider's.
    ``total`` is the provider's own count, where it gives one;
    ``deleted`` maps ids the page proves to be deleted to what became of them, and
    ``moved`` those that live on in another collection, so that nothing is lost by
    deleting them here.
    ``incomplete``, on the last page, says why something may be missing although the
    listing has ended: then nothing that it did not show may be deleted here.
    ``pending``, on the last page, says what has not been looked into yet, although
    what is stored is proven.
    ``other_collections`` holds what the page happened to show of other collections of
    the connection, by their remote id; ``collections`` are those it discovered.
    """

    items: Sequence[IntegrationItem]
    next_cursor: str | None
    total: int | None = None
    unreadable: int = 0
    unreadable_ids: Sequence[str] = ()
    mistakes: Sequence[Mistake] = ()
    deleted: Mapping[str, Deletion] = field(default_factory=dict)
    moved: Mapping[str, Deletion] = field(default_factory=dict)
    incomplete: Incomplete | None = None
    pending: Pending | None = None
    other_collections: Mapping[str, "Page"] = field(default_factory=dict)
    collections: Sequence[RemoteCollection] = ()


@dataclass(frozen=True, kw_only=True)
class Content:
    """Return the text of one item as an outline: blocks in order, JSON-safe.

    A block has ``kind``, ``text`` and ``depth``; ``text`` joins them for searching.
    """

    blocks: Sequence[Mapping[str, Any]]
    text: str
    is_truncated: bool = False
