"""What changed in items within a time, in words for a mail."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Max, QuerySet
from django.utils import timezone
from msgspec import Struct

from integrations.models import Connection, Item, ItemChange
from integrations.models.messages import wording
from integrations.providers.kinds import Deletion
from integrations.providers.links import relations_in
from integrations.providers.typed.fields import SEVERAL, Relation, Value
from integrations.providers.typed.plain import plain
from integrations.services.common.clients.connector_errors import connector_boundary
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import Described, describe_all
from integrations.services.items.history.telling import PREFIX, split
from integrations.services.items.relations import links
from integrations.services.items.relations.links import Links
from integrations.services.items.tables.columns.columns import name_label
from integrations.services.notices.mails import public_url

# Changes of one connection.
MOST_LOOKED_AT: Final = 5000
MOST_CHANGES: Final = 10
MOST_FIELDS: Final = 6
MOST_TEXT: Final = 120
FIELDS_UNKNOWN: Final = "which fields changed could not be told"
# Keys of items, each with a time.
Rows = QuerySet[Any, tuple[int, Any]]
# Columns of an item that a change names as properties are named.
OWN_FIELDS = {"name": "Name", "parent_name": "Parent", "remote_url": "Link"}


class Span(Struct, frozen=True, kw_only=True):
    """A time with its end and without its beginning."""

    since: datetime
    until: datetime

    def within(self, name: str) -> dict[str, datetime]:
        """Return the condition that a column lies in it."""
        return {f"{name}__gt": self.since, f"{name}__lte": self.until}


class Entry(Struct, frozen=True, kw_only=True):
    """One item, by its ``key``, with what happened to it, the latest first."""

    key: int
    name: str
    link: str
    lines: Sequence[str]


class Changed(Struct, frozen=True, kw_only=True):
    """Items that changed or came in a time, by key, each with when it last did.

    ``is_cut`` says that more changed than was looked through.
    """

    at: Mapping[int, datetime]
    is_cut: bool = False

    def among(self, keys: Iterable[int]) -> dict[int, datetime]:
        """Return those of some items."""
        return {key: self.at[key] for key in keys if key in self.at}


def of_items(user: User, keys: Sequence[int], span: Span) -> Changed:
    """Return which of a few items of a user changed or came."""
    changes = ItemChange.objects.made().filter(
        item__in=keys, item__owner=user, **span.within("at")
    )
    latest = changes.order_by().values_list("item_id").annotate(Max("at"))
    came = _new(user, span).filter(pk__in=keys)
    return Changed(at={**dict(came), **dict(latest)})


def _new(user: User, span: Span) -> Rows:
    new = Item.objects.owned_by(user).live().filter(**span.within("new_at"))
    return new.values_list("pk", "new_at")


def of_all(user: User, span: Span) -> Changed:
    """Return which items of a user changed or came, of each connection the latest."""
    parts = [_new(user, span).order_by("-new_at")]
    for connection in Connection.objects.owned_by(user).order_by("pk"):
        changes = ItemChange.objects.made().filter(
            connection=connection.pk, **span.within("at")
        )
        parts.append(changes.order_by("-at", "-pk").values_list("item_id", "at"))
    latest: dict[int, datetime] = {}
    is_cut = False
    for part in parts:
        rows = list(part[: MOST_LOOKED_AT + 1])
        is_cut = is_cut or len(rows) > MOST_LOOKED_AT
        for key, at in rows[:MOST_LOOKED_AT]:
            latest[key] = max(at, latest.get(key, at))
    return Changed(at=latest, is_cut=is_cut)


def latest(found: Mapping[int, datetime], *, most: int) -> list[int]:
    """Return which of some items changed last, the latest first."""
    return sorted(found, key=lambda key: (found[key], key), reverse=True)[:most]


def entries_of(
    user: User,
    keys: Sequence[int],
    span: Span,
    *,
    left: Collection[int] = (),
    also: Mapping[int, Sequence[str]] | None = None,
) -> list[Entry]:
    """Return what happened to some items, and which left a view.

    ``also`` is what else is said of items, by key.
    """
    own = Item.objects.owned_by(user).select_related("collection__connection")
    items = own.in_bulk(keys)
    return [
        Entry(
            key=key,
            name=items[key].name or "Untitled",
            link=public_url(items[key].get_absolute_url()),
            lines=[
                *_lines_of(items[key], span, has_left=key in left),
                *(also or {}).get(key, ()),
            ],
        )
        for key in keys
        if key in items
    ]


def _lines_of(item: Item, span: Span, *, has_left: bool) -> Sequence[str]:
    """Return what happened to an item; a mistake of ours in it ends no others."""
    try:
        with connector_boundary("news", item=item.pk):
            return _told(item, span, has_left=has_left)
    except ConnectorError as exc:
        return [_sentence(wording.connector_text(exc.reference, FIELDS_UNKNOWN))]


def _told(item: Item, span: Span, *, has_left: bool) -> Sequence[str]:
    rows = item.changes.made().filter(**span.within("at")).order_by("-at", "-pk")
    changes = list(rows[: MOST_CHANGES + 1])
    lines = [line for each in changes[:MOST_CHANGES] for line in _lines(item, each)]
    if len(changes) > MOST_CHANGES:
        lines.append("and earlier changes")
    if has_left:
        lines = _with_leaving(item, lines)
    return lines or ["New"]


def _with_leaving(item: Item, lines: Sequence[str]) -> list[str]:
    """Return in words that an item left a view, and why where that is known."""
    if not item.is_deleted:
        return ["Left this view", *lines]
    told = wording.deletion_text(item.deleted_kind or "", item.deleted_detail)
    return list(lines) or [_sentence(told or "deleted")]


def _lines(item: Item, change: ItemChange) -> list[str]:
    if change.kind == ItemChange.Kind.DELETED:
        return [_deleted_text(change)]
    if change.kind == ItemChange.Kind.RESTORED:
        return ["Here again"]
    pairs = split(item.collection, change.fields).changed
    labels = {**OWN_FIELDS, "name": name_label(item.collection)}
    lines = [
        f"{label}: {_short(pairs[name][0])} → {_short(pairs[name][1])}"
        for name, label in labels.items()
        if name in pairs
    ]
    told, mistake = _property_lines(item, pairs)
    lines += told
    more = len(lines) - MOST_FIELDS
    if more > 0:
        lines[MOST_FIELDS:] = [f"and {wording.count_text(more, 'more field')}"]
    if mistake:
        lines.append(_sentence(mistake))
    return lines or ["Changed"]


def _property_lines(item: Item, pairs: Mapping[str, Any]) -> tuple[list[str], str]:
    """Return the provider's own properties with what they were and are, in words.

    With them comes in words which mistake of ours left some out, empty for none.
    """
    try:
        sides = [_describe(item, pairs, side) for side in (0, 1)]
    except ConnectorError as exc:
        return [], wording.connector_text(exc.reference, FIELDS_UNKNOWN)
    linked = links.find(item, *(side.fields for side in sides))
    before, after = ({f.label: _text(f.value, linked) for f in s.fields} for s in sides)
    lines = [
        f"{label}: {_short(before.get(label))} → {_short(after.get(label))}"
        for label in dict.fromkeys([*before, *after])
    ]
    reference = sides[0].reference or sides[1].reference
    unknown = wording.connector_text(reference, wording.LINKS_UNKNOWN)
    return lines, unknown if reference else ""


def _describe(item: Item, pairs: Mapping[str, Any], side: int) -> Described:
    """Return the values of one side of a change; ConnectorError for our mistake."""
    values = {
        name.removeprefix(PREFIX): pair[side]
        for name, pair in pairs.items()
        if name.startswith(PREFIX)
    }
    if not values:
        return Described(())
    # What a value means may hang on others, such as the currency.
    beside = {**item.properties, **values}
    told = describe_all(item.collection, beside, item=item.pk)
    return told._replace(fields=[f for f in told.fields if f.name in values])


def _text(value: Value, linked: Links) -> str:
    """Return a value in words; what it relates to has names."""
    if isinstance(value, Relation):
        return linked.text_of(value)
    if isinstance(value, SEVERAL) and any(relations_in(value)):
        return ", ".join(_text(each, linked) for each in value.values)
    return plain(value, zone=timezone.get_current_timezone())


def _short(value: object) -> str:
    text = " ".join(str(value or "").split())
    if not text:
        return "nothing"
    return text if len(text) <= MOST_TEXT else f"{text[:MOST_TEXT]}…"


def _deleted_text(change: ItemChange) -> str:
    try:
        told = Deletion.from_json(change.fields.get("deletion"))
    except ValueError:
        return "Deleted"
    return _sentence(wording.deletion_text(told.kind, told.detail) or "deleted")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
