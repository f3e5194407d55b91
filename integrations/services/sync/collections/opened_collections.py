"""Collections that users have opened: a first full refresh reads those first."""

from collections.abc import Sequence

from django.core.cache import cache

from integrations.models import Collection

# An open page looks again sooner, and so keeps its collection first.
LIFE_SECONDS = 600


def note(collection: Collection) -> None:
    """Note that a collection is looked at, as long as it has not been read whole."""
    if collection.is_selected and collection.first_full_refresh_at is None:
        cache.set(_key(collection), 1, timeout=LIFE_SECONDS)


def opened_first(collections: Sequence[Collection]) -> list[Collection]:
    """Return the collections with the opened ones first, otherwise in their order."""
    unread = [each for each in collections if each.first_full_refresh_at is None]
    opened = cache.get_many([_key(each) for each in unread]) if unread else {}
    return sorted(collections, key=lambda each: _key(each) not in opened)


def _key(collection: Collection) -> str:
    return f"opened-collection:{collection.pk}"
