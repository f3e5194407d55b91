"""Count the items whose text is not read yet: no search finds its words."""

from collections.abc import Sequence

from django.conf import settings
from django.db.models import Q

from integrations.models import Connection, Item
from integrations.models.reasons import PASSING
from integrations.providers import CONNECTORS
from integrations.providers.capabilities import ReadsContent
from integrations.services.items.lists.counting import Count, count_up_to

MOST_COUNTED = 20_000


def types_with_text(provider: str) -> Sequence[str]:
    """Return the types of items that have a text which is fetched one by one."""
    connector: object = CONNECTORS.get(provider)
    return connector.content_types if isinstance(connector, ReadsContent) else ()


def count_in(connections: Sequence[Connection]) -> Count:
    """Count the items without their text; nothing is asked where none has one."""
    types = {each.provider: types_with_text(each.provider) for each in connections}
    with_texts = [each.pk for each in connections if types[each.provider]]
    if not with_texts:
        return Count(number=0)
    unread = Item.objects.live().filter(
        connection__in=with_texts,
        type__in={name for names in types.values() for name in names},
    )
    unread = unread.filter(
        Q(content__isnull=True) | Q(content__reason__in=PASSING, content__text="")
    )
    return count_up_to(unread, MOST_COUNTED)


def go_on(connections: Sequence[Connection]) -> bool:
    """Tell whether syncs will read more texts of any of the connections."""
    is_wanted = settings.CONTENT_PAGES_PER_RUN > 0
    return is_wanted and any(
        each.is_syncable and types_with_text(each.provider) for each in connections
    )
