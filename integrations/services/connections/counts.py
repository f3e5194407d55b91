"""Count what is stored without counting it: collections keep their own counts."""

from django.db.models import F, IntegerField, OuterRef, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from integrations.models import Collection
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
