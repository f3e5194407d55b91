"""Lock rows in one order, so that no two transactions wait for each other.

A connection comes first, then its collections, then its runs. None is locked with its
key: whoever stores what refers to a connection holds collections, and needs its row.
"""

from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db import transaction
from django.db.models import QuerySet

from integrations.models import Collection, Connection
from integrations.services.common.database.prepared import prepared


def lock_collections(rows: QuerySet[Collection]) -> None:
    """Lock collections until the transaction ends, before anything that is theirs.

    A transaction that may need several takes them with the first: one that holds some
    and then asks for one before them may never get it.
    """
    list(rows.order_by("pk").select_for_update(no_key=True).values_list("pk"))


@prepared(Collection)
def lock_collection(collection_id: UUID) -> QuerySet[Collection, tuple[UUID]]:
    """Lock one collection, as every page of a sync does."""
    rows = Collection.objects.filter(pk=collection_id)
    return rows.select_for_update(no_key=True).values_list("pk")


def lock_connection(connection: Connection) -> None:
    """Lock a connection until the transaction ends, before anything that is its own."""
    rows = Connection.objects.filter(pk=connection.pk)
    list(rows.select_for_update(no_key=True).values_list("pk"))


def lock_all(connection: Connection) -> None:
    """Lock a connection and then its collections, for whoever may write to both."""
    lock_connection(connection)
    lock_collections(connection.collections.all())


def update_in_order(rows: QuerySet[Any], **columns: Any) -> int:
    """Update rows for which nothing above them is locked; return how many there were.

    They are locked in the order of their keys, as by everybody who needs several. An
    update by itself takes them as its plan finds them, and two of them, each with what
    the other one needs next, end in a deadlock:
    https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-DEADLOCKS
    """
    locked = rows.order_by("pk").select_for_update(no_key=True)
    found = rows.model.objects.filter(pk__in=locked.values("pk"))
    if not database.features.has_select_for_update:
        return found.update(**columns)
    with transaction.atomic():
        return found.update(**columns)
