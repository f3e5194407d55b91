"""Records that connectors return: accounts, collections, fields, items, pages."""

import functools
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from msgspec import Struct, field
from msgspec.structs import asdict, replace

from integrations.providers.kinds import Cut, Deletion, Incomplete, Pending
from integrations.providers.mistakes import Mistake
from integrations.providers.typed.fields import Value


class RemoteAccount(Struct, frozen=True, kw_only=True):
    """The account at the provider that a grant is for.

    ``remote_id`` is the identity of the grant (section 4 of the design);
    ``details`` are plain facts worth keeping: domain of the pages, time zone.
    """

    remote_id: str
    name: str
    scopes: tuple[str, ...] | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


class RemoteCollection(Struct, frozen=True, kw_only=True):
    """One listable set inside an account.

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


class FieldSpec(Struct, frozen=True, kw_only=True):
    """One property of a collection's items as the provider labels it.

    ``kind`` is one of text, html, markdown, number, percent, money, duration, boolean,
    date, datetime, choice, choices, user, email, phone, link, relation, files, or a
    word of the connector's own. ``hint`` tells it from another one of the same label;
    what has no ``group`` is shown first. ``retired`` are the options that items still
    hold and no form offers; ``is_long`` has a text of several lines. ``description``
    helps whoever fills it in.
    """

    name: str
    label: str
    kind: str = "text"
    options: Mapping[str, str] = field(default_factory=dict)
    is_hidden: bool = False
    is_read_only: bool = False
    hint: str = ""
    group: str = ""
    retired: Sequence[str] = field(default_factory=list)
    is_long: bool = False
    description: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return what a schema keeps of it."""
        return {**asdict(self), "options": {**self.options}, "retired": [*self.retired]}


MAX_COLOURED = 1000
# The fields of so many schemas are kept, as they were read out of their JSON.
MOST_SCHEMAS: Final = 16


def lookup_in(schema: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
    """Return the look-up that a schema has under these names, else an empty one."""
    found: object = schema
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, Mapping) else {}


def read_fields(schema: Mapping[str, Any]) -> list[FieldSpec]:
    """Return the fields that a kept schema describes, in its order.

    No two that are shown have one label.
    """
    return list(_read(schema).by_name.values())


# Keys of a stored schema, beside those of its provider alone.
FIELDS_KEY = "fields"
# Colours of options: by field, by label.
COLOURS_KEY = "colours"
# What changes with the structure there, as ``SCHEMA_TAG`` of a collection's details.
TAG_KEY = "tag"
# Names of the properties that are asked for.
REQUESTED_KEY = "requested"
# Optional parts that were not told, and whether to ask for them again.
REFUSED_KEY, ASK_AGAIN_KEY = "refused", "ask_again"
# Fields that changed since everything was read, and the tag it was last compared with.
LAGGING_KEY, COMPARED_TAG_KEY = "lagging", "compared_tag"
# Fingerprints of what values follow from that nobody edits, by the field: they come
# with a schema, and are stored beside it.
DEFINITIONS_KEY = "definitions"
# What users call the column of the names, where those are no property's values.
NAME_LABEL_KEY = "name_label"
# Of these no value of an item is made.
UNSHOWN_KEYS = frozenset(
    {
        *(TAG_KEY, REQUESTED_KEY, REFUSED_KEY, ASK_AGAIN_KEY, COLOURS_KEY),
        *(LAGGING_KEY, COMPARED_TAG_KEY, DEFINITIONS_KEY, NAME_LABEL_KEY),
    }
)
# Keys of a collection's details that more than its provider reads.
SCHEMA_TAG, DELETED_KIND = "schema_tag", "deleted_kind"
# What changes with the definitions alone, beside ``SCHEMA_TAG``.
DEFINITIONS_TAG = "definitions_tag"
COLOURS = (
    *("blue", "brown", "cyan", "gray", "green", "orange"),
    *("pink", "purple", "red", "teal", "yellow"),
)


def to_colour(value: object) -> str:
    """Return which of the known colours a provider's name of one begins with."""
    text = value if isinstance(value, str) else ""
    return next((colour for colour in COLOURS if text.startswith(colour)), "")


def colours_of(options: object) -> dict[str, str]:
    """Return the colours of a choice's options by name, of those that have one."""
    entries = options if isinstance(options, list) else []
    named = [each for each in entries[:MAX_COLOURED] if isinstance(each, dict)]
    return {
        each["name"]: colour
        for each in named
        if isinstance(each.get("name"), str)
        and (colour := to_colour(each.get("color")))
    }


def fields_of(
    properties: Iterable[str], schema: Mapping[str, Any]
) -> Sequence[FieldSpec]:
    """Return the fields that some properties have, in the schema's order."""
    known, places = _read(schema)
    found = [known[name] for name in properties if name in known]
    return sorted(found, key=lambda spec: places[spec.name])


