"""Put the emoji of items beside the items."""

from collections.abc import Iterable, Sequence

from django.db.models.fields.json import KeyTextTransform

from integrations.models import Item
from integrations.providers import CONNECTORS


def put_icons(items: Iterable[Item]) -> None:
    """Set ``icon`` of each item that has one.

    A question for each provider at most, about those whose properties were not fetched.
    """
    rows = list(items)
    for provider, connector in CONNECTORS.items():
        own = [item for item in rows if item.provider == provider]
        if own and connector.icon_property:
            _put_icons(own, connector.icon_property)


def _put_icons(items: Sequence[Item], name: str) -> None:
    unread = [item.pk for item in items if "properties" in item.get_deferred_fields()]
    icons = {}
    if unread:
        icons = dict(
            Item.objects.filter(pk__in=unread).values_list(
                "pk", KeyTextTransform(name, "properties")
            )
        )
    for item in items:
        icon = icons[item.pk] if item.pk in icons else _read(item, name)
        # What is no emoji is a name of one, and names tell nobody anything here.
        item.icon = icon if icon and not icon.isascii() else ""


def _read(item: Item, name: str) -> str:
    if "properties" in item.get_deferred_fields():
        return ""
    icon = item.properties.get(name)
    return icon if isinstance(icon, str) else ""
