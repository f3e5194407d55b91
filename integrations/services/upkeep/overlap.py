"""Have done again what older code may have done while it ran beside an upgrade."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database
from django.db import transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import Collection, SearchState, times
from integrations.services.items.search import reindex

FIRST: Final = "0001_initial"
# With this migration comes the code that indexes what is noted in own columns; a day
# later no process of older code is left.
SINCE: Final = "0058_index_own_values"
OVERLAP: Final = timedelta(days=1)
# All migrations of an empty database take less.
INSTALLING: Final = timedelta(minutes=10)
# States that are changed at a time.
CHUNK: Final = 10_000


def repeat_due() -> None:
    """Have collections with own columns indexed once more when older code is gone.

    Until then it may store and note what it does not index, whoever made the columns
    and however far the first indexing is. However late a sweep comes, what has such
    columns is known by when they were made. A new installation never ran older code.
    """
    upgraded, now = _upgraded_at(), timezone.now()
    if upgraded is None or not times.is_over(upgraded, OVERLAP, now):
        return
    made_before = upgraded + OVERLAP
    beside = Collection.objects.filter(reindex.has_own(made_before=made_before))
    # No older code changes this note, so that two releases never take turns at it.
    due = SearchState.objects.filter(repeated_at=None, collection__in=beside.order_by())
    _repeat(due, at=now)


def _upgraded_at() -> datetime | None:
    """Return when the migration was applied to a database that had been in use."""
    migrations = MigrationRecorder(database).migration_qs.filter(
        app="integrations", name__in=(FIRST, SINCE)
    )
    applied = dict(migrations.values_list("name", "applied"))
    since = applied.get(SINCE)
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