def field_entries(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the fields of a stored schema as they are stored, whatever else it is."""
    entries = schema.get(FIELDS_KEY)
    listed = entries if isinstance(entries, list | tuple) else ()
    return [each for each in listed if isinstance(each, dict)]


class _Fields(NamedTuple):
    """The fields of a schema by their names, and at which place each one stands."""

    by_name: Mapping[str, FieldSpec]
    places: Mapping[str, int]


class _Latest(threading.local):
    """The fields that were read last, and of what."""

    entries: object = None
    fields = _Fields({}, {})


_latest = _Latest()


def _read(schema: Mapping[str, Any]) -> _Fields:
    """Read a schema once for the items of a page: it may have a thousand fields.

    Each page has the schema anew, out of the database, and mostly as it was.
    """
    entries = schema.get(FIELDS_KEY)
    if entries is not _latest.entries:
        _latest.fields = _fields_in(_to_json(field_entries(schema)))
        _latest.entries = entries
    return _latest.fields


def _to_json(entries: list[dict[str, Any]]) -> bytes:
    try:
        return msgspec.json.encode(entries)
    except UnicodeEncodeError:
        # Half a surrogate pair, which the quick encoder does not know.
        return json.dumps(entries).encode()


@functools.lru_cache(MOST_SCHEMAS)
def _fields_in(told: bytes) -> _Fields:
    """Return the fields that a JSON list describes, which nobody changes later."""
    found = [_to_field(each) for each in json.loads(told)]
    fields = {spec.name: spec for spec in _with_labels_apart(found)}
    return _Fields(fields, {name: place for place, name in enumerate(fields)})


def _with_labels_apart(specs: Sequence[FieldSpec]) -> list[FieldSpec]:
    shown = [spec for spec in specs if not spec.is_hidden]
    apart = tell_apart([(spec.label, spec.hint) for spec in shown])
    labels = {spec.name: label for spec, label in zip(shown, apart, strict=True)}
    return [
        replace(spec, label=label)
        if (label := labels.get(spec.name, spec.label)) != spec.label
        else spec
        for spec in specs
    ]


def tell_apart(labels: Sequence[tuple[str, str]]) -> list[str]:
    """Return labels of which no two are the same: by their hints, else by number."""
    hinted = _where_twice(
        [label for label, _ in labels],
        lambda number: labels[number][1],
    )
    seen: Counter[str] = Counter()

    def count(number: int) -> str:
        seen[hinted[number]] += 1
        return str(seen[hinted[number]])

    return _where_twice(hinted, count)


def _where_twice(labels: Sequence[str], more: Callable[[int], str]) -> list[str]:
    counts = Counter(label.casefold() for label in labels)
    if len(counts) == len(labels):
        return list(labels)
    return [
        f"{label} ({addition})"
        if counts[label.casefold()] > 1 and (addition := more(number))
        else label
        for number, label in enumerate(labels)
    ]


def _to_field(entry: Mapping[str, Any]) -> FieldSpec:
    name = str(entry.get("name", ""))
    return FieldSpec(
        name=name,
        label=str(entry.get("label") or name),
        kind=str(entry.get("kind", "text")),
        options=_texts_of(entry.get("options")),
        is_hidden=bool(entry.get("is_hidden")),
        is_read_only=bool(entry.get("is_read_only")),
        hint=str(entry.get("hint") or ""),
        group=str(entry.get("group") or ""),
        retired=_texts_in(entry.get("retired")),
        is_long=bool(entry.get("is_long")),
        description=str(entry.get("description") or ""),
    )


def _texts_of(options: object) -> dict[str, str]:
    """Return options by name; what is no text names nothing."""
    entries = options.items() if isinstance(options, dict) else ()
    return {key: text for key, text in entries if isinstance(text, str)}


def _texts_in(told: object) -> list[str]:
    """Return the texts of a list; what is neither tells nothing."""
    return (
        [each for each in told if isinstance(each, str)]
        if isinstance(told, list)
        else []
    )


def unknown_names(
    properties: Iterable[str], schema: Mapping[str, Any]
) -> Sequence[str]:
    """Return the properties that no field describes: younger ones, and deleted ones."""
    return sorted(set(properties).difference(_read(schema).by_name))


class DisplayField(Struct, frozen=True, kw_only=True):
    """One property of an item, with its label and its typed value.

    A property of several parts is several fields of one name.
    """

    name: str
    label: str
    value: Value
    group: str = ""


class IntegrationItem(Struct, frozen=True, kw_only=True):
    """One record of a provider, as the store takes it and every export gives it.

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


class Same(Struct, frozen=True, kw_only=True):
    """A record that is told as it was when an item of ``digest`` was made of it.

    ``to_item`` makes it anew, which cannot fail where it did not then.
    """

    digest: str
    to_item: Callable[[], IntegrationItem]


class Page(Struct, frozen=True, kw_only=True):
    """One page of a listing, and where the next one starts.

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
    ``cut`` says which values of the items are kept in part: the collection is then not
    complete, but what the listing did not show is proven to be deleted.
    ``pending`` says what has not been looked into yet, although what is stored is
    proven; on whichever page it is said, it holds for the listing.
    ``other_collections`` holds what the page happened to show of other collections of
    the connection, by their remote id; ``collections`` are those it discovered, and
    ``seen_collections`` those that it told of without a proof that they can be read:
    of those that are known already it tells the names and the details.
    ``contents`` are the texts, by the ids of items, that came along with the page.
    ``refused`` names optional parts that the provider would not give.
    ``same`` are further items of the page, by id, that need no mapping, as the record
    is told as it was. ``sources`` are digests of the records that the other items
    follow from, by id, of those that follow from nothing else.
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
    cut: Cut | None = None
    pending: Pending | None = None
    other_collections: Mapping[str, "Page"] = field(default_factory=dict)
    collections: Sequence[RemoteCollection] = ()
    seen_collections: Sequence[RemoteCollection] = ()
    contents: Mapping[str, "Content"] = field(default_factory=dict)
    refused: Sequence[str] = ()
    same: Mapping[str, Same] = field(default_factory=dict)
    sources: Mapping[str, bytes] = field(default_factory=dict)


class Content(Struct, frozen=True, kw_only=True):
    """The text of one item as an outline: blocks in order, JSON-safe.

    Blocks are what ``rich_text.to_json`` writes; ``text`` is their words, to search.
    """

    blocks: Sequence[Mapping[str, Any]]
    text: str
    is_truncated: bool = False
