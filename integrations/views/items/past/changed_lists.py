"""Lead from the changes of a day to lists of exactly the items that they are of."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from integrations.services.items.history.change_query import ChangeQuery
from integrations.services.items.history.change_times import bounds_of
from integrations.services.items.history.news import (
    CHANGED,
    DELETED,
    NEW,
    RESTORED,
    News,
)
from integrations.services.items.lists.query import ItemQuery
from integrations.services.items.types import type_name

# What happened, by what entries call it: as a list names it, and in words.
KINDS = {
    "new": (NEW, "new"),
    "changed": (CHANGED, "changed"),
    "deleted": (DELETED, "deleted"),
    "revived": (RESTORED, "restored"),
}


def lists_of(
    entries: Sequence[Mapping[str, Any]], query: ChangeQuery, since: datetime | None
) -> Iterator[dict[str, str]]:
    """Yield a link to a list for each provider, type and kind of a day's changes.

    ``query`` is that of the day. What a sync did has lists on its own page, and of one
    item there is nothing to list.
    """
    start, end = bounds_of(query, None, since)
    if query.run or query.item or start is None or end is None:
        return
    found = dict.fromkeys(
        (entry["item"].provider, entry["item"].type, entry["kind"]) for entry in entries
    )
    names = {each["item"].provider: each["item"].provider_name for each in entries}
    for provider, type_, kind in sorted(found):
        if kind not in KINDS:
            continue
        name, text = KINDS[kind]
        news = News(kind=name, since=start, until=end, field=query.field)
        asked = ItemQuery(
            provider=provider, type=type_, connection=query.connection, news=news
        )
        yield {
            "url": asked.url,
            "label": f"{names[provider]}: {type_name(provider, type_)}, {text}",
        }
