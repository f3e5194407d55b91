"""Count what is stored without counting it: collections keep their own counts."""

from datetime import timedelta

from django.db.models import Exists, F, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from integrations.models import Collection, SyncRun
from integrations.models.connection import ConnectionQuerySet


def with_item_count(connections: ConnectionQuerySet) -> ConnectionQuerySet:
    """Add to each connection, as ``item_count``, how many items are stored of it."""
    totals = (
        Collection.objects.filter(connection=OuterRef("pk"))
        .order_by()
        .values("connection")
        .annotate(total=Sum(F("stored_count")))
        .values("total")
    )
    return connections.annotate(
        item_count=Coalesce(Subquery(totals), Value(0), output_field=IntegerField())
    )


def with_progress(connections: ConnectionQuerySet) -> ConnectionQuerySet:
    """Add ``item_count``, and as ``is_syncing`` whether it is being read now.

    A run that waits for longer than a minute, for a quota perhaps, does not count.
    """
    running = SyncRun.objects.filter(
        connection=OuterRef("pk"),
        state__in=(SyncRun.State.QUEUED, SyncRun.State.RUNNING),
        due_at__lt=timezone.now() + timedelta(minutes=1),
    )
    return with_item_count(connections).annotate(is_syncing=Exists(running))
