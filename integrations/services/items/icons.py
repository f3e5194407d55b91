"""Put the emoji of items beside the items."""

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models.fields.json import KeyTextTransform

from integrations.models import Item
from integrations.models.items.item import ItemQuerySet
from integrations.providers import CONNECTORS

# What rows tell their icon by, beside their columns.
ICON: Final = "icon_text"


def put_icons(items: Iterable[Item]) -> None:
    """Set ``icon`` of each item that has one.

    A question for each provider at most, about those whose properties were not fetched.
    """
    rows = list(items)
    for provider, connector in CONNECTORS.items():
        own = [item for item in rows if item.provider == provider]
        if own and connector.icon_property:
            _put_icons(own, connector.icon_property)


def with_icons(rows: ItemQuerySet, provider: str) -> ItemQuerySet:
    """Let a provider's rows tell their icon where no properties are read."""
    connector = CONNECTORS.get(provider)
    if connector is None or not connector.icon_property:
        return rows
    return rows.annotate(
        **{ICON: KeyTextTransform(connector.icon_property, "properties")}
    )


def _put_icons(items: Sequence[Item], name: str) -> None:
    unread = [
        item for item in items if "properties" not in vars(item) and not _is_told(item)
    ]
    if unread:
        asked = Item.objects.filter(pk__in=[item.pk for item in unread])
        icons = dict(asked.values_list("pk", KeyTextTransform(name, "properties")))
        for item in unread:
            vars(item)[ICON] = icons.get(item.pk)
    for item in items:
        icon = vars(item)[ICON] if _is_told(item) else item.properties.get(name)
        # What is no emoji is a name of one, and names tell nobody anything here.
        is_emoji = isinstance(icon, str) and not icon.isascii()
        item.icon = icon if is_emoji else ""


def _is_told(item: Item) -> bool:
    return ICON in vars(item)
