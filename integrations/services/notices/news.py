"""What changed in items within a time, in words for a mail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Item, ItemChange, wording
from integrations.providers.kinds import Deletion
from integrations.providers.plain import plain
from integrations.services.common.errors import ConnectorError
from integrations.services.items.described import describe
from integrations.services.notices.mails import public_url

MOST_LOOKED_AT: Final = 5000
MOST_FIELDS: Final = 6
MOST_TEXT: Final = 120
PREFIX = "properties."
# Columns of an item that a change names as properties are named.
OWN_FIELDS = {"name": "Name", "parent_name": "Parent", "remote_url": "Link"}


@dataclass(frozen=True, kw_only=True)
class Span:
    """A time with its end and without its beginning."""

    since: datetime
    until: datetime


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One item with what happened to it, the latest first."""

    name: str
    link: str
    lines: Sequence[str]


def changed_keys(user: User, span: Span) -> list[int]:
    """Return the items of a user that changed or came in a time, at most so many."""
    within = {"at__gt": span.since, "at__lte": span.until}
    own = ItemChange.objects.filter(item__owner=user, **within).order_by("-at")
    keys = list(own.values_list("item_id", flat=True)[:MOST_LOOKED_AT])
    new = Item.objects.owned_by(user).filter(
        first_seen_at__gt=span.since,
        first_seen_at__lte=span.until,
        changed_at__gt=span.since,
    )
    keys += new.order_by("-changed_at").values_list("pk", flat=True)[:MOST_LOOKED_AT]
    return list(dict.fromkeys(keys))


def entries_of(
    keys: Iterable[int], span: Span, *, most: int
) -> tuple[list[Entry], int]:
    """Return the first of what happened to some items, and how many items it was."""
    items = Item.objects.filter(pk__in=list(keys)).select_related(
        "collection__connection"
    )
    changes = ItemChange.objects.filter(
        item__in=[item.pk for item in items], at__gt=span.since, at__lte=span.until
    )
    by_item: dict[int, list[ItemChange]] = {}
    for change in changes.order_by("-at", "-pk"):
        by_item.setdefault(change.item_id, []).append(change)
    told = [
        item
        for item in items
        if item.pk in by_item or (item.was_new and item.first_seen_at > span.since)
    ]
    told.sort(key=lambda item: (item.changed_at, item.pk), reverse=True)
    entries = [_entry(item, by_item.get(item.pk, [])) for item in told[:most]]
    return entries, len(told)


def _entry(item: Item, changes: Sequence[ItemChange]) -> Entry:
    lines = [line for change in changes for line in _lines(item, change)]
    return Entry(
        name=item.name or "Untitled",
        link=public_url(item.get_absolute_url()),
        lines=lines or ["New"],
    )


def _lines(item: Item, change: ItemChange) -> list[str]:
    if change.kind == ItemChange.Kind.DELETED:
        return [_deleted_text(change)]
    if change.kind == ItemChange.Kind.RESTORED:
        return ["Here again"]
    pairs = {
        name: pair
        for name, pair in change.fields.items()
        if isinstance(pair, list) and len(pair) == 2
    }
    lines = [
        f"{label}: {_short(pairs[name][0])} → {_short(pairs[name][1])}"
        for name, label in OWN_FIELDS.items()
        if name in pairs
    ]
    before, after = (_texts(item, pairs, side) for side in (0, 1))
    lines += [
        f"{label}: {_short(before.get(label))} → {_short(after.get(label))}"
        for label in dict.fromkeys([*before, *after])
    ]
    more = len(lines) - MOST_FIELDS
    if more > 0:
        lines[MOST_FIELDS:] = [f"and {wording.count_text(more, 'more field')}"]
    return lines or ["Changed"]


def _texts(item: Item, pairs: Mapping[str, Any], side: int) -> dict[str, str]:
    """Return the values of one side of a change, by their labels."""
    values = {
        name.removeprefix(PREFIX): pair[side]
        for name, pair in pairs.items()
        if name.startswith(PREFIX)
    }
    if not values:
        return {}
    # What a value means may hang on others, such as the currency.
    beside = {**item.properties, **values}
    try:
        fields = describe(item.collection, beside, item=item.pk)
    except ConnectorError:
        return dict.fromkeys(values, "")
    zone = timezone.get_current_timezone()
    return {f.label: plain(f.value, zone=zone) for f in fields if f.name in values}


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
    text = wording.deletion_text(told.kind, told.detail) or "deleted"
    return text[:1].upper() + text[1:]
