"""Have done again what older code may have done while it ran beside an upgrade."""

from datetime import datetime, timedelta
from typing import Final

from django.core.cache import cache
from django.db import connection as database
from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from integrations.models import Collection, Item, ItemLink, SearchState, times
from integrations.services.items.search import reindex

FIRST: Final = "0001_initial"
# With this migration comes the code that indexes what is noted in own columns; a day
# later no process of older code is left.
SINCE: Final = "0058_index_own_values"
# With this one the code that names the collection of an item in its links.
NAMED_SINCE: Final = "0069_collections_of_links"
OVERLAP: Final = timedelta(days=1)
# For so long links are looked at once a day.
LOOKED_AT: Final = timedelta(days=7)
# All migrations of an empty database take less.
INSTALLING: Final = timedelta(minutes=10)
# States that are changed at a time.
CHUNK: Final = 10_000
LINKS: Final = 2000


def repeat_due() -> None:
    """Have collections with own columns indexed once more when older code is gone.

    Until then it may store and note what it does not index, whoever made the columns
    and however far the first indexing is. However late a sweep comes, what has such
    columns is known by when they were made. A new installation never ran older code.
    """
    upgraded, now = _upgraded_at(SINCE), timezone.now()
    if upgraded is None or not times.is_over(upgraded, OVERLAP, now):
        return
    made_before = upgraded + OVERLAP
    beside = Collection.objects.filter(reindex.has_own(made_before=made_before))
    # No older code changes this note, so that two releases never take turns at it.
    due = SearchState.objects.filter(repeated_at=None, collection__in=beside.order_by())
    _repeat(due, at=now)


def name_links() -> int:
    """Name the collection of links where older code did not; return how many.

    It names none in those that it stores, and leaves the former one in those of an item
    that it moves. All links are looked at for it, so that is done once a day, for a
    week from when no older code is left.
    """
    upgraded, now = _upgraded_at(NAMED_SINCE), timezone.now()
    if upgraded is None or not times.is_over(upgraded, OVERLAP, now):
        return 0
    is_late = times.is_over(upgraded, OVERLAP + LOOKED_AT, now)
    day = f"links-looked-at:{(now - upgraded).days}"
    if is_late or not cache.add(day, 1, timeout=OVERLAP.total_seconds()):
        return 0
    last = named = 0
    while keys := _name_some(last):
        last, named = keys[-1], named + len(keys)
    return named


def _name_some(after: int) -> list[int]:
    """Name the collections of some links that nobody holds; return their keys."""
    collection = Item.objects.filter(pk=OuterRef("item")).values("collection")[:1]
    wrong = Q(collection=None) | ~Q(collection=F("item__collection"))
    with transaction.atomic():
        links = ItemLink.objects.filter(wrong, pk__gt=after).order_by("pk")
        free = links.select_for_update(skip_locked=True, of=("self",))
        keys = list(free.values_list("pk", flat=True)[:LINKS])
        ItemLink.objects.filter(pk__in=keys).update(collection=Subquery(collection))
    return keys


def _upgraded_at(since_name: str) -> datetime | None:
    """Return when a migration was applied to a database that had been in use."""
    migrations = MigrationRecorder(database).migration_qs.filter(
        app="integrations", name__in=(FIRST, since_name)
    )
    applied = dict(migrations.values_list("name", "applied"))
    since = applied.get(since_name)
    if since is None or not times.is_over(applied.get(FIRST), INSTALLING, since):
        return None
    return since


def _repeat(states: QuerySet[SearchState], *, at: datetime) -> None:
    """Mark states, in one order, that nobody holds; the next sweep takes the rest."""
    if not states.exists():
        return
    with transaction.atomic():
        free = states.order_by("pk").select_for_update(skip_locked=True)
        keys = list(free.values_list("pk", flat=True)[:CHUNK])
        SearchState.objects.filter(pk__in=keys).update(
            indexed_with=reindex.WITH_OWN, indexing_with="", repeated_at=at
        )
