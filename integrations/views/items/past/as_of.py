"""Show an item as it was at a past time, beside what it is now."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_safe

from integrations.models import Item
from integrations.models.times import is_ahead, is_known
from integrations.providers.records import DisplayField
from integrations.services.items.past.as_of import PastItem, find_past
from integrations.services.items.past.incoming import PastIncoming, find_incoming
from integrations.services.items.relations import links
from integrations.services.items.relations.groups import incoming_label, inverse_of
from integrations.services.items.tables.columns.columns import name_label
from integrations.views.access import UserRequest
from integrations.views.items.origins import Origin, onward, origin_of
from integrations.views.items.parts.changed import describe_past, texts_by_field

MOMENT = timedelta(microseconds=1)
# So many of those that linked to an item are named; the others are counted.
MOST_NAMED: Final = 50
MILLISECOND = timedelta(milliseconds=1) // MOMENT


@require_safe
def item_as_of(request: UserRequest, pk: UUID) -> HttpResponse:
    """Show an item's fields as they were at the time that the address names."""
    item = get_object_or_404(
        Item.objects.owned_by(request.user).select_related("connection", "collection"),
        uuid=pk,
    )
    item.collection.connection = item.connection
    now = timezone.now()
    at = to_time(request.GET.get("at", ""))
    origin = origin_of(request, item)
    context = {"item": item, "connection": item.connection, "origin": origin}
    if at is None or is_ahead(at, now):
        context |= {"error": "not_past", "at_text": minute_text(now)}
        return render(request, "items/item_as_of.html", context)
    past = find_past(item, at, now=now)
    then, told_now = (
        describe_past(item, values) for values in (past.properties, item.properties)
    )
    incoming = find_incoming([item], at)
    context |= {
        "at": at,
        "at_text": local_text(at),
        "past": past,
        "rows": list(_rows(item, past, then.fields, told_now.fields)),
        "mistake": then.mistake or told_now.mistake,
        "linked_rows": list(_linked_rows(item, past, incoming)),
        "incoming": incoming,
        "of_then": urlencode({"at": at.isoformat()}),
        "history_days": settings.HISTORY_DAYS,
        "earlier_url": _url(item, origin, past.earlier, before=True),
        "later_url": _url(item, origin, past.later),
    }
    return render(request, "items/item_as_of.html", context)


def to_time(text: str) -> datetime | None:
    """Read a local time of whoever looks, or one that names its zone."""
    try:
        at = parse_datetime(text.replace(" ", "+") if "T" in text else text)
        if at is None or not is_known(at):
            return None
        return at if timezone.is_aware(at) else timezone.make_aware(at)
    except (ValueError, OverflowError):
        return None


def local_text(at: datetime) -> str:
    """Return a time as a form's field takes it, in the zone of whoever looks.

    It takes no more than milliseconds, and shows no more than the time has.
    """
    local = at.astimezone(timezone.get_current_timezone()).replace(tzinfo=None)
    if local.microsecond >= MILLISECOND:
        return local.isoformat(timespec="milliseconds")
    return local.isoformat(timespec="seconds" if local.second else "minutes")


def minute_text(now: datetime) -> str:
    """Return the minute that a form begins with."""
    return local_text(now.replace(second=0, microsecond=0))


def _url(
    item: Item, origin: Origin, at: datetime | None, *, before: bool = False
) -> str:
    """Return the page of the moment at a change, or of the one just before it."""
    if at is None:
        return ""
    stamp = at - MOMENT if before else at
    return onward(origin, "item-as-of", item.uuid, at=stamp.isoformat())


def _rows(
    item: Item,
    past: PastItem,
    then: Sequence[DisplayField],
    now: Sequence[DisplayField],
) -> Iterator[dict[str, Any]]:
    """Yield each field with what it was and what it is."""
    linked = links.find(item, then, now)
    before, after = (texts_by_field(fields, linked) for fields in (then, now))
    own = [
        (name_label(item.collection), past.name, item.name),
        ("Parent", past.parent_name, item.parent_name),
    ]
    for label, old, new in own:
        if old or new:
            yield _row(label, old, new)
    for key in {**before, **after}:
        name, label = key
        row = _row(label, before.get(key, ""), after.get(key, ""))
        yield {**row, "in_part": name in past.in_part}


def _linked_rows(
    item: Item, past: PastItem, incoming: PastIncoming
) -> Iterator[dict[str, Any]]:
    """Yield what others named the item in, then and now.

    Where both sides have a field for the same links, the item's own is shown alone.
    """
    then, now = incoming.then[item.pk], incoming.now[item.pk]
    for place in {**then, **now}:
        relation, key = place
        collection = incoming.collections[key]
        if inverse_of(relation, collection) in {**past.properties, **item.properties}:
            continue
        old, new = then.get(place, []), now.get(place, [])
        yield {
            "label": incoming_label(relation, collection),
            "then": _named(old),
            "now": _named(new),
            "differs": {each.pk for each in old} != {each.pk for each in new},
        }


def _named(items: Sequence[Item]) -> dict[str, Any]:
    return {"items": items[:MOST_NAMED], "more": len(items[MOST_NAMED:])}


def _row(label: str, old: str, new: str) -> dict[str, Any]:
    return {"label": label, "then": old, "now": new, "differs": old != new}
